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
        arrows: how many pairs of resources arrows join, on ways from an actor.
        resources: the resources on these ways that are no actors.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._actors = set(graph.actors)
        self._index: dict[Hashable, int] = {}
        self._outward: list[list[int]] = []
        self._work: list[tuple[int, Node, Message]] = []
        self._behind: set[tuple[Node, Node]] = set()
        self.arrows = 0
        self.resources: set[Node] = set()
        for node in graph.actors:
            self._vertex(node, Message(), "")
        # What several actors may do alike is one vertex, so that wide grants cost no more for each of them.
        shared: dict[Outlet, tuple[int, set[Node]]] = {}
        for node in graph.actors:
            first: list[set[Node]] = []
            for outlet in graph.outlets[node]:
                found = shared.get(outlet)
                if found is None:
                    found = shared[outlet] = len(self._outward), set()
                    self._outward.append([])
                    for target, message, way in graph.entries(outlet):
                        found[1].add(target)
                        self._outward[found[0]].append(self._vertex(target, message, way))
                self._outward[self._index[node]].append(found[0])
                first.append(found[1])
            self.arrows += len(first[0]) if len(first) == 1 else len(set().union(*first))
        self.resources.update(target for _, targets in shared.values() for target in targets)
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
        self.arrows += len(self._behind)
        self.resources.update(target for _, target in self._behind)
        self.resources -= self._actors
        of_actors = range(len(graph.actors))
        members = {vertex for component in components(self._outward) for vertex in component}
        self.actors = {node for vertex, node in zip(of_actors, graph.actors, strict=True) if vertex in members}

    def _joined(self, source: Node, entries: Iterable[tuple[Node, Message, Hashable]]) -> list[int]:
        found = []
        for target, message, way in entries:
            self._behind.add((source, target))
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
