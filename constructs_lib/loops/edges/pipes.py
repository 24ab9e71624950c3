"""EventBridge Pipes: from a queue or stream, through a filter and perhaps an enrichment, to a target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.loops.edges.base import EdgeKind, Listener, Message
from constructs_lib.loops.edges.events import BUS
from constructs_lib.loops.edges.lambdas import FUNCTION
from constructs_lib.loops.edges.queues import QUEUE
from constructs_lib.loops.edges.streams import FIREHOSE, STREAM
from constructs_lib.loops.edges.tables import TABLES
from constructs_lib.loops.edges.topics import TOPIC
from constructs_lib.loops.patterns import criteria

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.templates.system import System

__all__ = ["Pipes"]

_SOURCES = (QUEUE, STREAM, *TABLES)
_TARGETS = (FUNCTION, QUEUE, TOPIC, BUS, STREAM, FIREHOSE, "AWS::StepFunctions::StateMachine", "AWS::Logs::LogGroup")


class Pipes(EdgeKind):
    """Pipes and what they connect."""

    def listeners(self, system: System) -> Iterator[Listener]:
        """The enrichment and the target of all pipes."""
        for node in system.nodes("AWS::Pipes::Pipe"):
            if system.text(node.get("DesiredState"), node.template) == "STOPPED":
                continue
            filters: tuple[Message, ...] = (Message(),)
            for parameters in system.mapping(node.get("SourceParameters"), node.template):
                filters = criteria(system, parameters.get("FilterCriteria"), node.template)
            label = f"pipe {system.label(node)}"
            for source in system.texts(node.get("Source"), node.template):
                known = system.by_arn(source)
                sources = [(found, found.type) for found in known]
                if not known and system.symbols.free_in(source):
                    sources_unknown = [(None, type_) for type_ in _SOURCES]
                else:
                    sources_unknown = []
                for key in ("Target", "Enrichment"):
                    for target in system.texts(node.get(key), node.template) if node.get(key) is not None else ():
                        for found, type_ in [*sources, *sources_unknown]:
                            yield Listener(
                                found, type_, target, label, _TARGETS, filters, _anew, unwatched=True, by=node
                            )


def _anew(message: Message) -> Message:
    """An enrichment or an input template may make anything of it."""
    del message
    return Message()
