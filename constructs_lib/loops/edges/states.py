"""Step Functions: a state machine does what its definition says, whatever its role would allow.

"Integrating services with Step Functions" and the Amazon States Language. A definition that is not in the template
leaves the role to tell.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from constructs_lib.loops.absence import may_be_absent
from constructs_lib.loops.edges.base import Actor, Channel, Deposit, EdgeKind, Message, Put, addresses
from constructs_lib.loops.edges.calls import STATE_MACHINE, UNKNOWN, action, effects, is_known
from constructs_lib.loops.edges.events import BUS, arn_of_default_bus
from constructs_lib.loops.edges.lambdas import FUNCTION
from constructs_lib.loops.keys import literal
from constructs_lib.loops.languages import Language
from constructs_lib.templates.symbols import has_symbols
from constructs_lib.templates.texts import Resolved

if TYPE_CHECKING:
    from collections.abc import Iterable

    from constructs_lib.templates.system import Node, System

__all__ = ["STATE_MACHINE", "StateMachines"]

MAX_STATES = 10_000
MAX_DEFINITIONS = 24
_START = ("states:StartExecution", "states:StartSyncExecution")
_STATUS_CHANGE = {
    "source": Language((("aws.states",),)),
    "detail-type": Language((("Step Functions Execution Status Change",),)),
}
_STARTS = tuple(Deposit(action) for action in _START)
_STARTS_OF_VERSIONS = tuple(Deposit(action, rest="qualifier") for action in _START)
_REDRIVE = (Deposit("states:RedriveExecution", rest="execution"),)
_DEFINITION = ("Definition", "DefinitionString")
_READ: WeakKeyDictionary[System, dict[Node, list[list[Mapping[str, Any]] | None]]] = WeakKeyDictionary()
"""The states of each machine's definitions: read to know what acts, and kept until it is known what they do."""
_TOKEN = re.compile(r"\$\{([A-Za-z0-9_-]+)\}")


class StateMachines(EdgeKind):
    """State machines: who starts them, and what their tasks do."""

    def actors(self, system: System) -> Iterator[Actor]:
        """All state machines; those without a readable definition act by their role."""
        for node in system.nodes(STATE_MACHINE):
            definitions = [
                None if found is None else list(_states(system, node, found)) for found in _definitions(system, node)
            ]
            _READ.setdefault(system, {})[node] = definitions
            yield Actor(node, node.get("RoleArn"), by_role=None in definitions)
            calls = [call for states in definitions if states is not None for call in _calls(system, node, states)]
            others = tuple(dict.fromkeys(action(call) for call in calls if not is_known(call.lower())))
            if others and None not in definitions:
                yield Actor(node, node.get("RoleArn"), only=others)

    def channels(self, system: System) -> Iterator[Channel]:
        """All state machines."""
        for node in system.nodes(STATE_MACHINE):
            yield Channel(node, addresses(system, node, "states:stateMachine:"), _STARTS)
            yield Channel(node, addresses(system, node, "states:stateMachine:", ":"), _STARTS_OF_VERSIONS)
            yield Channel(node, addresses(system, node, "states:execution:", ":"), _REDRIVE)

    def puts(self, system: System) -> Iterator[Put]:
        """What the tasks of all state machines call, and the events that tell of their executions."""
        bus = arn_of_default_bus(system)
        for node, definitions in _READ.pop(system, {}).items():
            property_ = _DEFINITION[node.get("Definition") is None]
            for state in (state for states in definitions for state in states or ()):
                for put in self._state(system, node, state):
                    put.entry, put.property = state, property_
                    yield put
            event = {
                **_STATUS_CHANGE,
                "detail.stateMachineArn": Language((tuple(map(literal, system.arns(node))),)),
            }
            yield Put(node, bus, "execution status", Message(event), (BUS,))

    def _state(self, system: System, node: Node, state: Mapping[str, Any]) -> Iterator[Put]:
        resource = state.get("Resource")
        if state.get("Type") == "Task" and resource is not None:
            for text in system.texts(_substituted(resource, node), node.template):
                yield from self._task(system, node, text, _arguments(state, node))
        writer = state.get("ResultWriter")
        if isinstance(writer, Mapping):
            yield from effects(system, node, "s3:putobject", _with_prefix(_arguments(writer, node)), "results")

    def _task(self, system: System, node: Node, resource: str, arguments: Mapping[str, Any]) -> Iterator[Put]:
        if ":function:" in resource:
            yield Put(node, resource, "task", expects=(FUNCTION,))
            return
        if system.symbols.free_in(resource):
            yield Put(node, resource, "task", expects=(FUNCTION, STATE_MACHINE))
            return
        name = _called(resource).lower()
        yield from effects(system, node, name, arguments, f"task {name}")


