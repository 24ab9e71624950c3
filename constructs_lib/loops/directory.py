"""Things by their addresses, to be found by a pattern: two texts whose known beginnings differ are not the same."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

from constructs_lib.loops.addresses import looks_made_up
from constructs_lib.loops.keys import ANY, STAR
from constructs_lib.templates.grouped import Grouped
from constructs_lib.templates.symbols import FIRST_SYMBOL, kinds_in

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Directory"]

T = TypeVar("T")
_MADE_UP = {"generated"}
_UNKNOWN = re.compile(f"[{STAR}{ANY}{FIRST_SYMBOL}-\U0010ffff]")


class Directory(Generic[T]):
    """Things by their addresses; all are added before the first is asked for."""

    def __init__(self) -> None:
        self._addresses: list[str] = []
        self._things: list[T] = []
        self._inside: dict[str, tuple[int, ...]] = {}

    def add(self, address: str, thing: T) -> None:
        """Add an address of a thing; what is inside of buckets is found by the bucket's address, which ends in `/`."""
        self._addresses.append(address)
        self._things.append(thing)

    def of(self, pattern: str) -> list[T]:
        """What a pattern may name, and perhaps others."""
        if self.finds_all(pattern):
            return self._all
        head = pattern.partition(STAR)[0].partition(ANY)[0]
        if head.startswith("s3:"):
            name = head[: head.find("/") + 1]
        else:
            name = head if head == pattern or head[-1] in ":/" else ""
        kinds = kinds_in(name)
        like_made_up, not_made_up, not_known = self._groups
        positions: Sequence[int]
        if not name or name in self._above or "free" in kinds or looks_made_up(name):
            positions = self._by_beginning.of(head)
        elif kinds - _MADE_UP:
            positions = [*self._around(name), *not_made_up.of(head)]
        else:
            # A known name is that of another only if the other is not known; one that is made up is like no other.
            loose = like_made_up if kinds else not_known
            positions = [*self._around(name), *self._by_address.of(name), *loose.of(head)]
        found = [self._things[position] for position in positions]
        return found if len(found) < 2 else list(dict.fromkeys(found))  # noqa: PLR2004

    def finds_all(self, pattern: str) -> bool:
        """Whether a pattern begins with nothing that tells anything apart, such as the name of a service."""
        head, colon, _ = pattern.partition(":")
        return not colon or STAR in head or ANY in head

    def _around(self, name: str) -> tuple[int, ...]:
        """Those inside of which a name is: an API around its route, a function around its version."""
        border = above = _container(name)
        found = self._inside.get(border)
        if found is None:
            found = ()
            while above:
                found += tuple(self._by_address.of(above))
                above = _container(above)
            self._inside[border] = found
        return found

    @cached_property
    def _all(self) -> list[T]:
        return list(dict.fromkeys(self._things))

    @cached_property
    def _by_address(self) -> Grouped[str, int]:
        found: Grouped[str, int] = Grouped()
        for position, address in enumerate(self._addresses):
            found.add(address, position)
        return found

    @cached_property
    def _above(self) -> set[str]:
        """What addresses are below of, up to a border."""
        found: set[str] = set()
        for address in self._addresses:
            above = _container(address)
            while above and above not in found:
                found.add(above)
                above = _container(above)
        return found

    @cached_property
    def _by_beginning(self) -> _Beginnings:
        return _Beginnings(self._addresses, range(len(self._addresses)))

    @cached_property
    def _groups(self) -> tuple[_Beginnings, _Beginnings, _Beginnings]:
        """Those that may turn out to be a made-up name; that are not made up; that are not known, but not made up."""
        groups: tuple[list[int], list[int], list[int]] = ([], [], [])
        for position, address in enumerate(self._addresses):
            kinds = kinds_in(address)
            is_glob = STAR in address or ANY in address
            is_made_up = kinds == _MADE_UP
            if is_glob or "free" in kinds or looks_made_up(address):
                groups[0].append(position)
            if not is_made_up:
                groups[1].append(position)
            if is_glob or (kinds and not is_made_up):
                groups[2].append(position)
        like_made_up, not_made_up, not_known = (_Beginnings(self._addresses, group) for group in groups)
        return like_made_up, not_made_up, not_known


class _Beginnings:
    """Addresses, by position, to be found by their beginnings."""

    def __init__(self, addresses: Sequence[str], positions: Sequence[int]) -> None:
        self._addresses = addresses
        self._positions = positions

    @cached_property
    def _by_start(self) -> Grouped[str, int]:
        found: Grouped[str, int] = Grouped()
        for position in self._positions:
            found.add(_beginning(self._addresses[position]), position)
        return found

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self._by_start)

    @cached_property
    def _lengths(self) -> list[int]:
        return sorted({len(start) for start in self._by_start})

    def of(self, pattern: str) -> list[int]:
        """Those that a pattern, up to what is not known of it, may be a beginning of, or the other way round."""
        found: list[int] = []
        if not self._positions:
            return found
        start = _beginning(pattern)
        for length in self._lengths:
            if length >= len(start):
                break
            found += self._by_start.of(start[:length])
        for index in range(bisect_left(self._sorted, start), len(self._sorted)):
            if not self._sorted[index].startswith(start):
                break
            found += self._by_start.of(self._sorted[index])
        return sorted(found)


def _beginning(text: str) -> str:
    """What a text or glob begins with, up to what is not known of it."""
    unknown = _UNKNOWN.search(text)
    return text if unknown is None else text[: unknown.start()]


def _container(address: str) -> str:
    """An address up to its last border that is not its end."""
    last = len(address) - 1
    return address[: max(address.rfind(":", 0, last), address.rfind("/", 0, last)) + 1]
