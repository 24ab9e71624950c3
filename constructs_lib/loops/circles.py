"""Which actors may be on a circle at all, if most filters and all keys are left aside.

What is exact costs much more than who is connected with whom, and in most systems few lie on a circle of connections.
Every passage of the graph runs over arrows that are drawn here too, so who is on no circle here is on none there. Where
many listen to one resource, as to an event bus, each way into it has a vertex of its own, and only those follow whom
what comes this way may reach; otherwise a bus would join all that is on it.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.cycles import components
from constructs_lib.loops.edges import Message, unchanged
from constructs_lib.loops.network import FEW

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

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
        """The vertex of a resource, or of a way into it by which a message comes; None is one that is taken once."""
        if node in self._apart:
            index: dict[Any, int] = self._into.setdefault(node, {}) if way is not None else {}
            key: Hashable = way
        else:
            index, key, message = self._index, node, _ANYTHING
        vertex = index.get(key)
        if vertex is None:
            vertex = index[key] = self.new(node=node)
            self._work.append((vertex, node, message))
        return vertex

    def new(self, arrows: tuple[int, ...] = (), node: Node | None = None) -> int:
        """A vertex of a resource, or of what several may do."""
        self.outward.append(arrows)
        self.nodes.append(node)
        return len(self.outward) - 1

    def follow(self) -> None:
        """Draw the arrows from all vertices from which none are drawn yet."""
        network, leads_on = self._graph.network, self._graph.leads_on
        while self._work:
            vertex, node, message = self._work.pop()
            if node in network:
                self.outward[vertex] += tuple(
                    [
                        self._on(listener, vertex, target, message)
                        for listener, targets in network.hearing(node, message)
                        for target in targets
                        if target in leads_on
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
            targets = self.outward[vertex]
            if not targets:
                continue
            for following in targets:
                if following not in reached:
                    reached.add(following)
                    work.append(following)
            node = self.nodes[vertex]
            if node in self._apart:
                apart.setdefault(node, set()).update(self._targets(targets))
            elif node is not None:
                count += self._count(targets, wide)
        resources = {node for vertex in reached if (node := self.nodes[vertex]) is not None}
        return count + sum(map(len, apart.values())), resources

    def _targets(self, vertices: Iterable[int]) -> Iterator[Node]:
        return (node for vertex in vertices if (node := self.nodes[vertex]) is not None)

    def _count(self, vertices: Sequence[int], wide: dict[int, frozenset[Node]]) -> int:
        """How many resources arrows lead to; what several may do alike is counted once."""
        nodes = [self.nodes[vertex] for vertex in vertices]
        if None not in nodes:
            return len(set(nodes)) if len(nodes) > 1 else 1
        others = set(self._targets(vertices))
        outlets = [vertex for vertex, node in zip(vertices, nodes, strict=True) if node is None]
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
        return self.vertex(target, listener.carried(_ANYTHING), listener) if known is None else known


class Circles:
    """Which actors of a graph may be on a circle.

    Args:
        ways: the ways on from the graph's resources.
        actors: what acts.
    """

    def __init__(self, ways: Ways, actors: Sequence[Node]) -> None:
        self._ways = ways
        self._vertices = {node: ways.vertex(node) for node in actors}
        self._wide: dict[Outlet, int] = {}

    def knows(self, actor: Node, outlet: Outlet) -> bool:
        """Draw an arrow to what another one may do alike, if that leads to many resources: no more is to be said."""
        vertex = self._wide.get(outlet)
        if vertex is not None:
            self._ways.outward[self._vertices[actor]] += (vertex,)
        return vertex is not None

    def add(self, actor: Node, outlet: Outlet, entries: Sequence[tuple[Node, Message, Hashable]]) -> bool:
        """Draw the arrows from what acts to what it may put something into; whether any of these leads on."""
        arrows = tuple([self._ways.vertex(*entry) for entry in entries])
        self._ways.follow()
        leads_on = any(self._ways.outward[vertex] or self._ways.nodes[vertex] in self._vertices for vertex in arrows)
        if len(arrows) > FEW:
            self._wide[outlet] = self._ways.new(arrows)
            arrows = (self._wide[outlet],)
        self._ways.outward[self._vertices[actor]] += arrows
        return leads_on

    @cached_property
    def actors(self) -> set[Node]:
        """Those that may be on a circle."""
        members = {vertex for component in components(self._ways.outward) for vertex in component}
        return {node for node, vertex in self._vertices.items() if vertex in members}

    @cached_property
    def _arrows(self) -> tuple[int, set[Node]]:
        return self._ways.arrows(self._vertices.values())

    @property
    def arrows(self) -> int:
        """How many pairs of resources arrows join, on ways from an actor."""
        return self._arrows[0]

    @property
    def resources(self) -> set[Node]:
        """The resources on these ways that are no actors."""
        return self._arrows[1].difference(self._vertices)
