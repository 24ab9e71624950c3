"""Channels by how their addresses begin: two texts whose known beginnings differ are not the same."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from constructs_lib.loops.keys import ANY, STAR
from constructs_lib.templates.symbols import symbols_in

if TYPE_CHECKING:
    from constructs_lib.loops.edges import Channel

__all__ = ["Beginnings", "beginning"]

_WILD = re.compile(f"[{STAR}{ANY}]")


def beginning(text: str) -> str:
    """What a text or glob begins with, up to what is not known of it."""
    end = min((text.index(symbol) for symbol in symbols_in(text)), default=len(text))
    wild = _WILD.search(text, 0, end)
    return text[: wild.start() if wild else end]


class Beginnings:
    """Channels, to be found by the beginning of an address."""

    def __init__(self) -> None:
        self._all: list[Channel] = []
        self._by_start: dict[str, list[int]] = {}
        self._sorted: list[str] = []
        self._lengths: list[int] = []

    def add(self, name: str, channel: Channel) -> None:
        """Add an address of a channel; all are added before the first is asked for."""
        self._by_start.setdefault(beginning(name), []).append(len(self._all))
        self._all.append(channel)

    def of(self, start: str) -> list[Channel]:
        """The channels that a text with this beginning may be an address of, in the order in which they came."""
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
