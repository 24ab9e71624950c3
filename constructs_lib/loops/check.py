"""The check: build the graph, find its closed paths, say which are certain, and offer fixes that were tried."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.acknowledgements import Acknowledgements
from constructs_lib.loops.describe import finding
from constructs_lib.loops.edges import Put
from constructs_lib.loops.finder import Finder
from constructs_lib.loops.graph import Graph
from constructs_lib.loops.overlaps import overlaps
from constructs_lib.loops.passages import Grant
from constructs_lib.loops.report import Acknowledged, Report
from constructs_lib.loops.trials import Trials
from constructs_lib.loops.unseen import unseen
from constructs_lib.loops.worlds import Versions, Worlds, when
from constructs_lib.templates.documents import unreadable
from constructs_lib.templates.grouped import Grouped
from constructs_lib.templates.nested import flattened
from constructs_lib.templates.system import System

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from constructs_lib.loops.hanging import Place
    from constructs_lib.loops.report import Acknowledgement, Finding, Step
    from constructs_lib.loops.worlds import Region
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

    Raises:
        ConstructsLibError: `template-unreadable` if one is nested too deeply.

    >>> from constructs_lib.templates import Template
    >>> check([Template.of({"Resources": {}})]).summary
    'loop-free: 0 resources read; graph: 0 functions, 0 other resources, 0 edges'
    """
    written = flattened(templates)
    try:
        return _report(written, tuple(acknowledgements))
    except RecursionError as error:
        deepest = max(written, key=lambda template: _depth(template.document))
        raise unreadable(str(deepest.path or deepest.name), "it is nested too deeply") from error


def _depth(document: Any) -> int:
    depth = 0
    values = [document]
    while values:
        depth += 1
        mappings = [value for value in values if isinstance(value, Mapping)]
        values = [part for value in values if isinstance(value, list) for part in value]
        values += [part for mapping in mappings for part in mapping.values()]
    return depth


def _report(written: Sequence[Template], given: Sequence[Acknowledgement]) -> Report:
    first = _Checked(System(written), given)
    trials = Trials(written, first.graph)
    versions = Versions(written)
    worlds = Worlds(versions, lambda world: _Checked(System(world), given), first)
    regions = worlds.run()
    clashes = Worlds(versions, lambda world: _Overlaps(System(world)), _Overlaps(first.graph.system))
    findings = [
        one
        for region, found in regions
        for one in _merged([(world, checked.findings(region, trials)) for world, checked in found])
    ]
    findings += first.unseen
    findings.sort(key=lambda one: (one.verdict != "loop", one.headline))
    overlapping = [
        one
        for region, found in clashes.run()
        for one in _merged([(world, seen.findings(region)) for world, seen in found])
    ]
    edges, resources = first.finder.arrows()
    seen = [checked for _, found in regions for _, checked in found] or [first]
    passed_over = [why for checked in seen for why in checked.known.approximations]
    passed_over += [_MORE for checked in seen if not checked.finder.is_complete]
    passed_over += [*worlds.approximations, *clashes.approximations]
    passed_over += [why for one in findings for why in one.reasons]
    return Report(
        findings=(*findings, *overlapping, *_complaints(first, regions)),
        read=sum(len(template.resources) for template in written),
        actors=Counter(_word(node) for node in first.graph.actors),
        resources=resources,
        edges=edges,
        approximations=tuple(dict.fromkeys(passed_over)),
        not_modelled=tuple(first.graph.not_modelled),
        acknowledged=(
            *(one for region, found in regions for one in _meant(region, found)),
            *first.unseen_but_meant,
        ),
    )


def _word(actor: Node) -> str:
    """What to call a kind of resource, e.g. `state machine`."""
    return _WORD.sub(" ", actor.type.rpartition(":")[2]).lower()


