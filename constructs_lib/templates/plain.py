"""Values of templates without functions in them, as `Fn::ToJsonString` writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from constructs_lib.templates.template import Template

__all__ = ["MAX_ALTERNATIVES", "MISSING", "Reader", "plain"]

MAX_ALTERNATIVES = 24
MAX_DEPTH = 60
MISSING = object()
"""What `AWS::NoValue` stands for."""


class Reader(Protocol):
    """What tells what functions stand for."""

    def texts(self, value: Any, template: Template) -> tuple[str, ...]:
        """The texts that a value may stand for."""

    def choices(self, value: Any, template: Template, depth: int = 0) -> Iterable[Any]:
        """What a value may be: itself, or each branch of its conditions; `MISSING` for no value."""


def plain(reader: Reader, value: Any, template: Template, depth: int = 0) -> list[Any] | None:
    """What a value of mappings and lists may be without functions in it; None if there are too many.

    Args:
        reader: what tells what functions stand for.
        value: the value.
        template: where it stands.
        depth: how many values are around it.
    """
    if depth > MAX_DEPTH:
        return None
    if isinstance(value, list):
        rows = _product([plain(reader, item, template, depth + 1) for item in value])
        return None if rows is None else [[item for item in row if item is not MISSING] for row in rows]
    if not isinstance(value, Mapping):
        return list(reader.texts(value, template)) if isinstance(value, str) else [value]
    if _is_function(value):
        return _chosen(reader, value, template, depth)
    rows = _product([plain(reader, inner, template, depth + 1) for inner in value.values()])
    if rows is None:
        return None
    entries = [zip(value, row, strict=True) for row in rows]
    return [{key: inner for key, inner in row if inner is not MISSING} for row in entries]


def _chosen(reader: Reader, value: Mapping[str, Any], template: Template, depth: int) -> list[Any] | None:
    found: list[Any] = []
    for choice in reader.choices(value, template):
        if choice is MISSING:
            found.append(choice)
        elif choice is value:
            found += reader.texts(value, template)
        else:
            inner = plain(reader, choice, template, depth + 1)
            if inner is None:
                return None
            found += inner
    return found


def _is_function(value: Mapping[str, Any]) -> bool:
    name = str(next(iter(value), ""))
    return len(value) == 1 and (name in {"Ref", "Condition"} or name.startswith("Fn::"))


def _product(parts: list[list[Any] | None]) -> list[tuple[Any, ...]] | None:
    known = [part for part in parts if part is not None]
    few = len(known) == len(parts) and prod(map(len, known)) <= MAX_ALTERNATIVES
    return list(product(*known)) if few else None
