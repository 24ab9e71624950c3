"""The guard: what stops a synthesis, wherever CDK lets a plugin look."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import assertions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3

import constructs_lib
from constructs_lib import GetObject, PutObject, RustFunction, S3Trigger, stable_name
from constructs_lib.validation import CONTEXT_KEY, guard_of

if TYPE_CHECKING:
    from tests.constructs.conftest import Declare

LOOP = """\
error[s3-invocation-loop]: `Thumbnails/Resize` can invoke itself through `Thumbnails/Photos`

  Thumbnails/Resize  -- s3:PutObject `photos/*` -->               Thumbnails/Photos  LINE
  Thumbnails/Photos  -- s3:ObjectCreated:* `photos/` + `.jpg` --> Thumbnails/Resize  LINE
"""


@pytest.fixture
def loop(stack: cdk.Stack, declare: Declare) -> RustFunction:
    return looping(stack, declare)


def looping(scope: cdk.Stack, declare: Declare, written: str = "photos/") -> RustFunction:
    photos = s3.Bucket(scope, "Photos", bucket_name=stable_name("photos"))
    triggers = [S3Trigger(photos, prefix="photos/", suffix=".jpg")]
    return declare(scope, "Resize", triggers=triggers, access=[PutObject(photos, prefix=written)])


def without_lines(text: str) -> str:
    return re.sub(r"\S+\.py:\d+$", "LINE", text, flags=re.MULTILINE)


def findings(app: cdk.App) -> list[str]:
    guard = guard_of(app)
    assert guard
    return [found.reference for found in guard.diagnostics]


def reports(app: cdk.App) -> list[dict[str, Any]]:
    report = json.loads((Path(app.outdir) / "validation-report.json").read_text())
    return [one for one in report["pluginReports"] if one["pluginName"] == "constructs-lib"]


@pytest.mark.usefixtures("loop")
class TestLoop:
    def test_fails_synthesis_with_the_whole_finding(self, app: cdk.App) -> None:
        with pytest.raises(RuntimeError) as raised:
            app.synth()
        assert LOOP in without_lines(str(raised.value))

    def test_fails_a_test_of_the_template(self, stack: cdk.Stack) -> None:
        with pytest.raises(RuntimeError) as raised:
            assertions.Template.from_stack(stack)
        assert LOOP in without_lines(str(raised.value))

    def test_cannot_be_acknowledged_by_name(self, app: cdk.App) -> None:
        reason = cdk.Acknowledgment(id="constructs-lib::s3-invocation-loop", reason="a test")
        cdk.Validations.of(app).acknowledge(reason)
        with pytest.raises(RuntimeError):
            app.synth()

    def test_fails_without_the_validation_of_cdk(self, app: cdk.App, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CDK_VALIDATION", "false")
        with pytest.raises(RuntimeError):
            app.synth()

    def test_is_reported_once_at_the_function(self, app: cdk.App) -> None:
        with pytest.raises(RuntimeError):
            app.synth()
        [report] = reports(app)
        [violation] = report["violations"]
        assert violation["severity"] == "fatal"
        assert violation["ruleName"] == "s3-invocation-loop"
        assert [where["constructPath"] for where in violation["violatingConstructs"]] == ["Thumbnails/Resize"]


class TestUnproven:
    @pytest.fixture
    def unproven(self, stack: cdk.Stack, declare: Declare) -> RustFunction:
        return looping(stack, declare, written=cdk.CfnParameter(stack, "Prefix").value_as_string)

    @pytest.mark.usefixtures("unproven")
    def test_fails_synthesis(self, app: cdk.App) -> None:
        with pytest.raises(RuntimeError, match="invocation-loop-unproven"):
            app.synth()
        assert reports(app)[0]["violations"][0]["severity"] == "error"

    def test_can_be_acknowledged_with_a_reason(self, app: cdk.App, unproven: RustFunction) -> None:
        reason = cdk.Acknowledgment(id="constructs-lib::invocation-loop-unproven", reason="the prefix is never photos/")
        cdk.Validations.of(unproven).acknowledge(reason)
        app.synth()
        assert findings(app) == ["invocation-loop-unproven"]
        assert [violation for report in reports(app) for violation in report["violations"]] == []


class TestDependencyCycle:
    def test_is_found_with_its_resources_and_the_way_out(
        self, app: cdk.App, stack: cdk.Stack, declare: Declare
    ) -> None:
        photos = s3.Bucket(stack, "Photos", bucket_name=stable_name("photos"))
        declare(stack, "Resize", triggers=[S3Trigger(photos)]).node.add_dependency(photos)
        with pytest.raises(RuntimeError) as raised:
            app.synth()
        shown = without_lines(str(raised.value))
        assert shown.partition("FATAL ")[2].partition(" (constructs-lib)")[0] == (
            "error[dependency-cycle]: 2 resources of `Thumbnails` wait for each other, so none can be created\n\n"
            "  Thumbnails/Photos  waits for  Thumbnails/Resize\n"
            "  Thumbnails/Resize  waits for  Thumbnails/Photos\n\n"
            "  note: CloudFormation would refuse the deployment: circular dependency between resources\n"
            "  note: `Thumbnails/Resize` is declared at LINE\n"
            '  help: name the bucket, e.g. bucket_name=stable_name("photos"),'
            " and let the function know it by that name\n"
            "  help: or let the bucket send its events to EventBridge, where everything may refer to everything\n"
            "  help: take out one reference or `DependsOn` of the circle,"
            " or replace it by a name that is known beforehand\n"
            "  see: constructs-lib explain dependency-cycle"
        )

    def test_of_any_resources_is_found(self, app: cdk.App, stack: cdk.Stack) -> None:
        constructs_lib.guard(app)
        one, other = (cdk.CfnResource(stack, name, type="AWS::SNS::Topic") for name in ("One", "Other"))
        one.add_resource_dependency(other)
        other.add_property_override("DisplayName", one.ref)
        with pytest.raises(RuntimeError, match=r"dependency-cycle"):
            app.synth()


class TestWhereItLooks:
    @pytest.mark.usefixtures("built")
    def test_a_bare_stack(self, declare: Declare) -> None:
        stack = cdk.Stack()
        looping(stack, declare)
        with pytest.raises(RuntimeError, match="s3-invocation-loop"):
            assertions.Template.from_stack(stack)

    def test_a_stack_in_a_stage(self, app: cdk.App, declare: Declare) -> None:
        looping(cdk.Stack(cdk.Stage(app, "Prod"), "Thumbnails"), declare)
        with pytest.raises(RuntimeError, match="Prod/Thumbnails/Resize"):
            app.synth()

    def test_a_nested_stack(self, app: cdk.App, stack: cdk.Stack, declare: Declare) -> None:
        looping(cdk.NestedStack(cdk.NestedStack(stack, "Outer"), "Inner"), declare)
        cdk.CfnResource(stack, "PhotosB9552D0D", type="AWS::SNS::Topic").override_logical_id("PhotosB9552D0D")
        with pytest.raises(RuntimeError) as raised:
            app.synth()
        assert LOOP.replace("Thumbnails/", "Thumbnails/Outer/Inner/") in without_lines(str(raised.value))

    def test_a_loop_over_two_stacks(self, app: cdk.App, declare: Declare) -> None:
        photos = s3.Bucket(cdk.Stack(app, "Data"), "Photos", bucket_name="photos-of-example-org")
        declare(cdk.Stack(app, "Compute"), "Resize", triggers=[S3Trigger(photos)], access=[PutObject(photos)])
        with pytest.raises(RuntimeError, match="`Compute/Resize` can invoke itself through `Data/Photos`"):
            app.synth()

    def test_grants_by_hand(self, app: cdk.App, stack: cdk.Stack, declare: Declare) -> None:
        photos = s3.Bucket(stack, "Photos", bucket_name=stable_name("photos"))
        photos.grant_put(declare(stack, "Resize", triggers=[S3Trigger(photos)]))
        with pytest.raises(RuntimeError, match="s3-invocation-loop"):
            app.synth()

    def test_functions_of_others(self, app: cdk.App, stack: cdk.Stack) -> None:
        photos = s3.Bucket(stack, "Photos")
        function = lambda_.Function(
            stack,
            "Resize",
            runtime=lambda_.Runtime.PYTHON_3_13,
            handler="index.handler",
            code=lambda_.Code.from_inline("def handler(event, context): ..."),
        )
        resource = photos.node.default_child
        assert isinstance(resource, s3.CfnBucket)
        configuration = s3.CfnBucket.LambdaConfigurationProperty(
            event="s3:ObjectCreated:*", function=function.function_arn
        )
        resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            lambda_configurations=[configuration]
        )
        photos.grant_put(function)
        constructs_lib.guard(app)
        with pytest.raises(RuntimeError, match="s3-invocation-loop") as raised:
            app.synth()
        assert "\n  note: `cdk synth --debug` tells the lines that declare it\n" in str(raised.value)


class TestRegistration:
    def test_is_once_per_app(self, app: cdk.App, stack: cdk.Stack, declare: Declare) -> None:
        looping(stack, declare)
        declare(cdk.Stack(app, "Other"), "Two")
        constructs_lib.guard(app)
        constructs_lib.guard(stack)
        with pytest.raises(RuntimeError):
            app.synth()
        assert len(reports(app)) == 1

    def test_is_separate_for_every_app(self, app: cdk.App, stack: cdk.Stack, declare: Declare) -> None:
        declare(stack, "One")
        other = cdk.App(context={"aws:cdk:bundling-stacks": []})
        looping(cdk.Stack(other, "Thumbnails"), declare)
        app.synth()
        with pytest.raises(RuntimeError):
            other.synth()
        assert findings(app) == []
        assert findings(other) == ["s3-invocation-loop"]

    @pytest.mark.parametrize("value", [False, "false"])
    def test_a_context_key_keeps_it_out(self, value: object, declare: Declare) -> None:
        app = cdk.App(context={"aws:cdk:bundling-stacks": [], CONTEXT_KEY: value})
        looping(cdk.Stack(app, "Thumbnails"), declare)
        app.synth()
        assert guard_of(app) is None


def test_a_safe_app_is_loop_free(app: cdk.App, stack: cdk.Stack, declare: Declare) -> None:
    photos = s3.Bucket(stack, "Photos", bucket_name=stable_name("photos"))
    access = [GetObject(photos, prefix="originals/"), PutObject(photos, prefix="thumbnails/")]
    declare(stack, "Resize", triggers=[S3Trigger(photos, prefix="originals/")], access=access)
    app.synth()
    guard = guard_of(app)
    assert guard
    assert guard.summary.startswith("loop-free: 5 resources read; graph: 1 function,")
