"""Real builds by cargo-lambda and zig."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from constructs_lib.bundling import BuiltBinary, CargoBinary, build, doctor, find_binary
from constructs_lib.bundling.elf import check_bootstrap, needed_glibc, what_is
from constructs_lib.bundling.toolchain import find_toolchain
from constructs_lib.errors import ConstructsLibError
from tests.integration.bundling.conftest import PROFILE

if TYPE_CHECKING:
    from tests.integration.bundling.conftest import Workshop

pytestmark = pytest.mark.integration

NAMES = ("a", "b", "two")


class Silent:
    def say(self, text: str) -> None:
        pass

    def compiling(self, done: int, total: int, crates: str) -> None:
        pass

    def finished(self) -> None:
        pass


def built(workshop: Workshop, *names: str) -> dict[str, BuiltBinary]:
    wanted = [find_binary(workspace=workshop.workspace, binary=name) for name in names or NAMES]
    return {binary.name: made for binary, made in build(wanted, progress=Silent()).items()}


def misses(made: dict[str, BuiltBinary]) -> list[str]:
    return sorted(name for name, binary in made.items() if not binary.hit)


def test_every_tool_tells_its_version(workshop: Workshop) -> None:
    rustc, cargo_lambda, zig = find_toolchain(workshop.workspace).versions
    assert rustc.startswith("rustc 1.")
    assert cargo_lambda.startswith("cargo-lambda 1.")
    assert zig.startswith("zig 0.")
    assert {check.part: check.found for check in doctor(workshop.workspace)}.items() >= {
        "cargo and rustc": True,
        "standard library for aarch64-unknown-linux-gnu": True,
        "cargo-lambda": True,
        "zig": True,
        "node": True,
    }.items()


def test_one_cargo_run_makes_arm64_bootstraps_and_a_second_build_none(workshop: Workshop) -> None:
    before = sorted(workshop.root.rglob("*"))
    made = built(workshop)
    assert workshop.builds() == [["a", "b", "two"]]
    for name, binary in made.items():
        content = binary.path.read_bytes()
        assert what_is(content) == "an executable for 64-bit ARM (aarch64)"
        assert (needed_glibc(content) or (0,)) <= (2, 34)
        assert f"{name}: ".encode() in content
    assert b"HELLO" in made["b"].path.read_bytes()
    again = built(workshop)
    assert workshop.builds() == []
    assert (misses(again), {name: each.sha256 for name, each in again.items()}) == (
        [],
        {name: each.sha256 for name, each in made.items()},
    )
    assert sorted(workshop.root.rglob("*")) == before


def test_a_binary_is_the_same_whichever_are_built_with_it(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = built(workshop)
    monkeypatch.setenv("CONSTRUCTS_LIB_CACHE", str(tmp_path / "another cache"))
    alone = built(workshop, "b")
    assert workshop.builds()[-1] == ["b"]
    assert alone["b"].sha256 == together["b"].sha256


def test_a_change_in_a_library_builds_what_depends_on_it(workshop: Workshop) -> None:
    built(workshop)
    workshop.builds()
    workshop.write("functions/two/Cargo.toml", '[package]\nname = "two"\nversion = "0.1.0"\nedition = "2021"\n')
    lock = workshop.workspace / "Cargo.lock"
    lock.write_text(
        lock.read_text().replace(
            'name = "two"\nversion = "0.1.0"\ndependencies = ["shared"]', 'name = "two"\nversion = "0.1.0"'
        )
    )
    first = built(workshop)
    library = workshop.root / "shared/src/lib.rs"
    library.write_text(library.read_text().replace("HELLO", "GOOD DAY"))
    second = built(workshop)
    assert misses(second) == ["a", "b"]
    assert workshop.builds() == [["a", "b", "two"], ["a", "b"]]
    assert second["two"].sha256 == first["two"].sha256
    assert b"GOOD DAY" in second["b"].path.read_bytes()


def test_files_outside_of_the_packages_count(workshop: Workshop) -> None:
    first = built(workshop)
    workshop.builds()
    workshop.write("data.txt", "a build script reads this\n")
    second = built(workshop)
    assert "a" in misses(second)
    assert b"a build script reads this" in second["a"].path.read_bytes()
    workshop.write("words.txt", "a source file includes this")
    assert "b" in misses(built(workshop))
    workshop.write("words.txt", "hello")
    workshop.write("data.txt", "42\n")
    third = built(workshop)
    assert {name: each.sha256 for name, each in third.items()} == {name: each.sha256 for name, each in first.items()}


def test_a_variable_that_a_source_reads_counts(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    built(workshop)
    monkeypatch.setenv("NAME_OF_TWO", "the second")
    second = built(workshop)
    assert "two" in misses(second)
    assert b"the second" in second["two"].path.read_bytes()


def test_a_file_replaced_by_an_older_one_is_compiled(workshop: Workshop) -> None:
    built(workshop)
    source = workshop.write("functions/two/src/main.rs", 'fn main() { println!("restored from an archive"); }\n')
    os.utime(source, (1_000_000_000, 1_000_000_000))
    second = built(workshop)
    assert misses(second) == ["two"]
    assert b"restored from an archive" in second["two"].path.read_bytes()


def test_variables_cannot_change_the_machine(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARGO_BUILD_TARGET", "x86_64-unknown-linux-gnu")
    monkeypatch.setenv("CARGO_LAMBDA_COMPILER", "cargo")
    [made] = built(workshop, "two").values()
    assert what_is(made.path.read_bytes()) == "an executable for 64-bit ARM (aarch64)"


@pytest.mark.skipif(platform.machine() == "aarch64", reason="this machine's programs are for arm64")
def test_a_program_of_this_machine_is_refused() -> None:
    with pytest.raises(ConstructsLibError, match="binary-wrong-machine"):
        check_bootstrap(Path(sys.executable).resolve(), "python")


def test_a_compile_error_is_shown_whole_and_leaves_nothing(workshop: Workshop) -> None:
    built(workshop)
    place = Path(os.environ["CONSTRUCTS_LIB_CACHE"])
    kept = sorted(path for name in ("binaries", "index", "new") for path in (place / name).rglob("*"))
    workshop.write("functions/two/src/main.rs", 'fn main() { let size: u32 = "large"; }\n')
    with pytest.raises(ConstructsLibError) as error:
        built(workshop)
    text = str(error.value)
    assert text.startswith(f"error[cargo-build-failed]: cargo could not build `{workshop.workspace}`\n\n")
    assert text.endswith("\n\n  see: constructs-lib explain cargo-build-failed")
    assert (
        '  error[E0308]: mismatched types\n'
        "   --> two/src/main.rs:1:29\n"
        "    |\n"
        '  1 | fn main() { let size: u32 = "large"; }\n'
        "    |                       ---   ^^^^^^^ expected `u32`, found `&str`\n"
    ) in text  # fmt: skip
    assert 'error: could not compile `two` (bin "two") due to 1 previous error' in text
    assert "Building [" not in text
    assert sorted(path for name in ("binaries", "index", "new") for path in (place / name).rglob("*")) == kept


def test_a_lock_file_that_does_not_fit_says_what_to_do(workshop: Workshop) -> None:
    lock = workshop.workspace / "Cargo.lock"
    before = lock.read_text().replace('dependencies = ["shared"]\n', "")
    lock.write_text(before)
    with pytest.raises(ConstructsLibError, match=r"help: bring Cargo\.lock up to date, and commit it: cargo update"):
        built(workshop)
    assert lock.read_text() == before


def test_a_binary_of_a_package_of_its_own_is_built(workshop: Workshop) -> None:
    binary = find_binary(manifest=workshop.root / "alone/Cargo.toml")
    assert binary == CargoBinary(workshop.root / "alone", "alone", "alone")
    assert build([binary], progress=Silent())[binary].hit is False


def test_a_binary_is_the_same_wherever_it_is_built(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = set()
    for machine in ("one", "another one"):
        place = tmp_path / machine
        monkeypatch.setenv("CARGO_HOME", str(place / "cargo"))
        monkeypatch.setenv("CONSTRUCTS_LIB_CACHE", str(place / "cache"))
        root = place / "work"
        shutil.copytree(workshop.workspace.parent / "alone", root / "functions")
        for path, text in dependencies(place).items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_text(text)
        made = build([find_binary(workspace=root / "functions", binary="alone")], progress=Silent())
        [binary] = made.values()
        content = binary.path.read_bytes()
        digests.add(binary.sha256)

        assert [text in content for text in (b"/cargo/vendor/panics/src/lib.rs", b"near/src/lib.rs")] == [True, True]
        assert b"/target/aarch64-unknown-linux-gnu/release/build/alone-" in content
        assert str(tmp_path).encode() not in content
    assert len(digests) == 1


def dependencies(place: Path) -> dict[str, str]:
    """What makes the package `alone` panic in a crate of cargo's home, in one of its own, and in generated code."""
    panics = 'pub fn check(n: usize) { if n > 3 { panic!("{n}") } }\n'
    package = '[package]\nname = "{}"\nversion = "0.1.0"\nedition = "2021"\n'
    names = ("panics", "near")
    calls = "".join(f"{name}::check(n); " for name in (*names, "made"))
    vendored = '[[package]]\nname = "panics"\nversion = "0.1.0"\n'
    vendored += 'source = "registry+https://github.com/rust-lang/crates.io-index"\n'
    return {
        "cargo/config.toml": '[source.crates-io]\nreplace-with = "vendor"\n[source.vendor]\n'
        f"directory = '{place / 'cargo' / 'vendor'}'\n",
        "cargo/vendor/panics/Cargo.toml": package.format("panics"),
        "cargo/vendor/panics/.cargo-checksum.json": '{"files": {}}',
        "cargo/vendor/panics/src/lib.rs": panics,
        "work/functions/near/Cargo.toml": package.format("near"),
        "work/functions/near/src/lib.rs": panics,
        "work/functions/Cargo.toml": package.format("alone")
        + '[dependencies]\npanics = "0.1"\nnear = { path = "near" }\n'
        + PROFILE,
        "work/functions/Cargo.lock": 'version = 4\n\n[[package]]\nname = "alone"\nversion = "0.1.0"\n'
        'dependencies = [\n "near",\n "panics",\n]\n\n[[package]]\nname = "near"\nversion = "0.1.0"\n\n' + vendored,
        "work/functions/build.rs": 'fn main() { let to = std::env::var("OUT_DIR").unwrap() + "/made.rs"; '
        f"std::fs::write(to, {json.dumps(panics)}).unwrap(); }}\n",
        "work/functions/src/main.rs": 'mod made { include!(concat!(env!("OUT_DIR"), "/made.rs")); }\n'
        f"fn main() {{ let n = std::env::args().count(); {calls}}}\n",
    }
