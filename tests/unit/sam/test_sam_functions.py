"""What a function may have, and what is refused instead of being dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from constructs_lib.sam import functions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from constructs_lib.sam.draft import Draft

GOOD: dict[str, Any] = {"Code": {"ZipFile": "x"}, "Role": "arn:aws:iam::111111111111:role/x", "Handler": "x"}


def function(properties: Mapping[str, Any] | None = None, **attributes: Any) -> dict[str, Any]:
    return {"F": {"Type": "AWS::Lambda::Function", "Properties": {**GOOD, **(properties or {})}, **attributes}}


@pytest.mark.parametrize(
    ("given", "subject", "fix"),
    [
        (
            {"Code": {"S3Bucket": "b", "S3Key": "k", "S3ObjectStorageMode": "x"}},
            "Code.S3ObjectStorageMode",
            "give the function an asset, inline code or an image",
        ),
        ({"Code": {"S3Bucket": "b"}}, "Code", "give the function an asset, inline code or an image"),
        (
            {"Code": {"ImageUri": {"Fn::Sub": "x.dkr.ecr.y/z:hash-of-image"}}},
            "Code.ImageUri",
            "push the image yourself and refer to it with `DockerImageCode.from_ecr`, or use a zip package",
        ),
        (
            {"DeadLetterConfig": {"Fn::If": ["C", {"TargetArn": "a"}, {"Ref": "AWS::NoValue"}]}},
            "DeadLetterConfig",
            "give `DeadLetterConfig` as `TargetArn` alone, without a condition around it",
        ),
        (
            {"TracingConfig": {"Fn::If": ["C", {"Mode": "Active"}, {"Ref": "AWS::NoValue"}]}},
            "TracingConfig",
            "give `TracingConfig` as `Mode` alone, without a condition around it",
        ),
        (
            {"Tags": [{"Key": {"Ref": "P"}, "Value": "v"}]},
            "Tags",
            "tag with distinct literal keys, without a condition around them",
        ),
        (
            {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]},
            "Tags",
            "tag with distinct literal keys, without a condition around them",
        ),
        (
            {"Tags": {"Fn::If": ["C", [], []]}},
            "Tags",
            "tag with distinct literal keys, without a condition around them",
        ),
        (
            {"CapacityProviderConfig": {"LambdaManagedInstancesCapacityProviderConfig": {"New": 1}}},
            "CapacityProviderConfig",
            "give it literally, without a condition around it",
        ),
        ({"Invented": 1}, "Invented", "remove the property, or deploy this stack by `cdk deploy`"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_what_sam_cannot_say_is_refused_with_the_fix(
    draft: Callable[[Mapping[str, Any]], Draft], given: dict[str, Any], subject: str, fix: str
) -> None:
    work = draft(function(given))
    functions.fold(work)
    (refusal,) = work.refusals
    assert (refusal.reference, refusal.headline, refusal.helps) == (
        "sam-cannot-express",
        f"SAM cannot express `{subject}` of `F` in stack `Stack`",
        (fix,),
    )


def test_an_attribute_that_sam_would_drop_is_refused(draft: Callable[[Mapping[str, Any]], Draft]) -> None:
    work = draft(function(CreationPolicy={"ResourceSignal": {}}))
    functions.fold(work)
    assert [refusal.headline for refusal in work.refusals] == [
        "SAM cannot express `CreationPolicy` of `F` in stack `Stack`"
    ]


def test_a_function_without_a_role_is_refused_as_sam_would_make_a_broader_one(
    draft: Callable[[Mapping[str, Any]], Draft],
) -> None:
    work = draft({"F": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"ZipFile": "x"}}}})
    functions.fold(work)
    assert [refusal.headline for refusal in work.refusals] == ["SAM cannot express `Role` of `F` in stack `Stack`"]


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ({"Ref": "Topic"}, "SNS"),
        ({"Fn::GetAtt": ["Topic", "TopicArn"]}, "SNS"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "SQS"),
        ("arn:aws:sns:eu-west-1:111111111111:t", "SNS"),
        ("arn:aws:sqs:eu-west-1:111111111111:q", "SQS"),
        ({"Ref": "Parameter"}, "SQS"),
    ],
)
def test_the_kind_of_a_dead_letter_target_is_read_from_the_template(
    draft: Callable[[Mapping[str, Any]], Draft], target: Any, kind: str
) -> None:
    others = {"Topic": {"Type": "AWS::SNS::Topic"}, "Queue": {"Type": "AWS::SQS::Queue"}}
    work = draft({**function({"DeadLetterConfig": {"TargetArn": target}}), **others})
    functions.fold(work)
    assert work.resources["F"]["Properties"]["DeadLetterQueue"] == {"Type": kind, "TargetArn": target}


def test_every_property_of_a_cloudformation_function_is_known(draft: Callable[[Mapping[str, Any]], Draft]) -> None:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", "AWS::Lambda::Function").schema
    outputs = {path.split("/")[2] for path in schema["readOnlyProperties"]}
    shaped = {
        "Code": {"ZipFile": "x"},
        "DeadLetterConfig": {"TargetArn": "a"},
        "TracingConfig": {"Mode": "Active"},
        "Tags": [],
        "CapacityProviderConfig": {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": "a"}},
    }
    given = {name: shaped.get(name, "given") for name in schema["properties"].keys() - outputs}
    work = draft(function(given))
    functions.fold(work)
    assert work.refusals == []
    renamed = {"Code": "InlineCode", "DeadLetterConfig": "DeadLetterQueue", "TracingConfig": "Tracing"}
    assert sorted(work.resources["F"]["Properties"]) == sorted(renamed.get(name, name) for name in given)
