"""Cargo trusts times, the cache trusts contents: this brings the first up to the second.

Cargo takes a file for unchanged if it is older than the last build. A file that is replaced by an older one (restored
from an archive, moved into place, copied with its times) would so be left out of the build, and the stale binary kept
under the new content's key. So what each run saw is noted in the target folder; if a file changed since in a way that
cargo would not see, the local packages are cleaned before the next run.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from constructs_lib.bundling.sources import digest_of_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Notes"]


class Notes:
    """What the last run in a target folder saw.

    Args:
        target: cargo's target folder.
        root: the workspace's root; paths of files are relative to it.
    """

    def __init__(self, target: Path, root: Path) -> None:
        self._file, self._root = target / "constructs-lib.json", root
        self._seen: dict[str, str] | None = None
        self._until: float | None = None
        try:
            note = json.loads(self._file.read_text())
            self._seen, self._until = note["seen"], note["until"]
        except (OSError, ValueError, KeyError):
            pass

    def deceived(self, files: Mapping[str, str]) -> bool:
        """Whether a file has other content than the last run saw, and yet is older than that run.

        Args:
            files: digests of all files in the workspace's packages.
        """
        return self._seen is not None and any(
            self._is_older(path) and (files.get(path) or digest_of_file(self._root / path)) != self._seen.get(path)
            for path in {*files, *self._seen}
        )

    def starts(self, files: Mapping[str, str]) -> None:
        """Note what a run is going to see. Until it ends there is no time: if it is killed, every difference counts."""
        self._seen, self._until = {**(self._seen or {}), **files}, None
        self._write()

    def ended(self, also_read: Mapping[str, str]) -> None:
        """Note that the run ended, and which files it read besides."""
        self._seen = {**(self._seen or {}), **also_read}
        self._file.touch()
        self._until = self._file.stat().st_mtime  # of the file system's clock, which also gives the sources their times
        self._write()

    def _is_older(self, path: str) -> bool:
        try:
            return self._until is None or (self._root / path).stat().st_mtime <= self._until
        except OSError:
            return False  # gone, which cargo does see

    def _write(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps({"seen": self._seen, "until": self._until}, indent=1, sort_keys=True))
