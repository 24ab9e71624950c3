"""What conditions and parameters may turn out to be, and templates as they are in one such world.

A world fixes variables: parameters, pseudo parameters, and comparisons that nobody can tell. What it does not fix stays
open: both branches of a condition that is not decided stay in the template. So a world is a superset of every world
that fixes more, and the templates as they were written are the world that fixes nothing.

"Condition functions" and "Parameters" in the CloudFormation user guide. `Rules` are not read: they only forbid worlds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from constructs_lib.templates.derived import Derived
from constructs_lib.templates.symbols import has_symbols
from constructs_lib.templates.system import System
from constructs_lib.templates.template import Resource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_lib.templates.template import Template

__all__ = ["NOT_CREATED", "Conditions", "Value", "Variable", "World", "WorldTemplates"]

NOT_CREATED = "AWS::NotCreated"
"""The type of a resource whose condition is false: it has a name, unlike any other, and nothing else."""

_MOST_VALUES = 12
"""An instance type has hundreds; what is not compared with anything is then one value."""
_MAX_DEPTH = 60
_PSEUDO = ("AWS::Region", "AWS::Partition", "AWS::URLSuffix", "AWS::AccountId", "AWS::StackName")
_NO_VALUE = {"Ref": "AWS::NoValue"}
_IN_SUB = re.compile(r"\$\{([^!}][^}]*)\}")
_KEYS_OF_MAP = 3


@dataclass(frozen=True)
class Value:
    """What a variable is in a world.

    Args:
        texts: one of these; empty if it may be anything else than `other_than`.
        other_than: what it is not.
    """

    texts: tuple[str, ...]
    other_than: tuple[str, ...] = ()


@dataclass(frozen=True)
class Variable:
    """Something that the deployment decides.

    Args:
        name: a parameter, a pseudo parameter, or a comparison.
        template: whose it is, by its position; -1 for what all have in common.
        values: what it may be.
    """

    name: str
    template: int
    values: tuple[Value, ...] = field(compare=False)

    @property
    def is_comparison(self) -> bool:
        """Whether it is a comparison rather than a parameter."""
        return self.name.startswith("[")


_TRUE, _FALSE = Value(("true",)), Value(("false",))
World = Mapping[Variable, Value]


class Conditions:
    """The variables of a system's templates."""

    def __init__(self, templates: Sequence[Template]) -> None:
        self.templates = tuple(templates)
        self._literals: dict[tuple[int, str], dict[str, None]] = {}
        self._variables: dict[tuple[int, str], Variable | None] = {}
        for index, template in enumerate(self.templates):
            for section in ("Conditions", "Resources", "Outputs", "Globals"):
                self._compared(index, template.section(section), template.section("Mappings"))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to the deployment that conditions or texts may hang on."""
        return (
            not any(
                template.section("Conditions")
                or any(isinstance(p, Mapping) and "AllowedValues" in p for p in template.section("Parameters").values())
                for template in self.templates
            )
            and not self._literals
        )

    def variable(self, index: int, name: str) -> Variable | None:
        """The variable that a parameter or pseudo parameter is; None if there is nothing to tell its values by."""
        if name in _PSEUDO and name != "AWS::StackName":
            index = -1
        given = self.given(index, name)
        if given is not None:
            reference = _reference(given[1])
            return None if reference is None else self.variable(given[0], reference)
        key = (index, name)
        if key not in self._variables:
            values = self._values(index, name)
            self._variables[key] = Variable(name, index, values) if len(values) > 1 else None
        return self._variables[key]

    def allows_few(self, index: int, name: str) -> bool:
        """Whether a parameter has allowed values, or a nested stack gets it from its parent."""
        return self._allowed(index, name) is not None or self.given(index, name) is not None

    def around(self, index: int) -> tuple[int, Mapping[str, Any]] | None:
        """The resource that makes a nested stack, with its template's position."""
        parent = self.templates[index].parent
        return None if parent is None else (parent[0], self.templates[parent[0]].resources[parent[1]].body)

    def given(self, index: int, name: str) -> tuple[int, Any] | None:
        """What the parent of a nested stack gives for a parameter, with the parent's position."""
        parent = self.templates[index].parent if index >= 0 else None
        if parent is None or name not in self.templates[index].section("Parameters"):
            return None
        above, stack = parent
        values = self.templates[above].resources[stack].properties.get("Parameters")
        return (above, values[name]) if isinstance(values, Mapping) and name in values else None

    def _allowed(self, index: int, name: str) -> list[str] | None:
        parameter = self.templates[index].section("Parameters").get(name) if index >= 0 else None
        if isinstance(parameter, Mapping) and parameter.get("Type") in {"String", "Number"}:
            allowed = parameter.get("AllowedValues")
            if isinstance(allowed, list):
                return list(dict.fromkeys(map(_as_text, allowed)))
        return None

    def _values(self, index: int, name: str) -> tuple[Value, ...]:
        literals = self._literals.get((index, name), {})
        allowed = self._allowed(index, name)
        if allowed is None:
            known = list(literals)[:_MOST_VALUES]
            return (*(Value((text,)) for text in known), Value((), tuple(known))) if known else ()
        if len(allowed) <= _MOST_VALUES:
            return tuple(Value((text,)) for text in allowed)
        known = [text for text in allowed if text in literals][:_MOST_VALUES]
        rest = tuple(text for text in allowed if text not in known)
        return (*(Value((text,)) for text in known), Value(rest, tuple(known)))

    def _compared(self, index: int, value: Any, mappings: Mapping[str, Any]) -> None:
        """Note what parameters are compared with, and which keys they may choose."""
        work = [value]
        while work:
            current = work.pop()
            if isinstance(current, list):
                work.extend(item for item in current if isinstance(item, (dict, list)))
            elif isinstance(current, Mapping):
                work.extend(item for item in current.values() if isinstance(item, (Mapping, list)))
                if len(current) == 1:
                    name, argument = next(iter(current.items()))
                    if name == "Fn::Equals" and isinstance(argument, list) and len(argument) == 2:  # noqa: PLR2004
                        for one, other in (argument, argument[::-1]):
                            if isinstance(other, (str, int, float)):
                                self._note(index, one, [_as_text(other)])
                    elif name == "Fn::FindInMap" and isinstance(argument, list):
                        self._note_keys(index, argument, mappings)

    def _note_keys(self, index: int, argument: list[Any], mappings: Mapping[str, Any]) -> None:
        levels: list[Any] = [mappings]
        for key in argument[:_KEYS_OF_MAP]:
            keys = [str(known) for level in levels if isinstance(level, Mapping) for known in level]
            self._note(index, key, keys)
            chosen = [key] if isinstance(key, str) else keys
            levels = [level[k] for level in levels if isinstance(level, Mapping) for k in chosen if k in level]

    def _note(self, index: int, reference: Any, literals: list[str]) -> None:
        name = _reference(reference)
        if name is None:
            return
        given = self.given(index, name)
        if given is not None:
            self._note(given[0], given[1], literals)
            return
        parameter = self.templates[index].section("Parameters").get(name)
        scalar = isinstance(parameter, Mapping) and "List" not in str(parameter.get("Type"))
        if name in _PSEUDO or scalar:
            shared = -1 if name in _PSEUDO and name != "AWS::StackName" else index
            self._literals.setdefault((shared, name), {}).update(dict.fromkeys(literals))

    def world(self, world: World) -> WorldTemplates:
        """The templates in a world."""
        return WorldTemplates(self, world)


