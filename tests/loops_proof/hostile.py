"""Templates that nobody means well with, and what it costs to read them."""

from __future__ import annotations

import copy
import cProfile
import tracemalloc
from dataclasses import dataclass
from itertools import islice, product
from typing import TYPE_CHECKING, Any

from constructs_lib.errors import ConstructsLibError
from constructs_lib.loops import check
from constructs_lib.templates import Template, dependency_cycle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.loops_proof.builder import Body

__all__ = ["JSON_TYPES", "Effort", "deep", "mutations", "outcome", "places", "spent"]

JSON_TYPES: tuple[Any, ...] = (None, True, 7, -1.5, "", "${", [], ["*"], {}, {"Ref": "Nothing"}, {"Fn::If": ["C"]})


def outcome(document: Any) -> str:
    """How reading and checking a document ends: with a verdict or an error of ours; anything else is raised."""
    try:
        template = Template.of(document)
        dependency_cycle(template)
        report = check([template])
        str(report)
    except ConstructsLibError as error:
        return error.diagnostics[0].reference
    return report.verdict


def places(value: Any) -> Iterator[tuple[Any, ...]]:
    """The ways to all nodes of a document, its root first."""
    work: list[tuple[tuple[Any, ...], Any]] = [((), value)]
    while work:
        way, node = work.pop()
        yield way
        inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        work += [((*way, key), child) for key, child in inner]


def mutations(document: Body, *, first: int = 0, every: int = 1) -> Iterator[tuple[tuple[Any, ...], Any, Any]]:
    """The document with each node replaced by a value of each type, one at a time, or some of those."""
    for way, value in islice(product(places(document), JSON_TYPES), first, None, every):
        yield way, value, _replaced(document, way, value)


def _replaced(node: Any, way: tuple[Any, ...], value: Any) -> Any:
    """A copy along the way; the rest is shared."""
    if not way:
        return copy.deepcopy(value)
    twin = copy.copy(node)
    twin[way[0]] = _replaced(node[way[0]], way[1:], value)
    return twin


def deep(levels: int, inner: Any = "x") -> Any:
    """A value that is nested that deep, lists and mappings in turn."""
    value = inner
    for level in range(levels):
        value = [value] if level % 2 else {"Fn::Join": value}
    return value


@dataclass(frozen=True)
class Effort:
    """What something cost, by what does not depend on the machine.

    Args:
        calls: how many Python functions were called.
        bytes: how much memory was held at the worst moment.
        result: what came of it.
    """

    calls: int
    bytes: int
    result: str


def spent(work: Callable[[], str]) -> Effort:
    """What some work costs."""
    profile = cProfile.Profile(builtins=False)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    profile.enable()
    try:
        result = work()
    finally:
        profile.disable()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return Effort(sum(entry.callcount for entry in profile.getstats()), peak - before, result)
