"""What the values of a template stand for as texts and lists: its intrinsic functions."""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from collections.abc import Mapping
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from constructs_lib.templates.exchange import Exchange
from constructs_lib.templates.plain import MAX_ALTERNATIVES, MISSING, plain
from constructs_lib.templates.structures import MAX_DEPTH, Resolved, is_plain, resolved
from constructs_lib.templates.symbols import has_symbols, kinds_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from constructs_lib.templates.symbols import Kind
    from constructs_lib.templates.system import Node
    from constructs_lib.templates.template import Template

__all__ = ["LEFT_OUT", "MISSING", "Resolved", "Texts", "resolved"]

MAX_LENGTH = 64 * 1024
"""Longer than any property that CloudFormation takes; a definition of a state machine may be long."""
LEFT_OUT = "it may be left out under a condition"
"""Why the text of a value is not known that is `AWS::NoValue` in one branch of a condition."""

_DYNAMIC = re.compile(r"\{\{resolve:[^}]*\}\}")
_SUBSTITUTION = re.compile(r"\$\{(!?)([^}]*)\}")
_OF_STACK = {"AWS::StackId", "AWS::StackName"}
_OF_FUNCTION = (".Alias", ".Version")
_OPEN: set[Kind] = {"free", "generated"}
"""What has a part that may be any text."""
_NODE_OF_UUID = 4
"""The last part of a stack's id is a UUID; its fifth part has twelve characters."""


