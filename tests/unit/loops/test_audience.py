"""Who of many listeners a message may reach: never fewer than an exact trial finds."""

from __future__ import annotations

from itertools import product

import pytest

from constructs_lib.loops.audience import Audience
from constructs_lib.loops.edges import Message
from constructs_lib.loops.keys import ANY, STAR
from constructs_lib.loops.languages import Language
from constructs_lib.templates.symbols import Symbols

SYMBOLS = Symbols()
ONE, OTHER = (SYMBOLS.character(name, name, "generated") for name in ("one", "other"))
ANYONE = SYMBOLS.character("free", "free", "free")
FIXED = SYMBOLS.character("fixed", "fixed", "fixed")
REGION, ACCOUNT = SYMBOLS.character("region", "region", "region"), SYMBOLS.character("account", "account", "twelve")
TEXTS = (
    None,
    ("photos",),
    ("photos", "music"),
    ("aws:photos",),
    ("a:b", "b"),
    (STAR,),
    (f"ph{STAR}",),
    (ONE,),
    (f"arn:{ONE}",),
    (OTHER,),
    (ANYONE,),
    (f"a{STAR}",),
    (f"arn:aws:{STAR}",),
    ("arn:aws:s3:::photos",),
    (f"photos/{ANYONE}",),
    ("photos/a:b",),
    ("photos-0123456789abc",),
    ("arn:aws:s3:::b:y",),
    (f"arn:aws:s3:::b{FIXED}",),
    (f"arn:aws:s3:::b{ANYONE}",),
    (f"arn:aws:s3:::b{ANY}y",),
    (f"a{STAR}n:aws:s3:::p{STAR}",),
)
SOURCES = (*TEXTS[:10], (ANYONE,), (f"photo{ANY}",), ("music", f"ph{STAR}"))


def message(source: tuple[str, ...] | None, name: tuple[str, ...] | None) -> Message:
    texts = {"source": source, "detail.bucket.name": name}
    return Message({field: Language((found,)) for field, found in texts.items() if found is not None})


FILTERS = [message(source, name) for source, name in (*product(TEXTS[:4], TEXTS), *product(SOURCES, TEXTS[:3]))]
MADE_UP = (ONE, OTHER)


def exact(sent: Message, asked: Message) -> bool:
    """Whether a filter may let a message through; two made-up names are two names."""
    for field in ("source", "detail.bucket.name"):
        found = [m.fields[field].all_of[0][0].rpartition(":")[2] for m in (sent, asked) if field in m.fields]
        if len(found) == 2 and set(found) == set(MADE_UP):
            return False
        plain = [text for text in found if text not in MADE_UP and text.isalpha() and text.isascii()]
        if len(found) == 2 and len(plain) == 1 and set(found) & set(MADE_UP):
            return False
    return (sent & asked).may() is not None


def test_nobody_is_left_out_who_may_hear_of_a_message() -> None:
    audience = Audience([(asked,) for asked in FILTERS])

    for sent in FILTERS:
        heard = {position for position, asked in enumerate(FILTERS) if exact(sent, asked)}
        assert heard - set(audience.of(sent)) == set()


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (message(("aws.s3",), (ONE,)), [0, 3]),
        (message(("shop",), None), [2, 3]),
        (message(("other",), None), [3]),
        (message(None, None), [0, 1, 2, 3]),
    ],
)
def test_rules_that_ask_for_something_else_are_not_tried(sent: Message, expected: list[int]) -> None:
    rules = [
        message(("aws.s3",), (ONE,)),
        message(("aws.s3",), (OTHER,)),
        message(("shop",), None),
        message(None, None),
    ]

    assert Audience([(rule,) for rule in rules]).of(sent) == expected


def asking(**fields: tuple[tuple[str, ...], ...]) -> Message:
    """A filter that asks each field for one of each group of globs."""
    return Message({name: Language(groups) for name, groups in fields.items()})


WHOLE, BEGINNING, LONGER = (("one",),), ((f"beginning{STAR}",),), (("another",),)


@pytest.mark.parametrize(
    ("filters", "sent", "expected"),
    [
        # What tells is asked for: no field that many have in common,
        ([{"detail-type": LONGER, "a": WHOLE}, {"detail-type": LONGER, "a": (("b",),)}], {"a": "one"}, [0]),
        ([{"detail-type": LONGER, "z": WHOLE}, {"detail-type": LONGER, "z": (("b",),)}], {"z": "one"}, [0]),
        # rather whole texts than beginnings,
        ([{"a": BEGINNING, "b": WHOLE}, {"a": BEGINNING, "b": (("b",),)}], {"b": "one"}, [0]),
        ([{"b": BEGINNING, "a": WHOLE}, {"b": BEGINNING, "a": (("b",),)}], {"a": "one"}, [0]),
        ([{"a": ((f"beginnin{ANY}",),), "b": WHOLE}, {"a": ((f"beginnin{ANY}",),), "b": (("b",),)}], {"b": "one"}, [0]),
        # and rather long ones than short ones, of which the shortest counts.
        ([{"a": WHOLE, "b": LONGER}, {"a": WHOLE, "b": (("someone",),)}], {"b": "another"}, [0]),
        ([{"b": WHOLE, "a": LONGER}, {"b": WHOLE, "a": (("someone",),)}], {"a": "another"}, [0]),
        (
            [{"a": (("b", "beginning"),), "b": WHOLE}, {"a": (("b", "beginning"),), "b": (("two",),)}],
            {"b": "one"},
            [0],
        ),
        # The same within a field.
        ([{"a": ((f"z{STAR}",), ("zone",))}, {"a": ((f"z{STAR}",), ("zero",))}], {"a": "zone"}, [0]),
        ([{"a": (("zone",), (f"z{STAR}",))}, {"a": (("zero",), (f"z{STAR}",))}], {"a": "zone"}, [0]),
        ([{"a": (("zone",), ("zone", "another"))}, {"a": (("another",),)}], {"a": "another"}, [1]),
        # What nothing is, nobody hears.
        ([{"a": ((),)}, {"a": ((), ("one",))}], {"a": "one"}, [1]),
        # Of an ARN the end tells, whatever its region and account; of other texts the beginning.
        ([{"a": (("arn:aws:s3:::one",),)}, {"a": (("arn:aws:s3:::two",),)}], {"a": "arn:aws:s3:::one"}, [0]),
        (
            [{"a": ((f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}",),)} for name in ("one", "two")],
            {"a": "arn:aws:sqs:eu-west-1:123456789012:one"},
            [0],
        ),
        ([{"a": ((f"one{STAR}",),)}, {"a": ((f"two{STAR}",),)}], {"a": "one"}, [0]),
    ],
)
def test_what_tells_most_is_looked_up(
    filters: list[dict[str, tuple[tuple[str, ...], ...]]], sent: dict[str, str], expected: list[int]
) -> None:
    audience = Audience([(asking(**one),) for one in filters])

    assert audience.of(Message({name: Language(((text,),)) for name, text in sent.items()})) == expected


def test_a_filter_with_alternatives_is_found_by_each_of_them() -> None:
    audience = Audience([(asking(a=WHOLE), asking(b=LONGER)), (asking(a=LONGER),)])

    assert audience.of(asking(a=WHOLE, b=WHOLE)) == [0]
    assert audience.of(asking(a=LONGER, b=LONGER)) == [0, 1]
    assert audience.of(asking(a=LONGER, b=WHOLE)) == [1]
    assert audience.of(asking(a=LONGER)) == [0, 1]
