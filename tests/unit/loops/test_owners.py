"""Two resources that are there have two names, whatever these turn out to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.loops import check
from tests.unit.loops.edges.parts import arn, body, queue_loop, rule

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make
    from tests.unit.loops.edges.parts import Resources

ONE, OTHER = {"Ref": "One"}, {"Ref": "Other"}
GIVEN = {name: {"Type": "String"} for name in ("One", "Other")}
PROD = {"IsProd": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}}


def copying(make: Make, source: Any, target: Any, written: Any) -> Resources:
    """A function that is woken by one bucket and writes to another one."""
    names = [{} if name is None else {"BucketName": name} for name in (source, target)]
    return {
        "Worker": make.function(),
        "Role": make.role(make.allow("s3:PutObject", written)),
        "In": make.bucket(make.notify("Worker"), **names[0]),
        "Out": make.bucket(**names[1]),
    }


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (ONE, OTHER),
        (ONE, None),
        (None, OTHER),
        ("in", OTHER),
        (ONE, "out"),
        ({"Fn::Sub": "${AWS::StackName}-in"}, OTHER),
    ],
)
@pytest.mark.parametrize("spelled", ["attribute", "name"])
def test_what_is_written_to_another_bucket_wakes_nobody(make: Make, source: Any, target: Any, spelled: str) -> None:
    name = {"Ref": "Out"} if target is None else target
    by_name = {"Fn::Join": ["", ["arn:aws:s3:::", name, "/*"]]}
    resources = copying(make, source, target, make.objects("Out") if spelled == "attribute" else by_name)

    assert make.check(resources, Parameters=GIVEN).verdict == "loop-free"


def test_a_bucket_that_is_not_declared_may_be_the_same(make: Make) -> None:
    resources = copying(make, ONE, OTHER, {"Fn::Sub": "arn:aws:s3:::${Other}/*"})
    del resources["Out"]

    assert make.check(resources, Parameters=GIVEN).verdict == "unproven"


def test_a_bucket_that_a_condition_may_leave_out_may_be_the_same(make: Make) -> None:
    resources = copying(make, ONE, OTHER, {"Fn::Sub": "arn:aws:s3:::${Other}/*"})
    resources["Out"]["Condition"] = "IsProd"

    assert make.check(resources, Parameters=GIVEN, Conditions=PROD).verdict == "unproven"
    del resources["Out"]["Condition"]
    resources["In"]["Condition"] = "IsProd"
    assert make.check(resources, Parameters=GIVEN, Conditions=PROD).verdict == "loop-free"


def test_a_name_that_a_condition_chooses_may_be_the_same(make: Make) -> None:
    resources = copying(make, ONE, {"Fn::If": ["IsProd", OTHER, "out"]}, {"Fn::Sub": "arn:aws:s3:::${Other}/*"})

    assert make.check(resources, Parameters=GIVEN, Conditions=PROD).verdict == "unproven"


def test_a_name_that_two_resources_have_in_turn_is_no_excuse(make: Make) -> None:
    resources = copying(make, ONE, OTHER, {"Fn::Sub": "arn:aws:s3:::${Other}/*"})
    resources["Instead"] = make.bucket(BucketName=OTHER)

    assert make.check(resources, Parameters=GIVEN).verdict == "unproven"


@pytest.mark.parametrize("written", [{"Fn::Sub": "arn:aws:s3:::${Other}*"}, {"Fn::Sub": "arn:aws:s3:::${Other}-x/*"}])
def test_a_pattern_that_only_begins_with_a_name_may_be_for_others(make: Make, written: Any) -> None:
    resources = copying(make, ONE, OTHER, written)

    assert make.check(resources, Parameters=GIVEN).verdict == "unproven"


def test_what_is_sent_to_another_queue_wakes_nobody(make: Make) -> None:
    resources = queue_loop(make)
    resources["Queue"]["Properties"]["QueueName"] = ONE
    resources["Next"] = body("AWS::SQS::Queue", QueueName=OTHER)
    resources["Role"] = make.role(make.allow("sqs:SendMessage", arn("Next")))

    assert make.check(resources, Parameters=GIVEN).verdict == "loop-free"


def test_a_function_by_another_name_is_another_one(make: Make) -> None:
    invoked = {"Fn::Join": ["", [arn("Other"), ":*"]]}
    resources = {
        "Worker": make.function(FunctionName=ONE),
        "Role": make.role(make.allow("lambda:InvokeFunction", [arn("Other"), invoked])),
        "Other": make.function("Plain", FunctionName=OTHER),
        "Plain": make.role(),
    }

    assert make.check(resources, Parameters=GIVEN).verdict == "loop-free"


def test_buckets_of_two_templates_have_two_names(make: Make) -> None:
    resources = copying(make, ONE, None, {"Fn::ImportValue": "objects"})
    out = {"Out": make.bucket(BucketName=OTHER)}
    del resources["Out"]
    shared = {"Objects": {"Value": make.objects("Out"), "Export": {"Name": "objects"}}}
    templates = [
        make.template(resources, name="Work", Parameters=GIVEN),
        make.template(out, name="Data", Parameters=GIVEN, Outputs=shared),
    ]

    assert check(templates).verdict == "loop-free"


@pytest.mark.parametrize(("sent", "heard"), [({"Ref": "Bus"}, None), ("default", {"Ref": "Bus"})])
def test_the_default_bus_is_another_one(make: Make, sent: Any, heard: Any) -> None:
    bus = {"Fn::Join": ["", ["arn:aws:events:eu-west-1:123456789012:event-bus/", sent]]}
    of = {} if heard is None else {"EventBusName": heard}
    resources = {
        "Worker": make.function(),
        "Role": make.role(make.allow("events:PutEvents", bus)),
        "Bus": body("AWS::Events::EventBus", Name=ONE),
        "Rule": rule({"source": ["shop"]}, **of),
    }

    assert make.check(resources, Parameters=GIVEN).verdict == "loop-free"
