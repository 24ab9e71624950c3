"""Builds, tasks and jobs: who starts them, and what their roles let them do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.loops_proof.link import DELIVERIES, Link

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.loops_proof.builder import Builder, Station

__all__ = ["jobs"]

_GRANTS = {"build": ["codebuild:StartBuild", "codebuild:Start*"], "job": ["batch:SubmitJob", "batch:*"]}
_CLUSTER = "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:cluster/all"
_JOBS = "arn:${AWS::Partition}:batch:${AWS::Region}:${AWS::AccountId}:job-queue/all"


def jobs() -> Iterator[Link]:
    """All ways to and from what runs code that is no function."""
    for kind in ("build", "job"):
        yield Link("function", kind, "start", ("Jobs",), _start, ("no grant",))
    for kind in ("build", "job", "task"):
        yield Link("bus", kind, "rule", ("Rules",), _rule, ("events of aws",))
        for target in ("queue", "topic", "function", "table"):
            yield Link(kind, target, "role", ("Jobs",), _act, ("no grant",))


def _start(b: Builder, source: Station, target: Station, miss: str) -> None:
    if miss != "no grant":
        definition = b.spelled_arn(target)
        resource = [{"Fn::Sub": _JOBS}, definition] if target.kind == "job" else definition
        b.allow(source, [b.choose.choice(_GRANTS[target.kind])], resource)


def _rule(b: Builder, source: Station, target: Station, miss: str) -> None:
    entry: dict[str, Any] = {"Id": "it", "Arn": b.spelled_arn(target), "RoleArn": b.role("events", [])}
    if target.kind == "task":
        entry |= {"Arn": {"Fn::Sub": _CLUSTER}, "EcsParameters": {"TaskDefinitionArn": b.spelled_arn(target)}}
    if target.kind == "job":
        parameters = {"JobDefinition": b.spelled_arn(target), "JobName": "it"}
        entry |= {"Arn": {"Fn::Sub": _JOBS}, "BatchParameters": parameters}
    properties = {
        "EventBusName": {"Ref": source.id},
        "EventPattern": {"source": ["aws.ec2" if miss else source.source]},
        "Targets": [entry],
    }
    b.add(b.fresh("Rule"), "AWS::Events::Rule", properties)


def _act(b: Builder, source: Station, target: Station, miss: str) -> None:
    properties = b.properties(source)
    role = (
        properties.get("ServiceRole")
        or properties.get("TaskRoleArn")
        or properties.get("ContainerProperties", {}).get("JobRoleArn")
    )
    if miss != "no grant":
        target.attributes = True
        b.permit(role, DELIVERIES[target.kind], b.spelled_arn(target))
