"""A function may refer to the bucket that waits for it: the reference becomes the bucket's name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import assertions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3

from constructs_lib import PutObject, S3Trigger, stable_name
from constructs_lib.templates import Template, dependency_cycle

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.constructs.conftest import Declare

SUFFIX = {"Fn::Select": [4, {"Fn::Split": ["-", {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}]}]}
NAME = {"Fn::Join": ["", ["photos-", SUFFIX]]}


@pytest.fixture
def photos(stack: cdk.Stack) -> s3.Bucket:
    return s3.Bucket(stack, "Photos", bucket_name=stable_name("photos"))


def joined(*parts: Any) -> dict[str, Any]:
    return {"Fn::Join": ["", list(parts)]}


def template_of(stack: cdk.Stack) -> dict[str, Any]:
    """The template, which has no cycle, and in which only the bucket's policy may refer to the bucket."""
    template = dict(assertions.Template.from_stack(stack).to_json())
    assert dependency_cycle(Template.of(template)) is None
    assert "PhotosB9552D0D" not in json.dumps(list(template["Resources"].values()))
    return template


def variables(stack: cdk.Stack) -> dict[str, Any]:
    [function] = [one for one in template_of(stack)["Resources"].values() if one["Type"] == "AWS::Lambda::Function"]
    found: dict[str, Any] = function["Properties"]["Environment"]["Variables"]
    return found


REFERENCES: dict[str, tuple[Callable[[s3.Bucket], str], Any]] = {
    "name": (lambda bucket: bucket.bucket_name, NAME),
    "inside a text": (lambda bucket: f"s3://{bucket.bucket_name}/x", joined("s3://photos-", SUFFIX, "/x")),
    "url": (lambda bucket: bucket.s3_url_for_object("x"), joined("s3://photos-", SUFFIX, "/x")),
    "arn": (lambda bucket: bucket.bucket_arn, joined("arn:", {"Ref": "AWS::Partition"}, ":s3:::photos-", SUFFIX)),
    "arn of objects": (
        lambda bucket: bucket.arn_for_objects("in/*"),
        joined("arn:", {"Ref": "AWS::Partition"}, ":s3:::photos-", SUFFIX, "/in/*"),
    ),
    "domain name": (
        lambda bucket: bucket.bucket_domain_name,
        joined("photos-", SUFFIX, ".s3.", {"Ref": "AWS::URLSuffix"}),
    ),
    "regional domain name": (
        lambda bucket: bucket.bucket_regional_domain_name,
        joined("photos-", SUFFIX, ".s3.", {"Ref": "AWS::Region"}, ".", {"Ref": "AWS::URLSuffix"}),
    ),
    "inside Fn.join": (
        lambda bucket: cdk.Fn.join("", ["s3://", bucket.bucket_name]),
        joined("s3://photos-", SUFFIX),
    ),
    "inside Fn.sub": (
        lambda bucket: cdk.Fn.sub("s3://${Name}", {"Name": bucket.bucket_name}),
        {"Fn::Sub": ["s3://${Name}", {"Name": NAME}]},
    ),
    "resource": (lambda bucket: str(bucket.node.default_child.ref), NAME),  # type: ignore[union-attr]
}


@pytest.mark.parametrize("name", REFERENCES)
def test_in_the_environment(name: str, photos: s3.Bucket, stack: cdk.Stack, declare: Declare) -> None:
    reference, expected = REFERENCES[name]
    declare(stack, "Resize", triggers=[S3Trigger(photos)], environment={"A": reference(photos)})
    assert variables(stack) == {"A": expected}


@pytest.mark.parametrize("name", REFERENCES)
def test_in_an_environment_variable_of_later(name: str, photos: s3.Bucket, stack: cdk.Stack, declare: Declare) -> None:
    reference, expected = REFERENCES[name]
    function = declare(stack, "Resize", triggers=[S3Trigger(photos)])
    assert function.add_environment("A", reference(photos)) is not None
    assert variables(stack) == {"A": expected}


