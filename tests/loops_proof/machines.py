"""Step Functions: what the tasks of a state machine do, the definition spelled in the ways that templates have."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tests.loops_proof.link import Link

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.loops_proof.builder import Body, Builder, Station

__all__ = ["tasks"]

_TOKEN = re.compile(r"\$\{(\w+)\}")


def tasks() -> Iterator[Link]:
    """What a state machine leads to."""
    for target in ("function", "queue", "topic", "bus", "table", "machine", "drop"):
        yield Link("machine", target, "task", ("StateMachines",), _task, wakes="sync")


def _task(b: Builder, source: Station, target: Station, _miss: str) -> None:
    resource, parameters, tokens = _call(b, target)
    task: Body = {"Type": "Task", "Resource": resource, "End": True}
    if parameters:
        task["Parameters"] = parameters
    nested = b.choose.choice(["", "Parallel", "Map"])
    inner = {"StartAt": "Work", "States": {"Work": task}}
    if nested == "Parallel":
        definition: Body = {"StartAt": "Both", "States": {"Both": {"Type": nested, "Branches": [inner], "End": True}}}
    elif nested == "Map":
        mapping = {"Type": nested, "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, **inner}, "End": True}
        definition = {"StartAt": "Each", "States": {"Each": mapping}}
    else:
        definition = inner
    properties = b.properties(source)
    del properties["Definition"]
    properties.update(_spelled(b, definition, tokens))


def _call(b: Builder, target: Station) -> tuple[str, Body, Body]:
    """The resource and parameters of a task, with tokens for what the template has to fill in."""
    arn, name = {"Arn": b.spelled_arn(target)}, {"Name": {"Ref": target.id}}
    if target.kind == "function" and b.choose.random() < 0.5:
        return "${Arn}", {}, arn
    event: Body = {"Source": target.source, "DetailType": "Order placed", "Detail": {}, "EventBusName": "${Name}"}
    item = {"id": {"S.$": "$.id"}}
    calls: dict[str, tuple[str, Body]] = {
        "function": ("lambda:invoke", {"FunctionName": "${Arn}", "Payload.$": "$"}),
        "queue": ("sqs:sendMessage", {"QueueUrl": "${Name}", "MessageBody.$": "$"}),
        "topic": ("sns:publish", {"TopicArn": "${Arn}", "Message.$": "$"}),
        "bus": ("events:putEvents", {"Entries": [event]}),
        "table": ("dynamodb:putItem", {"TableName": "${Name}", "Item": item}),
        "machine": ("states:startExecution.sync:2", {"StateMachineArn": "${Arn}"}),
        "drop": ("aws-sdk:s3:putObject", {"Bucket": "${Name}", "Key": f"{target.prefix}result.json", "Body.$": "$"}),
    }
    action, parameters = calls[target.kind]
    return f"arn:aws:states:::{action}", parameters, arn if "${Arn}" in str(parameters) else name


def _spelled(b: Builder, definition: Body, tokens: Body) -> Body:
    way = b.choose.choice(["plain", "substitutions", "sub", "join"])
    if way == "plain":
        return {"Definition": _filled(definition, tokens)}
    if way == "substitutions":
        return {"Definition": definition, "DefinitionSubstitutions": tokens}
    text = json.dumps(definition)
    if way == "sub":
        return {"DefinitionString": {"Fn::Sub": [text, tokens]}}
    pieces = [tokens[piece] if index % 2 else piece for index, piece in enumerate(_TOKEN.split(text))]
    return {"DefinitionString": {"Fn::Join": ["", pieces]}}


def _filled(value: Any, tokens: Body) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inner, tokens) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, tokens) for inner in value]
    match = _TOKEN.fullmatch(value) if isinstance(value, str) else None
    return tokens[match[1]] if match else value
