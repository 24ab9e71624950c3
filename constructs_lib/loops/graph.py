"""The invocation graph: what acts, what it may put where, and whom that wakes.

Its vertices are actors (functions, state machines) and outlets: a grant, or something that an actor puts somewhere by
itself. Grants that say the same are one outlet, so that the graph has actors plus grants edges, not actors squared.
From an outlet, what lands in a channel is followed over everything passive (queues, topics, buses, rules, replication),
whose filters add up, until it wakes an actor: a passage. What a passive resource makes anew, e.g. an object that
Firehose writes, starts a new stretch of the passage.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.addresses import rest_of
from constructs_lib.loops.chains import LEADING, Chains
from constructs_lib.loops.channels import Channels
from constructs_lib.loops.circles import Circles, Ways
from constructs_lib.loops.contents import content, permits
from constructs_lib.loops.edges import EDGE_KINDS, Channel, Deposit, Message, Put
from constructs_lib.loops.keys import show_glob
from constructs_lib.loops.network import Network
from constructs_lib.loops.outsiders import outsiders
from constructs_lib.loops.owners import Owners
from constructs_lib.loops.passages import Grant, Passage, Stretch
from constructs_lib.loops.permissions import Identity, Permissions
from constructs_lib.loops.rounds import around, puts, turning
from constructs_lib.loops.targets import Targets
from constructs_lib.loops.walks import Walks
from constructs_lib.templates.grouped import Grouped

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    from constructs_lib.loops.edges import Actor, EdgeKind, Listener
    from constructs_lib.loops.passages import Outlet
    from constructs_lib.loops.policies import Allow
    from constructs_lib.templates.system import Node, System

__all__ = ["Graph"]


class Graph:
    """Actors, outlets and passages of a system.

    Args:
        system: the templates.
        kinds: the ways by which things wake things.

    Attributes:
        actors: what acts.
        outlets: what each of them may put somewhere, as far as somebody may hear of it.
        circles: who may be on a circle at all.
        network: who listens to what.
        leads_on: resources from which an actor can be reached at all.
        turned: resources that act because something goes round in them by itself.
        not_modelled: what is in the templates that nobody can tell.
    """

    def __init__(self, system: System, kinds: tuple[EdgeKind, ...] = EDGE_KINDS) -> None:
        self.system = system
        self.not_modelled: dict[str, None] = dict.fromkeys(system.outside())
        for kind in kinds:
            kind.prepare(system)
        self._roles: Grouped[Node, Any] = Grouped()
        self._limits: Grouped[Node, tuple[str, ...]] = Grouped()
        self.actors = list(dict.fromkeys(actor.node for kind in kinds for actor in self._acting(kind)))
        self._is_actor = set(self.actors)
        self.network = Network(system)
        self._named = Targets(system)
        self._owners = Owners(system)
        for kind in kinds:
            for listener in kind.listeners(system):
                self._listen(listener)
        self.not_modelled.update(dict.fromkeys(text for kind in kinds for text in kind.left_out(system)))
        self.leads_on = self.network.leading_to(self.actors)
        self._channels = Channels()
        for channel in (channel for kind in kinds for channel in kind.channels(system)):
            if channel.node in self.leads_on:
                self.network.add_way(channel.node)
                self._channels.add(channel)
        self._walks = Walks(self.network, self._named, self._is_actor)
        turned, ways = self._turn()
        self.turned = set(turned)
        self.circles = Circles(ways, self.actors)
        self.outlets: Grouped[Node, Outlet] = Grouped()
        handovers = [handover for kind in kinds for handover in kind.handovers]
        needs = (action for kind in kinds for action in kind.needs)
        asked = self._channels.actions().union(LEADING, needs, (action for action, *_ in handovers))
        self._permissions = Permissions(system, asked)
        self._chains = Chains(system, self._permissions, handovers)
        self._grant_all()
        for put in (put for kind in kinds for put in kind.puts(system)):
            if put.source in self._is_actor and put.source not in turned:
                self._add(put.source, put)
        for node, found in turned.items():
            for put in found:
                self._add(node, put)
        self._reached: dict[Outlet, tuple[Passage, ...]] = {}
        self._resources: dict[Outlet, frozenset[tuple[Node, ...]]] = {}
        self._wakes: dict[tuple[Node, str], bool] = {}

    def _acting(self, kind: EdgeKind) -> Iterator[Actor]:
        """What acts, and by which roles."""
        for actor in kind.actors(self.system):
            if actor.by_role:
                self._roles.add(actor.node, actor.role)
                self._limits.add(actor.node, actor.only)
            yield actor

    def _identities(self, actor: Node) -> Iterator[Identity]:
        """What the roles of an actor may do, found anew each time: it would be much to keep."""
        for role, only in zip(self._roles.of(actor), self._limits.of(actor), strict=True):
            identity = self._permissions.of(role, actor)
            yield identity.limited(only) if only else identity

    def _grant_all(self) -> None:
        for actor in self._roles:
            for identity in self._identities(actor):
                for grant in self._granted_to(identity):
                    self._add(actor, grant)
                for unknown in identity.unknown:
                    self.not_modelled[f"what {unknown} allows"] = None
        for node, role in outsiders(self.system):
            if any(next(self.entries(Grant(allow, ())), None) for allow in self._permissions.role(role).allows):
                label = self.system.label
                self.not_modelled[f"what `{label(node)}` does with the role `{label(role)}`"] = None

    def _granted_to(self, identity: Identity) -> Iterator[Grant]:
        for allow in dict.fromkeys(identity.allows):
            yield Grant(allow, identity.denies)
        for allow, role in self._chains.lent(identity):
            yield Grant(allow, self._permissions.role(role).denies)

    def _add(self, actor: Node, outlet: Outlet) -> None:
        """Add something that an actor may put somewhere, unless that leads nowhere."""
        if self.circles.knows(actor, outlet) or self.circles.add(actor, outlet, list(self.entries(outlet))):
            self.outlets.add(actor, outlet)

    def _listen(self, listener: Listener) -> None:
        sources: Iterable[Node] = (listener.source,) if listener.source is not None else ()
        if listener.source is None:
            listener = replace(listener, doubt=listener.doubt or "what is listened to is known at deployment only")
            sources = list(self.system.nodes(listener.source_type))
        self.network.add(listener, sources, self._targets(listener.target, listener.expects))

    def _targets(self, arn: str, expects: tuple[str, ...]) -> Sequence[Node]:
        found = self._named.of(arn, expects)
        if not found and not self.system.symbols.free_in(arn):
            self.not_modelled[f"what `{self.system.symbols.show(arn)}` does"] = None
        return found

    def granted(self, actor: Node) -> Iterator[Grant]:
        """All that an actor may do, whether it leads anywhere or not."""
        for identity in self._identities(actor):
            yield from self._granted_to(identity)

    def origin(self, actor: Node, allow: Allow) -> tuple[Node, Any] | None:
        """The resource and the statement by which an actor has a permission; None if they are not in the templates."""
        own = next((grant.allow for grant in self.granted(actor) if grant.allow == allow), None)
        return None if own is None or own.holder is None else (own.holder, own.statement)

    def only_origin(self, actor: Node, allow: Allow) -> tuple[Node, Any] | None:
        """The resource and the statement by which an actor has a permission; None if it is not exactly one."""
        once = sum(identity.allows.count(allow) for identity in self._identities(actor)) == 1
        return self.origin(actor, allow) if once else None

    @cached_property
    def _around(self) -> set[Node]:
        """The resources from which an actor can be reached that may be on a circle."""
        return self.network.leading_to(self.circles.actors)

    def passages(self, outlet: Outlet) -> tuple[Passage, ...]:
        """The ways that lead from an outlet to actors that may be on a circle."""
        found = self._reached.get(outlet)
        if found is None:
            steps = self._granted(outlet) if isinstance(outlet, Grant) else self._put(outlet)
            found = self._reached[outlet] = tuple(steps)
        return found

    def reached(self, outlet: Outlet) -> frozenset[tuple[Node, ...]]:
        """The resources on each of these ways."""
        found = self._resources.get(outlet)
        if found is None:
            found = self._resources[outlet] = frozenset(passage.resources for passage in self.passages(outlet))
        return found

    def entries(self, outlet: Outlet) -> Iterator[tuple[Node, Message, Hashable]]:
        """The resources that an outlet may reach first, each with what may arrive there and by which way."""
        if isinstance(outlet, Grant):
            for channel in self._channels.of(outlet.allow):
                for deposit in channel.deposits:
                    if outlet.allow.actions.touches(deposit.action) is not None:
                        if channel.node not in self.network.crowded:
                            yield channel.node, deposit.message, id(deposit)
                            break
                        yield from self._into_crowded(outlet, channel, deposit)
        elif not outlet.needs or self._needed(outlet) is not None:
            for node in self._targets(outlet.target, outlet.expects):
                yield node, outlet.message, None

    def _into_crowded(
        self, grant: Grant, channel: Channel, deposit: Deposit
    ) -> Iterator[tuple[Node, Message, Hashable]]:
        """What a grant puts where many listen: they differ in what they ask for behind the address, e.g. a topic."""
        if deposit.rest is None:
            yield channel.node, deposit.by(grant.allow), (id(deposit), grant.allow.limits)
            return
        for name in channel.addresses:
            may = content(grant.allow, grant.denies, deposit.action, name, certain=False, exact=False)
            if may is not None and may.may() is not None:
                yield channel.node, deposit.message & Message({deposit.rest: may}), (id(deposit), may)

    def _turn(self) -> tuple[dict[Node, list[Put]], Ways]:
        """Let resources act in which something goes round that wakes somebody on its way."""
        ways = Ways(self)
        for node in around(self):
            ways.vertex(node)
        ways.follow()
        turned: dict[Node, list[Put]] = {}
        for node in turning(self, ways.rounds()):
            self._is_actor.add(node)  # so that ways end there
            found = list(puts(self, node))
            if found:
                self.actors.append(node)
                turned[node] = found
            else:
                self._is_actor.discard(node)
        return turned, Ways(self) if turned else ways

    def ways(self, node: Node, message: Message) -> list[Passage]:
        """Whom something in a resource wakes, itself included."""
        start = Passage("", node, (), node, message, (Stretch(node, message, message),), ())
        return [way for way in self._walks.of(start, node, self.leads_on) if way.hops]

    def wakes(self, node: Node, message: Message) -> bool:
        """Whether something in a resource wakes anything."""
        key = (node, str(message))
        known = self._wakes.get(key)
        if known is None:
            start = Passage("", node, (), node, message, (Stretch(node, message, message),), ())
            known = self._wakes[key] = next(self._walks.of(start, node, self.leads_on), None) is not None
        return known

    def _put(self, put: Put) -> Iterator[Passage]:
        needed = self._needed(put)
        if needed is None:
            return
        for node in filter(self._around.__contains__, self._targets(put.target, put.expects)):
            doubts = [why for why in (put.doubt, needed, *self._named.why_not_certain(put.target, node)) if why]
            stretch = Stretch(node, put.message, put.message)
            start = Passage(put.label, node, (), node, put.message, (stretch,), tuple(doubts), failure=put.failure)
            for way in self._walks.of(start, node, self._around):
                # What goes round is followed for one round: what may come back is what it puts.
                if put.source not in self.turned or put.source not in way.resources[:-1]:
                    yield way

    def _needed(self, put: Put) -> str | None:
        """Why it is not certain that a role allows what a put needs, empty if it is; None if it does not."""
        found = [self._permitted(put.source, action, name) for action, name in put.needs]
        certain = [why for why in found if why is not None]
        return max(certain, key=len, default="") if len(certain) == len(found) else None

    def _permitted(self, actor: Node, action: str, name: str) -> str | None:
        """Likewise for one of these, by any of its roles."""
        found = [permits(identity, action, name, exact=False) for identity in self._identities(actor)]
        return min((why for why in found if why is not None), key=len, default=None)

    def _granted(self, grant: Grant) -> Iterator[Passage]:
        for channel in self._channels.of(grant.allow):
            if channel.node in self._around:
                names = [name for name in channel.addresses if not self._owners.apart(grant.allow.resource, name)]
                for deposit in channel.deposits if names else ():
                    for action in grant.allow.actions.touching(deposit.action):
                        for name in names:
                            yield from self._deposited(grant, action, channel, deposit, name)

    def _deposited(self, grant: Grant, action: str, channel: Channel, deposit: Deposit, name: str) -> Iterator[Passage]:
        field_ = deposit.rest or "address"
        what = grant.allow, grant.denies, deposit.action, name
        exact, by = deposit.rest is None, action if "*" in deposit.action else ""
        may = content(*what, certain=False, exact=exact, by=by)
        if may is None or may.may() is None:
            return
        sure = content(*what, certain=True, exact=exact, by=by)
        message = deposit.by(grant.allow)
        put = message & Message({field_: may})
        certain = None if sure is None else message & Message({field_: sure})
        via = action
        if deposit.rest == "key":
            rest = rest_of(grant.allow.resource, name)
            via += f" `{show_glob(self.system.symbols.show(' or '.join(rest.sure or rest.may)))}`"
        stretch = Stretch(channel.node, put, certain)
        doubts = (grant.allow.doubt,) if grant.allow.doubt else ()
        start = Passage(
            via, channel.node, (), channel.node, stretch.message, (stretch,), doubts, slow=deposit.slow, deposit=deposit
        )
        yield from self._walks.of(start, channel.node, self._around)
