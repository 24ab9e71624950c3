"""EventBridge: rules on any bus pass events on to their targets; S3 and others send theirs to the default bus.

"Amazon EventBridge event bus targets"; event types of S3: "EventBridge event message structure" in its user guide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from constructs_lib.loops.edges.base import ANY_MESSAGE, Channel, Deposit, EdgeKind, Listener, Message, addresses
from constructs_lib.loops.edges.lambdas import FUNCTION
from constructs_lib.loops.edges.s3 import BUCKET
from constructs_lib.loops.edges.tasks import BATCH_JOB, BUILD, TASK, WORKFLOW, run_by
from constructs_lib.loops.keys import STAR
from constructs_lib.loops.languages import ANYTHING, RESERVED, Language
from constructs_lib.loops.messages import ABSENT
from constructs_lib.loops.patterns import pattern
from constructs_lib.templates.template import Resource

if TYPE_CHECKING:
    from constructs_lib.templates.system import Node, System

__all__ = ["BUS", "OWN_EVENT", "Rules", "S3ToEventBridge", "arn_of_default_bus", "asked_by_rules", "default_bus"]

BUS = "AWS::Events::EventBus"
_TARGETS = (
    FUNCTION,
    "AWS::SQS::Queue",
    "AWS::SNS::Topic",
    "AWS::StepFunctions::StateMachine",
    "AWS::Kinesis::Stream",
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::Logs::LogGroup",
    TASK,
    BATCH_JOB,
    BUILD,
    WORKFLOW,
)
# A source that begins with "aws." is AWS's own: PutEvents refuses it.
OWN_EVENT = Message({"source": Language(((STAR,),), (RESERVED,))})
# What an archive replays carries the replay's name, so that rules can tell it.
_REPLAYED = Message({"replay-name": Language(((STAR,),), (ABSENT,))})
_CHANGING = {"Input", "InputPath", "InputTransformer"}
"""What makes another text of an event for a target."""
_ARCHIVE = "AWS::Events::Archive"
# An event is sent from bus to bus only once: "EventBridge can't route events received from a sender event bus to a
# third event bus" ("Sending events between event buses in the same account and Region").
_FORWARDED = "forwarded"
_NOT_YET = Message({_FORWARDED: Language((("no",),))})
_PUT = (Deposit("events:PutEvents", OWN_EVENT, is_limited=True),)
_S3_EVENTS: Mapping[str, tuple[str, str]] = {
    "ObjectCreated:Put": ("Object Created", "PutObject"),
    "ObjectCreated:Post": ("Object Created", "POST Object"),
    "ObjectCreated:Copy": ("Object Created", "CopyObject"),
    "ObjectCreated:CompleteMultipartUpload": ("Object Created", "CompleteMultipartUpload"),
    "ObjectRemoved:Delete": ("Object Deleted", "DeleteObject"),
    "ObjectRemoved:DeleteMarkerCreated": ("Object Deleted", "DeleteObject"),
    "LifecycleExpiration:Delete": ("Object Deleted", "Lifecycle Expiration"),
    "LifecycleExpiration:DeleteMarkerCreated": ("Object Deleted", "Lifecycle Expiration"),
    "LifecycleTransition": ("Object Storage Class Changed", ""),
    "IntelligentTiering": ("Object Access Tier Changed", ""),
    "ObjectRestore:Post": ("Object Restore Initiated", ""),
    "ObjectRestore:Completed": ("Object Restore Completed", ""),
    "ObjectRestore:Delete": ("Object Restore Expired", ""),
    "ObjectTagging:Put": ("Object Tags Added", ""),
    "ObjectTagging:Delete": ("Object Tags Deleted", ""),
    "ObjectAcl:Put": ("Object ACL Updated", ""),
}
# EventBridge's references do not name these; should it tell of them, then by another type of event.
_NOT_NAMED = ("ObjectRetention:Put", "ObjectAnnotation:Put", "ObjectAnnotation:Delete")
_NEW_TYPE = Language(((STAR,),), tuple(dict.fromkeys(kind for kind, _ in _S3_EVENTS.values())))

_ASKED: WeakKeyDictionary[System, str] = WeakKeyDictionary()


def default_bus(system: System) -> Node:
    """The account's default event bus, which no template declares."""
    known = system.node(system.templates[0], "default event bus")
    if known is not None:
        return known
    body = {"Metadata": {"aws:cdk:path": "default event bus"}}
    return system.add(system.templates[0], Resource("default event bus", BUS, {"Name": "default"}, body))


