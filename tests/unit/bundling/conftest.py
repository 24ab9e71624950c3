"""A toolchain that only pretends, workspaces in a temporary folder, and ELF files of a few bytes."""

from __future__ import annotations

import struct
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from constructs_lib.bundling import builds
from constructs_lib.bundling.toolchain import Toolchain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Builds what `--bin` names: an ELF header and what the program's sources say. Obeys the file `orders` beside itself.
FAKE = """#!{python} -S
import os, struct, sys, time
here = os.path.dirname(os.path.abspath(__file__))
orders = open(here + "/orders").read().split()
with open(here + "/process", "w") as file:
    file.write(str(os.getpid()))
with open(here + "/runs", "a") as runs:
    runs.write("\\0".join(sys.argv[1:]) + "\\n")
def option(name):
    return [sys.argv[i + 1] for i, word in enumerate(sys.argv) if word == name]
root = os.path.dirname(option("--manifest-path")[0])
target = os.environ["CARGO_TARGET_DIR"] + "/aarch64-unknown-linux-gnu/release"
os.makedirs(target + "/deps", exist_ok=True)
sys.stderr.write("   Compiling one v0.1.0\\n    Building [=>    ] 1/3: one(bin), serde   \\r")
sys.stderr.flush()
if "edit" in orders:
    open(here + "/orders", "w").write("")
    open(root + "/one/src/main.rs", "a").write("// edited meanwhile")
if "wait" in orders:
    time.sleep(60)
if "fail" in orders:
    sys.stderr.write("error[E0308]: mismatched types\\n --> one/src/main.rs:1:1\\n")
    sys.exit(101)
machine = 62 if "x86" in orders else 183
for name in option("--bin"):
    if "nothing" in orders:
        continue
    source = open(root + "/one/src/main.rs", "rb").read()
    folder = option("--lambda-dir")[0] + "/" + name
    os.makedirs(folder)
    with open(folder + "/bootstrap", "wb") as file:
        file.write(struct.pack("<4sBBB9xHHIQ", b"\\x7fELF", 2, 1, 1, 3, machine, 1, 64).ljust(64, b"\\0"))
        file.write(name.encode() + source)
    with open(target + "/" + name + ".d", "w") as file:
        out = (target + "/" + name).replace(" ", "\\\\ ")
        words = [root + "/one/src/main.rs", root + "/../shared words.txt", target + "/build/x/out/generated.rs"]
        file.write(out + ": " + " ".join(word.replace(" ", "\\\\ ") for word in words) + "\\n")
    with open(target + "/deps/" + name + "-0123.d", "w") as file:
        file.write("x: y\\n\\n# env-dep:GREETING=hello\\n# env-dep:CARGO_PKG_VERSION=0.1.0\\n")
sys.stderr.write("    Finished `release` profile [optimized] target(s) in 0.01s\\n")
"""


@dataclass
class Recorded:
    """A progress that keeps what it is told."""

    said: list[str] = field(default_factory=list)
    steps: list[tuple[int, int, str]] = field(default_factory=list)
    on_step: Callable[[], None] = lambda: None

    def say(self, text: str) -> None:
        self.said.append(text)

    def compiling(self, done: int, total: int, crates: str) -> None:
        self.steps.append((done, total, crates))
        self.on_step()

    def finished(self) -> None:
        pass


@dataclass(frozen=True)
class FakeCargoLambda:
    """The program, what it is ordered to do, and the command lines it was run with."""

    folder: Path

    def order(self, *orders: str) -> None:
        (self.folder / "orders").write_text(" ".join(orders))

    @property
    def runs(self) -> list[list[str]]:
        log = self.folder / "runs"
        return [line.split("\0") for line in log.read_text().splitlines()] if log.exists() else []

    @property
    def cleaned(self) -> list[str]:
        log = self.folder / "cleaned"
        return log.read_text().splitlines() if log.exists() else []

    @property
    def process(self) -> int:
        return int((self.folder / "process").read_text())

    def binaries(self, run: int) -> list[str]:
        words = self.runs[run]
        return [words[i + 1] for i, word in enumerate(words) if word == "--bin"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "ca che"
    monkeypatch.setenv("CONSTRUCTS_LIB_CACHE", str(folder))
    return folder


@pytest.fixture
def recorded() -> Recorded:
    return Recorded()


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeCargoLambda:
    """cargo-lambda, for everything that asks for a toolchain."""
    folder = tmp_path / "tools"
    folder.mkdir()
    program = folder / "cargo-lambda"
    program.write_text(FAKE.format(python=sys.executable))
    program.chmod(0o755)
    (folder / "cargo").write_text(f'#!/bin/sh\necho "$@" >> "{folder}/cleaned"\n')
    (folder / "cargo").chmod(0o755)
    made = FakeCargoLambda(folder)
    made.order()
    toolchain = Toolchain(
        cargo=folder / "cargo",
        cargo_lambda=program,
        zig=folder / "zig",
        versions=("rustc 1", "cargo-lambda 1", "zig 1"),
    )
    monkeypatch.setattr(builds, "find_toolchain", lambda _: toolchain)
    return made


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Two members with three binaries, a library of theirs outside, a space in the path."""
    root = tmp_path / "my work" / "functions"
    write(root / "Cargo.toml", '[workspace]\nmembers = ["one", "two"]\nresolver = "2"\n')
    write(root / "Cargo.lock", "version = 4\n")
    write(root / "one/Cargo.toml", package("one", '[dependencies]\nshared = { path = "../../shared" }\n'))
    write(root / "one/src/main.rs", "fn main() {}\n")
    write(root / "one/src/bin/extra.rs", "fn main() {}\n")
    write(root / "two/Cargo.toml", package("two"))
    write(root / "two/src/main.rs", "fn main() {}\n")
    write(tmp_path / "my work/shared/Cargo.toml", package("shared"))
    write(tmp_path / "my work/shared/src/lib.rs", "")
    write(tmp_path / "my work/shared words.txt", "hello")
    return root


def package(name: str, rest: str = "") -> str:
    return f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n{rest}'


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def elf() -> Callable[..., bytes]:
    """Makes ELF files: see `_elf`."""
    return _elf


def _elf(
    *, bits: int = 2, order: int = 1, kind: int = 3, machine: int = 183, entry: int = 64, glibc: str = ""
) -> bytes:
    """An ELF file: a header, and if `glibc` names a version a section that asks for it."""
    strings = b"\0libc.so.6\0GLIBC_2.17\0GLIBC_" + glibc.encode() + b"\0"
    needs = struct.pack("<HHIII", 1, 3 if glibc else 0, 1, 16, 0)
    for name, following in ((11, 16), (22, 16), (11, 0)):
        needs += struct.pack("<IHHII", 0, 0, 2, name, following)
    sections = struct.pack("<IIQQQQIIQQ", *[0] * 10)
    sections += struct.pack("<IIQQQQIIQQ", 0, 3, 0, 0, 64, len(strings), 0, 0, 1, 0)
    sections += struct.pack("<IIQQQQIIQQ", 0, 0x6FFFFFFE, 0, 0, 64 + len(strings), len(needs), 1, 1, 4, 0)
    at = 64 + len(strings) + len(needs)
    header = struct.pack(
        "<4sBBB9xHHIQQQIHHHHHH", b"\x7fELF", bits, order, 1, kind, machine, 1, entry, 0, at if glibc else 0,
        0, 64, 56, 0, 64, 3 if glibc else 0, 0,
    )  # fmt: skip
    return header + strings + needs + sections
