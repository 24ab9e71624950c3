"""What an edge kind contributes to the graph: channels, what lands in them, and who listens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from constructs_lib.loops.languages import ANYTHING, Language

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from constructs_lib.templates.system import Node, System

__all__ = ["Channel", "Deposit", "EdgeKind", "Listener", "Message"]


@dataclass(frozen=True)
class Message:
    """What flows, as far as it is known: the texts that each field may hold; other fields may hold anything.

    Args:
        fields: by name, e.g. `key` and `event` of an S3 event.
    """

    fields: Mapping[str, Language] = field(default_factory=dict)

    def __and__(self, other: Message) -> Message:
        fields = dict(self.fields)
        for name, language in other.fields.items():
            fields[name] = fields.get(name, ANYTHING) & language
        return Message(fields)

    def sure(self) -> dict[str, str] | None:
        """A message of this kind that is possible for certain, by field; None if there is none."""
        return self._witness(certain=True)

    def may(self) -> dict[str, str] | None:
        """A message of this kind that may be possible, by field; None if there is none for certain."""
        return self._witness(certain=False)

    def _witness(self, *, certain: bool) -> dict[str, str] | None:
        found = {}
        for name, language in self.fields.items():
            text = language.sure() if certain else language.may()
            if text is None:
                return None
            found[name] = text
        return found


@dataclass(frozen=True)
class Deposit:
    """What an IAM action puts into a channel.

    Args:
        action: e.g. `s3:PutObject`.
        message: what lands there.
        rest: the field that holds what an ARN has behind the channel's address, e.g. an object's key; None if the
            ARN ends with the address.
    """

    action: str
    message: Message = field(default_factory=Message)
    rest: str | None = None


@dataclass(frozen=True)
class Channel:
    """A resource that receives something and tells its listeners.

    Args:
        node: the resource.
        addresses: what policies call it (see `constructs_lib.loops.addresses`).
        deposits: what may land in it, by action.
    """

    node: Node
    addresses: tuple[str, ...]
    deposits: tuple[Deposit, ...]


@dataclass(frozen=True)
class Listener:
    """Something that a channel wakes or passes on to.

    Args:
        source: the channel's resource; None if nobody can tell which of its type it is.
        source_type: the channel's resource type.
        target: ARN of what is woken.
        label: what to show on the arrow.
        filters: what is let through: messages that match any of them.
        doubt: why it is not certain that it listens; empty if it is.
    """

    source: Node | None
    source_type: str
    target: str
    label: str
    filters: tuple[Message, ...] = (Message(),)
    doubt: str = ""


class EdgeKind(Protocol):
    """One way by which something in a system wakes something else."""

    def channels(self, system: System) -> Iterable[Channel]:
        """The resources that receive."""

    def listeners(self, system: System) -> Iterable[Listener]:
        """Who listens to them."""
