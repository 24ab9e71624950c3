"""SQS: sending to a queue wakes what polls it; what fails too often goes on to the dead-letter queue."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.edges.base import Channel, Deposit, EdgeKind, Listener

if TYPE_CHECKING:
    from constructs_lib.templates.system import Node, System

__all__ = ["QUEUE", "Queues"]

QUEUE = "AWS::SQS::Queue"
_SEND = (Deposit("sqs:SendMessage"),)


class Queues(EdgeKind):
    """Queues and their dead-letter queues; who polls them is in `mappings` and `pipes`."""

    def channels(self, system: System) -> Iterator[Channel]:
        """All queues."""
        for node in system.nodes(QUEUE):
            yield Channel(node, tuple(f"sqs:{name}" for name in system.names(node)), _SEND)

    def listeners(self, system: System) -> Iterator[Listener]:
        """The dead-letter queues of all queues."""
        for node in system.nodes(QUEUE):
            for target in _dead_letter_targets(system, node):
                for arn in system.texts(target, node.template):
                    yield Listener(node, QUEUE, arn, "dead letter", (QUEUE,), failure=True)


def _dead_letter_targets(system: System, node: Node) -> Iterator[Any]:
    for policy in system.choices(node.get("RedrivePolicy"), node.template):
        if isinstance(policy, Mapping) and "deadLetterTargetArn" in policy:
            yield policy["deadLetterTargetArn"]
        elif isinstance(policy, str):
            try:
                found = json.loads(policy)
            except ValueError:
                continue
            if isinstance(found, Mapping) and "deadLetterTargetArn" in found:
                yield found["deadLetterTargetArn"]
