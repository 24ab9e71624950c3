"""Sets of texts given by what their members match and what they must not match, and whether any member exists.

Texts may hold symbols (see `constructs_lib.templates.symbols`), so there are two readings. `sure` takes a symbol for
one letter of its own: what is found then holds whatever the symbol stands for. `may` takes it for any text and leaves
out exclusions that are not certain: what is not found then cannot be, whatever it stands for.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from functools import lru_cache

from constructs_lib.loops.keys import ANY, MAX_KEY_BYTES, STAR, Glob, compiled, glob_meets, readable
from constructs_lib.templates.symbols import has_symbols, kind_of, replaced, symbols_in

__all__ = ["ABSENT", "ANYTHING", "NOT_TEXT", "RESERVED", "UNDECIDED", "Language", "looks_made_up", "widened"]

ABSENT = "\x02"
"""The value of a field that a message does not have; no text is equal to it."""
NOT_TEXT = "\x03"
"""The value of a field that is a number or the like; no text is equal to it."""
RESERVED = f"aws.{STAR}"
"""The sources of AWS's own events: nobody gives one a name that begins so, for it would be refused."""

MAX_STATES = 20_000
UNDECIDED = "…"
"""The witness of a search that was given up: something may be in the set, nobody knows what."""


@dataclass(unsafe_hash=True, slots=True)
class Language:
    """The texts that match one glob of each group and none of the excluded ones.

    Args:
        all_of: groups of globs; a text matches at least one of each group.
        none_of: globs that it does not match.
    """

    all_of: tuple[tuple[str, ...], ...] = ()
    none_of: tuple[str, ...] = ()

    def __and__(self, other: Language) -> Language:
        if other.all_of == () and other.none_of == ():
            return self
        if self.all_of == () and self.none_of == () and len(other.all_of) < 2 and len(other.none_of) < 2:  # noqa: PLR2004
            return other
        return Language(
            tuple(dict.fromkeys(self.all_of + other.all_of)), tuple(dict.fromkeys(self.none_of + other.none_of))
        )

    def sure(self) -> str | None:
        """A text that is in the set for certain, or None."""
        found = _witness(self.all_of, tuple(widened(glob) for glob in self.none_of))
        return None if found == UNDECIDED else found

    def may(self) -> str | None:
        """A text that may be in the set, or None if the set is empty for certain."""
        if not any(has_symbols(glob) for group in self.all_of for glob in group):
            excluded = tuple(glob for glob in self.none_of if not has_symbols(glob))
            return _witness(self.all_of, excluded)
        # A glob without what it is a part of is nothing, whatever its symbols stand for, each for one text.
        if any(all(any(_covers(none, glob) for none in self.none_of) for glob in group) for group in self.all_of):
            return None
        if not _names_meet(self.all_of):
            return None
        shortened = _without_shared_beginning(self.all_of)
        if shortened is not None and _witness(shortened, ()) is None:
            return None
        groups = tuple(tuple(map(widened, group)) for group in self.all_of)
        return _witness(groups, tuple(glob for glob in self.none_of if not has_symbols(glob)))

    def symbols(self) -> list[str]:
        """The symbol characters in it."""
        texts = [glob for group in self.all_of for glob in group] + list(self.none_of)
        return list(dict.fromkeys(character for text in texts for character in symbols_in(text)))


ANYTHING = Language()
_MADE_UP_ENDING = re.compile(r"-[a-zA-Z0-9]{12,14}(\.fifo)?$")
_LONGEST_ENDING = 24
_SHAPES = {"twelve": ANY * 12, "region": f"{STAR}-{STAR}-{STAR}"}


def looks_made_up(name: str) -> bool:
    """Whether a known name ends as those do that CloudFormation makes up, so that it may be one."""
    ending = name.rstrip("/:")[-_LONGEST_ENDING:]
    return "-" in ending and _MADE_UP_ENDING.search(ending) is not None


def widened(glob: str) -> str:
    """A glob that matches whatever the symbols in it may stand for."""
    return replaced(glob, lambda character: _SHAPES.get(kind_of(character), STAR))


