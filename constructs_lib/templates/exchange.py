"""What templates give each other: parameters and outputs of nested stacks, exports and imports."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from constructs_lib.templates.grouped import Grouped
from constructs_lib.templates.nested import flattened
from constructs_lib.templates.plain import MISSING
from constructs_lib.templates.sam import expanded
from constructs_lib.templates.serverless import spelled_out
from constructs_lib.templates.structures import Structures
from constructs_lib.templates.symbols import Symbols

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from constructs_lib.templates.template import Template

__all__ = ["Exchange"]


class Exchange(Structures):
    """Templates that are deployed together.

    Args:
        templates: in any order; an export of one is seen by the imports of all.
    """

    def __init__(self, templates: Iterable[Template]) -> None:
        self.templates = tuple(expanded(spelled_out(template)) for template in flattened(templates))
        self.symbols = Symbols()
        self._children = {
            (id(self.templates[template.parent[0]]), template.parent[1]): template
            for template in self.templates
            if template.parent is not None
        }
        self._of_nested: dict[tuple[int, str, str], list[str]] = {}
        self._exports: Grouped[str, Any] | None = None
        self._exporting: Grouped[str, Template] = Grouped()
        self._export_texts: dict[str, tuple[str, ...]] = {}
        self._being_exported: set[str] = set()

    @abstractmethod
    def _free(self, value: Any, template: Template, why: str, label: str = "${…}") -> str:
        """The symbol for a value that nobody can tell."""

    @abstractmethod
    def _named(self, value: Any, template: Template) -> tuple[str, ...] | None:
        """The text of one of the most common values; None for others."""

    @abstractmethod
    def _bounded(self, texts: list[str], value: Any, template: Template) -> list[str]:
        """The texts of a value, if they are not too many."""

    @abstractmethod
    def _pseudo(self, name: str, template: Template) -> Sequence[str] | None:
        """What a pseudo parameter stands for."""

    @abstractmethod
    def _parameter(self, name: str, parameter: Mapping[str, Any], template: Template) -> list[str]:
        """What a parameter may be that nobody gives."""

    def _given(self, name: str, parameter: Mapping[str, Any], template: Template) -> list[str] | None:
        """What the parent of a nested stack gives as a parameter; None if that is not known."""
        type_ = parameter.get("Type")
        if template.parent is None or not isinstance(type_, str) or "List<" in type_ or type_ == "CommaDelimitedList":
            return None
        parent = self.templates[template.parent[0]]
        stack = parent.resources.get(template.parent[1])
        given = stack.properties.get("Parameters", {}) if stack is not None else None
        if type_.startswith("AWS::SSM::") or not isinstance(given, Mapping) or any(":" in str(key) for key in given):
            return None
        key = (id(template), "parameter", name)
        if key not in self._of_nested:
            self._of_nested[key] = self._parameter(name, parameter, template)  # should it be given to itself
            found: list[str] = []
            for choice in self.choices(given[name], parent) if name in given else [MISSING]:
                if choice is not MISSING:
                    found += self.texts(choice, parent)
                elif "Default" in parameter:
                    found += self.texts(parameter["Default"], template)
                else:
                    found += self._of_nested[key]
            self._of_nested[key] = self._bounded(list(dict.fromkeys(found)), {"Ref": name}, template)
        return self._of_nested[key]

    def of_stack(self, template: Template, logical_id: str, attribute: str) -> Sequence[str] | None:
        """The texts of a nested stack's `Ref`, or of its attribute `Outputs.Name`; None if they are not known."""
        child = self._children.get((id(template), logical_id))
        if child is None or attribute == "Ref":
            return None if child is None else self._pseudo("AWS::StackId", child)
        name = attribute.removeprefix("Outputs.")
        output = child.section("Outputs").get(name)
        if not isinstance(output, Mapping):
            return None
        key = (id(child), "output", name)
        if key not in self._of_nested:
            self._of_nested[key] = [self._free({"Fn::GetAtt": [logical_id, name]}, template, "it depends on itself")]
            self._of_nested[key] = list(self.texts(output.get("Value"), child))
        return self._of_nested[key]

    def is_nested(self, template: Template, logical_id: str) -> bool:
        """Whether the template of a stack is there."""
        return (id(template), logical_id) in self._children

    def _import_value(self, argument: Any, template: Template, depth: int) -> list[str] | None:
        found: list[str] = []
        for name in self._texts(argument, template, depth):
            known = self._export(name, depth)
            if known is not None:
                found += known
            else:
                why = f"the export `{self.symbols.show(name)}` is not in these templates"
                label = f"${{import {self.symbols.show(name)}}}"
                found.append(self.symbols.character(("import", name), label, "free", why))
        return found

    def _export(self, name: str, depth: int) -> tuple[str, ...] | None:
        """The texts of an export, if there is one; found once, because exports may import others that import others."""
        known = self._export_texts.get(name)
        if known is None:
            values = self._exported().of(name)  # several, if they are under conditions
            if not values:
                return None
            if name in self._being_exported:
                label = f"${{import {self.symbols.show(name)}}}"
                return (self.symbols.character(("import", name), label, "free", "it imports itself"),)
            self._being_exported.add(name)
            templates = self._exporting.of(name)
            known = self._named(values[0], templates[0]) if len(values) == 1 else None
            if known is None:
                found = [
                    text
                    for value, template in zip(values, templates, strict=True)
                    for text in self._texts(value, template, depth)
                ]
                known = tuple(self._bounded(found, values[0], templates[0]))
            self._export_texts[name] = known
            self._being_exported.discard(name)
        return known

    def _exported(self) -> Grouped[str, Any]:
        """What is exported, by name; while it is collected, what has been found until then."""
        if self._exports is None:
            self._exports = Grouped()
            for template in self.templates:
                for output in template.section("Outputs").values():
                    export = output.get("Export") if isinstance(output, (dict, Mapping)) else None
                    if isinstance(export, (dict, Mapping)) and "Name" in export:
                        for name in self._texts(export["Name"], template, 0):
                            self._exports.add(name, output.get("Value"))
                            self._exporting.add(name, template)
        return self._exports
