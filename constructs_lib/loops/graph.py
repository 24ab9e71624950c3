"""The invocation graph: functions, what they may put where, and whom that wakes.

A function and its grants, a grant and what it reaches: grants that say the same are one node, so that the graph has
functions plus grants edges, not functions times functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from constructs_lib.loops.addresses import rest_of
from constructs_lib.loops.edges import EDGE_KINDS, Channel, Deposit, Message
from constructs_lib.loops.keys import STAR, show_glob
from constructs_lib.loops.languages import Language
from constructs_lib.loops.permissions import Identity, Permissions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.loops.edges import EdgeKind, Listener
    from constructs_lib.loops.policies import Allow, Deny
    from constructs_lib.templates.system import Node, System

__all__ = ["Grant", "Graph", "Hop", "Passage"]

_FUNCTIONS = ("AWS::Lambda::Function", "AWS::Serverless::Function")


@dataclass(frozen=True)
class Hop:
    """One arrow of a path."""

    source: Node
    via: str
    target: Node


@dataclass(frozen=True)
class Grant:
    """One thing that one or more functions may do: the same statement under the same denials."""

    allow: Allow
    denies: tuple[Deny, ...]


@dataclass(frozen=True, eq=False)
class Passage:
    """A way from a grant to a function that it wakes.

    Args:
        channel: the resource that is written to.
        action: the action pattern as granted.
        wrote: what of the channel it writes, e.g. a glob over keys.
        listener: who listens.
        target: the function that wakes.
        message: what may flow.
        certain: what flows for certain; None if nothing does.
        doubts: why it is not certain.
    """

    channel: Channel
    action: str
    wrote: str
    listener: Listener
    target: Node
    message: Message
    certain: Message | None
    doubts: tuple[str, ...]

    @cached_property
    def witness(self) -> dict[str, str]:
        """A message that flows, by field."""
        return self.sure or self.message.may() or {}

    @cached_property
    def sure(self) -> dict[str, str] | None:
        """A message that flows for certain; None if nobody can tell."""
        return self.certain.sure() if self.certain is not None and not self.doubts else None

    def hops(self, source: Node) -> tuple[Hop, ...]:
        """The arrows, from the function that writes."""
        via = f"{self.action} `{self.wrote}`" if self.wrote else self.action
        node = self.channel.node
        return (Hop(source, via, node), Hop(node, self.listener.label, self.target))


class Graph:
    """Functions, grants and passages of a system.

    Args:
        system: the templates.
        kinds: the ways by which things wake things.
    """

    def __init__(self, system: System, kinds: tuple[EdgeKind, ...] = EDGE_KINDS) -> None:
        self.system = system
        self.not_modelled: dict[str, None] = {}
        self.functions = list(system.nodes(*_FUNCTIONS))
        self._functions_by_arn = {_unqualified(arn): node for node in self.functions for arn in system.arns(node)}
        self._listeners: dict[Node, list[tuple[Listener, Node]]] = {}
        self._channels: list[Channel] = []
        for kind in kinds:
            channels = list(kind.channels(system))
            self._collect(kind, channels)
            self._channels += [channel for channel in channels if channel.node in self._listeners]
        self._by_address: dict[str, list[Channel]] = {}
        for channel in self._channels:
            for name in channel.addresses:
                self._by_address.setdefault(name, []).append(channel)
        self.identities: dict[Node, Identity] = {}
        self.grants: dict[Node, list[Grant]] = {}
        self._reached: dict[Grant, tuple[Passage, ...]] = {}
        permissions = Permissions(system)
        for node in self.functions:
            identity = permissions.of(node.get("Role"), node)
            self.identities[node] = identity
            denies = tuple(identity.denies)
            self.grants[node] = [Grant(allow, denies) for allow in dict.fromkeys(identity.allows)]
            for unknown in identity.unknown:
                self.not_modelled[f"what {unknown} allows"] = None

    def _collect(self, kind: EdgeKind, channels: list[Channel]) -> None:
        by_type: dict[str, list[Node]] = {}
        for channel in channels:
            by_type.setdefault(channel.node.type, []).append(channel.node)
        for listener in kind.listeners(self.system):
            targets = self._targets(listener)
            sources = [listener.source] if listener.source is not None else by_type.get(listener.source_type, [])
            for source in sources:
                self._listeners.setdefault(source, []).extend((listener, target) for target in targets)

    def _targets(self, listener: Listener) -> list[Node]:
        target = self._functions_by_arn.get(_unqualified(listener.target))
        if target is not None:
            return [target]
        if self.system.symbols.free_in(listener.target):
            return self.functions
        self.not_modelled[f"what `{self.system.symbols.show(listener.target)}` does"] = None
        return []

    def listeners(self, node: Node) -> list[Listener]:
        """Who listens to a resource."""
        return [listener for listener, _ in self._listeners.get(node, ())]

    def passages(self, grant: Grant) -> tuple[Passage, ...]:
        """The ways that lead from a grant to functions."""
        found = self._reached.get(grant)
        if found is None:
            found = self._reached[grant] = tuple(self._follow(grant))
        return found

    def _follow(self, grant: Grant) -> Iterator[Passage]:
        for channel in self._candidates(grant.allow.resource):
            for deposit in channel.deposits:
                action = grant.allow.actions.covers(deposit.action)
                if action is not None:
                    for name in channel.addresses:
                        yield from self._deposited(grant, action, channel, deposit, name)

    def _candidates(self, pattern: str) -> list[Channel]:
        head = pattern.partition(STAR)[0]
        exact = self._by_address.get(head[: head.find("/") + 1])
        return exact if exact and not self.system.symbols.free_in(head) else self._channels

    def _deposited(self, grant: Grant, action: str, channel: Channel, deposit: Deposit, name: str) -> Iterator[Passage]:
        allow = grant.allow
        rest = rest_of(allow.resource, name)
        if not rest.may:
            return
        may = _content(rest.may, grant, deposit, name, certain=False)
        sure = _content(rest.sure, grant, deposit, name, certain=True)
        if may is None:
            return
        wrote = show_glob(self.system.symbols.show(" or ".join(rest.sure or rest.may))) if deposit.rest else ""
        for listener, target in self._listeners[channel.node]:
            doubts = [doubt for doubt in (allow.doubt, listener.doubt) if doubt]
            doubts += [symbol.why for symbol in self.system.symbols.free_in(listener.target)]
            if listener.source is None:
                doubts.append("the bucket that notifies is known at deployment only")
            for let_through in listener.filters:
                message = deposit.message & may & let_through
                if message.may() is not None:
                    certain = None if sure is None else deposit.message & sure & let_through
                    yield Passage(channel, action, wrote, listener, target, message, certain, tuple(doubts))
                    break


def _content(globs: tuple[str, ...], grant: Grant, deposit: Deposit, name: str, *, certain: bool) -> Message | None:
    """What a grant lets into a channel, behind its address; None if nothing."""
    if not globs:
        return None
    groups = [globs]
    excluded: list[str] = []
    for pattern in grant.allow.excluded:
        rest = rest_of(pattern, name)
        excluded += rest.may if certain else rest.sure
    for deny in grant.denies:
        if deny.actions.covers(deposit.action) is None:
            continue
        rests = [rest_of(pattern, name) for pattern in deny.resources]
        denied = [glob for rest in rests for glob in (rest.may if certain != deny.inverted else rest.sure)]
        if not deny.inverted:
            excluded += denied
        elif denied:
            groups.append(tuple(denied))
        else:
            return None
    if deposit.rest is None:
        groups.append(("",))
    language = Language(tuple(groups), tuple(dict.fromkeys(excluded)))
    return Message({deposit.rest or "address": language})


def _unqualified(arn: str) -> str:
    """A function's ARN without version or alias, and without what all functions of a system share."""
    fields = arn.split(":")
    return ":".join(fields[5:7]) if len(fields) > 6 else arn  # noqa: PLR2004
