"""What an edge kind contributes to the graph: channels, what lands in them, who listens, who acts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.keys import ANY, STAR
from constructs_lib.loops.messages import Message
from constructs_lib.templates.names import NAMING, STANDS_FOR
from constructs_lib.templates.symbols import kind_of, symbols_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from constructs_lib.loops.policies import Allow
    from constructs_lib.templates.system import Node, System

# What systems have by the ten thousand is not frozen, for freezing triples what it costs to make one.

__all__ = [
    "ANY_MESSAGE",
    "EVERYTHING",
    "Actor",
    "Channel",
    "Deposit",
    "EdgeKind",
    "Listener",
    "Message",
    "Put",
    "addresses",
    "named_by",
    "unchanged",
]

ANY_MESSAGE = Message()
"""What may be anything."""
EVERYTHING = (ANY_MESSAGE,)
"""What a listener lets through that filters nothing."""


def unchanged(message: Message) -> Message:
    """What a listener passes on if it passes on what it got."""
    return message


def addresses(system: System, node: Node, beginning: str, ending: str = "") -> tuple[str, ...]:
    """What policies call a resource: its names, between what stands before and behind them."""
    names = system.names(node)
    if len(names) == 1:
        return (f"{beginning}{names[0]}{ending}",)
    return tuple([f"{beginning}{name}{ending}" for name in names])


def named_by(system: System, near: Node, value: Any) -> Node | None:
    """The declared resource whose own name or ARN a value is, where that is told by how it is written; it mostly is.

    Args:
        system: the templates.
        near: a resource of the template in which the value stands.
        value: as the template has it.
    """
    path = (value.get("Fn::GetAtt") or [value.get("Ref"), "Ref"]) if isinstance(value, dict) else None
    if not isinstance(path, list) or len(path) != 2 or not all(isinstance(part, str) for part in path):  # noqa: PLR2004
        return None
    node = system.node(near.template, path[0])
    is_own = node is not None and node.type in NAMING and (node.type, path[1]) not in STANDS_FOR
    return node if is_own else None


@dataclass(frozen=True)
class Deposit:
    """What an IAM action puts into a channel.

    Args:
        action: e.g. `s3:PutObject`; with `*`, whatever of it changes something.
        message: what lands there.
        rest: the field that holds what an ARN has behind the channel's address, e.g. an object's key; None if the
            ARN ends with the address.
        slow: whether it lands there only after a long time.
        is_limited: whether conditions of policies on its fields count.
    """

    action: str
    message: Message = ANY_MESSAGE
    rest: str | None = None
    slow: bool = False
    is_limited: bool = False

    def by(self, allow: Allow) -> Message:
        """What a grant lets land there."""
        return self.message & Message(dict(allow.limits)) if self.is_limited and allow.limits else self.message


@dataclass(eq=False, slots=True)
class Channel:
    """A resource that receives something and tells its listeners.

    Args:
        node: the resource.
        addresses: what policies call it (see `constructs_lib.loops.addresses`).
        deposits: what may land in it, by action.
        is_named: whether only grants count that name it, and not those for all of its kind.
    """

    node: Node
    addresses: tuple[str, ...]
    deposits: tuple[Deposit, ...]
    is_named: bool = False

    def is_meant(self, pattern: str) -> bool:
        """Whether a grant for a pattern counts; one for a name that is not known does."""
        if not self.is_named:
            return True
        head = pattern.partition(STAR)[0].partition(ANY)[0]
        free = any(kind_of(character) == "free" for character in symbols_in(head))
        return free or any(head.startswith(address.rstrip(":")) for address in self.addresses)


@dataclass(eq=False, slots=True)
class Listener:
    """Something that a resource wakes or passes on to.

    Args:
        source: the resource; None if nobody can tell which of its type it is.
        source_type: the resource's type.
        target: ARN of what is woken.
        label: what to show on the arrow.
        expects: the types that the target may have, should its ARN not be known.
        let_through: what is let through, messages that match any of these; or how to find it for a listener.
        carry: what the target gets, if it passes on what it got; or what it makes anew, whatever it got.
        doubt: why it is not certain that it listens; empty if it is.
        failure: whether it hears only of what failed.
        slow: whether it hears of it only after a long time.
        unwatched: whether AWS's recursion detection loses the trace here, whatever the types on the path.
        by: the resource that makes it; None if it is the source.
        entry: what in that resource makes it, as the template has it; None if it is the whole resource.
    """

    source: Node | None
    source_type: str
    target: str
    label: str
    expects: tuple[str, ...] = ()
    let_through: Callable[[System, Listener], tuple[Message, ...]] | tuple[Message, ...] = EVERYTHING
    carry: Callable[[Message], Message] | Message = unchanged
    doubt: str = ""
    failure: bool = False
    slow: bool = False
    unwatched: bool = False
    by: Node | None = None
    entry: Any = None
    _filters: tuple[Message, ...] | None = field(default=None, init=False, repr=False)

    def filters(self, system: System) -> tuple[Message, ...]:
        """What is let through; it is found when it is asked for, because most listeners are on no circle."""
        if self._filters is None:
            self._filters = self.filtering(system)
        return self._filters

    def filtering(self, system: System) -> tuple[Message, ...]:
        """The same, not kept."""
        return self.let_through if isinstance(self.let_through, tuple) else self.let_through(system, self)

    def carried(self, message: Message) -> Message:
        """What the target gets of a message."""
        return self.carry if isinstance(self.carry, Message) else self.carry(message)


@dataclass(eq=False, slots=True)
class Put:
    """What a resource puts somewhere by itself, whatever its role says.

    Args:
        source: who puts.
        target: ARN of what it puts into or invokes.
        label: what to show on the arrow.
        message: what lands there.
        expects: the types that the target may have, should its ARN not be known.
        doubt: why it is not certain; empty if it is.
        failure: whether it does so only when it fails.
        needs: the actions that its role has to allow for it, each with the beginning of an address; its kind names
            them too.
        by: the resource that says so; None if it is the source.
        entry: what in that resource says so, as the template has it; None if it is the whole resource.
        property: the property that says so, for what is no part of the template itself, e.g. a state in a text.
    """

    source: Node
    target: str
    label: str
    message: Message = ANY_MESSAGE
    expects: tuple[str, ...] = ()
    doubt: str = ""
    failure: bool = False
    needs: tuple[tuple[str, str], ...] = ()
    by: Node | None = None
    entry: Any = None
    property: str = ""


@dataclass(eq=False, slots=True)
class Actor:
    """A resource that does something when it is woken.

    Args:
        node: the resource.
        role: the property's value that names its role.
        by_role: whether it may do what its role allows; if not, it does what its definition says.
        only: the actions that it takes of what its role allows; empty for all.
    """

    node: Node
    role: Any = None
    by_role: bool = True
    only: tuple[str, ...] = ()


class EdgeKind:
    """One way by which something in a system wakes something else. A kind overrides what it contributes."""

    handovers: tuple[tuple[str, str, str], ...] = ()
    """Actions that need a role to be passed, the addresses they are on, and the service that then acts with it."""

    needs: tuple[str, ...] = ()
    """Actions that roles have to allow for what its resources put somewhere by themselves."""

    def actors(self, system: System) -> Iterable[Actor]:
        """The resources that act."""
        del system
        return ()

    def prepare(self, system: System) -> None:
        """Add the resources that are there without being declared, before anything else is asked."""
        del system

    def channels(self, system: System) -> Iterable[Channel]:
        """The resources that receive."""
        del system
        return ()

    def listeners(self, system: System) -> Iterable[Listener]:
        """Who listens to them."""
        del system
        return ()

    def left_out(self, system: System) -> Iterable[str]:
        """What it cannot follow, for people."""
        del system
        return ()

    def puts(self, system: System) -> Iterable[Put]:
        """What resources put somewhere by themselves."""
        del system
        return ()
