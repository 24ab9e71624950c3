"""Event patterns: what each operator of AWS's pattern language lets through, and what it keeps out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from constructs_lib.loops import patterns
from constructs_lib.loops.keys import ANY, STAR
from constructs_lib.loops.languages import Language
from constructs_lib.loops.messages import ABSENT, NOT_TEXT, Message
from constructs_lib.loops.patterns import criteria, pattern
from constructs_lib.templates import Template
from constructs_lib.templates.system import System

PARAMETERS = {
    "One": {"Type": "String", "AllowedValues": ["in"]},
    "Two": {"Type": "String", "AllowedValues": ["in", "ou"]},
    "Any": {"Type": "String", "Default": "in"},
}
TEMPLATE = Template.of({"Parameters": PARAMETERS, "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})
SYSTEM = System([TEMPLATE])


def lets_through(document: Any, **fields: str) -> bool:
    """Whether a message may be let through whose fields hold one text each."""
    message = Message({name.replace("__", "."): Language(((text,),)) for name, text in fields.items()})
    return any((message & alternative).may() is not None for alternative in pattern(SYSTEM, document, TEMPLATE))


VALUES = ("in", "out", "IN", "inner", "a*", "a\\", "a\\b", NOT_TEXT, ABSENT)
MATCHERS = {
    "a text": (["in"], {"in"}),
    "one of two texts": (["in", "out"], {"in", "out"}),
    "a prefix": ([{"prefix": "in"}], {"in", "inner"}),
    "a suffix": ([{"suffix": "n"}], {"in"}),
    "a text in any case": ([{"equals-ignore-case": "IN"}], {"in", "IN"}),
    "a prefix in any case": ([{"prefix": {"equals-ignore-case": "IN"}}], {"in", "IN", "inner"}),
    "a suffix in any case": ([{"suffix": {"equals-ignore-case": "N"}}], {"in", "IN"}),
    "a wildcard": ([{"wildcard": "i*r"}], {"inner"}),
    "an escaped star": ([{"wildcard": "a\\*"}], {"a*"}),
    "a star behind an escaped backslash": ([{"wildcard": "a\\\\*"}], {"a\\", "a\\b"}),
    "a number": ([{"numeric": ["=", 5]}], {NOT_TEXT}),
    "an address, which is not decided": ([{"cidr": "10.0.0.0/8"}], set(VALUES) - {ABSENT, NOT_TEXT}),
    "any text that is there": ([{"prefix": ""}], set(VALUES) - {ABSENT, NOT_TEXT}),
    "any text, as a wildcard": ([{"wildcard": "*"}], set(VALUES) - {ABSENT, NOT_TEXT}),
    "a plain number": ([5], {NOT_TEXT}),
    "null": ([None], {NOT_TEXT}),
    "any but a text": ([{"anything-but": "in"}], {"out", "IN", "inner", "a*", "a\\", "a\\b", NOT_TEXT}),
    "any but two texts": ([{"anything-but": ["in", "out"]}], {"IN", "inner", "a*", "a\\", "a\\b", NOT_TEXT}),
    "any but a prefix": ([{"anything-but": {"prefix": "in"}}], {"out", "IN", "a*", "a\\", "a\\b", NOT_TEXT}),
    "any but a suffix": ([{"anything-but": {"suffix": "r"}}], {"in", "out", "IN", "a*", "a\\", "a\\b", NOT_TEXT}),
    "any but a wildcard": ([{"anything-but": {"wildcard": "i*"}}], {"out", "IN", "a*", "a\\", "a\\b", NOT_TEXT}),
    "any but in any case": (
        [{"anything-but": {"equals-ignore-case": "IN"}}],
        {"out", "inner", "a*", "a\\", "a\\b", NOT_TEXT},
    ),
    "a field that is there": (
        [{"exists": True}],
        {"in", "out", "IN", "inner", "a*", "a\\", "a\\b", NOT_TEXT},
    ),
    "a field that is not": ([{"exists": False}], {ABSENT}),
    "a text or a prefix": (["out", {"prefix": "inn"}], {"out", "inner"}),
    "a text or any but another": (
        ["in", {"anything-but": ["in", "out"]}],
        {"in", "IN", "inner", "a*", "a\\", "a\\b", NOT_TEXT},
    ),
    "a parameter of one value": ([{"Ref": "One"}], {"in"}),
    "a parameter of one value without a list": ({"Ref": "One"}, {"in"}),
    "a joined text": ({"Fn::Join": ["", ["i", "n"]]}, {"in"}),
    "a parameter of two values as a prefix": ([{"prefix": {"Ref": "Two"}}], {"in", "out", "inner"}),
    "any but a parameter of one value": (
        [{"anything-but": {"Ref": "One"}}],
        {"out", "IN", "inner", "a*", "a\\", "a\\b", NOT_TEXT},
    ),
    "any but a number": ([{"anything-but": [5]}], set(VALUES) - {ABSENT}),
    "any but a prefix that a condition chooses": (
        [{"anything-but": {"prefix": {"Fn::If": ["C", "in", "out"]}}}],
        set(VALUES) - {ABSENT},
    ),
    "any but a prefix of a parameter of two values": (
        [{"anything-but": {"prefix": {"Ref": "Two"}}}],
        set(VALUES) - {ABSENT},
    ),
    "any but a parameter that may be anything": ([{"anything-but": {"Ref": "Any"}}], set(VALUES) - {ABSENT}),
    "any but what an unknown operator says": ([{"anything-but": {"like": "in"}}], set(VALUES)),
    "a prefix of no texts": ([{"prefix": []}], set(VALUES)),
    "a text or a prefix of no texts": (["in", {"prefix": []}], set(VALUES)),
    "a prefix with a star": ([{"prefix": "a*"}], {"a*"}),
    "an operator that is not known": (
        [{"like": "in"}],
        {"in", "out", "IN", "inner", "a*", "a\\", "a\\b", NOT_TEXT, ABSENT},
    ),
}


@pytest.mark.parametrize("name", MATCHERS)
def test_an_operator_lets_through_what_aws_says_and_no_more(name: str) -> None:
    matcher, expected = MATCHERS[name]

    assert {value for value in VALUES if lets_through({"name": matcher}, name=value)} == expected


@pytest.mark.parametrize("name", MATCHERS)
def test_a_pattern_as_json_text_means_the_same(name: str) -> None:
    matcher, expected = MATCHERS[name]
    text = json.dumps({"name": matcher})

    assert {value for value in VALUES if lets_through(text, name=value)} == expected


def test_any_but_a_long_text_in_any_case_keeps_out_no_other() -> None:
    assert lets_through({"name": [{"anything-but": {"equals-ignore-case": "abcdefgh"}}]}, name="ABCDEFGX")


def test_a_text_that_is_not_known_is_the_same_inside_of_a_pattern_as_text() -> None:
    (name,) = SYSTEM.texts({"Ref": "Queue"}, TEMPLATE)

    found = pattern(SYSTEM, {"Fn::Sub": '{"name": ["${Queue}"]}'}, TEMPLATE)

    assert found == (Message({"name": Language(((name,),))}),)


@pytest.mark.parametrize(
    ("document", "fields", "through"),
    [
        ({"a": ["x"], "b": ["y"]}, {"a": "x", "b": "y"}, True),
        ({"a": ["x"], "b": ["y"]}, {"a": "x", "b": "z"}, False),
        ({"a": {"b": ["x"]}}, {"a__b": "x"}, True),
        ({"a": {"b": ["x"]}}, {"a__b": "y"}, False),
        ({"a": {"b": ["x"]}}, {"b": "y"}, True),
        ({"$or": [{"a": ["x"]}, {"b": ["y"]}]}, {"a": "z", "b": "y"}, True),
        ({"$or": [{"a": ["x"]}, {"b": ["y"]}]}, {"a": "x", "b": "z"}, True),
        ({"$or": [{"a": ["x"]}, {"b": ["y"]}]}, {"a": "z", "b": "z"}, False),
        ({"c": ["w"], "$or": [{"a": ["x"]}, {"b": ["y"]}]}, {"a": "x", "c": "v"}, False),
        ({"d": {"$or": [{"a": ["x"]}, {"b": ["y"]}]}}, {"d__a": "z", "d__b": "z"}, False),
        ({"$or": [{"a": ["x"]}, "no pattern"]}, {"a": "z"}, True),
        ({"Fn::If": ["C", {"a": ["x"]}, {"a": ["y"]}]}, {"a": "x"}, True),
        ({"Fn::If": ["C", {"a": ["x"]}, {"a": ["y"]}]}, {"a": "y"}, True),
        ({"Fn::If": ["C", {"a": ["x"]}, {"a": ["y"]}]}, {"a": "z"}, False),
        ({}, {"a": "x"}, True),
        ("no json", {"a": "x"}, True),
        ("[]", {"a": "x"}, True),
        (None, {"a": "x"}, True),
        ({"a": [{"prefix": {"Ref": "AWS::Region"}}]}, {"a": "x"}, False),
        ({"a": [{"prefix": {"Ref": "Unknown"}}]}, {"a": "x"}, True),
    ],
)
def test_fields_add_up_and_alternatives_do_not(document: Any, fields: dict[str, str], through: bool) -> None:  # noqa: FBT001
    assert lets_through(document, **fields) is through


def test_a_pattern_that_is_too_large_lets_everything_through() -> None:
    deep: Any = ["x"]
    for _ in range(40):
        deep = {"a": deep}

    assert pattern(SYSTEM, deep, TEMPLATE) == (Message(),)
    assert pattern(SYSTEM, {"$or": [{"a": [f"x{n}"], "b": ["y"]} for n in range(49)]}, TEMPLATE) == (Message(),)
    assert len(pattern(SYSTEM, {"$or": [{"a": [f"x{n}"]} for n in range(48)]}, TEMPLATE)) == 48


def test_a_long_text_in_any_case_may_be_more_but_never_less() -> None:
    document = {"name": [{"equals-ignore-case": "a-very-long-name"}]}

    assert lets_through(document, name="A-VERY-LONG-NAME")
    assert lets_through(document, name="a-Very-lonG-name")
    assert not lets_through(document, name="a-very-long-name-")
    assert not lets_through(document, name="axvery-long-name")


@pytest.mark.parametrize(
    ("filters", "through"),
    [
        ([{"Pattern": '{"a": ["x"]}'}], False),
        ([{"Pattern": '{"a": ["x"]}'}, {"Pattern": '{"a": ["y"]}'}], True),
        ([{"Pattern": '{"a": ["y"]}'}, {"Pattern": '{"a": ["x"]}'}], True),
        (["no filter"], True),
        ([{"Pattern": {"Fn::Sub": '{"a": ["x"]}'}}], False),
        ([{"Pattern": {"Ref": "Any"}}], True),
        ([{}], True),
        ([], True),
        (None, True),
    ],
)
def test_criteria_let_through_what_any_filter_does(filters: Any, through: bool) -> None:  # noqa: FBT001
    message = Message({"a": Language((("y",),))})
    alternatives = criteria(SYSTEM, {"Filters": filters}, TEMPLATE)

    assert any((message & alternative).may() is not None for alternative in alternatives) is through


NOTHING = {"Ref": "AWS::NoValue"}
ONLY_X = {"Pattern": '{"a": ["x"]}'}


@pytest.mark.parametrize(
    ("value", "through"),
    [
        ({"Filters": [ONLY_X]}, False),
        ({"Fn::If": ["C", {"Filters": [ONLY_X]}, NOTHING]}, True),
        ({"Filters": {"Fn::If": ["C", [ONLY_X], NOTHING]}}, True),
        ({"Filters": [{"Fn::If": ["C", ONLY_X, NOTHING]}]}, True),
        ({"Filters": [{"Fn::If": ["C", ONLY_X, NOTHING]}, ONLY_X]}, False),
    ],
)
def test_criteria_that_may_be_left_out_let_everything_through(value: Any, through: bool) -> None:  # noqa: FBT001
    message = Message({"a": Language((("y",),))})

    assert any((message & one).may() is not None for one in criteria(SYSTEM, value, TEMPLATE)) is through


def test_a_field_that_may_be_left_out_may_be_anything() -> None:
    assert lets_through({"a": {"Fn::If": ["C", ["x"], NOTHING]}}, a="y")
    assert not lets_through({"a": {"Fn::If": ["C", ["x"], ["z"]]}}, a="y")


def languages(document: Any) -> list[dict[str, Language]]:
    return [dict(alternative.fields) for alternative in pattern(SYSTEM, document, TEMPLATE)]


EVERYTHING: list[dict[str, Language]] = [{}]
EITHER = ["x", {"anything-but": "y"}]
TWO = [Language((("x",),)), Language((), ("y", ABSENT))]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"a": ["x", "y", {"prefix": "z"}]}, [{"a": Language((("x", "y", f"z{STAR}"),))}]),
        ({"a": ["x", "x"]}, [{"a": Language((("x",),))}]),
        ({"a": EITHER}, [{"a": one} for one in TWO]),
        ({"a": [{"anything-but": "y"}]}, [{"a": TWO[1]}]),
        ({"a": EITHER, "b": EITHER}, [{"a": one, "b": other} for one in TWO for other in TWO]),
        ({"$or": [{"a": EITHER}, {"b": ["x"]}]}, [*({"a": one} for one in TWO), {"b": TWO[0]}]),
        ({"$or": [{"a": ["x"]}, "b"]}, EVERYTHING),
        ({"a": [{"equals-ignore-case": "abcdefg"}]}, [{"a": Language(((ANY * 7,),))}]),
    ],
)
def test_a_field_is_one_alternative_for_all_that_it_may_equal(
    document: Any, expected: list[dict[str, Language]]
) -> None:
    assert languages(document) == expected


def test_a_text_in_any_case_is_exact_up_to_six_letters() -> None:
    [alternative] = languages({"a": [{"equals-ignore-case": "abcdef-1"}]})

    assert len(alternative["a"].all_of[0]) == 64


def test_more_alternatives_than_are_told_apart_let_everything_through() -> None:
    fields = {number: {f"field{n}": EITHER for n in range(number)} for number in (4, 5, 6)}
    one_more = {**fields[4], "last": ["x"]}

    assert [len(languages(fields[number])) for number in (4, 5, 6)] == [16, 32, 1]
    assert len(languages({"Fn::If": ["C", fields[5], fields[4]]})) == 48
    assert languages({"Fn::If": ["C", fields[5], {"Fn::If": ["D", one_more, {"one": ["more"]}]}]}) == EVERYTHING


@pytest.mark.parametrize("name", ["$or", "deep"])
def test_what_is_too_deep_lets_everything_through(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "MAX_DEPTH", 2)
    document: dict[str, Any] = {"a": ["x"]}
    found = []
    for _ in range(4):
        found.append(languages(document) != EVERYTHING)
        document = {name: [document] if name == "$or" else document}

    assert found == [True, True, True, False]
