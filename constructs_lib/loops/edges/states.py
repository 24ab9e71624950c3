"""Step Functions: a state machine does what its definition says, whatever its role would allow.

"Integrating services with Step Functions" and the Amazon States Language. A definition that is not in the template
leaves the role to tell.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.edges.base import Actor, Channel, Deposit, EdgeKind, Message, Put
from constructs_lib.loops.edges.calls import CALLS, STATE_MACHINE, Call
from constructs_lib.loops.edges.events import BUS, OWN_EVENT, default_bus
from constructs_lib.loops.edges.lambdas import FUNCTION
from constructs_lib.loops.edges.urls import APIS, called
from constructs_lib.loops.keys import STAR, literal
from constructs_lib.loops.languages import Language
from constructs_lib.templates.symbols import has_symbols
from constructs_lib.templates.texts import Resolved

if TYPE_CHECKING:
    from constructs_lib.templates.system import Node, System

__all__ = ["STATE_MACHINE", "StateMachines"]

MAX_STATES = 10_000
MAX_DEFINITIONS = 24
_START = ("states:StartExecution", "states:StartSyncExecution")
_DEFINITION = ("Definition", "DefinitionString")
_UNKNOWN = object()
_TOKEN = re.compile(r"\$\{([A-Za-z0-9_-]+)\}")


class StateMachines(EdgeKind):
    """State machines: who starts them, and what their tasks do."""

    def actors(self, system: System) -> Iterator[Actor]:
        """All state machines; those without a readable definition act by their role."""
        for node in system.nodes(STATE_MACHINE):
            yield Actor(node, node.get("RoleArn"), by_role=None in _definitions(system, node))

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
            for found in _definitions(system, node):
                for state in _states(found):
                    for put in self._state(system, node, state):
                        yield replace(put, entry=state, property=_DEFINITION[node.get("Definition") is None])
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

    def _call(self, system: System, node: Node, name: str, arguments: Mapping[str, Any], label: str) -> Iterator[Put]:
        shown = f"{label} {name}" if label == "task" else label
        if name in {"events:putevents", "eventbridge:putevents"}:
            yield from self._events(system, node, arguments, shown)
        elif name == "apigateway:invoke":
            yield from self._request(system, node, arguments, shown)
        elif name == "http:invoke":
            url = _substituted(arguments.get("ApiEndpoint", _UNKNOWN), node)
            for text in system.texts(url, node.template) if url is not _UNKNOWN else ():
                for arn in called(system, text):
                    yield Put(node, arn, shown)
        elif name in CALLS:
            call = CALLS[name]
            value = _named(call, arguments, node)
            message = call.message & _key(system, node, arguments) if name.startswith("s3:") else call.message
            if value is _UNKNOWN:
                yield from _anywhere(system, node, shown, call.expects, message)
                return
            for text in system.texts(value, node.template):
                known = text if text.startswith("arn:") or system.symbols.free_in(text[:1]) else None
                arn = known or call.form.format(text.rpartition("/")[2])
                yield Put(node, arn, shown, message, call.expects)

    def _events(self, system: System, node: Node, arguments: Mapping[str, Any], shown: str) -> Iterator[Put]:
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
                value = _substituted(entry.get(key, _UNKNOWN), node)
                if value is not _UNKNOWN:
                    texts = tuple(map(literal, system.texts(value, node.template)))
                    message &= Message({field: Language((texts,))})
            bus = _substituted(entry.get("EventBusName", _UNKNOWN if "EventBusName.$" in entry else "default"), node)
            if bus is _UNKNOWN:
                yield from _anywhere(system, node, shown, (BUS,), message)
                continue
            for name in system.texts(bus, node.template):
                arn = name if name.startswith("arn:") else f"arn:aws:events:::event-bus/{name}"
                yield Put(node, arn, shown, message, (BUS,))

    def _request(self, system: System, node: Node, arguments: Mapping[str, Any], shown: str) -> Iterator[Put]:
        value = _substituted(arguments.get("ApiEndpoint", _UNKNOWN), node)
        if value is _UNKNOWN:
            yield from _anywhere(system, node, shown, APIS, Message())
            return
        for text in system.texts(value, node.template):
            name = text.removeprefix("https://").partition(".")[0]
            yield Put(node, f"arn:aws:execute-api:::{name}", shown, expects=APIS)


def _named(call: Call, arguments: Mapping[str, Any], node: Node) -> Any:
    """What the arguments name; `_UNKNOWN` if they do not tell."""
    for way in call.parameters:
        value: Any = arguments
        for key in way:
            value = value.get(key, _UNKNOWN) if isinstance(value, Mapping) else _UNKNOWN
        if value is not _UNKNOWN:
            return _substituted(value, node)
    return _UNKNOWN


def _anywhere(system: System, node: Node, shown: str, expects: tuple[str, ...], message: Message) -> Iterator[Put]:
    """What is chosen at run time may be anything of its type."""
    doubt = f"a task of `{system.label(node)}` chooses at run time"
    for other in system.nodes(*expects):
        for arn in system.arns(other):
            yield Put(node, arn, shown, message, doubt=doubt)


def _definitions(system: System, node: Node) -> list[Mapping[str, Any] | None]:
    """A state machine's definitions, one for each choice of conditions; None for what is not in the template."""
    found: list[Mapping[str, Any] | None] = []
    given = [node.get(name) for name in _DEFINITION if node.get(name) is not None]
    for value in given:
        for choice in system.choices(value, node.template):
            if isinstance(choice, Mapping) and "States" in choice:
                found.append(choice)
            else:
                found += (
                    _parsed(text) for t in system.texts(choice, node.template) for text in _filled(system, node, t)
                )
    return found or [None]


def _parsed(text: str) -> Mapping[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return {key: _resolved(part) for key, part in found.items()} if isinstance(found, dict) else None


def _filled(system: System, node: Node, text: str) -> list[str]:
    """A definition with its substitutions, in all ways if there are not too many."""
    found = [text]
    for values in system.mapping(node.get("DefinitionSubstitutions"), node.template):
        for name, value in values.items():
            texts = system.texts(value, node.template) if f"${{{name}}}" in text else ()
            if len(texts) * len(found) > MAX_DEFINITIONS:
                return [""]
            quoted = [json.dumps(text, ensure_ascii=False)[1:-1] for text in texts]
            found = [one.replace(f"${{{name}}}", by) for one in found for by in quoted] if quoted else found
    return found


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
    """Each `${Name}` of `DefinitionSubstitutions` replaced by its value; `_UNKNOWN` for what run time tells."""
    if not isinstance(value, str) or isinstance(value, Resolved):
        return value
    if value.startswith("{%"):
        return _UNKNOWN
    substitutions = node.get("DefinitionSubstitutions")
    names = _TOKEN.findall(value)
    if names and isinstance(substitutions, Mapping) and all(name in substitutions for name in names):
        return {"Fn::Sub": [value, {name: substitutions[name] for name in names}]}
    return value


def _states(found: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
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


def _key(system: System, node: Node, arguments: Mapping[str, Any]) -> Message:
    key = _substituted(arguments.get("Key", "*"), node)
    globs = (STAR,) if key is _UNKNOWN else system.texts(key, node.template)
    return Message({"key": Language((tuple(literal(glob).replace("*", STAR) for glob in globs),))})
