"""`acknowledge(…)` beside the function: what it writes, and what becomes of the synthesis."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import assertions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3

import constructs_lib
from constructs_lib import PutObject, RustFunction, S3Trigger, acknowledge, stable_name
from constructs_lib.errors import ConstructsLibError
from constructs_lib.loops import check
from constructs_lib.templates import discover
from constructs_lib.validation import guard_of

if TYPE_CHECKING:
    from tests.constructs.conftest import Declare

MEANT = {"reason": "rewrites each photo once", "bound": "a marker in its metadata"}
ALLOW = lambda_.RecursiveLoop.ALLOW


def looping(
    scope: cdk.Stack, declare: Declare, written: str = "photos/small/", *, bucket: str = "", **options: Any
) -> RustFunction:
    photos = s3.Bucket(scope, "Photos", bucket_name=bucket or stable_name("photos"))
    triggers = [S3Trigger(photos, prefix="photos/")]
    return declare(scope, "Resize", triggers=triggers, access=[PutObject(photos, prefix=written)], **options)


def fingerprint(declare: Declare, written: str = "photos/small/") -> str:
    """As the error of an app like this tells it, in the line to paste."""
    app = cdk.App(context={"aws:cdk:bundling-stacks": []}, builtin_cloud_formation_validation=False)
    looping(cdk.Stack(app, "Thumbnails"), declare, written)
    with pytest.raises(RuntimeError) as raised:
        app.synth()
    line = (
        r'if it is meant: constructs_lib.acknowledge\(function, fingerprint="([0-9a-f]{12})", reason="…", bound="…"\)'
    )
    found = re.search(line, str(raised.value))
    assert found
    return found[1]


def findings(app: cdk.App) -> list[str]:
    guard = guard_of(app)
    assert guard
    return [found.reference for found in guard.diagnostics]


def test_an_acknowledged_loop_does_not_fail_the_synthesis(app: cdk.App, stack: cdk.Stack, declare: Declare) -> None:
    acknowledge(looping(stack, declare, recursive_loop=ALLOW), fingerprint=fingerprint(declare), **MEANT)
    app.synth()
    guard = guard_of(app)
    assert guard
    assert guard.summary.startswith("loop-free, 1 acknowledged:")


def test_on_the_stack_it_does_the_same(app: cdk.App, stack: cdk.Stack, declare: Declare) -> None:
    looping(stack, declare, recursive_loop=ALLOW)
    acknowledge(stack, fingerprint=fingerprint(declare), **MEANT)
    app.synth()
    assert findings(app) == []


def test_a_stage_needs_no_fingerprint_of_its_own(app: cdk.App, declare: Declare) -> None:
    name = fingerprint(declare)
    for stage in ("Dev", "Prod"):
        stack = cdk.Stack(cdk.Stage(app, stage), "Thumbnails")
        function = looping(stack, declare, bucket=f"photos-{stage.lower()}", recursive_loop=ALLOW)
        acknowledge(function, fingerprint=name, **MEANT)
    app.synth()
    assert findings(app) == []


def test_stages_are_systems_of_their_own(app: cdk.App, declare: Declare) -> None:
    name = fingerprint(declare)
    for stage in ("Dev", "Prod"):
        function = looping(cdk.Stack(cdk.Stage(app, stage), "Thumbnails"), declare, recursive_loop=ALLOW)
        acknowledge(function, fingerprint=name, **MEANT)
    app.synth()
    guard = guard_of(app)
    assert guard
    assert findings(app) == []
    assert guard.summary.splitlines() == [
        f"{stage}: loop-free, 1 acknowledged: 5 resources read; graph: 1 function, 2 other resources,"
        " 3 edges; not modelled: what one stage of the app may do to another"
        for stage in ("Dev", "Prod")
    ]


def test_a_loop_over_stacks_has_one_fingerprint_in_all_stages_and_on_the_command_line(
    app: cdk.App, declare: Declare
) -> None:
    for stage in (cdk.Stage(app, "Dev"), cdk.Stage(app, "Prod")):
        photos = s3.Bucket(cdk.Stack(stage, "Data"), "Photos", bucket_name=f"photos-of-{stage.stage_name.lower()}")
        declare(cdk.Stack(stage, "Compute"), "Resize", triggers=[S3Trigger(photos)], access=[PutObject(photos)])
    with pytest.raises(RuntimeError):
        app.synth()
    guard = guard_of(app)
    assert guard
    told = [re.findall(r'fingerprint="([0-9a-f]{12})"', " ".join(found.helps)) for found in guard.diagnostics]
    checked = [
        [finding.fingerprint for finding in check(found.templates).findings] for found in discover([Path(app.outdir)])
    ]
    assert told == checked
    assert told[0] == told[1]


def test_a_wider_prefix_voids_it(app: cdk.App, stack: cdk.Stack, declare: Declare) -> None:
    acknowledge(looping(stack, declare, "photos/", recursive_loop=ALLOW), fingerprint=fingerprint(declare), **MEANT)
    with pytest.raises(RuntimeError):
        app.synth()
    assert findings(app) == ["s3-invocation-loop", "acknowledgement-stale", "recursion-allowed-needlessly"]


def test_aws_has_to_be_told_too(app: cdk.App, stack: cdk.Stack, declare: Declare) -> None:
    acknowledge(looping(stack, declare), fingerprint=fingerprint(declare), **MEANT)
    message = (
        "set `RecursiveLoop` of `Thumbnails/Resize` to `Allow`, in CDK by recursive_loop=lambda_.RecursiveLoop.ALLOW"
    )
    with pytest.raises(RuntimeError, match=re.escape(message)):
        app.synth()


def test_what_is_unproven_can_be_acknowledged_so_too(app: cdk.App, stack: cdk.Stack, declare: Declare) -> None:
    prefix = cdk.CfnParameter(stack, "Prefix").value_as_string
    function = looping(stack, declare, prefix, recursive_loop=ALLOW)
    with pytest.raises(RuntimeError, match="invocation-loop-unproven") as raised:
        app.synth()
    found = re.search(r'fingerprint="([0-9a-f]{12})"', str(raised.value))
    assert found
    acknowledge(function, fingerprint=found[1], **MEANT)
    app.synth(force=True)
    assert findings(app) == []


def test_one_without_its_loop_is_an_error_also_on_the_stack(app: cdk.App, stack: cdk.Stack, declare: Declare) -> None:
    declare(stack, "Resize")
    acknowledge(stack, fingerprint="0a1b2c3d4e5f", **MEANT)
    with pytest.raises(RuntimeError, match="matches no loop"):
        app.synth()
    assert findings(app) == ["acknowledgement-stale"]


def test_several_add_up_beside_other_metadata(stack: cdk.Stack) -> None:
    function = lambda_.Function(
        stack,
        "Resize",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(event, context): ..."),
    )
    resource = function.node.default_child
    assert isinstance(resource, cdk.CfnResource)
    resource.add_metadata("other", "stays")
    stack.add_metadata("other", "stays")
    names = ["0a1b2c3d4e5f", "0a1b2c3d4e60"]
    for name in names:
        acknowledge(function, fingerprint=name, **MEANT)
        acknowledge(stack, fingerprint=name, **MEANT)
    metadata = {
        "other": "stays",
        "constructs-lib": {"acknowledge": [{"fingerprint": name, **MEANT} for name in names]},
    }
    template = assertions.Template.from_stack(stack).to_json()
    [found] = [one for one in template["Resources"].values() if one["Type"] == "AWS::Lambda::Function"]
    assert {key: value for key, value in found["Metadata"].items() if not key.startswith("aws:")} == metadata
    assert template["Metadata"] == metadata


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"fingerprint": "0A1B2C3D4E5F"}, "`0A1B2C3D4E5F` is no fingerprint, which has 12 digits from 0 to f"),
        ({"reason": ""}, "its `reason` is empty"),
        ({"bound": " "}, "its `bound` is empty"),
    ],
)
def test_what_is_missing_is_refused_at_once(
    stack: cdk.Stack, declare: Declare, changed: dict[str, str], problem: str
) -> None:
    function = declare(stack, "Resize")
    with pytest.raises(ConstructsLibError) as raised:
        acknowledge(function, **{"fingerprint": "0a1b2c3d4e5f", **MEANT, **changed})
    assert raised.value.diagnostics[0].reference == "acknowledgement-invalid"
    assert raised.value.diagnostics[0].headline == (
        f"an acknowledgement of `Thumbnails/Resize` cannot be taken: {problem}"
    )


def test_something_without_a_resource_cannot_hold_one(stack: cdk.Stack) -> None:
    imported = lambda_.Function.from_function_arn(stack, "Other", "arn:aws:lambda:eu-west-1:111111111111:function:o")
    with pytest.raises(ConstructsLibError, match="`Thumbnails/Other` declares no resource that could hold it"):
        constructs_lib.acknowledge(imported, fingerprint="0a1b2c3d4e5f", **MEANT)
