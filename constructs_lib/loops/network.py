"""Who listens to what: the passive part of the invocation graph, over which things are passed on."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

from constructs_lib.loops.audience import Audience
from constructs_lib.templates.grouped import Grouped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from constructs_lib.loops.edges import Listener, Message
    from constructs_lib.templates.system import Node, System

__all__ = ["FEW", "Network"]

FEW = 8
"""With as many listeners or ways into it, a resource is crowded."""


class Network:
    """Resources, and who listens to them.

    Args:
        system: the templates.

    Attributes:
        guessed: resources to which somebody may listen of whom that is known at deployment only.
    """

    def __init__(self, system: System) -> None:
        self._system = system
        self.guessed: set[Node] = set()
        self._listeners: Grouped[Node, Listener] = Grouped()
        self._targets: Grouped[Listener, Node] = Grouped()
        self._inward: Grouped[Node, Node] = Grouped()
        self._ways: list[Node] = []
        self._audiences: dict[Node, tuple[Sequence[Listener], Audience]] = {}

    def add(self, listener: Listener, sources: Iterable[Node], targets: Sequence[Node]) -> None:
        """Add a listener of some resources, and whom it passes on to; all are added before anything is asked."""
        for target in targets:
            self._targets.add(listener, target)
        for source in sources:
            if listener.source is None:
                self.guessed.add(source)
            self._listeners.add(source, listener)
            for target in targets:
                self._inward.add(target, source)

    def add_way(self, node: Node) -> None:
        """Add a way into a resource, by which something may be put there."""
        self._ways.append(node)

    @cached_property
    def crowded(self) -> set[Node]:
        """Resources to which many listen, or that many ways lead into."""
        found = {node for node in self._listeners if self._listeners.count(node) >= FEW}
        return found.union(node for node, ways in Counter(self._ways).items() if ways >= FEW)

    def __iter__(self) -> Iterator[Node]:
        """The resources that are listened to."""
        return iter(self._listeners)

    def __contains__(self, node: object) -> bool:
        return node in self._listeners

    def count(self) -> int:
        """How many listeners there are, each for each of its resources."""
        return sum(map(self._listeners.count, self._listeners))

    def of(self, node: Node) -> Sequence[Listener]:
        """Who listens to a resource."""
        return self._listeners.of(node)

    def filters(self, listener: Listener) -> tuple[Message, ...]:
        """What a listener lets through, as alternatives."""
        return listener.filters(self._system)

    def passing_on(self, node: Node) -> Iterator[tuple[Node, Listener]]:
        """The resources that a resource passes on to, and by whom."""
        for listener in self._listeners.of(node):
            yield from ((target, listener) for target in self._targets.of(listener))

    def leading_to(self, actors: Iterable[Node]) -> set[Node]:
        """The resources from which one of some actors can be reached at all."""
        found = set(actors)
        work = list(found)
        while work:
            for source in self._inward.of(work.pop()):
                if source not in found:
                    found.add(source)
                    work.append(source)
        return found

    def hearing(self, node: Node, message: Message) -> list[tuple[Listener, Sequence[Node]]]:
        """The listeners of a resource that may hear of a message, and perhaps others."""
        if node not in self.crowded:
            return [(listener, self._targets.of(listener)) for listener in self._listeners.of(node)]
        audience = self._audiences.get(node)
        if audience is None:
            listeners = self._listeners.of(node)
            audience = self._audiences[node] = (
                listeners,
                Audience(listener.filtering(self._system) for listener in listeners),
            )
        listeners, found = audience
        return [(listeners[position], self._targets.of(listeners[position])) for position in found.of(message)]
