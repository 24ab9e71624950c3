"""Circles of resources that pass on by themselves: a topic, a queue behind it, a pipe from there to the topic.

What once comes into one goes round for ever, and wakes each time whom it passes. So one resource of each such circle
acts: it puts into its listeners what may come round to it. Dead-letter queues alone make no circle, because messages
keep the time at which they expire; a replica is not replicated again, nor is an event sent to a third bus.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.loops.cycles import components
from constructs_lib.loops.edges import Message, Put
from constructs_lib.loops.edges.events import BUS
from constructs_lib.loops.edges.queues import QUEUE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from constructs_lib.loops.edges import Listener
    from constructs_lib.loops.graph import Graph
    from constructs_lib.loops.passages import Passage
    from constructs_lib.templates.system import Node

__all__ = ["around", "puts", "turning"]

MAX_MESSAGES = 8
_ANYTHING = Message()


def around(graph: Graph) -> list[Node]:
    """Resources that do not act, on circles of such resources if all that flows is left aside."""
    passive = graph.leads_on.difference(graph.actors)
    nodes = [node for node in graph.network if node in passive]
    index = {node: number for number, node in enumerate(nodes)}
    arrows = [[index[target] for target, _ in graph.network.passing_on(node) if target in index] for node in nodes]
    return [nodes[number] for component in components(arrows) for number in component]


def turning(graph: Graph, among: Sequence[Node]) -> list[Node]:
    """Resources that do not act, one on each circle of such resources from which an actor can be reached.

    Args:
        graph: the graph.
        among: all resources that may be on such a circle.
    """
    members = set(among)
    passive = {node: [(to, by) for to, by in graph.network.passing_on(node) if to in members] for node in among}
    found: list[Node] = []
    while passive:
        nodes = list(passive)
        index = {node: number for number, node in enumerate(nodes)}
        arrows = [[index[target] for target, _ in passive[node] if target in index] for node in nodes]
        left: dict[Node, list[tuple[Node, Listener]]] = {}
        for component in components(arrows):
            inside = {nodes[number] for number in component}
            if any(target in inside and not _is_redrive(one) for node in inside for target, one in passive[node]):
                circle = [nodes[number] for number in sorted(component)]
                chosen = min(circle, key=lambda node: (node.type == BUS, len(passive[node])))
                found.append(chosen)
                left.update({node: passive[node] for node in circle if node is not chosen})
        passive = left
    return found


def _is_redrive(listener: Listener) -> bool:
    return listener.failure and listener.source_type == QUEUE


def puts(graph: Graph, node: Node) -> Iterator[Put]:
    """What a resource on a circle puts into its listeners: what may come round to it, if that wakes anybody."""
    rounds = {str(lap.stretches[-1].message): lap.stretches[-1].message for lap in _laps(graph, node, _ANYTHING)}
    if len(rounds) > MAX_MESSAGES:
        yield from _passed(graph, node, _ANYTHING, certain=False)
        return
    for name, message in rounds.items():
        if any(way.target is not node for way in graph.ways(node, message)):
            again = (lap for lap in _laps(graph, node, message) if str(lap.stretches[-1].message) == name)
            yield from _passed(graph, node, message, certain=any(lap.is_sure for lap in again))


def _laps(graph: Graph, node: Node, message: Message) -> Iterator[Passage]:
    """The ways on which a message comes back."""
    return (way for way in graph.ways(node, message) if way.target is node)


def _passed(graph: Graph, node: Node, message: Message, *, certain: bool) -> Iterator[Put]:
    doubt = "" if certain else f"what goes round from `{graph.system.label(node)}` may change on the way"
    for listener, _ in graph.network.hearing(node, message):
        for let_through in graph.network.filters(listener):
            passed = message & let_through
            if passed.may() is not None:
                yield Put(
                    node,
                    listener.target,
                    listener.label,
                    listener.carried(passed),
                    listener.expects,
                    listener.doubt or doubt,
                    listener.failure,
                    by=listener.by or listener.source,
                    entry=listener.entry,
                )
