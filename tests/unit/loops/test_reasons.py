"""Why something is not certain: each cause has a reason of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.loops.edges.parts import arn, queue_loop, topic_loop

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make

DENIED = "whether a `Deny` covers it is known at deployment only"
LEFT_OUT = "whether a `NotResource` covers it is known at deployment only"
SAME = "names that are made at deployment may turn out to be the same"
ELSEWHERE = "arn:aws:sqs:eu-west-1:123456789012:jobs"
BY_STACK = {"Fn::Sub": "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:${AWS::StackName}"}
PARAMETERS = {"Given": {"Type": "String"}}


@pytest.mark.parametrize("taken", [{"Ref": "Given"}, ELSEWHERE, BY_STACK])
@pytest.mark.parametrize(
    ("allowed", "denied", "reason"),
    [
        ("Resource", "Resource", DENIED),
        ("NotResource", None, LEFT_OUT),
    ],
)
def test_what_may_be_taken_away_is_the_reason(
    make: Make, taken: Any, allowed: str, denied: str | None, reason: str
) -> None:
    resources = queue_loop(make)
    resources["Queue"]["Properties"]["QueueName"] = "jobs"
    allow = {"Effect": "Allow", "Action": "sqs:SendMessage", allowed: "*" if denied else taken}
    deny: dict[str, Any] = {"Effect": "Deny", "Action": "sqs:SendMessage", denied or "Resource": taken}
    resources["Role"] = make.role(allow, *([deny] if denied else []))

    (finding,) = make.check(resources, Parameters=PARAMETERS).findings

    assert (finding.verdict, finding.reasons) == ("unproven", (reason,))


def test_a_denial_of_all_but_what_may_be_meant_is_the_reason(make: Make) -> None:
    resources = queue_loop(make)
    resources["Queue"]["Properties"]["QueueName"] = "jobs"
    deny = {"Effect": "Deny", "Action": "sqs:SendMessage", "NotResource": BY_STACK}
    resources["Role"] = make.role(make.allow("sqs:SendMessage", "*"), deny)

    (finding,) = make.check(resources).findings

    assert finding.reasons == (DENIED,)


def test_names_that_may_be_the_same_are_the_reason_where_nothing_is_denied(make: Make) -> None:
    resources = queue_loop(make)
    resources["Queue"]["Properties"]["QueueName"] = "jobs"
    deny = {"Effect": "Deny", "Action": "sqs:DeleteMessage", "Resource": "*"}
    resources["Role"] = make.role(make.allow("sqs:SendMessage", BY_STACK), deny)

    (finding,) = make.check(resources).findings

    assert finding.reasons == (SAME,)


def test_a_known_denial_leaves_nothing(make: Make) -> None:
    resources = queue_loop(make)
    deny = {"Effect": "Deny", "Action": "sqs:SendMessage", "Resource": arn("Queue")}
    resources["Role"] = make.role(make.allow("sqs:SendMessage", "*"), deny)

    assert make.check(resources).verdict == "loop-free"


@pytest.mark.parametrize(
    "resource", [{"Ref": "AWS::NotificationARNs"}, {"Fn::Select": [0, {"Ref": "AWS::NotificationARNs"}]}]
)
def test_the_topics_that_a_stack_tells_may_be_any(make: Make, resource: Any) -> None:
    resources = topic_loop(make)
    resources["Role"] = make.role(make.allow("sns:Publish", resource))

    (finding,) = make.check(resources).findings

    assert finding.verdict == "unproven"
