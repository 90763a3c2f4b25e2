import shutil
import sys
import types
from pathlib import Path

import pytest


class HubHttpError(OSError):
    """What the hub answers where something is not there; of several lines, as the real one."""

    def __init__(self, status, words):
        super().__init__(f"{status} Client Error.\n\n{words}")
        self.response = types.SimpleNamespace(status_code=status)


class NotHereError(FileNotFoundError):
    """What the hub's package raises where nothing was downloaded before."""


class NoNameError(ValueError):
    """What the hub's package raises of what cannot be a repository."""


class Hub:
    """Stands for `huggingface_hub`, with one repository, `someone/deep-digits`.

    Snapshots are folders of links to blobs, as its cache on disk has them, and a branch is found
    there if it was noted. `test_with_the_real_package` holds that both do the same.
    """

    name = "someone/deep-digits"
    HttpError = HubHttpError

    def __init__(self, folder: Path):
        self.folder = folder
        self.commits: list[Path] = []
        self.fails: Exception | None = None
        self.sizes: dict[str, object] = {}
        self.sha: object = ""
        self.asked = 0
        self.downloads: list[str] = []
        self.HfApi = lambda: self

    def add(self, folder: Path) -> str:
        """A commit of the files of a folder."""
        commit = f"{len(self.commits):040x}"
        self.commits.append(shutil.copytree(folder, self.folder / "remote" / commit))
        return commit

    def model_info(self, repository, revision, files_metadata):
        assert files_metadata
        self.asked += 1
        if "--" in repository:
            raise NoNameError("Cannot have -- in it")
        if self.fails:
            raise self.fails
        if repository != self.name:
            raise HubHttpError(404, f"Repository not found: {repository}")
        found = self._commit(revision)
        files = [
            types.SimpleNamespace(
                rfilename=file.name, size=self.sizes.get(file.name, file.stat().st_size)
            )
            for file in found.iterdir()
        ]
        return types.SimpleNamespace(sha=found.name if self.sha == "" else self.sha, siblings=files)

    def snapshot_download(
        self, repo_id, revision, allow_patterns, local_files_only=False, force_download=False
    ):
        cache = self.folder / "cache"
        if local_files_only:
            noted = cache / "refs" / (revision or "main")
            commit = noted.read_text() if noted.is_file() else revision
            if commit is None or not (cache / "snapshots" / commit).is_dir():
                raise NotHereError(f"{repo_id} is not in the cache")
            return str(cache / "snapshots" / commit)
        found = self._commit(revision)
        snapshot = cache / "snapshots" / found.name
        self.downloads.append(found.name)
        snapshot.mkdir(parents=True, exist_ok=True)
        blobs = cache / "blobs"
        blobs.mkdir(exist_ok=True)
        for name in allow_patterns:
            blob = blobs / f"{found.name}-{name}"
            if (found / name).is_file() and (force_download or not blob.exists()):
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
    # no attribute of the other before it is imported
    errors = types.ModuleType("huggingface_hub.errors")
    errors.HfHubHTTPError = HubHttpError
    errors.LocalEntryNotFoundError = NotHereError
    errors.HFValidationError = NoNameError
    monkeypatch.setitem(sys.modules, errors.__name__, errors)
    return module
