"""Whom something wakes that has been put into a resource: followed exactly over all that passes it on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from constructs_lib.loops.passages import Hop, Passage, Stretch

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from constructs_lib.loops.edges import Listener
    from constructs_lib.loops.network import Network
    from constructs_lib.loops.targets import Targets
    from constructs_lib.templates.system import Node

__all__ = ["Walks"]

MAX_HOPS = 16
"""How far what is passed on is followed exactly; further on, only who is connected with whom counts."""
MAX_STEPS = 1_000
"""How many steps are followed exactly from where something is put, and four for each listener of the system: filters
with many alternatives, one behind the other, multiply."""


class Walks:
    """The ways on from resources.

    Args:
        network: who listens to what.
        targets: whom ARNs name.
        actors: where ways end; it may change.
    """

    def __init__(self, network: Network, targets: Targets, actors: Collection[Node]) -> None:
        self._network = network
        self._named = targets
        self._actors = actors
        self._most_steps = max(MAX_STEPS, 4 * network.count())

    def of(self, start: Passage, node: Node, within: Collection[Node]) -> Iterator[Passage]:
        """Whom a message wakes that has been put into a resource, as far as it is within the given resources."""
        return self._follow(start, node, within, iter(range(self._most_steps)))

    def _follow(
        self, passage: Passage, node: Node, within: Collection[Node], steps: Iterator[int]
    ) -> Iterator[Passage]:
        """Whom a message wakes that has arrived at a resource, as long as there are steps left."""
        if node in self._actors:
            yield replace(passage, target=node)
        for listener, targets in self._network.hearing(node, passage.stretches[-1].message):
            useful = [target for target in targets if target in within]
            for found in self._through(passage, listener, useful) if useful else ():
                yield from self._next(found, found.hops[-1].target, within, steps)

    def _through(self, passage: Passage, listener: Listener, targets: list[Node]) -> Iterator[Passage]:
        """What goes on to the targets of a listener, by each of the alternatives of its filter."""
        is_end = all(target in self._actors and target not in self._network for target in targets)
        known: set[tuple[Node, str, bool]] = set()
        filters = self._network.filters(listener)
        for let_through in filters:
            stretch = passage.stretches[-1].through(let_through)
            if stretch.message.may() is None or (listener, stretch.message) in passage.steps:
                continue
            for target in targets:
                passed = self._passed(passage, stretch, listener, target)
                # Where it ends it does not matter which of the alternatives it was, nor for what is made anew.
                same = "" if is_end else str(passed.stretches[-1])
                way = (target, same, passed.is_sure) if len(filters) > 1 else (target, "", True)
                if way not in known:
                    known.add(way)
                    yield passed
            if is_end and (passed.is_sure or passed.doubts):
                break

    def _next(self, passed: Passage, target: Node, within: Collection[Node], steps: Iterator[int]) -> Iterator[Passage]:
        """Whom a message wakes that has gone on to a resource."""
        if len(passed.hops) >= MAX_HOPS:
            yield from self._beyond(passed, target, within, f"it goes on over more than {MAX_HOPS} resources")
        elif next(steps, None) is None:
            yield from self._beyond(passed, target, within, "there are more ways on than were followed")
        else:
            yield from self._follow(passed, target, within, steps)

    def _beyond(self, passage: Passage, node: Node, within: Collection[Node], doubt: str) -> Iterator[Passage]:
        """Whom a message may wake that is not followed exactly any more: all to whom there is any way."""
        if node in self._actors:
            yield replace(passage, target=node)
        far = replace(passage, doubts=(*passage.doubts, doubt))
        for target in filter(within.__contains__, self._ahead(node)):
            hop = Hop(node, "and so on", target)
            yield replace(far, hops=(*passage.hops, hop), target=target)

    def _ahead(self, node: Node) -> list[Node]:
        """The actors to which there is any way behind a resource."""
        found: dict[Node, None] = {}
        work = [node]
        while work:
            new = [target for target, _ in self._network.passing_on(work.pop()) if target not in found]
            found.update(dict.fromkeys(new))
            work += new
        return [target for target in found if target in self._actors]

    def _passed(self, passage: Passage, stretch: Stretch, listener: Listener, target: Node) -> Passage:
        node = passage.hops[-1].target if passage.hops else passage.first
        carried = listener.carried(stretch.message)
        if carried is stretch.message:
            stretches = (*passage.stretches[:-1], stretch)
        else:
            certain = None if stretch.certain is None else listener.carried(stretch.certain)
            stretches = (*passage.stretches[:-1], stretch, Stretch(target, carried, certain))
        doubts = [doubt for doubt in (listener.doubt,) if doubt]
        doubts += self._named.why_not_certain(listener.target, target)
        return replace(
            passage,
            hops=(*passage.hops, Hop(node, listener.label, target, listener.by or listener.source, listener.entry)),
            steps=(*passage.steps, (listener, stretch.message)),
            stretches=stretches,
            doubts=tuple(dict.fromkeys((*passage.doubts, *doubts))),
            failure=passage.failure or listener.failure,
            slow=passage.slow or listener.slow,
            unwatched=passage.unwatched or listener.unwatched,
        )
