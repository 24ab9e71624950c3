"""What a binary is made from: the key of its cache entry, and what only a finished build can tell.

The key covers the toolchain, the command, the variables and the files that are known before cargo runs. Files outside
of the packages (`include_str!("../../x")`, a build script's `rerun-if-changed`) and variables (`env!`,
`rerun-if-env-changed`) are known only afterwards, from what cargo and rustc note in the target folder; an entry holds
their digests, and a look-up compares them.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constructs_lib.bundling.cache import sha256_of
from constructs_lib.bundling.cargo import Package, Workspace, inspect
from constructs_lib.bundling.paths import cargo_home
from constructs_lib.bundling.run import ARGUMENTS
from constructs_lib.bundling.toolchain import RUST_TARGET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.bundling.toolchain import Toolchain

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Sources", "digest_of_file", "variable_digest", "variables_read"]

_SCHEMA = "2"  # raised when equal keys no longer mean equal binaries
_NO_SOURCES = {".git", ".hg", ".aws-sam", "__pycache__", "node_modules"}
# A folder with one of these is generated: cargo's and other tools' caches, a cloud assembly, a virtual environment.
_GENERATED = ("CACHEDIR.TAG", "cdk.out", "pyvenv.cfg")
_VARIABLES = re.compile(
    r"(CARGO_(BUILD|ENCODED|LAMBDA|PROFILE|TARGET|UNSTABLE|ZIGBUILD)_?|RUST(C|FLAGS|UP_TOOLCHAIN)"
    r"|((HOST|TARGET)_)?(CC|CXX|AR|RANLIB|CFLAGS|CXXFLAGS|CPPFLAGS|LDFLAGS|CMAKE|PKG_CONFIG)(_|$)).*"
)
_NOT_IN_OUTPUT = {"CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR", "CARGO_BUILD_JOBS", "CARGO_ZIGBUILD_CACHE_DIR"}


class Sources:
    """What the binaries of one workspace are made from, read once from the disk."""

    def __init__(self, workspace: Workspace, toolchain: Toolchain) -> None:
        self.workspace = workspace
        self._root = workspace.root
        self._packages = {package.folder: package for package in workspace.members}
        self._files: dict[Path, dict[str, str]] = {}
        patches = [package.folder for folder in _patches(self._root) for package in self._load(folder)]
        self._always = [package for folder in patches for package in self._closure(self._packages[folder])]
        self._common = self._in_common(toolchain)

    def key(self, package: str, binary: str) -> str:
        """The name of a binary's cache entry."""
        digest = hashlib.sha256(f"{self._common}\n{package}\n{binary}\n".encode())
        for path, content in sorted(self.files(package).items()):
            digest.update(f"{path}\0{content}\n".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()

    def files(self, package: str) -> dict[str, str]:
        """Digests of all files in the packages that a member is built from, by path relative to the root."""
        own = next(member for member in self.workspace.members if member.name == package)
        together: dict[str, str] = {}
        for part in self._parts(own):
            if part.folder not in self._files:
                self._files[part.folder] = {self.relative(path): digest_of_file(path) for path in _listing(part.folder)}
            together.update(self._files[part.folder])
        return together

    def all_files(self) -> dict[str, str]:
        """Digests of all files in the packages that any member is built from."""
        return {path: digest for member in self.workspace.members for path, digest in self.files(member.name).items()}

    def package_names(self) -> list[str]:
        """Of the packages whose files `all_files` names."""
        parts = {part.folder: part.name for member in self.workspace.members for part in self._parts(member)}
        return sorted(parts.values())

    def relative(self, path: Path) -> str:
        """A path as entries hold it: so that a moved checkout finds them."""
        return os.path.relpath(path, self._root)

    def also_read(self, package: str, binary: str, target: Path) -> dict[str, str]:
        """Digests of the files outside of the packages which the last build of a binary read."""
        known = self.files(package)
        paths = {
            self.relative(path)
            for path in _named_in(target / RUST_TARGET / "release" / f"{binary}.d", self._root)
            if target not in path.parents
        }
        return {path: digest_of_file(self._root / path) for path in sorted(paths - known.keys())}

    def _parts(self, member: Package) -> list[Package]:
        return list(dict.fromkeys([*self._closure(member), *self._always]))

    def _closure(self, package: Package) -> list[Package]:
        found, waiting = {package.folder: package}, [package]
        while waiting:
            for folder in waiting.pop().path_dependencies:
                for dependency in self._load(folder):
                    if dependency.folder not in found:
                        found[dependency.folder] = dependency
                        waiting.append(dependency)
        return list(found.values())

    def _load(self, folder: Path) -> list[Package]:
        """The package in a folder, maybe outside of the workspace; cargo itself reports one that is not there."""
        if folder not in self._packages and (folder / "Cargo.toml").is_file():
            for package in inspect(folder / "Cargo.toml").members:
                self._packages.setdefault(package.folder, package)
        return [self._packages[folder]] if folder in self._packages else []

    def _in_common(self, toolchain: Toolchain) -> str:
        digest = hashlib.sha256()
        for part in (_SCHEMA, *ARGUMENTS, *toolchain.versions):
            digest.update(f"{part}\0".encode())
        for name, value in sorted(os.environ.items()):
            if _VARIABLES.fullmatch(name) and name not in _NOT_IN_OUTPUT:
                digest.update(f"{name}={value}\0".encode("utf-8", "surrogateescape"))
        for path in [
            *(package.manifest for package in self.workspace.members),
            *(self._root / name for name in ("Cargo.toml", "Cargo.lock", "CargoLambda.toml")),
            *_configurations(self._root),
        ]:
            digest.update(f"{self.relative(path)}\0{digest_of_file(path)}\0".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()


def digest_of_file(path: Path) -> str:
    """Of its content; a folder's is that of its listing; what is not there has one, too."""
    try:
        if path.is_dir():
            if path.is_symlink():
                return f"link to {path.readlink()}"
            return sha256_of("\n".join(f"{each}\0{digest_of_file(each)}" for each in _listing(path)).encode())
        return sha256_of(path.read_bytes())
    except OSError:
        return "missing"


def variable_digest(name: str) -> str | None:
    """Of an environment variable's value: it may be a secret, so the value itself is nowhere kept."""
    value = os.environ.get(name)
    return None if value is None else sha256_of(os.fsencode(value))


def variables_read(target: Path) -> dict[str, str | None]:
    """Digests of the variables that sources and build scripts asked for, of all that was ever built in a target folder.

    More than one binary's own, which at worst costs a build that finds nothing to do.
    """
    names = set()
    for path in target.glob("**/*.d"):
        names.update(re.findall(r"^# env-dep:([^=\n]+)", path.read_text(errors="replace"), re.MULTILINE))
    for path in target.glob("**/build/*/output"):
        names.update(re.findall(r"^cargo::?rerun-if-env-changed=(\S+)", path.read_text(errors="replace"), re.MULTILINE))
    return {name: variable_digest(name) for name in sorted(names)}


def _named_in(depends: Path, root: Path) -> Iterator[Path]:
    """The files of a makefile rule, as cargo writes it: spaces in names are escaped."""
    try:
        _, _, names = depends.read_text().partition(": ")
    except FileNotFoundError:
        return
    for name in re.findall(r"(?:\\.|\S)+", names):
        yield Path(os.path.normpath(root / re.sub(r"\\(.)", r"\1", name)))


def _listing(folder: Path) -> list[Path]:
    """All files of a package; another package's folder below it, and what is generated, are none of its own."""
    found: list[Path] = []
    for place, folders, files in os.walk(folder):
        here = Path(place)
        found += [here / name for name in files]
        found += [here / name for name in folders if (here / name).is_symlink()]
        folders[:] = [
            name
            for name in folders
            if name not in _NO_SOURCES
            and not (here / name / "Cargo.toml").exists()
            and not any((here / name / mark).exists() for mark in _GENERATED)
        ]
    return sorted(found)


def _patches(root: Path) -> Iterator[Path]:
    """Folders that `[patch]`, `[replace]` or `paths` put in place of dependencies."""
    for manifest in (root / "Cargo.toml", *_configurations(root)):
        try:
            content: dict[str, Any] = tomllib.loads(manifest.read_text())
        except (OSError, ValueError):
            continue
        base = root if manifest.name == "Cargo.toml" else manifest.parent.parent
        tables = [*content.get("patch", {}).values(), content.get("replace", {})]
        paths = [
            each["path"] for table in tables for each in table.values() if isinstance(each, dict) and "path" in each
        ]
        for path in [*paths, *content.get("paths", [])]:
            yield Path(os.path.normpath(base / path))


def _configurations(root: Path) -> list[Path]:
    """Cargo's configuration files: https://doc.rust-lang.org/cargo/reference/config.html#hierarchical-structure."""
    folders = [*(place / ".cargo" for place in (root, *root.parents)), cargo_home()]
    return [folder / name for folder in dict.fromkeys(folders) for name in ("config.toml", "config")]
