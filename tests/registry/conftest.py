import shutil
import sys
import types
from pathlib import Path

import pytest


class HubHttpError(OSError):
    """What the hub answers where something is not there."""


class NotHereError(FileNotFoundError):
    """What the hub's package raises where nothing was downloaded before."""


class Hub:
    """Stands for `huggingface_hub`, with one repository, `someone/deep-digits`.

    Snapshots are folders of links to blobs, as its cache on disk has them.
    """

    errors = types.SimpleNamespace(
        HfHubHTTPError=HubHttpError, LocalEntryNotFoundError=NotHereError
    )
    name = "someone/deep-digits"

    def __init__(self, folder: Path):
        self.folder = folder
        self.commits: list[Path] = []
        self.reached = True
        self.sizes: dict[str, int] = {}
        self.downloads: list[str] = []
        self.HfApi = lambda: self

    def add(self, folder: Path) -> str:
        """A commit of the files of a folder."""
        commit = f"{len(self.commits):040x}"
        self.commits.append(shutil.copytree(folder, self.folder / "remote" / commit))
        return commit

    def model_info(self, repository, revision, files_metadata):
        assert files_metadata
        if not self.reached:
            raise RuntimeError("no network")
        if repository != self.name:
            raise HubHttpError(f"404: {repository}")
        found = self._commit(revision)
        files = [
            types.SimpleNamespace(
                rfilename=file.name, size=self.sizes.get(file.name, file.stat().st_size)
            )
            for file in found.iterdir()
        ]
        return types.SimpleNamespace(sha=found.name, siblings=files)

    def snapshot_download(self, repo_id, revision, allow_patterns, local_files_only=False):
        found = self._commit(revision)
        snapshot = self.folder / "cache" / "snapshots" / found.name
        if local_files_only:
            if not snapshot.is_dir():
                raise NotHereError(f"{repo_id} is not in the cache")
            return str(snapshot)
        self.downloads.append(found.name)
        snapshot.mkdir(parents=True, exist_ok=True)
        blobs = self.folder / "cache" / "blobs"
        blobs.mkdir(exist_ok=True)
        for name in allow_patterns:
            if (found / name).is_file():
                blob = blobs / f"{found.name}-{name}"
                shutil.copy(found / name, blob)
                (snapshot / name).unlink(missing_ok=True)
                (snapshot / name).symlink_to(f"../../blobs/{blob.name}")
        return str(snapshot)

    def _commit(self, revision):
        return next((c for c in self.commits if c.name == revision), self.commits[-1])


@pytest.fixture
def hub(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where a lock would be
    module = Hub(tmp_path / "hub")
    monkeypatch.setitem(sys.modules, "huggingface_hub", module)
    return module
