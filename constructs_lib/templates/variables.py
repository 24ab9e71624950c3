"""What a deployment decides: parameters, pseudo parameters, and what each of them may turn out to be.

"Parameters" in the CloudFormation user guide. A parameter is one of its `AllowedValues`; without them it is each text
that a condition compares it with, or a mapping has as key, or something else. One of a nested stack is what its parent
gives.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from constructs_lib.templates.template import Template

__all__ = [
    "KEYS_OF_MAP",
    "PSEUDO",
    "Value",
    "Variable",
    "Variables",
    "World",
    "conditions_in",
    "imports_in",
    "map_keys",
    "references_in",
    "referred",
]

PSEUDO = ("AWS::Region", "AWS::Partition", "AWS::URLSuffix", "AWS::AccountId", "AWS::StackName")
KEYS_OF_MAP = 3
_MOST_VALUES = 12
"""An instance type has hundreds; what is not compared with anything is then one value."""
_IN_SUB = re.compile(r"\$\{([^!}][^}]*)\}")


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
        compared: for people, what a comparison compares; None if it is a parameter.
        holder: the name of its template, if another one has a parameter that is called the same.
    """

    name: str
    template: int
    values: tuple[Value, ...] = field(compare=False)
    compared: tuple[str, str] | None = field(default=None, compare=False)
    holder: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.name} of `{self.holder}`" if self.holder else self.name


World = Mapping[Variable, Value]


class Variables:
    """The variables of a system's templates."""

    def __init__(self, templates: Sequence[Template]) -> None:
        self.templates = tuple(templates)
        self._literals: dict[tuple[int, str], dict[str, None]] = {}
        self._variables: dict[tuple[int, str], Variable | None] = {}
        self._still: dict[int, tuple[frozenset[str], frozenset[str]]] = {}
        self._children: dict[int, dict[str, int]] = {}
        for index, template in enumerate(self.templates):
            if template.parent is not None:
                self._children.setdefault(template.parent[0], {})[template.parent[1]] = index
            mappings = template.section("Mappings")
            # Nothing else compares, nor looks up if there are no mappings.
            for section in ("Conditions", "Resources", "Outputs", "Globals") if mappings else ("Conditions",):
                self._compared(index, template.section(section), mappings)

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
        if name in PSEUDO and name != "AWS::StackName":
            index = -1
        given = self.given(index, name)
        if given is not None:
            reference = referred(given[1])
            return None if reference is None else self.variable(given[0], reference)
        key = (index, name)
        if key not in self._variables:
            values = self._values(index, name)
            holder = self.holder(index, name)
            self._variables[key] = Variable(name, index, values, holder=holder) if len(values) > 1 else None
        return self._variables[key]

    def holder(self, index: int, name: str) -> str:
        """The name of a parameter's template, if another one has a parameter of its own that is called the same."""
        if index < 0:
            return ""
        template = self.templates[index]
        if name in PSEUDO:
            is_shared = len(self.templates) > 1
        else:
            is_own = name in template.section("Parameters") and not self.given(index, name)
            is_shared = self._own_parameters[name] > is_own
        return template.name if is_shared else ""

    @cached_property
    def _own_parameters(self) -> Counter[str]:
        """How many templates have a parameter of a name that no parent gives."""
        return Counter(
            name
            for index, template in enumerate(self.templates)
            for name in template.section("Parameters")
            if not self.given(index, name)
        )

    def allows_few(self, index: int, name: str) -> bool:
        """Whether a parameter has allowed values, or a nested stack gets it from its parent."""
        return self._allowed(index, name) is not None or self.given(index, name) is not None

    def around(self, index: int) -> tuple[int, Mapping[str, Any]] | None:
        """The resource that makes a nested stack, with its template's position."""
        parent = self.templates[index].parent
        return None if parent is None else (parent[0], self.templates[parent[0]].resources[parent[1]].body)

    def still(self, index: int) -> tuple[frozenset[str], frozenset[str]]:
        """The resources of a template that are the same in all worlds, and what they refer to."""
        if index not in self._still:
            resources = self.templates[index].resources
            found = {key: resource.body for key, resource in resources.items() if not _is_moved(resource.body)}
            self._still[index] = frozenset(found), frozenset(references_in(list(found.values())))
        return self._still[index]

    def children(self, index: int) -> Mapping[str, int]:
        """The positions of the templates that are nested in one, by the logical ids of their stacks."""
        return self._children.get(index, {})

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
        if isinstance(parameter, Mapping) and parameter.get("Type") in ("String", "Number"):
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
                work.extend([item for item in current if isinstance(item, (dict, list))])
            elif isinstance(current, (dict, Mapping)):
                work.extend([item for item in current.values() if isinstance(item, (dict, list, Mapping))])
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
        for key in argument[:KEYS_OF_MAP]:
            keys = [str(known) for level in levels if isinstance(level, Mapping) for known in level]
            self._note(index, key, keys)
            chosen = [key] if isinstance(key, str) else keys
            levels = [level[k] for level in levels if isinstance(level, Mapping) for k in chosen if k in level]

    def _note(self, index: int, reference: Any, literals: list[str]) -> None:
        name = referred(reference)
        if name is None:
            return
        given = self.given(index, name)
        if given is not None:
            self._note(given[0], given[1], literals)
            return
        parameter = self.templates[index].section("Parameters").get(name)
        scalar = isinstance(parameter, Mapping) and "List" not in str(parameter.get("Type"))
        if name in PSEUDO or scalar:
            shared = -1 if name in PSEUDO and name != "AWS::StackName" else index
            self._literals.setdefault((shared, name), {}).update(dict.fromkeys(literals))


def referred(value: Any) -> str | None:
    """What a `Ref` refers to; None if it is none."""
    name = value.get("Ref") if isinstance(value, Mapping) and len(value) == 1 else None
    return name if isinstance(name, str) else None


def _is_moved(body: Mapping[str, Any]) -> bool:
    """Whether a world may decide something in a resource."""
    return "Condition" in body or any(
        "Fn::If" in mapping or "Fn::FindInMap" in mapping or mapping.get("Ref") == "AWS::NoValue"
        for mapping in _mappings_in(body)
    )


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


def imports_in(value: Any) -> Iterator[Any]:
    """What the `Fn::ImportValue` of a value name."""
    return (mapping["Fn::ImportValue"] for mapping in _mappings_in(value) if "Fn::ImportValue" in mapping)


def map_keys(value: Any) -> Iterator[Any]:
    """What the `Fn::FindInMap` of a value look up by."""
    for mapping in _mappings_in(value):
        argument = mapping.get("Fn::FindInMap")
        if isinstance(argument, list):
            yield argument[:KEYS_OF_MAP]


def _mappings_in(value: Any) -> Iterator[Mapping[str, Any]]:
    work = [value]
    while work:
        current = work.pop()
        if isinstance(current, (dict, Mapping)):  # most are of the first, which is faster to tell
            yield current
            parts: Iterable[Any] = current.values()
        else:
            parts = current if isinstance(current, list) else ()
        inner = [part for part in parts if not isinstance(part, str) and isinstance(part, (dict, list, Mapping))]
        work += reversed(inner)


def _as_text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