def buses(system: System, value: Any, near: Node) -> list[Node | None]:
    """The buses that a name or ARN means; None for one that is not known."""
    if value is None:
        return [default_bus(system)]
    found: list[Node | None] = []
    for text in system.texts(value, near.template):
        name = text.rpartition("event-bus/")[2]
        known: list[Node | None] = [*system.named(BUS, name)]
        if not known and name == "default":
            known = [default_bus(system)]
        found += [*known, None] if system.may_be_others(text, known) else known
    return found


def arn_of_default_bus(system: System) -> str:
    """The ARN of the account's default event bus."""
    return f"arn:aws:events:{system.region}:{system.account}:event-bus/default"


def asked_by_rules(system: System) -> str:
    """All that the patterns of rules ask for, as one text in which each ends in a single quote."""
    known = _ASKED.get(system)
    if known is None:
        patterns = (str(rule.get("EventPattern")) for rule in system.nodes("AWS::Events::Rule"))
        known = _ASKED[system] = "\n".join(patterns).replace('"', "'")
    return known


class Rules(EdgeKind):
    """Buses, and rules with an event pattern."""

    def prepare(self, system: System) -> None:
        """Add the default bus."""
        if system.templates:
            default_bus(system)

    def channels(self, system: System) -> Iterator[Channel]:
        """All buses."""
        for node in system.nodes(BUS):
            yield Channel(node, addresses(system, node, "events:event-bus/"), _PUT)
        for node in system.nodes(_ARCHIVE):
            kept = pattern(system, node.get("EventPattern") or {}, node.template)
            deposits = tuple(Deposit("events:StartReplay", message & _REPLAYED) for message in kept)
            yield Channel(node, addresses(system, node, "events:archive/"), deposits)

    def listeners(self, system: System) -> Iterator[Listener]:
        """The targets of all rules, and the buses that archives replay to."""
        for node in system.nodes(_ARCHIVE):
            for arn in system.texts(node.get("SourceArn"), node.template):
                yield Listener(node, _ARCHIVE, arn, "replay", (BUS,))
        for node in system.nodes("AWS::Events::Rule"):
            if node.get("EventPattern") is None or system.text(node.get("State"), node.template) == "DISABLED":
                continue
            sources = buses(system, node.get("EventBusName"), node)
            for target in system.items(node.get("Targets") or [], node.template):
                if isinstance(target, (dict, Mapping)):
                    yield from self._targeted(system, node, sources, target)

    def _targeted(
        self,
        system: System,
        rule: Node,
        sources: list[Node | None],
        target: Mapping[str, Any],
    ) -> Iterator[Listener]:
        carry = _as_body if _CHANGING.isdisjoint(target) else ANY_MESSAGE
        label = f"rule {system.label(rule)}"
        for arn in run_by(system, target.get("Arn"), target, rule.template):
            to_bus, may_be_bus = ":event-bus/" in arn, bool(system.symbols.free_in(arn[:1]))
            for source in sources:
                if to_bus or may_be_bus:
                    yield Listener(source, BUS, arn, label, (BUS,), _not_yet, _forwarded, by=rule)
                if not to_bus:
                    yield Listener(source, BUS, arn, label, _TARGETS, _asked_for, carry, by=rule)
        for config in system.mapping(target.get("DeadLetterConfig"), rule.template):
            for arn in system.texts(config.get("Arn"), rule.template):
                for source in sources:
                    queue = ("AWS::SQS::Queue",)
                    yield Listener(source, BUS, arn, "dead letter", queue, _asked_for, _as_body, failure=True, by=rule)


