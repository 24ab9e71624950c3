"""Whether conditions hold in a world, and templates as that leaves them.

A world fixes variables: parameters, pseudo parameters, and comparisons that nobody can tell. What it does not fix stays
open: both branches of a condition that is not decided stay in the template. So a world is a superset of every world
that fixes more, and the templates as they were written are the world that fixes nothing.

"Condition functions" in the CloudFormation user guide. `Rules` are not read: they only forbid worlds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

from constructs_lib.templates.derived import Derived
from constructs_lib.templates.symbols import has_symbols, symbols_in
from constructs_lib.templates.system import System
from constructs_lib.templates.template import Resource
from constructs_lib.templates.variables import (
    KEYS_OF_MAP,
    PSEUDO,
    Value,
    Variable,
    conditions_in,
    imports_in,
    map_keys,
    references_in,
    referred,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.templates.template import Template
    from constructs_lib.templates.variables import Variables, World

__all__ = ["NOT_CREATED", "WorldTemplates"]

NOT_CREATED = "AWS::NotCreated"
"""The type of a resource whose condition is false: it has a name, unlike any other, and nothing else."""

_MAX_DEPTH = 60
_OF_PARTITION = {"AWS::Partition", "AWS::URLSuffix"}
_NO_VALUE = {"Ref": "AWS::NoValue"}
_TRUE, _FALSE = Value(("true",)), Value(("false",))


class WorldTemplates:
    """The templates of a system in one world.

    Attributes:
        templates: with what the world decides; in the same order.
    """

    def __init__(self, variables: Variables, world: World) -> None:
        self._variables = variables
        self._world = world
        self._parameters = [self._decided_parameters(i, template) for i, template in enumerate(variables.templates)]
        self._fixed = [*map(_with_parameters, variables.templates, self._parameters)]
        self._known: dict[tuple[int, str], tuple[bool | None, dict[Variable, None]]] = {}
        self.templates = tuple(self._specialised(i, template) for i, template in enumerate(variables.templates))

    def truth(self, index: int, condition: str) -> bool | None:
        """Whether a condition holds; None if this world leaves it open."""
        return self._decided(index, condition)[0]

    def open_in_condition(self, index: int, condition: str) -> dict[Variable, None]:
        """The variables that a condition waits for."""
        return self._decided(index, condition)[1]

    def open_in_value(self, index: int, value: Any) -> dict[Variable, None]:
        """The variables that a value of these templates waits for."""
        found: dict[Variable, None] = {}
        for name in conditions_in(value):
            found.update(self.open_in_condition(index, name))
        for name in references_in(value):
            if self._variables.allows_few(index, name):
                found.update(self._open(index, name, in_text=True))
        for key in map_keys(value):
            for name in references_in(key):
                found.update(self._open(index, name))
        return found

    def taken(self, index: int, value: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """The outputs of other templates that a value imports, and those of nested stacks that it refers to."""
        for name in imports_in(value):
            for text in self._read.texts(name, self._read.templates[index]):
                yield from self._exports.get(text, ())
        children = self._variables.children(index)
        for child in {children[name]: None for name in references_in(value) if name in children} if children else ():
            outputs = self.templates[child].section("Outputs").values()
            yield from ((child, output) for output in outputs if isinstance(output, Mapping))

    @cached_property
    def _exports(self) -> dict[str, list[tuple[int, Mapping[str, Any]]]]:
        found: dict[str, list[tuple[int, Mapping[str, Any]]]] = {}
        for index, template in enumerate(self.templates):
            for output in template.section("Outputs").values():
                export = output.get("Export") if isinstance(output, Mapping) else None
                if isinstance(export, Mapping):
                    for text in self._read.texts(export.get("Name"), self._read.templates[index]):
                        found.setdefault(text, []).append((index, output))
        return found

    @cached_property
    def _read(self) -> System:
        """The templates with what is fixed, for texts."""
        return System(self._fixed)

    def open_in_presence(self, index: int, body: Mapping[str, Any]) -> dict[Variable, None]:
        """The variables that decide whether a resource is there, those of the stacks around it included."""
        found: dict[Variable, None] = {}
        name = body.get("Condition")
        if isinstance(name, str):
            found.update(self.open_in_condition(index, name))
        around = self._variables.around(index)
        if around is not None:
            found.update(self.open_in_presence(*around))
        return found

    def _open(self, index: int, name: str, *, in_text: bool = False) -> dict[Variable, None]:
        """The variables that a parameter waits for; one that is only part of a text may as well be anything."""
        given = self._variables.given(index, name)
        if given is not None:
            found = self.open_in_value(*given)
            for other in () if in_text else references_in(given[1]):
                found.update(self._open(given[0], other))
            return found
        variable = self._variables.variable(index, name)
        return {} if variable is None or variable in self._world else {variable: None}

    # conditions

    def _decided(self, index: int, name: str) -> tuple[bool | None, dict[Variable, None]]:
        known = self._known.get((index, name))
        if known is None:
            self._known[index, name] = (None, {})  # should it refer to itself
            sections = self._variables.templates[index].section("Conditions")
            known = self._known[index, name] = self._evaluated(index, sections.get(name), 0)
        return known

    def _evaluated(self, index: int, value: Any, depth: int) -> tuple[bool | None, dict[Variable, None]]:
        if not isinstance(value, Mapping) or len(value) != 1 or depth > _MAX_DEPTH:
            return None, {}
        name, argument = next(iter(value.items()))
        if name == "Condition" and isinstance(argument, str):
            return self._decided(index, argument)
        if not isinstance(argument, list):
            return None, {}
        if name == "Fn::Equals" and len(argument) == 2:  # noqa: PLR2004
            return self._equal(index, argument[0], argument[1])
        return _combined(name, [self._evaluated(index, part, depth + 1) for part in argument])

    def _equal(self, index: int, one: Any, other: Any) -> tuple[bool | None, dict[Variable, None]]:
        left, right = self._operand(index, one), self._operand(index, other)
        truth = _compared(left, right)
        if truth is not None:
            return truth, {}
        waiting = {
            variable: None
            for part in (one, other)
            for name in references_in(part)
            for variable in self._open(index, name)
        }
        if waiting:
            return None, waiting
        name = "[" + " = ".join(sorted((_canonical(one), _canonical(other)))) + "]"
        shown = sorted((one, other), key=lambda value: isinstance(value, str))
        compared = (_shown(shown[0]), _shown(shown[1]))
        holders = (self._variables.holder(index, name) for part in (one, other) for name in references_in(part))
        holder = next(filter(None, holders), "")
        comparison = Variable(name, index, (_TRUE, _FALSE), compared, holder)
        chosen = self._world.get(comparison)
        return (None, {comparison: None}) if chosen is None else (chosen == _TRUE, {})

    def _operand(self, index: int, value: Any) -> Value:
        name = referred(value)
        variable = None if name is None else self._variables.variable(index, name)
        if variable is not None and variable in self._world:
            return self._world[variable]
        if name in PSEUDO:  # another one than what its text stands for elsewhere
            return Value(())
        decided = self._resolved(index, value)
        if self._names_place(index, decided):
            return Value(())
        return Value(self._read.texts(decided, self._read.templates[index]))

    def _names_place(self, index: int, value: Any) -> bool:
        """Whether a value holds what its text stands for one partition only."""
        given = (self._variables.given(index, name) for name in references_in(value))
        return not _OF_PARTITION.isdisjoint(references_in(value)) or any(
            self._names_place(*one) for one in given if one is not None
        )

    # templates

    def _decided_parameters(self, index: int, template: Template) -> dict[str, Any]:
        changed = {}
        for variable, value in self._world.items():
            if variable.template == index and variable.compared is None and value.texts:
                declared = template.section("Parameters").get(variable.name)
                if isinstance(declared, Mapping):
                    changed[variable.name] = {**declared, "Type": "String", "AllowedValues": list(value.texts)}
        return changed

    def _specialised(self, index: int, template: Template) -> Template:
        """The template in this world; the very same if the world decides nothing in it."""
        still, referred_to = self._variables.still(index) if template.parent is None else (frozenset(), frozenset())
        resources = {
            key: resource if key in still else self._resource(index, resource)
            for key, resource in template.resources.items()
        }
        outputs = {
            key: self._resolved(index, output)
            for key, output in template.section("Outputs").items()
            if not (isinstance(output, Mapping) and self._is_off(index, output))
        }
        written = template.section("Globals")
        shared = self._resolved(index, written)
        parameters = self._parameters[index]
        if parameters:  # those that only conditions ask for are decided by now
            moved = [resource.body for key, resource in resources.items() if key not in still]
            used = referred_to.union(references_in([*moved, outputs, shared]))
            template = _with_parameters(template, {name: parameters[name] for name in parameters if name in used})
        if shared is written and _same(resources, template.resources) and _same(outputs, template.section("Outputs")):
            return template
        return replace(template.with_sections({"Outputs": outputs, "Globals": shared}), resources=resources)

    def _is_off(self, index: int, body: Mapping[str, Any]) -> bool:
        name = body.get("Condition")
        if isinstance(name, str) and self.truth(index, name) is False:
            return True
        around = self._variables.around(index)
        return around is not None and self._is_off(*around)

    def _resource(self, index: int, resource: Resource) -> Resource:
        if self._is_off(index, resource.body):
            return Resource(resource.logical_id, NOT_CREATED, {}, {"Type": NOT_CREATED}, resource.at)
        body = self._resolved(index, resource.body)
        name = body.get("Condition")
        if isinstance(name, str) and self.truth(index, name):  # what is certain to be there
            body = {key: entry for key, entry in body.items() if key != "Condition"}
        if body is resource.body:
            return resource
        properties = body.get("Properties")
        return replace(resource, properties=properties if isinstance(properties, Mapping) else {}, body=body)

    def _resolved(self, index: int, value: Any, depth: int = 0) -> Any:
        """A value with the branches that this world takes; the very same if it decides nothing in it."""
        if depth > _MAX_DEPTH:
            return value
        if isinstance(value, list):
            return self._items(index, value, depth)
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name == "Fn::If" and isinstance(argument, list) and len(argument) == 3:  # noqa: PLR2004
                return self._branch(index, value, argument, depth)
            if name == "Fn::FindInMap" and isinstance(argument, list):
                return self._looked_up(index, value, argument, depth)
        return self._entries(index, value, depth)

    def _items(self, index: int, value: list[Any], depth: int) -> list[Any]:
        items = [self._resolved(index, item, depth + 1) for item in value]
        left = [item for item in items if item != _NO_VALUE]
        same = len(left) == len(value) and all(one is other for one, other in zip(left, value, strict=True))
        return value if same else left

    def _entries(self, index: int, value: Mapping[str, Any], depth: int) -> Mapping[str, Any]:
        entries = {key: self._resolved(index, entry, depth + 1) for key, entry in value.items()}
        left = {key: entry for key, entry in entries.items() if entry != _NO_VALUE}
        same = len(left) == len(value) and all(entry is value[key] for key, entry in left.items())
        return value if same else Derived(left, value)

    def _branch(self, index: int, value: Any, argument: list[Any], depth: int) -> Any:
        name = argument[0]
        truth = self.truth(index, name) if isinstance(name, str) else None
        if truth is not None:
            return self._resolved(index, argument[1 if truth else 2], depth + 1)
        branches = [self._resolved(index, branch, depth + 1) for branch in argument[1:]]
        if branches[0] is argument[1] and branches[1] is argument[2]:
            return value
        return Derived({"Fn::If": [name, *branches]}, value)

    def _looked_up(self, index: int, value: Any, argument: list[Any], depth: int) -> Any:
        """A look-up whose keys are what this world chooses; one that it does not have finds nothing."""
        keys = [self._resolved(index, key, depth + 1) for key in argument]
        for position, key in enumerate(keys[:KEYS_OF_MAP]):
            name = referred(key)
            variable = None if name is None else self._variables.variable(index, name)
            chosen = self._world.get(variable) if variable is not None else None
            if chosen is not None and len(chosen.texts) <= 1:
                keys[position] = chosen.texts[0] if chosen.texts else ""
        same = all(one is other for one, other in zip(keys, argument, strict=True))
        return value if same else Derived({"Fn::FindInMap": keys}, value)


def _with_parameters(template: Template, parameters: Mapping[str, Any]) -> Template:
    if not parameters:
        return template
    return template.with_sections({"Parameters": {**template.section("Parameters"), **parameters}})


def _same(entries: Mapping[str, Any], written: Mapping[str, Any]) -> bool:
    return len(entries) == len(written) and all(entry is written[key] for key, entry in entries.items())


def _combined(
    name: Any, parts: list[tuple[bool | None, dict[Variable, None]]]
) -> tuple[bool | None, dict[Variable, None]]:
    if name == "Fn::Not" and len(parts) == 1:
        truth, waiting = parts[0]
        return None if truth is None else not truth, waiting
    if name not in {"Fn::And", "Fn::Or"} or not parts:
        return None, {}
    decisive = name == "Fn::Or"
    if any(truth is decisive for truth, _ in parts):
        return decisive, {}
    waiting = {variable: None for _, needed in parts for variable in needed}
    return None if any(truth is None for truth, _ in parts) else not decisive, waiting


def _compared(one: Value, other: Value) -> bool | None:
    """Whether two operands are equal; None if nobody can tell."""
    if not one.texts or not other.texts:
        texts, excluded = one.texts or other.texts, {*one.other_than, *other.other_than}
        return False if texts and excluded.issuperset(texts) else None
    if len(one.texts) == len(other.texts) == 1 and one.texts == other.texts:
        return True
    return None if any(_may_be_same(*pair) for pair in product(one.texts, other.texts)) else False


def _may_be_same(one: str, other: str) -> bool:
    """Whether two texts may turn out to be the same: what is known of how they begin and end is."""
    if not (has_symbols(one) or has_symbols(other)):
        return one == other
    for first, second in ((_beginning(one), _beginning(other)), (_beginning(one[::-1]), _beginning(other[::-1]))):
        if not (first.startswith(second) or second.startswith(first)):
            return False
    return True


def _beginning(text: str) -> str:
    """What a text begins with, up to what is not known of it."""
    symbols = symbols_in(text)
    return text.partition(symbols[0])[0] if symbols else text


def _shown(value: Any) -> str:
    """An operand of a comparison, for people."""
    named = referred(value)
    if named is not None:
        return named
    text = value.get("Fn::Sub") if isinstance(value, Mapping) and len(value) == 1 else value
    return f"`{text}`" if isinstance(text, str) else _canonical(value)


def _canonical(value: Any) -> str:
    try:
        return json.dumps(value, sort_keys=True, default=str)
    except (RecursionError, ValueError, TypeError):
        return f"object {id(value)}"
