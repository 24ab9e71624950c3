"""Which actors may be on a circle at all, if most filters and all keys are left aside.

What is exact costs much more than who is connected with whom, and in most systems few lie on a circle of connections.
Every passage of the graph runs over arrows that are drawn here too, so who is on no circle here is on none there. Where
many listen to one resource, as to an event bus, each way into it has a vertex of its own, and only those follow whom
what comes this way may reach; otherwise a bus would join all that is on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.loops.cycles import components
from constructs_lib.loops.edges import Message

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from constructs_lib.loops.graph import Graph, Outlet
    from constructs_lib.templates.system import Node

__all__ = ["Circles"]


class Circles:
    """The arrows of a graph without what flows over them.

    Attributes:
        actors: those that may be on a circle.
        arrows: pairs of resources that an arrow joins, on ways from an actor.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._actors = set(graph.actors)
        self._index: dict[Hashable, int] = {}
        self._outward: list[list[int]] = []
        self._work: list[tuple[int, Node, Message]] = []
        self.arrows: set[tuple[Node, Node]] = set()
        for node in graph.actors:
            self._vertex(node, Message(), "")
        entries: dict[Outlet, list[tuple[Node, Message, Hashable]]] = {}
        for node in graph.actors:
            own = self._outward[self._index[node]]
            for outlet in graph.outlets[node]:
                found = entries.get(outlet)
                if found is None:
                    found = entries[outlet] = list(graph.entries(outlet))
                own += self._joined(node, found)
        while self._work:
            vertex, node, message = self._work.pop()
            self._outward[vertex] += self._joined(
                node,
                (
                    (target, listener.carry(Message()), listener)
                    for listener, targets in graph.hearing(node, message)
                    for target in targets
                    if graph.leads_on(target)
                ),
            )
        of_actors = range(len(graph.actors))
        members = {vertex for component in components(self._outward) for vertex in component}
        self.actors = {node for vertex, node in zip(of_actors, graph.actors, strict=True) if vertex in members}

    def _joined(self, source: Node, entries: Iterable[tuple[Node, Message, Hashable]]) -> list[int]:
        found = []
        for target, message, way in entries:
            self.arrows.add((source, target))
            found.append(self._vertex(target, message, way))
        return found

    def _vertex(self, node: Node, message: Message, way: Hashable) -> int:
        apart = node not in self._actors and self._graph.is_crowded(node)
        key = (node, way) if apart else node
        vertex = self._index.get(key)
        if vertex is None:
            vertex = self._index[key] = len(self._outward)
            self._outward.append([])
            self._work.append((vertex, node, message if apart else Message()))
        return vertex
