"""Secrets Manager: who may rotate a secret wakes the function that rotates it.

"Rotation by Lambda function" and "Monitor secrets with Amazon EventBridge" in the AWS Secrets Manager user guide. What
a rotation writes rotates nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.loops.edges.api_calls import NO_TRAIL
from constructs_lib.loops.edges.base import Channel, Deposit, EdgeKind, Listener, Message
from constructs_lib.loops.edges.events import BUS, arn_of_default_bus
from constructs_lib.loops.edges.lambdas import FUNCTION, function_arn
from constructs_lib.loops.languages import Language

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.templates.system import Node, System

__all__ = ["Secrets"]

_SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - a type of resources
_ROTATION = "AWS::SecretsManager::RotationSchedule"
_ROTATE = (Deposit("secretsmanager:RotateSecret"),)
_EVENTS = ("RotationStarted", "RotationSucceeded", "RotationFailed", "RotationAbandoned", "TestRotationStarted")
_TOLD = Message(
    {
        "source": Language((("aws.secretsmanager",),)),
        "detail-type": Language((("AWS Service Event via CloudTrail",),)),
        "detail.eventName": Language((_EVENTS,)),
    }
)


class Secrets(EdgeKind):
    """Secrets that a function rotates."""

    def channels(self, system: System) -> Iterator[Channel]:
        """The secrets; what rotates them, where they are not declared."""
        for node, by in _rotated(system):
            texts = system.arns(node) if node.type == _SECRET else system.texts(by.get("SecretId"), by.template)
            yield Channel(node, tuple(_address(system, text) for text in texts), _ROTATE)

    def listeners(self, system: System) -> Iterator[Listener]:
        """The functions that rotate, and the default bus."""
        doubt = "" if next(system.nodes("AWS::CloudTrail::Trail"), None) else NO_TRAIL
        for node, by in _rotated(system):
            given = by.get("RotationLambdaARN")
            for text in system.texts(given, by.template) if given is not None else ():
                yield Listener(node, node.type, function_arn(text), "rotation", (FUNCTION,), by=by)
            bus = arn_of_default_bus(system)
            yield Listener(node, node.type, bus, "service events", (BUS,), carry=_TOLD, doubt=doubt, by=by)


def _rotated(system: System) -> Iterator[tuple[Node, Node]]:
    """All secrets that are rotated, each with what rotates it; that alone where the secret is not declared."""
    for node in system.nodes(_ROTATION):
        texts = system.texts(node.get("SecretId"), node.template)
        found = [known for text in texts for known in (*system.by_arn(text), *system.named(_SECRET, text))]
        yield from ((known, node) for known in found or [node])


def _address(system: System, text: str) -> str:
    """What policies call a secret, by its ARN or its name; its ARN ends with six characters that are made up."""
    if text.startswith("arn:"):
        return f"secretsmanager:{text.split(':', 5)[-1]}"
    return text if system.symbols.free_in(text[:1]) else f"secretsmanager:secret:{text}-abcdef"
