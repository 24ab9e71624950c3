"""Which parts of the toolchain are here, and the exact commands for those that are not."""

from __future__ import annotations

import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from constructs_lib.bundling.toolchain import (
    CARGO_LAMBDA_VERSION,
    INSTALL_RUST,
    INSTALL_TOOLS,
    RUST_TARGET,
    cargos,
    commands_for_target,
    find_cargo_lambda,
    find_zig,
    has_target,
    output,
    rustc_of,
)

__all__ = ["Check", "doctor"]

_NODE_NEEDED = 20


@dataclass(frozen=True)
class Check:
    """One part of the toolchain.

    Args:
        part: what it is.
        found: whether it is here and new enough.
        detail: where it is and its version, or what is wrong.
        purpose: what it is needed for.
        commands: what to run if it is missing, best first.
        required: whether building and deploying with CDK needs it.
    """

    part: str
    found: bool
    detail: str
    purpose: str
    commands: tuple[str, ...] = ()
    required: bool = True


def doctor(folder: Path | None = None) -> list[Check]:
    """Look at every part of the toolchain, as a workspace in `folder` (the current directory) would use it."""
    folder = folder or Path.cwd()
    return [
        *_rust(folder),
        _program("cargo-lambda", find_cargo_lambda(), "builds the binaries", (INSTALL_TOOLS,), CARGO_LAMBDA_VERSION),
        _program("zig", find_zig(), "compiles C dependencies and links for arm64", (INSTALL_TOOLS,), ("version",)),
        _node(),
        _program("cdk", _which("cdk"), "synthesizes and deploys", ("npm install --global aws-cdk",)),
        _program(
            "sam", _which("sam"), "deploys the SAM templates", ("pipx install aws-sam-cli",), required=False
        ),
        *_emulator(),
    ]  # fmt: skip


def _rust(folder: Path) -> list[Check]:
    for cargo in cargos():
        rustc = rustc_of(cargo)
        if has_target(rustc, folder):
            version = output(rustc, "--version", folder=folder)
            return [
                Check("cargo and rustc", found=True, detail=f"{version} ({cargo.parent})", purpose="compile"),
                Check(
                    f"standard library for {RUST_TARGET}",
                    found=True,
                    detail=str(cargo.parent),
                    purpose="compiles for arm64",
                ),
            ]
    first = next(iter(cargos()), None)
    return [
        _program("cargo and rustc", first, "compile", (INSTALL_RUST,)),
        Check(
            f"standard library for {RUST_TARGET}", found=False, detail="missing", purpose="compiles for arm64",
            commands=commands_for_target(),
        ),
    ]  # fmt: skip


def _node() -> Check:
    node = _which("node")
    said = output(node, "--version") if node else ""
    major = re.match(r"v(\d+)", said)
    new_enough = major is not None and int(major[1]) >= _NODE_NEEDED
    detail = (
        f"{said or 'it does not run'}{'' if new_enough or not said else ' is too old'} ({node})" if node else "missing"
    )
    return Check(
        "node", new_enough, detail, f"runs CDK; {_NODE_NEEDED} or newer",
        () if new_enough else ("install Node.js: https://nodejs.org/en/download",),
    )  # fmt: skip


def _emulator() -> list[Check]:
    """Only to run arm64 binaries here, in a local AWS."""
    if os.uname().machine == "aarch64":
        return []
    return [
        _program(
            "qemu-aarch64-static",
            _which("qemu-aarch64-static"),
            "runs arm64 binaries on this machine",
            ("dpkg --add-architecture arm64 && apt-get update && apt-get install qemu-user-static libc6:arm64",),
            required=False,
        )
    ]


def _program(
    part: str, program: Path | None, purpose: str, commands: tuple[str, ...], ask: tuple[str, ...] = ("--version",), *,
    required: bool = True,
) -> Check:  # fmt: skip
    if program is None:
        return Check(part, found=False, detail="missing", purpose=purpose, commands=commands, required=required)
    said = output(program, *ask).partition("\n")[0]
    detail = f"{said} ({program})" if said else f"{program} does not run"
    return Check(part, bool(said), detail, purpose, () if said else commands, required)


def _which(program: str) -> Path | None:
    found = shutil.which(program) or shutil.which(program, path=str(Path(sys.executable).parent))
    return Path(found) if found else None
