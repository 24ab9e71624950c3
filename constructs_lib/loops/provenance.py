"""Where in a template stands what makes an arrow."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.passages import Grant
from constructs_lib.templates.derived import Derived
from constructs_lib.templates.sam import AT

if TYPE_CHECKING:
    from constructs_lib.loops.finder import Edge
    from constructs_lib.loops.graph import Graph
    from constructs_lib.loops.passages import Hop
    from constructs_lib.templates import Template
    from constructs_lib.templates.system import Node

__all__ = ["Route", "exact_place", "located", "place", "properties_at", "value_at"]

Route = tuple["str | int", ...]


def place(graph: Graph, edge: Edge, hop: Hop) -> tuple[Route, Template | None]:
    """The path inside a document, and the template; an empty path if it is not known."""
    if hop.by is not None:
        return located(hop.by, hop.entry)
    if isinstance(edge.outlet, Grant):
        origin = graph.origin(edge.source, edge.outlet.allow)
        return ((), None) if origin is None else located(*origin)
    put = edge.outlet
    return located(put.by or put.source, put.entry, put.property)


def located(node: Node, entry: Any, property_: str = "") -> tuple[Route, Template]:
    """Where a part of a resource stands, or the resource if the part is not in the document itself.

    Args:
        node: the resource.
        entry: the part; None if it is the whole resource.
        property_: the property that the part is from, if it is no part of the document.
    """
    if entry is not None:
        found = exact_place(node, entry)
        if found is None:
            found = _within(node.template.document.get("Resources") or {}, _written(entry), ("Resources",))
        if found is not None:
            return found, node.template
    properties = properties_at(node)
    if properties is None:
        return (), node.template
    written = value_at(node.template, properties)
    if isinstance(written, Mapping) and property_ in written:
        return (*properties, property_), node.template
    return (node.resource.at or properties[:2]), node.template


def exact_place(node: Node, entry: Any) -> Route | None:
    """Where a part of a resource stands in the document; None if it is not in what makes the resource."""
    entry = _written(entry)
    if isinstance(entry, Mapping) and AT in entry:
        at: Route = entry[AT]
        return at
    return _routes(node).get(id(entry))


def properties_at(node: Node) -> Route | None:
    """Where the properties of a resource stand, or of what makes it, e.g. a SAM event; None if nothing does."""
    at = node.resource.at or ("Resources", node.id)
    written = value_at(node.template, at)
    if not isinstance(written, Mapping):
        return None if written is None else at
    return (*at, "Properties") if "Type" in written else at


def value_at(template: Template, at: Route) -> Any:
    """What stands somewhere in a template's document; None if there is nothing."""
    value: Any = template.document
    try:
        for key in at:
            value = value[key]
    except (KeyError, IndexError, TypeError):
        return None
    return value


def _written(entry: Any) -> Any:
    """What a part was made from, if something in it was decided."""
    while isinstance(entry, Derived):
        entry = entry.origin
    return entry


@lru_cache(maxsize=256)
def _routes(node: Node) -> dict[int, Route]:
    """The ways to all parts of the resource that is written, by their identity."""
    found: dict[int, Route] = {}
    at = (node.resource.at or ("Resources", node.id))[:2]
    work: list[tuple[Any, Route]] = [(value_at(node.template, at), at)]
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
