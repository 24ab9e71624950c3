"""Step Functions: a state machine does what its definition says, whatever its role would allow.

"Integrating services with Step Functions" and the Amazon States Language. A definition that is not in the template
leaves the role to tell.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.edges.base import Actor, Channel, Deposit, EdgeKind, Message, Put
from constructs_lib.loops.edges.events import BUS, default_bus
from constructs_lib.loops.edges.lambdas import FUNCTION
from constructs_lib.loops.edges.queues import QUEUE
from constructs_lib.loops.edges.s3 import BUCKET, CREATED
from constructs_lib.loops.edges.streams import FIREHOSE, STREAM
from constructs_lib.loops.edges.tables import TABLES
from constructs_lib.loops.edges.topics import TOPIC
from constructs_lib.loops.keys import STAR, literal
from constructs_lib.loops.languages import Language
from constructs_lib.templates.symbols import has_symbols
from constructs_lib.templates.texts import Resolved

if TYPE_CHECKING:
    from constructs_lib.templates.system import Node, System

__all__ = ["STATE_MACHINE", "StateMachines"]

STATE_MACHINE = "AWS::StepFunctions::StateMachine"
MAX_STATES = 10_000
_START = ("states:StartExecution", "states:StartSyncExecution")
_UNKNOWN = object()

# What a task's service call puts where: the parameter that names it, and the form of its ARN.
_CALLS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "lambda:invoke": ("FunctionName", "arn:aws:lambda:::function:{}", (FUNCTION,)),
    "sqs:sendmessage": ("QueueUrl", "arn:aws:sqs:::{}", (QUEUE,)),
    "sns:publish": ("TopicArn", "arn:aws:sns:::{}", (TOPIC,)),
    "states:startexecution": ("StateMachineArn", "arn:aws:states:::stateMachine:{}", (STATE_MACHINE,)),
    "states:startsyncexecution": ("StateMachineArn", "arn:aws:states:::stateMachine:{}", (STATE_MACHINE,)),
    "sfn:startexecution": ("StateMachineArn", "arn:aws:states:::stateMachine:{}", (STATE_MACHINE,)),
    "dynamodb:putitem": ("TableName", "arn:aws:dynamodb:::table/{}", TABLES),
    "dynamodb:updateitem": ("TableName", "arn:aws:dynamodb:::table/{}", TABLES),
    "dynamodb:deleteitem": ("TableName", "arn:aws:dynamodb:::table/{}", TABLES),
    "kinesis:putrecord": ("StreamName", "arn:aws:kinesis:::stream/{}", (STREAM,)),
    "firehose:putrecord": ("DeliveryStreamName", "arn:aws:firehose:::deliverystream/{}", (FIREHOSE,)),
    "s3:putobject": ("Bucket", "arn:aws:s3:::{}", (BUCKET,)),
    "s3:copyobject": ("Bucket", "arn:aws:s3:::{}", (BUCKET,)),
    "s3:deleteobject": ("Bucket", "arn:aws:s3:::{}", (BUCKET,)),
}
_CHANGES = {
    "dynamodb:putitem": ("INSERT", "MODIFY"),
    "dynamodb:updateitem": ("INSERT", "MODIFY"),
    "dynamodb:deleteitem": ("REMOVE",),
}


class StateMachines(EdgeKind):
    """State machines: who starts them, and what their tasks do."""

    def actors(self, system: System) -> Iterator[Actor]:
        """All state machines; those without a readable definition act by their role."""
        for node in system.nodes(STATE_MACHINE):
            yield Actor(node, node.get("RoleArn"), by_role=definition(system, node) is None)

    def channels(self, system: System) -> Iterator[Channel]:
        """All state machines."""
        for node in system.nodes(STATE_MACHINE):
            names = tuple(f"states:stateMachine:{name}" for name in system.names(node))
            yield Channel(node, names, tuple(Deposit(action) for action in _START))
            yield Channel(
                node, tuple(f"{n}:" for n in names), tuple(Deposit(action, rest="qualifier") for action in _START)
            )

    def puts(self, system: System) -> Iterator[Put]:
        """What the tasks of all state machines call, and the events that tell of their executions."""
        for node in system.nodes(STATE_MACHINE):
            found = definition(system, node)
            if found is not None:
                for state in _states(found):
                    yield from self._state(system, node, state)
            event = {
                "source": Language((("aws.states",),)),
                "detail-type": Language((("Step Functions Execution Status Change",),)),
                "detail.stateMachineArn": Language((tuple(map(literal, system.arns(node))),)),
            }
            bus = next(iter(system.arns(default_bus(system))))
            yield Put(node, bus, "execution status", Message(event), (BUS,))

    def _state(self, system: System, node: Node, state: Mapping[str, Any]) -> Iterator[Put]:
        resource = state.get("Resource")
        if state.get("Type") == "Task" and resource is not None:
            for text in system.texts(_substituted(resource, node), node.template):
                yield from self._task(system, node, text, _arguments(state))
        writer = state.get("ResultWriter")
        if isinstance(writer, Mapping):
            yield from self._call(system, node, "s3:putobject", _with_prefix(_arguments(writer)), "results")

    def _task(self, system: System, node: Node, resource: str, arguments: Mapping[str, Any]) -> Iterator[Put]:
        if ":function:" in resource:
            yield Put(node, resource, "task", expects=(FUNCTION,))
            return
        if system.symbols.free_in(resource):
            yield Put(node, resource, "task", expects=(FUNCTION, STATE_MACHINE))
            return
        call = resource.partition(":states:::")[2].lower().removeprefix("aws-sdk:")
        yield from self._call(system, node, call.partition(".")[0], arguments, "task")

    def _call(self, system: System, node: Node, call: str, arguments: Mapping[str, Any], label: str) -> Iterator[Put]:
        if call == "events:putevents":
            yield from self._events(system, node, arguments)
        if call not in _CALLS:
            return
        parameter, form, expects = _CALLS[call]
        value = _substituted(arguments.get(parameter, _UNKNOWN), node)
        message = _message(system, node, call, arguments)
        shown = f"{label} {call}" if label == "task" else label
        if value is _UNKNOWN:  # chosen at run time
            for type_ in expects:
                for other in system.nodes(type_):
                    for arn in system.arns(other):
                        doubt = f"a task of `{system.label(node)}` chooses at run time"
                        yield Put(node, arn, shown, message, doubt=doubt)
            return
        for text in system.texts(value, node.template):
            known = text if text.startswith("arn:") or system.symbols.free_in(text[:1]) else None
            yield Put(node, known or form.format(text.rpartition("/")[2]), shown, message, expects)

    def _events(self, system: System, node: Node, arguments: Mapping[str, Any]) -> Iterator[Put]:
        for entry in system.items(arguments.get("Entries") or [], node.template):
            if not isinstance(entry, Mapping):
                continue
            fields = {}
            for key, name in (("Source", "source"), ("DetailType", "detail-type")):
                if key in entry:
                    texts = system.texts(_substituted(entry[key], node), node.template)
                    fields[name] = Language((tuple(map(literal, texts)),))
            value = _substituted(entry.get("EventBusName", _UNKNOWN if "EventBusName.$" in entry else "default"), node)
            names = system.texts(value, node.template) if value is not _UNKNOWN else ()
            for name in names:
                arn = name if name.startswith("arn:") else f"arn:aws:events:::event-bus/{name}"
                yield Put(node, arn, "task events:putevents", Message(fields), (BUS,))


def definition(system: System, node: Node) -> Mapping[str, Any] | None:
    """A state machine's definition, if the template holds it."""
    for name in ("Definition", "DefinitionString"):
        for choice in system.choices(node.get(name), node.template):
            if isinstance(choice, Mapping) and "States" in choice:
                return choice
            if choice is None:
                continue
            for text in system.texts(choice, node.template):
                try:
                    found = json.loads(_with_substitutions(system, node, text))
                except (ValueError, RecursionError):
                    continue
                if isinstance(found, dict):
                    return {key: _resolved(part) for key, part in found.items()}
    return None