class WorldTemplates:
    """The templates of a system in one world.

    Attributes:
        templates: with what the world decides; in the same order.
    """

    def __init__(self, conditions: Conditions, world: World) -> None:
        self._conditions = conditions
        self._world = world
        self._fixed = [self._with_parameters(i, template) for i, template in enumerate(conditions.templates)]
        self._system: System | None = None
        self._known: dict[tuple[int, str], tuple[bool | None, dict[Variable, None]]] = {}
        self.templates = (
            tuple(self._specialised(i, template) for i, template in enumerate(self._fixed))
            if world
            else conditions.templates
        )

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
            if self._conditions.allows_few(index, name):
                found.update(self._open(index, name))
        for key in _map_keys(value):
            for name in references_in(key):
                found.update(self._open(index, name))
        return found

    def open_in_presence(self, index: int, body: Mapping[str, Any]) -> dict[Variable, None]:
        """The variables that decide whether a resource is there, those of the stacks around it included."""
        found: dict[Variable, None] = {}
        name = body.get("Condition")
        if isinstance(name, str):
            found.update(self.open_in_condition(index, name))
        around = self._conditions.around(index)
        if around is not None:
            found.update(self.open_in_presence(*around))
        return found

    def _open(self, index: int, name: str) -> dict[Variable, None]:
        given = self._conditions.given(index, name)
        if given is not None:
            return self.open_in_value(*given)
        variable = self._conditions.variable(index, name)
        return {} if variable is None or variable in self._world else {variable: None}

    # conditions

    def _decided(self, index: int, name: str) -> tuple[bool | None, dict[Variable, None]]:
        known = self._known.get((index, name))
        if known is None:
            self._known[index, name] = (None, {})  # should it refer to itself
            sections = self._conditions.templates[index].section("Conditions")
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
        comparison = Variable(name, index, (_TRUE, _FALSE))
        chosen = self._world.get(comparison)
        return (None, {comparison: None}) if chosen is None else (chosen == _TRUE, {})

    def _operand(self, index: int, value: Any) -> Value:
        name = _reference(value)
        variable = None if name is None else self._conditions.variable(index, name)
        if variable is not None and variable in self._world:
            return self._world[variable]
        if name in _PSEUDO:  # another one than what its text stands for elsewhere
            return Value(())
        if self._system is None:
            self._system = System(self._fixed)
        return Value(self._system.texts(self._resolved(index, value), self._system.templates[index]))

    # templates

    def _with_parameters(self, index: int, template: Template) -> Template:
        changed = {}
        for variable, value in self._world.items():
            if variable.template == index and not variable.is_comparison and value.texts:
                declared = template.section("Parameters").get(variable.name)
                if isinstance(declared, Mapping):
                    changed[variable.name] = {**declared, "Type": "String", "AllowedValues": list(value.texts)}
        if not changed:
            return template
        return template.with_sections({"Parameters": {**template.section("Parameters"), **changed}})

    def _specialised(self, index: int, template: Template) -> Template:
        resources = {key: self._resource(index, resource) for key, resource in template.resources.items()}
        outputs = {
            key: self._resolved(index, output)
            for key, output in template.section("Outputs").items()
            if not (isinstance(output, Mapping) and self._is_off(index, output))
        }
        shared = self._resolved(index, template.section("Globals"))
        return replace(template.with_sections({"Outputs": outputs, "Globals": shared}), resources=resources)

    def _is_off(self, index: int, body: Mapping[str, Any]) -> bool:
        name = body.get("Condition")
        if isinstance(name, str) and self.truth(index, name) is False:
            return True
        around = self._conditions.around(index)
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
        for position, key in enumerate(keys[:_KEYS_OF_MAP]):
            name = _reference(key)
            variable = None if name is None else self._conditions.variable(index, name)
            chosen = self._world.get(variable) if variable is not None else None
            if chosen is not None and len(chosen.texts) <= 1:
                keys[position] = chosen.texts[0] if chosen.texts else ""
        same = all(one is other for one, other in zip(keys, argument, strict=True))
        return value if same else Derived({"Fn::FindInMap": keys}, value)


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


