"""API calls that CloudTrail records, and rules that ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.loops.edges.parts import body, loops, rule, worker

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make
    from tests.unit.loops.edges.parts import Resources

TRAIL = {"Trail": body("AWS::CloudTrail::Trail", S3BucketName="elsewhere", IsLogging=True)}


def calls(service: str, *names: str, **detail: Any) -> dict[str, Any]:
    detail["eventSource"] = [f"{service}.amazonaws.com"]
    if names:
        detail["eventName"] = list(names)
    return {"source": [f"aws.{service}"], "detail-type": ["AWS API Call via CloudTrail"], "detail": detail}


def tagger(make: Make, pattern: dict[str, Any], *actions: str, resource: Any = "*", **of_rule: Any) -> Resources:
    return {**worker(make, list(actions), resource), "Rule": rule(pattern, **of_rule), **TRAIL}


@pytest.mark.parametrize(
    ("pattern", "actions"),
    [
        (calls("ec2", "CreateTags"), ["ec2:CreateTags"]),
        (calls("ec2", "RunInstances", "CreateTags"), ["ec2:Create*"]),
        (calls("ec2"), ["ec2:CreateTags"]),
        (calls("ec2"), ["ec2:*"]),
        ({"Fn::If": ["Is", calls("ec2", "CreateTags"), {"Ref": "AWS::NoValue"}]}, ["ec2:CreateTags"]),
        ({"Fn::If": ["Is", {"Fn::ImportValue": "Pattern"}, calls("ec2", "CreateTags")]}, ["ec2:CreateTags"]),
        ({"source": ["aws.iam"], "detail-type": ["AWS API Call via CloudTrail"]}, ["iam:AttachRolePolicy"]),
        (calls("lambda", "UpdateFunctionCode20150331v2"), ["lambda:UpdateFunctionCode"]),
        (calls("monitoring", "PutMetricAlarm"), ["cloudwatch:PutMetricAlarm"]),
        (calls("apigateway", "CreateRestApi"), ["apigateway:POST"]),
    ],
)
def test_a_function_that_makes_the_call_its_rule_asks_for_is_a_loop(make: Make, pattern: Any, actions: Any) -> None:
    report = make.check(tagger(make, pattern, *actions))

    assert loops(report) == [("Worker > CloudTrail > default event bus > Worker", "endless")]


@pytest.mark.parametrize(
    ("allowed", "denied", "verdict"),
    [
        (["ec2:CreateTags"], {"Action": "ec2:Create*"}, "loop-free"),
        (["ec2:CreateTags", "ec2:RunInstances"], {"Action": "ec2:Create*"}, "loop"),
        (["ec2:CreateTags", "ec2:RunInstances"], {"Action": ["ec2:Create*", "ec2:Run*"]}, "loop-free"),
        (["ec2:Create*"], {"Action": "ec2:Create*"}, "loop-free"),
        (["ec2:*"], {"Action": "ec2:Create*"}, "loop"),
        (["ec2:*"], {"Action": "ec2:*"}, "loop-free"),
        (["ec2:*"], {"NotAction": "ec2:CreateTags"}, "loop"),
        (["ec2:*"], {"NotAction": "ec2:Describe*"}, "loop-free"),
        (["ec2:*"], {"NotAction": "s3:*"}, "loop-free"),
    ],
)
def test_a_rule_that_asks_for_all_calls_hears_of_those_that_are_not_denied(
    make: Make, allowed: Any, denied: Any, verdict: str
) -> None:
    resources = tagger(make, calls("ec2"), *allowed)
    deny = {"Effect": "Deny", "Resource": "*", **denied}
    resources["Role"] = make.role(make.allow(allowed, "*"), deny)

    assert make.check(resources).verdict == verdict


@pytest.mark.parametrize(
    ("pattern", "actions", "of_rule"),
    [
        (calls("ec2", "RunInstances"), ["ec2:CreateTags"], {}),
        (calls("ec2"), ["ec2:Describe*", "ec2:GetConsoleOutput"], {}),
        (calls("iam"), ["ec2:*"], {}),
        (calls("ec2", "CreateTags"), ["ec2:CreateTags"], {"State": "DISABLED"}),
        (calls("ec2", "CreateTags"), ["ec2:CreateTags"], {"EventBusName": "another"}),
        ({**calls("ec2", "CreateTags"), "detail-type": ["EC2 Instance State-change Notification"]}, ["ec2:*"], {}),
    ],
)
def test_another_call_is_no_loop(make: Make, pattern: Any, actions: Any, of_rule: Any) -> None:
    assert make.check(tagger(make, pattern, *actions, **of_rule)).verdict == "loop-free"


def test_calls_that_only_read_are_told_of_if_the_rule_wants_them(make: Make) -> None:
    state = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"

    assert make.check(tagger(make, calls("ec2"), "ec2:Describe*", State=state)).verdict == "loop"


def test_without_a_trail_it_is_not_certain_that_calls_are_recorded(make: Make) -> None:
    resources = tagger(make, calls("ec2", "CreateTags"), "ec2:CreateTags")
    del resources["Trail"]

    report = make.check(resources)

    assert (report.verdict, report.approximations) == (
        "unproven",
        ("no trail that records API calls is in these templates",),
    )


@pytest.mark.parametrize(
    ("parameters", "verdict"),
    [
        ({"bucketName": [{"Ref": "Photos"}]}, "loop"),
        ({"bucketName": [{"Ref": "Photos"}], "key": [{"prefix": "out/a"}]}, "loop"),
        ({"bucketName": [{"Ref": "Photos"}], "key": [{"prefix": "in/"}]}, "loop-free"),
        ({"bucketName": [{"Ref": "Other"}]}, "loop-free"),
    ],
)
def test_a_rule_may_ask_for_calls_on_certain_objects(make: Make, parameters: Any, verdict: str) -> None:
    pattern = calls("s3", "PutObject", requestParameters=parameters)
    resources = tagger(make, pattern, "s3:PutObject", resource=make.objects("Photos", "out/*"))

    report = make.check(
        {**resources, "Photos": make.bucket(BucketName="photos"), "Other": make.bucket(BucketName="other")}
    )

    assert report.verdict == verdict


def test_a_denied_call_is_not_made(make: Make) -> None:
    resources = tagger(make, calls("ec2"), "ec2:*")
    denied = {"Effect": "Deny", "Action": "ec2:*", "Resource": "*"}
    resources["Role"] = make.role(make.allow("ec2:*", "*"), denied)

    assert make.check(resources).verdict == "loop-free"
    resources["Role"] = make.role(make.allow("ec2:*", "*"), {**denied, "Action": "ec2:Create*"})
    assert make.check(resources).verdict == "loop"


def test_a_rule_that_asks_for_the_calls_of_all_services_is_named(make: Make) -> None:
    report = make.check(tagger(make, {"detail-type": ["AWS API Call via CloudTrail"]}, "ec2:*"))

    assert "the calls of all services, which `Rule` asks for" in report.not_modelled
