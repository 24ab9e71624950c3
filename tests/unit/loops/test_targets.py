"""Targets named by ARNs that may turn out to be those of resources by other names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.loops.edges.parts import body, rule, topic_loop

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make

SAME = "names that are made at deployment may turn out to be the same"
GIVEN = "the parameter `Given` may be anything"
PARAMETERS = {"Given": {"Type": "String"}}


def sub(name: str) -> dict[str, str]:
    return {"Fn::Sub": f"arn:aws:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:{name}"}


@pytest.mark.parametrize(
    ("target", "name", "reason"),
    [
        ("${AWS::StackName}-work", "prod-work", SAME),
        ("${AWS::StackName}-work:live", "prod-work", SAME),
        ("prod-work", {"Fn::Sub": "${AWS::StackName}-work"}, SAME),
        ("prod-work", {"Fn::Sub": "${Given}-work"}, GIVEN),
        ("prod-work", {"Ref": "Given"}, GIVEN),
        ("prod-work:7", {"Ref": "Given"}, GIVEN),
        ("Stack-Worker-ABCDEFGHIJKL", None, SAME),
    ],
)
def test_a_name_that_may_turn_out_to_be_the_same_is_no_excuse(make: Make, target: str, name: Any, reason: str) -> None:
    resources = topic_loop(make)
    resources["Subscription"]["Properties"]["Endpoint"] = sub(target)
    if name is not None:
        resources["Worker"]["Properties"]["FunctionName"] = name

    report = make.check(resources, Parameters=PARAMETERS)

    assert [finding.reasons for finding in report.findings] == [(reason,)]
    assert report.not_modelled == ()


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("test-work", "prod-work"),
        ("${AWS::StackName}-work", "prod-worker"),
        ("test-work", {"Fn::Sub": "${AWS::StackName}-worker"}),
        ("prod-work", {"Fn::Sub": "${Given}-worker"}),
        ("prod-work", None),
    ],
)
def test_another_name_is_one(make: Make, target: str, name: Any) -> None:
    resources = topic_loop(make)
    resources["Subscription"]["Properties"]["Endpoint"] = sub(target)
    if name is not None:
        resources["Worker"]["Properties"]["FunctionName"] = name

    report = make.check(resources, Parameters=PARAMETERS)

    assert report.verdict == "loop-free"
    assert [what.endswith("` does") for what in report.not_modelled] == [True]


@pytest.mark.parametrize("name", ["prod-dead", {"Fn::Sub": "${AWS::StackName}-dead"}])
def test_what_a_function_fails_on_may_go_to_a_queue_by_another_name(make: Make, name: Any) -> None:
    text = "prod-dead" if isinstance(name, dict) else "${AWS::StackName}-dead"
    dead = {"Fn::Sub": f"arn:aws:sqs:${{AWS::Region}}:${{AWS::AccountId}}:{text}"}
    resources = {
        "Worker": make.function(DeadLetterConfig={"TargetArn": dead}),
        "Role": make.role(),
        "Dead": body("AWS::SQS::Queue", QueueName=name),
        "Mapping": body(
            "AWS::Lambda::EventSourceMapping",
            EventSourceArn={"Fn::GetAtt": ["Dead", "Arn"]},
            FunctionName={"Ref": "Worker"},
        ),
    }

    (finding,) = make.check(resources).findings

    assert (finding.verdict, finding.severity, finding.reasons) == ("unproven", "failure-only", (SAME,))


def test_the_same_text_is_the_same_name_whatever_a_parameter_is(make: Make) -> None:
    resources = topic_loop(make)
    resources["Worker"]["Properties"]["FunctionName"] = {"Fn::Sub": "work-${Given}"}

    assert make.check(resources, Parameters=PARAMETERS).verdict == "loop"
    resources["Subscription"]["Properties"]["Endpoint"] = sub("work-${Given}:live")
    assert make.check(resources, Parameters=PARAMETERS).verdict == "loop"


def test_the_default_bus_is_no_bus_by_another_name(make: Make) -> None:
    bus = {"Fn::Sub": "arn:aws:events:${AWS::Region}:${AWS::AccountId}:event-bus/default"}
    results = {"OnSuccess": {"Destination": bus}}
    resources = {
        "Worker": make.function(),
        "Role": make.role(),
        "Sent": body("AWS::Lambda::EventInvokeConfig", FunctionName={"Ref": "Worker"}, DestinationConfig=results),
        "Orders": body("AWS::Events::EventBus", Name={"Ref": "Given"}),
        "Rule": rule({"source": ["lambda"]}, EventBusName={"Ref": "Orders"}),
    }

    assert make.check(resources, Parameters=PARAMETERS).verdict == "loop-free"
    resources["Rule"] = rule({"source": ["lambda"]})
    assert make.check(resources, Parameters=PARAMETERS).verdict == "loop"


def test_a_target_of_another_service_is_another_one(make: Make) -> None:
    told = rule(
        {"source": ["shop"]}, {"Fn::Sub": "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:${AWS::StackName}-work"}
    )
    resources = {
        "Worker": make.function(FunctionName="prod-work"),
        "Role": make.role(make.allow("events:PutEvents", "*")),
        "Rule": told,
    }

    assert make.check(resources).verdict == "loop-free"
