"""What a built file is, by its header."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from constructs_lib.bundling.elf import check_bootstrap, needed_glibc, what_is
from constructs_lib.errors import ConstructsLibError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize("kind", [2, 3])
def test_an_arm64_executable_passes(tmp_path: Path, elf: Callable[..., bytes], kind: int) -> None:
    (tmp_path / "bootstrap").write_bytes(elf(kind=kind, glibc="2.34"))
    check_bootstrap(tmp_path / "bootstrap", "resize")


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ({"machine": 62}, "an executable for x86-64"),
        ({"machine": 3, "bits": 1}, "an executable for 32-bit x86"),
        ({"machine": 40, "bits": 1}, "an executable for 32-bit ARM"),
        ({"machine": 183, "bits": 1}, "an executable for 32-bit mode of aarch64"),
        ({"machine": 8}, "an executable for machine 8"),
        ({"entry": 0}, "a library or object file for 64-bit ARM (aarch64)"),
        ({"kind": 1}, "a library or object file for 64-bit ARM (aarch64)"),
        ({"order": 2}, "a big-endian program"),
    ],
)
def test_other_elf_files_are_named(elf: Callable[..., bytes], header: dict[str, int], name: str) -> None:
    assert what_is(elf(**header)) == name


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"PK\x03\x04...", "a zip archive"),
        (b"MZ...", "a Windows program"),
        (b"#!/bin/sh\n", "a script"),
        (b"\xcf\xfa\xed\xfe", "a Mac program"),
        (b"\x7fELF", "no program (not an ELF file)"),
        (b"", "no program (not an ELF file)"),
    ],
)
def test_what_is_no_elf_file_is_named(content: bytes, name: str) -> None:
    assert what_is(content) == name


def test_another_machine_is_refused(tmp_path: Path, elf: Callable[..., bytes]) -> None:
    (tmp_path / "bootstrap").write_bytes(elf(machine=62))
    with pytest.raises(ConstructsLibError) as error:
        check_bootstrap(tmp_path / "bootstrap", "resize")
    assert str(error.value) == (
        "error[binary-wrong-machine]: the bootstrap of `resize` is an executable for x86-64, "
        "and the function runs on arm64\n\n"
        "  needed: an executable for 64-bit ARM (aarch64)\n"
        "  found:  an executable for x86-64\n\n"
        "  help: remove what sets another target: `.cargo/config.toml`, `CargoLambda.toml`, `CARGO_BUILD_TARGET`\n"
        "  see: constructs-lib explain binary-wrong-machine"
    )


def test_a_newer_glibc_is_refused(tmp_path: Path, elf: Callable[..., bytes]) -> None:
    (tmp_path / "bootstrap").write_bytes(elf(glibc="2.38"))
    with pytest.raises(ConstructsLibError) as error:
        check_bootstrap(tmp_path / "bootstrap", "resize")
    assert str(error.value) == (
        "error[binary-needs-newer-glibc]: `resize` needs glibc 2.38, and provided.al2023 has 2.34\n\n"
        "  help: link C libraries statically, or build them against an older glibc\n"
        "  see: constructs-lib explain binary-needs-newer-glibc"
    )


def test_versions_compare_as_numbers(elf: Callable[..., bytes]) -> None:
    assert needed_glibc(elf(glibc="2.4")) == (2, 17)
    assert needed_glibc(elf(glibc="2.30")) == (2, 30)
    assert needed_glibc(elf()) is None
