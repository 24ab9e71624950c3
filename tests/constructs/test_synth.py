"""`synth(app)`: what is written, what is raised, what is said."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import aws_cdk as cdk
import constructs
import jsii
import pytest
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_s3 as s3

from constructs_lib import HttpApiTrigger, PutObject, S3Trigger, stable_name, synth
from constructs_lib.errors import ConstructsLibError, Diagnostic
from constructs_lib.templates import read

if TYPE_CHECKING:
    from collections.abc import Iterable

    from constructs_lib.bundling import BuiltBinary, CargoBinary
    from tests.constructs.conftest import Declare


@pytest.fixture
def app(tmp_path: Path) -> cdk.App:
    """An app whose stacks are bundled, unlike those of the other tests here."""
    return cdk.App(outdir=str(tmp_path / "cdk.out"), builtin_cloud_formation_validation=False)


def thumbnails(app: cdk.App, declare: Declare, written: str = "thumbnails/") -> cdk.Stack:
    stack = cdk.Stack(app, "Thumbnails")
    photos = s3.Bucket(stack, "Photos", bucket_name=stable_name("photos"))
    access = [PutObject(photos, prefix=written)]
    declare(stack, "Resize", triggers=[S3Trigger(photos, prefix="originals/")], access=access)
    return stack


@jsii.implements(constructs.IValidation)
class _Invalid:
    def validate(self) -> list[str]:
        return ["not today"]


def emitted(app: cdk.App) -> list[str]:
    sam = Path(app.outdir) / "sam"
    return sorted(str(path.relative_to(sam)) for path in sam.rglob("*") if path.is_file())


@pytest.mark.usefixtures("built")
class TestWritten:
    def test_a_sam_template_for_every_stack(self, app: cdk.App, declare: Declare, workspace: Path) -> None:
        thumbnails(app, declare)
        stack = cdk.Stack(cdk.Stage(app, "Prod"), "Hello")
        api = apigatewayv2.HttpApi(stack, "Api")
        declare(stack, "Hello", triggers=[HttpApiTrigger(api, method="GET", path="/", public=True)])
        assembly = synth(app)
        assert [one.stack_name for one in assembly.stacks_recursively] == ["Thumbnails", "Prod-Hello"]
        assert emitted(app) == [
            f"{name}/{file}"
            for name in ("ProdHello1E6D5F81", "Thumbnails")
            for file in ("samconfig.toml", "template.yaml")
        ]
        template = read(Path(app.outdir) / "sam/Thumbnails/template.yaml")
        [function] = [one for one in template.resources.values() if one.type == "AWS::Serverless::Function"]
        code = Path(app.outdir) / "sam/Thumbnails" / function.properties["CodeUri"]
        assert code.resolve() == workspace.resolve()
        build = {"BuildMethod": "rust-cargolambda", "BuildProperties": {"Binary": "resize"}}
        assert function.body["Metadata"] == build

    def test_a_function_in_a_nested_stack_is_built_by_sam_too(self, app: cdk.App, declare: Declare) -> None:
        declare(cdk.NestedStack(cdk.Stack(app, "Outer"), "Inner"), "Resize")
        synth(app)
        [inner] = [file for file in emitted(app) if file.count("/") == 2 and file.endswith("template.yaml")]
        text = (Path(app.outdir) / "sam" / inner).read_text()
        assert "BuildMethod: rust-cargolambda" in text

    def test_nothing_of_a_stack_that_is_gone(self, app: cdk.App, declare: Declare, tmp_path: Path) -> None:
        old = tmp_path / "cdk.out" / "sam" / "Old" / "template.yaml"
        old.parent.mkdir(parents=True)
        old.write_text("Resources: {}")
        thumbnails(app, declare)
        synth(app)
        assert emitted(app) == ["Thumbnails/samconfig.toml", "Thumbnails/template.yaml"]

    def test_the_report_for_a_person_at_the_command_line(
        self,
        app: cdk.App,
        declare: Declare,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        tmp_path: Path,
    ) -> None:
        monkeypatch.setenv("CDK_OUTDIR", "cdk.out")
        monkeypatch.chdir(tmp_path)
        thumbnails(app, declare)
        synth(app)
        loops, *files = capsys.readouterr().err.splitlines()[-3:]
        assert loops.startswith("Loops: loop-free: 5 resources read; graph: 1 function")
        assert files == [
            "CloudFormation: cdk.out/Thumbnails.template.json",
            "SAM: cdk.out/sam/Thumbnails/template.yaml",
        ]


@pytest.mark.usefixtures("built")
def test_a_loop_is_raised_whole_and_leaves_no_sam_template(app: cdk.App, declare: Declare, tmp_path: Path) -> None:
    old = tmp_path / "cdk.out" / "sam" / "Thumbnails" / "template.yaml"
    old.parent.mkdir(parents=True)
    old.write_text("Resources: {}")
    thumbnails(app, declare, written="")
    with pytest.raises(ConstructsLibError) as raised:
        synth(app)
    text = re.sub(r'fingerprint="[0-9a-f]{12}"', 'fingerprint="0a1b2c3d4e5f"', str(raised.value))
    text = re.sub(r"\S+\.py:\d+$", "LINE", text, flags=re.MULTILINE)
    assert text == (
        "error[s3-invocation-loop]: `Thumbnails/Resize` can invoke itself through `Thumbnails/Photos`\n\n"
        "  Thumbnails/Resize  -- s3:PutObject `*` -->                 Thumbnails/Photos  LINE\n"
        "  Thumbnails/Photos  -- s3:ObjectCreated:* `originals/*` --> Thumbnails/Resize  LINE\n\n"
        "  witness: writing key `originals/a` invokes `Thumbnails/Resize` again\n"
        "  note: `Thumbnails/Resize` is declared at LINE\n"
        '  help: write where the trigger does not match, e.g. PutObject(photos, prefix="thumbnails/")\n'
        "  help: if it is meant: constructs_lib.acknowledge("
        'function, fingerprint="0a1b2c3d4e5f", reason="…", bound="…")\n'
        "  see: constructs-lib explain s3-invocation-loop"
    )
    assert emitted(app) == []


def test_a_build_that_fails_is_raised_whole(app: cdk.App, declare: Declare, monkeypatch: pytest.MonkeyPatch) -> None:
    failure = ConstructsLibError(
        Diagnostic(reference="cargo-build-failed", headline="x" * 3000, evidence="  --> a\n  |", helps=("mend it",))
    )

    def build(_: Iterable[CargoBinary]) -> dict[CargoBinary, BuiltBinary]:
        raise failure

    monkeypatch.setattr("constructs_lib.bundling.code.build", build)
    thumbnails(app, declare)
    with pytest.raises(ConstructsLibError) as raised:
        synth(app)
    assert str(raised.value) == str(failure)
    assert raised.value.diagnostics == failure.diagnostics
    assert emitted(app) == []


def test_an_error_of_others_stays_what_it_is(app: cdk.App) -> None:
    stack = cdk.Stack(app, "Thumbnails")
    stack.node.add_validation(_Invalid())
    with pytest.raises(RuntimeError, match="not today") as raised:
        synth(app)
    assert not isinstance(raised.value, ConstructsLibError)


def test_a_listing_builds_and_writes_nothing(declare: Declare, tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path / "cdk.out"), context={"aws:cdk:bundling-stacks": []})
    thumbnails(app, declare)
    synth(app)
    assert emitted(app) == []
