"""Closed paths of the invocation graph: certain ones first, then those that cannot be excluded."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from constructs_lib.loops.cycles import components, shortest_cycle

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from constructs_lib.loops.graph import Graph
    from constructs_lib.loops.passages import Hop, Outlet, Passage
    from constructs_lib.templates.system import Node

__all__ = ["Edge", "Finder"]

MAX_ROUNDS = 25
"""How many independent loops of one component are reported beyond those of an actor with itself."""
MAX_STARTS = 64


@dataclass(frozen=True, eq=False)
class Edge:
    """An actor, what it does, and whom that wakes."""

    source: Node
    outlet: Outlet
    passage: Passage

    @property
    def identity(self) -> tuple[Node, int]:
        """What it is, to tell it from others of the same graph."""
        return self.source, id(self.passage)

    def hops(self) -> tuple[Hop, ...]:
        """Its arrows."""
        return self.passage.path(self.source)


class Finder:
    """Finds closed paths.

    Args:
        graph: where.
        ignored: edges that are taken as not there, by their identity.
        among: the only actors that are looked at, in the order of the graph's; all by default.

    Attributes:
        is_complete: whether what was found last is all, but for what shares edges with it.
    """

    def __init__(
        self, graph: Graph, ignored: Collection[tuple[Node, int]] = (), among: Sequence[Node] | None = None
    ) -> None:
        self._graph = graph
        around = graph.circles.actors
        self._actors = [node for node in (graph.actors if among is None else among) if node in around]
        self._index = {node: index for index, node in enumerate(self._actors)}
        self._outlets: list[tuple[Outlet, tuple[Passage, ...]]] = []
        self._links: list[tuple[int, ...]] = []
        self._gone: set[Passage] = set()
        self._whole: list[list[int]] | None = None
        self.is_complete = True
        self._ways: dict[int, dict[tuple[Node, ...], list[Passage]]] = {}
        self._ends: dict[int, dict[Node, list[Passage]]] = {}
        shared: dict[Outlet, int] = {}
        touched = {node for node, _ in ignored}
        for node in self._actors:
            links = []
            for outlet in graph.outlets.of(node):
                passages = graph.passages(outlet)
                own = passages
                if node in touched:
                    own = tuple(passage for passage in passages if (node, id(passage)) not in ignored)
                if not own:
                    continue
                index = shared.get(outlet) if own is passages else None
                if index is None:
                    index = len(self._actors) + len(self._outlets)
                    self._outlets.append((outlet, own))
                    if own is passages:
                        shared[outlet] = index
                links.append(index)
            self._links.append(tuple(links))

    def arrows(self) -> tuple[int, int]:
        """How many pairs of resources arrows join on ways from an actor to an actor, and how many are no actors."""
        circles = self._graph.circles
        return circles.arrows, len(circles.resources)

    def find(self) -> list[list[Edge]]:
        """Closed paths, each as the edges that make it; after each round what was found is taken out."""
        self._gone.clear()
        found: dict[tuple[tuple[Node, Node], ...], list[Edge]] = {}
        for certain in (True, False):
            left = self._components()
            for number in count():
                nodes = [node for component in left for node in component]  # outside them there is no way back
                graph = self._adjacency(nodes, certain=certain)
                left = components(graph)
                cycles = [cycle for component in left for cycle in self._cycles(graph, component)]
                self.is_complete = not cycles
                if not cycles or number == MAX_ROUNDS:
                    break
                paths = [self._path(cycle, certain=certain) for cycle in cycles]
                for edges in paths:
                    way = tuple((hop.source, hop.target) for edge in edges for hop in edge.hops())
                    found.setdefault(way, edges)
                    self._gone.update(edge.passage for edge in edges)
        return list(found.values())

    def components(self) -> list[frozenset[Node]]:
        """The actors of each strongly connected component: a closed path lies in one of them."""
        found = self._components()
        return [frozenset([self._actors[n] for n in component if n < len(self._actors)]) for component in found]

    def _components(self) -> list[list[int]]:
        if self._whole is None:
            nodes = range(len(self._actors) + len(self._outlets))
            self._gone.clear()
            self._whole = components(self._adjacency(nodes, certain=False))
        return self._whole

    def alike(self, edge: Edge) -> list[tuple[Outlet, Passage]]:
        """All that the actor does on the same way: several actions of one grant, or several grants."""
        nodes = tuple(hop.target for hop in edge.hops())
        return [
            (self._outlets[link - len(self._actors)][0], passage)
            for link in self._links[self._index[edge.source]]
            for passage in self._by_way(link).get(nodes, ())
        ]

    def actions(self, edge: Edge) -> list[str]:
        """What to call all that."""
        alike = (passage for _, passage in self.alike(edge))
        return list(dict.fromkeys(passage.action for passage in alike if passage.is_sure >= edge.passage.is_sure))

    def _by_way(self, link: int) -> dict[tuple[Node, ...], list[Passage]]:
        """The passages of an outlet, by the resources that they go through."""
        found = self._ways.get(link)
        if found is None:
            found = self._ways[link] = {}
            for passage in self._outlets[link - len(self._actors)][1]:
                found.setdefault(passage.resources, []).append(passage)
        return found

    def _to(self, link: int) -> dict[Node, list[Passage]]:
        """The passages of an outlet, by whom they wake."""
        found = self._ends.get(link)
        if found is None:
            found = self._ends[link] = {}
            for passage in self._outlets[link - len(self._actors)][1]:
                found.setdefault(passage.target, []).append(passage)
        return found

    def _adjacency(self, nodes: Iterable[int], *, certain: bool) -> list[Sequence[int]]:
        """What some nodes lead to, as far as it was not taken out."""
        first = len(self._actors)
        graph: list[Sequence[int]] = [()] * (first + len(self._outlets))
        for node in nodes:
            if node < first:
                graph[node] = self._links[node]
            else:
                graph[node] = self._targets(self._outlets[node - first][1], certain=certain)
        return graph

    def _targets(self, passages: tuple[Passage, ...], *, certain: bool) -> list[int]:
        left = (passage for passage in passages if passage not in self._gone)
        found = dict.fromkeys(self._index.get(p.target) for p in left if not certain or p.is_sure)
        return [index for index in found if index is not None]

    def _cycles(self, graph: list[Sequence[int]], component: list[int]) -> list[list[int]]:
        """Every actor's own circle, or else the shortest circle of the component."""
        actors = [node for node in component if node < len(self._actors)]
        reached = {outlet: frozenset(graph[outlet]) for outlet in dict.fromkeys(o for n in actors for o in graph[n])}
        own = [[node, outlet] for node in actors for outlet in graph[node] if node in reached[outlet]]
        if own:
            return own
        best: list[int] | None = None
        members = frozenset(component)
        for node in actors[:MAX_STARTS]:
            best = shortest_cycle(graph, members, node, len(best) if best else None) or best
        return [best] if best else []

    def _path(self, cycle: list[int], *, certain: bool) -> list[Edge]:
        stops = [*cycle[2::2], cycle[0]]
        return [
            self._edge(source, outlet, target, certain=certain)
            for source, outlet, target in zip(cycle[::2], cycle[1::2], stops, strict=True)
        ]

    def _edge(self, source: int, outlet: int, target: int, *, certain: bool) -> Edge:
        found, _ = self._outlets[outlet - len(self._actors)]
        fitting = [
            passage
            for passage in self._to(outlet)[self._actors[target]]
            if passage not in self._gone and (not certain or passage.is_sure)
        ]
        return Edge(self._actors[source], found, min(fitting, key=lambda passage: len(passage.hops)))
