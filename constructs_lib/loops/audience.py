"""Who of many listeners a message may reach: looked up by the texts that their filters ask for.

An event bus may have thousands of rules, most of which ask for one bucket or one source. What is found is tried
exactly; what is not found cannot match. Of an ARN the last part tells, because accounts and regions may be unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.loops.directory import Directory
from constructs_lib.loops.keys import ANY, STAR, compiled
from constructs_lib.loops.languages import ANYTHING, Language, widened
from constructs_lib.templates.symbols import has_symbols, kind_of, symbols_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from constructs_lib.loops.messages import Message

__all__ = ["Audience"]

_SOURCE = "source"
_ARN = "arn:"
_COMMON = {_SOURCE, "detail-type", "event"}


class Audience:
    """The listeners of one resource, by position.

    Args:
        filters: what each of them lets through: messages that match any of its own.
    """

    def __init__(self, filters: Iterable[tuple[Message, ...]]) -> None:
        # By another field than the source, each text behind the source; None where nothing is asked for.
        self._directories: dict[str | None, Directory[int]] = {}
        self._fields: dict[str | None, tuple[str | None, ...]] = {}
        self._sources: dict[Language, list[str | None]] = {}
        for position, alternatives in enumerate(filters):
            for message in alternatives:
                self._add(position, message)

    def _add(self, position: int, message: Message) -> None:
        asked = {name: _texts(language) for name, language in message.fields.items() if name != _SOURCE}
        field = max(asked, key=lambda name: (name not in _COMMON, *_telling(asked[name])), default=None)
        sources = next((group for group in message.fields.get(_SOURCE, ANYTHING).all_of if all(map(_plain, group))), ())
        for source in sources or (None,):
            known = self._fields.get(source, ())
            if field not in known:
                self._fields[source] = (*known, field)
            directory = self._directories.get(field)
            if directory is None:
                directory = self._directories[field] = Directory()
            for text in asked[field] if field is not None else (STAR,):
                directory.add(_behind(source, text), position)

    def of(self, message: Message) -> list[int]:
        """The positions of those whom a message may reach, in order, and perhaps of others."""
        found: set[int] = set()
        for source in self._asked_for(message.fields.get(_SOURCE, ANYTHING)):
            for field in self._fields[source]:
                directory = self._directories[field]
                for text in _texts(message.fields.get(field or "", ANYTHING)):
                    found.update(directory.of(_behind(source, text)))
        return sorted(found)

    def _asked_for(self, language: Language) -> list[str | None]:
        """The sources in the index that may be those of a message."""
        known = self._sources.get(language)
        if known is None:
            whole = next((group for group in language.all_of if all(map(_plain, group))), None)
            possible = self._fields if whole is None else [s for s in (None, *whole) if s in self._fields]
            known = self._sources[language] = [
                source
                for source in possible
                if source is None
                or all(any(compiled(widened(glob)).matches(source) for glob in group) for group in language.all_of)
            ]
        return known


def _texts(language: Language) -> list[str]:
    """Texts of which each one that a language holds is one, as addresses; what tells most, if there is a choice."""
    groups = [[_address(glob) for glob in group] for group in language.all_of] or [[STAR]]
    return groups[0] if len(groups) == 1 else max(groups, key=_telling)


def _telling(addresses: list[str]) -> tuple[bool, int]:
    """How much addresses tell apart: whole texts more than beginnings, which many messages leave open."""
    joined = "".join(addresses)
    return STAR not in joined and ANY not in joined, min(map(len, addresses), default=0)


def _address(glob: str) -> str:
    """What a text looks like in a directory: of an ARN what it ends with, if no colon can hide in what is not known."""
    hiding = [STAR, ANY, *[symbol for symbol in symbols_in(glob) if kind_of(symbol) in {"free", "fixed"}]]
    ends = [found for symbol in hiding if (found := glob.find(symbol)) >= 0]
    known = glob[: min(ends)] if ends else glob
    if ends and (known.startswith(_ARN) or _ARN.startswith(known)):
        return STAR
    return f"text:{glob.rpartition(':')[2] if known.startswith(_ARN) else glob}"


def _behind(source: str | None, address: str) -> str:
    """An address among those for one source."""
    return f"source:{source or ''}:{address}"


def _plain(glob: str) -> bool:
    return STAR not in glob and ANY not in glob and not has_symbols(glob)
