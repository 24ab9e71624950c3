"""What leads from an actor to an actor: what it does, what flows, and over which resources."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.edges import Put

if TYPE_CHECKING:
    from constructs_lib.loops.edges import Deposit, Listener, Message
    from constructs_lib.loops.policies import Allow, Deny
    from constructs_lib.templates.system import Node

__all__ = ["Grant", "Hop", "Outlet", "Passage", "Stretch"]


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
