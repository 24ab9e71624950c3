"""Closed paths in a directed graph of integers: strongly connected components, and the shortest circle in each."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

__all__ = ["components", "shortest_cycle"]


def components(graph: Sequence[Sequence[int]]) -> list[list[int]]:
    """The strongly connected components that hold a cycle (Tarjan, without recursion).

    >>> components([[1], [0], [2], [0]])
    [[0, 1], [2]]
    """
    # Index -1 is a node of its own that leads to all others, so that one walk is enough. Nodes that lead nowhere, and
    # in large systems most do, are on no cycle.
    order = [0] * (len(graph) + 1)
    low = [0] * (len(graph) + 1)
    open_: list[int] = []
    is_open = bytearray(len(graph) + 1)
    found: list[list[int]] = []
    seen = 0
    work: list[tuple[int, Iterator[int]]] = [(-1, iter([node for node, targets in enumerate(graph) if targets]))]
    while work:
        node, targets = work[-1]
        if not order[node]:
            seen += 1
            order[node] = low[node] = seen
            open_.append(node)
            is_open[node] = 1
        for target in targets:
            if not order[target]:
                if graph[target]:
                    work.append((target, iter(graph[target])))
                    break
            elif is_open[target] and low[target] < low[node]:
                low[node] = low[target]
        else:
            work.pop()
            if low[node] < order[node]:
                low[work[-1][0]] = min(low[work[-1][0]], low[node])
            elif open_[-1] != node:
                found.append(_closed(open_, is_open, node))
            else:
                open_.pop()
                is_open[node] = 0
                if node >= 0 and node in graph[node]:
                    found.append([node])
    return sorted(found)


def _closed(open_: list[int], is_open: bytearray, root: int) -> list[int]:
    """Take a finished component off the stack of open nodes."""
    start = len(open_) - 1
    while open_[start] != root:
        start -= 1
    component = sorted(open_[start:])
    del open_[start:]
    for node in component:
        is_open[node] = 0
    return component


def shortest_cycle(
    graph: Sequence[Sequence[int]], members: Collection[int], start: int, below: int | None = None
) -> list[int] | None:
    """The shortest way from a node back to itself inside a component; the start is not repeated at the end.

    Args:
        graph: the nodes that each node leads to.
        members: the component; a set, if it is large.
        start: the node.
        below: only a way of fewer nodes is looked for.
    """
    before: dict[int, int] = {}
    at = [start]
    for length in count(1):
        if not at or length == below:
            break
        ahead: list[int] = []
        for node in at:
            for target in graph[node]:
                if target == start:
                    path = [node]
                    while path[-1] != start:
                        path.append(before[path[-1]])
                    return path[::-1]
                if target not in before and target in members:
                    before[target] = node
                    ahead.append(target)
        at = ahead
    return None
