"""What a service call of a state machine's task puts where.

"Integrating services with Step Functions": optimised integrations and those of the SDK, whose names are compared in
lower case and without `aws-sdk:`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from constructs_lib.loops.edges.base import Message
from constructs_lib.loops.edges.lambdas import FUNCTION
from constructs_lib.loops.edges.queues import QUEUE
from constructs_lib.loops.edges.s3 import BUCKET, CREATED
from constructs_lib.loops.edges.streams import FIREHOSE, STREAM
from constructs_lib.loops.edges.tables import TABLES
from constructs_lib.loops.edges.topics import TOPIC
from constructs_lib.loops.languages import Language

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["CALLS", "STATE_MACHINE", "Call"]

STATE_MACHINE = "AWS::StepFunctions::StateMachine"


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
    message: Message = Message()  # noqa: RUF009 - it cannot change


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
_ANY_CHANGE = _on_table("INSERT", "MODIFY", "REMOVE", parameters=())

CALLS: Mapping[str, Call] = {
    "lambda:invoke": _INVOKE,
    "lambda:invokeasync": _INVOKE,
    "sqs:sendmessage": _SEND,
    "sqs:sendmessagebatch": _SEND,
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
    "scheduler:createschedule": _SCHEDULE,
    "scheduler:updateschedule": _SCHEDULE,
}
