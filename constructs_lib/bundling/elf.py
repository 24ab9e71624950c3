"""What a built file is: read from its ELF header, without running anything.

Offsets are those of https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html and, for the versions of glibc's
symbols, https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/symversion.html
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from constructs_lib.bundling.toolchain import GLIBC
from constructs_lib.errors import ConstructsLibError, Diagnostic

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["check_bootstrap", "is_bootstrap", "needed_glibc", "what_is"]

_ARM64 = "an executable for 64-bit ARM (aarch64)"
_HEADER, _64_BIT, _AARCH64 = 64, 2, 183
_MACHINES = {3: "32-bit x86", 40: "32-bit ARM", 62: "x86-64", _AARCH64: "64-bit ARM (aarch64)", 243: "RISC-V"}
_VERSIONS_NEEDED = 0x6FFFFFFE  # SHT_GNU_verneed


def what_is(content: bytes) -> str:
    """Name what a file is, as a person would."""
    if content[:4] != b"\x7fELF" or len(content) < _HEADER:
        known = {
            b"PK\x03\x04": "a zip archive",
            b"MZ": "a Windows program",
            b"#!": "a script",
            b"\xcf\xfa": "a Mac program",
        }
        return next(
            (name for magic, name in known.items() if content.startswith(magic)), "no program (not an ELF file)"
        )
    if content[5] != 1:
        return "a big-endian program"
    kind, machine = struct.unpack_from("<HH", content, 16)
    name = _MACHINES.get(machine, f"machine {machine}")
    if content[4] != _64_BIT and machine == _AARCH64:
        name = "32-bit mode of aarch64"
    (entry,) = struct.unpack_from("<Q", content, 24)
    if kind not in (2, 3) or not entry:  # ET_EXEC, ET_DYN (position-independent); a library has no entry point
        return f"a library or object file for {name}"
    return f"an executable for {name}"


def is_bootstrap(content: bytes) -> bool:
    """Whether a file is an executable that an arm64 Lambda function can start."""
    return what_is(content) == _ARM64


def needed_glibc(content: bytes) -> tuple[int, ...] | None:
    """The newest version of glibc that an executable asks for; None if it asks for none (static, or musl)."""
    offset, size, count = struct.unpack_from("<Q", content, 40)[0], *struct.unpack_from("<HH", content, 58)
    sections = [struct.unpack_from("<IIQQQQII", content, offset + i * size) for i in range(count if offset else 0)]
    found: list[tuple[int, ...]] = []
    for section in sections:
        if section[1] != _VERSIONS_NEEDED:
            continue
        strings = sections[section[6]]
        at, files = section[4], section[7]
        for _ in range(files):
            _, versions, _, first, following = struct.unpack_from("<HHIII", content, at)
            version = at + first
            for _ in range(versions):
                _, _, _, name, step = struct.unpack_from("<IHHII", content, version)
                start = strings[4] + name
                text = content[start : content.index(b"\0", start)].decode("ascii", "replace")
                if match := re.fullmatch(r"GLIBC_([0-9.]+)", text):
                    found.append(tuple(int(part) for part in match[1].split(".")))
                version += step
            at += following
    return max(found, default=None)


def check_bootstrap(path: Path, binary: str) -> None:
    """Refuse what Lambda could not start.

    Raises:
        ConstructsLibError: `binary-wrong-machine` or `binary-needs-newer-glibc`.
    """
    content = path.read_bytes()
    if not is_bootstrap(content):
        raise ConstructsLibError(
            Diagnostic(
                reference="binary-wrong-machine",
                headline=f"the bootstrap of `{binary}` is {what_is(content)}, and the function runs on arm64",
                evidence=f"needed: {_ARM64}\nfound:  {what_is(content)}",
                helps=(
                    "remove what sets another target: `.cargo/config.toml`, `CargoLambda.toml`, `CARGO_BUILD_TARGET`",
                ),
            )
        )
    needed = needed_glibc(content)
    if needed and needed > GLIBC:
        raise ConstructsLibError(
            Diagnostic(
                reference="binary-needs-newer-glibc",
                headline=f"`{binary}` needs glibc {_dotted(needed)}, and provided.al2023 has {_dotted(GLIBC)}",
                helps=("link C libraries statically, or build them against an older glibc",),
            )
        )


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
