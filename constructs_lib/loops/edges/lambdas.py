"""Lambda: functions act, are invoked directly, and send what they return or fail on to destinations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_lib.loops.edges.base import Actor, Channel, Deposit, EdgeKind, Message, Put, addresses
from constructs_lib.loops.languages import Language

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.templates.system import Node, System
    from constructs_lib.templates.template import Template

__all__ = ["FUNCTION", "Destinations", "DirectInvocation", "function_arn", "functions_named", "told_to"]

FUNCTION = "AWS::Lambda::Function"
_INVOKE = ("lambda:InvokeFunction", "lambda:InvokeAsync")
_EXACT = tuple(Deposit(action) for action in _INVOKE)
_QUALIFIED = tuple(Deposit(action, rest="qualifier") for action in _INVOKE)
_DEAD_LETTERS = ("AWS::SQS::Queue", "AWS::SNS::Topic")
_DESTINATIONS = (*_DEAD_LETTERS, FUNCTION, "AWS::Events::EventBus", "AWS::S3::Bucket")
_DOUBT = "which function it is about is known at deployment only"


class DirectInvocation(EdgeKind):
    """A function that may invoke another, or itself."""

    def actors(self, system: System) -> Iterator[Actor]:
        """All functions."""
        for node in system.nodes(FUNCTION):
            yield Actor(node, node.get("Role"))

    def channels(self, system: System) -> Iterator[Channel]:
        """All functions, by name and by version or alias."""
        for node in system.nodes(FUNCTION):
            yield Channel(node, addresses(system, node, "lambda:function:"), _EXACT)
            yield Channel(node, addresses(system, node, "lambda:function:", ":"), _QUALIFIED)


class Destinations(EdgeKind):
    """Asynchronous invocations: destinations and dead-letter queues."""

    def puts(self, system: System) -> Iterator[Put]:
        """What a function's results and failures are sent to."""
        for node in system.nodes(FUNCTION):
            for queue in system.mapping(node.get("DeadLetterConfig"), node.template):
                for arn in told_to(system, queue.get("TargetArn"), node.template) if "TargetArn" in queue else ():
                    yield Put(node, arn, "dead letter", expects=_DEAD_LETTERS, failure=True, entry=queue)
        for config in system.nodes("AWS::Lambda::EventInvokeConfig"):
            for name in system.texts(config.get("FunctionName"), config.template):
                for function, doubt in functions_named(system, name):
                    yield from _configured(system, function, config, doubt)


def told_to(system: System, value: Any, template: Template) -> Iterator[str]:
    """The ARNs of what a function sends to by itself, as far as they are known.

    To send anywhere its role has to allow it ("Permissions for a destination" in the Lambda developer guide), and what
    it allows on something unknown is an edge in any case.
    """
    for arn in system.texts(value, template):
        if not system.symbols.free_in(arn[:1]) or system.by_arn(arn):
            yield arn


def functions_named(system: System, text: str) -> Iterator[tuple[Node, str]]:
    """The functions that a name or an ARN may mean, each with why that is not certain."""
    known = system.by_arn(function_arn(text))
    yield from ((node, "") for node in known)
    if system.may_be_others(text, known):
        yield from ((node, _DOUBT) for node in system.nodes(FUNCTION) if node not in known)


def _configured(system: System, function: Node, config: Node, doubt: str) -> Iterator[Put]:
    for destinations in system.mapping(config.get("DestinationConfig"), config.template):
        for key, label, result in (("OnSuccess", "on success", "Success"), ("OnFailure", "on failure", "Failure")):
            event = {
                "source": Language((("lambda",),)),
                "detail-type": Language(((f"Lambda Function Invocation Result - {result}",),)),
            }
            for entry in system.mapping(destinations.get(key), config.template):
                for arn in told_to(system, entry.get("Destination"), config.template):
                    what = Message(event), _DESTINATIONS, doubt
                    yield Put(function, arn, label, *what, failure=key == "OnFailure", by=config, entry=entry)


def function_arn(text: str) -> str:
    """A function's ARN, from its ARN or name."""
    if text.startswith("arn:"):
        return text
    _, is_partial, name = text.partition(":function:")  # `123456789012:function:resize` is an ARN in part
    return f"arn:aws:lambda:::function:{name if is_partial else text}"
