"""Sets of texts in both readings: what is in them for certain, and what may be, where a part is not known."""

from __future__ import annotations

import pytest

from constructs_lib.loops import languages
from constructs_lib.loops.keys import ANY, STAR
from constructs_lib.loops.languages import ABSENT, ANYTHING, NOT_TEXT, UNDECIDED, Language
from constructs_lib.templates.symbols import Symbols

SYMBOLS = Symbols()
FREE = SYMBOLS.character("free", "${Free}", "free")
OTHER = SYMBOLS.character("other", "${Other}", "free")
ACCOUNT = SYMBOLS.character("account", "${AWS::AccountId}", "twelve")
REGION = SYMBOLS.character("region", "${AWS::Region}", "region")
BUCKET = SYMBOLS.character("bucket", "${Bucket}", "generated")
TABLE = SYMBOLS.character("table", "${Table}", "generated")
STACK = SYMBOLS.character("stack", "${AWS::StackName}", "fixed")


def texts(*groups: str | tuple[str, ...], none_of: tuple[str, ...] = ()) -> Language:
    """A language whose globs have wildcards as people write them; a group of one stands alone."""
    all_of = tuple((group,) if isinstance(group, str) else group for group in groups)
    return Language(tuple(tuple(map(compiled, group)) for group in all_of), tuple(map(compiled, none_of)))


def compiled(glob: str) -> str:
    return glob.replace("*", STAR).replace("?", ANY)


@pytest.mark.parametrize(
    ("language", "witness"),
    [
        (texts("in/*"), "in/a"),
        (texts("*"), "a"),
        (texts(""), ""),
        (texts("in/*", "*.jpg"), "in/a.jpg"),
        (texts("in/*", "*.jpg", none_of=("in/a.jpg",)), "in/.jpg"),
        (texts("in/*", "in/a*", "*g", "*.jpg"), "in/a.jpg"),
        (texts("in/*", "*.jpg", "*x*"), "in/x.jpg"),
        (texts("in/*", "*", "**"), "in/a"),
        (texts("ab*", "*bc"), "abbc"),
        (texts("ab*", "*bc", "???"), "abc"),
        (texts("in/*", "out/*"), None),
        (texts("*.jpg", "*.png"), None),
        (texts("in/*", "?/*"), None),
        (texts(("a", "b"), ("b", "c")), "b"),
        (texts(("a*", "b*"), ("*x", "*y"), "?z?"), "azx"),
        (texts(("a", "b"), ("c", "d")), None),
        (texts(("a*", "b*"), none_of=("a*",)), "b"),
        (texts("x" * 1024), "x" * 1024),
        (texts("a*b*", "*ab", "?c*"), "acab"),
        (texts("*a", "b*", none_of=("ba", "b?a")), "bcca"),
        (texts("*.*.*", none_of=("?.*", "..*", ".?.")), "aa.."),
        (texts("/*", "*.x.*"), "/a.x."),
        (texts("*", none_of=("",)), "a"),
        (texts("*", none_of=("a",)), ""),
        (texts("*", none_of=("*",)), None),
        (texts("a", none_of=("**",)), None),
        (texts("a", none_of=("b", "?")), None),
        (texts("?", none_of=("a", "b", "c")), "d"),
        (texts("?", none_of=tuple("abcdefghijklmnopqrstuvwxyz0123456789")), "\u0100"),
        (texts("in/*", none_of=("in/", "in/?")), "in/aa"),
        (texts("in/*", none_of=("*",)), None),
        (texts("in/*", none_of=("in*",)), None),
        (texts("in/*", none_of=("*n/*",)), None),
    ],
)
def test_where_everything_is_known_both_readings_are_the_same(language: Language, witness: str | None) -> None:
    assert (language.sure(), language.may()) == (witness, witness)


