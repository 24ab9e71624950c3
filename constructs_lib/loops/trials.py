"""Fixes, tried: the templates are changed and read again, and what they make is compared."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING

from constructs_lib.errors import ConstructsLibError
from constructs_lib.loops.changes import changed
from constructs_lib.loops.finder import Finder
from constructs_lib.loops.graph import Graph
from constructs_lib.templates.nested import flattened
from constructs_lib.templates.system import System

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from constructs_lib.loops.changes import Change
    from constructs_lib.loops.finder import Edge
    from constructs_lib.templates import Template
    from constructs_lib.templates.system import Node

    Places = tuple["tuple[int, str]", ...]
    """The resources of an edge's arrows: the number of the template, and the logical id."""
    Way = tuple[Places, ...]

__all__ = ["Trials", "way_of"]

MAX_READ = 20_000
"""How many resources, and ways between them, are read again at most, all trials of a check together."""


class Trials:
    """What becomes of a system when its templates change.

    Args:
        templates: the templates as they were given.
        before: what they make.
    """

    def __init__(self, templates: Iterable[Template], before: Graph) -> None:
        self._templates = tuple(templates)
        self._before = before
        self._left = MAX_READ
        self._known: dict[Way, dict[str, bool]] = {}

    @property
    def are_possible(self) -> bool:
        """Whether there is anything left to try."""
        return self._size <= self._left

    @cached_property
    def _size(self) -> int:
        return 1 + sum(len(inner.resources) for template in self._templates for inner in template.with_nested())

    def may_tell(self, way: Way) -> bool:
        """Whether it may be known what changes do to a closed path, or be tried."""
        return self.are_possible or way in self._known

    def breaks(self, way: Way, changes: Sequence[Change]) -> bool | None:
        """Whether a closed path is gone after changes, and no other one is there that was not possible before.

        None if it was not tried, because the system is large.

        Args:
            way: the closed path, perhaps of a world.
            changes: what changes.
        """
        key = json.dumps([[str(one.template.path), one.template.name, one.at, one.value] for one in changes])
        known = self._known.get(way, {}).get(key)
        if known is None and self.are_possible:
            self._left -= self._size
            known = self._known.setdefault(way, {})[key] = self._tried(way, changes)
        return known

    def _tried(self, way: Way, changes: Sequence[Change]) -> bool:
        try:
            graph = Graph(System(flattened([changed(template, changes) for template in self._templates])))
        except ConstructsLibError:  # what comes out is no template any more
            return False
        finder = Finder(graph)
        self._left -= sum(len(graph.passages(outlet)) for node in graph.actors for outlet in graph.outlets.of(node))
        if all(_goes(graph, places) for places in way):
            return False
        found = {_places(graph, edge) for edges in finder.find() for edge in edges}
        return all(_goes(self._before, places) for places in found)


def way_of(graph: Graph, edges: Iterable[Edge]) -> Way:
    """What a closed path is in every world, and after changes."""
    return tuple(_places(graph, edge) for edge in edges)


def _places(graph: Graph, edge: Edge) -> Places:
    return tuple(_place(graph, node) for node in (edge.source, *(hop.target for hop in edge.hops())))


def _place(graph: Graph, node: Node) -> tuple[int, str]:
    return graph.system.positions[id(node.template)], node.id


def _goes(graph: Graph, places: Places) -> bool:
    """Whether something may still go from the first of some resources over all others."""
    system = graph.system
    source, *others = (system.node(system.templates[position], name) for position, name in places)
    outlets = graph.outlets.of(source) if source is not None else ()
    return any(tuple(others) in graph.reached(outlet) for outlet in outlets)
