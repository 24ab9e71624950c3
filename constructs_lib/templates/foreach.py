"""`Fn::ForEach` written out, as the transform `AWS::LanguageExtensions` does it.

"Fn::ForEach" in the CloudFormation template reference: each `${Identifier}` and `&{Identifier}` of the fragment, in
keys and in values, becomes an item of the collection. A collection that is known at deployment only, e.g. that of a
parameter, stands for any number of items. It is written out with two, whose texts may be anything: what any number of
items can do to each other, an item can do to itself or to another one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from constructs_lib.templates.derived import Derived
from constructs_lib.templates.documents import unreadable
from constructs_lib.templates.unseen import Unseen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.errors import ConstructsLibError

__all__ = ["WrittenOut", "loops_anywhere", "written_out"]

MAX_VALUES = 200_000
"""What all loops of a template may make; CloudFormation takes at most 1 MB of template, loops written out."""
MAX_DEPTH = 150
_LOOP = "Fn::ForEach::"
_SECTIONS = ("Conditions", "Resources", "Outputs")
_PLACEHOLDER = re.compile(r"([$&])\{([A-Za-z0-9]+)\}")
_BRACES = re.compile(r"[$&]?\{|\}")
_NOT_ALPHANUMERIC = re.compile(r"[^A-Za-z0-9]")
_NAMING = frozenset({"Ref", "Fn::GetAtt", "DependsOn", "Condition", "Id"})
"""Where the names of resources and conditions stand; `Id` in SAM's connectors."""
_LISTS = ("CommaDelimitedList", "List<Number>", "List<String>")

Route = tuple["str | int", ...]


@dataclass(frozen=True)
class WrittenOut:
    """The sections of a template without loops.

    Args:
        sections: those that may have loops; parts that no loop makes are those of the document.
        at: where in the template stands what makes a resource, by logical id.
        unseen: what could not be written out.
    """

    sections: Mapping[str, Any]
    at: Mapping[str, Route] = field(default_factory=dict)
    unseen: tuple[Unseen, ...] = ()


def loops_anywhere(document: Any) -> bool:
    """Whether there is a loop in any place."""
    work = [document]
    while work:
        value = work.pop()
        if isinstance(value, (dict, Mapping)):
            for key in value:
                if isinstance(key, str) and key.startswith(_LOOP):
                    return True
            work += [part for part in value.values() if not isinstance(part, str)]
        elif isinstance(value, list):
            work += value
    return False


def written_out(document: Mapping[str, Any], *, name: str, given: Mapping[str, str] | None = None) -> WrittenOut:
    """The sections of a document with each loop replaced by what it makes.

    Args:
        document: a template's document.
        name: what to call it in errors.
        given: the parameters whose values are known, as of a nested stack; None if they all may be anything.

    Raises:
        ConstructsLibError: `template-unreadable` if a loop has not the shape of one, or they make too much.

    >>> loop = ["Name", ["In", "Out"], {"${Name}Bucket": {"Type": "AWS::S3::Bucket"}}]
    >>> list(written_out({"Resources": {"Fn::ForEach::Buckets": loop}}, name="a").sections["Resources"])
    ['InBucket', 'OutBucket']
    """
    return _Writer(document, name, given or {}).run()


@dataclass(frozen=True)
class _Item:
    """An item of a collection.

    Args:
        text: what it is, if that is known.
        name: else, what to call it.
        value: else, the intrinsic function that stands for it.
        condition: the name of the condition under which it is there; empty if it is in any case.
    """

    text: str | None
    name: str = ""
    value: Any = None
    condition: str = ""

    def in_name(self, sign: str) -> str:
        """What it is in a logical id."""
        if self.text is None:
            return f"[{self.name}]"
        return self.text if sign == "$" else _NOT_ALPHANUMERIC.sub("", self.text)


_Items = Mapping[str, _Item]


