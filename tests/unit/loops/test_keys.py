"""Key patterns: the cases that people get wrong."""

from __future__ import annotations

import re
from itertools import product

import pytest

from constructs_lib.loops.keys import (
    ANY,
    STAR,
    Filter,
    compiled,
    filters_overlap,
    glob_meets,
    literal,
    readable,
    show_glob,
)
from constructs_lib.loops.languages import Language
from constructs_lib.templates.symbols import FIRST_SYMBOL


@pytest.mark.parametrize(
    ("one", "other", "witness"),
    [
        (Filter(), Filter(), "a"),
        (Filter("in/"), Filter("in/raw/"), "in/raw/a"),
        (Filter("in/", ".jpg"), Filter("in/raw/", "g"), "in/raw/a.jpg"),
        (Filter("ab", ""), Filter("", "bc"), "abbc"),
        (Filter("in/"), Filter("out/"), None),
        (Filter("in/", ".jpg"), Filter("in/", ".png"), None),
        (Filter("a b"), Filter("a+b"), "a b"),
        (Filter("%C3%A4/"), Filter("ä/"), "ä/a"),
        (Filter("in%2F", "%2Ejpg"), Filter("in/", ".jpg"), "in/a.jpg"),
        (Filter("in/", "+.jpg"), Filter("", " .jpg"), "in/ .jpg"),
        (Filter("", "b"), Filter("", "ab"), "ab"),
        (Filter("b"), Filter("ba"), "ba"),
        (Filter("x" * 1024), Filter("", "x"), "x" * 1024),
        (Filter("x" * 1023), Filter("", "y"), "x" * 1023 + "y"),
        (Filter("ä" * 512), Filter("", "ä"), "ä" * 512),
        (Filter("ä" * 512), Filter("", "b"), None),
        (Filter("x" * 1024), Filter("", "y"), None),
    ],
)
def test_two_filters_overlap_in_a_key_of_both(one: Filter, other: Filter, witness: str | None) -> None:
    assert filters_overlap(one, other) == witness


@pytest.mark.parametrize(
    ("glob", "prefix", "suffix", "witness"),
    [
        ("photos/*", "photos/", ".jpg", "photos/.jpg"),
        ("abc", "ab", "bc", "abc"),
        ("a*c", "ab", "bc", "abc"),
        ("*", "", "", ""),
        ("abc", "x", "c", None),
        ("abc", "a", "x", None),
        ("a?*b?", "", "", "aaba"),
        ("a?c", "", "bc", "abc"),
        ("a?c", "ab", "cc", None),
        ("thumbs/*", "photos/", "", None),
        ("*/thumb", "photos/", "", "photos/thumb"),
        ("*-x-*", "in/", ".jpg", "in/-x-.jpg"),
    ],
)
def test_a_glob_meets_a_filter_in_its_shortest_key(glob: str, prefix: str, suffix: str, witness: str | None) -> None:
    assert glob_meets(glob.replace("*", STAR).replace("?", "\x01"), prefix, suffix) == witness


def texts(letters: str, most: int) -> list[str]:
    return ["".join(found) for length in range(most + 1) for found in product(letters, repeat=length)]


def test_a_glob_meets_all_that_it_should_in_a_shortest_key_and_a_symbol_is_no_single_character() -> None:
    """Every glob of three characters with every prefix and suffix of two, against every key."""
    fixes, keys = texts(f"a{FIRST_SYMBOL}", 2), texts(f"a{FIRST_SYMBOL}", 7)
    for glob in texts(f"a{FIRST_SYMBOL}{STAR}{ANY}", 3):
        shape = re.compile(glob.replace(STAR, ".*").replace(ANY, f"[^{FIRST_SYMBOL}]"))
        matching = list(filter(shape.fullmatch, keys))
        for prefix, suffix in product(fixes, fixes):
            witness = glob_meets(glob, prefix, suffix)
            shortest = next((key for key in matching if key.startswith(prefix) and key.endswith(suffix)), None)

            assert (witness is None) == (shortest is None), (glob, prefix, suffix)
            if witness is not None and shortest is not None:
                assert witness in matching
                assert witness.startswith(prefix)
                assert witness.endswith(suffix)
                assert len(witness) == len(shortest)