def _with_substitutions(system: System, node: Node, text: str) -> str:
    for values in system.mapping(node.get("DefinitionSubstitutions"), node.template):
        for name, value in values.items():
            found = system.texts(value, node.template)
            text = text.replace(f"${{{name}}}", json.dumps(found[0], ensure_ascii=False)[1:-1])
    return text


def _resolved(value: Any) -> Any:
    """Texts that have been resolved already, marked as such: symbols in them are to stay."""
    if isinstance(value, str):
        return Resolved(value) if has_symbols(value) else value
    if isinstance(value, list):
        return [_resolved(item) for item in value]
    if isinstance(value, dict):
        return {key: _resolved(item) for key, item in value.items()}
    return value


def _substituted(value: Any, node: Node) -> Any:
    """A `${Name}` of `DefinitionSubstitutions` replaced by its value."""
    if isinstance(value, str) and value.startswith("${") and value.endswith("}"):
        substitutions = node.get("DefinitionSubstitutions")
        if isinstance(substitutions, Mapping) and value[2:-1] in substitutions:
            return substitutions[value[2:-1]]
    if isinstance(value, str) and value.startswith("{%"):
        return _UNKNOWN
    return value


def _states(found: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All states, those inside maps and parallel branches included."""
    work: list[Any] = [found]
    count = 0
    while work and count < MAX_STATES:
        machine = work.pop()
        states = machine.get("States") if isinstance(machine, Mapping) else None
        for state in states.values() if isinstance(states, Mapping) else ():
            if isinstance(state, Mapping):
                count += 1
                yield state
                work += [state.get("Iterator"), state.get("ItemProcessor")]
                branches = state.get("Branches")
                work += branches if isinstance(branches, list) else []


def _arguments(state: Mapping[str, Any]) -> Mapping[str, Any]:
    found = state.get("Arguments", state.get("Parameters"))
    return found if isinstance(found, Mapping) else {}


def _with_prefix(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    prefix = arguments.get("Prefix", "" if "Prefix.$" not in arguments else None)
    return {**arguments, "Key": f"{prefix}/*" if isinstance(prefix, str) and prefix else "*"}


def _message(system: System, node: Node, call: str, arguments: Mapping[str, Any]) -> Message:
    if call.startswith("s3:"):
        event = CREATED if call != "s3:deleteobject" else ("ObjectRemoved:Delete", "ObjectRemoved:DeleteMarkerCreated")
        key = _substituted(arguments.get("Key", "*"), node)
        globs = (STAR,) if key is _UNKNOWN else system.texts(key, node.template)
        found = tuple(literal(glob).replace("*", STAR) for glob in globs)
        return Message({"event": Language((event,)), "key": Language((found,))})
    if call in _CHANGES:
        return Message({"eventName": Language((_CHANGES[call],))})
    return Message()
