"""Copies and logs of buckets: replication keeps an object's key; access logs and trails write keys of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.edges.base import ANY_MESSAGE, Channel, Deposit, EdgeKind, Listener, Message
from constructs_lib.loops.edges.lifecycles import prefixes
from constructs_lib.loops.edges.logs import GROUP_FILTERS, LOG_GROUP
from constructs_lib.loops.edges.s3 import BUCKET, CREATED, bucket_addresses
from constructs_lib.loops.keys import STAR, literal
from constructs_lib.loops.languages import Language

if TYPE_CHECKING:
    from constructs_lib.templates.system import Node, System

__all__ = ["AccessLogs", "Replication", "Trails"]

_NEW_OBJECT = Language((CREATED,))
_REPLICA = "replica"
_TRAIL = "AWS::CloudTrail::Trail"
_READS = ("s3:GetObject", "s3:GetObjectAttributes", "s3:GetObjectTagging", "s3:GetObjectAcl")
_WRITES = ("s3:PutObject", "s3:DeleteObject", "s3:PutObjectTagging", "s3:PutObjectAcl", "s3:RestoreObject")
_ACCESSES = tuple(Deposit(action, Message({"event": Language((("Access",),))}), rest="key") for action in _READS)
_ORIGINALS = {"event": _NEW_OBJECT, _REPLICA: Language((("no",),))}


class Replication(EdgeKind):
    """A new object appears in the destination under the same key, and is not replicated again."""

    def listeners(self, system: System) -> Iterator[Listener]:
        """The destinations of all replication rules."""
        for node in system.nodes(BUCKET):
            for configuration in system.mapping(node.get("ReplicationConfiguration"), node.template):
                for rule in system.items(configuration.get("Rules") or [], node.template):
                    if isinstance(rule, Mapping) and system.text(rule.get("Status"), node.template) != "Disabled":
                        yield from self._rule(system, node, rule)

    def _rule(self, system: System, node: Node, rule: Mapping[str, Any]) -> Iterator[Listener]:
        for destination in system.mapping(rule.get("Destination"), node.template):
            for arn in system.texts(destination.get("Bucket"), node.template):
                yield Listener(
                    node,
                    BUCKET,
                    arn,
                    "replication",
                    (BUCKET,),
                    _replicated,
                    _as_replica,
                    unwatched=True,
                    entry=rule,
                )


def _replicated(system: System, listener: Listener) -> tuple[Message, ...]:
    bucket: Any = listener.source
    return tuple(
        Message({**_ORIGINALS, "key": Language(((literal(prefix) + STAR,),))})
        for prefix in prefixes(system, bucket, listener.entry)
    )


def _as_replica(message: Message) -> Message:
    return Message({**message.fields, _REPLICA: Language((("yes",),))}, message.absent)


class AccessLogs(EdgeKind):
    """Server access logs: whoever reads or writes a bucket causes log objects in another, or in the same."""

    def channels(self, system: System) -> Iterator[Channel]:
        """Buckets that keep access logs; reading is an access too."""
        for node in system.nodes(BUCKET):
            if node.get("LoggingConfiguration") is not None:
                yield Channel(node, bucket_addresses(system, node), _ACCESSES)

    def listeners(self, system: System) -> Iterator[Listener]:
        """The buckets that the logs go to."""
        logged = [node for node in system.nodes(BUCKET) if node.get("LoggingConfiguration") is not None]
        names_known = {name for node in system.nodes(BUCKET) for name in system.names(node)} if logged else set()
        for node in logged:
            for logging in system.mapping(node.get("LoggingConfiguration"), node.template):
                prefixes = system.texts(logging.get("LogFilePrefix", ""), node.template)
                destination = logging.get("DestinationBucketName")
                names = system.names(node) if destination is None else system.texts(destination, node.template)
                for name in names:
                    if name in names_known or system.symbols.free_in(name):
                        arn = f"arn:aws:s3:::{name}"
                        carry = partial(_new_objects, prefixes)
                        yield Listener(
                            node, BUCKET, arn, "access logs", (BUCKET,), carry=carry, unwatched=True, entry=logging
                        )


class Trails(EdgeKind):
    """CloudTrail: data events of a bucket's objects become log files in the trail's bucket."""

    def channels(self, system: System) -> Iterator[Channel]:
        """Trails that record data events of objects, as what receives these accesses."""
        for node in system.nodes(_TRAIL):
            addresses = tuple(dict.fromkeys(_recorded(system, node)))
            if addresses:
                actions = _WRITES if _writes_only(system, node) else (*_READS, *_WRITES)
                deposits = tuple(Deposit(action, rest="key") for action in actions)
                yield Channel(node, addresses, deposits)

    def listeners(self, system: System) -> Iterator[Listener]:
        """The bucket and the log group that each trail writes to."""
        for node in system.nodes(_TRAIL):
            prefixes = system.texts(node.get("S3KeyPrefix"), node.template) if node.get("S3KeyPrefix") else ("",)
            written = tuple(f"{prefix}/AWSLogs/" if prefix else "AWSLogs/" for prefix in prefixes)
            for name in system.texts(node.get("S3BucketName"), node.template):
                arn = f"arn:aws:s3:::{name}"
                yield Listener(node, _TRAIL, arn, "log files", (BUCKET,), carry=partial(_new_objects, written))
            for arn in _group_arns(system, node):
                if system.by_arn(arn) or system.symbols.free_in(arn):
                    yield Listener(node, _TRAIL, arn, "log", (LOG_GROUP,), carry=ANY_MESSAGE)

    def left_out(self, system: System) -> Iterator[str]:
        """All other calls in the account, which reach those who hear of a trail's log group."""
        heard = {
            name
            for filter_ in system.nodes(*GROUP_FILTERS)
            for name in system.texts(filter_.get("LogGroupName"), filter_.template)
        }
        for node in system.nodes(_TRAIL):
            groups = (group for arn in _group_arns(system, node) for group in system.by_arn(arn))
            if any(not heard.isdisjoint(system.names(group)) for group in groups):
                yield f"the calls that `{system.label(node)}` logs, but for those on objects"


