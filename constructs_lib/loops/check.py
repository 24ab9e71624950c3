"""The check: build the graph, find its closed paths, say which are certain, and offer fixes that were tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.loops.cycles import components, shortest_cycle
from constructs_lib.loops.fixes import fixes
from constructs_lib.loops.graph import Grant, Graph, Passage
from constructs_lib.loops.report import Finding, Report, Step
from constructs_lib.templates.symbols import symbols_in
from constructs_lib.templates.system import System

if TYPE_CHECKING:
    from collections.abc import Iterable

    from constructs_lib.loops.graph import Hop
    from constructs_lib.templates import Template
    from constructs_lib.templates.system import Node

__all__ = ["check"]

MAX_ROUNDS = 25
"""How many independent loops of one component are reported beyond those of a function with itself."""

Edge = tuple["Node", Grant, Passage]


def check(templates: Iterable[Template]) -> Report:
    """Prove that no function of a system can wake itself, or show how it can.

    Args:
        templates: what is deployed together: they see each other's exports and names.

    >>> from constructs_lib.templates import Template
    >>> check([Template.of({"Resources": {}})]).summary
    'loop-free: 0 functions, 0 resources, 0 edges'
    """
    system = System(templates)
    graph = Graph(system)
    finder = _Finder(graph)
    findings = [_finding(graph, edges) for edges in finder.find()]
    findings.sort(key=lambda finding: (finding.verdict != "loop", finding.headline))
    touched = {node for edges in finder.reached for passage in edges for node in (passage.channel.node,)}
    return Report(
        findings=tuple(findings),
        functions=len(graph.functions),
        resources=len(touched),
        edges=finder.arrows(),
        approximations=tuple(dict.fromkeys(reason for finding in findings for reason in finding.reasons)),
        not_modelled=tuple(graph.not_modelled),
    )


class _Finder:
    """Finds closed paths: certain ones first, then those that cannot be excluded."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._functions = graph.functions
        self._index = {node: index for index, node in enumerate(self._functions)}
        grants = list(dict.fromkeys(grant for node in self._functions for grant in graph.grants[node]))
        self._grants = [grant for grant in grants if graph.passages(grant)]
        self._grant_index = {grant: len(self._functions) + index for index, grant in enumerate(self._grants)}
        self.reached = [graph.passages(grant) for grant in self._grants]
        self._gone: set[Passage] = set()

    def arrows(self) -> int:
        """How many arrows there are: what is written where, and what that wakes."""
        hops = {
            (hop.source, hop.via, hop.target)
            for node in self._functions
            for grant in self._graph.grants[node]
            for passage in self._graph.passages(grant)
            for hop in passage.hops(node)
        }
        return len(hops)

    def find(self) -> list[list[Edge]]:
        """Closed paths, each as the edges that make it; after each round what was found is taken out."""
        found: list[list[Edge]] = []
        for certain in (True, False):
            for _ in range(MAX_ROUNDS):
                graph = self._adjacency(certain=certain)
                cycles = [cycle for component in components(graph) for cycle in self._cycles(graph, component)]
                if not cycles:
                    break
                paths = [self._edges(cycle, certain=certain) for cycle in cycles]
                found += paths
                self._gone.update(passage for edges in paths for _, _, passage in edges)
        return found

    def _adjacency(self, *, certain: bool) -> list[list[int]]:
        graph: list[list[int]] = [
            [self._grant_index[grant] for grant in self._graph.grants[node] if grant in self._grant_index]
            for node in self._functions
        ]
        return graph + [self._targets(passages, certain=certain) for passages in self.reached]

    def _targets(self, passages: tuple[Passage, ...], *, certain: bool) -> list[int]:
        left = (passage for passage in passages if passage not in self._gone)
        return list(dict.fromkeys(self._index[p.target] for p in left if not certain or p.sure is not None))

    def _cycles(self, graph: list[list[int]], component: list[int]) -> list[list[int]]:
        """Every function's own circle, or else the shortest circle of the component."""
        functions = [node for node in component if node < len(self._functions)]
        own = [[node, grant] for node in functions for grant in graph[node] if node in graph[grant]]
        if own:
            return own
        best: list[int] | None = None
        for node in functions[:64]:
            cycle = shortest_cycle(graph, component, node)
            if cycle is not None and (best is None or len(cycle) < len(best)):
                best = cycle
        return [best] if best else []

    def _edges(self, cycle: list[int], *, certain: bool) -> list[Edge]:
        stops = [*cycle[2::2], cycle[0]]
        return [
            self._edge(source, grant, target, certain=certain)
            for source, grant, target in zip(cycle[::2], cycle[1::2], stops, strict=True)
        ]

    def _edge(self, source: int, grant: int, target: int, *, certain: bool) -> Edge:
        found = self._grants[grant - len(self._functions)]
        passage = next(
            passage
            for passage in self._graph.passages(found)
            if passage.target is self._functions[target]
            and passage not in self._gone
            and (not certain or passage.sure is not None)
        )
        return self._functions[source], found, passage


def _finding(graph: Graph, edges: list[Edge]) -> Finding:
    system = graph.system
    hops: list[Hop] = [hop for source, _, passage in edges for hop in passage.hops(source)]
    path = tuple(
        Step(
            system.label(hop.source),
            hop.via,
            system.label(hop.target),
            hop.source.id,
            hop.target.id,
            hop.source.template,
        )
        for hop in hops
    )
    certain = all(passage.sure is not None for _, _, passage in edges)
    reasons = () if certain else tuple(dict.fromkeys(reason for edge in edges for reason in _reasons(graph, edge)))
    return Finding(
        reference="s3-invocation-loop" if certain else "invocation-loop-unproven",
        verdict="loop" if certain else "unproven",
        severity="stopped-by-aws",
        path=path,
        witness=_witness(graph, edges),
        reasons=reasons,
        helps=fixes(graph, edges),
    )


def _reasons(graph: Graph, edge: Edge) -> list[str]:
    _, grant, passage = edge
    if passage.sure is not None:
        return []
    symbols = [c for language in passage.message.fields.values() for c in language.symbols()]
    symbols += [c for text in (grant.allow.resource, *passage.channel.addresses) for c in symbols_in(text)]
    reasons = [*passage.doubts, *(why for c in symbols if (why := graph.system.symbols[c].why))]
    return reasons or ["names that are made at deployment may turn out to be the same"]


def _witness(graph: Graph, edges: list[Edge]) -> str:
    show, label, first = graph.system.symbols.show, graph.system.label, edges[0][0]
    return ", then ".join(
        f"writing key `{show(passage.witness.get('key', ''))}` invokes `{label(passage.target)}`"
        f"{' again' if passage.target is first else ''}"
        for _, _, passage in edges
    )