def _names_meet(all_of: tuple[tuple[str, ...], ...]) -> bool:
    """Whether groups of whole names may have one in common: a name that is made up is like no other."""
    groups = [group for group in all_of if all(map(_is_name, group))]
    return not groups or any(
        all(any(_may_be_one(name, other) for other in group) for group in groups[1:]) for name in groups[0]
    )


def _is_name(glob: str) -> bool:
    return STAR not in glob and ANY not in glob and (not has_symbols(glob) or _is_made_up(glob))


def _is_made_up(glob: str) -> bool:
    return len(glob) == 1 and has_symbols(glob) and kind_of(glob) == "generated"


def _may_be_one(name: str, other: str) -> bool:
    if name == other:
        return True
    known = [one for one in (name, other) if not _is_made_up(one)]
    return len(known) == 1 and looks_made_up(known[0])


def _covers(excluded: str, glob: str) -> bool:
    """Whether a glob is a part of another, whatever the symbols in both turn out to be."""
    head = excluded[:-1]
    begins = excluded.endswith(STAR) and STAR not in head and ANY not in head and glob.startswith(head)
    return begins or excluded == glob


def _without_shared_beginning(all_of: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...] | None:
    """What is left behind a beginning with a symbol that all globs share, for the same symbol is the same text."""
    cut = _shared_beginning(all_of)
    if not cut:
        return None
    shortened: list[tuple[str, ...]] = []
    for group in all_of:
        if group[0].startswith(STAR):  # an ending: what was cut off may hold a part of it
            ending = group[0][1:]
            shortened.append((widened(group[0]), *(widened(ending[k:]) for k in range(len(ending) + 1))))
        else:
            shortened.append((widened(group[0][len(cut) :]),))
    return tuple(shortened)


def _shared_beginning(all_of: tuple[tuple[str, ...], ...]) -> str:
    """The longest beginning, up to a symbol, of all globs that do not begin with `STAR`; empty if it has no symbol."""
    if any(len(group) != 1 for group in all_of):
        return ""
    heads = [group[0] for group in all_of if not group[0].startswith(STAR)]
    if not heads:
        return ""
    shared = min(heads, key=len)
    while not all(head.startswith(shared) for head in heads):
        shared = shared[:-1]
    for index, character in enumerate(shared):
        if character in {STAR, ANY}:
            shared = shared[:index]
            break
    symbols = symbols_in(shared)
    return shared[: shared.rindex(symbols[-1]) + 1] if symbols else ""


_NO_NAMES = frozenset({ABSENT, NOT_TEXT, RESERVED})
"""What no symbol turns out to be."""


def _keeps_out(glob: str, text: str) -> bool:
    """Whether an excluded glob may match a text, whatever the symbols in it turn out to be."""
    return compiled(glob).matches(text if glob in _NO_NAMES else widened(text))


def _read_excluded(machine: Glob, positions: int, letter: str) -> int:
    return machine.read(positions, letter if machine.text in _NO_NAMES else widened(letter))


@lru_cache(maxsize=65536)
def _witness(all_of: tuple[tuple[str, ...], ...], none_of: tuple[str, ...]) -> str | None:
    """A text in the set, readable if possible, else the shortest; `UNDECIDED` past the cap."""
    if any(glob.strip(STAR) == "" and glob for glob in none_of):
        return None
    known = next((group for group in all_of if not any(STAR in glob or ANY in glob for glob in group)), None)
    if known is not None:
        return min((text for text in known if _member(text, all_of, none_of)), key=_length_and_text, default=None)
    return _witness_of_globs(all_of, none_of)


def _witness_of_globs(all_of: tuple[tuple[str, ...], ...], none_of: tuple[str, ...]) -> str | None:
    quick = _quick(all_of)
    if quick is not None:
        prefix, suffix, found = quick
        if found is None:
            return None
        for text in dict.fromkeys((readable(prefix, suffix), *_dressed(found, suffix))):
            if _member(text, all_of, none_of):
                return text
        if not none_of:
            return None  # longer than a key may be
    found = _search([[compiled(glob) for glob in group] for group in all_of], [compiled(glob) for glob in none_of])
    if found is None or found == UNDECIDED:
        return found
    return next((text for text in _dressed(found, "") if _member(text, all_of, none_of)), found)