class _Checked:
    """What is found in templates."""

    def __init__(self, system: System, acknowledgements: Sequence[Acknowledgement]) -> None:
        self.graph = Graph(system)
        self.finder = Finder(self.graph)
        self.known = Acknowledgements(self.graph.system, acknowledgements)
        self._left = self.known.sorted_out(self.graph, self.finder)
        self.unseen = self.known.seen(unseen(self.graph.system))
        self._position = system.positions

    def regions(self) -> list[Region]:
        """The strongly connected parts of the graph in which loops are."""
        found = {edges[0].source for edges in (*self._left, *self.known.meant)}
        parts = [part for part in self.finder.components() if not part.isdisjoint(found)] if found else []
        return [frozenset(self._place(node) for node in (*part, *self._passed(part))) for part in parts]

    def _passed(self, part: Collection[Node]) -> Iterator[Node]:
        """Where what goes round by itself passes in a part: in a world another one of these resources may act."""
        for node in filter(self.graph.turned.__contains__, part):
            for passage in (way for outlet in self.graph.outlets.of(node) for way in self.graph.passages(outlet)):
                if passage.target in part:
                    yield from passage.resources

    def findings(self, region: Region, trials: Trials) -> list[Finding]:
        """Loops that are not acknowledged."""
        mine = (self._left[number] for number in self._numbers(region) if number < len(self._left))
        return [finding(self.graph, self.finder, edges, trials) for edges in mine]

    def acknowledged(self, region: Region) -> list[Acknowledged]:
        """Loops that are meant."""
        first = len(self._left)
        return [self.known.acknowledged[number - first] for number in self._numbers(region) if number >= first]

    @property
    def unseen_but_meant(self) -> list[Acknowledged]:
        """What nobody can see, and what is acknowledged of it."""
        return self.known.acknowledged[len(self.known.meant) :]

    def complaints(self, region: Region) -> list[Finding]:
        """What is wrong with acknowledgements, but for what is wrong with loops of other regions."""
        found = [*self._complaints.of(None), *(pair for place in region for pair in self._complaints.of(place))]
        return [one for _, one in sorted(found, key=itemgetter(0))]

    @cached_property
    def _complaints(self) -> Grouped[Place | None, tuple[int, Finding]]:
        """All of it, numbered, by where loops are that something is wrong with; None if it is in all regions."""
        found: Grouped[Place | None, tuple[int, Finding]] = Grouped()
        for number, one in enumerate(self.known.complaints(self.graph)):
            place = None
            if one.reference in _WRONG_IN_ANY and one.path:
                place = self._position.get(id(one.path[0].template), -1), one.path[0].source_id
            found.add(place, (number, one))
        return found

    def places(self, region: Region) -> Iterator[list[Place]]:
        """The resources that take part, acknowledged loops included."""
        loops = [*self._left, *self.known.meant]
        for edges in (loops[number] for number in self._numbers(region)):
            nodes = [node for edge in edges for hop in edge.hops() for node in (hop.source, hop.target, hop.by)]
            granted = [(edge.source, edge.outlet.allow) for edge in edges if isinstance(edge.outlet, Grant)]
            origins = (self.graph.origin(actor, allow) for actor, allow in granted)
            nodes += [origin[0] for origin in origins if origin is not None]
            nodes += [edge.outlet.by for edge in edges if isinstance(edge.outlet, Put)]
            yield list(self._placed(nodes))

    def _placed(self, nodes: Iterable[Node | None]) -> Iterator[Place]:
        """Where nodes are written: what SAM makes stands where it is made from."""
        for node in nodes:
            if node is not None and id(node.template) in self._position:
                at = node.resource.at
                yield self._position[id(node.template)], str(at[1]) if len(at) > 1 else node.id

    def _numbers(self, region: Region) -> list[int]:
        """Which of all loops are in a region: those that are left, and behind them those that are meant."""
        return sorted(number for place in region for number in self._starting.of(place))

    @cached_property
    def _starting(self) -> Grouped[Place, int]:
        """The numbers of all loops, by where they start."""
        found: Grouped[Place, int] = Grouped()
        for number, edges in enumerate((*self._left, *self.known.meant)):
            found.add(self._place(edges[0].source), number)
        return found

    def _place(self, node: Node) -> Place:
        return self._position.get(id(node.template), -1), node.id


class _Overlaps:
    """Which notifications overlap in templates."""

    def __init__(self, system: System) -> None:
        self._position = system.positions
        self._found: Grouped[Region, Finding] = Grouped()
        for one in overlaps(system):
            self._found.add(frozenset({self._at(one.path[0])}), one)

    def regions(self) -> list[Region]:
        """The buckets."""
        return list(self._found)

    def findings(self, region: Region) -> Sequence[Finding]:
        """Those of a bucket."""
        return self._found.of(region)

    def places(self, region: Region) -> Iterator[list[Place]]:
        """The bucket, and what configures its notifications."""
        for one in self.findings(region):
            makers = [(step.at_template or step.template, step.at[1]) for step in one.path if len(step.at) > 1]
            yield [*region, *((self._position[id(template)], str(key)) for template, key in makers)]

    def _at(self, step: Step) -> Place:
        return self._position[id(step.template)], step.source_id


def _meant(region: Region, found: Sequence[tuple[World, _Checked]]) -> Iterator[Acknowledged]:
    """The loops of a region that are acknowledged, each once."""
    by = {_identity(one.finding): one.by for _, checked in found for one in checked.acknowledged(region)}
    for one in _merged([(world, [a.finding for a in checked.acknowledged(region)]) for world, checked in found]):
        yield Acknowledged(one, by[_identity(one)])


def _complaints(
    first: _Checked, regions: Sequence[tuple[Region, Sequence[tuple[World, _Checked]]]]
) -> Iterator[Finding]:
    """What is wrong with acknowledgements.

    What one misses is there in no world if it is in none of those of a single region: what other regions hang on is
    united in them. What is wrong with a loop is so in the worlds of its own region.
    """
    told: dict[Any, Finding] = {}
    for region, found in regions or [(frozenset(), [({}, first)])]:
        for one in _merged([(world, checked.complaints(region)) for world, checked in found]):
            if not one.when or one.reference in _WRONG_IN_ANY:
                told.setdefault(_identity(one), one)
    yield from told.values()


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
