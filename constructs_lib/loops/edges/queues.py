"""SQS: sending to a queue wakes what polls it; what fails too often goes on to the dead-letter queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_lib.loops.edges.base import Channel, Deposit, EdgeKind, Listener, addresses
from constructs_lib.loops.policies import documents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.templates.system import System
    from constructs_lib.templates.template import Template

__all__ = ["QUEUE", "Queues", "dead_letter_targets"]

QUEUE = "AWS::SQS::Queue"
_SEND = (Deposit("sqs:SendMessage"),)


class Queues(EdgeKind):
    """Queues and their dead-letter queues; who polls them is in `mappings` and `pipes`."""

    def channels(self, system: System) -> Iterator[Channel]:
        """All queues."""
        for node in system.nodes(QUEUE):
            yield Channel(node, addresses(system, node, "sqs:"), _SEND)

    def listeners(self, system: System) -> Iterator[Listener]:
        """The dead-letter queues of all queues."""
        for node in system.nodes(QUEUE):
            for arn in dead_letter_targets(system, node.get("RedrivePolicy"), node.template):
                yield Listener(node, QUEUE, arn, "dead letter", (QUEUE,), failure=True)


def dead_letter_targets(system: System, policy: Any, template: Template) -> Iterator[str]:
    """The ARNs of the queues that a redrive policy names, a mapping or a JSON text."""
    for document in documents(system, policy, template) if policy is not None else ():
        if document is None:
            yield from filter(system.symbols.free_in, system.texts(policy, template))
        elif "deadLetterTargetArn" in document:
            yield from system.texts(document["deadLetterTargetArn"], template)
