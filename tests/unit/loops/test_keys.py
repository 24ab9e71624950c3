"""Key patterns: the cases that people get wrong."""

from __future__ import annotations

import pytest

from constructs_lib.loops.keys import STAR, Filter, filters_overlap, glob_meets
from constructs_lib.loops.languages import Language


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
        (Filter("x" * 1024), Filter("", "x"), "x" * 1024),
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
        ("a?c", "", "bc", "abc"),
        ("a?c", "ab", "cc", None),
        ("thumbs/*", "photos/", "", None),
        ("*/thumb", "photos/", "", "photos/thumb"),
        ("*-x-*", "in/", ".jpg", "in/-x-.jpg"),
    ],
)
def test_a_glob_meets_a_filter_in_its_shortest_key(glob: str, prefix: str, suffix: str, witness: str | None) -> None:
    assert glob_meets(glob.replace("*", STAR).replace("?", "\x01"), prefix, suffix) == witness


def test_what_is_excluded_leaves_the_rest() -> None:
    everything_under_in = Language((("in/" + STAR,),), ("in/a" + STAR, "in/b" + STAR, "in/"))

    assert everything_under_in.sure() == "in/c"


def test_what_is_excluded_may_leave_nothing() -> None:
    assert Language((("in/" + STAR,),), ("i" + STAR,)).may() is None


def test_a_key_is_never_longer_than_s3_takes() -> None:
    assert Language((("x" * 1000 + STAR,), (STAR + "y" * 100,))).may() is None
