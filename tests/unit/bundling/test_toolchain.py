"""Which programs are taken, and what is said of those that are missing."""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import TYPE_CHECKING

import pytest

from constructs_lib.bundling import doctor, toolchain
from constructs_lib.errors import ConstructsLibError

if TYPE_CHECKING:
    from pathlib import Path


class Machine:
    """A machine whose only programs are those it is given."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self._folders: list[Path] = []
        self._monkeypatch = monkeypatch
        monkeypatch.setenv("PATH", "")
        monkeypatch.delenv("CARGO_ZIGBUILD_ZIG_PATH", raising=False)
        monkeypatch.setattr(os, "get_exec_path", lambda: [str(folder) for folder in self._folders])
        monkeypatch.setattr(sys, "executable", str(root / "python/bin/python"))
        monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
        monkeypatch.setattr(toolchain, "LAST_RESORT", str(root / "usr/bin"))

    def folder(self, name: str) -> Path:
        folder = self.root / name
        if folder not in self._folders:
            folder.mkdir(parents=True)
            self._folders.append(folder)
            self._monkeypatch.setenv("PATH", os.pathsep.join(map(str, self._folders)))
        return folder

    def program(self, folder: str, name: str, script: str) -> Path:
        path = self.folder(folder) / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def rust(self, folder: str, version: str, *, arm64: bool) -> Path:
        libraries = self.root / folder / "lib"
        libraries.mkdir(parents=True)
        if arm64:
            (libraries / "libstd-1.rlib").touch()
        self.program(f"{folder}/bin", "rustc", f'[ "$1" = -vV ] && echo "{version}" || echo "{libraries}"')
        return self.program(f"{folder}/bin", "cargo", "exit 0")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_the_first_cargo_with_the_target_is_taken(machine: Machine, tmp_path: Path) -> None:
    machine.rust("without", "rustc 1", arm64=False)
    cargo = machine.rust("with", "rustc 2", arm64=True)
    machine.rust("later", "rustc 3", arm64=True)
    cargo_lambda = machine.program("tools", "cargo-lambda", "echo cargo-lambda 1.9.2")
    zig = machine.program("tools", "zig", "echo 0.17.0")
    assert toolchain.find_toolchain(tmp_path) == toolchain.Toolchain(
        cargo, cargo_lambda, zig, ("rustc 2", "cargo-lambda 1.9.2", "zig 0.17.0")
    )


def test_its_folder_comes_first_on_path_and_caches_stay_in_ours(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.rust("without", "rustc 1", arm64=False)
    cargo = machine.rust("with", "rustc 2", arm64=True)
    machine.program("tools", "cargo-lambda", "echo 1")
    zig = machine.program("tools", "zig", "echo 1")
    monkeypatch.delenv("ZIG_GLOBAL_CACHE_DIR", raising=False)
    monkeypatch.setenv("CARGO_ZIGBUILD_CACHE_DIR", "/chosen")
    environment = toolchain.find_toolchain(tmp_path).environment(tmp_path / "cache")
    assert environment["PATH"].split(os.pathsep)[0] == str(cargo.parent)
    assert environment["CARGO_ZIGBUILD_ZIG_PATH"] == str(zig)
    assert environment["ZIG_GLOBAL_CACHE_DIR"] == str(tmp_path / "cache/zig")
    assert environment["CARGO_ZIGBUILD_CACHE_DIR"] == "/chosen"


def test_tools_beside_this_python_are_found_without_activating_it(machine: Machine, tmp_path: Path) -> None:
    machine.rust("rust", "rustc 1", arm64=True)
    beside = tmp_path / "python/bin/cargo-lambda"
    beside.parent.mkdir(parents=True)
    beside.write_text("#!/bin/sh\necho 1\n")
    beside.chmod(0o755)
    assert toolchain.find_cargo_lambda() == beside


def test_no_target_names_what_was_tried_and_the_commands(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = machine.rust("first", "rustc 1", arm64=False)
    broken = machine.program("second", "cargo", "exit 0")
    machine.program("second", "rustc", "exit 1")
    machine.program("second", "rustup", "exit 0")
    machine.program("second", "apt-get", "exit 0")
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Linux", "", "", "", "x86_64")))
    with pytest.raises(ConstructsLibError) as error:
        toolchain.find_toolchain(tmp_path)
    assert str(error.value) == (
        "error[toolchain-missing]: no rustc here has the standard library for `aarch64-unknown-linux-gnu`\n\n"
        f"  {first.with_name('rustc')}: no standard library for arm64\n"
        f"  {broken.with_name('rustc')}: does not run\n\n"
        "  note: `constructs-lib doctor` shows every part\n"
        "  help: rustup target add aarch64-unknown-linux-gnu\n"
        "  help: dpkg --add-architecture arm64 && apt-get update && apt-get install --no-install-recommends "
        "rustc-web cargo-web libstd-rust-web-dev:arm64\n"
        "  see: constructs-lib explain toolchain-missing"
    )


def test_a_pinned_toolchain_is_not_passed_over_where_rustup_follows_it(machine: Machine, tmp_path: Path) -> None:
    machine.rust("pinned", "rustc 1", arm64=False)
    machine.program("pinned/bin", "rustup", "exit 0")
    machine.rust("other", "rustc 2", arm64=True)
    (tmp_path / "rust-toolchain.toml").touch()
    with pytest.raises(ConstructsLibError, match=r"rust-toolchain\.toml pins the toolchain, so no other is tried"):
        toolchain.find_toolchain(tmp_path)


def test_no_cargo_at_all(machine: Machine, tmp_path: Path) -> None:
    assert machine.root == tmp_path
    with pytest.raises(ConstructsLibError, match="cargo is not installed"):
        toolchain.find_toolchain(tmp_path)
    with pytest.raises(ConstructsLibError, match=r"help: install Rust: https://rustup\.rs"):
        toolchain.cargo_for(tmp_path)


def test_no_cargo_lambda(machine: Machine, tmp_path: Path) -> None:
    machine.rust("rust", "rustc 1", arm64=True)
    with pytest.raises(ConstructsLibError, match=r'help: pip install "constructs-lib\[cargo\]"'):
        toolchain.find_toolchain(tmp_path)


def test_no_zig(machine: Machine, tmp_path: Path) -> None:
    machine.rust("rust", "rustc 1", arm64=True)
    machine.program("tools", "cargo-lambda", "echo 1")
    with pytest.raises(ConstructsLibError, match="zig, which links for arm64, is not installed"):
        toolchain.find_toolchain(tmp_path)


def test_a_tool_that_does_not_tell_its_version_is_refused(machine: Machine, tmp_path: Path) -> None:
    machine.rust("rust", "rustc 1", arm64=True)
    cargo_lambda = machine.program("tools", "cargo-lambda", '[ "$*" = "lambda --version" ] && exit 1; echo 1')
    machine.program("tools", "zig", "echo 1")
    with pytest.raises(ConstructsLibError) as error:
        toolchain.find_toolchain(tmp_path)
    assert str(error.value) == (
        "error[toolchain-missing]: `cargo-lambda` does not run\n\n"
        f"  {cargo_lambda} lambda --version: no answer, or a failure\n\n"
        "  note: `constructs-lib doctor` shows every part\n"
        '  help: pip install "constructs-lib[cargo]"\n'
        "  see: constructs-lib explain toolchain-missing"
    )


def test_the_doctor_finds_nothing_on_an_empty_machine(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Linux", "", "", "", "x86_64")))
    checks = doctor(machine.root)
    assert {check.part: (check.found, bool(check.commands), check.required) for check in checks} == {
        "cargo and rustc": (False, True, True),
        "standard library for aarch64-unknown-linux-gnu": (False, True, True),
        "cargo-lambda": (False, True, True),
        "zig": (False, True, True),
        "node": (False, True, True),
        "cdk": (False, True, True),
        "sam": (False, True, False),
        "qemu-aarch64-static": (False, True, False),
    }


def test_the_doctor_finds_everything_on_a_complete_machine(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Linux", "", "", "", "aarch64")))
    machine.rust("rust", "rustc 1", arm64=True)
    for name in ("cargo-lambda", "zig", "cdk", "sam"):
        machine.program("tools", name, f"echo {name} 1")
    machine.program("tools", "node", "echo v22.1.0")
    checks = doctor(machine.root)
    assert [(check.part, check.found, check.commands) for check in checks] == [
        ("cargo and rustc", True, ()),
        ("standard library for aarch64-unknown-linux-gnu", True, ()),
        ("cargo-lambda", True, ()),
        ("zig", True, ()),
        ("node", True, ()),
        ("cdk", True, ()),
        ("sam", True, ()),
    ]
    assert checks[2].detail == f"cargo-lambda 1 ({machine.root}/tools/cargo-lambda)"


def test_the_doctor_tells_an_old_node(machine: Machine) -> None:
    machine.program("tools", "node", "echo v18.19.0")
    [node] = [check for check in doctor(machine.root) if check.part == "node"]
    assert (node.found, node.detail) == (False, f"v18.19.0 is too old ({machine.root}/tools/node)")
