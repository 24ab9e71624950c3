"""The decision on S3 keys against brute force over every key of a small alphabet, and against interegular."""

from __future__ import annotations

import random
import re
import sys
from functools import cache
from itertools import product

import interegular
import pytest

from constructs_lib.loops.keys import ANY, STAR, Filter, filters_overlap, glob_meets
from constructs_lib.loops.languages import Language

WILDCARDS = {"*": STAR, "?": ANY}
TEXTS = ["".join(letters) for length in range(4) for letters in product("ab", repeat=length)]
GLOBS = ["".join(letters) for length in range(5) for letters in product("ab*?", repeat=length)]
# A shortest common key is at most as long as prefix, suffix and glob together.
KEYS = ["".join(letters) for length in range(11) for letters in product("ab", repeat=length)]


def compiled(glob: str) -> str:
    return "".join(WILDCARDS.get(character, character) for character in glob)


@cache
def pattern(glob: str) -> re.Pattern[str]:
    return re.compile("".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in glob), re.DOTALL)


@cache
def members(glob: str) -> int:
    """The keys that a glob matches, as a bit set over `KEYS`."""
    matches = pattern(glob).fullmatch
    return sum(1 << index for index, key in enumerate(KEYS) if matches(key))


def test_a_glob_meets_a_filter_exactly_if_some_key_is_in_both() -> None:
    wrong = []
    for glob, prefix, suffix in product(GLOBS, TEXTS, TEXTS):
        witness = glob_meets(compiled(glob), prefix, suffix)
        expected = members(glob) & members(f"{prefix}*") & members(f"*{suffix}")
        if witness is None:
            right = not expected
        else:
            shortest = min(len(KEYS[index]) for index in (expected.bit_length() - 1, _lowest(expected)))
            right = bool(pattern(glob).fullmatch(witness)) and Filter(prefix, suffix).matches(witness)
            right = right and len(witness) == shortest
        if not right:
            wrong.append((glob, prefix, suffix, witness))

    assert len(GLOBS) * len(TEXTS) ** 2 == 76_725
    assert wrong == []


def _lowest(bits: int) -> int:
    return (bits & -bits).bit_length() - 1


def test_two_filters_overlap_exactly_if_some_key_is_in_both() -> None:
    wrong = [
        (one, other)
        for one, other in product((Filter(*texts) for texts in product(TEXTS, TEXTS)), repeat=2)
        if not _overlap_is_right(one, other)
    ]

    assert wrong == []


def _overlap_is_right(one: Filter, other: Filter) -> bool:
    key = filters_overlap(one, other)
    if key is not None:
        return one.matches(key) and other.matches(key)
    expected = members(f"{one.prefix}*") & members(f"*{one.suffix}")
    return not expected & members(f"{other.prefix}*") & members(f"*{other.suffix}")


def test_exclusions_leave_exactly_what_brute_force_leaves() -> None:
    assert disagreements_on_exclusions(count=4_000, seed=1) == []


def disagreements_on_exclusions(*, count: int, seed: int) -> list[tuple[list[list[str]], list[str], str | None]]:
    choose = random.Random(seed)  # noqa: S311 - test data
    wrong = []
    for _ in range(count):
        groups = [[choose.choice(GLOBS) for _ in range(choose.randint(1, 2))] for _ in range(choose.randint(1, 3))]
        excluded = [choose.choice(GLOBS) for _ in range(choose.randint(0, 3))]
        language = Language(tuple(tuple(map(compiled, group)) for group in groups), tuple(map(compiled, excluded)))
        witness = language.sure()
        if witness is None:
            left = -1
            for group in groups:
                left &= members(group[0]) | members(group[-1])
            for glob in excluded:
                left &= ~members(glob)
            right = not left & ((1 << len(KEYS)) - 1)
        else:
            right = all(any(pattern(glob).fullmatch(witness) for glob in group) for group in groups)
            right = right and not any(pattern(glob).fullmatch(witness) for glob in excluded)
        if not right or language.may() != witness:
            wrong.append((groups, excluded, witness))
    return wrong


def disagreements_with_interegular(*, count: int, seed: int) -> list[tuple[str, str, str, str | None]]:
    """Globs over a larger alphabet: what an automaton costs is shared by the filters that are held against it."""
    choose = random.Random(seed)  # noqa: S311 - test data
    filters = [
        (prefix, suffix, automaton(f"{prefix}*") & automaton(f"*{suffix}"))
        for prefix, suffix in ([_text(choose) for _ in range(2)] for _ in range(min(count // 10, 2_000)))
    ]
    wrong = []
    for _ in range(-(-count // FILTERS_PER_GLOB)):
        glob = "".join(choose.choices("abc/.*?", k=choose.randint(0, 7)))
        machine = automaton(glob)
        for prefix, suffix, between in choose.choices(filters, k=FILTERS_PER_GLOB):
            witness = glob_meets(compiled(glob), prefix, suffix)
            if (witness is None) != (machine & between).empty():
                wrong.append((glob, prefix, suffix, witness))
    return wrong


FILTERS_PER_GLOB = 20


def _text(choose: random.Random) -> str:
    return "".join(choose.choices("abc/.", k=choose.randint(0, 3)))


def automaton(glob: str) -> interegular.FSM:
    return interegular.parse_pattern(pattern(glob).pattern).to_fsm()


def test_interegular_agrees_on_random_globs_and_filters() -> None:
    assert disagreements_with_interegular(count=3_000, seed=1) == []


@pytest.mark.integration
def test_both_oracles_agree_on_a_hundred_thousand_cases_each() -> None:
    assert disagreements_on_exclusions(count=100_000, seed=2) == []
    assert disagreements_with_interegular(count=100_000, seed=2) == []


def main() -> int:
    """`python tests/property/test_key_laws.py 1000000`: that many random cases against each of the two oracles."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    failed = False
    for disagreements in (disagreements_on_exclusions, disagreements_with_interegular):
        wrong = disagreements(count=count, seed=count)
        failed = failed or bool(wrong)
        sys.stdout.write(f"{disagreements.__name__}: {count} cases, {len(wrong)} wrong\n")
        sys.stdout.write("".join(f"{case}\n" for case in wrong[:20]))
        sys.stdout.flush()
    return failed


if __name__ == "__main__":
    sys.exit(main())
