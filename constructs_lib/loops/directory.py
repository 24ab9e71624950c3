"""Things by their addresses, to be found by a pattern: two texts whose known beginnings differ are not the same."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import Generic, TypeVar

from constructs_lib.loops.addresses import looks_made_up
from constructs_lib.loops.keys import ANY, STAR
from constructs_lib.templates.symbols import kind_of, symbols_in

__all__ = ["Directory"]

T = TypeVar("T")

_BORDER = re.compile("[:/]")
_WILD = re.compile(f"[{STAR}{ANY}]")


class Directory(Generic[T]):
    """Things by their addresses; all are added before the first is asked for."""

    def __init__(self) -> None:
        self._all: dict[T, None] = {}
        self._by_address: dict[str, list[T]] = {}
        self._by_beginning: _Beginnings[T] = _Beginnings()
        self._like_made_up: _Beginnings[T] = _Beginnings()
        self._not_made_up: _Beginnings[T] = _Beginnings()
        self._not_known: _Beginnings[T] = _Beginnings()
        self._above: set[str] = set()

    def add(self, address: str, thing: T) -> None:
        """Add an address of a thing; what is inside of buckets is found by the bucket's address, which ends in `/`."""
        self._all[thing] = None
        self._above.update(address[: match.end()] for match in _BORDER.finditer(address, 0, len(address) - 1))
        self._by_beginning.add(address, thing)
        self._by_address.setdefault(address, []).append(thing)
        is_glob = _WILD.search(address) is not None
        kinds = {kind_of(character) for character in symbols_in(address)}
        if is_glob or "free" in kinds or looks_made_up(address):
            self._like_made_up.add(address, thing)
        if "generated" not in kinds or len(kinds) > 1:
            self._not_made_up.add(address, thing)
        if is_glob or kinds - {"generated"}:
            self._not_known.add(address, thing)

    def of(self, pattern: str) -> list[T]:
        """What a pattern may name, and perhaps others."""
        head = pattern.partition(STAR)[0].partition(ANY)[0]
        service, colon, _ = head.partition(":")
        if not colon:
            return list(self._all)
        start = _beginning(head)
        if service == "s3":
            name = head[: head.find("/") + 1]
        else:
            name = head if head == pattern or head.endswith((":", "/")) else ""
        kinds = {kind_of(character) for character in symbols_in(name)}
        # What is inside of something: a route of an API, a version of a function.
        around = [thing for match in _BORDER.finditer(name) for thing in self._by_address.get(name[: match.end()], ())]
        if not name or name in self._above or "free" in kinds or looks_made_up(name):
            found = self._by_beginning.of(start)
        elif kinds - {"generated"}:
            found = [*around, *self._not_made_up.of(start)]
        else:
            # A known name is that of another only if the other is not known; one that is made up is like no other.
            loose = self._like_made_up if kinds else self._not_known
            found = [*around, *self._by_address.get(name, ()), *loose.of(start)]
        return found if len(found) < 2 else list(dict.fromkeys(found))  # noqa: PLR2004


class _Beginnings(Generic[T]):
    """Things, to be found by the beginning of an address."""

    def __init__(self) -> None:
        self._all: list[T] = []
        self._by_start: dict[str, list[int]] = {}
        self._sorted: list[str] = []
        self._lengths: list[int] = []

    def add(self, address: str, thing: T) -> None:
        self._by_start.setdefault(_beginning(address), []).append(len(self._all))
        self._all.append(thing)

    def of(self, start: str) -> list[T]:
        """What a text with this beginning may be an address of, in the order in which it came."""
        if not self._sorted:
            self._sorted = sorted(self._by_start)
            self._lengths = sorted({len(known) for known in self._by_start})
        found = [
            position
            for length in self._lengths
            if length < len(start)
            for position in self._by_start.get(start[:length], ())
        ]
        for index in range(bisect_left(self._sorted, start), len(self._sorted)):
            if not self._sorted[index].startswith(start):
                break
            found += self._by_start[self._sorted[index]]
        return [self._all[position] for position in sorted(found)]


def _beginning(text: str) -> str:
    """What a text or glob begins with, up to what is not known of it."""
    end = min((text.index(symbol) for symbol in symbols_in(text)), default=len(text))
    wild = _WILD.search(text, 0, end)
    return text[: wild.start() if wild else end]
