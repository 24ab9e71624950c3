"""Texts that are not known until deployment, kept exact: each unknown piece is one character.

`photos-${AWS::AccountId}` becomes `photos-` and one character from Unicode's unassigned planes that stands for the
account's id. So texts stay plain strings: equal strings are equal names whatever the deployment, and prefixes,
splitting, hashing and pattern matching work as they are.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

__all__ = [
    "FIRST_SYMBOL",
    "SHARED",
    "Kind",
    "Symbol",
    "Symbols",
    "has_symbols",
    "kind_of",
    "kinds_in",
    "replaced",
    "symbols_in",
]

FIRST_SYMBOL = "\U00040000"
"""Planes 4 to 16 hold no assigned character: room for 851,968 symbols."""
_SYMBOL = re.compile(f"[{FIRST_SYMBOL}-\U0010ffff]")

Kind = Literal["fixed", "twelve", "region", "free", "generated"]

# Where a symbol lies tells what texts it may stand for, so that no table is needed to widen a text.
_PLANES: dict[Kind, tuple[int, int]] = {
    "twelve": (0x40000, 0x4FFFF),
    "region": (0x50000, 0x5FFFF),
    "fixed": (0x60000, 0x6FFFF),
    "free": (0x70000, 0x9FFFF),
    "generated": (0xA0000, 0x10FFFF),
}
_KINDS: tuple[Kind, ...] = tuple(_PLANES)
_FIRST = [first for first, _ in _PLANES.values()]
SHARED = chr(_PLANES["free"][1])
"""The symbol of all that find no room."""
_NO_KINDS: frozenset[Kind] = frozenset()
_ALONE: dict[Kind, frozenset[Kind]] = {kind: frozenset([kind]) for kind in _KINDS}


@dataclass(frozen=True)
class Symbol:
    """A piece of text that the template does not tell.

    Args:
        label: how to show it, e.g. `${AWS::AccountId}`.
        kind: `generated` is a physical name that CloudFormation makes up, unlike any other; `free` may be anything;
            the others are one value for each deployment, outside the user's hands: `twelve` characters (an account,
            the last part of a stack's id), a `region`, or `fixed` without a known shape.
        why: for a free one, why it is not known.
    """

    label: str
    kind: Kind
    why: str = ""


class Symbols:
    """The symbols of one system of templates."""

    def __init__(self) -> None:
        self._characters: dict[Hashable, str] = {}
        self._labels: dict[str, str] = {}
        self._whys: dict[str, str] = {}
        self._next = {kind: first for kind, (first, _) in _PLANES.items()}

    def character(self, identity: Hashable, label: str, kind: Kind, why: str = "") -> str:
        """The character for a symbol; the same for the same identity."""
        character = self._characters.get(identity)
        if character is None:
            code = self._next[kind]
            if code >= _PLANES[kind][1]:
                code = ord(SHARED)
                label, why = "${…}", "there are too many unknown texts"
            else:
                self._next[kind] += 1
            character = self._characters[identity] = chr(code)
            self._labels[character] = label
            if why:
                self._whys[character] = why
        return character

    def __getitem__(self, character: str) -> Symbol:
        return Symbol(self._labels[character], kind_of(character), self._whys.get(character, ""))

    def show(self, text: str) -> str:
        """A text for people: symbols as their labels."""
        return text if text.isascii() else _SYMBOL.sub(lambda match: self[match[0]].label, text)

    def free_in(self, text: str) -> list[Symbol]:
        """The free symbols of a text, each once."""
        return list(dict.fromkeys([self[c] for c in symbols_in(text) if kind_of(c) == "free"]))


def has_symbols(text: str) -> bool:
    """Whether a text is not wholly known."""
    return not text.isascii() and _SYMBOL.search(text) is not None


def symbols_in(text: str) -> list[str]:
    """The symbol characters of a text."""
    return [] if text.isascii() else _SYMBOL.findall(text)


def kind_of(character: str) -> Kind:
    """The kind of a symbol character."""
    return _KINDS[bisect_right(_FIRST, ord(character)) - 1]


def kinds_in(text: str) -> frozenset[Kind]:
    """The kinds of the symbols of a text."""
    if text.isascii():
        return _NO_KINDS
    found = _SYMBOL.findall(text)
    return _ALONE[kind_of(found[0])] if len(found) == 1 else frozenset(map(kind_of, found))


def replaced(text: str, by: Callable[[str], str]) -> str:
    """A text with each symbol replaced by what a function makes of its character."""
    return text if text.isascii() else _SYMBOL.sub(lambda match: by(match[0]), text)
