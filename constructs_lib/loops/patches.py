"""Fixes as JSON Patch has them: what a program that knows nothing of this library can apply.

https://www.rfc-editor.org/rfc/rfc6902
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Literal

from constructs_lib.loops.changes import with_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from constructs_lib.loops.changes import Fix
    from constructs_lib.loops.provenance import Route
    from constructs_lib.templates import Template

__all__ = ["Operation", "operations"]


@dataclass(frozen=True)
class Operation:
    """One operation of a patch.

    Args:
        template: whose document it changes.
        op: what it does.
        at: where in the document.
        value: what stands there then; None if it is taken away.
        old: what stood there; None if nothing did.
    """

    template: Template = field(repr=False)
    op: Literal["add", "remove", "replace"]
    at: Route
    value: Any = None
    old: Any = None

    def as_json(self) -> dict[str, Any]:
        """The operation as RFC 6902 writes it; it has no members `file` and `old`, and asks to pass over such."""
        file = {} if self.template.path is None else {"file": str(self.template.path)}
        value = {} if self.op == "remove" else {"value": self.value}
        old = {} if self.op == "add" else {"old": self.old}
        pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in self.at)
        return {**file, "op": self.op, "path": pointer, **value, **old}


def operations(fix: Fix) -> list[Operation]:
    """What a fix does, in the smallest steps, in the order in which they are to be done."""
    documents = {id(change.template.document): change.template for change in fix.changes}
    found: list[Operation] = []
    for template in documents.values():
        new: Any = template.document
        for change in fix.changes:
            if change.template.document is template.document:
                new = with_value(new, change.at, change.value)
        found += _between(template, (), template.document, new)
    return found


def _between(template: Template, at: Route, old: Any, new: Any) -> Iterator[Operation]:
    """What makes one value of another."""
    if old is new or old == new:
        return
    if _is_open(old) and _is_open(new):
        for key in old:
            if key not in new:
                yield Operation(template, "remove", (*at, key), old=old[key])
            else:
                yield from _between(template, (*at, key), old[key], new[key])
        yield from (Operation(template, "add", (*at, key), new[key]) for key in new if key not in old)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _between_lists(template, at, old, new)
    else:
        yield Operation(template, "replace", at, new, old)


def _between_lists(template: Template, at: Route, old: list[Any], new: list[Any]) -> Iterator[Operation]:
    start = _alike(old, new)
    end = _alike(old[start:][::-1], new[start:][::-1])
    gone, come = old[start : len(old) - end], new[start : len(new) - end]
    shared = min(len(gone), len(come))
    for index in range(start, start + shared):
        yield from _between(template, (*at, index), old[index], new[index])
    for index in reversed(range(start + shared, start + len(gone))):
        yield Operation(template, "remove", (*at, index), old=old[index])
    for index in range(start + shared, start + len(come)):
        yield Operation(template, "add", (*at, index), new[index])


def _alike(one: Sequence[Any], other: Sequence[Any]) -> int:
    """How many items at the beginning of two lists are the same."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _is_open(value: Any) -> bool:
    """Whether a value is a mapping that may be changed in part; a function such as `Fn::Sub` is changed as a whole."""
    if not isinstance(value, Mapping):
        return False
    name = next(iter(value)) if len(value) == 1 else ""
    return name == "Fn::If" or not (name in {"Ref", "Condition"} or str(name).startswith("Fn::"))