def _group_arns(system: System, node: Node) -> tuple[str, ...]:
    value = node.get("CloudWatchLogsLogGroupArn")
    return () if value is None else system.texts(value, node.template)


def _writes_only(system: System, node: Node) -> bool:
    """Whether a trail records no reads, for certain."""
    selectors = list(system.items(node.get("EventSelectors") or [], node.template))
    return node.get("AdvancedEventSelectors") is None and all(
        isinstance(selector, Mapping) and system.text(selector.get("ReadWriteType"), node.template) == "WriteOnly"
        for selector in selectors
    )


def _recorded(system: System, node: Node) -> Iterator[str]:
    """The addresses of the buckets whose objects a trail records."""
    for selector in system.items(node.get("EventSelectors") or [], node.template):
        resources = selector.get("DataResources") if isinstance(selector, Mapping) else None
        for resource in system.items(resources or [], node.template):
            if isinstance(resource, Mapping) and system.text(resource.get("Type"), node.template) == "AWS::S3::Object":
                for value in system.items(resource.get("Values") or [], node.template):
                    for text in system.texts(value, node.template):
                        name = text.partition(":::")[2].partition("/")[0]
                        known = name and not system.symbols.free_in(name)
                        yield from _of_bucket(system, name) if known else _of_every_bucket(system)
    for selector in system.items(node.get("AdvancedEventSelectors") or [], node.template):
        fields = selector.get("FieldSelectors") if isinstance(selector, Mapping) else None
        for field in system.items(fields or [], node.template):
            if isinstance(field, Mapping) and "AWS::S3::Object" in [
                *system.items(field.get("Equals") or [], node.template)
            ]:
                yield from _of_every_bucket(system)


def _of_every_bucket(system: System) -> Iterator[str]:
    return (name for bucket in system.nodes(BUCKET) for name in bucket_addresses(system, bucket))


def _of_bucket(system: System, name: str) -> Iterator[str]:
    """What policies call the objects of a bucket, whether it is in the templates or not."""
    yield f"s3:{name}/"
    for bucket in system.named(BUCKET, name):
        yield from bucket_addresses(system, bucket)


def _new_objects(prefixes: tuple[str, ...], message: Message) -> Message:
    """Log files, whatever they tell of."""
    del message
    return Message({"event": _NEW_OBJECT, "key": Language((tuple(literal(prefix) + STAR for prefix in prefixes),))})
