"""The invocation graph: what acts, what it may put where, and whom that wakes.

Its vertices are actors (functions, state machines) and outlets: a grant, or something that an actor puts somewhere by
itself. Grants that say the same are one outlet, so that the graph has actors plus grants edges, not actors squared.
From an outlet, what lands in a channel is followed over everything passive (queues, topics, buses, rules, replication),
whose filters add up, until it wakes an actor: a passage. What a passive resource makes anew, e.g. an object that
Firehose writes, starts a new stretch of the passage.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.addresses import rest_of
from constructs_lib.loops.audience import Audience
from constructs_lib.loops.chains import Chains
from constructs_lib.loops.channels import Channels
from constructs_lib.loops.circles import Circles, Ways
from constructs_lib.loops.contents import content, permits
from constructs_lib.loops.edges import EDGE_KINDS, Channel, Deposit, Message, Put
from constructs_lib.loops.keys import show_glob
from constructs_lib.loops.outsiders import outsiders
from constructs_lib.loops.owners import Owners
from constructs_lib.loops.permissions import Identity, Permissions
from constructs_lib.loops.rounds import puts, turning
from constructs_lib.loops.targets import Targets
from constructs_lib.templates.grouped import Grouped

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence

    from constructs_lib.loops.edges import Actor, EdgeKind, Listener
    from constructs_lib.loops.policies import Allow, Deny
    from constructs_lib.templates.system import Node, System

__all__ = ["Grant", "Graph", "Hop", "Outlet", "Passage", "Stretch"]

MAX_HOPS = 16
"""How far what is passed on is followed exactly; further on, only who is connected with whom counts."""
MAX_STEPS = 1_000
"""How many steps are followed exactly from where something is put, and four for each listener of the system: filters
with many alternatives, one behind the other, multiply."""
FEW = 8
"""As many listeners are tried one by one."""


@dataclass(unsafe_hash=True, slots=True)
class Hop:
    """One arrow of a path."""

    source: Node
    via: str
    target: Node
    by: Node | None = field(default=None, compare=False)
    entry: Any = field(default=None, compare=False)


@dataclass(unsafe_hash=True, slots=True)
class Grant:
    """One thing that one or more actors may do: the same statement under the same denials."""

    allow: Allow
    denies: tuple[Deny, ...]


Outlet = Grant | Put


@dataclass(slots=True)
class Stretch:
    """What flows unchanged over a part of a passage.

    Args:
        node: the resource into which it was put.
        message: what may flow.
        certain: what flows for certain; None if nothing does.
    """

    node: Node
    message: Message
    certain: Message | None

    def through(self, let_through: Message) -> Stretch:
        """What is left behind a filter."""
        certain = None if self.certain is None else self.certain & let_through
        return replace(self, message=self.message & let_through, certain=certain)


@dataclass(eq=False)
class Passage:
    """A way from an outlet to an actor that it wakes.

    Args:
        action: what to show on the first arrow.
        first: the resource that is put into; the target itself if it is invoked directly.
        hops: the arrows behind it.
        target: the actor that wakes.
        put: what is put in, before any filter.
        stretches: what flows, in order.
        doubts: why it is not certain.
        failure: whether only failures take it.
        slow: whether it takes long.
        unwatched: whether AWS's recursion detection loses its trace.
        deposit: what the outlet's action puts; None if the actor puts it by itself.
        steps: which listener let what through, so that nothing is passed on twice.
    """

    action: str
    first: Node
    hops: tuple[Hop, ...]
    target: Node
    put: Message
    stretches: tuple[Stretch, ...]
    doubts: tuple[str, ...]
    failure: bool = False
    slow: bool = False
    unwatched: bool = False
    deposit: Deposit | None = None
    steps: tuple[tuple[Listener, Message], ...] = ()

    @cached_property
    def is_sure(self) -> bool:
        """Whether it is certain that this can happen."""
        return not self.doubts and all(s.certain is not None and s.certain.sure() is not None for s in self.stretches)

    @property
    def resources(self) -> tuple[Node, ...]:
        """The resources on it, in order."""
        return (self.first, *(hop.target for hop in self.hops))

    def path(self, source: Node) -> tuple[Hop, ...]:
        """All arrows, from the actor."""
        return (Hop(source, self.action, self.first), *self.hops)


class Graph:
    """Actors, outlets and passages of a system.

    Args:
        system: the templates.
        kinds: the ways by which things wake things.

    Attributes:
        actors: what acts.
        outlets: what each of them may put somewhere.
        crowded: resources to which many listen, or that many ways lead into.
        leads_on: resources from which an actor can be reached at all.
        not_modelled: what is in the templates that nobody can tell.
    """

    def __init__(self, system: System, kinds: tuple[EdgeKind, ...] = EDGE_KINDS) -> None:
        self.system = system
        self.not_modelled: dict[str, None] = dict.fromkeys(system.outside())
        for kind in kinds:
            kind.prepare(system)
        actors = [actor for kind in kinds for actor in kind.actors(system)]
        self.actors = list(dict.fromkeys(actor.node for actor in actors))
        self._is_actor = set(self.actors)
        self._listeners: Grouped[Node, Listener] = Grouped()
        self._targets_of: Grouped[Listener, Node] = Grouped()
        self._named = Targets(system)
        self._owners = Owners(system)
        self._inward: Grouped[Node, Node] = Grouped()
        for kind in kinds:
            for listener in kind.listeners(system):
                self._listen(listener)
        self.not_modelled.update(dict.fromkeys(text for kind in kinds for text in kind.left_out(system)))
        self._most_steps = max(MAX_STEPS, 4 * sum(map(self._listeners.count, self._listeners)))
        self._audiences: dict[Node, Audience] = {}
        self.crowded = {node for node in self._listeners if self._listeners.count(node) >= FEW}
        self.leads_on = self._leading_to(self.actors)
        self._channels = Channels()
        into: Counter[Node] = Counter()
        for channel in (channel for kind in kinds for channel in kind.channels(system)):
            if channel.node in self.leads_on:
                into[channel.node] += 1
                self._channels.add(channel)
        self.crowded.update(node for node, count in into.items() if count >= FEW)
        self.outlets: dict[Node, list[Outlet]] = {node: [] for node in self.actors}
        self._identities: dict[Node, Identity] = {}
        self._grant_all(actors, [handover for kind in kinds for handover in kind.handovers])
        for kind in kinds:
            for put in kind.puts(system):
                if put.source in self.outlets:
                    self.outlets[put.source].append(put)
        self._reached: dict[Outlet, tuple[Passage, ...]] = {}
        self._wakes: dict[tuple[Node, str], bool] = {}
        self._far: dict[Node, list[Node]] = {}
        self._turn()

    def _grant_all(self, actors: list[Actor], handovers: list[tuple[str, str, str]]) -> None:
        permissions = Permissions(self.system)
        chains = Chains(self.system, permissions, handovers)
        for actor in actors:
            if not actor.by_role:
                continue
            identity = permissions.of(actor.role, actor.node)
            if actor.only:
                identity = identity.limited(actor.only)
            self._identities[actor.node] = identity
            self._grant(actor.node, identity)
            for allow, role in chains.lent(identity):
                self.outlets[actor.node].append(Grant(allow, permissions.role(role).denies))
        for node, role in outsiders(self.system):
            if any(next(self.entries(Grant(allow, ())), None) for allow in permissions.role(role).allows):
                label = self.system.label
                self.not_modelled[f"what `{label(node)}` does with the role `{label(role)}`"] = None

    def _grant(self, node: Node, identity: Identity) -> None:
        self.outlets[node] += [Grant(allow, identity.denies) for allow in dict.fromkeys(identity.allows)]
        for unknown in identity.unknown:
            self.not_modelled[f"what {unknown} allows"] = None

    def _listen(self, listener: Listener) -> None:
        sources: Iterable[Node] = (listener.source,) if listener.source is not None else ()
        if listener.source is None:
            listener = replace(listener, doubt=listener.doubt or "what is listened to is known at deployment only")
            sources = list(self.system.nodes(listener.source_type))
        targets = self._targets(listener.target, listener.expects)
        for target in targets:
            self._targets_of.add(listener, target)
        for source in sources:
            self._listeners.add(source, listener)
            for target in targets:
                self._inward.add(target, source)

    def _targets(self, arn: str, expects: tuple[str, ...]) -> Sequence[Node]:
        found = self._named.of(arn, expects)
        if not found and not self.system.symbols.free_in(arn):
            self.not_modelled[f"what `{self.system.symbols.show(arn)}` does"] = None
        return found

    def _leading_to(self, actors: Iterable[Node]) -> set[Node]:
        """The resources from which one of some actors can be reached at all."""
        found = set(actors)
        work = list(found)
        while work:
            for source in self._inward.of(work.pop()):
                if source not in found:
                    found.add(source)
                    work.append(source)
        return found

    def origin(self, actor: Node, allow: Allow) -> tuple[Node, Any] | None:
        """The resource and the statement by which an actor has a permission; None if they are not in the templates."""
        granted = [outlet.allow for outlet in self.outlets[actor] if isinstance(outlet, Grant)]
        own = next((one for one in granted if one == allow), None)
        return None if own is None or own.holder is None else (own.holder, own.statement)

    def only_origin(self, actor: Node, allow: Allow) -> tuple[Node, Any] | None:
        """The resource and the statement by which an actor has a permission; None if it is not exactly one."""
        identity = self._identities.get(actor)
        once = identity is not None and identity.allows.count(allow) == 1
        return self.origin(actor, allow) if once else None

    @cached_property
    def _around(self) -> set[Node]:
        """The resources from which an actor can be reached that may be on a circle."""
        return self._leading_to(self.circles.actors)

    @cached_property
    def circles(self) -> Circles:
        """Who may be on a circle at all."""
        return Circles(self, self._ways_on)

    def listeners(self, node: Node) -> Sequence[Listener]:
        """Who listens to a resource."""
        return self._listeners.of(node)

    def passages(self, outlet: Outlet) -> tuple[Passage, ...]:
        """The ways that lead from an outlet to actors that may be on a circle."""
        found = self._reached.get(outlet)
        if found is None:
            steps = self._granted(outlet) if isinstance(outlet, Grant) else self._put(outlet)
            found = self._reached[outlet] = tuple(steps)
        return found

    def entries(self, outlet: Outlet) -> Iterator[tuple[Node, Message, Hashable]]:
        """The resources that an outlet may reach first, each with what may arrive there and by which way."""
        if isinstance(outlet, Grant):
            for channel in self._channels.of(outlet.allow):
                for deposit in channel.deposits:
                    if outlet.allow.actions.touches(deposit.action) is not None:
                        if channel.node not in self.crowded:
                            yield channel.node, deposit.message, id(deposit)
                            break
                        yield from self._into_crowded(outlet, channel, deposit)
        elif not outlet.needs or self._needed(outlet) is not None:
            for node in self._targets(outlet.target, outlet.expects):
                yield node, outlet.message, outlet

    def _into_crowded(
        self, grant: Grant, channel: Channel, deposit: Deposit
    ) -> Iterator[tuple[Node, Message, Hashable]]:
        """What a grant puts where many listen: they differ in what they ask for behind the address, e.g. a topic."""
        if deposit.rest is None:
            yield channel.node, deposit.message, id(deposit)
            return
        for name in channel.addresses:
            may = content(grant.allow, grant.denies, deposit.action, name, certain=False, exact=False)
            if may is not None and may.may() is not None:
                yield channel.node, deposit.message & Message({deposit.rest: may}), (id(deposit), may)

    def _turn(self) -> None:
        """Let resources act in which something goes round that wakes somebody on its way."""
        self._turned: set[Node] = set()
        self._ways_on = Ways(self)
        for source in self._listeners:
            if source in self.leads_on:
                self._ways_on.vertex(source)
        self._ways_on.follow()
        for node in turning(self, self._ways_on.rounds()):
            self._is_actor.add(node)  # so that ways end there
            found = list(puts(self, node))
            if found:
                self.actors.append(node)
                self.outlets[node] = [*found]
                self._turned.add(node)
                self._ways_on = Ways(self)
            else:
                self._is_actor.discard(node)

    def passing_on(self, node: Node) -> Iterator[tuple[Node, Listener]]:
        """The resources that a resource passes on to, and by whom."""
        for listener in self._listeners.of(node):
            yield from ((target, listener) for target in self._targets_of.of(listener))

    def ways(self, node: Node, message: Message) -> list[Passage]:
        """Whom something in a resource wakes, itself included."""
        start = Passage("", node, (), node, message, (Stretch(node, message, message),), ())
        return [way for way in self._ways(start, node, self.leads_on) if way.hops]

    def wakes(self, node: Node, message: Message) -> bool:
        """Whether something in a resource wakes anything."""
        key = (node, str(message))
        known = self._wakes.get(key)
        if known is None:
            start = Passage("", node, (), node, message, (Stretch(node, message, message),), ())
            known = self._wakes[key] = next(self._ways(start, node, self.leads_on), None) is not None
        return known

    def _put(self, put: Put) -> Iterator[Passage]:
        needed = self._needed(put)
        if needed is None:
            return
        for node in filter(self._around.__contains__, self._targets(put.target, put.expects)):
            doubts = [why for why in (put.doubt, needed, *self._named.why_not_certain(put.target, node)) if why]
            stretch = Stretch(node, put.message, put.message)
            start = Passage(put.label, node, (), node, put.message, (stretch,), tuple(doubts), failure=put.failure)
            for way in self._ways(start, node, self._around):
                # What goes round is followed for one round: what may come back is what it puts.
                if put.source not in self._turned or put.source not in way.resources[:-1]:
                    yield way

    def _needed(self, put: Put) -> str | None:
        """Why it is not certain that a role allows what a put needs, empty if it is; None if it does not."""
        found = [permits(self._identities[put.source], *need, exact=False) for need in put.needs]
        certain = [why for why in found if why is not None]
        return max(certain, key=len, default="") if len(certain) == len(found) else None

    def _granted(self, grant: Grant) -> Iterator[Passage]:
        for channel in self._channels.of(grant.allow):
            for deposit in channel.deposits if channel.node in self._around else ():
                for action in grant.allow.actions.touching(deposit.action):
                    for name in channel.addresses:
                        if not self._owners.apart(grant.allow.resource, name):
                            yield from self._deposited(grant, action, channel, deposit, name)

    def _deposited(self, grant: Grant, action: str, channel: Channel, deposit: Deposit, name: str) -> Iterator[Passage]:
        field_ = deposit.rest or "address"
        what = grant.allow, grant.denies, deposit.action, name
        exact, by = deposit.rest is None, action if "*" in deposit.action else ""
        may = content(*what, certain=False, exact=exact, by=by)
        if may is None or may.may() is None:
            return
        sure = content(*what, certain=True, exact=exact, by=by)
        put = deposit.message & Message({field_: may})
        certain = None if sure is None else deposit.message & Message({field_: sure})
        via = action
        if deposit.rest == "key":
            rest = rest_of(grant.allow.resource, name)
            via += f" `{show_glob(self.system.symbols.show(' or '.join(rest.sure or rest.may)))}`"
        stretch = Stretch(channel.node, put, certain)
        doubts = (grant.allow.doubt,) if grant.allow.doubt else ()
        start = Passage(
            via, channel.node, (), channel.node, stretch.message, (stretch,), doubts, slow=deposit.slow, deposit=deposit
        )
        yield from self._ways(start, channel.node, self._around)

    def _ways(self, start: Passage, node: Node, within: Collection[Node]) -> Iterator[Passage]:
        """Whom a message wakes that has been put into a resource, as far as it is within the given resources."""
        return self._follow(start, node, within, iter(range(self._most_steps)))

    def _follow(
        self, passage: Passage, node: Node, within: Collection[Node], steps: Iterator[int]
    ) -> Iterator[Passage]:
        """Whom a message wakes that has arrived at a resource, as long as there are steps left."""
        if node in self._is_actor:
            yield replace(passage, target=node)
        for listener, targets in self.hearing(node, passage.stretches[-1].message):
            useful = [target for target in targets if target in within]
            for found in self._through(passage, listener, useful) if useful else ():
                yield from self._next(found, found.hops[-1].target, within, steps)

    def _through(self, passage: Passage, listener: Listener, targets: list[Node]) -> Iterator[Passage]:
        """What goes on to the targets of a listener, by each of the alternatives of its filter."""
        is_end = all(target in self._is_actor and target not in self._listeners for target in targets)
        known: set[tuple[Node, str, bool]] = set()
        for let_through in listener.filters:
            stretch = passage.stretches[-1].through(let_through)
            if stretch.message.may() is None or (listener, stretch.message) in passage.steps:
                continue
            for target in targets:
                passed = self._passed(passage, stretch, listener, target)
                # Where it ends it does not matter which of the alternatives it was, nor for what is made anew.
                same = "" if is_end else str(passed.stretches[-1])
                way = (target, same, passed.is_sure) if len(listener.filters) > 1 else (target, "", True)
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
        if node in self._is_actor:
            yield replace(passage, target=node)
        far = replace(passage, doubts=(*passage.doubts, doubt))
        for target in filter(within.__contains__, self._ahead(node)):
            hop = Hop(node, "and so on", target)
            yield replace(far, hops=(*passage.hops, hop), target=target)

    def _ahead(self, node: Node) -> list[Node]:
        """The actors to which there is any way behind a resource."""
        known = self._far.get(node)
        if known is None:
            found: dict[Node, None] = {}
            work = [node]
            while work:
                for listener in self._listeners.of(work.pop()):
                    new = [target for target in self._targets_of.of(listener) if target not in found]
                    found.update(dict.fromkeys(new))
                    work += new
            known = self._far[node] = [target for target in found if target in self._is_actor]
        return known

    def hearing(self, node: Node, message: Message) -> list[tuple[Listener, Sequence[Node]]]:
        """The listeners of a resource that may hear of a message, and perhaps others."""
        if node not in self._listeners:
            return []
        listeners = self._listeners.of(node)
        if node in self.crowded:
            audience = self._audiences.get(node)
            if audience is None:
                audience = self._audiences[node] = Audience(listener.let_through() for listener in listeners)
            listeners = [listeners[position] for position in audience.of(message)]
        return [(listener, self._targets_of.of(listener)) for listener in listeners]

    def _passed(self, passage: Passage, stretch: Stretch, listener: Listener, target: Node) -> Passage:
        node = passage.hops[-1].target if passage.hops else passage.first
        carried = listener.carry(stretch.message)
        if carried is stretch.message:
            stretches = (*passage.stretches[:-1], stretch)
        else:
            certain = None if stretch.certain is None else listener.carry(stretch.certain)
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
