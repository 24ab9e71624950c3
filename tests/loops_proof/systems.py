"""Whole systems whose loops are known by construction, whatever the engine says.

Functions wake each other in hops; a hop is a chain of links over stations of its own, so hops meet in functions only.
Hops that lead forward in the order of the functions make no circle. An injected loop is a chain of hops that ends where
it starts; in a near-miss one link of it lets nothing through.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.edges import EDGE_KINDS
from tests.loops_proof.alarms import alarms
from tests.loops_proof.builder import TYPES, Builder, Station
from tests.loops_proof.doubtful import doubtful
from tests.loops_proof.entries import entries
from tests.loops_proof.jobs import jobs
from tests.loops_proof.outer import outer
from tests.loops_proof.requests import handed_over, requests
from tests.loops_proof.wires import wires

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.loops_proof.link import Link

__all__ = [
    "ANOTHER",
    "DOUBTFUL",
    "LINKS",
    "MODELLED",
    "Hop",
    "System",
    "build",
    "draw_background",
    "draw_loop",
    "misses",
    "near_miss",
    "truth",
]

LINKS: tuple[Link, ...] = (*entries(), *handed_over(), *wires(), *requests(), *jobs(), *outer(), *alarms(), *doubtful())
_KINDS = {type(kind).__name__ for kind in EDGE_KINDS}
_FOLLOWED = tuple(link for link in LINKS if link.live and _KINDS.intersection(link.engine))
MODELLED = tuple(link for link in _FOLLOWED if link.certain)
"""The links that something can flow through, and that the engine has a class for."""
DOUBTFUL = tuple(link for link in _FOLLOWED if not link.certain)
"""Those of which nobody can prove that something flows through them."""
ANOTHER = "another resource"
"""The miss that every link has: it leads to a resource of the same kind that leads nowhere."""
_CREATED_ONLY = {"replication", "data events", "access logs", "lifecycle"}


@dataclass(frozen=True)
class Hop:
    """How a function wakes another, or nearly.

    Args:
        source: the index of the function that acts.
        target: the index of the function that wakes.
        links: the way.
        miss: which link misses, and how; None if all are live.
    """

    source: int
    target: int
    links: tuple[Link, ...]
    miss: tuple[int, str] | None = None

    def __str__(self) -> str:
        missing = f" [{self.links[self.miss[0]].name}: {self.miss[1]}]" if self.miss else ""
        return f"{self.source} => {self.target} by " + ", ".join(link.name for link in self.links) + missing


@dataclass(frozen=True)
class System:
    """A template, and what is true of it.

    Args:
        document: the template.
        functions: logical ids, by index.
        wakes: which function wakes which, by logical ids.
    """

    document: dict[str, Any]
    functions: tuple[str, ...]
    wakes: frozenset[tuple[str, str]]


def misses(link: Link) -> tuple[str, ...]:
    """All ways in which a link can miss."""
    return (*link.misses, ANOTHER) if link.live else link.misses


def draw_loop(choose: random.Random, through: Link, hops: int, *, first: int = 0) -> tuple[Hop, ...]:
    """A loop over some hops, one of which holds a certain link."""
    chains = [_chain(choose, through)] + [_chain(choose, choose.choice(_ORDINARY)) for _ in range(hops - 1)]
    if chains[0][0].woken_async and chains[-1][-1].wakes != "async":
        if hops == 1:
            return draw_loop(choose, through, 2, first=first)
        chains[-1] = _chain(choose, choose.choice(_ASYNC))
    indices = [first + index for index in range(len(chains))]
    return tuple(
        Hop(source, target, links)
        for source, target, links in zip(indices, [*indices[1:], indices[0]], chains, strict=True)
    )


def near_miss(loop: Sequence[Hop], link: Link, miss: str) -> tuple[Hop, ...]:
    """The loop with one link that misses."""
    hop = next(index for index, hop in enumerate(loop) if link in hop.links)
    if miss == "disjoint key":
        # A trail records all keys of its bucket.
        miss = "no grant" if "data events" in {other.way for other in loop[hop].links} else miss
    broken = loop[hop]
    missing = Hop(broken.source, broken.target, broken.links, (broken.links.index(link), miss))
    return (*loop[:hop], missing, *loop[hop + 1 :])


def draw_background(choose: random.Random, first: int, functions: int, hops: int) -> tuple[Hop, ...]:
    """Hops that lead forward only, from and to functions after `first`, and on from those before."""
    found = []
    for _ in range(hops):
        source, target = sorted(choose.sample(range(first, first + functions), 2))
        source = choose.choice([source, choose.randrange(first)]) if first else source
        found.append(Hop(source, target, _chain(choose, choose.choice(_ORDINARY))))
    return tuple(found)


def build(
    hops: Iterable[Hop], *, seed: int = 0, serverless: bool = False, spelled: bool = True, names: str = "acme"
) -> System:
    """The template that the hops describe."""
    hops = tuple(hops)
    choose = random.Random(seed)  # noqa: S311 - test data
    b = Builder(choose, serverless=serverless, spelled=spelled, names=names)
    functions = [b.function() for _ in range(1 + max(max(hop.source, hop.target) for hop in hops))]
    for hop in hops:
        _wire(b, functions[hop.source], functions[hop.target], hop)
    ids = tuple(function.id for function in functions)
    return System(b.document(), ids, frozenset((ids[hop.source], ids[hop.target]) for hop in hops if not hop.miss))


def truth(wakes: Iterable[tuple[str, str]]) -> bool:
    """Whether there is a circle: what is left when functions that wake nothing are taken away again and again."""
    left = set(wakes)
    while True:
        sources = {source for source, _ in left}
        kept = {(source, target) for source, target in left if target in sources}
        if kept == left:
            return bool(left)
        left = kept


def _wire(b: Builder, source: Station, target: Station, hop: Hop) -> None:
    b.is_near_miss = hop.miss is not None
    stations = [source, *(b.station(link.target) for link in hop.links[:-1]), target]
    missed, miss = hop.miss or (-1, "")
    varied = not any(link.way in _CREATED_ONLY for link in hop.links)
    for station in stations[1:-1]:
        if station.kind == "bucket" and varied:
            station.family = b.choose.choice(["ObjectCreated", "ObjectCreated", "ObjectRemoved", "ObjectTagging"])
        if station.kind == "bucket" and (miss == "disjoint suffix" or b.chance(0.3)):
            station.suffix = ".jpg"
    for index, link in enumerate(hop.links):
        here, there = stations[index], stations[index + 1]
        if link.target == "s3topic":
            there.family = here.family
        if index == missed and miss == ANOTHER:
            link.wire(b, here, _twin(b, there), "")
        else:
            link.wire(b, here, there, miss if index == missed else "")


def _twin(b: Builder, station: Station) -> Station:
    """Another resource of the same kind, which leads nowhere."""
    if station.kind == "function":
        return b.function()
    twin = b.station(station.kind)
    twin.family, twin.suffix = station.family, station.suffix
    return twin


def _chain(choose: random.Random, through: Link) -> tuple[Link, ...]:
    """A way from a function to a function that holds a certain link, and seldom more than it needs."""
    before: list[Link] = []
    while (before[0] if before else through).source != "function":
        before.insert(0, choose.choice(_INTO[(before[0] if before else through).source]))
    after = [through]
    while after[-1].target != "function":
        # An event goes from bus to bus only once.
        choices = [
            link
            for link in _OUT_OF[after[-1].target]
            if not (link.source == link.target == "bus" and "bus" in _on(after))
        ]
        direct = [link for link in choices if link.target == "function"]
        after.append(choose.choice(direct if direct and choose.random() < 0.7 else choices))
    return (*before, *after)


def _on(links: list[Link]) -> set[str]:
    """The kinds that pass on to their own kind."""
    return {link.source for link in links if link.source == link.target}


_LIVE = [link for link in MODELLED if not link.woken_async]
_INTO = {kind: [link for link in _LIVE if link.target == kind] for kind in (*TYPES, "function")}
# Nearer to a function first, so that chains stay short.
_INTO = {kind: [link for link in links if link.source == "function"] or links for kind, links in _INTO.items()}
_OUT_OF = {kind: [link for link in _LIVE if link.source == kind] for kind in TYPES}
_ORDINARY = _LIVE
_ASYNC = [link for link in _LIVE if link.target == "function" and link.wakes == "async"]
