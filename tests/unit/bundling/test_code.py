"""Code that is built at synthesis."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Template

from constructs_lib.bundling import BuiltBinary, CargoBinary, CargoCode, plan
from constructs_lib.bundling import code as planned
from constructs_lib.errors import ConstructsLibError, Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ROOT = Path("/srv/functions")
BUCKET = {"Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"}


class Builds:
    """In place of `build`: notes what is asked for, and makes a file for each binary."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[list[str]] = []
        self.contents: dict[str, str] = {}
        self.error: ConstructsLibError | None = None

    def __call__(self, binaries: Iterable[CargoBinary]) -> dict[CargoBinary, BuiltBinary]:
        wanted = sorted(binaries)
        self.asked.append([binary.name for binary in wanted])
        if self.error:
            raise self.error
        return {binary: self._made(binary) for binary in wanted}

    def _made(self, binary: CargoBinary) -> BuiltBinary:
        content = self.contents.get(binary.name, binary.name)
        path = self.folder / content
        path.write_text(content)
        return BuiltBinary(path, len(content), f"sha256-of-{content}", 1.0, hit=False)


@pytest.fixture
def builds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Builds:
    (tmp_path / "built").mkdir()
    made = Builds(tmp_path / "built")
    monkeypatch.setattr(planned, "build", made)
    return made


@pytest.fixture
def app(tmp_path: Path) -> cdk.App:
    return new_app(tmp_path / "cdk.out")


def new_app(outdir: Path, **context: Any) -> cdk.App:
    return cdk.App(outdir=str(outdir), builtin_cloud_formation_validation=False, context=context)


def function(scope: cdk.Stack | cdk.NestedStack, name: str, code: CargoCode | None = None) -> lambda_.Function:
    return lambda_.Function(
        scope,
        name.capitalize(),
        runtime=lambda_.Runtime.PROVIDED_AL2023,
        architecture=lambda_.Architecture.ARM_64,
        handler="bootstrap",
        code=code or CargoCode(CargoBinary(ROOT, name, name)),
    )


def codes(template: Mapping[str, Any]) -> list[Any]:
    resources = template["Resources"].values()
    return [each["Properties"]["Code"] for each in resources if each["Type"] == "AWS::Lambda::Function"]


def read(assembly: cdk.cx_api.CloudAssembly | str, file: str) -> Any:
    folder = assembly if isinstance(assembly, str) else assembly.directory
    return json.loads((Path(folder) / file).read_text())


def test_nothing_is_built_before_synthesis_and_everything_at_once_then(builds: Builds, app: cdk.App) -> None:
    one, two = cdk.Stack(app, "One"), cdk.Stack(app, "Two")
    function(one, "resize")
    function(one, "hello")
    function(two, "resize")
    assert builds.asked == []
    assert [(each.node.path, binary.name) for each, binary in plan(app).functions] == [
        ("One/Resize", "resize"),
        ("One/Hello", "hello"),
        ("Two/Resize", "resize"),
    ]
    app.synth()
    assert builds.asked == [["hello", "resize"]]


def test_an_asset_is_named_by_the_content_and_lies_in_the_assembly(builds: Builds, app: cdk.App) -> None:
    function(cdk.Stack(app, "One"), "resize")
    assembly = app.synth()
    assert builds.asked == [["resize"]]
    assert codes(read(assembly, "One.template.json")) == [{"S3Bucket": BUCKET, "S3Key": "sha256-of-resize.zip"}]
    assert read(assembly, "One.assets.json")["files"]["sha256-of-resize"]["source"] == {
        "path": "asset.sha256-of-resize",
        "packaging": "zip",
    }
    bootstrap = Path(assembly.directory) / "asset.sha256-of-resize/bootstrap"
    assert bootstrap.read_text() == "resize"
    assert (bootstrap.stat().st_mode & 0o777, bootstrap.stat().st_mtime) == (0o755, 315532800)
    assert [path.name for path in Path(assembly.directory).glob(".asset*")] == []


def test_functions_may_share_code_and_stacks_share_the_file(builds: Builds, app: cdk.App) -> None:
    code = CargoCode(CargoBinary(ROOT, "resize", "resize"))
    one, two = cdk.Stack(app, "One"), cdk.Stack(app, "Two")
    function(one, "first", code)
    function(one, "second", code)
    function(two, "third", code)
    assembly = app.synth()
    asset = {"S3Bucket": BUCKET, "S3Key": "sha256-of-resize.zip"}
    assert codes(read(assembly, "One.template.json")) == [asset, asset]
    assert codes(read(assembly, "Two.template.json")) == [asset]
    assert builds.asked == [["resize"]]
    assert len(list(Path(assembly.directory).glob("asset.*"))) == 1


