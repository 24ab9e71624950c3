"""One template taken apart into several that import from each other; what they deploy is the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random

    from tests.loops_proof.builder import Body

__all__ = ["split"]

_VARIABLE = re.compile(r"\$\{([^!}][^}]*)\}")


def split(document: Body, count: int, choose: random.Random, *, names: str = "") -> list[Body]:
    """The document as some templates, each resource in a random one of them; `names` begins the exports' names."""
    homes = {logical_id: choose.randrange(count) for logical_id in document["Resources"]}
    templates: list[Body] = [{"Resources": {}, "Outputs": {}} for _ in range(count)]
    for logical_id, home in homes.items():
        cutter = _Cutter(homes, home, templates, names)
        templates[home]["Resources"][logical_id] = cutter.rewritten(document["Resources"][logical_id])
    return templates


class _Cutter:
    """Rewrites what refers to resources of other templates."""

    def __init__(self, homes: dict[str, int], home: int, templates: list[Body], names: str) -> None:
        self._homes = homes
        self._home = home
        self._templates = templates
        self._names = names

    def rewritten(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.rewritten(inner) for inner in value]
        if not isinstance(value, dict):
            return value
        if set(value) == {"Ref"}:
            return self._reference(value["Ref"], None, value)
        if set(value) == {"Fn::GetAtt"}:
            logical_id, attribute = value["Fn::GetAtt"]
            return self._reference(logical_id, attribute, value)
        if set(value) == {"Fn::Sub"}:
            return self._substitution(value["Fn::Sub"])
        return {key: self.rewritten(inner) for key, inner in value.items()}

    def _reference(self, logical_id: str, attribute: str | None, value: Body) -> Body:
        home = self._homes.get(logical_id, self._home)
        if home == self._home:
            return value
        name = f"{logical_id}{attribute or 'Ref'}"
        export = f"{self._names}{name}"
        self._templates[home]["Outputs"][name] = {"Value": value, "Export": {"Name": export}}
        return {"Fn::ImportValue": export}

    def _substitution(self, argument: Any) -> Body:
        text, names = argument if isinstance(argument, list) else (argument, {})
        names = {name: self.rewritten(inner) for name, inner in names.items()}

        def moved(match: re.Match[str]) -> str:
            logical_id, _, attribute = match[1].partition(".")
            if logical_id in names:
                return match[0]
            reference = {"Fn::GetAtt": [logical_id, attribute]} if attribute else {"Ref": logical_id}
            found = self._reference(logical_id, attribute or None, reference)
            if found is reference:
                return match[0]
            name = match[1].replace(".", "")
            names[name] = found
            return f"${{{name}}}"

        text = _VARIABLE.sub(moved, text)
        return {"Fn::Sub": [text, names] if names else text}
