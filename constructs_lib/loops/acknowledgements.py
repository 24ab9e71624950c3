"""Loops that are meant: each acknowledged by its fingerprint, with a reason and a bound, so that any change voids it.

An acknowledgement stands in a resource's or the template's metadata, under `constructs-lib`:

    Metadata:
      constructs-lib:
        acknowledge:
          - fingerprint: "0a1b2c3d4e5f"
            reason: a chain of retries
            bound: the counter in the message, at most 5

or is given to `check`. That of a resource is for a loop through this resource, that of a template for one through it.
Each is for one loop and never hides another: a different loop lacks at least one edge of each acknowledged one, so the
search is run again without each of its edges in turn.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeGuard

from constructs_lib.loops.describe import allows_recursion, finding, fingerprint
from constructs_lib.loops.finder import Finder
from constructs_lib.loops.provenance import located
from constructs_lib.loops.report import Acknowledged, Acknowledgement, Finding, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from constructs_lib.loops.finder import Edge
    from constructs_lib.loops.graph import Graph
    from constructs_lib.templates import Template
    from constructs_lib.templates.system import Node, System

    _GoOn = Callable[[Finder, list[list[Edge]]], "list[list[Edge]] | None"]

__all__ = ["Acknowledgements"]

MAX_SEARCHES = 64
"""How many ways of going without acknowledged edges are tried in one component."""
MAX_LEFT = 25
"""Among as many loops that are not acknowledged others are looked for; where there are more, these come first."""
MAX_ACTORS = 20_000
"""How many actors are looked at for them in one component, all searches together."""
_TOO_MANY = "acknowledged loops share edges in more ways than were searched"
_UNSETTLED = "loops share edges in more ways than were searched for those that are acknowledged"
_FORM = re.compile(r"[0-9a-f]{12}")
_OWN = "constructs-lib"
_KEYS = ("fingerprint", "reason", "bound")

Place = tuple[str, str, str]
"""A template's name and path, and a logical id."""
Loop = frozenset[tuple[Place, Place]]
Ignored = frozenset[tuple["Node", int]]


@dataclass
class _Entry:
    """An acknowledgement, where it stands, and the loop that it turned out to be for."""

    by: Acknowledgement
    holder: Place | None = None
    step: Step | None = None
    loop: Loop | None = None

    def covers(self, loop: Loop) -> bool:
        """Whether the loop leads through what holds the acknowledgement."""
        if self.holder is None:
            return True
        *template, logical_id = self.holder
        return any(place[:2] == tuple(template) and logical_id in {"", place[2]} for place, _ in loop)

    def is_for(self, place: Place) -> bool:
        """Whether what is made in a place of a template may be acknowledged by it."""
        return self.holder is None or self.holder[:2] == place[:2]


