"""Jobs: builds of CodeBuild, jobs of Batch and Glue, tasks of ECS act with their roles, and tell how they went.

Who may start a build or a job needs no more than that; who may run a task of ECS has to pass its role as well, see
`schedules`. What services of ECS run does not wait to be woken, and is left out. Event types: "CodeBuild events",
"AWS Batch events", "AWS Glue events" and "Amazon ECS events" in the EventBridge events reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.edges.base import Actor, Channel, Deposit, EdgeKind, Listener, Message, Put, addresses
from constructs_lib.loops.edges.events import BUS, arn_of_default_bus
from constructs_lib.loops.edges.tasks import BATCH_JOB, BUILD, GLUE_JOB, TASK
from constructs_lib.loops.keys import literal
from constructs_lib.loops.languages import Language
from constructs_lib.templates.template import Resource

if TYPE_CHECKING:
    from constructs_lib.templates.system import Node, System

__all__ = ["Jobs"]

_BUILDS = ("codebuild:StartBuild", "codebuild:StartBuildBatch", "codebuild:RetryBuild")
# What policies call them, what stands behind their names, and what is enough to start them.
_STARTED = (
    (BUILD, "codebuild:project/", "", tuple(Deposit(action) for action in _BUILDS)),
    (BATCH_JOB, "batch:job-definition/", "", (Deposit("batch:SubmitJob"),)),
    (BATCH_JOB, "batch:job-definition/", ":", (Deposit("batch:SubmitJob", rest="revision"),)),
    (GLUE_JOB, "glue:job/", "", (Deposit("glue:StartJobRun"),)),
)
_EVENTS = {  # by type: what all events have, and the field that has the name
    type_: ({"source": Language(((source,),)), "detail-type": Language((kinds,))}, f"detail.{field}")
    for type_, source, kinds, field in (
        (BUILD, "aws.codebuild", ("CodeBuild Build State Change", "CodeBuild Build Phase Change"), "project-name"),
        (BATCH_JOB, "aws.batch", ("Batch Job State Change",), "jobDefinition"),
        (GLUE_JOB, "aws.glue", ("Glue Job State Change", "Glue Job Run Status"), "jobName"),
        (TASK, "aws.ecs", ("ECS Task State Change",), "taskDefinitionArn"),
    )
}
_RUN = "tasks"
_RUNS = tuple(Deposit(action, rest="revision") for action in ("ecs:RunTask", "ecs:StartTask"))
_IDENTIFIED_BY_ARN = {BATCH_JOB, TASK}


class Jobs(EdgeKind):
    """What runs code that is no function."""

    needs = ("ecs:RunTask", "iam:PassRole")

    def actors(self, system: System) -> Iterator[Actor]:
        """All of them that have a role; what they do without one needs no proof."""
        for node in system.nodes(*_EVENTS):
            for role in _roles(system, node):
                yield Actor(node, role)

    def prepare(self, system: System) -> None:
        """Add what a task is while it runs, should a rule ask for its events."""
        for node in list(system.nodes(TASK)) if next(system.nodes("AWS::Events::Rule"), None) else ():
            body = {"Metadata": {"aws:cdk:path": f"tasks of {system.label(node)}"}}
            system.add(node.template, Resource(f"{node.id} (run)", _RUN, {"Of": node.id}, body))

    def channels(self, system: System) -> Iterator[Channel]:
        """What a grant is enough to start, by name and by revision."""
        for type_, address, ending, deposits in _STARTED:
            for node in system.nodes(type_):
                yield Channel(node, addresses(system, node, address, ending), deposits)
        for run in system.nodes(_RUN):
            task = system.node(run.template, str(run.get("Of")))
            if task is not None:
                yield Channel(run, addresses(system, task, "ecs:task-definition/", ":"), _RUNS)

    def listeners(self, system: System) -> Iterator[Listener]:
        """The default bus, for the events of tasks that are run, whatever their roles may."""
        for run in system.nodes(_RUN):
            task = system.node(run.template, str(run.get("Of")))
            if task is not None:
                bus = arn_of_default_bus(system)
                yield Listener(run, _RUN, bus, "state changes", (BUS,), carry=_event(system, task), by=task)

    def left_out(self, system: System) -> Iterator[str]:
        """What runs all the time, or in an order of its own."""
        yield from (f"what the service `{system.label(node)}` polls" for node in system.nodes("AWS::ECS::Service"))
        yield from (
            f"what the pipeline `{system.label(node)}` runs" for node in system.nodes("AWS::CodePipeline::Pipeline")
        )

    def puts(self, system: System) -> Iterator[Put]:
        """The events that tell how each of them went, and tasks that run themselves."""
        bus = arn_of_default_bus(system)
        for node in system.nodes(*_EVENTS):
            yield Put(node, bus, "state changes", _event(system, node), (BUS,))
        for node in system.nodes(TASK):
            roles = [arn for role in _roles(system, node) for arn in system.texts(role, node.template)]
            passed = tuple(("iam:PassRole", f"iam:{arn.split(':', 5)[-1]}") for arn in roles if arn.startswith("arn:"))
            for arn in system.arns(node):
                run = ("ecs:RunTask", f"ecs:{arn.split(':', 5)[-1].rpartition(':')[0]}:")
                yield Put(node, arn, "ecs:RunTask", needs=(run, *passed))


def _event(system: System, node: Node) -> Message:
    shared, field = _EVENTS[node.type]
    known = system.arns(node) if node.type in _IDENTIFIED_BY_ARN else system.names(node)
    return Message({**shared, field: Language((tuple(map(literal, known)),))})


def _roles(system: System, node: Node) -> Iterator[Any]:
    """The values that name a resource's roles."""
    for property_ in ("TaskRoleArn", "ServiceRole", "Role"):
        if node.get(property_) is not None:
            yield node.get(property_)
    if node.type == BATCH_JOB:
        work: list[Any] = [
            node.get(name) for name in ("ContainerProperties", "EcsProperties", "NodeProperties") if node.get(name)
        ]
        while work:
            for value in system.items(work.pop(), node.template):
                if isinstance(value, Mapping):
                    yield from (value[key] for key in ("JobRoleArn", "TaskRoleArn") if key in value)
                    work += [inner for inner in value.values() if isinstance(inner, (Mapping, list))]
