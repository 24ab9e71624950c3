"""Stages of one app: each is a system of its own."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.loops import Acknowledgement, check, check_stages
from constructs_lib.templates import Template

OWN: dict[str, Any] = {"Fn::Sub": "photos-${AWS::StackId}"}  # a name that is made at deployment
MEANT = {"reason": "one rewrite", "bound": "a marker"}


def stage(name: str, *, bucket: Any, writes: Any, acknowledged: str = "") -> list[Template]:
    """A function that its own bucket wakes, and that writes to some bucket."""
    function: dict[str, Any] = {
        "Type": "AWS::Lambda::Function",
        "Properties": {"Role": {"Fn::GetAtt": ["Role", "Arn"]}},
    }
    if acknowledged:
        function["Properties"]["RecursiveLoop"] = "Allow"
        function["Metadata"] = {"constructs-lib": {"acknowledge": [{"fingerprint": acknowledged, **MEANT}]}}
    resource = {"Fn::Join": ["", ["arn:aws:s3:::", writes, "/*"]]}
    statement = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": resource}
    policy = {"PolicyName": "write", "PolicyDocument": {"Statement": [statement]}}
    wakes = {"Event": "s3:ObjectCreated:*", "Function": {"Fn::GetAtt": ["Resize", "Arn"]}}
    resources = {
        "Photos": {
            "Type": "AWS::S3::Bucket",
            "Properties": {"BucketName": bucket, "NotificationConfiguration": {"LambdaConfigurations": [wakes]}},
        },
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"Policies": [policy]}},
        "Resize": function,
    }
    return [Template.of({"Resources": resources}, name=f"{name}/Thumbnails")]


def test_names_that_are_made_at_deployment_make_no_loop_between_stages() -> None:
    def both(acknowledged: str = "") -> list[list[Template]]:
        return [stage(name, bucket=OWN, writes=OWN, acknowledged=acknowledged) for name in ("Dev", "Prod")]

    name = check(both()[0]).findings[0].fingerprint
    together = check([template for one in both(name) for template in one])
    assert (together.findings, len(together.acknowledged)) == ((), 2)

    reports = check_stages(both(name), acknowledgements=[(), ()])

    assert [(report.findings, len(report.acknowledged)) for report in reports] == [((), 1), ((), 1)]


def test_what_stages_do_to_each_other_is_said_to_be_left_out() -> None:
    stages = [
        stage("Dev", bucket="photos-dev", writes="photos-prod"),
        stage("Prod", bucket="photos-prod", writes="photos-dev"),
    ]
    together = check([template for one in stages for template in one])
    assert [found.verdict for found in together.findings] == ["loop"]

    reports = check_stages(stages, acknowledgements=[(), ()])

    assert [(report.verdict, report.not_modelled) for report in reports] == [
        ("loop-free", ("what one stage of the app may do to another",)),
        ("loop-free", ("what one stage of the app may do to another",)),
    ]


@pytest.mark.parametrize("writes", [OWN, "elsewhere"])
def test_a_single_stage_is_checked_as_ever(writes: Any) -> None:
    only = stage("Prod", bucket=OWN, writes=writes)
    assert check_stages([only], acknowledgements=[()]) == [check(only)]


def test_an_acknowledgement_is_for_its_stage() -> None:
    stages = [stage(name, bucket=OWN, writes=OWN) for name in ("Dev", "Prod")]
    meant = Acknowledgement(check(stages[0]).findings[0].fingerprint, **MEANT)

    first, second = check_stages(stages, acknowledgements=[[meant], []])

    assert [found.reference for found in first.findings] == ["recursion-not-allowed"]
    assert [found.reference for found in second.findings] == ["s3-invocation-loop"]
