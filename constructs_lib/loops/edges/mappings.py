"""Event source mappings: Lambda polls a queue or a stream and invokes a function with what it finds."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.edges.base import ANY_MESSAGE, EVERYTHING, EdgeKind, Listener, Message, Put, named_by
from constructs_lib.loops.edges.kafka import CLUSTERS
from constructs_lib.loops.edges.lambdas import FUNCTION, function_arn, functions_named, told_to
from constructs_lib.loops.edges.queues import QUEUE
from constructs_lib.loops.edges.streams import STREAM
from constructs_lib.loops.edges.tables import TABLES
from constructs_lib.loops.keys import STAR, literal
from constructs_lib.loops.languages import Language
from constructs_lib.loops.patterns import criteria

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from constructs_lib.templates.system import Node, System

__all__ = ["EventSourceMappings"]

_MAPPING = "AWS::Lambda::EventSourceMapping"
_SOURCES = {"sqs": (QUEUE,), "kinesis": (STREAM,), "dynamodb": TABLES, "kafka": CLUSTERS}
_WITHOUT_ROLES = ("mq", "rds")
_FAILURE_TARGETS = (QUEUE, "AWS::SNS::Topic", "AWS::S3::Bucket")


class EventSourceMappings(EdgeKind):
    """Queues, tables and streams that functions are fed from."""

    def listeners(self, system: System) -> Iterator[Listener]:
        """The functions of all mappings."""
        for node in system.nodes(_MAPPING):
            if system.text(node.get("Enabled"), node.template) == "false":
                continue
            is_open = node.get("FilterCriteria") is None and node.get("Topics") is None
            filters = EVERYTHING if is_open else _filters
            for source, type_ in _sources(system, node):
                for target in system.texts(node.get("FunctionName"), node.template):
                    arn = function_arn(target)
                    yield Listener(source, type_, arn, "event source mapping", (FUNCTION,), filters, by=node)

    def puts(self, system: System) -> Iterator[Put]:
        """Where records go that a function could not process."""
        for node in system.nodes(_MAPPING):
            for config in system.mapping(node.get("DestinationConfig"), node.template):
                for failure in system.mapping(config.get("OnFailure"), node.template):
                    yield from _failed(system, node, failure)

    def left_out(self, system: System) -> Iterator[str]:
        """The sources that ask whoever writes to them for a password, if for anything, and not for a role."""
        for node in system.nodes(_MAPPING):
            if node.get("SelfManagedEventSource") is not None:
                yield f"who writes to the cluster of `{system.label(node)}`"
            source = node.get("EventSourceArn")
            of = named_by(system, node, source)
            if source is None or (of is not None and of.type not in CLUSTERS):
                continue
            for arn in system.texts(source, node.template):
                service = [*arn.split(":", 3), "", "", ""][2]
                known = next((found for found in system.by_arn(arn) if found.type == CLUSTERS[0]), None)
                asks = known is not None and "'Iam': {'Enabled': True}" in str(known.get("ClientAuthentication"))
                if service in _WITHOUT_ROLES or (known is not None and not asks):
                    yield f"who writes to the source of `{system.label(node)}`"


def _filters(system: System, listener: Listener) -> tuple[Message, ...]:
    """What a mapping lets through: what its criteria do, of the topics that it names."""
    node: Any = listener.by
    found = criteria(system, node.get("FilterCriteria"), node.template)
    names = [
        text
        for item in system.items(node.get("Topics") or [], node.template)
        for text in system.texts(item, node.template)
    ]
    topics = Message({"topic": Language((tuple(f"{STAR}/{literal(name)}" for name in names),))} if names else {})
    return tuple(message & topics for message in found) if names else found


def _sources(system: System, node: Node) -> Iterator[tuple[Node | None, str]]:
    """What is polled, with its type; None for what is not known."""
    if node.get("EventSourceArn") is None:
        return
    for arn in system.texts(node.get("EventSourceArn"), node.template):
        known = system.by_arn(arn)
        for found in known:
            yield found, found.type
        if system.may_be_others(arn, known):
            service = [*arn.split(":", 3), "", "", ""][2]
            yield from ((None, type_) for type_ in (_SOURCES.get(service) or chain(*_SOURCES.values())))


def _failed(system: System, node: Node, entry: Mapping[str, Any]) -> Iterator[Put]:
    for name in system.texts(node.get("FunctionName"), node.template):
        for function, doubt in functions_named(system, name):
            for arn in told_to(system, entry.get("Destination"), node.template):
                expects = _FAILURE_TARGETS
                yield Put(function, arn, "on failure", ANY_MESSAGE, expects, doubt, failure=True, by=node, entry=entry)