class S3ToEventBridge(EdgeKind):
    """Buckets that send all their events to the default bus."""

    def listeners(self, system: System) -> Iterator[Listener]:
        """The default bus, for each of them."""
        for node in system.nodes(BUCKET):
            for configuration in system.mapping(node.get("NotificationConfiguration"), node.template):
                for bridge in system.mapping(configuration.get("EventBridgeConfiguration"), node.template):
                    if system.text(bridge.get("EventBridgeEnabled", True), node.template) != "false":
                        yield self._bridged(system, node, node, configuration)
        for custom in system.nodes("Custom::S3BucketNotifications"):
            for configuration in system.mapping(custom.get("NotificationConfiguration"), custom.template):
                if "EventBridgeConfiguration" in configuration:
                    for name in system.texts(custom.get("BucketName"), custom.template):
                        yield from self._named(system, name, custom, configuration)

    def _named(self, system: System, name: str, custom: Node, configuration: Mapping[str, Any]) -> Iterator[Listener]:
        known = system.named(BUCKET, name)
        for bucket in known:
            yield self._bridged(system, bucket, custom, configuration)
        for bucket in system.nodes(BUCKET) if system.may_be_others(name, known) else ():
            if bucket not in known:
                doubt = "which bucket sends its events is known at deployment only"
                yield self._bridged(system, bucket, custom, configuration, doubt)

    def _bridged(self, system: System, bucket: Node, by: Node, entry: Mapping[str, Any], doubt: str = "") -> Listener:
        arn = arn_of_default_bus(system)
        carry = partial(_s3_event, system.names(bucket))
        return Listener(bucket, BUCKET, arn, "EventBridge events", (BUS,), carry=carry, doubt=doubt, by=by, entry=entry)


def _s3_event(buckets: tuple[str, ...], message: Message) -> Message:
    """An S3 event as EventBridge has it."""
    fields = {
        "source": Language((("aws.s3",),)),
        "detail.bucket.name": Language((buckets,)),
        "detail.object.key": message.fields.get("key", ANYTHING),
        **_shown(message.fields.get("event", ANYTHING)),
    }
    return Message(fields)


@lru_cache(maxsize=1024)
def _shown(events: Language) -> Mapping[str, Language]:
    """What EventBridge calls events of S3."""
    possible = [shown for name, shown in _S3_EVENTS.items() if (events & Language(((name,),))).may() is not None]
    fields = {"detail-type": Language((tuple(dict.fromkeys(kind for kind, _ in possible)),))}
    if not possible and (events & Language((_NOT_NAMED,))).may() is not None:
        fields["detail-type"] = _NEW_TYPE
    if possible and all(reason for _, reason in possible):
        fields["detail.reason"] = Language((tuple(dict.fromkeys(reason for _, reason in possible)),))
    return fields


def _asked_for(system: System, listener: Listener) -> tuple[Message, ...]:
    """What a rule lets through."""
    rule: Any = listener.by
    return pattern(system, rule.get("EventPattern"), rule.template)


def _not_yet(system: System, listener: Listener) -> tuple[Message, ...]:
    """What a rule lets through to another bus."""
    return tuple(message & _NOT_YET for message in _asked_for(system, listener))


def _forwarded(message: Message) -> Message:
    """The event on another bus."""
    return Message({**message.fields, _FORWARDED: Language((("yes",),))}, message.absent)


def _as_body(message: Message) -> Message:
    """The event as the text of a message."""
    return Message({f"body.{name}": language for name, language in message.fields.items()}, ("attributes.",))
