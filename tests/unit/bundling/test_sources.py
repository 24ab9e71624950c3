"""What changes a binary's key, and what does not."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from constructs_lib.bundling.cargo import Workspace, inspect
from constructs_lib.bundling.sources import Sources, variables_read
from constructs_lib.bundling.toolchain import Toolchain

if TYPE_CHECKING:
    from collections.abc import Callable

Keys = dict[str, str]


def keys_of(workspace: Path, versions: tuple[str, ...] = ("rustc 1",)) -> Keys:
    return keys(inspect(workspace / "Cargo.toml"), versions)


def keys(workspace: Workspace, versions: tuple[str, ...] = ("rustc 1",)) -> Keys:
    sources = Sources(workspace, Toolchain(Path("cargo"), Path("cargo-lambda"), Path("zig"), versions))
    return {binary.name: sources.key(binary.package, binary.name) for binary in workspace.binaries}


@pytest.fixture
def changed(workspace: Path) -> Callable[[], set[str]]:
    """Says which binaries' keys are no longer what they were."""
    before = keys_of(workspace)

    def compare() -> set[str]:
        return {name for name, key in keys_of(workspace).items() if key != before.get(name)}

    return compare


@pytest.mark.parametrize(
    ("path", "binaries"),
    [
        ("one/src/main.rs", {"one", "extra"}),
        ("one/templates/new.html", {"one", "extra"}),
        ("one/src/target/mod.rs", {"one", "extra"}),
        ("../shared/src/lib.rs", {"one", "extra"}),
        ("two/build.rs", {"two"}),
        ("two/Cargo.toml", {"one", "extra", "two"}),
        ("Cargo.lock", {"one", "extra", "two"}),
        (".cargo/config.toml", {"one", "extra", "two"}),
        ("../.cargo/config.toml", {"one", "extra", "two"}),
        ("CargoLambda.toml", {"one", "extra", "two"}),
        ("README.md", set()),
        ("two/target/debug/two", set()),
        ("two/cdk.out/asset.1/bootstrap", set()),
        ("two/node_modules/x/index.js", set()),
        ("two/.git/HEAD", set()),
    ],
)
def test_a_file_counts_for_the_binaries_that_it_may_be_built_into(
    workspace: Path, changed: Callable[[], set[str]], path: str, binaries: set[str]
) -> None:
    file = workspace / path
    file.parent.mkdir(parents=True, exist_ok=True)
    (workspace / "two/target").mkdir(exist_ok=True)
    (workspace / "two/target/CACHEDIR.TAG").touch()
    if (workspace / "two/cdk.out").exists():
        (workspace / "two/cdk.out/cdk.out").touch()
    with file.open("a") as content:
        content.write("# more\n")
    assert changed() == binaries


def test_a_removed_and_a_renamed_file_count(workspace: Path, changed: Callable[[], set[str]]) -> None:
    (workspace / "two/src/main.rs").rename(workspace / "two/src/other.rs")
    (workspace / "two/Cargo.toml").write_text((workspace / "two/Cargo.toml").read_text())
    (workspace / "two/src/main.rs").write_text((workspace / "two/src/other.rs").read_text())
    assert changed() == {"two"}
    (workspace / "two/src/other.rs").unlink()
    assert changed() == set()


def test_times_and_the_place_of_the_checkout_do_not_count(workspace: Path, tmp_path: Path) -> None:
    before = keys_of(workspace)
    for path in workspace.rglob("*"):
        os.utime(path, (1, 1))
    shutil.copytree(workspace.parent, tmp_path / "elsewhere")
    assert keys_of(tmp_path / "elsewhere/functions") == before


def test_links_that_lead_nowhere_or_in_a_circle_do_not_hinder(workspace: Path, changed: Callable[[], set[str]]) -> None:
    (workspace / "two/circle").symlink_to(workspace / "two")
    assert changed() == {"two"}
    (workspace / "two/circle").unlink()
    (workspace / "two/nowhere").symlink_to("gone")
    assert changed() == {"two"}


def test_the_package_at_the_root_does_not_own_its_members(workspace: Path) -> None:
    (workspace / "Cargo.toml").write_text(
        '[package]\nname = "top"\nversion = "0.1.0"\nedition = "2021"\n[workspace]\nmembers = ["one", "two"]\n'
    )
    (workspace / "src").mkdir()
    (workspace / "src/main.rs").write_text("fn main() {}\n")
    before = keys_of(workspace)
    (workspace / "two/src/main.rs").write_text("fn main() { }\n")
    after = keys_of(workspace)
    assert {name for name in after if after[name] != before[name]} == {"two"}


