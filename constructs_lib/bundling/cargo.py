"""What cargo says of a workspace: its members and their binaries."""

from __future__ import annotations

import difflib
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constructs_lib.bundling.toolchain import cargo_for
from constructs_lib.errors import ConstructsLibError, Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["CargoBinary", "Package", "Workspace", "find_binary", "inspect"]

_NOT_SOURCES = {".git", "cdk.out", "node_modules", "target", ".venv", "__pycache__"}
_SEARCH_DEPTH = 3


@dataclass(frozen=True, order=True)
class CargoBinary:
    """A binary target of a Cargo workspace.

    Args:
        root: absolute path of the workspace's root folder.
        package: name of the member that holds it.
        name: name of the binary, unique in the workspace.
    """

    root: Path
    package: str
    name: str


@dataclass(frozen=True)
class Package:
    """A package whose sources are on this machine: a member, or a path dependency of one."""

    name: str
    manifest: Path
    binaries: tuple[str, ...]
    targets: tuple[str, ...]
    path_dependencies: tuple[Path, ...]

    @property
    def folder(self) -> Path:
        """Where its manifest lies."""
        return self.manifest.parent


@dataclass(frozen=True)
class Workspace:
    """A Cargo workspace (a package on its own is one, too)."""

    root: Path
    members: tuple[Package, ...]

    @property
    def binaries(self) -> tuple[CargoBinary, ...]:
        """Every binary of every member."""
        return tuple(
            CargoBinary(self.root, package.name, name) for package in self.members for name in package.binaries
        )


def find_binary(
    *, workspace: str | Path | None = None, manifest: str | Path | None = None, binary: str | None = None
) -> CargoBinary:
    """Find a binary by the folder of its workspace, or by the manifest of its package.

    Args:
        workspace: folder of a Cargo workspace or of one of its members; every member's binaries are considered.
        manifest: path of a package's `Cargo.toml`; only this package's binaries are considered. Paths that are
            relative are so to the current directory, as those of CDK's assets are.
        binary: name of the binary; may be left out if there is exactly one.

    Raises:
        ConstructsLibError: `workspace-or-manifest`, `workspace-not-found`, `binary-not-found`, `binary-ambiguous`,
            `cargo-metadata-failed` or `toolchain-missing`.

    See https://doc.rust-lang.org/cargo/reference/cargo-targets.html#binaries
    """
    path = _manifest(workspace, manifest)
    try:
        return _choose(_remembered(path), path, binary, narrowed=manifest is not None)
    except ConstructsLibError:
        if path not in _inspected:
            raise
    # What was remembered may be older than a binary written since: ask cargo once more.
    del _inspected[path]
    return _choose(_remembered(path), path, binary, narrowed=manifest is not None)


