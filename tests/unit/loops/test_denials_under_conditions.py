"""A denial that is in force under a condition only excuses nothing, and so does a switch that may not be off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make

Body = dict[str, Any]
NO_VALUE = {"Ref": "AWS::NoValue"}
DENIED = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::photos/*"}
SECTIONS: Body = {
    "Parameters": {"Stage": {"Type": "String", "AllowedValues": ["dev", "prod"]}},
    "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
}


def only_if(value: Any, otherwise: Any = NO_VALUE) -> Body:
    return {"Fn::If": ["IsProd", value, otherwise]}


def looping(make: Make, *statements: Body, **more: Body) -> dict[str, Body]:
    return {
        "Photos": make.bucket(make.notify("Resize"), BucketName="photos"),
        "Role": make.role(make.allow("s3:PutObject", "arn:aws:s3:::photos/*"), *statements),
        "Resize": make.function(),
        **more,
    }


def policy(type_: str, properties: Body, **more: Any) -> Body:
    return {"Type": type_, "Properties": {"PolicyDocument": {"Statement": [DENIED]}, **properties}, **more}


def test_a_denial_under_no_condition_excuses(make: Make) -> None:
    assert make.check(looping(make, DENIED), **SECTIONS).verdict == "loop-free"


@pytest.mark.parametrize(
    "denied",
    [
        only_if(DENIED),
        {**DENIED, "Action": only_if("s3:PutObject", "s3:GetObject")},
        {**DENIED, "Action": [only_if("s3:PutObject"), "s3:GetObject"]},
        {**DENIED, "Resource": only_if("arn:aws:s3:::photos/*", "arn:aws:s3:::others/*")},
        {**DENIED, "Effect": only_if("Deny", "Allow")},
        {**DENIED, "Resource": {"Fn::Join": ["", ["arn:aws:s3:::photos/", only_if("*")]]}},
        {**DENIED, "Resource": {"Fn::Join": ["", ["arn:aws:s3:::photos/", *[only_if("*")] * 6]]}},
        {**DENIED, "Resource": {"Fn::Select": [0, [only_if("arn:aws:s3:::photos/*"), "arn:aws:s3:::others/*"]]}},
    ],
    ids=[
        "statement",
        "action",
        "one of the actions",
        "resource",
        "effect",
        "part of a joined resource",
        "many parts of a joined resource",
        "one of which the resource is selected",
    ],
)
def test_a_denial_with_a_condition_in_it_excuses_nothing(make: Make, denied: Body) -> None:
    assert make.check(looping(make, denied), **SECTIONS).verdict == "loop"


def test_a_denial_whose_text_needs_what_a_condition_leaves_out_is_not_certain(make: Make) -> None:
    denied = {**DENIED, "Resource": {"Fn::Sub": ["arn:aws:s3:::photos/${Rest}", {"Rest": only_if("*")}]}}

    report = make.check(looping(make, denied), **SECTIONS)

    assert (report.verdict, [finding.when for finding in report.findings]) == ("unproven", [("Stage is `dev`",)])


def test_a_denial_by_name_does_not_reach_a_bucket_whose_name_a_condition_leaves_out(make: Make) -> None:
    resources = looping(make, DENIED)
    resources["Photos"] = make.bucket(make.notify("Resize"), BucketName=only_if("photos"))
    resources["Role"] = make.role(make.allow("s3:PutObject", make.objects("Photos")), DENIED)

    report = make.check(resources, **SECTIONS)

    assert (report.verdict, [finding.when for finding in report.findings]) == ("loop", [("Stage is `dev`",)])


def test_a_denial_of_what_a_parameter_chooses_excuses_nothing(make: Make) -> None:
    denied = {**DENIED, "Resource": {"Fn::Sub": "arn:aws:s3:::photos/${Stage}/*"}}
    resources = looping(make, denied)
    resources["Photos"] = make.bucket(make.notify("Resize", "prod/"), BucketName="photos")

    assert make.check(resources, **SECTIONS).verdict == "loop"


def test_what_an_allowance_leaves_out_under_a_condition_is_in_it(make: Make) -> None:
    resources = looping(make)
    allowed = {"Effect": "Allow", "Action": "s3:PutObject", "NotResource": [only_if("arn:aws:s3:::photos/*")]}
    resources["Role"] = make.role(allowed)

    assert make.check(resources, **SECTIONS).verdict != "loop-free"


@pytest.mark.parametrize(
    "more",
    [
        policy("AWS::IAM::Policy", {"Roles": [{"Ref": "Role"}]}, Condition="IsProd"),
        policy("AWS::IAM::Policy", {"Roles": [only_if({"Ref": "Role"})]}),
        policy("AWS::IAM::ManagedPolicy", {"Roles": [{"Ref": "Role"}]}, Condition="IsProd"),
    ],
    ids=["policy", "attachment", "managed policy"],
)
def test_a_policy_under_a_condition_excuses_nothing(make: Make, more: Body) -> None:
    assert make.check(looping(make, Denials=more), **SECTIONS).verdict == "loop"


def test_a_managed_policy_that_is_attached_under_a_condition_excuses_nothing(make: Make) -> None:
    resources = looping(make, Denials=policy("AWS::IAM::ManagedPolicy", {}))
    resources["Role"]["Properties"]["ManagedPolicyArns"] = [only_if({"Ref": "Denials"})]

    assert make.check(resources, **SECTIONS).verdict == "loop"


def test_a_bucket_policy_under_a_condition_excuses_nothing(make: Make) -> None:
    denied = {**DENIED, "Principal": "*"}
    body = {"Bucket": {"Ref": "Photos"}, "PolicyDocument": {"Statement": denied}}
    always: Body = {"Type": "AWS::S3::BucketPolicy", "Properties": body}

    assert make.check(looping(make, Denials=always), **SECTIONS).verdict == "loop-free"
    assert make.check(looping(make, Denials={**always, "Condition": "IsProd"}), **SECTIONS).verdict == "loop"


def test_a_rule_that_is_off_under_a_condition_only_is_on(make: Make) -> None:
    resources = {
        "Role": make.role(make.allow("events:PutEvents", "*")),
        "Resize": make.function(),
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventPattern": {"source": ["photos"]},
                "State": only_if("DISABLED"),
                "Targets": [{"Arn": {"Fn::GetAtt": ["Resize", "Arn"]}}],
            },
        },
    }

    assert make.check(resources, **SECTIONS).verdict == "loop"