@pytest.mark.parametrize("kind", ["build-dependencies", "target.'cfg(unix)'.dependencies"])
def test_every_kind_of_path_dependency_counts(workspace: Path, kind: str) -> None:
    manifest = workspace / "two/Cargo.toml"
    manifest.write_text(manifest.read_text() + f'[{kind}]\nshared = {{ path = "../../shared" }}\n')
    before = keys_of(workspace)
    (workspace.parent / "shared/src/lib.rs").write_text("// changed")
    assert keys_of(workspace)["two"] != before["two"]


def test_a_development_dependency_does_not_count(workspace: Path) -> None:
    manifest = workspace / "two/Cargo.toml"
    manifest.write_text(manifest.read_text() + '[dev-dependencies]\nshared = { path = "../../shared" }\n')
    before = keys_of(workspace)
    (workspace.parent / "shared/src/lib.rs").write_text("// changed")
    assert keys_of(workspace)["two"] == before["two"]


def test_a_path_dependency_of_a_path_dependency_counts(workspace: Path) -> None:
    deep = workspace.parent / "deep"
    shutil.copytree(workspace.parent / "shared", deep)
    (deep / "Cargo.toml").write_text((deep / "Cargo.toml").read_text().replace("shared", "deep"))
    manifest = workspace.parent / "shared/Cargo.toml"
    manifest.write_text(manifest.read_text() + '[dependencies]\ndeep = { path = "../deep" }\n')
    before = keys_of(workspace)
    (deep / "src/lib.rs").write_text("// changed")
    after = keys_of(workspace)
    assert {name for name in after if after[name] != before[name]} == {"one", "extra"}


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("Cargo.toml", '\n[patch.crates-io]\nserde = { path = "../patched" }\n'),
        (".cargo/config.toml", '[patch.crates-io]\nserde = { path = "../patched" }\n'),
        (".cargo/config.toml", 'paths = ["../patched"]\n'),
    ],
)
def test_a_patched_dependency_counts_for_all(workspace: Path, file: str, text: str) -> None:
    shutil.copytree(workspace.parent / "shared", workspace.parent / "patched")
    (workspace / ".cargo").mkdir()
    with (workspace / file).open("a") as content:
        content.write(text)
    before = keys_of(workspace)
    (workspace.parent / "patched/src/lib.rs").write_text("// changed")
    after = keys_of(workspace)
    assert {name for name in after if after[name] != before[name]} == {"one", "extra", "two"}


def test_the_toolchain_counts(workspace: Path) -> None:
    assert keys_of(workspace) != keys_of(workspace, ("rustc 2",))


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("RUSTFLAGS", True),
        ("CARGO_ENCODED_RUSTFLAGS", True),
        ("CARGO_PROFILE_RELEASE_LTO", True),
        ("CARGO_BUILD_RUSTFLAGS", True),
        ("CARGO_LAMBDA_COMPILER", True),
        ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", True),
        ("RUSTC_WRAPPER", True),
        ("CC", True),
        ("CFLAGS_aarch64_unknown_linux_gnu", True),
        ("TARGET_CC", True),
        ("CARGO_BUILD_JOBS", False),
        ("CARGO_TARGET_DIR", False),
        ("CARGO_TERM_COLOR", False),
        ("CCACHE_DIR", False),
        ("PATH", False),
        ("CDK_OUTDIR", False),
    ],
)
def test_variables_that_shape_the_output_count(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, name: str, *, counts: bool
) -> None:
    inspected = inspect(workspace / "Cargo.toml")
    before = keys(inspected)
    monkeypatch.setenv(name, os.environ.get(name, "") + ":x")
    assert (keys(inspected) != before) is counts


def test_variables_that_build_scripts_and_sources_read_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GREETING", "OPENSSL_DIR", "PROTOC"):
        monkeypatch.delenv(name, raising=False)
    build = tmp_path / "aarch64-unknown-linux-gnu/release/build/openssl-sys-12"
    build.mkdir(parents=True)
    (build / "output").write_text("cargo:rerun-if-env-changed=OPENSSL_DIR\ncargo::rerun-if-env-changed=PROTOC\n")
    (tmp_path / "release/deps").mkdir(parents=True)
    (tmp_path / "release/deps/one-12.d").write_text("x: y\n\n# env-dep:GREETING=hello world\n")
    assert variables_read(tmp_path) == {"GREETING": None, "OPENSSL_DIR": None, "PROTOC": None}
