"""YAML that reads well and means the same: what is parsed back is what went in, but for the spelling of functions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samtranslator.yaml_helper import yaml_parse

from constructs_lib.sam.document import joined_as_sub, render
from constructs_lib.sam.references import cycle_through, found, redirect
from constructs_lib.sam.spelling import spelled

REFERENCES = st.sampled_from([{"Ref": "A"}, {"Ref": "AWS::Region"}, {"Fn::GetAtt": ["B", "C.D"]}])
TEXT = st.text(max_size=8)
FUNCTIONS = st.recursive(
    st.one_of(REFERENCES, st.builds(lambda text: {"Fn::Sub": text.replace("${", "")}, TEXT)),
    lambda inner: st.one_of(
        st.builds(lambda parts: {"Fn::Join": ["", parts]}, st.lists(st.one_of(TEXT, inner), max_size=4)),
        st.builds(lambda value: {"Fn::Select": [0, {"Fn::Split": ["-", value]}]}, inner),
        st.builds(lambda value: {"Fn::Base64": value}, inner),
        st.builds(lambda yes, no: {"Fn::If": ["C", yes, no]}, inner, st.one_of(TEXT, inner)),
    ),
    max_leaves=6,
)
VALUES = st.recursive(
    st.one_of(TEXT, st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), FUNCTIONS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(TEXT.filter(lambda key: not key.startswith("Fn::")), inner, min_size=2, max_size=3),
    ),
    max_leaves=12,
)


def parsed(value: Any) -> Any:
    document = {"Resources": {"R": {"Type": "T", "Properties": {"Value": value}}}}
    return yaml_parse(render(document, comment=""))["Resources"]["R"]["Properties"]["Value"]


@given(VALUES)
def test_sam_reads_back_what_was_rendered(value: Any) -> None:
    assert spelled(parsed(value)) == spelled(value)


@given(VALUES)
def test_joined_text_means_the_same_as_a_substitution(value: Any) -> None:
    assert spelled(joined_as_sub(value)) == spelled(value)


@pytest.mark.parametrize(
    "text",
    ["on", "0123", "1_000", "2026-11-21", "~", "null", "1e3", "=", "!Ref x", "a: b", " a ", "a\nb \n", "\t", "é", "#"],
)
def test_text_stays_text(text: str) -> None:
    assert parsed(text) == text


@pytest.mark.parametrize(
    ("value", "yaml"),
    [
        ({"Ref": "A"}, "!Ref A"),
        ({"Fn::GetAtt": ["A", "B.C"]}, "!GetAtt A.B.C"),
        ({"Fn::GetAtt": ["A", {"Ref": "B"}]}, "!GetAtt [A, !Ref B]"),
        ({"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":x/*"]]}, '!Sub "arn:${AWS::Partition}:x/*"'),
        ({"Fn::Join": ["", ["${aws:username}-", {"Ref": "A"}]]}, '!Sub "${!aws:username}-${A}"'),
        ({"Fn::Join": ["-", ["a", {"Ref": "A"}]]}, "!Join ['-', [a, !Ref A]]"),
        ({"Fn::Base64": {"Ref": "A"}}, "\n        Fn::Base64: !Ref A"),
        ({"Fn::GetAZs": ""}, '!GetAZs ""'),
        (
            {"Fn::Select": [4, {"Fn::Split": ["-", {"Ref": "AWS::StackId"}]}]},
            "!Select [4, !Split ['-', !Ref 'AWS::StackId']]",
        ),
    ],
)
def test_functions_read_as_people_write_them(value: Any, yaml: str) -> None:
    document = {"Resources": {"R": {"Type": "T", "Properties": {"Value": joined_as_sub(value)}}}}
    separator = "" if yaml.startswith("\n") else " "
    assert render(document, comment="made").partition("Value:")[2] == f"{separator}{yaml}\n"


def test_references_are_found_in_every_spelling() -> None:
    node = {
        "a": [{"Ref": "A"}, {"Fn::GetAtt": "B.C"}],
        "b": {"Fn::Sub": ["${D}${E.F}${V}${!G}", {"V": {"Fn::GetAtt": ["H", "I.J"]}}]},
    }
    assert list(found(node)) == [("A", None), ("B", "C"), ("D", None), ("E", "F"), ("H", "I.J")]


def test_a_reference_is_pointed_elsewhere_in_every_spelling() -> None:
    node = {"a": {"Ref": "A"}, "b": {"Fn::Sub": ["${A}${A.X}${B}", {"B": {"Ref": "A"}}]}}
    changed = redirect(node, lambda name, attribute: {"Ref": "N"} if (name, attribute) == ("A", None) else None)
    assert changed == {"a": {"Ref": "N"}, "b": {"Fn::Sub": ["${N}${A.X}${B}", {"B": {"Ref": "N"}}]}}


def test_the_shortest_cycle_is_found() -> None:
    resources: dict[str, Any] = {
        "A": {"Properties": {"x": {"Ref": "B"}, "y": {"Ref": "C"}}},
        "B": {"DependsOn": "D"},
        "C": {"Properties": {"Fn::Sub": "${A.Arn}"}},
        "D": {"DependsOn": ["A"]},
    }
    assert cycle_through(resources, "A") == ["A", "C", "A"]
    assert cycle_through({"A": {"DependsOn": "B"}, "B": {}}, "A") is None
