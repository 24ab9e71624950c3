"""Build what is needed: look everything up, run cargo once per workspace for what is missing, keep what it made."""

from __future__ import annotations

import os
import re
import tempfile
import time
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from constructs_lib.bundling import paths
from constructs_lib.bundling import progress as shown
from constructs_lib.bundling.cache import Cache, Entry
from constructs_lib.bundling.cargo import CargoBinary, inspect
from constructs_lib.bundling.distrust import Notes
from constructs_lib.bundling.elf import check_bootstrap
from constructs_lib.bundling.run import cargo_lambda, clean
from constructs_lib.bundling.sources import Sources, digest_of_file, variable_digest, variables_read
from constructs_lib.bundling.toolchain import RUST_TARGET, find_toolchain
from constructs_lib.errors import ConstructsLibError, Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from constructs_lib.bundling.progress import Progress

__all__ = ["BuiltBinary", "build"]

_TRIES = 3  # how often a build is repeated whose sources change meanwhile
_DROPPING = ("CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS", "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUSTFLAGS")
_ADVICE = {
    r"(?i)failed to download|could not resolve host|couldn't connect|network failure|--offline": (
        "the first build downloads crates: connect to the network, or run `cargo fetch` where there is one"
    ),
    r"because --locked was passed": "bring Cargo.lock up to date, and commit it: cargo update --workspace",
}


@dataclass(frozen=True)
class BuiltBinary:
    """A binary, built for arm64.

    Args:
        path: the file `bootstrap` in the cache; copy it, do not change it.
        size: in bytes.
        sha256: of its content, hexadecimal.
        seconds: that the cargo run took which made it.
        hit: whether it was in the cache already.
    """

    path: Path
    size: int
    sha256: str
    seconds: float
    hit: bool


def build(binaries: Iterable[CargoBinary], *, progress: Progress | None = None) -> dict[CargoBinary, BuiltBinary]:
    """Build binaries for arm64 and provided.al2023: one cargo run per workspace, none for what the cache holds.

    Args:
        binaries: what to build; any number of workspaces.
        progress: where to report to; stderr by default.

    Raises:
        ConstructsLibError: `cargo-build-failed`, `cargo-lock-missing`, `cargo-metadata-failed`, `toolchain-missing`,
            `binary-wrong-machine`, `binary-needs-newer-glibc` or `cache-not-writable`.
    """
    progress = progress or shown.on_stderr()
    started = time.monotonic()
    built: dict[CargoBinary, BuiltBinary] = {}
    for root, wanted in groupby(sorted(set(binaries)), key=lambda binary: binary.root):
        built.update(_Build(root, list(wanted), progress).built())
    if built:
        rows = [shown.Row(binary.name, made.size, made.seconds, made.hit) for binary, made in built.items()]
        progress.say(shown.table(rows, RUST_TARGET, time.monotonic() - started))
    return built


