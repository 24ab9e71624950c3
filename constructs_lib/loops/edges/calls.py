"""What a service call puts where that a state machine's task or an API's integration makes.

"Integrating services with Step Functions": optimised integrations and those of the SDK, whose names are compared in
lower case and without `aws-sdk:`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.edges.base import ANY_MESSAGE, Message, Put
from constructs_lib.loops.edges.events import BUS, OWN_EVENT
from constructs_lib.loops.edges.lambdas import FUNCTION
from constructs_lib.loops.edges.queues import QUEUE
from constructs_lib.loops.edges.s3 import BUCKET, CREATED
from constructs_lib.loops.edges.streams import FIREHOSE, STREAM
from constructs_lib.loops.edges.tables import TABLES
from constructs_lib.loops.edges.tasks import BATCH_JOB, BUILD, CRAWLER, GLUE_JOB, TASK, WORKFLOW
from constructs_lib.loops.edges.topics import TOPIC
from constructs_lib.loops.edges.urls import APIS, called
from constructs_lib.loops.keys import STAR, literal
from constructs_lib.loops.languages import Language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_lib.templates.system import Node, System

__all__ = ["CALLS", "STATE_MACHINE", "UNKNOWN", "Call", "action", "effects", "is_known"]

STATE_MACHINE = "AWS::StepFunctions::StateMachine"
UNKNOWN = object()
"""An argument that only run time tells."""


@dataclass(frozen=True)
class Call:
    """A service call.

    Args:
        parameters: those that may name what it is about, as ways into the arguments; none if only a statement tells.
        form: the ARN of what they name, if they do not name it by ARN.
        expects: the types of what they name.
        message: what lands there.
    """

    parameters: tuple[tuple[str, ...], ...]
    form: str
    expects: tuple[str, ...]
    message: Message = ANY_MESSAGE


def _on_table(*changes: str, parameters: Sequence[tuple[str, ...]] = (("TableName",),)) -> Call:
    message = Message({"eventName": Language((changes,))})
    return Call(tuple(parameters), "arn:aws:dynamodb:::table/{}", TABLES, message)


def _on_objects(*events: str) -> Call:
    return Call((("Bucket",),), "arn:aws:s3:::{}", (BUCKET,), Message({"event": Language((events,))}))


_DELETED = ("ObjectRemoved:Delete", "ObjectRemoved:DeleteMarkerCreated")
_RESTORED = ("ObjectRestore:Post", "ObjectRestore:Completed", "ObjectRestore:Delete")
_SEND = Call((("QueueUrl",),), "arn:aws:sqs:::{}", (QUEUE,))
_PUBLISH = Call((("TopicArn",), ("TargetArn",)), "arn:aws:sns:::{}", (TOPIC,))
_INVOKE = Call((("FunctionName",),), "arn:aws:lambda:::function:{}", (FUNCTION,))
_START = Call((("StateMachineArn",),), "arn:aws:states:::stateMachine:{}", (STATE_MACHINE,))
_RECORD = Call((("StreamName",), ("StreamARN",)), "arn:aws:kinesis:::stream/{}", (STREAM,))
_DELIVER = Call((("DeliveryStreamName",),), "arn:aws:firehose:::deliverystream/{}", (FIREHOSE,))
_SCHEDULE = Call((("Target", "Arn"),), "{}", (FUNCTION, STATE_MACHINE, QUEUE, TOPIC, STREAM, FIREHOSE))
_RUN = Call((("TaskDefinition",),), "arn:aws:ecs:::task-definition/{}", (TASK,))
_BUILD = Call((("ProjectName",),), "arn:aws:codebuild:::project/{}", (BUILD,))
_ANY_CHANGE = _on_table("INSERT", "MODIFY", "REMOVE", parameters=())

CALLS: Mapping[str, Call] = {
    "lambda:invoke": _INVOKE,
    "lambda:invokeasync": _INVOKE,
    "sqs:sendmessage": _SEND,
    "sqs:sendmessagebatch": _SEND,
    # Back to where the messages came from, if it names no destination.
    "sqs:startmessagemovetask": Call((("DestinationArn",),), "{}", (QUEUE,)),
    "sns:publish": _PUBLISH,
    "sns:publishbatch": _PUBLISH,
    "states:startexecution": _START,
    "states:startsyncexecution": _START,
    "sfn:startexecution": _START,
    "sfn:startsyncexecution": _START,
    "dynamodb:putitem": _on_table("INSERT", "MODIFY"),
    "dynamodb:updateitem": _on_table("INSERT", "MODIFY"),
    "dynamodb:deleteitem": _on_table("REMOVE"),
    "dynamodb:batchwriteitem": _ANY_CHANGE,
    "dynamodb:transactwriteitems": _ANY_CHANGE,
    "dynamodb:executestatement": _ANY_CHANGE,
    "dynamodb:batchexecutestatement": _ANY_CHANGE,
    "dynamodb:executetransaction": _ANY_CHANGE,
    "kinesis:putrecord": _RECORD,
    "kinesis:putrecords": _RECORD,
    "firehose:putrecord": _DELIVER,
    "firehose:putrecordbatch": _DELIVER,
    "s3:putobject": _on_objects(*CREATED),
    "s3:copyobject": _on_objects(*CREATED),
    "s3:completemultipartupload": _on_objects(*CREATED),
    "s3:deleteobject": _on_objects(*_DELETED),
    "s3:deleteobjects": _on_objects(*_DELETED),
    "s3:putobjecttagging": _on_objects("ObjectTagging:Put"),
    "s3:deleteobjecttagging": _on_objects("ObjectTagging:Delete"),
    "s3:putobjectacl": _on_objects("ObjectAcl:Put"),
    "s3:restoreobject": _on_objects(*_RESTORED),
    "s3:putobjectretention": _on_objects("ObjectRetention:Put"),
    "ecs:runtask": _RUN,
    "codebuild:startbuild": _BUILD,
    "codebuild:startbuildbatch": _BUILD,
    "batch:submitjob": Call((("JobDefinition",),), "arn:aws:batch:::job-definition/{}", (BATCH_JOB,)),
    "glue:startjobrun": Call((("JobName",),), "arn:aws:glue:::job/{}", (GLUE_JOB,)),
    "glue:startcrawler": Call((("Name",),), "arn:aws:glue:::crawler/{}", (CRAWLER,)),
    "glue:startworkflowrun": Call((("Name",),), "arn:aws:glue:::workflow/{}", (WORKFLOW,)),
    "glue:starttrigger": Call((("Name",),), "arn:aws:glue:::trigger/{}", ("AWS::Glue::Trigger",)),
    "scheduler:createschedule": _SCHEDULE,
    "scheduler:updateschedule": _SCHEDULE,
}


_SERVICES = {
    "cloudwatchevents": "events",
    "cloudwatchlogs": "logs",
    "cognitoidentityprovider": "cognito-idp",
    "bedrockagentruntime": "bedrock",
    "bedrockruntime": "bedrock",
    "eventbridge": "events",
    "iotdataplane": "iot",
    "sesv2": "ses",
    "sfn": "states",
}
"""What policies call services that state machines call by another name."""
_READ_OTHERWISE = {"apigateway:invoke", "events:putevents", "eventbridge:putevents", "http:invoke"}


def action(name: str) -> str:
    """The action in policies that a call needs."""
    service, _, call = name.partition(":")
    return f"{_SERVICES.get(service.lower(), service.lower())}:{call[:1].upper()}{call[1:]}"


def is_known(name: str) -> bool:
    """Whether `effects` tells what a call does; of others the role tells on what they do it."""
    return name in CALLS or name in _READ_OTHERWISE


def effects(system: System, node: Node, name: str, arguments: Mapping[str, Any], shown: str) -> Iterator[Put]:
    """What a call puts where.

    Args:
        system: for the intrinsics in the arguments.
        node: what calls.
        name: service and action, in lower case.
        arguments: by name; `UNKNOWN` for what only run time tells.
        shown: what to show on the arrow.
    """
    if name in {"events:putevents", "eventbridge:putevents"}:
        yield from _events(system, node, arguments, shown)
    elif name == "apigateway:invoke":
        yield from _request(system, node, arguments, shown)
    elif name == "http:invoke":
        url = arguments.get("ApiEndpoint", UNKNOWN)
        for text in system.texts(url, node.template) if url is not UNKNOWN else ():
            for arn in called(system, text):
                yield Put(node, arn, shown)
    elif name in CALLS:
        call = CALLS[name]
        value = _named(call, arguments)
        message = call.message & _key(system, node, arguments) if name.startswith("s3:") else call.message
        if value is UNKNOWN:
            yield from _anywhere(system, node, shown, call.expects, message)
            return
        for text in system.texts(value, node.template):
            known = text if text.startswith("arn:") or system.symbols.free_in(text[:1]) else None
            arn = known or call.form.format(text.rpartition("/")[2])
            yield Put(node, arn, shown, message, call.expects)


def _events(system: System, node: Node, arguments: Mapping[str, Any], shown: str) -> Iterator[Put]:
    entries = arguments.get("Entries")
    if not isinstance(entries, list):
        yield from _anywhere(system, node, shown, (BUS,), OWN_EVENT)
        return
    for entry in system.items(entries, node.template):
        if not isinstance(entry, Mapping):
            yield from _anywhere(system, node, shown, (BUS,), OWN_EVENT)
            continue
        message = OWN_EVENT
        for key, field in (("Source", "source"), ("DetailType", "detail-type")):
            value = entry.get(key, UNKNOWN)
            if value is not UNKNOWN:
                message &= Message({field: Language((tuple(map(literal, system.texts(value, node.template))),))})
        bus = entry.get("EventBusName", UNKNOWN if "EventBusName.$" in entry else "default")
        if bus is UNKNOWN:
            yield from _anywhere(system, node, shown, (BUS,), message)
            continue
        for name in system.texts(bus, node.template):
            arn = name if name.startswith("arn:") else f"arn:aws:events:::event-bus/{name}"
            yield Put(node, arn, shown, message, (BUS,))


def _request(system: System, node: Node, arguments: Mapping[str, Any], shown: str) -> Iterator[Put]:
    value = arguments.get("ApiEndpoint", UNKNOWN)
    if value is UNKNOWN:
        yield from _anywhere(system, node, shown, APIS, ANY_MESSAGE)
        return
    for text in system.texts(value, node.template):
        name = text.removeprefix("https://").partition(".")[0]
        yield Put(node, f"arn:aws:execute-api:::{name}", shown, expects=APIS)


def _named(call: Call, arguments: Mapping[str, Any]) -> Any:
    """What the arguments name; `UNKNOWN` if they do not tell."""
    for way in call.parameters:
        value: Any = arguments
        for key in way:
            value = value.get(key, UNKNOWN) if isinstance(value, Mapping) else UNKNOWN
        if value is not UNKNOWN:
            return value
    return UNKNOWN


def _anywhere(system: System, node: Node, shown: str, expects: tuple[str, ...], message: Message) -> Iterator[Put]:
    """What is chosen at run time may be anything of its type."""
    what = "a task" if node.type == STATE_MACHINE else "an integration"
    doubt = f"{what} of `{system.label(node)}` chooses at run time"
    for other in system.nodes(*expects):
        for arn in system.arns(other):
            yield Put(node, arn, shown, message, doubt=doubt)


def _key(system: System, node: Node, arguments: Mapping[str, Any]) -> Message:
    key = arguments.get("Key", "*")
    globs = (STAR,) if key is UNKNOWN else system.texts(key, node.template)
    return Message({"key": Language((tuple(literal(glob).replace("*", STAR) for glob in globs),))})
