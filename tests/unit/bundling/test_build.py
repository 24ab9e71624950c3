"""Building: what runs, what does not, and what is kept."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from constructs_lib.bundling import CargoBinary, build
from constructs_lib.errors import ConstructsLibError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.bundling.conftest import FakeCargoLambda, Recorded


@pytest.fixture
def one(workspace: Path) -> CargoBinary:
    return CargoBinary(workspace, "one", "one")


@pytest.fixture
def two(workspace: Path) -> CargoBinary:
    return CargoBinary(workspace, "two", "two")


def test_one_run_builds_all_binaries_of_a_workspace(
    fake: FakeCargoLambda, one: CargoBinary, two: CargoBinary, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARGO_HOME", "/home/some one/.cargo")
    built = build([two, one, two])

    [run] = fake.runs
    new = run.pop(run.index("--lambda-dir") + 1)
    assert new.startswith(f"{cache}/new/")
    flags = json.loads(run.pop(run.index("--config") + 1).removeprefix("build.rustflags="))
    [target] = (cache / "target").iterdir()
    assert flags == [
        "--remap-path-prefix=/home/some one/.cargo=/cargo",
        f"--remap-path-prefix={target}=/target",
    ]
    assert run == [
        "lambda", "build", "--release", "--locked", "--workspace", "--target", "aarch64-unknown-linux-gnu",
        "--compiler", "cargo-zigbuild", "--skip-target-check", "--output-format", "binary", "--color", "never",
        "--manifest-path", str(one.root / "Cargo.toml"), "--lambda-dir", "--config",
        "--bin", "one", "--bin", "two",
    ]  # fmt: skip
    assert list(built) == [one, two]
    content = built[one].path.read_bytes()
    assert built[one].sha256 == hashlib.sha256(content).hexdigest()
    assert built[one].path == cache / "binaries" / built[one].sha256 / "bootstrap"
    assert (built[one].size, built[one].hit) == (len(content), False)
    assert os.access(built[one].path, os.X_OK)
    assert list((cache / "new").iterdir()) == []


def test_the_checkout_is_left_as_it_was(fake: FakeCargoLambda, one: CargoBinary, workspace: Path) -> None:
    before = sorted(workspace.parent.rglob("*"))
    build([one])
    assert sorted(workspace.parent.rglob("*")) == before
    assert len(fake.runs) == 1


def test_nothing_runs_for_what_is_unchanged_even_if_touched(
    fake: FakeCargoLambda, recorded: Recorded, one: CargoBinary, workspace: Path
) -> None:
    first = build([one], progress=recorded)[one]
    (workspace / "one/src/main.rs").touch()
    second = build([one], progress=recorded)[one]
    assert len(fake.runs) == 1
    assert (second.hit, second.sha256, second.seconds) == (True, first.sha256, first.seconds)
    assert recorded.said[1].partition(" in ")[0] == "Bundled 1 binary for aarch64-unknown-linux-gnu"
    assert recorded.said[1].endswith(": nothing to compile\n  one  0.0 MB  from the cache")


def test_only_what_changed_is_built(
    fake: FakeCargoLambda, recorded: Recorded, one: CargoBinary, two: CargoBinary, workspace: Path
) -> None:
    build([one, two], progress=recorded)
    (workspace / "two/src/main.rs").write_text("fn main() { }\n")
    built = build([one, two], progress=recorded)
    assert [fake.binaries(0), fake.binaries(1)] == [["one", "two"], ["two"]]
    assert {binary.name: made.hit for binary, made in built.items()} == {"one": True, "two": False}


def test_a_file_outside_of_the_packages_that_the_last_build_read_counts(
    fake: FakeCargoLambda, one: CargoBinary, workspace: Path
) -> None:
    build([one])
    (workspace.parent / "shared words.txt").write_text("good day")
    assert build([one])[one].hit is False
    (workspace.parent / "shared words.txt").unlink()
    assert build([one])[one].hit is False
    assert build([one])[one].hit is True
    assert len(fake.runs) == 3


def test_a_variable_that_the_sources_read_counts_and_its_value_is_not_kept(
    fake: FakeCargoLambda, one: CargoBinary, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build([one])
    monkeypatch.setenv("GREETING", "a secret")
    assert build([one])[one].hit is False
    assert build([one])[one].hit is True
    index = [json.loads(path.read_text()) for path in (cache / "index").iterdir()]
    assert [entry["variables"] for entry in index] == [
        {"CARGO_PKG_VERSION": None, "GREETING": hashlib.sha256(b"a secret").hexdigest()}
    ]
    assert len(fake.runs) == 2


def test_a_damaged_binary_is_built_again(fake: FakeCargoLambda, one: CargoBinary) -> None:
    built = build([one])[one]
    built.path.write_bytes(b"damaged")
    assert build([one])[one].sha256 == built.sha256
    assert hashlib.sha256(built.path.read_bytes()).hexdigest() == built.sha256
    assert len(fake.runs) == 2


def test_a_damaged_index_is_built_again(fake: FakeCargoLambda, one: CargoBinary, cache: Path) -> None:
    build([one])
    [index] = (cache / "index").iterdir()
    index.write_text('{"sha256": "..')
    assert build([one])[one].hit is False
    assert build([one])[one].hit is True
    assert len(fake.runs) == 2


def test_sources_that_change_while_cargo_runs_are_built_again(
    fake: FakeCargoLambda, recorded: Recorded, one: CargoBinary, workspace: Path
) -> None:
    fake.order("edit")
    built = build([one], progress=recorded)[one]
    assert recorded.said[0] == f"sources of {workspace} changed meanwhile; building again"
    assert built.path.read_bytes().endswith(b"// edited meanwhile")
    assert build([one])[one] == type(built)(built.path, built.size, built.sha256, built.seconds, hit=True)
    assert len(fake.runs) == 2


def test_a_file_replaced_by_an_older_one_makes_cargo_forget(
    fake: FakeCargoLambda, one: CargoBinary, workspace: Path, cache: Path
) -> None:
    build([one])
    source = workspace / "one/src/main.rs"
    source.write_text("fn main() { newer(); }\n")
    build([one])
    assert fake.cleaned == []  # cargo sees that it is newer
    source.write_text("fn main() { restored(); }\n")
    os.utime(source, (1, 1))
    build([one])
    [target] = (cache / "target").iterdir()
    [cleaned] = fake.cleaned
    assert cleaned == (
        f"clean --release --locked --target aarch64-unknown-linux-gnu --quiet --manifest-path {workspace}/Cargo.toml "
        f"--target-dir {target} --package one --package shared --package two"
    )


def test_a_failed_build_shows_what_cargo_said_and_leaves_nothing(
    fake: FakeCargoLambda, one: CargoBinary, cache: Path, workspace: Path
) -> None:
    fake.order("fail")
    with pytest.raises(ConstructsLibError) as error:
        build([one])
    assert str(error.value) == (
        f"error[cargo-build-failed]: cargo could not build `{workspace}`\n\n"
        "     Compiling one v0.1.0\n"
        "  error[E0308]: mismatched types\n"
        "   --> one/src/main.rs:1:1\n\n"
        "  see: constructs-lib explain cargo-build-failed"
    )
    assert [list((cache / name).iterdir()) for name in ("binaries", "index", "new")] == [[], [], []]


def test_a_run_that_ends_well_and_makes_nothing_is_a_failure(
    fake: FakeCargoLambda, one: CargoBinary, workspace: Path
) -> None:
    fake.order("nothing")
    with pytest.raises(ConstructsLibError, match=rf"cargo ended well in `{workspace}`, but made no `one`"):
        build([one])


def test_a_binary_for_another_machine_is_refused_and_not_kept(
    fake: FakeCargoLambda, one: CargoBinary, cache: Path
) -> None:
    fake.order("x86")
    with pytest.raises(ConstructsLibError, match="binary-wrong-machine"):
        build([one])
    assert [list((cache / name).iterdir()) for name in ("binaries", "index", "new")] == [[], [], []]


def test_a_workspace_without_a_lock_file_is_refused(fake: FakeCargoLambda, one: CargoBinary, workspace: Path) -> None:
    (workspace / "Cargo.lock").unlink()
    with pytest.raises(ConstructsLibError) as error:
        build([one])
    assert str(error.value) == (
        f"error[cargo-lock-missing]: the workspace `{workspace}` has no Cargo.lock\n\n"
        "  note: without it, each machine would build from other versions\n"
        f"  help: cargo generate-lockfile --manifest-path '{workspace}/Cargo.toml', and commit the file\n"
        "  see: constructs-lib explain cargo-lock-missing"
    )
    assert fake.runs == []


def test_compiler_flags_from_the_environment_are_warned_of(
    fake: FakeCargoLambda, recorded: Recorded, one: CargoBinary, monkeypatch: pytest.MonkeyPatch
) -> None:
    build([one], progress=recorded)
    monkeypatch.setenv("RUSTFLAGS", "-Dwarnings")
    assert build([one], progress=recorded)[one].hit is False
    assert recorded.said[1].startswith("warning[rustflags-set]: `RUSTFLAGS` is set")
    assert len(fake.runs) == 2


def test_a_cache_that_cannot_be_written_is_an_error(
    fake: FakeCargoLambda, one: CargoBinary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CONSTRUCTS_LIB_CACHE", str(tmp_path / "file"))
    with pytest.raises(ConstructsLibError, match=rf"the cache folder `{tmp_path}/file` cannot be written"):
        build([one])
    assert fake.runs == []


def test_progress_is_what_cargo_says(fake: FakeCargoLambda, recorded: Recorded, one: CargoBinary) -> None:
    build([one], progress=recorded)
    assert recorded.steps == [(0, 0, ""), (1, 3, "one(bin), serde")]
    assert len(fake.runs) == 1


def test_a_second_build_of_the_workspace_waits_and_then_finds_everything(
    fake: FakeCargoLambda, recorded: Recorded, one: CargoBinary, workspace: Path
) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        inside.set()
        assert go_on.wait(20)

    other = type(recorded)(on_step=hold)
    first = threading.Thread(target=build, args=([one],), kwargs={"progress": other})
    first.start()
    assert inside.wait(20)
    second = threading.Thread(target=build, args=([one],), kwargs={"progress": recorded})
    second.start()
    deadline = time.monotonic() + 20
    while not recorded.said and time.monotonic() < deadline:
        time.sleep(0.01)
    said_while_waiting, runs_while_waiting = list(recorded.said), len(fake.runs)
    go_on.set()
    first.join(20)
    second.join(20)
    assert said_while_waiting == [f"another build of {workspace} is running; waiting for it"]
    assert [text.endswith("from the cache") for text in recorded.said[1:]] == [True]
    assert (runs_while_waiting, len(fake.runs), recorded.steps) == (1, 1, [])


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_cargo_too(fake: FakeCargoLambda, one: CargoBinary, kind: signal.Signals) -> None:
    fake.order("wait")
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from constructs_lib.bundling import CargoBinary, build, builds\n"
        "from constructs_lib.bundling.toolchain import Toolchain\n"
        "builds.find_toolchain = lambda _: Toolchain(\n"
        "    Path(sys.argv[2]), Path(sys.argv[2]), Path(sys.argv[2]), ('fake',))\n"
        "build([CargoBinary(Path(sys.argv[1]), 'one', 'one')])\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, one.root, fake.folder / "cargo-lambda"], stderr=subprocess.DEVNULL
    )
    try:
        while not fake.runs:
            time.sleep(0.05)
        process.send_signal(kind)
        assert process.wait(20) != 0
        assert not _runs(fake.process)
    finally:
        process.kill()
        process.wait()


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
