"""Loops that are meant: each acknowledged by its fingerprint, with a reason and a bound, so that any change voids it.

An acknowledgement stands in a resource's or the template's metadata, under `constructs-lib`:

    Metadata:
      constructs-lib:
        acknowledge:
          - fingerprint: 0a1b2c3d4e5f
            reason: a chain of retries
            bound: the counter in the message, at most 5

or is given to `check`. One never hides another loop: a different loop lacks at least one edge of each acknowledged one,
so the search is run again without each of its edges in turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.describe import allows_recursion, finding, fingerprint
from constructs_lib.loops.finder import Finder
from constructs_lib.loops.report import Acknowledged, Acknowledgement, Finding, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.loops.finder import Edge
    from constructs_lib.loops.graph import Graph
    from constructs_lib.templates.system import Node, System

__all__ = ["Acknowledgements"]

MAX_SEARCHES = 64


class Acknowledgements:
    """What is acknowledged, and what became of it."""

    def __init__(self, system: System, given: Iterable[Acknowledgement]) -> None:
        self._holders: dict[str, tuple[Step, ...]] = {}
        self._known = {entry.fingerprint: entry for entry in given}
        for node, entry in _in_metadata(system):
            self._known[entry.fingerprint] = entry
            if node is not None:
                step = Step(system.label(node), "acknowledges", entry.fingerprint, node.id, "", node.template)
                self._holders[entry.fingerprint] = (step,)
        self._meant: dict[str, list[Edge]] = {}
        self.acknowledged: list[Acknowledged] = []
        self.approximations: list[str] = []

    def sorted_out(self, graph: Graph, finder: Finder) -> list[list[Edge]]:
        """The closed paths that are not acknowledged."""
        left: dict[str, list[Edge]] = {}
        done: set[frozenset[tuple[Node, int]]] = set()
        work: list[frozenset[tuple[Node, int]]] = [frozenset()]
        while work:
            without = work.pop()
            if without in done:
                continue
            if len(done) >= MAX_SEARCHES:
                self.approximations.append("acknowledged loops share edges in more ways than were searched")
                break
            done.add(without)
            search = Finder(graph, without) if without else finder
            for edges in search.find():
                name = fingerprint(graph, edges)
                if name not in self._known:
                    left.setdefault(name, edges)
                    continue
                if name not in self._meant:
                    self._meant[name] = edges
                    self.acknowledged.append(Acknowledged(finding(graph, search, edges), self._known[name]))
                work += [without | {edge.identity} for edge in edges]
        return list(left.values())

    def complaints(self, graph: Graph) -> Iterator[Finding]:
        """Acknowledgements without a loop, and functions whose `RecursiveLoop` says something else."""
        for name, entry in self._known.items():
            if name not in self._meant:
                where = f" in {entry.where}" if entry.where else ""
                yield Finding(
                    reference="acknowledgement-stale",
                    verdict="loop-free",
                    severity="misconfigured",
                    headline=f"the acknowledgement of `{name}`{where} matches no loop",
                    path=self._holders.get(name, ()),
                    helps=("take it away; if the loop has changed, look at it again and acknowledge what it is now",),
                )
        through_allowed: set[Node] = set()
        for edges in self._meant.values():
            allowed = [edge.source for edge in edges if allows_recursion(graph, edge)]
            through_allowed.update(allowed)
            found = next(entry for entry in self.acknowledged if entry.finding.fingerprint == fingerprint(graph, edges))
            if found.finding.severity == "stopped-by-aws":
                yield Finding(
                    reference="recursion-not-allowed",
                    verdict="loop-free",
                    severity="misconfigured",
                    headline=f"the acknowledged loop of `{found.finding.path[0].source}` is stopped by AWS",
                    path=found.finding.path,
                    helps=(f"set `RecursiveLoop` of `{found.finding.path[0].source}` to `Allow`",),
                )
        for node in graph.actors:
            text = graph.system.text(node.get("RecursiveLoop"), node.template)
            if text == "Allow" and node not in through_allowed:
                label = graph.system.label(node)
                yield Finding(
                    reference="recursion-allowed-needlessly",
                    verdict="loop-free",
                    severity="misconfigured",
                    headline=f"`{label}` allows recursion, but no acknowledged loop goes through it",
                    path=(Step(label, "RecursiveLoop: Allow", label, node.id, node.id, node.template),),
                    helps=("take `RecursiveLoop: Allow` away, or acknowledge the loop that it is for",),
                )


def _in_metadata(system: System) -> Iterator[tuple[Node | None, Acknowledgement]]:
    for template in system.templates:
        for entry in _entries(template.section("Metadata"), template.name):
            yield None, entry
        for resource in template.resources.values():
            for entry in _entries(resource.body.get("Metadata"), f"{template.name}/{resource.logical_id}"):
                yield system.node(template, resource.logical_id), entry


def _entries(metadata: Any, where: str) -> Iterator[Acknowledgement]:
    own = metadata.get("constructs-lib") if isinstance(metadata, Mapping) else None
    entries = own.get("acknowledge") if isinstance(own, Mapping) else None
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, Mapping):
            name, reason, bound = (entry.get(key) for key in ("fingerprint", "reason", "bound"))
            if isinstance(name, str) and isinstance(reason, str) and isinstance(bound, str) and reason:
                yield Acknowledgement(name, reason, bound, where)
