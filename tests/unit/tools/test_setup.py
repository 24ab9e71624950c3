"""The setup's errors, with stand-ins for the programs it starts."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools import environment, setup
from tools.environment import errors

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[3]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Lay down as much of a checkout as the setup reads."""
    for name in ("tools", "constraints"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "constructs_lib").mkdir()
    shutil.copy(ROOT / "constructs_lib" / "errors.py", tmp_path / "constructs_lib")
    for name in ("package.json", "package-lock.json", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "fakes").mkdir()
    return tmp_path


def fake(checkout: Path, name: str, script: str) -> None:
    program = checkout / "fakes" / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def run_setup(checkout: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.setup"],
        cwd=checkout,
        env={"PATH": f"{checkout}/fakes", "HOME": str(checkout)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_node_that_is_too_old_is_named(checkout: Path) -> None:
    fake(checkout, "node", "echo v18.20.4")
    fake(checkout, "npm", "exit 0")
    done = run_setup(checkout)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "\nerror[node-too-old]: Node v18.20.4 is too old: the CDK needs Node 20 or newer, with npm\n"
        "\n"
        f"  node: {checkout}/fakes/node v18.20.4\n"
        f"  npm: {checkout}/fakes/npm\n"
        "\n"
        "  note: Debian 12's own package is Node 18\n"
        "  help: install Node from https://nodejs.org/en/download and put it first on PATH\n"
        "  see: docs/errors/node-too-old.md\n"
    )


def test_a_missing_node_is_named(checkout: Path) -> None:
    done = run_setup(checkout)
    assert done.returncode == 1
    assert "error[node-too-old]: Node or npm is not installed: the CDK needs Node 20 or newer, with npm" in done.stderr
    assert "node: not found" in done.stderr


def test_a_missing_network_is_told_with_the_installers_own_words(checkout: Path) -> None:
    fake(checkout, "node", "echo v22.1.0")
    fake(checkout, "npm", "echo 'npm error code ENOTFOUND' >&2; echo 'npm error network request failed' >&2; exit 1")
    done = run_setup(checkout)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "\nerror[no-network]: cannot download the CDK CLI: there is no way to its registry\n"
        "\n"
        "  $ npm ci --ignore-scripts --fetch-retries 1\n"
        "  npm error code ENOTFOUND\n"
        "  npm error network request failed\n"
        "\n"
        "  note: what is installed already is kept: the next run goes on from there\n"
        "  help: check the network, the proxy and the index that the tool above is set to, and run it again\n"
        "  see: docs/errors/no-network.md\n"
    )


def test_another_failure_of_an_installer_is_not_blamed_on_the_network(checkout: Path) -> None:
    fake(checkout, "node", "echo v22.1.0")
    fake(checkout, "npm", "echo 'npm error code ENOSPC'; exit 1")
    done = run_setup(checkout)
    assert done.returncode == 1
    assert done.stderr.startswith("\nerror[setup-failed]: installing the CDK CLI failed\n\n  $ npm ci")
    assert "npm error code ENOSPC" in done.stderr


def test_without_root_the_exact_commands_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "root_prefix", lambda: None)
    monkeypatch.setattr(setup, "X86", True)
    with pytest.raises(errors.ConstructsLibError) as caught:
        setup.apt("Rust for arm64", ("rustc-web", "libstd-rust-web-dev:arm64"), "with rustup: rustup target add x")
    assert str(caught.value) == (
        "error[toolchain-missing]: there is no Rust for arm64, and it cannot be installed from here\n"
        "\n"
        "  note: on Debian it is installed by itself for root, and for a user with sudo without a password\n"
        "  help: with rustup: rustup target add x\n"
        "  help: on Debian: sudo dpkg --add-architecture arm64 && sudo apt-get update && "
        "sudo apt-get install --yes --no-install-recommends rustc-web libstd-rust-web-dev:arm64\n"
        "  see: docs/errors/toolchain-missing.md"
    )


def test_an_environment_is_made_once_and_again_when_something_is_gone_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, lock = tmp_path / "environment", tmp_path / "lock.txt"
    lock.write_text("wheel==1.0\n")
    packages = folder / "lib" / "python3.12" / "site-packages"

    def install(what: str, command: list[str]) -> None:
        assert what == "a tool"
        if "venv" in command:
            (folder / "bin").mkdir(parents=True)
            (folder / "bin" / "python").touch()
        else:
            assert command[-2:] == ["--requirement", str(lock)]
            (packages / "wheel-1.0.dist-info").mkdir(parents=True)

    monkeypatch.setattr(setup, "run", install)
    assert setup.python_environment("a tool", folder, lock)
    assert not setup.python_environment("a tool", folder, lock)
    (packages / "wheel-1.0.dist-info").rmdir()
    assert setup.python_environment("a tool", folder, lock)
    lock.write_text("wheel==1.0 # newer\n")
    assert setup.python_environment("a tool", folder, lock)
    (folder / "constructs-lib.json").unlink()  # as an interrupted setup leaves it
    assert setup.python_environment("a tool", folder, lock)
    assert not setup.python_environment("a tool", folder, lock)


def test_another_rust_is_linked_only_where_the_first_on_the_path_lacks_arm64(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "LINKS", tmp_path / "links")
    for name, library in (("without", "nowhere"), ("with", "library")):
        (tmp_path / name).mkdir()
        for program in ("cargo", "rustc", "cc"):
            fake_program = tmp_path / name / program
            fake_program.write_text(f"#!/bin/sh\necho {tmp_path}/{library}\n")
            fake_program.chmod(0o755)
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "libstd-1.rlib").touch()

    monkeypatch.setenv("PATH", f"{tmp_path}/without:{tmp_path}/with")
    assert not setup.rust()
    assert (tmp_path / "links" / "rustc").readlink() == tmp_path / "with" / "rustc"
    monkeypatch.setenv("PATH", f"{tmp_path}/with:{tmp_path}/without")
    assert not setup.rust()
    assert list((tmp_path / "links").iterdir()) == []


@pytest.mark.parametrize("name", ["dev", "sam", "ministack", "mutants"])
def test_the_lock_files_name_no_address_and_pin_every_version(name: str) -> None:
    lines = (ROOT / "constraints" / f"{name}.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert pins
    assert [line for line in pins if "==" not in line.split(";")[0] or "://" in line or line.startswith("-")] == []


def test_the_lock_of_the_project_has_every_dependency_that_pyproject_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    named = [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["cargo"],
        *project["dependency-groups"]["dev"],
    ]
    pins = [Requirement(line) for line in (ROOT / "constraints" / "dev.txt").read_text("utf-8").splitlines()[2:]]
    locked = {(canonicalize_name(pin.name), next(iter(pin.specifier)).version) for pin in pins}
    missing = [
        line
        for line in named
        if not any(
            name == canonicalize_name(Requirement(line).name) and Requirement(line).specifier.contains(version)
            for name, version in locked
        )
    ]
    assert missing == []


def test_the_npm_lock_names_no_address() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text("utf-8"))
    assert [entry for entry in lock["packages"].values() if "resolved" in entry] == []
