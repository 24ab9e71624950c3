"""Where in a file something of a template is written, in JSON as in YAML.

Reading a template keeps no positions, which would cost every check a good part of its time; a finding is rare, so its
file is read once more.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from constructs_lib.errors import ConstructsLibError
from constructs_lib.templates.documents import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from constructs_lib.loops.provenance import Route

__all__ = ["LOADER", "Position", "locate", "locate_in_file", "short_function"]

LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_JSON_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]]|[^\s{}\[\],:"]+', re.DOTALL)
_NEWLINE = re.compile(r"\n")


@dataclass(frozen=True, order=True)
class Position:
    """A place in a text; lines and columns count from 1, columns in characters."""

    line: int
    column: int


@dataclass(frozen=True)
class _Event:
    """What both syntaxes consist of: collections that open and close, and scalars."""

    kind: str
    at: Position
    text: str = ""
    tag: str = ""


@dataclass
class _Wanted:
    """What is looked for below one value."""

    route: Route = ()
    below: dict[str | int, _Wanted] = field(default_factory=dict)

    def add(self, route: Route) -> None:
        wanted = self
        for index, name in enumerate(route):
            wanted = wanted.below.setdefault(name, _Wanted(route[: index + 1]))


@dataclass
class _Frame:
    """A collection that is being walked through."""

    is_mapping: bool
    wanted: _Wanted
    count: int = 0
    key: _Event | None = None


_NOTHING = _Wanted()


def locate_in_file(path: Path, routes: Iterable[Route]) -> dict[Route, Position]:
    """As `locate`, in a file; nothing if it cannot be read any more."""
    try:
        return locate(read_text(path), routes)
    except ConstructsLibError:
        return {}


def locate(text: str, routes: Iterable[Route]) -> dict[Route, Position]:
    r"""Where the values are that some routes lead to: at the key in a mapping, at the item in a list.

    A route that leads to nothing is placed at the last value on its way that is there.

    >>> locate("Resources:\n  Photos: {}\n", [("Resources", "Photos"), ("Resources", "Index")])
    {('Resources', 'Photos'): Position(line=2, column=3), ('Resources', 'Index'): Position(line=1, column=1)}
    """
    routes = list(routes)
    wanted = _Wanted()
    for route in routes:
        wanted.add(route)
    found: dict[Route, Position] = {}
    _walk(_events(text), wanted, found)
    start = Position(1, 1)
    return {
        route: next((found[route[:end]] for end in range(len(route), 0, -1) if route[:end] in found), start)
        for route in routes
    }


def _walk(events: Iterable[_Event], root: _Wanted, found: dict[Route, Position]) -> None:
    frames: list[_Frame] = []
    for event in events:
        if event.kind == "close":
            frames.pop()
            continue
        frame = frames[-1] if frames else None
        if frame is not None and frame.is_mapping and frame.key is None:
            frame.key = event
            wanted = _NOTHING  # a key that is a collection of its own is refused when the template is read
        else:
            wanted = _value(frame, event, root, found)
        if event.kind != "scalar":
            frames.append(_Frame(event.kind == "mapping", wanted))


def _value(frame: _Frame | None, event: _Event, root: _Wanted, found: dict[Route, Position]) -> _Wanted:
    """What is wanted below a value; its own position is noted if that is wanted too."""
    if frame is None:
        wanted = root
    else:
        key, frame.key = frame.key, None
        wanted = frame.wanted.below.get(key.text if key is not None else frame.count, _NOTHING)
        frame.count += 1
        if wanted.route:
            found[wanted.route] = key.at if key is not None else event.at
    if event.tag:
        wanted = wanted.below.get(event.tag, _NOTHING)
        if wanted.route:
            found[wanted.route] = event.at
    return wanted


def _events(text: str) -> Iterator[_Event]:
    if text.lstrip()[:1] in {"{", "["}:
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            pass  # YAML's flow style: the reader takes it too
        else:
            return _json_events(text)
    return _yaml_events(text)


def _json_events(text: str) -> Iterator[_Event]:
    lines = [0, *(match.end() for match in _NEWLINE.finditer(text))]
    opening = {"{": "mapping", "[": "sequence"}
    for match in _JSON_TOKEN.finditer(text):
        token = match[0]
        line = bisect_right(lines, match.start())
        at = Position(line, match.start() - lines[line - 1] + 1)
        if token in opening:
            yield _Event(opening[token], at)
        elif token in {"}", "]"}:
            yield _Event("close", at)
        else:
            yield _Event("scalar", at, json.loads(token) if token.startswith('"') else token)


def _yaml_events(text: str) -> Iterator[_Event]:
    for event in yaml.parse(text, Loader=LOADER):
        if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            yield _Event("close", _position(event))
        elif isinstance(event, yaml.MappingStartEvent):
            yield _Event("mapping", _position(event), tag=short_function(event.tag))
        elif isinstance(event, yaml.SequenceStartEvent):
            yield _Event("sequence", _position(event), tag=short_function(event.tag))
        elif isinstance(event, yaml.ScalarEvent):
            yield _Event("scalar", _position(event), event.value, short_function(event.tag))
        elif isinstance(event, yaml.AliasEvent):
            yield _Event("scalar", _position(event))


def _position(event: yaml.Event) -> Position:
    mark = event.start_mark
    return Position(mark.line + 1, mark.column + 1) if mark else Position(1, 1)


def short_function(tag: str | None) -> str:
    """The key that a short tag stands for, e.g. `Fn::If` for `!If`."""
    if not tag or not tag.startswith("!") or tag == "!":
        return ""
    return tag[1:] if tag in {"!Ref", "!Condition"} else f"Fn::{tag[1:]}"