@pytest.mark.parametrize(
    ("language", "sure", "may"),
    [
        (texts(FREE), FREE, True),
        (texts(f"in/{FREE}", "in/*"), f"in/{FREE}", True),
        (texts(FREE, "photos"), None, True),
        (texts(FREE, FREE), FREE, True),
        (texts(FREE, OTHER), None, True),
        (texts(STACK, "photos"), None, True),
        (texts(ACCOUNT, "123456789012"), None, True),
        (texts(ACCOUNT, "12345678901"), None, False),
        (texts(ACCOUNT, "1234567890123"), None, False),
        (texts(REGION, "eu-west-1"), None, True),
        (texts(REGION, "europe"), None, False),
        (texts(f"in/{ACCOUNT}", "in/x/*"), None, True),
        (texts(f"in/{ACCOUNT}", "in/x"), None, False),
        (texts(f"{FREE}/in/*", "photos/out/*"), None, True),
        (texts(f"in/{FREE}", "out/*"), None, False),
        (texts((FREE, "a"), "b"), None, True),
        (texts((FREE, "a"), "a"), "a", True),
    ],
)
def test_a_symbol_is_a_letter_of_its_own_for_certain_and_may_be_what_its_kind_is(
    language: Language,
    sure: str | None,
    may: bool,  # noqa: FBT001
) -> None:
    assert (language.sure(), language.may() is not None) == (sure, may)


@pytest.mark.parametrize(
    ("language", "may"),
    [
        (texts(f"x-{FREE}-in", f"x-{FREE}-out"), False),
        (texts(f"x-{FREE}-in/*", f"x-{FREE}-in/a*"), True),
        (texts(f"{FREE}/in/*", f"{FREE}/*"), True),
        (texts(f"{FREE}-{OTHER}-a*", f"{FREE}-{OTHER}-b*"), False),
        (texts(f"{FREE}-{OTHER}-a*", f"{FREE}-{FREE}-b*"), True),
        (texts(f"x{FREE}{OTHER}/a", f"x{FREE}/a"), True),
        (texts(f"x{FREE}/a", "x*", "*/b"), False),
        (texts(f"{FREE}/a", f"{OTHER}/b"), False),
        (texts(f"{FREE}/a", f"{OTHER}/a"), True),
        # What is behind a wildcard is not at the same place in both.
        (texts(f"a*{FREE}-b*", f"a*{FREE}-c*"), True),
        (texts(f"a?{FREE}-b*", f"a?{FREE}-c*"), True),
        # Several globs of one group have no common beginning.
        (texts((f"{FREE}/a", f"{FREE}/b"), f"{FREE}/b"), True),
        (texts((f"{FREE}/a", "b"), (f"{FREE}/c", "b")), True),
        (texts((f"{FREE}/aaaaa", f"{FREE}/bbbbb"), f"{FREE}/bbbbb"), True),
        (texts(f"{FREE}-{FREE}-a*", f"{FREE}-{FREE}-b*"), False),
    ],
)
def test_the_same_symbol_at_the_beginning_is_the_same_text(language: Language, may: bool) -> None:  # noqa: FBT001
    assert (language.may() is not None) is may


@pytest.mark.parametrize(
    ("language", "may"),
    [
        (texts(f"{FREE}/in/*", "*.jpg"), True),
        (texts(f"{FREE}/in/a.png", "*.jpg"), False),
        (texts(f"{FREE}/in/a.jpg", "*.jpg"), True),
        (texts(FREE, "*.jpg"), True),
        (texts(f"{FREE}pg", "*.jpg"), True),
        (texts(f"{FREE}xpg", "*.jpg"), False),
        (texts(f"{FREE}x.jpg", "*y.jpg"), False),
        (texts(f"{FREE}.jpg", f"*{OTHER}"), True),
        (texts(f"*{FREE}", "*.jpg"), True),
        (texts(f"*{FREE}", "in/*"), True),
        (texts(f"*{FREE}x", "*.jpg"), False),
    ],
)
def test_an_ending_may_begin_in_what_is_not_known(language: Language, may: bool) -> None:  # noqa: FBT001
    assert (language.may() is not None) is may


