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
    from collections.abc import Hashable, Iterable, Iterator, Mapping

    from constructs_lib.loops.edges import Listener
    from constructs_lib.loops.graph import Graph
    from constructs_lib.loops.passages import Outlet
    from constructs_lib.templates.system import Node

__all__ = ["Circles", "Ways"]

_ANYTHING = Message()
MAX_WIDE = 64
"""Of as many wide grants the resources are kept, should others have the same."""
_NONE: Mapping[Hashable, int] = {}


class Ways:
    """Resources that pass on, and where what they pass on may go next, without what flows.

    A vertex is a resource; or where many listen to it, a way into it.
    """

    def __init__(self, graph: Graph) -> None:
        self.nodes: list[Node | None] = []
        self.outward: list[tuple[int, ...]] = []
        self._graph = graph
        self._apart = graph.network.crowded.difference(graph.actors)
        self._index: dict[Node, int] = {}
        self._into: dict[Node, dict[Hashable, int]] = {}
        self._messages: dict[int, Message] = {}  # so that no other gets the same id
        self._work: list[tuple[int, Node, Message]] = []

    def vertex(self, node: Node, message: Message = _ANYTHING, way: Hashable = "") -> int:
        """The vertex of a resource, or of one way into it by which a message comes."""
        if node in self._apart:
            index: dict[Any, int] = self._into.setdefault(node, {})
            key: Hashable = way
        else:
            index, key, message = self._index, node, _ANYTHING
        vertex = index.get(key)
        if vertex is None:
            vertex = index[key] = self.new(node)
            self._work.append((vertex, node, message))
        return vertex

    def new(self, node: Node | None = None) -> int:
        """A vertex of a resource, or of what several may do."""
        self.outward.append(())
        self.nodes.append(node)
        return len(self.outward) - 1

    def follow(self) -> None:
        """Draw the arrows from all vertices from which none are drawn yet."""
        while self._work:
            vertex, node, message = self._work.pop()
            self.outward[vertex] += tuple(
                [
                    self._on(listener, vertex, target, message)
                    for listener, targets in self._graph.network.hearing(node, message)
                    for target in targets
                    if target in self._graph.leads_on
                ]
            )

    def rounds(self) -> list[Node]:
        """The resources that may be on a circle without anything that acts."""
        actors = set(self._graph.actors)
        passive = [() if node in actors else targets for node, targets in zip(self.nodes, self.outward, strict=True)]
        found = (self.nodes[vertex] for component in components(passive) for vertex in component)
        return list(dict.fromkeys(node for node in found if node is not None))

    def arrows(self, starts: Iterable[int]) -> tuple[int, set[Node]]:
        """How many pairs of resources arrows join on the ways from some vertices, and the resources on these ways."""
        reached = set(starts)
        work = list(reached)
        count = 0
        apart: dict[Node, set[Node]] = {}
        wide: dict[int, frozenset[Node]] = {}
        while work:
            vertex = work.pop()
            new = [following for following in self.outward[vertex] if following not in reached]
            reached.update(new)
            work += new
            node = self.nodes[vertex]
            if node in self._apart:
                apart.setdefault(node, set()).update(self._targets(self.outward[vertex]))
            elif node is not None:
                count += self._count(vertex, wide)
        resources = {node for vertex in reached if (node := self.nodes[vertex]) is not None}
        return count + sum(map(len, apart.values())), resources

    def _targets(self, vertices: Iterable[int]) -> Iterator[Node]:
        return (node for vertex in vertices if (node := self.nodes[vertex]) is not None)

    def _count(self, vertex: int, wide: dict[int, frozenset[Node]]) -> int:
        """How many resources arrows lead to from one; what several may do alike is counted once."""
        outlets = [following for following in self.outward[vertex] if self.nodes[following] is None]
        others = set(self._targets(self.outward[vertex]))
        if not outlets:
            return len(others)
        widest = max(outlets, key=lambda outlet: len(self.outward[outlet]))
        if widest not in wide:
            if len(wide) >= MAX_WIDE:
                wide.clear()
            wide[widest] = frozenset(self._targets(self.outward[widest]))
        others.update(node for outlet in outlets if outlet != widest for node in self._targets(self.outward[outlet]))
        return len(wide[widest]) + len(others - wide[widest])

    def _on(self, listener: Listener, vertex: int, target: Node, message: Message) -> int:
        """The vertex of what a listener leads to from a vertex."""
        if target not in self._apart:
            return self.vertex(target)
        if listener.carry is unchanged and self.nodes[vertex] in self._apart:
            self._messages[id(message)] = message
            return self.vertex(target, message, (listener, id(message)))
        known = self._into.get(target, _NONE).get(listener)
        return self.vertex(target, listener.carry(_ANYTHING), listener) if known is None else known


class Circles:
    """Which actors of a graph may be on a circle.

    Args:
        graph: the graph.
        ways: the ways on from its resources, as far as they are drawn already.

    Attributes:
        actors: those that may be on a circle.
        arrows: how many pairs of resources arrows join, on ways from an actor.
        resources: the resources on these ways that are no actors.
    """

    def __init__(self, graph: Graph, ways: Ways | None = None) -> None:
        ways = ways or Ways(graph)
        actors = [ways.vertex(node) for node in graph.actors]
        shared: dict[Outlet, int] = {}
        for vertex, node in zip(actors, graph.actors, strict=True):
            ways.outward[vertex] += tuple([self._outlet(graph, ways, one, shared) for one in graph.outlets[node]])
        ways.follow()
        self.arrows, resources = ways.arrows(actors)
        self.resources = resources.difference(graph.actors)
        members = {vertex for component in components(ways.outward) for vertex in component}
        self.actors = {node for vertex, node in zip(actors, graph.actors, strict=True) if vertex in members}

    def _outlet(self, graph: Graph, ways: Ways, outlet: Outlet, shared: dict[Outlet, int]) -> int:
        """The vertex of what several may do alike: wide grants cost no more for each."""
        vertex = shared.get(outlet)
        if vertex is None:
            vertex = shared[outlet] = ways.new()
            ways.outward[vertex] = tuple([ways.vertex(*entry) for entry in graph.entries(outlet)])
        return vertex
