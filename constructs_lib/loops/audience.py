"""Who of many listeners a message may reach: looked up by the texts that their filters ask for.

An event bus may have thousands of rules, most of which ask for one bucket or one source. Two texts whose last part,
behind the last colon, is known and not the same are different; a name that CloudFormation makes up is like no other.
What is found is tried exactly; what is not found cannot match.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.loops.addresses import looks_made_up
from constructs_lib.loops.keys import ANY, STAR
from constructs_lib.loops.languages import ANYTHING, Language
from constructs_lib.templates.symbols import has_symbols, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from constructs_lib.loops.messages import Message

__all__ = ["Audience"]

_SOURCE = "source"


class Audience:
    """The listeners of one resource, by position.

    Args:
        filters: what each of them lets through: messages that match any of its own.
    """

    def __init__(self, filters: Sequence[tuple[Message, ...]]) -> None:
        # By the source that is asked for, then by another field and its text; None where nothing is asked for.
        self._index: dict[str | None, dict[str | None, dict[str, list[int]]]] = {}
        self._sources: dict[Language, list[str | None]] = {}
        for position, alternatives in enumerate(filters):
            for message in alternatives:
                self._add(position, message)

    def _add(self, position: int, message: Message) -> None:
        asked = {
            name: texts
            for name, language in message.fields.items()
            if name != _SOURCE and (texts := _texts(language, _last_part))
        }
        field = max(asked, key=len, default=None)
        sources: Sequence[str | None] = _texts(message.fields.get(_SOURCE, ANYTHING), str) or [None]
        for source in sources:
            by_text = self._index.setdefault(source, {}).setdefault(field, {})
            for text in asked[field] if field is not None else ("",):
                by_text.setdefault(text, []).append(position)

    def of(self, message: Message) -> list[int]:
        """The positions of those whom a message may reach, in order, and perhaps of others."""
        found: set[int] = set()
        for source in self._asked_for(message.fields.get(_SOURCE, ANYTHING)):
            for field, by_text in self._index[source].items():
                known = None if field is None else _texts(message.fields.get(field, ANYTHING), _last_part)
                for text in known or by_text:
                    found.update(by_text.get(text, ()))
        return sorted(found)

    def _asked_for(self, language: Language) -> list[str | None]:
        """The sources in the index that may be those of a message."""
        known = self._sources.get(language)
        if known is None:
            known = self._sources[language] = [
                source
                for source in self._index
                if source is None or (language & Language(((source,),))).may() is not None
            ]
        return known


def _texts(language: Language, part: Callable[[str], str]) -> list[str] | None:
    """A part of each text that a language may hold, if that is known of all; None if not."""
    for group in language.all_of:
        parts = [part(glob) for glob in group]
        if parts and all(_is_known(text, whole=part is str) for text in parts):
            return parts
    return None


def _last_part(text: str) -> str:
    return text.rpartition(":")[2]


def _is_known(text: str, *, whole: bool) -> bool:
    if STAR in text or ANY in text:
        return False
    if has_symbols(text):
        return not whole and len(text) == 1 and kind_of(text) == "generated"
    return whole or not looks_made_up(text)