@pytest.mark.parametrize(
    ("language", "sure", "may"),
    [
        (texts("in/a", none_of=(f"in/{FREE}",)), None, "in/a"),
        (texts("in/*", none_of=(f"in/{FREE}",)), None, "in/a"),
        (texts("in/*", none_of=(f"in/{ACCOUNT}",)), "in/a", "in/a"),
        (texts("in/????????????", none_of=(f"in/{ACCOUNT}",)), None, "in/aaaaaaaaaaaa"),
        (texts("in/eu-west-1", none_of=(f"in/{REGION}",)), None, "in/eu-west-1"),
        (texts("in/europe", none_of=(f"in/{REGION}",)), "in/europe", "in/europe"),
        (texts("in/*", none_of=("in/a", f"in/b{FREE}")), "in/", "in/"),
        (texts(f"*{FREE}", none_of=("*",)), None, None),
        (texts(f"*{FREE}", none_of=("a", "")), f"b{FREE}", "b"),
        (texts((FREE, "a"), "*", none_of=(f"{OTHER}b", "a")), None, ""),
        (texts(f"in/{FREE}", none_of=("in/b*",)), None, "in/a"),
        (texts(f"in/{FREE}*", none_of=("in/b*",)), None, "in/a"),
        (texts(f"in/{FREE}", none_of=("out/b*",)), f"in/{FREE}", "in/a"),
        (texts(f"in/{REGION}", none_of=("in/b",)), f"in/{REGION}", "in/--"),
        (texts(f"in/{ACCOUNT}", none_of=("in/b*",)), None, "in/aaaaaaaaaaaa"),
        (texts(f"in/{STACK}", none_of=("in/b*",)), None, "in/a"),
        (texts(f"in/{FREE}*", none_of=("in/*",)), None, None),
        (texts(f"in/{STACK}", none_of=(f"in/{STACK}",)), None, None),
        (texts(f"in/{STACK}/*", none_of=(f"in/{STACK}*",)), None, None),
        (texts(f"in/{FREE}/*", none_of=(f"in/{OTHER}*",)), None, "in//a"),
        (texts((f"in/{STACK}/*", "a"), none_of=(f"in/{STACK}*",)), "a", "a"),
        (texts(BUCKET, TABLE), None, None),
        (texts((BUCKET, "b"), (TABLE, "a")), None, None),
        (texts((BUCKET, "b"), (TABLE, "b")), "b", "a"),
        (texts(BUCKET, "b"), None, None),
        (texts(BUCKET, "stack-bucket-0123456789ab"), None, "stack-bucket-0123456789ab"),
        (texts(BUCKET, "stack-queue-0123456789ab.fifo"), None, "stack-queue-0123456789ab.fifo"),
        (texts(BUCKET, "stack-*"), None, "stack-a"),
        (texts(FREE, none_of=("aws.*",)), FREE, "a"),
        (texts(FREE, none_of=(ABSENT, NOT_TEXT)), FREE, "a"),
    ],
)
def test_what_is_excluded_counts_in_one_reading_if_it_may_be_and_in_the_other_if_it_is_certain(
    language: Language, sure: str | None, may: str | None
) -> None:
    assert (language.sure(), language.may()) == (sure, may)


def test_what_is_not_known_is_not_one_character() -> None:
    assert texts("in/?", f"in/{FREE}*").sure() is None
    assert texts("in/??", f"*{ACCOUNT}").sure() is None
    assert texts("in/*", f"*{ACCOUNT}").sure() == f"in/{ACCOUNT}"


def test_a_search_that_is_given_up_finds_nothing_certain_and_rules_nothing_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    groups = ("*a*b*", "*b*c*"), ("*c*d*", "*d*e*")
    whole, given_up = texts(*groups), texts(*groups, "*f*")  # what was found is remembered
    assert (whole.sure(), whole.may()) == ("bcd", "bcd")

    monkeypatch.setattr(languages, "MAX_STATES", 9)
    assert (given_up.sure(), given_up.may()) == (None, UNDECIDED)


def test_the_limits_of_two_languages_add_up_each_once() -> None:
    one, other = texts("in/*", "*.jpg", none_of=("in/a*",)), texts("*.jpg", "*x*", none_of=("in/b*", "in/a*"))

    assert one & other == texts("in/*", "*.jpg", "*x*", none_of=("in/a*", "in/b*"))
    assert (one & ANYTHING, ANYTHING & one) == (one, one)
    assert ANYTHING & texts(none_of=("a",)) == texts(none_of=("a",))
    assert texts("a") & texts(none_of=("b",)) == texts("a", none_of=("b",))
    assert texts("in/*") & texts("*.jpg") == texts("in/*", "*.jpg")


def test_the_symbols_of_a_language_are_named_once_each() -> None:
    assert texts(f"{FREE}/{OTHER}", ("a", f"{FREE}"), none_of=(ACCOUNT, FREE)).symbols() == [FREE, OTHER, ACCOUNT]
    assert texts("in/*").symbols() == []
