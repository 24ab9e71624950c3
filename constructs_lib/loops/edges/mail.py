"""SES: mail to a domain of one's own wakes what its receipt rules name; what becomes of mail is told as well.

To whom a role may send, and with which configuration set, no policy has to say, so that only the code tells whether a
function writes to itself, or hears of its own mail. "Actions in Amazon SES receipt rules" and "Monitor email sending
using Amazon SES event publishing" in its developer guide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.edges.base import ANY_MESSAGE, Channel, Deposit, EdgeKind, Listener, Message
from constructs_lib.loops.edges.events import BUS
from constructs_lib.loops.edges.s3 import CREATED
from constructs_lib.loops.edges.streams import FIREHOSE
from constructs_lib.loops.keys import STAR, literal
from constructs_lib.loops.languages import Language

if TYPE_CHECKING:
    from constructs_lib.templates.system import Node, System

__all__ = ["Mail"]

_RULE = "AWS::SES::ReceiptRule"
_SENT = tuple(
    Deposit(f"ses:{action}", rest="identity")
    for action in ("SendEmail", "SendRawEmail", "SendTemplatedEmail", "SendBulkEmail", "SendBulkTemplatedEmail")
)
_TOLD = "AWS::SES::ConfigurationSetEventDestination"
_DOUBT = "to whom mail is sent only the code tells"
_OF_WHICH_SET = "with which configuration set mail is sent only the code tells"
_DESTINATIONS = {
    "SnsDestination": ("TopicARN", ("AWS::SNS::Topic",)),
    "EventBridgeDestination": ("EventBusArn", (BUS,)),
    "KinesisFirehoseDestination": ("DeliveryStreamARN", (FIREHOSE,)),
}
_EVENT = Message({"source": Language((("aws.ses",),))})


class Mail(EdgeKind):
    """Receipt rules, and what becomes of mail."""

    def channels(self, system: System) -> Iterator[Channel]:
        """All of them: any of them may get what is sent."""
        for node in system.nodes(_RULE, _TOLD):
            yield Channel(node, ("ses:identity/",), _SENT)

    def listeners(self, system: System) -> Iterator[Listener]:
        """What their actions reach."""
        for node in system.nodes(_RULE):
            for rule in system.mapping(node.get("Rule"), node.template):
                for action in system.items(rule.get("Actions") or [], node.template):
                    for properties in action.values() if isinstance(action, Mapping) else ():
                        for given in system.mapping(properties, node.template):
                            yield from _reached(system, node, given)
        for node in system.nodes(_TOLD):
            for destination in system.mapping(node.get("EventDestination"), node.template):
                if system.text(destination.get("Enabled"), node.template) != "false":
                    yield from _told(system, node, destination)


def _told(system: System, node: Node, destination: Mapping[str, Any]) -> Iterator[Listener]:
    """Whom an event destination tells what became of mail."""
    for key, (property_, expects) in _DESTINATIONS.items():
        for given in system.mapping(destination.get(key), node.template):
            for arn in system.texts(given.get(property_), node.template):
                carry = _EVENT if expects == (BUS,) else ANY_MESSAGE
                yield Listener(node, _TOLD, arn, "event", expects, carry=carry, doubt=_OF_WHICH_SET, entry=given)


def _reached(system: System, node: Node, given: Mapping[str, Any]) -> Iterator[Listener]:
    for property_ in ("FunctionArn", "TopicArn"):
        if property_ in given:
            for arn in system.texts(given[property_], node.template):
                yield Listener(node, _RULE, arn, "receipt", doubt=_DOUBT, entry=given)
    if "BucketName" in given:
        globs = tuple(literal(text) + STAR for text in system.texts(given.get("ObjectKeyPrefix", ""), node.template))
        written = Message({"event": Language((CREATED,)), "key": Language((globs,))})
        for name in system.texts(given["BucketName"], node.template):
            arn = f"arn:aws:s3:::{name}"
            yield Listener(node, _RULE, arn, "mail", carry=written, doubt=_DOUBT, entry=given)
