"""The cache folder: built files by their content, an index by what went in, a lock per workspace."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from constructs_lib.bundling.elf import is_bootstrap
from constructs_lib.errors import ConstructsLibError, Diagnostic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Cache", "Entry", "folder", "sha256_of"]

_UNUSED_FOR = 30 * 24 * 3600  # seconds after which what nobody used is dropped


@dataclass(frozen=True)
class Entry:
    """A built file, and what it depends on besides its key.

    Args:
        sha256: of the built file, which is also its name in the cache.
        size: in bytes.
        seconds: that the cargo run took which made it.
        files: digests of files outside of the packages, by their path relative to the workspace's root.
        variables: digests of environment variables (None: not set) that the sources or build scripts read.
    """

    sha256: str
    size: int
    seconds: float
    files: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str | None] = field(default_factory=dict)


def folder() -> Path:
    """`$CONSTRUCTS_LIB_CACHE`, else `constructs-lib` in `$XDG_CACHE_HOME` or `~/.cache`."""
    own = os.environ.get("CONSTRUCTS_LIB_CACHE")
    if own:
        return Path(own).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "constructs-lib"


def sha256_of(content: bytes) -> str:
    """Hexadecimal digest."""
    return hashlib.sha256(content).hexdigest()


class Cache:
    """One cache folder, made on first use; several processes may use it at once.

    Raises:
        ConstructsLibError: `cache-not-writable`.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or folder()
        try:
            for name in ("binaries", "index", "locks", "new", "target"):
                (self.root / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConstructsLibError(
                Diagnostic(
                    reference="cache-not-writable",
                    headline=f"the cache folder `{self.root}` cannot be written",
                    evidence=str(error),
                    helps=("name another: export CONSTRUCTS_LIB_CACHE=FOLDER",),
                )
            ) from error

    def target(self, workspace: Path) -> Path:
        """Where cargo keeps a workspace's intermediate files; asking for it counts as use."""
        target = self.root / "target" / _named(workspace)
        with suppress(OSError):  # not there yet
            os.utime(target)
        return target

    def binary(self, entry: Entry) -> Path:
        """Where an entry's built file is."""
        return self.root / "binaries" / entry.sha256 / "bootstrap"

    def find(self, key: str) -> Entry | None:
        """Look an entry up; one that is damaged counts as absent, and so does its file."""
        index = self.root / "index" / f"{key}.json"
        try:
            entry = Entry(**json.loads(index.read_text()))
            content = self.binary(entry).read_bytes()
        except (OSError, ValueError, TypeError):
            return None
        if sha256_of(content) != entry.sha256 or not is_bootstrap(content):
            shutil.rmtree(self.binary(entry).parent, ignore_errors=True)
            return None
        for used in (index, self.binary(entry).parent):
            os.utime(used)
        return entry

    def keep(self, built: Path, seconds: float) -> Entry:
        """Move a built file into the cache, under its content's name."""
        content = built.read_bytes()
        entry = Entry(sha256=sha256_of(content), size=len(content), seconds=seconds)
        place = self.binary(entry).parent
        built.chmod(0o755)
        made = Path(tempfile.mkdtemp(dir=self.root / "new"))
        made.chmod(0o755)
        built.rename(made / "bootstrap")
        try:
            made.rename(place)
        except OSError:  # there already: the same content
            (made / "bootstrap").replace(place / "bootstrap")
            made.rmdir()
        return entry

    def remember(self, key: str, entry: Entry) -> None:
        """Index an entry by what went in."""
        made = Path(tempfile.mkdtemp(dir=self.root / "new"))
        (made / "entry").write_text(json.dumps(asdict(entry), indent=1, sort_keys=True))
        (made / "entry").rename(self.root / "index" / f"{key}.json")
        made.rmdir()

    @contextmanager
    def lock(self, workspace: Path, waits: Callable[[], None]) -> Iterator[None]:
        """Keep other builds of this workspace out; `waits` is called if one is running."""
        with (self.root / "locks" / _named(workspace)).open("w") as file:
            if not _locked(file):
                waits()
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def prune(self) -> None:
        """Drop what nobody used for a month, and what an interrupted process left.

        Intermediate files are by far the largest part: those of checkouts that were moved or removed would stay.
        """
        for name in ("index", "binaries", "new"):
            for path in self._unused(name):
                with suppress(FileNotFoundError):  # another process may be faster
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
        for path in self._unused("target"):
            with (self.root / "locks" / path.name).open("w") as file:
                if _locked(file):
                    shutil.rmtree(path, ignore_errors=True)

    def _unused(self, name: str) -> Iterator[Path]:
        old = time.time() - _UNUSED_FOR
        for path in (self.root / name).iterdir():
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < old:
                    yield path


def _locked(file: IO[str]) -> bool:
    """Lock a file until it is closed, unless somebody has."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _named(workspace: Path) -> str:
    return f"{workspace.name}-{sha256_of(os.fsencode(workspace))[:16]}"
