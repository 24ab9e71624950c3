"""DynamoDB: changing an item appears in the table's stream, and so wakes what reads it.

"Change data capture for DynamoDB Streams": a put or an update is INSERT or MODIFY, a delete REMOVE. An item that
expires is a REMOVE by the service itself: who may write items can set the time, so it is a slow way round.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.loops.edges.base import Channel, Deposit, EdgeKind, Listener, Message, addresses
from constructs_lib.loops.edges.streams import STREAM
from constructs_lib.loops.languages import Language
from constructs_lib.loops.messages import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.templates.system import Node, System

__all__ = ["TABLES", "Tables"]

TABLES = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")
_WRITES = Language((("INSERT", "MODIFY"),))
_DELETES = Language((("REMOVE",),))
_ANY_CHANGE = Language((("INSERT", "MODIFY", "REMOVE"),))
_CHANGES = {
    "dynamodb:PutItem": _WRITES,
    "dynamodb:UpdateItem": _WRITES,
    "dynamodb:DeleteItem": _DELETES,
    "dynamodb:BatchWriteItem": _ANY_CHANGE,
    "dynamodb:PartiQLInsert": _WRITES,
    "dynamodb:PartiQLUpdate": _WRITES,
    "dynamodb:PartiQLDelete": _DELETES,
}
_BY_A_USER = Language(((ABSENT,),))
_BY_THE_SERVICE = {
    "eventName": _DELETES,
    "userIdentity.type": Language((("Service",),)),
    "userIdentity.principalId": Language((("dynamodb.amazonaws.com",),)),
}
_CHANGED = tuple(
    Deposit(
        action, Message({"eventName": change, "userIdentity.type": _BY_A_USER, "userIdentity.principalId": _BY_A_USER})
    )
    for action, change in _CHANGES.items()
)
_CHANGED_OR_EXPIRED = (
    *_CHANGED,
    *(Deposit(action, Message(_BY_THE_SERVICE), slow=True) for action, ends in _CHANGES.items() if ends != _DELETES),
)


class Tables(EdgeKind):
    """Tables with a stream."""

    def channels(self, system: System) -> Iterator[Channel]:
        """All tables."""
        for node in system.nodes(*TABLES):
            deposits = _CHANGED_OR_EXPIRED if _expires(system, node) else _CHANGED
            yield Channel(node, addresses(system, node, "dynamodb:table/"), deposits)

    def listeners(self, system: System) -> Iterator[Listener]:
        """The Kinesis streams that tables copy their changes to."""
        for node in system.nodes(*TABLES):
            for stream in system.mapping(node.get("KinesisStreamSpecification"), node.template):
                for arn in system.texts(stream.get("StreamArn"), node.template):
                    yield Listener(node, node.type, arn, "changes", (STREAM,), carry=_as_data)


def _expires(system: System, node: Node) -> bool:
    return any(
        system.text(ttl.get("Enabled"), node.template) != "false"
        for ttl in system.mapping(node.get("TimeToLiveSpecification"), node.template)
    )


def _as_data(message: Message) -> Message:
    return message.renamed(lambda name: f"data.{name}")
