"""Which cargo, rustc, cargo-lambda and zig build for arm64: found, never installed, and named in the cache key."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from constructs_lib.errors import ConstructsLibError, Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["GLIBC", "RUST_TARGET", "Toolchain", "cargo_for", "find_toolchain"]

RUST_TARGET = "aarch64-unknown-linux-gnu"
# What provided.al2023 has: https://docs.aws.amazon.com/linux/al2023/ug/core-glibc.html
GLIBC = (2, 34)

LAST_RESORT = "/usr/bin"  # where a distribution puts it, whatever PATH says
INSTALL_RUST = "install Rust: https://rustup.rs"
CARGO_LAMBDA_VERSION = ("lambda", "--version")  # as a subcommand of cargo: it knows no other
INSTALL_TOOLS = 'pip install "constructs-lib[cargo]"'


@dataclass(frozen=True)
class Toolchain:
    """The programs of a build, with all that tells one build of them from another."""

    cargo: Path
    cargo_lambda: Path
    zig: Path
    versions: tuple[str, ...]

    def environment(self, cache: Path) -> dict[str, str]:
        """The environment to run cargo-lambda in: these programs first, their caches below ours."""
        environment = dict(os.environ)
        environment["PATH"] = os.pathsep.join([str(self.cargo.parent), environment.get("PATH", os.defpath)])
        # cargo-lambda tries `python3 -m ziglang` first, and any python3 on PATH may answer. Naming the binary also
        # saves starting Python for each file that a C dependency compiles.
        environment["CARGO_ZIGBUILD_ZIG_PATH"] = str(self.zig)
        environment["CARGO_ZIGBUILD_PYTHON_PATH"] = str(cache / "no-python")
        environment.setdefault("CARGO_ZIGBUILD_CACHE_DIR", str(cache / "zigbuild"))
        environment.setdefault("ZIG_GLOBAL_CACHE_DIR", str(cache / "zig"))
        return environment


def cargo_for(folder: Path) -> Path:
    """The cargo that reads manifests: the first on PATH, which may be rustup's and follow `folder`'s toolchain file.

    Raises:
        ConstructsLibError: `toolchain-missing`.
    """
    for cargo in cargos():
        return cargo
    raise _missing(f"there is no cargo to read `{folder}`", "cargo: not on PATH, nor in /usr/bin", (INSTALL_RUST,))


def find_toolchain(root: Path) -> Toolchain:
    """Find what builds the workspace at `root` for arm64.

    Cargo is the first whose rustc, asked inside the workspace, has the standard library for arm64: those on PATH, then
    the one of `/usr/bin` (unless the workspace pins a toolchain and rustup is there to follow the pin).

    Raises:
        ConstructsLibError: `toolchain-missing`, with the commands that mend it.
    """
    cargo, rustc_version = _cargo_with_target(root)
    cargo_lambda = find_cargo_lambda()
    if cargo_lambda is None:
        raise _missing(
            "cargo-lambda is not installed", f"cargo-lambda: not on PATH, nor beside {sys.executable}", (INSTALL_TOOLS,)
        )
    zig = find_zig()
    if zig is None:
        raise _missing(
            "zig, which links for arm64, is not installed", f"zig: no package ziglang in {sys.prefix}, not on PATH",
            (INSTALL_TOOLS,),
        )  # fmt: skip
    return Toolchain(
        cargo=cargo,
        cargo_lambda=cargo_lambda,
        zig=zig,
        versions=(rustc_version, _version(cargo_lambda, *CARGO_LAMBDA_VERSION), "zig " + _version(zig, "version")),
    )


def _version(program: Path, *arguments: str) -> str:
    # Never empty: the cache would take the builds of all versions for the same.
    said = output(program, *arguments)
    if not said:
        command = " ".join([str(program), *arguments])
        raise _missing(f"`{program.name}` does not run", f"{command}: no answer, or a failure", (INSTALL_TOOLS,))
    return said


def find_cargo_lambda() -> Path | None:
    """On PATH, or beside this Python (a virtual environment that is not activated)."""
    found = shutil.which("cargo-lambda") or shutil.which("cargo-lambda", path=str(Path(sys.executable).parent))
    # PATH may have relative entries, and programs run in other folders.
    return Path(found).absolute() if found else None


def find_zig() -> Path | None:
    """The user's choice, this environment's package `ziglang`, or the one on PATH."""
    chosen = os.environ.get("CARGO_ZIGBUILD_ZIG_PATH")
    if chosen:
        return Path(chosen)
    package = importlib.util.find_spec("ziglang")
    for folder in (package and package.submodule_search_locations) or ():
        if (Path(folder) / "zig").is_file():
            return Path(folder) / "zig"
    found = shutil.which("zig")
    return Path(found).absolute() if found else None


def output(program: Path, *arguments: str, folder: Path | None = None) -> str:
    """What a program prints, or nothing if it fails."""
    try:
        ran = subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return ran.stdout.strip() if ran.returncode == 0 else ""


def has_target(rustc: Path, folder: Path) -> bool:
    """Whether a rustc has the standard library for arm64."""
    libraries = output(rustc, "--print=target-libdir", f"--target={RUST_TARGET}", folder=folder)
    return bool(libraries) and any(Path(libraries).glob("libstd-*.rlib"))


def commands_for_target() -> tuple[str, ...]:
    """The commands, for this machine, that install the standard library for arm64."""
    commands = []
    if shutil.which("rustup"):
        commands.append(f"rustup target add {RUST_TARGET}")
    if shutil.which("apt-get"):
        commands.append(
            "apt-get update && apt-get install --no-install-recommends rustc-web cargo-web"
            if os.uname().machine == "aarch64"
            else "dpkg --add-architecture arm64 && apt-get update && apt-get install --no-install-recommends "
            "rustc-web cargo-web libstd-rust-web-dev:arm64"
        )
    return tuple(commands) or (INSTALL_RUST, f"rustup target add {RUST_TARGET}")


def rustc_of(cargo: Path) -> Path:
    """The rustc that a cargo starts, when its folder comes first on PATH."""
    beside = cargo.with_name("rustc")
    return beside if beside.exists() else Path(shutil.which("rustc") or beside)


def cargos() -> Iterator[Path]:
    """Every cargo of this machine, in the order in which they are tried."""
    folders = dict.fromkeys([*os.get_exec_path(), LAST_RESORT])
    for folder in folders:
        found = shutil.which("cargo", path=folder)
        if found:
            yield Path(found).absolute()


def _cargo_with_target(root: Path) -> tuple[Path, str]:
    looked_at = []
    pinned = next((root / name for name in ("rust-toolchain.toml", "rust-toolchain") if (root / name).exists()), None)
    for cargo in cargos():
        rustc = rustc_of(cargo)
        version = output(rustc, "-vV", folder=root)
        if version and has_target(rustc, root):
            return cargo, version
        looked_at.append(f"{rustc}: " + ("no standard library for arm64" if version else "does not run"))
        if pinned and shutil.which("rustup"):
            looked_at.append(f"{pinned} pins the toolchain, so no other is tried")
            break
    if not looked_at:
        raise _missing("cargo is not installed", "cargo: not on PATH, nor in /usr/bin", (INSTALL_RUST,))
    raise _missing(
        f"no rustc here has the standard library for `{RUST_TARGET}`", "\n".join(looked_at), commands_for_target()
    )


def _missing(headline: str, evidence: str, helps: tuple[str, ...]) -> ConstructsLibError:
    return ConstructsLibError(
        Diagnostic(
            reference="toolchain-missing",
            headline=headline,
            evidence=evidence,
            notes=("`constructs-lib doctor` shows every part",),
            helps=helps,
        )
    )