class Texts(Exchange):
    """The texts of templates that are deployed together, exports and imports included.

    Args:
        templates: in any order; an export of one is seen by the imports of all.
    """

    def __init__(self, templates: Iterable[Template]) -> None:
        super().__init__(templates)
        self.region = self.symbols.character("AWS::Region", "${AWS::Region}", "region")
        self.account = self.symbols.character("AWS::AccountId", "${AWS::AccountId}", "twelve")
        self._pseudos = {
            "AWS::Region": (self.region,),
            "AWS::AccountId": (self.account,),
            "AWS::Partition": ("aws",),
            "AWS::URLSuffix": ("amazonaws.com",),
        }
        self._handlers: dict[Any, Callable[[Any, Template, int], Sequence[str] | None]] = {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::FindInMap": self._find_in_map,
            "Fn::If": self._if,
            "Fn::ImportValue": self._import_value,
            "Fn::Length": self._length,
            "Fn::ToJsonString": self._to_json,
        }

    @abstractmethod
    def node(self, template: Template, logical_id: str) -> Node | None:
        """The resource of that logical id in a template."""

    @abstractmethod
    def attribute(self, node: Node, attribute: str) -> tuple[str, ...]:
        """What `Ref`, or an attribute of `Fn::GetAtt`, of a resource stands for."""

    def texts(self, value: Any, template: Template) -> tuple[str, ...]:
        """The texts that a value may stand for, symbols inside; one free symbol for what cannot be told.

        Never empty, never more than a handful: past that a free symbol takes their place.
        """
        if isinstance(value, str):
            return (value if value.isascii() and "{{" not in value else self._literal(value),)
        try:
            known = self._named(value, template)
            if known is not None:
                return known
            found = self._texts(value, template, 0)
        except RecursionError:
            found = [self._free(value, template, "it is nested too deeply")]
        if len(found) == 1:
            return (found[0],)
        found = list(dict.fromkeys(found))
        if not found or len(found) > MAX_ALTERNATIVES:
            return (self._free(value, template, "it has too many possible values"),)
        return tuple(found)

    def _named(self, value: Any, template: Template) -> tuple[str, ...] | None:
        """What an attribute of a resource or an export, by far the most common values, stands for if it is one text."""
        known: tuple[str, ...] | None = None
        if isinstance(value, dict) and len(value) == 1:
            if "Fn::GetAtt" in value:
                path = value["Fn::GetAtt"]
                if isinstance(path, list) and len(path) == 2 and isinstance(path[0], str) and isinstance(path[1], str):  # noqa: PLR2004
                    node = self.node(template, path[0])
                    known = None if node is None else self.attribute(node, path[1])
            elif "Ref" in value:
                name = value["Ref"]
                node = self.node(template, name) if isinstance(name, str) else None
                if node is not None and name not in template.section("Parameters"):
                    known = self.attribute(node, "Ref")
            elif "Fn::ImportValue" in value:
                name = value["Fn::ImportValue"]
                known = self._export(name, 0) if isinstance(name, str) else None
        return known if known is not None and len(known) == 1 else None

    def text(self, value: Any, template: Template) -> str | None:
        """The text that a value stands for if it is known for certain."""
        if value is None:
            return None
        if not is_plain(value) and any(choice is MISSING for choice in self.choices(value, template)):
            return None  # the property's default, under a condition
        found = self.texts(value, template)
        return found[0] if len(found) == 1 and not has_symbols(found[0]) else None

    def _free(self, value: Any, template: Template, why: str, label: str = "${…}") -> str:
        return self.symbols.character(("free", id(template), _canonical(value)), label, "free", why)

    def _literal(self, text: str) -> str:
        """A text of the template; what is read at deployment becomes a symbol."""
        if (text.isascii() and "{{" not in text) or isinstance(text, Resolved):
            return text
        return self._without_dynamic(_clean(text))

    def _without_dynamic(self, text: str) -> str:
        """A text with a symbol for each dynamic reference; its parts may have been put together."""

        def replace(match: re.Match[str]) -> str:
            label = self.symbols.show(match[0])
            return self.symbols.character(("dynamic", match[0]), label, "free", f"`{label}` is read at deployment")

        return text if "{{" not in text else _DYNAMIC.sub(replace, text)

    def _texts(self, value: Any, template: Template, depth: int) -> Sequence[str]:
        if depth > MAX_DEPTH:
            return (self._free(value, template, "it is nested too deeply"),)
        if isinstance(value, str):
            return (self._literal(value),)
        if isinstance(value, (dict, Mapping)) and len(value) == 1:
            [(name, argument)] = value.items()
            handler = self._handlers.get(name)
            if handler is not None:
                found = handler(argument, template, depth + 1)
                if found is not None:
                    return found
        elif isinstance(value, bool):
            return ("true" if value else "false",)
        elif isinstance(value, (int, float)):
            return (str(value),)
        return (self._free(value, template, "it is known at deployment only", _label(value)),)

    def _ref(self, name: Any, template: Template, _depth: int) -> Sequence[str] | None:
        if not isinstance(name, str):
            return None
        if name.startswith("AWS::"):
            return self._pseudo(name, template)
        parameter = template.section("Parameters").get(name)
        if isinstance(parameter, Mapping):
            given = self._given(name, parameter, template) if template.parent is not None else None
            return self._parameter(name, parameter, template) if given is None else given
        node = self.node(template, name)
        if node is not None:
            return self.attribute(node, "Ref")
        owner = self.node(template, name.partition(".")[0])  # what SAM makes: `Function.Alias` is an ARN
        return None if owner is None else self.attribute(owner, "Arn" if name.endswith(_OF_FUNCTION) else "Ref")

    def _pseudo(self, name: str, template: Template) -> Sequence[str] | None:
        if name in self._pseudos:
            return self._pseudos[name]
        if name in _OF_STACK:
            return [self.symbols.character((id(template), name), f"${{{name}}}", "fixed")]
        return [] if name == "AWS::NoValue" else None

    def _parameter(self, name: str, parameter: Mapping[str, Any], template: Template) -> list[str]:
        allowed = parameter.get("AllowedValues")
        if isinstance(allowed, list) and parameter.get("Type") in ("String", "Number"):
            return [
                self._literal(str(value) if not isinstance(value, bool) else str(value).lower()) for value in allowed
            ]
        why = f"the parameter `{name}` may be anything"
        return [self.symbols.character((id(template), "parameter", name), f"${{{name}}}", "free", why)]

    def _get_att(self, argument: Any, template: Template, _depth: int) -> Sequence[str] | None:
        if isinstance(argument, str):
            argument = argument.split(".", 1)
        if not isinstance(argument, list) or len(argument) != 2:  # noqa: PLR2004
            return None
        if not isinstance(argument[0], str) or not isinstance(argument[1], str):
            return self._get_any_att(argument, template)
        node = self.node(template, argument[0])
        return None if node is None else self.attribute(node, argument[1])

    def _get_any_att(self, argument: list[Any], template: Template) -> list[str] | None:
        """An attribute whose resource or name a function chooses, as `AWS::LanguageExtensions` lets it."""
        found: list[str] = []
        for logical_id, attribute in product(*(self.texts(part, template) for part in argument)):
            node = self.node(template, logical_id)
            if node is None or has_symbols(attribute):
                return None
            found += self.attribute(node, attribute)
        return found

    def _sub(self, argument: Any, template: Template, depth: int) -> list[str] | None:
        names: Mapping[str, Any] = {}
        if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], Mapping):  # noqa: PLR2004
            argument, names = argument
        if not isinstance(argument, str):
            return None
        pieces: list[Sequence[str]] = []
        parts = _SUBSTITUTION.split(argument)
        for position in range(0, len(parts) - 1, 3):
            before, is_literal, written = parts[position : position + 3]
            pieces.append((self._literal(before),))
            name = written.strip()
            if is_literal:
                pieces.append((f"${{{written}}}",))
            elif name in names:
                pieces.append(self._texts(names[name], template, depth))
            elif name in self._pseudos:
                pieces.append(self._pseudos[name])
            else:
                value = {"Fn::GetAtt": name.split(".", 1)} if "." in name else {"Ref": name}
                pieces.append(self._texts(value, template, depth))
        pieces.append((self._literal(parts[-1]),))
        return self._joined(pieces, "", argument, template)

    def _join(self, argument: Any, template: Template, depth: int) -> Sequence[str] | None:
        if not isinstance(argument, list) or len(argument) != 2 or not isinstance(argument[0], str):  # noqa: PLR2004
            return None
        delimiter, joined = argument
        found: list[str] = []
        for listed in (joined,) if isinstance(joined, list) else self._lists(joined, template, depth):
            for items in self._without_missing(listed, template, depth):
                pieces = [self._texts(item, template, depth) for item in items]
                found += self._joined(pieces, delimiter, argument, template)
        return found or None

    def _without_missing(self, items: list[Any], template: Template, depth: int) -> Iterable[list[Any]]:
        """What a list may be once conditions have taken items out of it."""
        if not any(map(_is_if, items)):
            return (items,)
        choices = [list(self.choices(item, template, depth)) if _is_if(item) else [item] for item in items]
        if prod(map(len, choices)) > MAX_ALTERNATIVES:
            return ([{"Fn::Unknown": items}],)
        return ([item for item in chosen if item is not MISSING] for chosen in product(*choices))

    def _joined(self, pieces: list[Sequence[str]], delimiter: str, value: Any, template: Template) -> list[str]:
        count = 1
        for piece in pieces:
            count *= len(piece)
            if count > MAX_ALTERNATIVES:
                return [self._free(value, template, "it has too many possible values", _label(value))]
        if count == 1:
            joined = delimiter.join([piece[0] for piece in pieces])
            if "{{" not in joined and len(joined) <= MAX_LENGTH:
                return [joined]
        found = [self._without_dynamic(delimiter.join(choice)) for choice in product(*pieces)]
        return self._bounded(found, value, template)

    def _select(self, argument: Any, template: Template, depth: int) -> list[str] | None:
        if not isinstance(argument, list) or len(argument) != 2:  # noqa: PLR2004
            return None
        try:
            index = int(argument[0])
        except (TypeError, ValueError, OverflowError):
            return None
        source = argument[1]
        if isinstance(source, Mapping) and set(source) == {"Fn::Split"}:
            return self._select_split(index, source["Fn::Split"], template, depth)
        found: list[str] = []
        for listed in self._lists(source, template, depth):
            for items in self._without_missing(listed, template, depth):
                if 0 <= index < len(items):
                    found += self._texts(items[index], template, depth)
        return found or None

    def _select_split(self, index: int, argument: Any, template: Template, depth: int) -> list[str] | None:
        if not isinstance(argument, list) or len(argument) != 2 or not isinstance(argument[0], str) or not argument[0]:  # noqa: PLR2004
            return None
        delimiter = argument[0]
        found: list[str] = []
        for text in self._texts(argument[1], template, depth):
            pieces = text.split(delimiter)
            if not any(self._may_hold(piece, delimiter) for piece in pieces[: index + 1]):
                if not 0 <= index < len(pieces):
                    return None
                found.append(pieces[index])
                continue
            is_open = not kinds_in(text).isdisjoint(_OPEN)
            kind: Kind = "free" if is_open else "twelve" if index == _NODE_OF_UUID else "fixed"
            label = f"${{part {index} of {self.symbols.show(text).strip('${}')}}}"
            identity = ("part", index, delimiter, text)
            found.append(self.symbols.character(identity, label, kind, "it is known at deployment only"))
        return found or None

    def _find_in_map(self, argument: Any, template: Template, depth: int) -> list[str] | None:
        values = self._mapped(argument, template, depth)
        if values is None:
            return None
        return [text for value in values for text in self._texts(value, template, depth)] or None

    def _if(self, argument: Any, template: Template, depth: int) -> list[str] | None:
        if not isinstance(argument, list) or len(argument) != 3:  # noqa: PLR2004
            return None
        found: list[str] = []
        for branch in argument[1:]:
            found += self._texts(branch, template, depth) or [self._free({"Fn::If": argument}, template, LEFT_OUT)]
        return found

    def _length(self, argument: Any, template: Template, depth: int) -> list[str] | None:
        found: dict[str, None] = {}
        for listed in self._lists(argument, template, depth):
            if not isinstance(argument, list) and listed and isinstance(listed[0], Mapping):
                return None
            found.update(dict.fromkeys(str(len(items)) for items in self._without_missing(listed, template, depth)))
        return list(found) or None

    def _to_json(self, argument: Any, template: Template, _depth: int) -> list[str] | None:
        values = plain(self, argument, template)
        if values is None:
            return None
        found = [json.dumps(value, ensure_ascii=False) for value in values if value is not MISSING]
        return found if len(found) == len(values) else [*found, self._free(argument, template, LEFT_OUT)]

    def _bounded(self, texts: list[str], value: Any, template: Template) -> list[str]:
        if len(texts) <= MAX_ALTERNATIVES and max(map(len, texts), default=0) <= MAX_LENGTH:
            return texts
        return [self._free(value, template, "it has too many possible values")]


def _clean(text: str) -> str:
    """A literal, without characters that would be taken for symbols."""
    return text if text.isascii() or not has_symbols(text) else "".join("\ufffd" if has_symbols(c) else c for c in text)


def _is_if(value: Any) -> bool:
    return not isinstance(value, str) and isinstance(value, (dict, Mapping)) and "Fn::If" in value


def _canonical(value: Any) -> str:
    try:
        return json.dumps(value, sort_keys=True, default=str)
    except (RecursionError, ValueError, TypeError):
        return f"object {id(value)}"


def _label(value: Any) -> str:
    if isinstance(value, Mapping) and len(value) == 1:
        name, argument = next(iter(value.items()))
        if name == "Ref" and isinstance(argument, str):
            return f"${{{argument}}}"
        if name == "Fn::GetAtt" and isinstance(argument, list) and all(isinstance(a, str) for a in argument):
            return f"${{{'.'.join(argument)}}}"
        return f"${{{name}}}"
    return "${…}"
