"""Jobs: builds of CodeBuild, jobs of Batch and Glue, tasks of ECS act with their roles, and tell how they went.

Who may start a build or a job needs no more than that; who may run a task of ECS has to pass its role as well, see
`schedules`. What services of ECS run does not wait to be woken, and is left out. Event types: "CodeBuild events",
"AWS Batch events", "AWS Glue events" and "Amazon ECS events" in the EventBridge events reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.edges.base import Actor, Channel, Deposit, EdgeKind, Message, Put
from constructs_lib.loops.edges.events import BUS, default_bus
from constructs_lib.loops.edges.tasks import BATCH_JOB, BUILD, GLUE_JOB, TASK
from constructs_lib.loops.keys import literal
from constructs_lib.loops.languages import Language

if TYPE_CHECKING:
    from constructs_lib.templates.system import Node, System

__all__ = ["Jobs"]

_STARTED = {
    BUILD: ("codebuild:project/", ("codebuild:StartBuild", "codebuild:StartBuildBatch", "codebuild:RetryBuild")),
    BATCH_JOB: ("batch:job-definition/", ("batch:SubmitJob",)),
    GLUE_JOB: ("glue:job/", ("glue:StartJobRun",)),
}
_EVENTS = {
    BUILD: ("aws.codebuild", ("CodeBuild Build State Change", "CodeBuild Build Phase Change"), "project-name"),
    BATCH_JOB: ("aws.batch", ("Batch Job State Change",), "jobDefinition"),
    GLUE_JOB: ("aws.glue", ("Glue Job State Change", "Glue Job Run Status"), "jobName"),
    TASK: ("aws.ecs", ("ECS Task State Change",), "taskDefinitionArn"),
}
_IDENTIFIED_BY_ARN = {BATCH_JOB, TASK}


class Jobs(EdgeKind):
    """What runs code that is no function."""

    def actors(self, system: System) -> Iterator[Actor]:
        """All of them that have a role; what they do without one needs no proof."""
        for node in system.nodes(*_EVENTS):
            for role in _roles(system, node):
                yield Actor(node, role)

    def channels(self, system: System) -> Iterator[Channel]:
        """What a grant is enough to start, by name and by revision."""
        for type_, (address, actions) in _STARTED.items():
            for node in system.nodes(type_):
                names = tuple(f"{address}{name}" for name in system.names(node))
                yield Channel(node, names, tuple(Deposit(action) for action in actions))
                if type_ == BATCH_JOB:
                    revisions = tuple(Deposit(action, rest="revision") for action in actions)
                    yield Channel(node, tuple(f"{name}:" for name in names), revisions)

    def puts(self, system: System) -> Iterator[Put]:
        """The events that tell how each of them went."""
        for node in system.nodes(*_EVENTS):
            source, kinds, field = _EVENTS[node.type]
            known = system.arns(node) if node.type in _IDENTIFIED_BY_ARN else system.names(node)
            event = {
                "source": Language(((source,),)),
                "detail-type": Language((kinds,)),
                f"detail.{field}": Language((tuple(map(literal, known)),)),
            }
            yield Put(node, next(iter(system.arns(default_bus(system)))), "state changes", Message(event), (BUS,))


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
