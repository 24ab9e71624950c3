"""What tests of edge kinds build systems from, and how they name what is found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from constructs_lib.loops import Report
    from tests.unit.loops.conftest import Make

Resources = dict[str, dict[str, Any]]


def arn(name: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [name, "Arn"]}


def body(type_: str, **properties: Any) -> dict[str, Any]:
    return {"Type": type_, "Properties": properties}


def mapping(source: Any, *patterns: Any, **properties: Any) -> dict[str, Any]:
    if patterns:
        properties["FilterCriteria"] = {"Filters": [{"Pattern": json.dumps(pattern)} for pattern in patterns]}
    return body("AWS::Lambda::EventSourceMapping", EventSourceArn=source, FunctionName={"Ref": "Worker"}, **properties)


def worker(make: Make, action: Any, resource: Any, **function: Any) -> Resources:
    return {"Worker": make.function(**function), "Role": make.role(make.allow(action, resource))}


def rule(pattern: dict[str, Any], target: Any = None, **properties: Any) -> dict[str, Any]:
    targets = [{"Id": "0", "Arn": target or arn("Worker")}]
    return body("AWS::Events::Rule", EventPattern=pattern, Targets=targets, **properties)


def queue_loop(make: Make) -> Resources:
    return {
        **worker(make, "sqs:SendMessage", arn("Queue")),
        "Queue": body("AWS::SQS::Queue"),
        "Mapping": mapping(arn("Queue")),
    }


def topic_loop(make: Make, **subscription: Any) -> Resources:
    return {
        **worker(make, "sns:Publish", {"Ref": "Topic"}),
        "Topic": body("AWS::SNS::Topic"),
        "Subscription": body(
            "AWS::SNS::Subscription",
            TopicArn={"Ref": "Topic"},
            Protocol="lambda",
            Endpoint=arn("Worker"),
            **subscription,
        ),
    }


def loops(report: Report) -> list[tuple[str, str]]:
    """The resources on each certain loop, and what stops it."""
    return [
        (" > ".join([finding.path[0].source, *(step.target for step in finding.path)]), finding.severity)
        for finding in report.findings
        if finding.verdict == "loop"
    ]
