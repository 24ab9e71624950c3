"""What the values of a template stand for as lists and mappings: conditions, maps and splits that choose them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from constructs_lib.templates.plain import MISSING
from constructs_lib.templates.symbols import has_symbols, symbols_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from constructs_lib.templates.symbols import Symbol, Symbols
    from constructs_lib.templates.template import Template

__all__ = ["MAX_DEPTH", "Resolved", "Structures", "is_plain", "resolved"]

MAX_DEPTH = 60
_PLAIN = (str, list, type(None))
"""What needs not be asked whether it is a mapping; to ask takes long."""
_CHOICES = {"Fn::If", "Fn::FindInMap", "Ref"}
_LISTS = ("CommaDelimitedList", "List<String>", "List<Number>")
_BORDERS = {":", "/"}
"""Neither names nor ids that AWS makes up have them; a stack's id has."""
_IN_NO_NAME = {",", ", ", ";", " ", "||"}
"""What lists are joined with: neither names and ids that AWS makes up nor their ARNs have it inside."""


class Resolved(str):
    """A text that has been resolved already."""

    __slots__ = ()


def resolved(value: Any) -> Any:
    """A value read from a text that has been resolved: symbols in it are to stay."""
    if isinstance(value, str):
        return value if value.isascii() else Resolved(value)
    if isinstance(value, list):
        return [resolved(item) for item in value]
    if isinstance(value, dict):
        return {key: resolved(item) for key, item in value.items()}
    return value


class Structures(ABC):
    """The lists and mappings of templates that are deployed together.

    Attributes:
        templates: all of them.
        symbols: what is not known.
    """

    templates: tuple[Template, ...]
    symbols: Symbols

    @abstractmethod
    def texts(self, value: Any, template: Template) -> tuple[str, ...]:
        """The texts that a value may stand for."""

    @abstractmethod
    def _texts(self, value: Any, template: Template, depth: int) -> Sequence[str]:
        """Likewise, inside of another value."""

    def items(self, value: Any, template: Template) -> Iterable[Any]:
        """The elements that a list property may have: branches of conditions united, single values as lists of one.

        What is no list and cannot be told is there as it is, so that the reader can treat it as unknown.
        """
        if isinstance(value, str) or (isinstance(value, dict) and is_plain(value) and "Fn::Split" not in value):
            return (value,)
        if isinstance(value, list) and all(map(is_plain, value)):
            return value
        return self._items(value, template)

    def _items(self, value: Any, template: Template) -> Iterator[Any]:
        try:
            for items in [value] if isinstance(value, list) else self._lists(value, template, 0):
                for item in items:
                    yield from (choice for choice in self.choices(item, template) if choice is not MISSING)
        except RecursionError:
            yield {}

    def choices(self, value: Any, template: Template, depth: int = 0) -> Iterable[Any]:
        """What a value may be: itself, or each branch of its conditions; `MISSING` for no value."""
        return (value,) if is_plain(value) else self._choices(value, template, depth)

    def _choices(self, value: Mapping[str, Any], template: Template, depth: int) -> Iterator[Any]:
        if depth < MAX_DEPTH:
            name, argument = next(iter(value.items()))
            if name == "Fn::If" and isinstance(argument, list) and len(argument) == 3:  # noqa: PLR2004
                yield from self.choices(argument[1], template, depth + 1)
                yield from self.choices(argument[2], template, depth + 1)
                return
            if name == "Ref" and argument == "AWS::NoValue":
                yield MISSING
                return
            if name == "Fn::FindInMap":
                found = self._mapped(argument, template, depth)
                if found:
                    yield from found
                    return
        yield value

    def mapping(self, value: Any, template: Template) -> Sequence[Mapping[str, Any]]:
        """The mappings that a value may be; what is none is left out."""
        if value is None:
            return ()
        if isinstance(value, dict) and len(value) != 1:
            return (value,)
        return [choice for choice in self.choices(value, template) if isinstance(choice, (dict, Mapping))]

    def _lists(self, value: Any, template: Template, depth: int) -> Iterator[list[Any]]:
        for choice in self.choices(value, template, depth):
            if isinstance(choice, list):
                yield choice
            elif isinstance(choice, Mapping) and set(choice) == {"Fn::Split"}:
                yield self._split(choice["Fn::Split"], template, depth) or [choice]
            elif choice is not MISSING and choice is not None:
                given = self._given_list(choice, template) if template.parent is not None else None
                yield [choice] if given is None else given

    def _given_list(self, value: Any, template: Template) -> list[Any] | None:
        """The items that the parent of a nested stack gives as a parameter that is a list; None if it is not known."""
        name = value.get("Ref") if isinstance(value, Mapping) else None
        parameter = template.section("Parameters").get(name) if isinstance(name, str) else None
        if template.parent is None or not isinstance(parameter, Mapping) or parameter.get("Type") not in _LISTS:
            return None
        parent = self.templates[template.parent[0]]
        stack = parent.resources.get(template.parent[1])
        given = stack.properties.get("Parameters", {}) if stack is not None else None
        if not isinstance(given, Mapping) or name not in given:
            return None
        items = given[name] if isinstance(given[name], list) else [given[name]]
        found = [self.texts(item, parent) for item in items]
        if any(len(texts) != 1 or self.symbols.free_in(texts[0]) for texts in found):
            return None
        return [Resolved(part.strip()) for texts in found for part in texts[0].split(",")]

    def _split(self, argument: Any, template: Template, depth: int) -> list[Any] | None:
        if not isinstance(argument, list) or len(argument) != 2 or not isinstance(argument[0], str) or not argument[0]:  # noqa: PLR2004
            return None
        found = self._texts(argument[1], template, depth + 1)
        if len(found) != 1 or self._may_hold(found[0], argument[0]):
            return None
        return [Resolved(piece) for piece in found[0].split(argument[0])]

    def _mapped(self, argument: Any, template: Template, depth: int) -> list[Any] | None:
        """All values that a `Fn::FindInMap` may find; unknown keys may be any key."""
        if not isinstance(argument, list) or len(argument) < 3:  # noqa: PLR2004
            return None
        level: list[Any] = [template.section("Mappings")]
        is_known = True
        for part in argument[:3]:
            keys = self._texts(part, template, depth)
            is_known = is_known and not any(map(has_symbols, keys))
            following: list[Any] = []
            for mapping in level:
                if not isinstance(mapping, Mapping):
                    return None
                for key in keys:
                    if has_symbols(key):
                        following += mapping.values()
                    elif key in mapping:
                        following.append(mapping[key])
            is_known = is_known and len(following) >= len(keys)
            level = following
        if not is_known and isinstance(argument[-1], Mapping) and "DefaultValue" in argument[-1]:
            level.append(argument[-1]["DefaultValue"])
        return level

    def _may_hold(self, text: str, delimiter: str) -> bool:
        """Whether an unknown piece of the text may contain the delimiter."""
        return any(_may_be_inside(delimiter, self.symbols[character]) for character in symbols_in(text))


def _may_be_inside(delimiter: str, symbol: Symbol) -> bool:
    if symbol.kind == "free":
        return True
    if symbol.kind == "twelve":
        return delimiter.isalnum()
    if delimiter in _IN_NO_NAME:
        return False
    return _BORDERS.isdisjoint((delimiter[0], delimiter[-1])) or "AWS::StackId" in symbol.label


def is_plain(value: Any) -> bool:
    """Whether a value is what it is, whatever conditions and maps say."""
    if isinstance(value, _PLAIN) or not isinstance(value, (dict, Mapping)):
        return True
    return len(value) != 1 or _CHOICES.isdisjoint(value)