class _Writer:
    """Writes out the loops of one document."""

    def __init__(self, document: Mapping[str, Any], name: str, given: Mapping[str, str]) -> None:
        self._document = document
        self._shown = name
        self._given = given
        self._left = MAX_VALUES
        self._at: dict[str, Route] = {}
        self._unseen: dict[Unseen, None] = {}
        self._way: list[str] = []
        self._names: dict[str, str] = {}
        self._conditions: dict[str, Any] = {}

    def run(self) -> WrittenOut:
        made: dict[str, Any] = {}
        try:
            for name in _SECTIONS:
                section = self._document.get(name)
                if isinstance(section, Mapping):
                    self._way = [name]
                    self._fill(made.setdefault(name, {}), section, {}, (name,), 0)
        except RecursionError as error:
            raise self._error("it is nested too deeply") from error
        if self._conditions:
            made["Conditions"] = {**made.get("Conditions", {}), **self._conditions}
        return WrittenOut(made, self._at, tuple(self._unseen))

    def _error(self, reason: str) -> ConstructsLibError:
        return unreadable(self._shown, reason)

    def _fill(
        self, made: dict[str, Any], fragment: Mapping[str, Any], items: _Items, route: Route | None, depth: int
    ) -> None:
        """Put the entries of a mapping into another one, loops written out.

        Args:
            made: what to fill.
            fragment: the mapping.
            items: what the identifiers of the loops around it stand for.
            route: where it stands, if it is a section or a loop's part of one.
            depth: how many loops and values are around it.
        """
        for key, value in fragment.items():
            if isinstance(key, str) and key.startswith(_LOOP):
                self._loop(made, (key, value), items, route, depth)
                continue
            name = self._in_name(key, items)
            if name in made:
                raise self._error(f"`{name}` is made twice, by `Fn::ForEach`")
            self._way.append(name)
            made[name] = self._copy(value, items, depth, is_name=key in _NAMING)
            self._way.pop()
            if route is not None and items and route[0] == "Resources":
                self._at[name] = (*route, key)
                made[name] = self._under_conditions(made[name], items)

    def _loop(
        self, made: dict[str, Any], entry: tuple[str, Any], items: _Items, route: Route | None, depth: int
    ) -> None:
        key, loop = entry
        if not isinstance(loop, list) or len(loop) != 3 or not isinstance(loop[0], str):  # noqa: PLR2004
            raise self._error(f"`{key}` is not a list of an identifier, a collection and a fragment")
        identifier, collection, fragment = loop
        if not isinstance(fragment, Mapping):
            raise self._error(f"the fragment of `{key}` is not a mapping")
        inner = None if route is None else (*route, key, 2)
        for item in self._items(identifier, self._copy(collection, items, depth + 1)):
            if item.text is None and route is None:
                what = f"what `{key}` makes in properties, over a collection known at deployment only"
                self._unseen[Unseen(what, (*self._way, key))] = None
            self._fill(made, fragment, {**items, identifier: item}, inner, depth + 1)

    def _under_conditions(self, body: Any, items: _Items) -> Any:
        """A resource that is there only if its items are."""
        names = list(dict.fromkeys(item.condition for item in items.values() if item.condition))
        if not names or not isinstance(body, Mapping):
            return body
        for name in names:
            self._conditions[name] = {"Fn::Equals": [{"Ref": name}, "true"]}
        if isinstance(body.get("Condition"), str):
            names.append(body["Condition"])
        if len(names) == 1:
            return {**body, "Condition": names[0]}
        both = " and ".join(names)
        self._conditions[both] = {"Fn::And": [{"Condition": name} for name in names]}
        return {**body, "Condition": both}

    # collections

    def _items(self, identifier: str, collection: Any) -> Iterator[_Item]:
        listed = self._listed(collection, 0)
        if listed is None:
            whole = self._name(collection, identifier)
            for number in ("1", "2"):
                own = f"{whole} {number}"
                yield _Item(None, own, {"Ref": own}, f"{whole} has item {number}")
            return
        found, is_certain = listed
        for item in found:
            text = _scalar(item)
            name = text if text is not None else self._name(item, identifier)
            condition = "" if is_certain else f"{self._name(collection, identifier)} has {name}"
            yield _Item(text, name, item, condition)

    def _listed(self, value: Any, depth: int) -> tuple[list[Any], bool] | None:
        """The items that a collection may have, and whether it has them all; None if that is not known."""
        if isinstance(value, list):
            return [item for item in value if item != {"Ref": "AWS::NoValue"}], True
        if not isinstance(value, Mapping) or len(value) != 1 or depth > MAX_DEPTH:
            return None
        function, argument = next(iter(value.items()))
        parts = argument if isinstance(argument, list) else []
        found: tuple[list[Any], bool] | None = None
        if function == "Ref":
            found = self._parameter(argument)
        elif function == "Fn::FindInMap":
            found = self._mapped(argument, depth)
        elif function == "Fn::If" and len(parts) == 3:  # noqa: PLR2004
            found = self._united(parts[1:], depth)
        elif function == "Fn::Split" and len(parts) == 2 and parts[0] and all(isinstance(part, str) for part in parts):  # noqa: PLR2004
            found = parts[1].split(parts[0]), True
        return found

    def _united(self, values: list[Any], depth: int) -> tuple[list[Any], bool] | None:
        """The items of several lists, one of which it is."""
        found: list[Any] = []
        for value in values:
            listed = self._listed(value, depth + 1)
            if listed is None:
                return None
            found += [item for item in listed[0] if item not in found]
        return found, len(values) == 1

    def _parameter(self, name: Any) -> tuple[list[Any], bool] | None:
        parameter = (self._document.get("Parameters") or {}).get(name) if isinstance(name, str) else None
        if not isinstance(parameter, Mapping) or parameter.get("Type") not in _LISTS:
            return None
        if name in self._given:
            return [part.strip() for part in self._given[name].split(",")], True
        allowed = parameter.get("AllowedValues")
        return (allowed, False) if isinstance(allowed, list) else None

    def _mapped(self, argument: Any, depth: int) -> tuple[list[Any], bool] | None:
        if not isinstance(argument, list) or len(argument) < 3:  # noqa: PLR2004
            return None
        levels: list[Any] = [self._document.get("Mappings") or {}]
        is_certain = True
        for part in argument[:3]:
            key = _scalar(part)
            is_certain = is_certain and key is not None
            inner = [level for level in levels if isinstance(level, Mapping)]
            levels = [value for level in inner for name, value in level.items() if key is None or key == name]
        if not (is_certain and levels) and isinstance(argument[-1], Mapping) and "DefaultValue" in argument[-1]:
            levels.append(argument[-1]["DefaultValue"])
        return self._united(levels, depth) if levels else None

    def _name(self, value: Any, fallback: str) -> str:
        """What to call a value that is not known, the same in all loops."""
        if isinstance(value, Mapping) and set(value) == {"Ref"} and isinstance(value["Ref"], str):
            return value["Ref"]
        key = json.dumps(value, sort_keys=True, default=str)
        if key not in self._names:
            self._names[key] = f"{fallback} {len(self._names) + 1}"
        return self._names[key]

    # fragments

    def _copy(self, value: Any, items: _Items, depth: int, *, is_name: bool = False) -> Any:
        """A value with items in place of identifiers; itself if it has none, so that its place is known."""
        if items:
            self._left -= 1
            if self._left < 0:
                raise self._error(f"`Fn::ForEach` makes more than {MAX_VALUES:,} values")
        if depth > MAX_DEPTH:
            raise self._error(f"it is nested deeper than {MAX_DEPTH} levels")
        if not isinstance(value, (Mapping, list)):
            return self._in_name(value, items) if is_name else self._in_text(value, items)
        if isinstance(value, list):
            copied = [self._copy(item, items, depth + 1, is_name=is_name) for item in value]
            return copied if any(new is not old for new, old in zip(copied, value, strict=True)) else value
        if items and len(value) == 1:
            made_of = self._function(value, items, depth, is_name=is_name)
            if made_of is not None:
                return made_of
        made: dict[str, Any] = {}
        self._fill(made, value, items, None, depth + 1)
        same = len(made) == len(value) and all(made.get(key, made) is inner for key, inner in value.items())
        return value if same else Derived(made, value)

    def _function(self, value: Mapping[str, Any], items: _Items, depth: int, *, is_name: bool) -> Any:
        """What becomes of an intrinsic function that identifiers need care in; None for others."""
        function, argument = next(iter(value.items()))
        if function == "Ref" and isinstance(argument, str) and argument in items:
            item = items[argument]
            return item.value if item.text is None else item.text
        if function == "Fn::Sub":
            return self._in_sub(value, items, depth, is_name=is_name)
        if function == "Fn::If" and isinstance(argument, list) and argument:
            branches = self._copy(argument[1:], items, depth + 1)
            return {function: [self._copy(argument[0], items, depth, is_name=True), *branches]}
        return None

    @staticmethod
    def _in_name(text: Any, items: _Items) -> Any:
        if not items or not isinstance(text, str) or "{" not in text:
            return text
        return _PLACEHOLDER.sub(lambda m: items[m[2]].in_name(m[1]) if m[2] in items else m[0], text)

    def _in_text(self, text: Any, items: _Items) -> Any:
        if not items or not isinstance(text, str) or "{" not in text:
            return text
        made, names = self._replaced(text, items)
        if not names:
            return made
        # What is known at deployment only is put in by `Fn::Sub`, for which all else is literal.
        escaped, names = self._replaced(text.replace("${", "${!"), items, escaped=True)
        return {"Fn::Sub": [escaped, names]}

    def _in_sub(self, value: Mapping[str, Any], items: _Items, depth: int, *, is_name: bool) -> Any:
        own: Any = {}
        text = argument = value["Fn::Sub"]
        if isinstance(argument, list) and len(argument) == 2:  # noqa: PLR2004
            text, own = argument
        if not isinstance(text, str) or not isinstance(own, Mapping):
            return value
        if is_name:
            text = self._in_name(text, items)
            return text if "${" not in text else {"Fn::Sub": [text, own]}
        hidden = {key: item for key, item in items.items() if key not in own}
        text, names = self._replaced(text, hidden)
        own = self._copy(own, items, depth + 1)
        return {"Fn::Sub": [text, {**own, **names}] if own or names else text}

    @staticmethod
    def _replaced(text: str, items: _Items, *, escaped: bool = False) -> tuple[str, dict[str, Any]]:
        """A text with items in it, and the variables of `Fn::Sub` that it has for those that are not known."""
        names: dict[str, Any] = {}
        pattern = re.compile(r"(&|\$)\{(?:!)?([A-Za-z0-9]+)\}") if escaped else _PLACEHOLDER

        def by(match: re.Match[str]) -> str:
            item = items.get(match[2])
            if item is None:
                return match[0]
            if item.text is not None:
                return item.in_name(match[1])
            if _is_inside(text[: match.start()]):  # a part of a resource's name
                return item.in_name(match[1])
            name = item.name if match[1] == "$" else f"&{item.name}"
            names[name] = item.value if match[1] == "$" else {"Ref": name}
            return f"${{{name}}}"

        return pattern.sub(by, text), names


def _is_inside(before: str) -> bool:
    """Whether what follows a text is inside of a `${…}`."""
    opened: list[str] = []
    for brace in _BRACES.findall(before):
        if brace != "}":
            opened.append(brace)
        elif opened:
            opened.pop()
    return "${" in opened


def _scalar(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int, float)) else None