def _reference(value: Any) -> str | None:
    name = value.get("Ref") if isinstance(value, Mapping) and len(value) == 1 else None
    return name if isinstance(name, str) else None


def _compared(one: Value, other: Value) -> bool | None:
    """Whether two operands are equal; None if nobody can tell."""
    if not one.texts or not other.texts:
        texts, excluded = one.texts or other.texts, {*one.other_than, *other.other_than}
        return False if texts and excluded.issuperset(texts) else None
    if len(one.texts) == len(other.texts) == 1 and one.texts == other.texts:
        return True
    if any(map(has_symbols, (*one.texts, *other.texts))):
        return None
    return None if set(one.texts) & set(other.texts) else False


def conditions_in(value: Any) -> Iterator[str]:
    """The conditions that the `Fn::If` of a value name."""
    for mapping in _mappings_in(value):
        argument = mapping.get("Fn::If")
        if isinstance(argument, list) and argument and isinstance(argument[0], str):
            yield argument[0]


def references_in(value: Any) -> Iterator[str]:
    """The logical ids and parameters that a value refers to."""
    for mapping in _mappings_in(value):
        for name, argument in mapping.items():
            if name == "Ref" and isinstance(argument, str):
                yield argument
            elif name == "Fn::GetAtt":
                first = argument[0] if isinstance(argument, list) and argument else argument
                if isinstance(first, str):
                    yield first.partition(".")[0]
            elif name == "Fn::Sub":
                text = argument[0] if isinstance(argument, list) and argument else argument
                if isinstance(text, str):
                    yield from (found.strip().partition(".")[0] for found in _IN_SUB.findall(text))


def _map_keys(value: Any) -> Iterator[Any]:
    for mapping in _mappings_in(value):
        argument = mapping.get("Fn::FindInMap")
        if isinstance(argument, list):
            yield argument[:_KEYS_OF_MAP]


def _mappings_in(value: Any) -> Iterator[Mapping[str, Any]]:
    work = [value]
    while work:
        current = work.pop()
        if isinstance(current, Mapping):
            yield current
            work.extend(reversed([item for item in current.values() if isinstance(item, (Mapping, list))]))
        elif isinstance(current, list):
            work.extend(reversed([item for item in current if isinstance(item, (Mapping, list))]))


def _as_text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _canonical(value: Any) -> str:
    try:
        return json.dumps(value, sort_keys=True, default=str)
    except (RecursionError, ValueError, TypeError):
        return f"object {id(value)}"
