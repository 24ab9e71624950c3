"""Builds, tasks and jobs: who starts them, and what their roles let them do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.loops_proof.link import DELIVERIES, Link

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.loops_proof.builder import Builder, Station

__all__ = ["jobs"]

_GRANTS = {
    "build": ["codebuild:StartBuild", "codebuild:Start*"],
    "job": ["batch:SubmitJob", "batch:*"],
    "glue": ["glue:StartJobRun", "glue:Start*"],
}
_CLUSTER = "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:cluster/all"
_JOBS = "arn:${AWS::Partition}:batch:${AWS::Region}:${AWS::AccountId}:job-queue/all"


def jobs() -> Iterator[Link]:
    """All ways to and from what runs code that is no function."""
    for kind in ("build", "job", "glue"):
        yield Link("function", kind, "start", ("Jobs",), _start, ("no grant",))
    yield Link("function", "glue", "trigger", ("Workflows",), _trigger, ("no grant", "waits for another"))
    yield Link("function", "glue", "workflow", ("Workflows",), _workflow, ("no grant", "of another workflow"))
    yield Link("bus", "glue", "workflow", ("Workflows",), _workflow, ("events of aws", "of another workflow"))
    yield Link("glue", "glue", "completion", ("Workflows",), _completion, ("waits for another",))
    for kind in ("build", "job", "task", "glue"):
        if kind != "glue":
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


def _trigger(b: Builder, source: Station, target: Station, miss: str) -> None:
    trigger = _starting(b, target, Type="CONDITIONAL" if miss == "waits for another" else "ON_DEMAND")
    if miss != "no grant":
        b.allow(source, ["glue:StartTrigger"], _arn(f"trigger/${{{trigger}}}"))


def _workflow(b: Builder, source: Station, target: Station, miss: str) -> None:
    workflow = b.add(b.fresh("Workflow"), "AWS::Glue::Workflow", {})
    of = b.add(b.fresh("Workflow"), "AWS::Glue::Workflow", {}) if miss == "of another workflow" else workflow
    _starting(b, target, Type="ON_DEMAND" if source.kind == "function" else "EVENT", WorkflowName={"Ref": of})
    if source.kind == "bus":
        pattern = {"source": ["aws.ec2" if miss == "events of aws" else source.source]}
        entry = {"Id": "it", "Arn": _arn(f"workflow/${{{workflow}}}"), "RoleArn": b.role("events", [])}
        properties = {"EventBusName": {"Ref": source.id}, "EventPattern": pattern, "Targets": [entry]}
        b.add(b.fresh("Rule"), "AWS::Events::Rule", properties)
    elif miss != "no grant":
        b.allow(source, ["glue:StartWorkflowRun"], _arn(f"workflow/${{{workflow}}}"))


def _completion(b: Builder, source: Station, target: Station, miss: str) -> None:
    awaited = b.station("glue") if miss == "waits for another" else source
    condition = {"JobName": {"Ref": awaited.id}, "LogicalOperator": "EQUALS", "State": "SUCCEEDED"}
    _starting(b, target, Type="CONDITIONAL", Predicate={"Conditions": [condition]})
    _starting(b, source, Type="SCHEDULED", Schedule="cron(0 5 * * ? *)")


def _starting(b: Builder, target: Station, **properties: Any) -> str:
    """A trigger that starts a job."""
    properties["Actions"] = [{"JobName": {"Ref": target.id}}]
    return b.add(b.fresh("Trigger"), "AWS::Glue::Trigger", properties)


def _arn(resource: str) -> dict[str, Any]:
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:glue:${{AWS::Region}}:${{AWS::AccountId}}:{resource}"}


def _act(b: Builder, source: Station, target: Station, miss: str) -> None:
    properties = b.properties(source)
    role = (
        properties.get("ServiceRole")
        or properties.get("TaskRoleArn")
        or properties.get("Role")
        or properties.get("ContainerProperties", {}).get("JobRoleArn")
    )
    if miss != "no grant":
        target.attributes = True
        b.permit(role, DELIVERIES[target.kind], b.spelled_arn(target))
