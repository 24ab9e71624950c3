"""Which actors may be on a circle at all, if most filters and all keys are left aside.

What is exact costs much more than who is connected with whom, and in most systems few lie on a circle of connections.
Every passage of the graph runs over arrows that are drawn here too, so who is on no circle here is on none there. Where
many listen to one resource, as to an event bus, each way into it has a vertex of its own, and only those follow whom
what comes this way may reach; otherwise a bus would join all that is on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_lib.loops.cycles import components
from constructs_lib.loops.edges import Message, unchanged

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from constructs_lib.loops.edges import Listener
    from constructs_lib.loops.graph import Graph, Outlet
    from constructs_lib.templates.system import Node

__all__ = ["Circles"]

_ANYTHING = Message()
_NONE: Mapping[Hashable, int] = {}


class Circles:
    """The arrows of a graph without what flows over them.

    Attributes:
        actors: those that may be on a circle.
        arrows: how many pairs of resources arrows join, on ways from an actor.
        resources: the resources on these ways that are no actors.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._apart = graph.crowded.difference(graph.actors)
        self._index: dict[Node, int] = {}
        self._ways: dict[Node, dict[Hashable, int]] = {}
        self._messages: dict[int, Message] = {}  # so that no other gets the same id
        self._outward: list[tuple[int, ...]] = []
        self._nodes: list[Node | None] = []
        self._work: list[tuple[int, Node, Message]] = []
        self.arrows = 0
        self.resources: set[Node] = set()
        for node in graph.actors:
            self._vertex(node)
        self._leave()
        self._pass_on()
        self.resources.difference_update(graph.actors)
        members = {vertex for component in components(self._outward) for vertex in component}
        self.actors = {node for vertex, node in enumerate(graph.actors) if vertex in members}

    def _leave(self) -> None:
        """The arrows from actors; what several may do alike is one vertex, so wide grants cost no more for each."""
        shared: dict[Outlet, int] = {}
        for actor, node in enumerate(self._graph.actors):
            outlets: list[int] = []
            for outlet in self._graph.outlets[node]:
                vertex = shared.get(outlet)
                if vertex is None:
                    vertex = shared[outlet] = self._new(None)
                    self._outward[vertex] = tuple([self._vertex(*entry) for entry in self._graph.entries(outlet)])
                outlets.append(vertex)
            self._outward[actor] += tuple(outlets)
            targets = {reached for outlet in outlets for at in self._outward[outlet] if (reached := self._nodes[at])}
            self.arrows += len(targets)
            self.resources |= targets

    def _pass_on(self) -> None:
        """The arrows from resources, and from actors that others listen to."""
        apart: dict[Node, set[Node]] = {}
        while self._work:
            vertex, node, message = self._work.pop()
            targets: set[Node] = set()
            following: list[int] = []
            for listener, heard_by in self._graph.hearing(node, message):
                for target in heard_by:
                    if target in self._graph.leads_on:
                        targets.add(target)
                        following.append(self._on(listener, vertex, target, message))
            self._outward[vertex] += tuple(following)
            if node in self._apart:
                apart.setdefault(node, set()).update(targets)
            else:
                self.arrows += len(targets)
            self.resources |= targets
        self.arrows += sum(map(len, apart.values()))

    def _on(self, listener: Listener, vertex: int, target: Node, message: Message) -> int:
        """The vertex of what a listener leads to from a vertex."""
        if target not in self._apart:
            return self._vertex(target)
        if listener.carry is unchanged and self._nodes[vertex] in self._apart:
            self._messages[id(message)] = message
            return self._vertex(target, message, (listener, id(message)))
        known = self._ways.get(target, _NONE).get(listener)
        return self._vertex(target, listener.carry(_ANYTHING), listener) if known is None else known

    def _vertex(self, node: Node, message: Message = _ANYTHING, way: Hashable = "") -> int:
        """The vertex of a resource, or of one way into it by which a message comes."""
        if node in self._apart:
            index: dict[Any, int] = self._ways.setdefault(node, {})
            key: Hashable = way
        else:
            index, key, message = self._index, node, _ANYTHING
        vertex = index.get(key)
        if vertex is None:
            vertex = index[key] = self._new(node)
            self._work.append((vertex, node, message))
        return vertex

    def _new(self, node: Node | None) -> int:
        """A vertex of a resource, or of what several may do."""
        self._outward.append(())
        self._nodes.append(node)
        return len(self._outward) - 1