def inspect(manifest: Path) -> Workspace:
    """Ask cargo for the workspace that a manifest belongs to; reads manifests only, needs no network.

    Raises:
        ConstructsLibError: `cargo-metadata-failed` or `toolchain-missing`.
    """
    command = [str(cargo_for(manifest.parent)), "metadata", "--no-deps", "--format-version=1", "--color=never"]
    ran = subprocess.run(
        [*command, f"--manifest-path={manifest}"], cwd=manifest.parent, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise ConstructsLibError(
            Diagnostic(
                reference="cargo-metadata-failed",
                headline=f"cargo cannot read the workspace of `{manifest}`",
                evidence=ran.stderr,
                helps=(f"make this pass: cargo metadata --no-deps --manifest-path '{manifest}'",),
            )
        )
    answer = json.loads(ran.stdout)
    members = set(answer["workspace_members"])
    return Workspace(
        root=Path(answer["workspace_root"]),
        members=tuple(_package(package) for package in answer["packages"] if package["id"] in members),
    )


_inspected: dict[Path, Workspace] = {}


def _remembered(manifest: Path) -> Workspace:
    if manifest not in _inspected:
        _inspected[manifest] = inspect(manifest)
    return _inspected[manifest]


def _package(answer: dict[str, Any]) -> Package:
    targets = answer["targets"]
    return Package(
        name=answer["name"],
        manifest=Path(answer["manifest_path"]),
        binaries=tuple(target["name"] for target in targets if "bin" in target["kind"]),
        targets=tuple(target["name"] for target in targets),
        # Development dependencies never reach a binary.
        path_dependencies=tuple(
            Path(dependency["path"])
            for dependency in answer["dependencies"]
            if dependency.get("path") and dependency["kind"] != "dev"
        ),
    )


def _manifest(workspace: str | Path | None, manifest: str | Path | None) -> Path:
    given = workspace if manifest is None else manifest
    if given is None or (workspace is not None and manifest is not None):
        raise ConstructsLibError(
            Diagnostic(
                reference="workspace-or-manifest",
                headline="give either `workspace` or `manifest`"
                + (f", not both `{workspace}` and `{manifest}`" if given is not None else ""),
                helps=('workspace="functions"', 'manifest="functions/resize/Cargo.toml"'),
            )
        )
    path = Path(os.path.abspath(given))  # noqa: PTH100  (resolve() would follow links: cargo speaks of paths as given)
    found = path / "Cargo.toml" if path.is_dir() else path
    if found.name == "Cargo.toml" and found.is_file():
        return found
    kind = "Cargo manifest" if manifest is not None else "Cargo workspace"
    near = _near(path)
    argument = "manifest" if manifest is not None else "workspace"
    raise ConstructsLibError(
        Diagnostic(
            reference="workspace-not-found",
            headline=f"there is no {kind} at `{given}`",
            evidence=f"looked for {found if path.is_dir() or manifest is not None else path / 'Cargo.toml'}",
            notes=("a relative path starts at the current directory, as those of CDK's assets do",),
            helps=tuple(
                f'did you mean {argument}="{folder if manifest is None else folder / "Cargo.toml"}"?' for folder in near
            )
            or ("create one: cargo init --bin FOLDER",),
        )
    )


def _near(path: Path) -> list[Path]:
    """Folders with a manifest below the current directory, best match first; a workspace hides its members."""
    here = Path.cwd()
    found = {folder: str(folder) for folder in _with_manifest(here, _SEARCH_DEPTH)}
    wanted = os.path.relpath(path, here)
    return sorted(found, key=lambda folder: -difflib.SequenceMatcher(None, wanted, found[folder]).ratio())[:3]


def _with_manifest(folder: Path, depth: int) -> Iterator[Path]:
    here = Path.cwd()
    if (folder / "Cargo.toml").is_file():
        yield folder.relative_to(here)
        return
    if depth:
        try:
            children = sorted(child for child in folder.iterdir() if child.is_dir() and child.name not in _NOT_SOURCES)
        except OSError:
            return
        for child in children:
            yield from _with_manifest(child, depth - 1)


def _choose(workspace: Workspace, manifest: Path, name: str | None, *, narrowed: bool) -> CargoBinary:
    everywhere = workspace.binaries
    own = {package.name for package in workspace.members if package.manifest == manifest} if narrowed else set()
    candidates = [binary for binary in everywhere if not own or binary.package in own]
    place = f"package `{next(iter(own))}`" if own else f"workspace `{workspace.root}`"
    fitting = [binary for binary in candidates if name is None or binary.name == name]
    if not fitting:
        raise _not_found(name, candidates, place)
    if len(fitting) > 1:
        raise _ambiguous(name, fitting, place)
    twins = [binary for binary in everywhere if binary.name == fitting[0].name]
    if len(twins) > 1:  # cargo writes both to one file
        raise _ambiguous(fitting[0].name, twins, f"workspace `{workspace.root}`")
    return fitting[0]


def _not_found(name: str | None, candidates: list[CargoBinary], place: str) -> ConstructsLibError:
    near = difflib.get_close_matches(name or "", [binary.name for binary in candidates], cutoff=0.5)
    return ConstructsLibError(
        Diagnostic(
            reference="binary-not-found",
            headline=f"there is no binary{f' `{name}`' if name else ''} in {place}",
            evidence=_listed(candidates) or "it has no binary at all",
            helps=tuple(f'did you mean binary="{other}"?' for other in near)
            or ("add a `src/main.rs`, a `src/bin/NAME.rs` or a `[[bin]]` section",),
        )
    )


def _ambiguous(name: str | None, fitting: list[CargoBinary], place: str) -> ConstructsLibError:
    if name is None:
        headline = f"{place} has {len(fitting)} binaries, and `binary` is not given"
        helps = tuple(f'binary="{binary.name}"' for binary in sorted(fitting))
    else:
        headline = f"{place} has {len(fitting)} binaries named `{name}`"
        helps = ("rename one: cargo builds a workspace's binaries into one folder",)
    return ConstructsLibError(
        Diagnostic(reference="binary-ambiguous", headline=headline, evidence=_listed(fitting), helps=helps)
    )


def _listed(binaries: Iterable[CargoBinary]) -> str:
    return "\n".join(f"{binary.name} (package {binary.package})" for binary in sorted(binaries))