def _length_and_text(text: str) -> tuple[int, str]:
    return len(text), text


def _dressed(text: str, suffix: str) -> list[str]:
    """Variants of a witness that look more like a key; the witness itself last."""
    variants = []
    if suffix and text.endswith(suffix):
        variants.append(readable(text[: -len(suffix)], suffix))
    if not text or text.endswith("/"):
        variants.append(f"{text}a")
    head, slash, name = text.rpartition("/")
    if name.startswith("."):
        variants.append(f"{head}{slash}a{name}")
    return [*variants, text]


def _member(text: str, all_of: tuple[tuple[str, ...], ...], none_of: tuple[str, ...]) -> bool:
    return (
        len(text.encode("utf-8", "replace")) <= MAX_KEY_BYTES
        and all(any(compiled(glob).matches(text) for glob in group) for group in all_of)
        and not any(_keeps_out(glob, text) for glob in none_of)
    )


def _quick(all_of: tuple[tuple[str, ...], ...]) -> tuple[str, str, str | None] | None:
    """Prefix, suffix and shortest member if all globs but one are plain prefixes or suffixes; else None."""
    prefix = suffix = ""
    rest: list[str] = []
    for group in all_of:
        if len(group) != 1:
            return None
        glob = group[0]
        if glob == STAR:
            continue
        inner = glob.strip(STAR)
        if ANY in inner or STAR in inner or (glob[:1] == STAR) == (glob[-1:] == STAR):
            rest.append(glob)
        elif glob[-1] == STAR:
            short, long = sorted((prefix, glob.rstrip(STAR)), key=len)
            if not long.startswith(short):
                return "", "", None
            prefix = long
        else:
            short, long = sorted((suffix, glob.lstrip(STAR)), key=len)
            if not long.endswith(short):
                return "", "", None
            suffix = long
    if len(rest) > 1:
        return None
    return prefix, suffix, glob_meets(rest[0] if rest else STAR, prefix, suffix)


def _search(groups: list[list[Glob]], excluded: list[Glob]) -> str | None:
    """Breadth first over the product of all globs, determinised on the way: the shortest member."""
    machines = [*(glob for group in groups for glob in group), *excluded]
    letters = _letters(machines)
    borders = []
    first = 0
    for group in groups:
        borders.append((first, first + len(group)))
        first += len(group)
    start = tuple(machine.start for machine in machines)
    before: dict[tuple[int, ...], tuple[tuple[int, ...], str] | None] = {start: None}
    queue = deque([start])
    while queue:
        state = queue.popleft()
        if all(any(state[i] & machines[i].end for i in range(*border)) for border in borders) and not any(
            state[i] & machines[i].end for i in range(first, len(machines))
        ):
            return _spelled(state, before)
        for letter in letters:
            following = (
                *(machine.read(positions, letter) for machine, positions in zip(machines[:first], state, strict=False)),
                *(_read_excluded(*pair, letter) for pair in zip(excluded, state[first:], strict=True)),
            )
            if following in before:
                continue
            if not all(any(following[i] for i in range(*border)) for border in borders):
                continue
            if any(following[i] & machines[i].open_ended for i in range(first, len(machines))):
                continue
            if len(before) >= MAX_STATES:
                return UNDECIDED
            before[following] = (state, letter)
            queue.append(following)
    return None


def _letters(machines: list[Glob]) -> list[str]:
    """The characters that globs tell apart, and one that stands for all others."""
    mentioned: set[str] = set().union(*(machine.characters() for machine in machines))
    unmentioned = (*"abcdefghijklmnopqrstuvwxyz0123456789", *map(chr, range(0x100, 0x800)))
    other = next(character for character in unmentioned if character not in mentioned)
    return [other, *sorted(mentioned)]


def _spelled(state: tuple[int, ...], before: dict[tuple[int, ...], tuple[tuple[int, ...], str] | None]) -> str:
    letters: list[str] = []
    step = before[state]
    while step is not None:
        letters.append(step[1])
        step = before[step[0]]
    return "".join(reversed(letters))
