"""Lambda: functions act, are invoked directly, and send what they return or fail on to destinations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.loops.edges.base import Actor, Channel, Deposit, EdgeKind, Message, Put
from constructs_lib.loops.languages import Language

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.templates.system import Node, System

__all__ = ["FUNCTION", "Destinations", "DirectInvocation", "function_arn"]

FUNCTION = "AWS::Lambda::Function"
_INVOKE = ("lambda:InvokeFunction", "lambda:InvokeAsync")
_DESTINATIONS = (FUNCTION, "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::Events::EventBus")


class DirectInvocation(EdgeKind):
    """A function that may invoke another, or itself."""

    def actors(self, system: System) -> Iterator[Actor]:
        """All functions."""
        for node in system.nodes(FUNCTION):
            yield Actor(node, node.get("Role"))

    def channels(self, system: System) -> Iterator[Channel]:
        """All functions, by name and by version or alias."""
        exact = tuple(Deposit(action) for action in _INVOKE)
        qualified = tuple(Deposit(action, rest="qualifier") for action in _INVOKE)
        for node in system.nodes(FUNCTION):
            names = tuple(f"lambda:function:{name}" for name in system.names(node))
            yield Channel(node, names, exact)
            yield Channel(node, tuple(f"{name}:" for name in names), qualified)


class Destinations(EdgeKind):
    """Asynchronous invocations: destinations and dead-letter queues."""

    def puts(self, system: System) -> Iterator[Put]:
        """What a function's results and failures are sent to."""
        for node in system.nodes(FUNCTION):
            for queue in system.mapping(node.get("DeadLetterConfig"), node.template):
                for arn in system.texts(queue.get("TargetArn"), node.template) if "TargetArn" in queue else ():
                    yield Put(node, arn, "dead letter", expects=_DESTINATIONS, failure=True, entry=queue)
        for config in system.nodes("AWS::Lambda::EventInvokeConfig"):
            for name in system.texts(config.get("FunctionName"), config.template):
                for function in system.by_arn(function_arn(name)):
                    yield from _configured(system, function, config)


def _configured(system: System, function: Node, config: Node) -> Iterator[Put]:
    for destinations in system.mapping(config.get("DestinationConfig"), config.template):
        for key, label, result in (("OnSuccess", "on success", "Success"), ("OnFailure", "on failure", "Failure")):
            event = {
                "source": Language((("lambda",),)),
                "detail-type": Language(((f"Lambda Function Invocation Result - {result}",),)),
            }
            for entry in system.mapping(destinations.get(key), config.template):
                for arn in system.texts(entry.get("Destination"), config.template):
                    failed = key == "OnFailure"
                    message = Message(event)
                    yield Put(function, arn, label, message, _DESTINATIONS, failure=failed, by=config, entry=entry)


def function_arn(text: str) -> str:
    """A function's ARN, from its ARN or name."""
    if text.startswith("arn:"):
        return text
    _, is_partial, name = text.partition(":function:")  # `123456789012:function:resize` is an ARN in part
    return f"arn:aws:lambda:::function:{name if is_partial else text}"
