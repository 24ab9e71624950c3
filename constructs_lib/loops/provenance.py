"""Where in a template stands what makes an arrow."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.graph import Grant
from constructs_lib.templates.derived import Derived
from constructs_lib.templates.sam import AT

if TYPE_CHECKING:
    from constructs_lib.loops.finder import Edge
    from constructs_lib.loops.graph import Graph, Hop
    from constructs_lib.templates import Template
    from constructs_lib.templates.system import Node

__all__ = ["Route", "exact_place", "place"]

Route = tuple["str | int", ...]


def place(graph: Graph, edge: Edge, hop: Hop) -> tuple[Route, Template | None]:
    """The path inside a document, and the template; an empty path if it is not known."""
    if hop.by is not None:
        return located(hop.by, hop.entry)
    origin = graph.origins[edge.source].get(edge.outlet.allow) if isinstance(edge.outlet, Grant) else None
    return ((), None) if origin is None else located(*origin)


def located(node: Node, entry: Any) -> tuple[Route, Template]:
    """Where a part of a resource stands, or the resource if the part is not in the document itself."""
    resources = node.template.document.get("Resources") or {}
    own = ("Resources", node.id)
    while isinstance(entry, Derived):
        entry = entry.origin
    if isinstance(entry, Mapping) and AT in entry:
        return entry[AT], node.template
    if entry is not None:
        found = _routes(node).get(id(entry)) or _within(resources, entry, ("Resources",))
        if found is not None:
            return found, node.template
    if node.resource.at:
        return node.resource.at, node.template
    return own if node.id in resources else (), node.template


def exact_place(node: Node, entry: Any) -> Route | None:
    """Where a part of a resource stands in the document, if the resource itself stands there."""
    return _routes(node).get(id(entry))


@lru_cache(maxsize=256)
def _routes(node: Node) -> dict[int, Route]:
    """The ways to all parts of a resource, by their identity."""
    found: dict[int, Route] = {}
    work: list[tuple[Any, Route]] = [
        ((node.template.document.get("Resources") or {}).get(node.id), ("Resources", node.id))
    ]
    while work:
        value, way = work.pop()
        if isinstance(value, (Mapping, list)):
            found.setdefault(id(value), way)
            parts = value.items() if isinstance(value, Mapping) else enumerate(value)
            work.extend((part, (*way, key)) for key, part in parts)
    return found


def _within(document: Any, wanted: Any, route: Route) -> Route | None:
    """The way to a part, which is found by identity: it was read from this very document."""
    work: list[tuple[Any, Route]] = [(document, route)]
    while work:
        value, way = work.pop()
        if value is wanted:
            return way
        if isinstance(value, Mapping):
            work.extend((inner, (*way, key)) for key, inner in value.items())
        elif isinstance(value, list):
            work.extend((inner, (*way, index)) for index, inner in enumerate(value))
    return None
