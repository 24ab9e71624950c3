"""Resources that are not in the templates, but that something in them listens to: they receive as all others do.

A queue that a function polls by its ARN, and that the same function may send to, is a way round, wherever the queue is
declared. What is known of such a resource is its name, or that it is the same one in both places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.addresses import rest_of
from constructs_lib.loops.directory import Directory
from constructs_lib.loops.edges.base import EdgeKind, Listener, named_by
from constructs_lib.loops.edges.events import BUS
from constructs_lib.loops.edges.queues import QUEUE
from constructs_lib.loops.edges.s3 import BUCKET
from constructs_lib.loops.edges.streams import STREAM
from constructs_lib.loops.edges.tables import TABLES
from constructs_lib.loops.edges.topics import TOPIC
from constructs_lib.loops.edges.urls import APIS
from constructs_lib.loops.patterns import pattern
from constructs_lib.loops.targets import SAME_NAME
from constructs_lib.templates.names import NAMING
from constructs_lib.templates.symbols import has_symbols
from constructs_lib.templates.template import Resource
from constructs_lib.templates.texts import Resolved

if TYPE_CHECKING:
    from constructs_lib.templates.system import Node, System

__all__ = ["Undeclared"]

_DEFAULT = "default"
"""The bus that each account has, by a name that no other may have."""
_TABLE = TABLES[0]
_TYPES = {"sqs": QUEUE, "sns": TOPIC, "kinesis": STREAM, "dynamodb": _TABLE, "events": BUS, "s3": BUCKET}
_LISTENING: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "AWS::Pipes::Pipe": ("Source", (QUEUE, STREAM, _TABLE)),
    "AWS::SNS::Subscription": ("TopicArn", (TOPIC,)),
    "AWS::ApiGateway::Method": ("RestApiId", APIS[:1]),
    "AWS::ApiGatewayV2::Integration": ("ApiId", APIS[1:]),
    "Custom::S3BucketNotifications": ("BucketName", (BUCKET,)),
}
_NAMED = {BUS, BUCKET, *APIS}
"""Types that are named by their names, too."""
_FIELDS = 6
_TEXTS = {"Ref", "Fn::Sub", "Fn::Join", "Fn::GetAtt", "Fn::ImportValue"}
_SENDS_EVENTS: Mapping[str, Any] = {"NotificationConfiguration": {"EventBridgeConfiguration": {}}}


class Undeclared(EdgeKind):
    """What is listened to without being declared."""

    def prepare(self, system: System) -> None:
        """Add them, so that their kinds find them."""
        found = {(type_, name): node for type_, name, node in _listened_to(system)}
        missing = {key: node for key, node in found.items() if not system.named(*key)}
        for (type_, name), node in missing.items():
            shown = system.symbols.show(name)
            properties = {NAMING[type_].property: Resolved(name), **(_SENDS_EVENTS if type_ == BUCKET else {})}
            body = {"Metadata": {"aws:cdk:path": shown}}
            system.add(node.template, Resource(f"{shown} ({type_})", type_, properties, body))

    def listeners(self, system: System) -> Iterator[Listener]:
        """What is not declared hears of what a declared resource gets that may turn out to have its name."""
        for type_ in dict.fromkeys(_TYPES.values()):
            added = [node for node in system.nodes(type_) if not node.is_declared]
            names: Directory[tuple[Node, str]] = Directory()
            for node in system.nodes(type_) if added else ():
                for own in system.names(node) if node.is_declared else ():
                    names.add(f"{type_}:{own}", (node, own))
            for node in added:
                for other in dict.fromkeys(_may_be(system, node, names)):
                    arn = next(iter(system.arns(node)))
                    yield Listener(other, type_, arn, "by the name of", doubt=SAME_NAME)


def _may_be(system: System, node: Node, names: Directory[tuple[Node, str]]) -> Iterator[Node]:
    """The declared resources whose names may turn out to be that of one which is not; a parameter's are all."""
    for name in system.names(node):
        if name != _DEFAULT and not system.symbols.free_in(name):
            address = f"{node.type}:{name}"
            yield from (other for other, own in names.of(address) if "" in rest_of(address, f"{node.type}:{own}").may)


def _listened_to(system: System) -> Iterator[tuple[str, str, Node]]:
    """Types and names of what is listened to, with what listens."""
    for node in system.nodes("AWS::Lambda::EventSourceMapping"):
        types = (QUEUE,) if node.get("StartingPosition") is None else (STREAM, _TABLE)
        yield from _named(system, node, node.get("EventSourceArn"), types)
    for type_, (property_, named) in _LISTENING.items():
        for node in system.nodes(type_):
            yield from _named(system, node, node.get(property_), named)
    for node in system.nodes("AWS::KinesisFirehose::DeliveryStream"):
        for source in system.mapping(node.get("KinesisStreamSourceConfiguration"), node.template):
            yield from _named(system, node, source.get("KinesisStreamARN"), (STREAM,))
    for node in system.nodes("AWS::Events::Rule"):
        for type_, name, by in _named(system, node, node.get("EventBusName"), (BUS,)):
            if name != _DEFAULT:
                yield type_, name, by
        yield from _buckets(system, node)


def _named(system: System, node: Node, value: Any, types: tuple[str, ...]) -> Iterator[tuple[str, str, Node]]:
    """What a name or an ARN stands for, if it is one of some types; each of them if nobody can tell."""
    for text in () if value is None or named_by(system, node, value) else system.texts(value, node.template):
        fields = text.split(":", _FIELDS - 1)
        if len(fields) == _FIELDS:
            type_ = _TYPES.get(fields[2])
            _, slash, rest = fields[-1].partition("/")
            if type_ is not None:
                yield type_, rest.partition("/")[0] if slash else fields[-1], node
        elif text and (not _NAMED.isdisjoint(types) or has_symbols(text)):
            yield from ((type_, text, node) for type_ in types)


def _buckets(system: System, rule: Node) -> Iterator[tuple[str, str, Node]]:
    """The buckets whose events a rule asks for by name."""
    value = rule.get("EventPattern")
    if not _may_ask_for_buckets(value):
        return
    names = _asked_for(value)
    if names is not None:
        for name in names:
            if isinstance(name, str) or named_by(system, rule, name) is None:
                yield from ((BUCKET, text, rule) for text in system.texts(name, rule.template))
        return
    for message in pattern(system, value, rule.template):
        language = message.fields.get("detail.bucket.name")
        if language is not None and len(language.all_of) == 1:
            yield from ((BUCKET, name, rule) for name in language.all_of[0] if name.isprintable() or has_symbols(name))


def _asked_for(value: Any) -> list[Any] | None:
    """The names that a pattern asks for in the plainest of forms; None if it has another one."""
    try:
        detail = value["detail"]
        names = detail["bucket"]["name"]
    except (KeyError, TypeError, IndexError):
        return None
    is_plain = isinstance(names, list) and "$or" not in value and "$or" not in detail and "$or" not in detail["bucket"]
    return names if is_plain and all(isinstance(name, str) or _is_text(name) for name in names) else None


def _is_text(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and not _TEXTS.isdisjoint(value)


def _may_ask_for_buckets(value: Any) -> bool:
    """Whether it is worth while to read a pattern."""
    if not isinstance(value, Mapping):
        return isinstance(value, str) and "bucket" in value
    detail = value.get("detail", value if "$or" in value or any(str(key).startswith("Fn::") for key in value) else None)
    return detail is not None and "bucket" in str(detail)
