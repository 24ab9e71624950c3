"""Who of many listeners a message may reach: never fewer than an exact trial finds."""

from __future__ import annotations

from itertools import product

import pytest

from constructs_lib.loops.audience import Audience
from constructs_lib.loops.edges import Message
from constructs_lib.loops.keys import STAR
from constructs_lib.loops.languages import Language
from constructs_lib.templates.symbols import Symbols

SYMBOLS = Symbols()
ONE, OTHER = (SYMBOLS.character(name, name, "generated") for name in ("one", "other"))
ANYONE = SYMBOLS.character("free", "free", "free")
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
)


def message(source: tuple[str, ...] | None, name: tuple[str, ...] | None) -> Message:
    texts = {"source": source, "detail.bucket.name": name}
    return Message({field: Language((found,)) for field, found in texts.items() if found is not None})


FILTERS = [message(source, name) for source, name in product(TEXTS[:6], TEXTS)]
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
