"""Stacks that are synthesized without building anything, and whole templates to compare them with."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import assertions
from aws_cdk import aws_s3 as s3
from cfnlint.config import ConfigMixIn
from cfnlint.decode import decode_str
from cfnlint.runner import Runner

from constructs_lib import RustFunction, stable_name
from constructs_lib.bundling import BuiltBinary, CargoBinary

SNAPSHOTS = Path(__file__).with_name("snapshots")
Snapshot = Callable[[str, cdk.Stack], None]
NewStack = Callable[..., cdk.Stack]
Declare = Callable[..., RustFunction]


@pytest.fixture
def app() -> cdk.App:
    """Its stacks need no bundling, so nothing is built and templates stay the same; cfn-lint judges them, not CDK."""
    return cdk.App(context={"aws:cdk:bundling-stacks": []}, builtin_cloud_formation_validation=False)


@pytest.fixture
def stack(new_stack: NewStack) -> cdk.Stack:
    return new_stack("Thumbnails")


@pytest.fixture
def new_stack(app: cdk.App) -> NewStack:
    """Declare a stack, without what CDK's bootstrap adds to every template."""

    def new_stack(name: str, **options: Any) -> cdk.Stack:
        synthesizer = cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=False)
        return cdk.Stack(app, name, synthesizer=synthesizer, **options)

    return new_stack


@pytest.fixture
def photos(stack: cdk.Stack) -> s3.Bucket:
    return s3.Bucket(stack, "Photos", bucket_name=stable_name("photos"))


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Cargo workspace with two binaries, to be found, not built."""
    root = tmp_path_factory.mktemp("functions")
    (root / "src" / "bin").mkdir(parents=True)
    (root / "Cargo.toml").write_text('[package]\nname = "functions"\nversion = "0.1.0"\nedition = "2021"\n')
    for name in ("resize", "hello"):
        (root / "src" / "bin" / f"{name}.rs").write_text("fn main() {}\n")
    return root


@pytest.fixture
def declare(workspace: Path) -> Declare:
    """Declare a function: `declare(stack, "Resize", triggers=…)`."""

    def declare(scope: cdk.Stack, name: str, **options: Any) -> RustFunction:
        return RustFunction(scope, name, workspace=workspace, binary="resize", **options)

    return declare


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where CDK wants stacks bundled, every binary is built already."""
    path = tmp_path / "bootstrap"
    path.write_bytes(b"not started by any test")

    def build(binaries: Iterable[CargoBinary]) -> dict[CargoBinary, BuiltBinary]:
        return {binary: BuiltBinary(path=path, size=23, sha256="0" * 64, seconds=0, hit=True) for binary in binaries}

    monkeypatch.setattr("constructs_lib.bundling.code.build", build)


@pytest.fixture
def snapshot() -> Snapshot:
    """Compare a stack's whole template with `snapshots/<name>.json`, and have cfn-lint find nothing in it.

    `UPDATE_SNAPSHOTS=1` writes the file instead; read the difference before you commit it.
    """

    def compare(name: str, stack: cdk.Stack) -> None:
        template = assertions.Template.from_stack(stack).to_json()
        file = SNAPSHOTS / f"{name}.json"
        text = json.dumps(template, indent=2, sort_keys=True) + "\n"
        if os.environ.get("UPDATE_SNAPSHOTS"):
            file.write_text(text)
        assert json.loads(file.read_text()) == template
        # The name that stands for code which was not bundled is none that a bucket could have.
        assert lint(text.replace("NOT-BUNDLED", "bundled")) == []

    return compare


def lint(text: str) -> list[str]:
    template, errors = decode_str(text)
    assert errors == []
    return [f"{match.rule.id} {match.path}: {match.message}" for match in _linter().validate_template(template)]


@cache
def _linter() -> Runner:
    """Loading its rules takes longer than checking a template."""
    return Runner(ConfigMixIn(regions=["eu-central-1"]))