def test_what_is_excluded_leaves_the_rest() -> None:
    everything_under_in = Language((("in/" + STAR,),), ("in/a" + STAR, "in/b" + STAR, "in/"))

    assert everything_under_in.sure() == "in/c"


def test_what_is_excluded_may_leave_nothing() -> None:
    assert Language((("in/" + STAR,),), ("i" + STAR,)).may() is None


def test_a_key_is_never_longer_than_s3_takes() -> None:
    assert Language((("x" * 1000 + STAR,), (STAR + "y" * 100,))).may() is None


@pytest.mark.parametrize(("key", "through"), [("in/a.jpg", True), ("in/a.png", False), ("out/a.jpg", False)])
def test_a_filter_lets_through_what_has_both_its_prefix_and_its_suffix(key: str, through: bool) -> None:  # noqa: FBT001
    assert Filter("in/", ".jpg").matches(key) is through


@pytest.mark.parametrize(
    ("written", "readings"),
    [
        (Filter("in/", ".jpg"), [Filter("in/", ".jpg")]),
        (Filter("a+b", "%2Ejpg"), [Filter("a+b", "%2Ejpg"), Filter("a b", ".jpg")]),
        (Filter("100%", ""), [Filter("100%", "")]),
    ],
)
def test_a_filter_is_read_as_written_and_decoded_if_that_differs(written: Filter, readings: list[Filter]) -> None:
    assert list(written.readings()) == readings


@pytest.mark.parametrize(
    ("prefix", "suffix", "key"),
    [
        ("", "", "a"),
        ("in/", "", "in/a"),
        ("in-", ".jpg", "in-a.jpg"),
        ("in_", ".jpg", "in_a.jpg"),
        ("in.", ".jpg", "in.a.jpg"),
        ("in ", ".jpg", "in a.jpg"),
        ("in", ".jpg", "in.jpg"),
        ("in/", "x.jpg", "in/x.jpg"),
    ],
)
def test_a_witness_looks_like_a_key(prefix: str, suffix: str, key: str) -> None:
    assert readable(prefix, suffix) == key


def test_a_filter_and_a_glob_are_shown_as_people_write_them() -> None:
    shown = [str(Filter("in/")), str(Filter("", ".jpg")), str(Filter("in/", ".jpg")), show_glob(f"a{STAR}b{ANY}")]

    assert shown == ["`in/*`", "`*.jpg`", "`in/` + `.jpg`", "a*b?"]


@pytest.mark.parametrize(
    ("glob", "text", "tails"),
    [
        ("abc", "a", ["bc"]),
        ("abc", "*", ["", "abc", "bc", "c"]),  # what is unknown may be nothing, too
        ("abc", "a*", ["", "bc", "c"]),
        ("abc", "*b", ["c"]),
        ("abc", "*bd", []),
        ("abc", "?", ["bc"]),
        ("?bc", "?b", ["c"]),
        ("a*c", "a?", ["", "*c", "c"]),
        ("a*c", "a*c", ["", "*c", "c"]),
        ("abc", "d*", []),
        ("abc", "abc?", []),
        ("abc", "abc*", [""]),
    ],
)
def test_a_glob_reads_what_is_not_known_as_any_text(glob: str, text: str, tails: list[str]) -> None:
    machine = compiled(_compiled(glob))
    positions = machine.read(machine.start, _compiled(text))
    left = [machine.text[index:] for index in range(machine.length + 1) if positions >> index & 1]

    assert sorted(map(show_glob, left)) == tails
    assert positions < machine.end << 1


@pytest.mark.parametrize("text", ["a*b", "a?b"])
def test_a_literal_star_is_no_wildcard(text: str) -> None:
    assert compiled(literal(text)).matches(text)
    assert not compiled(literal(text)).matches("axb")


def test_control_characters_of_a_text_are_no_wildcards() -> None:
    assert not compiled(literal(f"a{STAR}{ANY}")).matches("abc")
    assert len(literal(f"a{STAR}{ANY}")) == 3


def _compiled(glob: str) -> str:
    return glob.replace("*", STAR).replace("?", ANY)
