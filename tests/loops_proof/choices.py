"""A template as it is for each choice of parameters: what the engine's worlds are held against.

It knows nothing of the engine: it reads conditions, `Fn::If`, mappings and parameters by itself.
"""

from __future__ import annotations

import json
import re
from itertools import product
from typing import TYPE_CHECKING, Any

from tests.loops_proof.conditions import IMPORT, NO_VALUE

if TYPE_CHECKING:
    from tests.loops_proof.builder import Body

__all__ = ["Assignment", "choices", "choices_around", "holds", "instance", "instance_inside"]

Assignment = dict[str, str]
"""What parameters, pseudo parameters and imports are in a template."""
Choice = list[Assignment]
"""What they are in each template of a system."""

_VARIABLE = re.compile(r"\$\{(\w+)\}")


def choices(documents: list[Body]) -> list[Choice]:
    """All that the deployment of some templates can decide, as far as they can tell one from the other."""
    found = [list(found) for found in product(*map(_assignments, documents))]
    return [choice for choice in found if len({one["AWS::Region"] for one in choice if "AWS::Region" in one}) < 2]


def choices_around(document: Body, outer: Body) -> list[Assignment]:
    """All that the deployment of a template with another one nested in it can decide."""
    return _assignments(outer, document)


def _assignments(document: Body, *inside: Body) -> list[Assignment]:
    parameters = document.get("Parameters", {})
    all_of_them = [body for one in (document, *inside) for body in one["Parameters"].values()]
    allowed = [value for body in all_of_them for value in body.get("AllowedValues", [])]
    free = dict.fromkeys(["x", "y", *allowed, "else"])  # as far as any condition can tell
    values = {name: list(body.get("AllowedValues", free)) for name, body in parameters.items()}
    text = json.dumps([one["Conditions"] for one in (document, *inside)])
    if "AWS::Region" in text:
        values["AWS::Region"] = ["eu-west-1", "us-east-1"]
    if "stage" in text:
        values["stage"] = ["x", "else"]
    return [dict(zip(values, chosen, strict=True)) for chosen in product(*values.values())]


def instance(document: Body, assignment: Assignment) -> Body:
    """The template without parameters and conditions, as one choice makes it."""
    chosen = _Instance(document, assignment)
    kept = {key: body for key, body in document["Resources"].items() if chosen.is_there(body)}
    resources = {
        key: chosen.resolved({name: part for name, part in body.items() if name != "Condition"})
        for key, body in kept.items()
    }
    others: Body = {key: document[key] for key in ("Transform", "Outputs") if key in document}
    return {**others, "Resources": resources}


def instance_inside(document: Body, outer: Body, assignment: Assignment) -> tuple[list[Body], Assignment]:
    """What one choice makes of a nested template, none if it is not there; and what is chosen in both."""
    stack = outer["Resources"]["Child"]
    given = stack["Properties"]["Parameters"]
    chosen = _Instance(outer, assignment)
    inside = {**assignment, **{name: chosen.text(value) for name, value in given.items()}}
    return [instance(document, inside)] if chosen.is_there(stack) else [], inside


def holds(line: str, choice: Choice) -> bool:
    """Whether a line that tells when something happens is so."""
    return all(_is_so(part, choice) for part in line.split(" and "))


def _is_so(part: str, choice: Choice) -> bool:
    name, _, said = part.partition(" is ")
    values = said.removeprefix("not ")
    name, _, holder = name.partition(" of `Stack")
    assignment = choice[int(holder[:-1])] if holder else next(one for one in choice if name in one or len(choice) == 1)
    chosen = _Instance({}, assignment)
    known = chosen.text(json.loads(name)) if name.startswith("{") else assignment[name]
    others = re.findall(r"`([^`]*)`", values) or [assignment[values]]
    return (known in others) == (values == said)


class _Instance:
    """Reads a template for one choice."""

    def __init__(self, document: Body, assignment: Assignment) -> None:
        self._document = document
        self._assignment = assignment

    def is_there(self, body: Body) -> bool:
        return "Condition" not in body or self._truth({"Condition": body["Condition"]})

    def text(self, value: Any) -> str:
        """An operand of a comparison."""
        if isinstance(value, bool):
            return "true" if value else "false"
        if value == IMPORT:
            return self._assignment["stage"]
        if isinstance(value, dict) and "Ref" in value:
            return self._assignment[value["Ref"]]
        if isinstance(value, dict):
            separator, parts = value["Fn::Join"]
            return str(separator).join(map(self.text, parts))
        return str(value)

    def _truth(self, condition: Body) -> bool:
        [(name, argument)] = condition.items()
        if name == "Condition":
            return self._truth(self._document["Conditions"][argument])
        if name == "Fn::Equals":
            return self.text(argument[0]) == self.text(argument[1])
        truths = [self._truth(part) for part in argument]
        return not truths[0] if name == "Fn::Not" else all(truths) if name == "Fn::And" else any(truths)

    def resolved(self, value: Any) -> Any:
        if isinstance(value, list):
            items = [self.resolved(item) for item in value]
            return [item for item in items if item != NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            value = self._decided(value)
            if not isinstance(value, dict):
                return value
        entries = {key: self.resolved(entry) for key, entry in value.items()}
        return {key: entry for key, entry in entries.items() if entry != NO_VALUE}

    def _decided(self, value: Body) -> Any:
        """What an intrinsic function makes of this choice; others as they are."""
        [(name, argument)] = value.items()
        if name == "Fn::If":
            condition, one, other = argument
            return self.resolved(one if self._truth({"Condition": condition}) else other)
        if name == "Fn::FindInMap":
            return self._document["Mappings"][argument[0]][self.text(argument[1])][argument[2]]
        if name == "Ref" and "::" not in argument:
            return self._assignment.get(argument, value)
        if name == "Fn::Sub" and isinstance(argument, str):
            text = _VARIABLE.sub(lambda match: self._assignment.get(match[1], match[0]), argument)
            return {"Fn::Sub": text} if "${" in text else text
        return value
