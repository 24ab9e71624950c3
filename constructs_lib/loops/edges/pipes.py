"""EventBridge Pipes: from a queue or stream, through a filter and perhaps an enrichment, to a target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_lib.loops.absence import may_be_absent
from constructs_lib.loops.edges.base import ANY_MESSAGE, EdgeKind, Listener, Message
from constructs_lib.loops.edges.events import BUS
from constructs_lib.loops.edges.lambdas import FUNCTION
from constructs_lib.loops.edges.queues import QUEUE
from constructs_lib.loops.edges.streams import FIREHOSE, STREAM
from constructs_lib.loops.edges.tables import TABLES
from constructs_lib.loops.edges.tasks import BATCH_JOB, TASK, run_by
from constructs_lib.loops.edges.topics import TOPIC
from constructs_lib.loops.patterns import criteria

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.templates.system import Node, System

__all__ = ["Pipes"]

_SOURCES = (QUEUE, STREAM, *TABLES)
_TARGETS = (
    *(FUNCTION, QUEUE, TOPIC, BUS, STREAM, FIREHOSE, TASK, BATCH_JOB),
    *("AWS::StepFunctions::StateMachine", "AWS::Logs::LogGroup"),
)


class Pipes(EdgeKind):
    """Pipes and what they connect."""

    def listeners(self, system: System) -> Iterator[Listener]:
        """The enrichment and the target of all pipes."""
        for node in system.nodes("AWS::Pipes::Pipe"):
            if system.text(node.get("DesiredState"), node.template) == "STOPPED":
                continue
            label = f"pipe {system.label(node)}"
            for source in system.texts(node.get("Source"), node.template):
                known = system.by_arn(source)
                sources = [(found, found.type) for found in known]
                sources_unknown = [(None, type_) for type_ in _SOURCES] if system.may_be_others(source, known) else []
                for target in _targets(system, node):
                    for found, type_ in [*sources, *sources_unknown]:
                        yield Listener(
                            found, type_, target, label, _TARGETS, _filters, ANY_MESSAGE, unwatched=True, by=node
                        )


def _filters(system: System, listener: Listener) -> tuple[Message, ...]:
    """What a pipe lets through, whatever conditions choose."""
    node: Any = listener.by
    given = node.get("SourceParameters")
    found = [Message()] if given is None or may_be_absent(system, given, node.template) else []
    for parameters in system.mapping(given, node.template):
        found += criteria(system, parameters.get("FilterCriteria"), node.template)
    return tuple(found)


def _targets(system: System, node: Node) -> Iterator[str]:
    """The enrichment of a pipe, and what it runs in the end, for each choice of conditions."""
    if node.get("Enrichment") is not None:
        yield from system.texts(node.get("Enrichment"), node.template)
    given = [*system.mapping(node.get("TargetParameters"), node.template)] or [{}]
    yield from dict.fromkeys(
        arn for parameters in given for arn in run_by(system, node.get("Target"), parameters, node.template)
    )
