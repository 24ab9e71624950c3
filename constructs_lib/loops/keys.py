"""Sets of S3 keys: notification filters, and the globs of IAM policies.

A filter with prefix P and suffix S is the set of keys that start with P and end with S, `P* ∩ *S`. It is not `P*S`:
the key `abc` matches prefix `ab` and suffix `bc`. See "Configuring event notifications using object key name
filtering" in the S3 user guide.

A glob is a text in which `STAR` stands for any text and `ANY` for any one character; they are control characters, so
that a literal `*` or `?`, which S3 keys may contain, needs no escape.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_plus

from constructs_lib.templates.symbols import FIRST_SYMBOL

__all__ = ["ANY", "MAX_KEY_BYTES", "STAR", "Filter", "Glob", "filters_overlap", "glob_meets", "literal", "show_glob"]

STAR = "\x00"
ANY = "\x01"
MAX_KEY_BYTES = 1024
"""An S3 key's length limit, in bytes of UTF-8 ("Naming Amazon S3 objects")."""


def literal(text: str) -> str:
    """A text as a glob that matches it alone."""
    return text.replace(STAR, "\ufffd").replace(ANY, "\ufffd")


def show_glob(glob: str) -> str:
    """A glob as people write it."""
    return glob.replace(STAR, "*").replace(ANY, "?")


@dataclass(frozen=True)
class Filter:
    """The keys that a notification's filter lets through.

    Args:
        prefix: what a key starts with.
        suffix: what it ends with.

    >>> Filter("ab", "bc").matches("abc")
    True
    """

    prefix: str = ""
    suffix: str = ""

    def matches(self, key: str) -> bool:
        """Whether the filter lets a key through."""
        return key.startswith(self.prefix) and key.endswith(self.suffix)

    def readings(self) -> tuple[Filter, ...]:
        """This filter as written and, if it differs, URL-decoded: S3 compares the encoded key, people write both."""
        if "+" not in self.prefix + self.suffix and "%" not in self.prefix + self.suffix:
            return (self,)
        decoded = Filter(unquote_plus(self.prefix), unquote_plus(self.suffix))
        return (self,) if decoded == self else (self, decoded)

    def __str__(self) -> str:
        if self.prefix and self.suffix:
            return f"`{self.prefix}` + `{self.suffix}`"
        return f"`{self.prefix}*`" if self.prefix else f"`*{self.suffix}`"


def filters_overlap(one: Filter, other: Filter) -> str | None:
    """A key that both filters let through, or None if there is none.

    Two filters overlap exactly if one prefix starts with the other and one suffix ends with the other: the longer
    prefix and the longer suffix, one after the other, make such a key.

    >>> filters_overlap(Filter("in/"), Filter("in/raw/", ".jpg"))
    'in/raw/a.jpg'
    >>> filters_overlap(Filter("in/"), Filter("out/")) is None
    True
    """
    for first in one.readings():
        for second in other.readings():
            key = _key_of_both(first, second)
            if key is not None:
                return key
    return None


def _key_of_both(one: Filter, other: Filter) -> str | None:
    short, prefix = sorted((one.prefix, other.prefix), key=len)
    short_end, suffix = sorted((one.suffix, other.suffix), key=len)
    if not prefix.startswith(short) or not suffix.endswith(short_end):
        return None
    key = readable(prefix, suffix)
    if len(key.encode("utf-8", "replace")) <= MAX_KEY_BYTES:
        return key
    # The shortest common key lets prefix and suffix overlap as far as they can.
    overlap = next(k for k in range(min(len(prefix), len(suffix)), -1, -1) if prefix.endswith(suffix[:k]))
    key = prefix + suffix[overlap:]
    return key if len(key.encode("utf-8", "replace")) <= MAX_KEY_BYTES else None


def readable(prefix: str, suffix: str) -> str:
    """A key with that prefix and suffix which looks like one: `in/a.jpg` rather than `in/.jpg`."""
    bare = not prefix or prefix.endswith(("/", "-", "_", ".", " "))
    return prefix + ("a" if bare and (not suffix or suffix.startswith(".")) else "") + suffix