class _Build:
    """The build of one workspace."""

    def __init__(self, root: Path, wanted: list[CargoBinary], progress: Progress) -> None:
        self._root, self._wanted, self._progress = root, wanted, progress
        self._cache = Cache()
        self._target = self._cache.target(root)
        if not (root / "Cargo.lock").is_file():
            raise _no_lock(root)
        self._toolchain = find_toolchain(root)

    def built(self) -> dict[CargoBinary, BuiltBinary]:
        """Everything wanted, from the cache or from cargo."""
        hits = self._look_up(self._sources())
        if len(hits) == len(self._wanted):
            return self._results(hits, {})
        waits = f"another build of {self._root} is running; waiting for it"
        with self._cache.lock(self._root, lambda: self._progress.say(waits)):
            for _ in range(_TRIES):
                sources = self._sources()
                hits = self._look_up(sources)
                missing = [binary for binary in self._wanted if binary not in hits]
                started = time.time()
                made = self._run(missing, sources) if missing else {}
                if self._kept(made, sources, started):
                    break
                self._progress.say(f"sources of {self._root} changed meanwhile; building again")
            self._cache.prune()
        return self._results(hits, made)

    def _look_up(self, sources: Sources) -> dict[CargoBinary, Entry]:
        found = {binary: self._cache.find(sources.key(binary.package, binary.name)) for binary in self._wanted}
        return {binary: entry for binary, entry in found.items() if entry and self._holds(entry)}

    def _sources(self) -> Sources:
        return Sources(inspect(self._root / "Cargo.toml"), self._toolchain)

    def _holds(self, entry: Entry) -> bool:
        return all(digest_of_file(self._root / path) == digest for path, digest in entry.files.items()) and all(
            variable_digest(name) == digest for name, digest in entry.variables.items()
        )

    def _run(self, missing: list[CargoBinary], sources: Sources) -> dict[CargoBinary, Entry]:
        started = time.monotonic()
        for name in _DROPPING:
            if name in os.environ:
                self._progress.say(f"{_drops_target_cpu(name)}\n")
        files = sources.all_files()
        notes = Notes(self._target, self._root)
        if notes.deceived(files):
            clean(
                sources.package_names(), manifest=self._root / "Cargo.toml", target=self._target,
                toolchain=self._toolchain,
            )  # fmt: skip
        notes.starts(files)
        with tempfile.TemporaryDirectory(dir=self._cache.root / "new") as folder:
            ran = cargo_lambda(
                manifest=self._root / "Cargo.toml", binaries=[binary.name for binary in missing], into=Path(folder),
                target=self._target, flags=paths.flags(self._target),
                cache=self._cache.root, toolchain=self._toolchain, progress=self._progress,
            )  # fmt: skip
            made = {binary: Path(folder) / binary.name / "bootstrap" for binary in missing}
            absent = [binary.name for binary, path in made.items() if not path.is_file()]
            if ran.status or absent:
                raise _failed(self._root, ran.said, [] if ran.status else absent)
            notes.ended(self._also_read(made, sources))
            for binary, path in made.items():
                check_bootstrap(path, binary.name)
            seconds = time.monotonic() - started
            return {binary: self._cache.keep(path, seconds) for binary, path in made.items()}

    def _kept(self, made: Mapping[CargoBinary, Entry], sources: Sources, started: float) -> bool:
        """Index what was made, unless the sources are no longer those that cargo was started with."""
        now = self._sources()
        variables = variables_read(self._target) if made else {}
        for binary, entry in made.items():
            key = sources.key(binary.package, binary.name)
            files = now.also_read(binary.package, binary.name, self._target)
            if now.key(binary.package, binary.name) != key or any(
                _is_newer(self._root / path, started) for path in files
            ):
                return False
            self._cache.remember(key, replace(entry, files=files, variables=variables))
        return True

    def _also_read(self, binaries: Iterable[CargoBinary], sources: Sources) -> dict[str, str]:
        return {
            path: digest
            for binary in binaries
            for path, digest in sources.also_read(binary.package, binary.name, self._target).items()
        }

    def _results(
        self, hits: Mapping[CargoBinary, Entry], made: Mapping[CargoBinary, Entry]
    ) -> dict[CargoBinary, BuiltBinary]:
        return {
            binary: BuiltBinary(self._cache.binary(entry), entry.size, entry.sha256, entry.seconds, binary in hits)
            for binary, entry in {**hits, **made}.items()
        }


def _is_newer(path: Path, started: float) -> bool:
    try:
        return path.stat().st_mtime >= started
    except OSError:
        return False


def _drops_target_cpu(name: str) -> Diagnostic:
    return Diagnostic(
        reference="rustflags-set",
        headline=f"`{name}` is set, so the binaries are not compiled for Lambda's processor",
        notes=("cargo takes compiler flags from one place only, and leaves out cargo-lambda's target-cpu=neoverse-n1",),
        helps=(f"unset {name}, or add -Ctarget-cpu=neoverse-n1 to it",),
        severity="warning",
    )


def _no_lock(root: Path) -> ConstructsLibError:
    return ConstructsLibError(
        Diagnostic(
            reference="cargo-lock-missing",
            headline=f"the workspace `{root}` has no Cargo.lock",
            notes=("without it, each machine would build from other versions",),
            helps=(f"cargo generate-lockfile --manifest-path '{root / 'Cargo.toml'}', and commit the file",),
        )
    )


def _failed(root: Path, said: str, absent: list[str]) -> ConstructsLibError:
    if absent:
        names = ", ".join(f"`{name}`" for name in absent)
        headline = f"cargo ended well in `{root}`, but made no {names}"
    else:
        headline = f"cargo could not build `{root}`"
    helps = tuple(advice for sign, advice in _ADVICE.items() if re.search(sign, said))
    return ConstructsLibError(Diagnostic(reference="cargo-build-failed", headline=headline, evidence=said, helps=helps))