class Acknowledgements:
    """What is acknowledged, and what became of it."""

    def __init__(self, system: System, given: Iterable[Acknowledgement]) -> None:
        self._entries: list[_Entry] = []
        self._unreadable: list[Finding] = []
        for holder in _holders(system):
            for number, entry in enumerate(_read(holder.metadata, holder.where)):
                if isinstance(entry, str):
                    headline = f"an acknowledgement in `{holder.label}` cannot be read: {entry}"
                    fix = "give it a `fingerprint`, a `reason` and a `bound`, each a text in quotes"
                    step = holder.step("acknowledges", number)
                    self._unreadable.append(_complaint("acknowledgement-invalid", headline, fix, step))
                else:
                    step = holder.step(f"acknowledges `{entry.fingerprint}`: {entry.reason}", number)
                    self._entries.append(_Entry(entry, holder.place, step))
        self._entries += [_Entry(by) for by in given]  # last: what stands at a resource is for none but its own loops
        self._named: dict[str, list[_Entry]] = {}
        for one in self._entries:
            self._named.setdefault(one.by.fingerprint, []).append(one)
        self._open = len(self._entries)
        self._elsewhere: dict[str, str] = {}
        self._incomplete: dict[str, None] = {}
        self._stopped: list[Finding] = []
        self._unsettled = False
        self._allowed: set[Place] = set()
        self.acknowledged: list[Acknowledged] = []
        self.meant: list[list[Edge]] = []
        self.approximations: list[str] = []

    def sorted_out(self, graph: Graph, finder: Finder) -> list[list[Edge]]:
        """The closed paths that are not acknowledged."""
        left: dict[tuple[str, Loop], list[Edge]] = {}
        meant = self._divided(graph, left, finder, finder.find())
        if not meant and not (left and self._open):
            return list(left.values())
        components = finder.components()
        order = {node: number for number, node in enumerate(graph.actors)}
        actors = [sorted(component, key=order.__getitem__) for component in components]
        for component, own in zip(actors, _by_component(components, meant), strict=True):
            if not _searched(graph, component, own, partial(self._divided, graph, left)):
                self._incomplete[graph.system.label(own[0][0].source)] = None
                self.approximations.append(_TOO_MANY)
        for component, known in zip(actors, _by_component(components, [*left.values(), *self.meant]), strict=True):
            if not left or not self._open:
                break
            most = min(MAX_SEARCHES, MAX_ACTORS // len(component)) if len(known) <= MAX_LEFT else 0
            if not _searched(graph, component, known, partial(self._looked_up, graph), most):
                self._unsettled = True
                self.approximations.append(_UNSETTLED)
        return list(left.values())

    def _looked_up(self, graph: Graph, finder: Finder, found: list[list[Edge]]) -> list[list[Edge]] | None:
        """Acknowledged loops share edges with others that are not: these are told once the others are mended."""
        for edges in found:
            self._is_meant(graph, finder, edges, fingerprint(graph, edges), _loop(edges))
        return found if self._open else None

    def seen(self, findings: Iterable[Finding]) -> list[Finding]:
        """Those findings that are not acknowledged; each is of one place in a template."""
        left = []
        for found in findings:
            step = found.path[0]
            place = (step.template.name, str(step.template.path), step.source_id)
            entry = next((e for e in self._named.get(found.fingerprint, ()) if e.is_for(place)), None)
            if entry is None:
                left.append(found)
            else:
                entry.loop = frozenset()
                self.acknowledged.append(Acknowledged(found, entry.by))
        return left

    def _divided(
        self, graph: Graph, left: dict[tuple[str, Loop], list[Edge]], finder: Finder, found: list[list[Edge]]
    ) -> list[list[Edge]]:
        """Those of the closed paths that are acknowledged; the others are put to what is left."""
        meant = []
        for edges in found:
            name, loop = fingerprint(graph, edges), _loop(edges)
            if self._is_meant(graph, finder, edges, name, loop):
                meant.append(edges)
            else:
                left.setdefault((name, loop), edges)
        return meant

    def _is_meant(self, graph: Graph, finder: Finder, edges: list[Edge], name: str, loop: Loop) -> bool:
        named = self._named.get(name, ())
        if any(entry.loop == loop for entry in named):
            return True
        entry = next((entry for entry in named if entry.loop is None and entry.covers(loop)), None)
        if entry is None:
            self._elsewhere.setdefault(name, graph.system.label(edges[0].source))
            return False
        entry.loop = loop
        self._open -= 1
        found = finding(graph, finder, edges)
        self.acknowledged.append(Acknowledged(found, entry.by))
        self.meant.append(edges)
        self._allowed.update(_place(edge.source) for edge in edges if allows_recursion(graph, edge))
        if found.severity == "stopped-by-aws":
            self._stopped.append(_stopped(graph, found, edges))
        return True

    def complaints(self, graph: Graph) -> Iterator[Finding]:
        """Acknowledgements that say nothing, and functions whose `RecursiveLoop` says something else."""
        yield from map(_not_searched, self._incomplete)
        yield from self._unreadable
        is_settled = not self._unsettled and not self._incomplete
        yield from (self._useless(entry) for entry in self._entries if entry.loop is None and is_settled)
        yield from self._stopped
        for node in graph.actors:
            text = graph.system.text(node.get("RecursiveLoop"), node.template)
            if text == "Allow" and _place(node) not in self._allowed and is_settled:
                yield _needless(graph.system.label(node), node)

    def _useless(self, entry: _Entry) -> Finding:
        name = entry.by.fingerprint
        where = f" in `{entry.by.where}`" if entry.by.where else ""
        headline = f"the acknowledgement of `{name}`{where} matches no loop"
        fix = "take it away; if the loop has changed, look at it again and acknowledge what it is now"
        if name in self._elsewhere:
            fix = f"that loop does not lead through here: acknowledge it in `{self._elsewhere[name]}`"
        elif any(other.loop is not None for other in self._named[name]):
            headline, fix = f"`{name}` is acknowledged twice, the second time{where}", "take one of the two away"
        return _complaint("acknowledgement-stale", headline, fix, entry.step)


def _searched(
    graph: Graph, component: Sequence[Node], known: list[list[Edge]], go_on: _GoOn, most: int | None = None
) -> bool:
    """Find loops of a component that known ones hide; whether all was searched.

    Args:
        graph: where.
        component: its actors.
        known: some of its loops.
        go_on: is given what was found, and tells what of it others may hide behind; None if that is enough.
        most: how many searches are done; `MAX_SEARCHES` by default.
    """
    work = _without(known, frozenset())
    done: set[Ignored] = set()
    while work:
        without = work.pop()
        if without in done:
            continue
        if len(done) >= (MAX_SEARCHES if most is None else most):
            return False
        done.add(without)
        search = Finder(graph, without, component)
        hiding = go_on(search, search.find())
        if hiding is None:
            return True
        work += _without(hiding, without)
    return True


def _without(meant: list[list[Edge]], without: Ignored) -> list[Ignored]:
    """What to leave out next, so that loops appear which the acknowledged ones hide.

    Another loop lacks an edge of each of them; of one that consists of a single edge, it lacks just this edge.
    """
    without |= {edges[0].identity for edges in meant if len(edges) == 1}
    longer = next((edges for edges in meant if len(edges) > 1), None)
    if longer is not None:
        return [without | {edge.identity} for edge in longer]
    return [without] if meant else []


def _by_component(components: Iterable[Iterable[Node]], loops: Iterable[list[Edge]]) -> list[list[list[Edge]]]:
    """Loops, by the component that each is in."""
    numbers = {node: number for number, component in enumerate(components) for node in component}
    found: dict[int, list[list[Edge]]] = {number: [] for number in numbers.values()}
    for edges in loops:
        found[numbers[edges[0].source]].append(edges)
    return list(found.values())


def _loop(edges: list[Edge]) -> Loop:
    return frozenset((_place(hop.source), _place(hop.target)) for edge in edges for hop in edge.hops())


def _place(node: Node) -> Place:
    return (node.template.name, str(node.template.path), node.id)


def _not_searched(label: str) -> Finding:
    return Finding(
        reference="invocation-loop-unproven",
        verdict="unproven",
        severity="misconfigured",
        headline=f"the acknowledged loops around `{label}` may hide another",
        path=(),
        reasons=(_TOO_MANY,),
        helps=("mend some of these loops, or give what they share resources of its own",),
    )


def _stopped(graph: Graph, loop: Finding, edges: list[Edge]) -> Finding:
    nodes = list(dict.fromkeys(edge.source for edge in edges if not allows_recursion(graph, edge)))
    names = " and ".join(f"`{graph.system.label(node)}`" for node in nodes)
    in_cdk = any(node.resource.construct_path for node in nodes)
    return Finding(
        reference="recursion-not-allowed",
        verdict="loop-free",
        severity="misconfigured",
        headline=f"the acknowledged loop of `{loop.path[0].source}` is stopped by AWS",
        path=loop.path,
        helps=(
            f"set `RecursiveLoop` of {names} to `Allow`"
            + (", in CDK by recursive_loop=lambda_.RecursiveLoop.ALLOW" if in_cdk else ""),
        ),
    )


def _needless(label: str, node: Node) -> Finding:
    at, template = located(node, None, "RecursiveLoop")
    other = template if template is not node.template else None
    return Finding(
        reference="recursion-allowed-needlessly",
        verdict="loop-free",
        severity="misconfigured",
        headline=f"`{label}` allows recursion, but no acknowledged loop goes through it",
        path=(Step(label, "RecursiveLoop: Allow", label, node.id, node.id, node.template, at, other, is_arrow=False),),
        helps=("take `RecursiveLoop: Allow` away, or acknowledge the loop that it is for",),
    )


def _complaint(reference: str, headline: str, fix: str, step: Step | None) -> Finding:
    path = () if step is None else (step,)
    return Finding(reference, "loop-free", "misconfigured", headline, path, helps=(fix,))


@dataclass(frozen=True)
class _Holder:
    """A resource, or a template if there is no node, that may hold acknowledgements."""

    template: Template
    metadata: Mapping[str, Any]
    label: str
    node: Node | None = None

    @property
    def place(self) -> Place:
        """What it is."""
        return (self.template.name, str(self.template.path), self.node.id if self.node else "")

    @property
    def where(self) -> str:
        """What to call its metadata."""
        return f"{self.template.name}/{self.node.id}" if self.node else self.template.name

    def step(self, says: str, number: int) -> Step:
        """An entry as a part of a finding, with its place."""
        above = (self.node.resource.at or ("Resources", self.node.id)) if self.node else ()
        name = self.node.id if self.node else self.template.name
        at = (*above, "Metadata", _OWN, "acknowledge", number)
        return Step(self.label, says, self.label, name, name, self.template, at, is_arrow=False)


def _holders(system: System) -> Iterator[_Holder]:
    for template in system.templates:
        metadata = template.section("Metadata")
        if _is_ours(metadata):
            yield _Holder(template, metadata, template.name)
        for logical_id, _, _, body in template.entries() if template.has_attribute("Metadata") else ():
            own = body.get("Metadata")
            if _is_ours(own) and (node := system.node(template, logical_id)) is not None:
                yield _Holder(template, own, system.label(node), node)


def _is_ours(metadata: Any) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(metadata, Mapping) and _OWN in metadata


def _read(metadata: Mapping[str, Any], where: str) -> Iterator[Acknowledgement | str]:
    """The acknowledgements in some metadata; those that cannot be read as the reason why."""
    own = metadata[_OWN]
    if not isinstance(own, Mapping) or own.keys() != {"acknowledge"}:
        yield "`constructs-lib` does not hold `acknowledge`, and nothing else"
    elif not isinstance(own["acknowledge"], list):
        yield "`acknowledge` is not a list"
    else:
        for number, entry in enumerate(own["acknowledge"], 1):
            problem = _problem(entry)
            yield f"entry {number}: {problem}" if problem else Acknowledgement(**entry, where=where)


def _problem(entry: Any) -> str:
    if not isinstance(entry, Mapping):
        return "it is not a mapping"
    missing = [f"`{key}`" for key in _KEYS if key not in entry]
    unknown = [f"`{key}`" for key in entry if key not in _KEYS]
    if missing or unknown:
        return f"it has no {', '.join(missing)}" if missing else f"it has {', '.join(unknown)}, which means nothing"
    for key in _KEYS:
        if not isinstance(entry[key], str) or not entry[key].strip():
            return f"its `{key}` is not a text in quotes, or it is empty"
    if not _FORM.fullmatch(entry["fingerprint"]):
        return f"`{entry['fingerprint']}` is no fingerprint, which has 12 digits from 0 to f"
    return ""