GRANTS: dict[str, Callable[[s3.Bucket, lambda_.Function], Any]] = {
    "grant_read": lambda bucket, function: bucket.grant_read(function),
    "grants": lambda bucket, function: bucket.grants.read(function),
    "statement": lambda bucket, function: function.add_to_role_policy(
        iam.PolicyStatement(actions=["s3:GetObject"], resources=[bucket.arn_for_objects("*")])
    ),
    "condition": lambda bucket, function: function.add_to_role_policy(
        iam.PolicyStatement(
            actions=["s3:ListAllMyBuckets"],
            resources=["*"],
            conditions={"StringNotEquals": {"aws:ResourceTag/of": bucket.bucket_name}},
        )
    ),
}


@pytest.mark.parametrize("name", GRANTS)
def test_in_the_role(name: str, photos: s3.Bucket, stack: cdk.Stack, declare: Declare) -> None:
    GRANTS[name](photos, declare(stack, "Resize", triggers=[S3Trigger(photos, prefix="in/")]))
    assert "photos-" in json.dumps(template_of(stack)["Resources"]["ResizeRole804BD7A8"]["Properties"]["Policies"])


def test_in_a_statement_that_a_feature_flag_would_keep_apart(declare: Declare) -> None:
    flag = "@aws-cdk/aws-lambda:createNewPoliciesWithAddToRolePolicy"
    app = cdk.App(context={"aws:cdk:bundling-stacks": [], flag: True}, builtin_cloud_formation_validation=False)
    stack = cdk.Stack(app, "Thumbnails")
    photos = s3.Bucket(stack, "Photos", bucket_name=stable_name("photos"))
    triggers = [S3Trigger(photos, prefix="in/")]
    function = declare(stack, "Resize", triggers=triggers, tracing=lambda_.Tracing.ACTIVE)
    GRANTS["statement"](photos, function)
    resources = template_of(stack)["Resources"]
    assert "AWS::IAM::Policy" not in {one["Type"] for one in resources.values()}
    [policy] = resources["ResizeRole804BD7A8"]["Properties"]["Policies"]
    actions = [statement["Action"] for statement in policy["PolicyDocument"]["Statement"]]
    assert actions[1:] == [["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "s3:GetObject"]


def test_in_functions_that_wait_for_each_others_buckets(stack: cdk.Stack, declare: Declare) -> None:
    photos = s3.Bucket(stack, "Photos", bucket_name=stable_name("photos"))
    films = s3.Bucket(stack, "Films", bucket_name=stable_name("films"))
    declare(
        stack,
        "Resize",
        triggers=[S3Trigger(photos, prefix="in/")],
        access=[PutObject(films, prefix="out/")],
        environment={"FILMS": films.bucket_name},
    )
    back = declare(stack, "Back", triggers=[S3Trigger(films, prefix="in/")], environment={"PHOTOS": photos.bucket_name})
    photos.grant_put(back, "out/*")
    functions = [one for one in template_of(stack)["Resources"].values() if one["Type"] == "AWS::Lambda::Function"]
    variables = [one["Properties"]["Environment"]["Variables"] for one in functions]
    assert [(name, "Fn::Join" in value) for one in variables for name, value in one.items()] == [
        ("FILMS", True),
        ("PHOTOS", True),
    ]


def test_what_waits_by_a_users_word_still_waits(photos: s3.Bucket, stack: cdk.Stack, declare: Declare) -> None:
    queue = cdk.CfnResource(stack, "Queue", type="AWS::SQS::Queue")
    declare(stack, "Resize", triggers=[S3Trigger(photos)]).node.add_dependency(queue)
    assert template_of(stack)["Resources"]["Resize57196AE7"]["DependsOn"] == ["Queue"]


def test_a_bucket_without_trigger_keeps_its_references(photos: s3.Bucket, stack: cdk.Stack, declare: Declare) -> None:
    declare(stack, "Resize", environment={"A": photos.bucket_name})
    template = assertions.Template.from_stack(stack).to_json()
    environment = template["Resources"]["Resize57196AE7"]["Properties"]["Environment"]
    assert environment == {"Variables": {"A": {"Ref": "PhotosB9552D0D"}}}
