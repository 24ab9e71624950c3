"""Real apps: by the CDK CLI, and as a program of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.integration.bundling.conftest import Workshop

pytestmark = pytest.mark.integration

REPOSITORY = Path(__file__).parents[3]
APP = """\
import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_

from constructs_lib.bundling import CargoCode, find_binary

app = cdk.App(builtin_cloud_formation_validation=False)
for stack, name in (("One", "a"), ("One", "b"), ("Two", "two")):
    owner = app.node.try_find_child(stack) or cdk.Stack(app, stack)
    lambda_.Function(
        owner,
        name.capitalize(),
        runtime=lambda_.Runtime.PROVIDED_AL2023,
        architecture=lambda_.Architecture.ARM_64,
        handler="bootstrap",
        code=CargoCode(find_binary(workspace="../functions", binary=name)),
    )
app.synth()
"""


@pytest.fixture
def app(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an app, beside its workspace."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    monkeypatch.setenv("CDK_DISABLE_CLI_TELEMETRY", "true")
    workshop.write("app/cdk.json", json.dumps({"app": f'"{sys.executable}" app.py'}))
    return workshop.write("app/app.py", APP).parent


def cdk(app: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("cdk")
    assert program, "the CDK CLI is not installed: run `make setup`"
    return subprocess.run(
        [program, *arguments, "--no-notices", "--no-version-reporting"],
        cwd=app, capture_output=True, text=True, check=False,
    )  # fmt: skip


def keys(app: Path, stack: str) -> list[Any]:
    resources = json.loads((app / f"cdk.out/{stack}.template.json").read_text())["Resources"].values()
    return [each["Properties"]["Code"]["S3Key"] for each in resources if each["Type"] == "AWS::Lambda::Function"]


def test_listing_builds_nothing(workshop: Workshop, app: Path) -> None:
    ran = cdk(app, "ls")
    assert (ran.returncode, ran.stdout.split()) == (0, ["One", "Two"])
    assert workshop.builds() == []
    assert "Bundled" not in ran.stderr


def test_synthesis_builds_once_and_an_unchanged_binary_keeps_its_asset(workshop: Workshop, app: Path) -> None:
    first = cdk(app, "synth", "--quiet")
    assert first.returncode == 0, first.stderr
    assert "Bundled 3 binaries for aarch64-unknown-linux-gnu in " in first.stderr
    before = {stack: keys(app, stack) for stack in ("One", "Two")}
    assert [path.stat().st_mode & 0o777 for path in sorted((app / "cdk.out").glob("asset.*/bootstrap"))] == [0o755] * 3
    workshop.builds()
    source = workshop.workspace / "two/src/main.rs"
    source.write_text(source.read_text() + "// this changes no instruction\n")
    os.utime(workshop.workspace / "one/src/bin/a.rs")
    shutil.rmtree(app / "cdk.out")
    second = cdk(app, "synth", "--quiet")
    assert workshop.builds() == [["two"]]
    assert {stack: keys(app, stack) for stack in ("One", "Two")} == before
    third = cdk(app, "synth", "--quiet")
    assert workshop.builds() == []
    assert ": nothing to compile\n" in third.stderr
    assert (second.returncode, third.returncode) == (0, 0)


def test_only_the_stack_that_is_asked_for_alone_is_bundled(workshop: Workshop, app: Path) -> None:
    ran = cdk(app, "synth", "Two", "--exclusively", "--quiet")
    assert ran.returncode == 0, ran.stderr
    assert "Bundled 1 binary for" in ran.stderr
    assert keys(app, "One") == ["NOT-BUNDLED/a", "NOT-BUNDLED/b"]
    assert workshop.builds() in ([], [["two"]])


@pytest.mark.parametrize("by", ["the CLI", "Python"])
def test_a_compile_error_stands_alone_on_stderr(workshop: Workshop, app: Path, by: str) -> None:
    workshop.write("functions/two/src/main.rs", "fn main() { missing(); }\n")
    ran = (
        cdk(app, "synth", "--quiet")
        if by == "the CLI"
        else subprocess.run([sys.executable, "app.py"], cwd=app, capture_output=True, text=True, check=False)
    )
    assert ran.returncode == 1
    _, _, shown = ran.stderr.partition("error[cargo-build-failed]: ")
    assert shown.startswith(f"cargo could not build `{workshop.workspace}`\n\n")
    assert "error[E0425]: cannot find function `missing` in this scope" in shown
    assert ran.stderr.count("error[cargo-build-failed]") == 1
    assert "Traceback" not in ran.stderr
    assert "jsii" not in ran.stderr.lower()
    if by == "Python":
        assert shown.endswith("\n\n  see: constructs-lib explain cargo-build-failed\n")
    assert not (app / "cdk.out/One.template.json").exists()