class Glob:
    """A compiled glob: its characters as bit sets over positions, so that a whole set of positions steps at once."""

    __slots__ = ("_any", "_literals", "_star", "end", "length", "text")

    def __init__(self, text: str) -> None:
        while STAR + STAR in text:
            text = text.replace(STAR + STAR, STAR)
        self.text = text
        self.length = len(text)
        self.end = 1 << self.length
        self._any = self._star = 0
        self._literals: dict[str, int] = {}
        for index, character in enumerate(text):
            bit = 1 << index
            if character == STAR:
                self._star |= bit
            elif character == ANY:
                self._any |= bit
            else:
                self._literals[character] = self._literals.get(character, 0) | bit

    @property
    def start(self) -> int:
        """The positions before anything is read."""
        return self._opened(1)

    def read(self, positions: int, text: str) -> int:
        """The positions after a text is read."""
        for character in text:
            if not positions:
                return 0
            if character == STAR:  # an unknown text: every later position can be reached
                positions = (self.end << 1) - (positions & -positions)
                continue
            fits = self._literals.get(character, 0)
            if character == ANY:
                fits = self.end - 1 & ~self._star
            elif character < FIRST_SYMBOL:  # a symbol may be more than one character
                fits |= self._any
            positions = self._opened(((positions & fits) << 1) | (positions & self._star))
        return positions

    def before(self, positions: int, character: str) -> int:
        """The positions from which a character leads to one of the positions."""
        fits = self._literals.get(character, 0) | (self._any if character < FIRST_SYMBOL else 0)
        found = ((positions >> 1) & fits) | (positions & self._star)
        return found | ((found >> 1) & self._star)

    @property
    def accepting(self) -> int:
        """The positions from which nothing more needs to be read."""
        return self.end | ((self.end >> 1) & self._star)

    @property
    def open_ended(self) -> int:
        """The positions from which everything is accepted."""
        return self.accepting & self._star

    def matches(self, text: str) -> bool:
        """Whether the glob matches a text."""
        return bool(self.read(self.start, text) & self.end)

    def mandatory(self, start: int, end: int) -> str:
        """The shortest text that leads from one position to a later one."""
        return self.text[start:end].replace(STAR, "").replace(ANY, "a")

    def characters(self) -> set[str]:
        """The literal characters."""
        return set(self._literals)

    def _opened(self, positions: int) -> int:
        return positions | ((positions & self._star) << 1)


@lru_cache(maxsize=65536)
def compiled(text: str) -> Glob:
    """The compiled glob of a text."""
    return Glob(text)


def glob_meets(glob: str, prefix: str, suffix: str) -> str | None:
    """The shortest text that a glob matches, that starts with a prefix and ends with a suffix; None if there is none.

    Exact, in O(|glob| · (|prefix| + |suffix|)) on bit sets. A text in all three is either shorter than prefix and
    suffix together, then the prefix ends with a beginning of the suffix; or it is prefix, something, suffix, and a
    later position of the glob can be reached from an earlier one by some text.
    """
    head = len(prefix)
    if STAR not in glob and ANY not in glob:
        return glob if glob.startswith(prefix) and glob.endswith(suffix) else None
    machine = compiled(glob)
    after = machine.read(machine.start, prefix)
    if not after:
        return None
    remaining = machine.accepting
    tails = [remaining]
    for character in reversed(suffix):
        remaining = machine.before(remaining, character)
        tails.append(remaining)
    tails.reverse()  # tails[k]: the positions from which suffix[k:] is accepted
    for overlap in range(min(head, len(suffix)), -1, -1):
        if after & tails[overlap] and prefix.endswith(suffix[:overlap]):
            return prefix + suffix[overlap:]
    best: str | None = None
    goals = tails[0]
    while goals:
        end = goals.bit_length() - 1
        goals ^= 1 << end
        earlier = after & ((2 << end) - 1)
        if earlier:
            between = machine.mandatory(earlier.bit_length() - 1, end)
            if best is None or len(between) < len(best):
                best = between
    return None if best is None else prefix + best + suffix
