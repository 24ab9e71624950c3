"""AWS IoT: publishing to a topic wakes what the topic's rules send it to.

"Rules for AWS IoT", "MQTT topics" (filters with `+` and `#`) and "Reserved topics" in the AWS IoT Core developer guide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.edges.base import ANY_MESSAGE, Channel, Deposit, EdgeKind, Listener, Message
from constructs_lib.loops.edges.calls import UNKNOWN, effects
from constructs_lib.loops.edges.urls import called
from constructs_lib.loops.keys import STAR, literal
from constructs_lib.loops.languages import Language
from constructs_lib.templates.template import Resource

if TYPE_CHECKING:
    from constructs_lib.templates.system import Node, System

__all__ = ["BROKER", "Iot"]

_RULE = "AWS::IoT::TopicRule"
BROKER = "IoT"
"""The type of the message broker, of which each account has one."""
_FROM = re.compile(r"\bFROM\s+(['\"`])(.*?)\1", re.IGNORECASE | re.DOTALL)
_SHADOWS = Language(((f"$aws/things/{STAR}/shadow/{STAR}",),))
# What a rule's action calls, and which of its properties are which arguments.
_ACTIONS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "Lambda": ("lambda:invoke", {"FunctionArn": "FunctionName"}),
    "Sqs": ("sqs:sendmessage", {"QueueUrl": "QueueUrl"}),
    "Sns": ("sns:publish", {"TargetArn": "TargetArn"}),
    "Kinesis": ("kinesis:putrecord", {"StreamName": "StreamName"}),
    "Firehose": ("firehose:putrecord", {"DeliveryStreamName": "DeliveryStreamName"}),
    "S3": ("s3:putobject", {"BucketName": "Bucket", "Key": "Key"}),
    "DynamoDB": ("dynamodb:putitem", {"TableName": "TableName"}),
    "DynamoDBv2": ("dynamodb:putitem", {"TableName": "TableName"}),
    "StepFunctions": ("states:startexecution", {"StateMachineName": "StateMachineArn"}),
}


class Iot(EdgeKind):
    """Topics, their rules and what those do."""

    def prepare(self, system: System) -> None:
        """Add the message broker, of which each account has one."""
        if next(system.nodes(_RULE), None) is not None:
            body = {"Metadata": {"aws:cdk:path": "IoT message broker"}}
            system.add(system.templates[0], Resource(BROKER, BROKER, {}, body))

    def channels(self, system: System) -> Iterator[Channel]:
        """The message broker; shadows of things are published to as well."""
        for broker in system.nodes(BROKER):
            published = (Deposit("iot:Publish", rest="topic"), Deposit("iot:RetainPublish", rest="topic"))
            yield Channel(broker, ("iot:topic/",), published)
            actions = ("iot:UpdateThingShadow", "iot:DeleteThingShadow")
            changed = tuple(Deposit(action, Message({"topic": _SHADOWS}), rest="thing") for action in actions)
            yield Channel(broker, ("iot:thing/",), changed)

    def listeners(self, system: System) -> Iterator[Listener]:
        """What the rules of all topics do."""
        for broker in system.nodes(BROKER):
            for node in system.nodes(_RULE):
                for payload in system.mapping(node.get("TopicRulePayload"), node.template):
                    if system.text(payload.get("RuleDisabled"), node.template) != "true":
                        yield from _ruled(system, broker, node, payload)


def _ruled(system: System, broker: Node, node: Node, payload: Mapping[str, Any]) -> Iterator[Listener]:
    actions = [(action, False) for action in system.items(payload.get("Actions") or [], node.template)]
    actions += [(action, True) for action in system.mapping(payload.get("ErrorAction"), node.template)]
    for action, failure in actions:
        for name, given in action.items() if isinstance(action, Mapping) else ():
            for properties in system.mapping(given, node.template):
                for arn, message, expects, doubt in _done(system, broker, node, name, properties):
                    label = f"rule {system.label(node)}"
                    yield Listener(
                        broker, BROKER, arn, label, expects, _filters, message, doubt, failure, by=node, entry=action
                    )


def _done(
    system: System, broker: Node, node: Node, name: str, properties: Mapping[str, Any]
) -> Iterator[tuple[str, Message, tuple[str, ...], str]]:
    """What an action of a rule reaches, and what it puts there."""
    if name == "Republish":
        globs = tuple(map(_template, system.texts(properties.get("Topic"), node.template)))
        yield from ((arn, Message({"topic": Language((globs,))}), (), "") for arn in system.arns(broker))
    elif name == "Http":
        for url in system.texts(properties.get("Url"), node.template):
            yield from ((arn, ANY_MESSAGE, (), "") for arn in called(system, url))
    elif name in _ACTIONS:
        call, arguments = _ACTIONS[name]
        put_item = next(iter(system.mapping(properties.get("PutItem"), node.template)), {})
        given = {argument: {**properties, **put_item}.get(key, UNKNOWN) for key, argument in arguments.items()}
        if isinstance(given.get("Key"), str):
            given["Key"] = re.sub(r"\$\{[^}]*\}", "*", given["Key"])
        for put in effects(system, node, call, given, name):
            yield put.target, put.message, put.expects, put.doubt


def _template(text: str) -> str:
    """The topics that a substitution template stands for."""
    return STAR.join(map(literal, re.split(r"\$\{[^}]*\}", text.replace("$$", "$"))))


def _filters(system: System, listener: Listener) -> tuple[Message, ...]:
    """The topics that a rule listens to; what is sent to it by its name has no other way ("Basic Ingest")."""
    node: Any = listener.by
    found = [f"$aws/rules/{literal(name)}" for name in system.names(node)]
    messages = [Message({"topic": Language(((name, f"{name}/{STAR}"),))}) for name in found]
    for payload in system.mapping(node.get("TopicRulePayload"), node.template):
        for text in system.texts(payload.get("Sql"), node.template):
            clause = _FROM.search(text)
            messages.append(Message({"topic": _topics(clause[2])}) if clause else Message())
    return tuple(messages)


def _topics(filter_: str) -> Language:
    """The topics that a filter matches: `+` is one level, `#` at the end any number of them."""
    glob = literal(filter_).replace("+", STAR)
    reserved = (f"${STAR}",) if filter_[:1] in {"+", "#"} else ()
    if glob.endswith("#"):
        return Language(((glob[:-1] + STAR, glob[:-1].rstrip("/")),), reserved)
    # No more levels than the filter has, so that each `+` is one.
    deeper = (STAR + f"/{STAR}" * (filter_.count("/") + 1),) if "+" in filter_ else ()
    return Language(((glob,),), (*reserved, *deeper))
