"""SNS: publishing to a topic reaches its subscriptions, whose filter policies let through what they name.

"Amazon SNS subscription filter policies": on message attributes unless `FilterPolicyScope` is `MessageBody`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.edges.base import (
    EVERYTHING,
    Channel,
    Deposit,
    EdgeKind,
    Listener,
    Message,
    addresses,
    unchanged,
)
from constructs_lib.loops.edges.lambdas import FUNCTION
from constructs_lib.loops.edges.queues import QUEUE, dead_letter_targets
from constructs_lib.loops.edges.urls import called
from constructs_lib.loops.patterns import pattern

if TYPE_CHECKING:
    from constructs_lib.templates.system import Node, System

__all__ = ["TOPIC", "Topics"]

TOPIC = "AWS::SNS::Topic"
_PROTOCOLS = {"lambda": (FUNCTION,), "sqs": (QUEUE,), "firehose": ("AWS::KinesisFirehose::DeliveryStream",)}
_PUBLISH = (Deposit("sns:Publish"),)


class Topics(EdgeKind):
    """Topics and their subscriptions."""

    def channels(self, system: System) -> Iterator[Channel]:
        """All topics."""
        for node in system.nodes(TOPIC):
            yield Channel(node, addresses(system, node, "sns:"), _PUBLISH)

    def listeners(self, system: System) -> Iterator[Listener]:
        """Subscriptions as resources and those inside a topic."""
        for node in system.nodes(TOPIC):
            for entry in system.items(node.get("Subscription") or [], node.template):
                if isinstance(entry, Mapping):
                    yield from self._subscribed(system, [node], entry, node)
        for node in system.nodes("AWS::SNS::Subscription"):
            topics: list[Node | None] = []
            may_be_others = False
            for arn in system.texts(node.get("TopicArn"), node.template):
                known = system.by_arn(arn)
                topics += known
                may_be_others = may_be_others or system.may_be_others(arn, known)
            if may_be_others:
                topics.append(None)
            yield from self._subscribed(system, topics, node.properties, node)

    def _subscribed(
        self, system: System, topics: list[Node] | list[Node | None], entry: Mapping[str, Any], by: Node
    ) -> Iterator[Listener]:
        template = by.template
        known = system.text(entry.get("Protocol"), template)
        protocol = None if known is None else known.lower()
        if protocol in {"http", "https"}:
            targets = [arn for url in system.texts(entry.get("Endpoint"), template) for arn in called(system, url)]
        elif protocol is None or protocol in _PROTOCOLS:
            targets = list(system.texts(entry.get("Endpoint"), template))
        else:
            return
        filters = EVERYTHING if entry.get("FilterPolicy") is None else _filters
        carry = unchanged if system.text(entry.get("RawMessageDelivery"), template) == "true" else _wrapped
        own = entry if by.type == TOPIC else None
        expects = _PROTOCOLS.get(protocol or "", (FUNCTION, QUEUE))
        for target in targets:
            for topic in topics:
                yield Listener(topic, TOPIC, target, "subscription", expects, filters, carry, by=by, entry=own)
        for target in dead_letter_targets(system, entry.get("RedrivePolicy"), template):
            for topic in topics:
                yield Listener(
                    topic, TOPIC, target, "dead letter", (QUEUE,), filters, _wrapped, failure=True, by=by, entry=own
                )


def _filters(system: System, listener: Listener) -> tuple[Message, ...]:
    """What the filter policy of a subscription lets through."""
    by: Any = listener.by
    entry = by.properties if listener.entry is None else listener.entry
    scope = system.text(entry.get("FilterPolicyScope", "MessageAttributes"), by.template)
    if scope is None:
        return EVERYTHING
    under = "body." if scope == "MessageBody" else "attributes."
    return pattern(system, entry.get("FilterPolicy"), by.template, under=under)


def _wrapped(message: Message) -> Message:
    """A notification around the message, whose text is no longer a part of the body's structure."""
    return message.renamed(lambda name: None if name.startswith(("body.", "attributes.")) else name)
