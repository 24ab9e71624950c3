"""A tiny workspace without dependencies from elsewhere, at one place for all tests, with one cache.

Each test finds the sources as `SOURCES` has them; what they change is built in the same target folder, so that only the
first build is cold.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from constructs_lib.bundling import cache
from constructs_lib.bundling.toolchain import find_toolchain, rustc_of

if TYPE_CHECKING:
    from pathlib import Path

# Spares the time that optimizing the standard library takes.
PROFILE = """
[profile.release]
lto = "off"
opt-level = 0
codegen-units = 16
"""
SOURCES = {
    "functions/Cargo.toml": """\
[workspace]
members = ["one", "two"]
resolver = "2"
"""
    + PROFILE,
    "functions/Cargo.lock": """\
version = 4

[[package]]
name = "one"
version = "0.1.0"
dependencies = ["shared"]

[[package]]
name = "shared"
version = "0.1.0"

[[package]]
name = "two"
version = "0.1.0"
dependencies = ["shared"]
""",
    "functions/one/Cargo.toml": """\
[package]
name = "one"
version = "0.1.0"
edition = "2021"

[dependencies]
shared = { path = "../../shared", features = ["loud"] }
""",
    "functions/one/build.rs": """\
fn main() {
    println!("cargo:rerun-if-changed=../../data.txt");
    let data = std::fs::read_to_string("../../data.txt").unwrap();
    println!("cargo:rustc-env=DATA={}", data.trim());
}
""",
    "functions/one/src/bin/a.rs": 'fn main() { println!("a: {}, {}", shared::greeting(), env!("DATA")); }\n',
    "functions/one/src/bin/b.rs": 'fn main() { println!("b: {}", shared::greeting()); }\n',
    "functions/two/Cargo.toml": """\
[package]
name = "two"
version = "0.1.0"
edition = "2021"

[features]
default = ["greets"]
greets = ["dep:shared"]

[dependencies]
shared = { path = "../../shared", optional = true }
""",
    "functions/two/src/main.rs": 'fn main() { println!("two: {:?}", option_env!("NAME_OF_TWO")); }\n',
    "shared/Cargo.toml": """\
[package]
name = "shared"
version = "0.1.0"
edition = "2021"

[features]
loud = []
""",
    "shared/src/lib.rs": """\
pub fn greeting() -> &'static str {
    if cfg!(feature = "loud") { "HELLO" } else { include_str!("../../words.txt") }
}
""",
    "alone/Cargo.toml": '[package]\nname = "alone"\nversion = "0.1.0"\nedition = "2021"\n' + PROFILE,
    "alone/Cargo.lock": 'version = 4\n\n[[package]]\nname = "alone"\nversion = "0.1.0"\n',
    "alone/src/main.rs": 'fn main() { println!("alone"); }\n',
    "words.txt": "hello",
    "data.txt": "42\n",
}


@dataclass(frozen=True)
class Workshop:
    """The workspace, and what cargo was run for."""

    root: Path
    log: Path

    @property
    def workspace(self) -> Path:
        return self.root / "functions"

    def write(self, path: str, text: str) -> Path:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)
        return self.root / path

    def builds(self) -> list[list[str]]:
        """The binaries of each `cargo build` since this was last asked."""
        runs = [line.split() for line in self.log.read_text().splitlines()]
        self.log.write_text("")
        return [
            [words[i + 1] for i, word in enumerate(words) if word == "--bin"] for words in runs if words[0] == "build"
        ]


@pytest.fixture(scope="session")
def _place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bundling")


@pytest.fixture
def workshop(_place: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """The sources as they are above, with a cargo that writes down what it is run for."""
    # zig's own cache may be the user's: filling it takes half a minute, and says nothing of us.
    monkeypatch.setenv("ZIG_GLOBAL_CACHE_DIR", os.environ.get("ZIG_GLOBAL_CACHE_DIR") or str(cache.folder() / "zig"))
    monkeypatch.setenv("CONSTRUCTS_LIB_CACHE", str(_place / "ca che"))
    for name in ("RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_TARGET_DIR"):
        monkeypatch.delenv(name, raising=False)
    made = Workshop(_place / "my work", _place / "cargo.log")
    shutil.rmtree(made.root, ignore_errors=True)
    for path, text in SOURCES.items():
        made.write(path, text)
    made.log.write_text("")
    cargo = find_toolchain(made.workspace).cargo
    wrappers = _place / "wrappers"
    if cargo.parent != wrappers:
        wrappers.mkdir(exist_ok=True)
        (wrappers / "cargo").write_text(f'#!/bin/sh\necho "$@" >> "{made.log}"\nexec "{cargo}" "$@"\n')
        (wrappers / "rustc").write_text(f'#!/bin/sh\nexec "{rustc_of(cargo)}" "$@"\n')
        for program in wrappers.iterdir():
            program.chmod(0o755)
        monkeypatch.setenv("PATH", os.pathsep.join([str(wrappers), os.environ["PATH"]]))
    return made
