"""The check: build the graph, find its closed paths, say which are certain, and offer fixes that were tried."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.acknowledgements import Acknowledgements
from constructs_lib.loops.describe import finding
from constructs_lib.loops.edges import Put
from constructs_lib.loops.finder import Finder
from constructs_lib.loops.graph import Grant, Graph
from constructs_lib.loops.overlaps import overlaps
from constructs_lib.loops.report import Acknowledged, Report
from constructs_lib.loops.trials import Trials
from constructs_lib.loops.unseen import unseen
from constructs_lib.loops.worlds import Worlds, when
from constructs_lib.templates.nested import flattened
from constructs_lib.templates.system import System

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from constructs_lib.loops.report import Acknowledgement, Finding
    from constructs_lib.loops.worlds import Place
    from constructs_lib.templates import Template
    from constructs_lib.templates.system import Node
    from constructs_lib.templates.variables import World

__all__ = ["check"]

_WRONG_IN_ANY = {"recursion-not-allowed", "invocation-loop-unproven"}
"""What is wrong with acknowledgements even if not in every world."""
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")
_MORE = "there are more loops than are shown"


def check(templates: Iterable[Template], *, acknowledgements: Iterable[Acknowledgement] = ()) -> Report:
    """Prove that no function of a system can wake itself, or show how it can.

    Args:
        templates: what is deployed together: they see each other's exports and names.
        acknowledgements: loops that are meant, besides those that the templates' metadata acknowledge.

    >>> from constructs_lib.templates import Template
    >>> check([Template.of({"Resources": {}})]).summary
    'loop-free: 0 resources read; graph: 0 functions, 0 other resources, 0 edges'
    """
    given = tuple(acknowledgements)
    written = flattened(templates)
    trials = Trials(written)
    first = _Checked(System(written), given, trials)
    worlds = Worlds(written, lambda world: _Checked(System(world), given, trials), _Checked.places, first)
    found = worlds.run()
    clashes = Worlds(written, lambda world: _Overlaps(System(world)), _Overlaps.places, _Overlaps(first.graph.system))
    overlapping = clashes.run()
    findings = list(_merged([(world, [*checked.found, *checked.unseen]) for world, checked in found]))
    findings.sort(key=lambda one: (one.verdict != "loop", one.headline))
    edges, resources = first.finder.arrows()
    complaints = _merged([(world, checked.complaints) for world, checked in found])
    known = [checked.known for _, checked in found]
    by = {_identity(a.finding): a.by for one in known for a in one.acknowledged}
    meant = _merged([(world, [a.finding for a in checked.known.acknowledged]) for world, checked in found])
    reasons = [why for one in findings for why in one.reasons]
    passed_over = [why for one in known for why in one.approximations]
    passed_over += [_MORE for _, checked in found if not checked.finder.is_complete]
    return Report(
        findings=(
            *findings,
            *_merged([(world, clash.found) for world, clash in overlapping]),
            *(one for one in complaints if not one.when or one.reference in _WRONG_IN_ANY),
        ),
        read=sum(len(template.resources) for template in written),
        actors=Counter(_word(node) for node in first.graph.actors),
        resources=resources,
        edges=edges,
        approximations=tuple(dict.fromkeys([*passed_over, *worlds.approximations, *clashes.approximations, *reasons])),
        not_modelled=tuple(first.graph.not_modelled),
        acknowledged=tuple(Acknowledged(one, by[_identity(one)]) for one in meant),
    )


def _word(actor: Node) -> str:
    """What to call a kind of resource, e.g. `state machine`."""
    return _WORD.sub(" ", actor.type.rpartition(":")[2]).lower()


class _Checked:
    """What is found in templates."""

    def __init__(self, system: System, acknowledgements: Sequence[Acknowledgement], trials: Trials) -> None:
        self._trials = trials
        self.graph = Graph(system)
        self.finder = Finder(self.graph)
        self.known = Acknowledgements(self.graph.system, acknowledgements)
        self._left = self.known.sorted_out(self.graph, self.finder)
        self.unseen = self.known.seen(unseen(self.graph.system))

    @cached_property
    def found(self) -> list[Finding]:
        """Loops that are not acknowledged."""
        return [finding(self.graph, self.finder, edges, self._trials) for edges in self._left]

    @cached_property
    def complaints(self) -> list[Finding]:
        """What is wrong with acknowledgements."""
        return list(self.known.complaints(self.graph))

    def places(self) -> Iterator[list[Place]]:
        """The resources that take part, acknowledged loops included."""
        for edges in (*self._left, *self.known.meant):
            nodes = [node for edge in edges for hop in edge.hops() for node in (hop.source, hop.target, hop.by)]
            granted = [(edge.source, edge.outlet.allow) for edge in edges if isinstance(edge.outlet, Grant)]
            nodes += [origin[0] for actor, allow in granted if (origin := self.graph.origin(actor, allow)) is not None]
            nodes += [edge.outlet.by for edge in edges if isinstance(edge.outlet, Put)]
            yield list(_placed(self.graph.system, nodes))


class _Overlaps:
    """Which notifications overlap in templates."""

    def __init__(self, system: System) -> None:
        self._system = system
        self.found = list(overlaps(self._system))

    def places(self) -> Iterator[list[Place]]:
        """The buckets, and what configures their notifications."""
        position = {id(template): index for index, template in enumerate(self._system.templates)}
        for one in self.found:
            yield [
                place
                for step in one.path
                for holder, key in (
                    (step.template, step.source_id),
                    (step.at_template or step.template, str(step.at[1]) if len(step.at) > 1 else step.source_id),
                )
                if (place := (position.get(id(holder), -1), key))[0] >= 0
            ]


def _placed(system: System, nodes: Iterable[Node | None]) -> Iterator[Place]:
    """Where nodes are written: what SAM makes stands where it is made from."""
    position = {id(template): index for index, template in enumerate(system.templates)}
    for node in nodes:
        if node is not None and id(node.template) in position:
            at = node.resource.at
            yield position[id(node.template)], str(at[1]) if len(at) > 1 else node.id


def _merged(found: Sequence[tuple[World, Sequence[Finding]]]) -> Iterator[Finding]:
    """Findings of several worlds, each once, with the worlds that it is in."""
    worlds: dict[Any, set[int]] = {}
    first: dict[Any, Finding] = {}
    for number, (_, findings) in enumerate(found):
        for one in findings:
            key = _identity(one)
            first.setdefault(key, one)
            worlds.setdefault(key, set()).add(number)
    for key, one in first.items():
        there = [world for number, (world, _) in enumerate(found) if number in worlds[key]]
        others = [world for number, (world, _) in enumerate(found) if number not in worlds[key]]
        yield replace(one, when=when(there, others))


def _identity(one: Finding) -> tuple[Any, ...]:
    """What makes a finding the same in another world; the same loop in another stack is another one."""
    way = tuple((step.template.name, step.template.path, step.source_id, step.target_id) for step in one.path)
    if one.fingerprint:
        return one.verdict, one.fingerprint, way
    return one.reference, one.headline, way, tuple((step.at, step.via) for step in one.path)
