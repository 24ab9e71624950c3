"""Finding a binary by its workspace or its package's manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from constructs_lib.bundling import CargoBinary, find_binary
from constructs_lib.errors import ConstructsLibError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_workspace_offers_the_binaries_of_all_members(workspace: Path) -> None:
    assert [find_binary(workspace=workspace, binary=name) for name in ("one", "extra", "two")] == [
        CargoBinary(workspace, "one", "one"),
        CargoBinary(workspace, "one", "extra"),
        CargoBinary(workspace, "two", "two"),
    ]


def test_relative_paths_start_at_the_current_directory(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workspace.parent)
    assert find_binary(workspace="functions", binary="two") == CargoBinary(workspace, "two", "two")
    assert find_binary(manifest="functions/two/Cargo.toml") == CargoBinary(workspace, "two", "two")


def test_a_manifest_narrows_to_its_package(workspace: Path) -> None:
    assert find_binary(manifest=workspace / "two") == CargoBinary(workspace, "two", "two")
    with pytest.raises(ConstructsLibError, match=r"no binary `two` in package `one`"):
        find_binary(manifest=workspace / "one", binary="two")


def test_a_package_of_its_own_is_a_workspace_whose_only_binary_needs_no_name(workspace: Path) -> None:
    alone = workspace.parent / "alone"
    (workspace / "two").rename(alone)
    assert find_binary(workspace=alone) == CargoBinary(alone, "two", "two")


def test_a_binary_written_after_the_first_question_is_found(workspace: Path) -> None:
    find_binary(workspace=workspace, binary="one")
    (workspace / "two/src/bin").mkdir()
    (workspace / "two/src/bin/late.rs").write_text("fn main() {}\n")
    assert find_binary(workspace=workspace, binary="late") == CargoBinary(workspace, "two", "late")


def test_cargo_is_asked_once_for_a_workspace(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find_binary(workspace=workspace, binary="one")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("constructs_lib.bundling.cargo.cargo_for", lambda _: 1 / 0)
    assert find_binary(workspace=workspace, binary="two").name == "two"


def test_neither_workspace_nor_manifest_is_refused() -> None:
    with pytest.raises(ConstructsLibError) as error:
        find_binary(binary="one")
    assert str(error.value) == (
        "error[workspace-or-manifest]: give either `workspace` or `manifest`\n\n"
        '  help: workspace="functions"\n'
        '  help: manifest="functions/resize/Cargo.toml"\n'
        "  see: constructs-lib explain workspace-or-manifest"
    )


def test_both_workspace_and_manifest_are_refused() -> None:
    with pytest.raises(ConstructsLibError, match=r"not both `a` and `b`"):
        find_binary(workspace="a", manifest="b")


def test_a_missing_workspace_offers_the_folders_nearby(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workspace.parent)
    with pytest.raises(ConstructsLibError) as error:
        find_binary(workspace="function", binary="one")
    assert str(error.value) == (
        "error[workspace-not-found]: there is no Cargo workspace at `function`\n\n"
        f"  looked for {workspace.parent}/function/Cargo.toml\n\n"
        "  note: a relative path starts at the current directory, as those of CDK's assets do\n"
        '  help: did you mean workspace="functions"?\n'
        '  help: did you mean workspace="shared"?\n'
        "  see: constructs-lib explain workspace-not-found"
    )


def test_a_missing_manifest_offers_manifests(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workspace)
    (workspace / "Cargo.toml").unlink()
    with pytest.raises(ConstructsLibError) as error:
        find_binary(manifest="tow/Cargo.toml")
    assert str(error.value) == (
        "error[workspace-not-found]: there is no Cargo manifest at `tow/Cargo.toml`\n\n"
        f"  looked for {workspace}/tow/Cargo.toml\n\n"
        "  note: a relative path starts at the current directory, as those of CDK's assets do\n"
        '  help: did you mean manifest="two/Cargo.toml"?\n'
        '  help: did you mean manifest="one/Cargo.toml"?\n'
        "  see: constructs-lib explain workspace-not-found"
    )


def test_a_missing_binary_offers_near_names_and_lists_all(workspace: Path) -> None:
    with pytest.raises(ConstructsLibError) as error:
        find_binary(workspace=workspace, binary="extar")
    assert str(error.value) == (
        f"error[binary-not-found]: there is no binary `extar` in workspace `{workspace}`\n\n"
        "  extra (package one)\n  one (package one)\n  two (package two)\n\n"
        '  help: did you mean binary="extra"?\n'
        "  see: constructs-lib explain binary-not-found"
    )


def test_a_package_without_a_binary_is_refused(workspace: Path) -> None:
    with pytest.raises(
        ConstructsLibError, match=r"there is no binary in package `shared`\n\n  it has no binary at all"
    ):
        find_binary(manifest=workspace.parent / "shared")


def test_several_binaries_and_no_name_is_refused(workspace: Path) -> None:
    with pytest.raises(ConstructsLibError) as error:
        find_binary(manifest=workspace / "one/Cargo.toml")
    assert str(error.value) == (
        "error[binary-ambiguous]: package `one` has 2 binaries, and `binary` is not given\n\n"
        "  extra (package one)\n  one (package one)\n\n"
        '  help: binary="extra"\n  help: binary="one"\n'
        "  see: constructs-lib explain binary-ambiguous"
    )


def test_two_binaries_of_one_name_are_refused_even_by_manifest(workspace: Path) -> None:
    (workspace / "two/src/bin").mkdir()
    (workspace / "two/src/bin/extra.rs").write_text("fn main() {}\n")
    with pytest.raises(ConstructsLibError) as error:
        find_binary(manifest=workspace / "one/Cargo.toml", binary="extra")
    assert str(error.value) == (
        f"error[binary-ambiguous]: workspace `{workspace}` has 2 binaries named `extra`\n\n"
        "  extra (package one)\n  extra (package two)\n\n"
        "  help: rename one: cargo builds a workspace's binaries into one folder\n"
        "  see: constructs-lib explain binary-ambiguous"
    )


def test_what_cargo_refuses_is_shown_in_its_own_words(workspace: Path) -> None:
    (workspace / "Cargo.toml").write_text('[workspace]\nmembers = ["gone"]\n')
    with pytest.raises(ConstructsLibError, match=r"failed to load manifest for workspace member") as error:
        find_binary(workspace=workspace, binary="one")
    assert str(error.value).startswith(
        f"error[cargo-metadata-failed]: cargo cannot read the workspace of `{workspace}/Cargo.toml`\n"
    )
