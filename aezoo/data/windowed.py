"""Recordings that are larger than memory: windows that are cut while they are read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aezoo.data.recordings import (
    MANY,
    as_recording,
    open_recording,
    recording_files,
    too_short,
    warn_of_rates,
    windows_of,
)
from aezoo.data.samples import TEST_FRACTION
from aezoo.data.sound import as_waves

HELD_OUT = 0.1  # of what is trained on, that decides when to stop: recordings, or their last steps
BYTES = 2**24  # of windows that are cut together


@dataclass(frozen=True)
class Windows:
    """The windows of a part of a recording.

    Attributes:
        part: `"fitted"`, `"validation"`, `"test"` or `"all"`.
        window, stride: Positive integers, steps in a window and from one to the next.
        tests: Float in [0, 1), the share of its steps, the last ones, that are for tests.
    """

    part: str
    window: int
    stride: int
    tests: float = 0.0

    def samples(self, file: Path) -> Iterator[np.ndarray]:
        """The windows in a file, in their order.

        Args:
            file: Path. Of `.npy` and `.wav` files some steps are read at a time, others whole.

        Yields:
            float32 arrays of shape `(n, window, channels)`, of about 16 MiB.

        Raises:
            DataError: If it cannot be read, or the part is shorter than a window.
        """
        recording, _, _ = open_recording(file, warn=False)
        begin, end = self._ends(len(recording))
        count = max(0, 1 + (end - begin - self.window) // self.stride)
        if not count and self.part != "validation":
            raise too_short(file, self.window, len(recording), end - begin, self.part)
        together = max(1, BYTES // (4 * self.window * recording.shape[1]))
        for i in range(0, count, together):
            if isinstance(recording, np.memmap):  # whose pages count as memory while it is mapped
                recording, _, _ = open_recording(file, warn=False)
            last = min(i + together, count) - 1
            first = begin + i * self.stride
            steps = recording[first : begin + last * self.stride + self.window]
            steps = as_waves(steps) if file.suffix.lower() == ".wav" else steps
            steps = as_recording(steps, file=file, first=first).astype(np.float32)
            yield np.ascontiguousarray(windows_of(steps, self.window, self.stride))

    def _ends(self, length):
        """The first step of the part, and that after the last."""
        cut = length - int(length * self.tests)
        held = cut - int(cut * HELD_OUT)
        ends = {"fitted": (0, held), "validation": (held, cut), "test": (cut, length)}
        return ends.get(self.part, (0, length))


def windows_by_part(
    path: Path, window: int, stride: int, parts: Sequence[str]
) -> dict[str | None, list[tuple[Path, Windows]]]:
    """Recordings by the part that they are of, before there are windows.

    No step is in windows of two parts. Tests are as of `read_recordings`; of five recordings to
    train on a tenth decides when to stop, and of fewer the last tenth of each.

    Args:
        path: Path of a recording or of a folder.
        window, stride: Positive integers.
        parts: Sequence of the names of the parts that are asked for.

    Returns:
        Dictionary of `"fitted"`, `"validation"` and `"test"` to pairs of files and of what windows
        they have; or, if all is asked for alone, of `None` to uncut recordings.

    Raises:
        DataError: If there is none.
    """
    everything, _ = recording_files(path, "all")
    warn_of_rates(path, everything)
    if set(parts) == {"all"}:
        return {None: _of(everything, "all", window, stride)}
    (train, part), (test, _) = (recording_files(path, split) for split in ("train", "test"))
    if part == "all" and len(train) >= MANY:  # recordings as wholes
        order = np.random.default_rng(0).permutation(len(train))
        held = set(order[: max(1, int(HELD_OUT * len(train)))].tolist())
        validation = [file for i, file in enumerate(train) if i in held]
        fitted = [file for i, file in enumerate(train) if i not in held]
        return {
            "fitted": _of(fitted, "all", window, stride),
            "validation": _of(validation, "all", window, stride),
            "test": _of(test, "all", window, stride),
        }
    tests = 0.0 if part == "all" else TEST_FRACTION
    return {
        "fitted": _of(train, "fitted", window, stride, tests),
        "validation": _of(train, "validation", window, stride, tests),
        "test": _of(test, "all" if part == "all" else "test", window, stride, tests),
    }


def _of(files, *how):
    return [(file, Windows(*how)) for file in files]
