"""Text to plain Python values: JSON and YAML with CloudFormation's short tags, within bounds.

A template is data from anywhere, so nothing in it is executed or fetched, and what it may cost is bounded: the
file's size, the depth of nesting and what its aliases expand to. YAML is built from libyaml's events with a stack of
our own, because PyYAML's composer recurses, and because its implicit types are not CloudFormation's (`2012-10-17`
stays a string).
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from constructs_lib.errors import ConstructsLibError, Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["UnreadableError", "parse", "read_text", "unreadable"]

MAX_BYTES = 8 * 1024 * 1024
"""CloudFormation itself takes at most 1 MB ("Template quotas" in its user guide)."""
MAX_DEPTH = 200
MAX_VALUES = 1_000_000

_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_YAML_TAG = "tag:yaml.org,2002:"
_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)(\.[0-9]*)?(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | None] = {
    **{word: True for text in ("true", "yes", "on") for word in (text, text.capitalize(), text.upper())},
    **{word: False for text in ("false", "no", "off") for word in (text, text.capitalize(), text.upper())},
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
}


_FIX = "give a template in JSON or YAML, as CloudFormation takes it"


class UnreadableError(ConstructsLibError):
    """A template that cannot be read.

    Attributes:
        line: where in the file, counted from 1; None if nobody can tell.
        column: likewise.
    """

    def __init__(self, diagnostic: Diagnostic, line: int | None = None, column: int | None = None) -> None:
        self.line = line
        self.column = column
        super().__init__(diagnostic)


def unreadable(
    name: str, reason: str, *, line: int | None = None, column: int | None = None, fix: str = ""
) -> UnreadableError:
    """The error for a template that cannot be read; lines and columns count from 1."""
    place = "" if line is None else f", line {line}" + ("" if column is None else f", column {column}")
    return UnreadableError(
        Diagnostic(
            reference="template-unreadable",
            headline=f"cannot read `{name}` as a CloudFormation or SAM template",
            evidence=f"{name}{place}: {reason}",
            helps=(fix or (_FIX if line is None else "correct it there"),),
        ),
        line,
        column,
    )


def read_text(path: Path) -> str:
    """A template's text.

    Raises:
        ConstructsLibError: `template-unreadable` if it is not there, too large or not UTF-8.
    """
    name = str(path)
    try:
        if path.is_dir():
            raise unreadable(name, "it is a folder")
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size  # to make room for the largest takes longer than to read most
            content = file.read(min(size, MAX_BYTES) + 1)
            if size < len(content) <= MAX_BYTES:  # no file on a disk, e.g. a pipe
                content += file.read(MAX_BYTES + 1 - len(content))
    except OSError as error:
        fix = "correct the path" if isinstance(error, FileNotFoundError) else "see that this user can read the file"
        raise unreadable(name, (error.strerror or str(error)).lower(), fix=fix) from error
    if len(content) > MAX_BYTES:
        reason = f"it is larger than {MAX_BYTES // 1024 // 1024} MB; CloudFormation takes at most 1 MB"
        raise unreadable(name, reason, fix="split it into several stacks")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - (content.rfind(b"\n", 0, error.start) + 1) + 1
        raise unreadable(name, "it is not UTF-8", line=line, column=column, fix="save it as UTF-8") from error


def parse(text: str, *, name: str) -> Any:
    """The values that a JSON or YAML text stands for; `!Sub` and its like in their long form.

    Args:
        text: the document.
        name: what to call it in errors.

    Raises:
        ConstructsLibError: `template-unreadable`, with line and column where there is one.

    >>> parse("Name: !Sub '${Stage}-photos'", name="a.yaml")
    {'Name': {'Fn::Sub': '${Stage}-photos'}}
    """
    if text.lstrip()[:1] in {"{", "["}:
        try:
            return json.loads(text)
        except RecursionError as error:
            raise unreadable(name, "it is nested too deeply") from error
        except ValueError as error:
            failure = error
        # YAML takes flow collections too, with comments and trailing commas; JSON's message is the better one.
        try:
            return _Builder(name).build(text)
        except ConstructsLibError:
            if not isinstance(failure, json.JSONDecodeError):
                raise unreadable(name, str(failure)) from failure
            reason = failure.msg[:1].lower() + failure.msg[1:]
            raise unreadable(name, reason, line=failure.lineno, column=failure.colno) from failure
    return _Builder(name).build(text)


@dataclass
class _Frame:
    """A collection that is being filled."""

    value: dict[str, Any] | list[Any]
    tag: str | None
    anchor: str | None
    size: int = 1
    height: int = 1
    key: Any = None
    has_key: bool = False
    merged: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class _Anchor:
    value: Any
    size: int
    height: int


class _Builder:
    """Builds one document from YAML events."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._frames: list[_Frame] = []
        self._anchors: dict[str, _Anchor | None] = {}
        self._root: Any = None
        self._total = 0

    def build(self, text: str) -> Any:
        documents = 0
        for event in self._events(text):
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._error(event, "it holds more than one document")
            elif isinstance(event, yaml.ScalarEvent):
                value = self._tagged(event, _scalar(event), event.tag)
                if event.anchor is not None:
                    self._anchors[event.anchor] = _Anchor(value, 1, 1)
                self._add(event, value, 1, 1)
            elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                self._open(event)
            elif isinstance(event, yaml.AliasEvent):
                self._alias(event)
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                self._close(event)
        return self._root

    def _events(self, text: str) -> Iterator[yaml.Event]:
        try:
            yield from yaml.parse(text, Loader=_LOADER)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            reason = error.problem or error.context or "it is not YAML"
            place = (mark.line + 1, mark.column + 1) if mark else (None, None)
            raise unreadable(self._name, reason, line=place[0], column=place[1]) from error
        except (yaml.YAMLError, UnicodeError) as error:
            raise unreadable(self._name, str(error).splitlines()[0]) from error

    def _open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        if len(self._frames) >= MAX_DEPTH:
            raise self._error(event, f"it is nested deeper than {MAX_DEPTH} levels")
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._frames.append(_Frame({} if isinstance(event, yaml.MappingStartEvent) else [], event.tag, event.anchor))

    def _close(self, event: yaml.Event) -> None:
        frame = self._frames.pop()
        for mapping in frame.merged:
            for key, value in mapping.items():
                frame.value.setdefault(key, value)  # type: ignore[union-attr]
        value = self._tagged(event, frame.value, frame.tag)
        if frame.anchor is not None:
            self._anchors[frame.anchor] = _Anchor(value, frame.size, frame.height)
        self._add(event, value, frame.size, frame.height)

    def _alias(self, event: yaml.AliasEvent) -> None:
        if event.anchor not in self._anchors:
            raise self._error(event, f"the alias `*{event.anchor}` has no anchor")
        anchor = self._anchors[event.anchor]
        if anchor is None:
            raise self._error(event, f"the alias `*{event.anchor}` refers to what it is a part of")
        self._add(event, anchor.value, anchor.size, anchor.height)

    def _add(self, event: yaml.Event, value: Any, size: int, height: int) -> None:
        if not self._frames:
            self._root = value
            return
        frame = self._frames[-1]
        frame.size += size
        frame.height = max(frame.height, height + 1)
        self._total = max(self._total + 1, frame.size)
        if self._total > MAX_VALUES:
            raise self._error(event, f"it expands to more than {MAX_VALUES:,} values")
        if len(self._frames) + height > MAX_DEPTH:
            raise self._error(event, f"it is nested deeper than {MAX_DEPTH} levels")
        if isinstance(frame.value, list):
            frame.value.append(value)
        elif not frame.has_key:
            if isinstance(value, (dict, list)):
                raise self._error(event, "a key is not a string")
            frame.key, frame.has_key = value if isinstance(value, str) else _key(value), True
        else:
            self._set(event, frame, value)

    def _set(self, event: yaml.Event, frame: _Frame, value: Any) -> None:
        frame.has_key = False
        if frame.key == "<<":
            merged = value if isinstance(value, list) else [value]
            if not all(isinstance(mapping, dict) for mapping in merged):
                raise self._error(event, "`<<` merges mappings only")
            frame.merged += merged
        else:
            frame.value[frame.key] = value

    def _tagged(self, event: yaml.Event, value: Any, tag: str | None) -> Any:
        if tag is None or tag == "!" or tag.startswith(_YAML_TAG):
            if tag is not None and tag.startswith(f"{_YAML_TAG}python"):
                raise self._error(event, f"the tag `!!{tag[len(_YAML_TAG) :]}` is not CloudFormation's")
            return value
        if not re.fullmatch(r"![A-Za-z0-9:]+", tag):
            raise self._error(event, f"the tag `{tag}` is not CloudFormation's")
        name = tag[1:]
        if name in {"Ref", "Condition"}:
            return {name: value}
        if name == "GetAtt" and isinstance(value, str):
            resource, _, attribute = value.partition(".")
            return {"Fn::GetAtt": [resource, attribute]}
        return {f"Fn::{name}": value}

    def _error(self, event: yaml.Event, reason: str) -> ConstructsLibError:
        mark = event.start_mark
        place = (mark.line + 1, mark.column + 1) if mark else (None, None)
        return unreadable(self._name, reason, line=place[0], column=place[1])


def _scalar(event: yaml.ScalarEvent) -> Any:
    text: str = event.value
    plain = event.style is None or event.style == ""
    if not plain or (event.tag is not None and event.tag == f"{_YAML_TAG}str"):
        return text
    if event.tag is not None and not event.tag.startswith(_YAML_TAG):
        return text
    if text in _WORDS:
        return _WORDS[text]
    number = _NUMBER.fullmatch(text)
    if number is None or len(text) > 300:  # noqa: PLR2004 - Python refuses to convert 4,300 digits
        return text
    return int(text) if number[1] is None and text.lstrip("+-").isdigit() else float(text)


def _key(value: Any) -> str:
    return json.dumps(value)