def test_a_stage_finds_the_file_a_folder_above(builds: Builds, app: cdk.App) -> None:
    stage = cdk.Stage(app, "Production")
    function(cdk.Stack(stage, "Inner"), "resize")
    function(cdk.Stack(app, "Outer"), "hello")
    assembly = app.synth()
    assert builds.asked == [["hello", "resize"]]
    nested = Path(assembly.directory) / "assembly-Production"
    [manifest] = nested.glob("*.assets.json")
    source = json.loads(manifest.read_text())["files"]["sha256-of-resize"]["source"]
    assert source == {"path": "../asset.sha256-of-resize", "packaging": "zip"}
    assert (nested / source["path"] / "bootstrap").is_file()


def test_a_nested_stack_gets_its_asset(builds: Builds, app: cdk.App) -> None:
    function(cdk.NestedStack(cdk.Stack(app, "One"), "Inner"), "resize")
    assembly = app.synth()
    [template] = Path(assembly.directory).glob("*.nested.template.json")
    [code] = codes(json.loads(template.read_text()))
    assert code["S3Key"] == "sha256-of-resize.zip"
    assert builds.asked == [["resize"]]


def test_nothing_is_built_for_cdk_ls(builds: Builds, tmp_path: Path) -> None:
    app = new_app(tmp_path / "cdk.out", **{"aws:cdk:bundling-stacks": []})
    function(cdk.Stack(app, "One"), "resize")
    assembly = app.synth()
    assert builds.asked == []
    assert codes(read(assembly, "One.template.json")) == [{"S3Bucket": "NOT-BUNDLED", "S3Key": "NOT-BUNDLED/resize"}]
    assert list(Path(assembly.directory).glob("asset.*")) == []


def test_only_stacks_that_cdk_wants_bundled_are(builds: Builds, tmp_path: Path) -> None:
    app = new_app(tmp_path / "cdk.out", **{"aws:cdk:bundling-stacks": ["One"]})
    function(cdk.Stack(app, "One"), "resize")
    function(cdk.Stack(app, "Two"), "hello")
    assembly = app.synth()
    assert builds.asked == [["resize"]]
    assert codes(read(assembly, "Two.template.json")) == [{"S3Bucket": "NOT-BUNDLED", "S3Key": "NOT-BUNDLED/hello"}]


def test_a_template_may_be_asked_for_twice(builds: Builds, app: cdk.App) -> None:
    stack = cdk.Stack(app, "One")
    function(stack, "resize")
    assert Template.from_stack(stack).to_json() == Template.from_stack(stack).to_json()
    assert builds.asked == [["resize"]]


def test_a_stack_without_an_app_has_a_plan_that_lasts(builds: Builds) -> None:
    stack = cdk.Stack()
    function(stack, "resize")
    function(stack, "hello")
    assert [binary.name for _, binary in plan(stack).functions] == ["resize", "hello"]
    template = Template.from_stack(stack).to_json()
    assert [code["S3Key"] for code in codes(template)] == ["sha256-of-resize.zip", "sha256-of-hello.zip"]
    assert builds.asked == [["hello", "resize"]]


def test_apps_of_one_process_have_plans_of_their_own(builds: Builds, tmp_path: Path) -> None:
    first, second = new_app(tmp_path / "first"), new_app(tmp_path / "second")
    function(cdk.Stack(first, "One"), "resize")
    function(cdk.Stack(second, "One"), "hello")
    assert plan(first) is not plan(second)
    first.synth()
    second.synth()
    assert builds.asked == [["resize"], ["hello"]]


def test_a_version_is_a_new_one_only_if_the_binary_is(builds: Builds, tmp_path: Path) -> None:
    def version(outdir: str) -> str:
        app = new_app(tmp_path / outdir)
        stack = cdk.Stack(app, "One")
        lambda_.Alias(stack, "Live", alias_name="live", version=function(stack, "resize").current_version)
        resources = read(app.synth(), "One.template.json")["Resources"]
        [name] = [name for name, each in resources.items() if each["Type"] == "AWS::Lambda::Version"]
        return str(name)

    first, unchanged = version("first"), version("unchanged")
    builds.contents["resize"] = "another"
    changed = version("changed")
    assert (unchanged == first, changed == first) == (True, False)
    assert builds.asked == [["resize"]] * 3


def test_a_failed_build_fails_the_synthesis_with_the_whole_text(builds: Builds, app: cdk.App) -> None:
    builds.error = ConstructsLibError(
        Diagnostic(reference="cargo-build-failed", headline="no", evidence="  --> a\n  |")
    )
    function(cdk.Stack(app, "One"), "resize")
    with pytest.raises(RuntimeError) as error:
        app.synth()
    assert str(builds.error) in str(error.value)