def _calls(system: System, node: Node, states: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The service calls of a definition's tasks."""
    for state in states:
        resource = state.get("Resource") if state.get("Type") == "Task" else None
        for text in system.texts(_substituted(resource, node), node.template) if resource is not None else ():
            if ":states:::" in text:
                yield _called(text)


def _called(resource: str) -> str:
    """The service call that a task's resource names."""
    return resource.partition(":states:::")[2].removeprefix("aws-sdk:").partition(".")[0]


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
    given = node.get("DefinitionSubstitutions")
    united = [] if given is not None and not may_be_absent(system, given, node.template) else [text]
    for values in system.mapping(given, node.template):
        found = [text]
        for name, value in values.items():
            texts = system.texts(value, node.template) if f"${{{name}}}" in text else ()
            if len(texts) * len(found) > MAX_DEFINITIONS:
                return [""]
            quoted = [json.dumps(text, ensure_ascii=False)[1:-1] for text in texts]
            found = [one.replace(f"${{{name}}}", by) for one in found for by in quoted] if quoted else found
        united += found
    return united


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
    """Each `${Name}` of `DefinitionSubstitutions` replaced by its value; `UNKNOWN` for what run time tells."""
    if not isinstance(value, str) or isinstance(value, Resolved):
        return value
    if value.startswith("{%"):
        return UNKNOWN
    names = _TOKEN.findall(value)
    return _chosen(value, names, node.get("DefinitionSubstitutions")) if names else value


def _chosen(value: str, names: list[str], substitutions: Any) -> Any:
    """A text with its substitutions, for each branch of what conditions choose."""
    if not isinstance(substitutions, Mapping):
        return value
    branches = substitutions.get("Fn::If")
    if isinstance(branches, list):
        return {"Fn::If": [*branches[:1], *(_chosen(value, names, branch) for branch in branches[1:])]}
    if all(name in substitutions for name in names):
        return {"Fn::Sub": [value, {name: substitutions[name] for name in names}]}
    return value


def _states(system: System, node: Node, found: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All states, those inside maps and parallel branches included, whatever conditions choose."""
    work: list[Any] = [found]
    count = 0
    while work and count < MAX_STATES:
        for machine in system.mapping(work.pop(), node.template):
            for states in system.mapping(machine.get("States"), node.template):
                for value in states.values():
                    for state in system.mapping(value, node.template):
                        count += 1
                        yield state
                        work += [state.get("Iterator"), state.get("ItemProcessor")]
                        work += system.items(state.get("Branches") or [], node.template)


def _arguments(state: Mapping[str, Any], node: Node) -> Mapping[str, Any]:
    found = _filled_in(state.get("Arguments", state.get("Parameters")), node)
    return found if isinstance(found, Mapping) else {}


def _filled_in(value: Any, node: Node) -> Any:
    """Arguments with their substitutions; intrinsic functions stay."""
    if isinstance(value, list):
        return [_filled_in(item, node) for item in value]
    if isinstance(value, Mapping) and not (len(value) == 1 and str(next(iter(value))).startswith(("Fn::", "Ref"))):
        return {key: _filled_in(item, node) for key, item in value.items()}
    return _substituted(value, node)


def _with_prefix(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    prefix = arguments.get("Prefix", "" if "Prefix.$" not in arguments else UNKNOWN)
    return {**arguments, "Key": {"Fn::Join": ["/", [prefix, "*"]]} if prefix and prefix is not UNKNOWN else "*"}
