"""Queues and topics, their subscriptions and filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.loops.edges.parts import arn, body, loops, mapping, queue_loop, topic_loop, worker

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make
    from tests.unit.loops.edges.parts import Resources


def dead_letter_loop(make: Make) -> Resources:
    redrive = {"deadLetterTargetArn": arn("Dead"), "maxReceiveCount": 3}
    return {
        **worker(make, "sqs:SendMessage", arn("Queue")),
        "Queue": body("AWS::SQS::Queue", RedrivePolicy=redrive),
        "Dead": body("AWS::SQS::Queue"),
        "Mapping": mapping(arn("Dead")),
    }


def topic_to_queue_loop(make: Make) -> Resources:
    subscription = {"Protocol": "sqs", "Endpoint": arn("Queue")}
    return {
        **worker(make, "sns:Publish", {"Ref": "Topic"}),
        "Topic": body("AWS::SNS::Topic", Subscription=[subscription]),
        "Queue": body("AWS::SQS::Queue"),
        "Mapping": mapping(arn("Queue")),
    }


@pytest.mark.parametrize(
    ("resources", "path", "severity"),
    [
        (queue_loop, "Worker > Queue > Worker", "stopped-by-aws"),
        (dead_letter_loop, "Worker > Queue > Dead > Worker", "failure-only"),
        (topic_loop, "Worker > Topic > Worker", "stopped-by-aws"),
        (topic_to_queue_loop, "Worker > Topic > Queue > Worker", "stopped-by-aws"),
    ],
)
def test_queues_and_topics_make_loops(make: Make, resources: Any, path: str, severity: str) -> None:
    report = make.check(resources(make))

    assert (path, severity) in loops(report)
    assert len(report.findings) == 1


@pytest.mark.parametrize(
    "resources",
    [
        pytest.param(
            lambda make: {**queue_loop(make), "Mapping": mapping(arn("Other")), "Other": body("AWS::SQS::Queue")},
            id="another queue",
        ),
        pytest.param(
            lambda make: {**queue_loop(make), "Mapping": mapping(arn("Queue"), Enabled=False)}, id="a disabled mapping"
        ),
        pytest.param(
            lambda make: {
                **topic_loop(make, FilterPolicy={"kind": ["order"]}, FilterPolicyScope="MessageBody"),
                "Role": make.role(make.allow("sns:Publish", "arn:aws:sns:::other")),
            },
            id="another topic",
        ),
    ],
)
def test_queues_and_topics_that_cannot_meet_are_no_loop(make: Make, resources: Any) -> None:
    assert str(make.check(resources(make))).startswith("loop-free")


def test_a_filter_on_attributes_does_not_let_s3_events_through(make: Make) -> None:
    def system(**subscription: Any) -> Resources:
        notifications = {"TopicConfigurations": [{"Event": "s3:ObjectCreated:*", "Topic": {"Ref": "Topic"}}]}
        return {
            **topic_loop(make, **subscription),
            "Role": make.role(make.allow("s3:PutObject", make.objects("Photos"))),
            "Photos": make.bucket(NotificationConfiguration=notifications),
        }

    assert make.check(system()).verdict == "loop"
    assert make.check(system(FilterPolicy={"kind": ["order"]})).verdict == "loop-free"
    assert make.check(system(FilterPolicy={"kind": [{"exists": False}]})).verdict == "loop"


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [
        ({"ArnEquals": {"aws:SourceArn": "arn:aws:sns:eu-west-1:123456789012:other"}}, "loop-free"),
        ({"StringLike": {"AWS:sourcearn": "arn:aws:s3:::*"}}, "loop-free"),
        ({"ArnEqualsIfExists": {"aws:SourceArn": "arn:aws:sns:eu-west-1:123456789012:other"}}, "loop"),
        ({"ArnNotEquals": {"aws:SourceArn": "arn:aws:sns:eu-west-1:123456789012:other"}}, "loop"),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, "loop"),
    ],
)
def test_a_queue_that_is_open_for_a_services_resource_is_not_open_for_roles(
    make: Make, condition: Any, verdict: str
) -> None:
    everyone = make.allow("sqs:SendMessage", arn("Queue"), Principal="*", Condition=condition)
    resources = {
        **queue_loop(make),
        "Role": make.role(),
        "Policy": body("AWS::SQS::QueuePolicy", Queues=[{"Ref": "Queue"}], PolicyDocument={"Statement": [everyone]}),
    }

    assert make.check(resources).verdict == verdict


def test_who_moves_messages_back_has_to_be_allowed_to_send_them(make: Make) -> None:
    # "Configuring queue permissions" for a redrive: it asks for `sqs:SendMessage` on where the messages go.
    resources = queue_loop(make)
    resources["Dead"] = body("AWS::SQS::Queue")
    resources["Queue"]["Properties"]["RedrivePolicy"] = {"deadLetterTargetArn": arn("Dead"), "maxReceiveCount": 1}
    moves = make.allow("sqs:StartMessageMoveTask", arn("Dead"))

    resources["Role"] = make.role(moves)
    assert make.check(resources).verdict == "loop-free"
    resources["Role"] = make.role(moves, make.allow("sqs:SendMessage", arn("Queue")))
    assert make.check(resources).verdict == "loop"


@pytest.mark.parametrize(("given", "verdict"), [({"DestinationArn": arn("Queue")}, "loop"), ({}, "unproven")])
def test_a_state_machine_moves_messages_back(make: Make, given: Any, verdict: str) -> None:
    move = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sqs:startMessageMoveTask", "End": True}
    definition = {"StartAt": "Move", "States": {"Move": {**move, "Parameters": {"SourceArn": arn("Dead"), **given}}}}
    resources = queue_loop(make)
    resources["Dead"] = body("AWS::SQS::Queue")
    resources["Role"] = make.role(make.allow("states:StartExecution", {"Ref": "Machine"}))
    resources["Machine"] = body("AWS::StepFunctions::StateMachine", Definition=definition)

    assert make.check(resources).verdict == verdict


def test_recursion_that_is_allowed_is_not_stopped(make: Make) -> None:
    resources = queue_loop(make)
    resources["Worker"]["Properties"]["RecursiveLoop"] = "Allow"

    assert make.check(resources).findings[0].severity == "endless"
