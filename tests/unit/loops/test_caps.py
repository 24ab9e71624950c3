"""What is bounded never makes a proof: it is said, or fails."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.errors import ConstructsLibError
from constructs_lib.loops import check, finder
from constructs_lib.templates import Template

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make


def arn(name: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [name, "Arn"]}


def queues(count: int) -> dict[str, Any]:
    """Queues of which each is the dead-letter queue of the one before."""
    last = {f"Queue{count}": {"Type": "AWS::SQS::Queue"}}
    redrive = [{"deadLetterTargetArn": arn(f"Queue{number + 1}"), "maxReceiveCount": 3} for number in range(count)]
    made = {f"Queue{n}": {"Type": "AWS::SQS::Queue", "Properties": {"RedrivePolicy": redrive[n]}} for n in range(count)}
    return made | last


@pytest.mark.parametrize(("count", "verdict"), [(15, "loop"), (16, "unproven"), (20, "unproven"), (60, "unproven")])
def test_a_long_way_over_queues_is_not_taken_for_an_end(make: Make, count: int, verdict: str) -> None:
    mapping = {"EventSourceArn": arn(f"Queue{count}"), "FunctionName": {"Ref": "Function"}}

    report = make.check(
        {
            "Function": make.function(),
            "Role": make.role(make.allow("sqs:SendMessage", arn("Queue0"))),
            "Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping},
            **queues(count),
        }
    )

    reasons = [] if verdict == "loop" else ["it goes on over more than 16 resources"]
    assert report.verdict == verdict
    assert [list(one.reasons) for one in report.findings] == [reasons]
    assert list(report.approximations) == reasons


def test_a_long_way_that_ends_elsewhere_is_no_loop(make: Make) -> None:
    mapping = {"EventSourceArn": arn("Queue20"), "FunctionName": {"Ref": "Reader"}}

    report = make.check(
        {
            "Function": make.function(),
            "Role": make.role(make.allow("sqs:SendMessage", arn("Queue0"))),
            "Reader": make.function("Nothing"),
            "Nothing": make.role(),
            "Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping},
            **queues(20),
        }
    )

    assert report.verdict == "loop-free"


def ways(number: int) -> dict[str, Any]:
    """A pattern of as many alternatives as are told apart, on fields that no other has."""
    return {"$or": [{f"field{number}-{n}": [{"prefix": "in"}]} for n in range(48)]}


def test_filters_with_many_alternatives_one_behind_the_other_do_not_multiply(make: Make) -> None:
    subscription = {"TopicArn": {"Ref": "Topic"}, "Protocol": "sqs", "Endpoint": arn("Queue0")}
    body = {"RawMessageDelivery": True, "FilterPolicyScope": "MessageBody", "FilterPolicy": {"detail": ways(1)}}
    criteria = {"Filters": [{"Pattern": json.dumps({"body": {"detail": ways(2)}})}]}
    pipe = {"Source": arn("Queue1"), "Target": arn("Bus"), "SourceParameters": {"FilterCriteria": criteria}}
    first = {"EventPattern": {"detail": ways(0)}, "Targets": [{"Id": "topic", "Arn": {"Ref": "Topic"}}]}
    last = {"EventBusName": "bus", "EventPattern": ways(3), "Targets": [{"Id": "it", "Arn": arn("Function")}]}

    report = make.check(
        {
            "Function": make.function(),
            "Role": make.role(make.allow("events:PutEvents", "arn:aws:events:*:*:event-bus/default")),
            "First": {"Type": "AWS::Events::Rule", "Properties": first},
            "Topic": {"Type": "AWS::SNS::Topic"},
            "Subscription": {"Type": "AWS::SNS::Subscription", "Properties": {**subscription, **body}},
            **queues(1),
            "Pipe": {"Type": "AWS::Pipes::Pipe", "Properties": pipe},
            "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "bus"}},
            "Last": {"Type": "AWS::Events::Rule", "Properties": last},
        }
    )

    assert report.verdict == "loop"
    assert "there are more ways on than were followed" in report.approximations


def test_the_certain_one_of_several_alternatives_counts(make: Make) -> None:
    rule = {
        "EventPattern": {"source": [{"prefix": {"Fn::Sub": "aws.${Part}"}}, {"anything-but": ["a"]}]},
        "Targets": [{"Id": "it", "Arn": arn("Function")}],
    }
    resources = {
        "Function": make.function(),
        "Role": make.role(make.allow("events:PutEvents", "*")),
        "Rule": {"Type": "AWS::Events::Rule", "Properties": rule},
    }

    assert make.check(resources, Parameters={"Part": {"Type": "String"}}).verdict == "loop"


def test_more_loops_than_are_shown_are_mentioned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finder, "MAX_ROUNDS", 4)

    def system(pairs: int) -> Template:
        """Two functions that wake each other by many queues."""
        made: dict[str, Any] = {}
        for name, out in (("One", "Two"), ("Two", "One")):
            resources = [arn(f"Queue{out}{number}") for number in range(pairs)]
            statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": resources}
            policy = {"PolicyName": "inline", "PolicyDocument": {"Statement": [statement]}}
            made[f"Role{name}"] = {"Type": "AWS::IAM::Role", "Properties": {"Policies": [policy]}}
            made[name] = {"Type": "AWS::Lambda::Function", "Properties": {"Role": arn(f"Role{name}")}}
            for number in range(pairs):
                made[f"Queue{name}{number}"] = {"Type": "AWS::SQS::Queue"}
                made[f"Mapping{name}{number}"] = {
                    "Type": "AWS::Lambda::EventSourceMapping",
                    "Properties": {"EventSourceArn": arn(f"Queue{name}{number}"), "FunctionName": {"Ref": name}},
                }
        return Template.of({"Resources": made})

    few, many = check([system(8)]), check([system(9)])

    assert (len(few.findings), few.approximations) == (8, ())
    assert (len(many.findings), many.approximations) == (8, ("there are more loops than are shown",))


def test_what_is_nested_too_deeply_cannot_be_read(make: Make) -> None:
    value: Any = "x"
    for _ in range(5_000):
        value = {"a": [value]}
    deep = make.template({"Rule": {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": value}}}, name="Deep")
    flat = make.template({"Function": make.function()}, name="Flat")

    with pytest.raises(ConstructsLibError, match="Deep: it is nested too deeply"):
        check([flat, deep])
