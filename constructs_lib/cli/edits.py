"""Fixes as edits of the text of a template, in YAML as in JSON; each was made, and what came out was read again."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from constructs_lib.cli.positions import LOADER, short_function
from constructs_lib.errors import ConstructsLibError
from constructs_lib.templates.documents import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from constructs_lib.loops.patches import Operation
    from constructs_lib.loops.provenance import Route

__all__ = ["Edit", "edits"]

MAX_LENGTH = 200_000
"""Longer texts are left alone: each fix reads its text twice."""
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Edit:
    """Another text in place of a part of a text.

    Args:
        start: of the part, counted in characters from 0.
        end: of the part; the same if something is only put in.
        text: the other text.
    """

    start: int
    end: int
    text: str


def edits(text: str, operations: Sequence[Operation], wanted: Any) -> tuple[Edit, ...]:
    """What to edit so that a text holds another document.

    Args:
        text: the file.
        operations: what changes in its document.
        wanted: the document then.

    Returns:
        Edits of the text as it is, none of which touches another, in their order; none if that cannot be said, e.g.
        because an anchor is meant in other places too.
    """
    if len(text) > MAX_LENGTH:
        return ()
    try:
        root = yaml.compose(text, Loader=LOADER)
        if root is None:
            return ()
        found = _merged(_edit(text, root, operation) for operation in operations)
        return found if parse(_applied(text, found), name="") == wanted else ()
    except (yaml.YAMLError, ConstructsLibError, LookupError, ValueError):
        return ()


def _applied(text: str, found: Iterable[Edit]) -> str:
    for edit in sorted(found, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _merged(found: Iterable[Edit]) -> tuple[Edit, ...]:
    """What is put in at one place, as one edit."""
    at: dict[tuple[int, int], str] = {}
    for edit in found:
        at[edit.start, edit.end] = at.get((edit.start, edit.end), "") + edit.text
    return tuple(Edit(start, end, text) for (start, end), text in sorted(at.items()))


def _edit(text: str, root: yaml.Node, operation: Operation) -> Edit:
    *above, last = operation.at
    if operation.op == "replace":
        return _replaced(text, _at(root, operation.at), _json(operation.value))
    holder = _at(root, tuple(above))
    parts = _parts(holder)
    if operation.op == "add":
        return _added(text, holder, parts, last, operation.value)
    return _removed(text, holder, parts, [key for key, _, _ in parts].index(last))


def _replaced(text: str, node: yaml.Node, new: str) -> Edit:
    # The dashes of a list may stand right below its key, brackets may not.
    space = " " if isinstance(node, yaml.SequenceNode) and not _is_flow(node) else ""
    return Edit(node.start_mark.index, _end(text, node), space + new)


def _added(text: str, holder: yaml.Node, parts: list[_Part], key: str | int, value: Any) -> Edit:
    """In front of what is there; at the end of a list if it belongs there."""
    in_list = isinstance(holder, yaml.SequenceNode)
    new = _json(value) if in_list else f"{_key(text, str(key))}: {_json(value)}"
    if not parts:
        whole = f"[{new}]" if in_list else f"{{{_json(key)}: {_json(value)}}}"
        return _replaced(text, holder, whole)
    indent = "\n" + " " * (holder.start_mark.column if in_list else parts[0][1].start_mark.column)
    dash = f"{indent}- "
    if in_list and int(key) >= len(parts):
        end = _end(text, parts[-1][2])
        return Edit(end, end, f", {new}" if _is_flow(holder) else dash + new)
    start = parts[int(key) if in_list else 0][1].start_mark.index
    if not _is_flow(holder):
        return Edit(start, start, new + (dash if in_list else indent))
    is_apart = parts[0][1].start_mark.line != holder.start_mark.line
    return Edit(start, start, f"{new},{indent if is_apart and not in_list else ' '}")


def _removed(text: str, holder: yaml.Node, parts: list[_Part], index: int) -> Edit:
    if len(parts) == 1:
        return _replaced(text, holder, "[]" if isinstance(holder, yaml.SequenceNode) else "{}")
    if index + 1 < len(parts):
        return Edit(parts[index][1].start_mark.index, parts[index + 1][1].start_mark.index, "")
    before = _end(text, parts[index - 1][2])
    if not _is_flow(holder):  # comments behind the one before stay
        before = max(before, text.rfind("\n", 0, parts[index][1].start_mark.index))
    return Edit(before, _end(text, parts[index][2]), "")


_Part = tuple["str | int", yaml.Node, yaml.Node]
"""A key, where it starts, and its value."""


def _parts(node: yaml.Node) -> list[_Part]:
    if isinstance(node, yaml.MappingNode):
        return [(key.value, key, value) for key, value in node.value]
    if isinstance(node, yaml.SequenceNode):
        return [(index, value, value) for index, value in enumerate(node.value)]
    return []


def _at(node: yaml.Node, route: Route) -> yaml.Node:
    """What a route leads to; `Fn::If` is a tag if it is written short."""
    for name in route:
        if short_function(node.tag) != name:
            node = {key: value for key, _, value in _parts(node)}[name]
    return node


def _end(text: str, node: yaml.Node) -> int:
    """Where a value ends; the end that the reader tells may be behind spaces and comments."""
    parts = _parts(node)
    if parts and not _is_flow(node):
        return _end(text, parts[-1][2])
    start, end = node.start_mark.index, node.end_mark.index
    return start + len(text[start:end].rstrip())


def _is_flow(node: yaml.Node) -> bool:
    """Whether a collection is written with brackets."""
    return isinstance(node, yaml.CollectionNode) and bool(node.flow_style)


def _key(text: str, key: str) -> str:
    return key if _PLAIN.fullmatch(key) and not text.lstrip().startswith("{") else _json(key)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
