"""Circles of a graph of integers, against what reachability says."""

from __future__ import annotations

import random
from itertools import product

import pytest

from constructs_lib.loops.cycles import components, shortest_cycle

Graph = list[list[int]]


def distances(graph: Graph) -> dict[tuple[int, int], int]:
    """How many edges the shortest way takes that is not empty (Floyd and Warshall)."""
    found = {(source, target): 1 for source, targets in enumerate(graph) for target in targets}
    for middle, source, target in product(range(len(graph)), repeat=3):
        if (source, middle) in found and (middle, target) in found:
            length = found[source, middle] + found[middle, target]
            found[source, target] = min(length, found.get((source, target), length))
    return found


def graphs(count: int) -> list[Graph]:
    """All graphs of three nodes, and random ones of up to eight."""
    choose = random.Random(1)  # noqa: S311 - test data
    small = [
        [[target for target in range(3) if bits >> (3 * source + target) & 1] for source in range(3)]
        for bits in range(512)
    ]
    sizes = [choose.randint(4, 8) for _ in range(count)]
    return small + [[choose.sample(range(size), choose.randint(0, 2)) for _ in range(size)] for size in sizes]


def test_the_components_are_the_nodes_that_reach_each_other() -> None:
    for graph in graphs(500):
        reached = distances(graph)
        expected = {
            tuple(other for other in range(len(graph)) if (node, other) in reached and (other, node) in reached)
            for node in range(len(graph))
            if (node, node) in reached
        }

        assert components(graph) == sorted(map(list, expected)), graph


def test_the_circle_through_a_node_is_the_shortest_one() -> None:
    for graph in graphs(500):
        reached = distances(graph)
        for component in components(graph):
            for node in component:
                cycle = shortest_cycle(graph, component, node)
                assert cycle is not None
                assert cycle[0] == node
                assert len(cycle) == len(set(cycle)) == reached[node, node]
                assert all(after in graph[before] for before, after in zip(cycle, [*cycle[1:], node], strict=True))


@pytest.mark.parametrize(
    ("graph", "component", "cycle"),
    [
        ([[1], [2], []], [0, 1, 2], None),
        ([[1], [2], [0]], [0, 1], None),
        ([[2, 1], [0], [3], [0]], [0, 2, 3], [0, 2, 3]),  # a shorter circle leads through a node that is left out
    ],
)
def test_a_circle_stays_inside_what_it_is_asked_for(
    graph: Graph, component: list[int], cycle: list[int] | None
) -> None:
    assert shortest_cycle(graph, component, 0) == cycle


def test_a_long_chain_needs_no_recursion() -> None:
    count = 50_000
    graph = [[index + 1] for index in range(count - 1)] + [[0]]

    assert components(graph) == [list(range(count))]
