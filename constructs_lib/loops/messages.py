"""What flows over an edge: fields, and the texts that each may hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from constructs_lib.loops.languages import ABSENT, ANYTHING, NOT_TEXT, Language

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["ABSENT", "NOT_TEXT", "Message"]

_LACKING = Language(((ABSENT,),))


@dataclass(unsafe_hash=True, slots=True)
class Message:
    """What flows, as far as it is known: the texts that each field may hold; other fields may hold anything.

    Args:
        fields: by name, e.g. `key` and `event` of an S3 event, or a path such as `detail.object.key`.
        absent: beginnings of the names of fields that the message does not have.
    """

    fields: Mapping[str, Language] = field(default_factory=dict)
    absent: tuple[str, ...] = ()

    def __and__(self, other: Message) -> Message:
        if not other.fields:
            return self
        fields = dict(self.fields)
        for name, language in other.fields.items():
            known = fields.get(name)
            if known is None:
                known = _LACKING if self.absent and name.startswith(self.absent) else ANYTHING
            fields[name] = known & language
        return Message(fields, self.absent)

    def renamed(self, rename: Callable[[str], str | None]) -> Message:
        """The same message with other names for its fields; None leaves a field out."""
        fields = {new: language for name, language in self.fields.items() if (new := rename(name)) is not None}
        return Message(fields, self.absent)

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
