"""Circles of resources that wait for each other."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.templates import Template, dependency_cycle


def template(**resources: dict[str, Any]) -> Template:
    return Template.of({"Resources": {key: {"Type": "T", **body} for key, body in resources.items()}})


def refers(value: Any) -> dict[str, Any]:
    return {"Properties": {"To": [{"deep": value}]}}


@pytest.mark.parametrize(
    "value",
    [
        {"Ref": "A"},
        {"Fn::GetAtt": ["A", "Arn"]},
        {"Fn::GetAtt": "A.Arn"},
        {"Fn::Sub": "x-${A}"},
        {"Fn::Sub": "x-${A.Arn}"},
        {"Fn::Sub": ["${X}", {"X": {"Ref": "A"}}]},
        {"Fn::If": ["C", {"Ref": "A"}, 1]},
    ],
)
def test_every_kind_of_reference_counts(value: Any) -> None:
    assert dependency_cycle(template(A=refers({"Ref": "B"}), B=refers(value))) == ["A", "B", "A"]


@pytest.mark.parametrize(
    "value",
    [
        {"Fn::Sub": "${!A}"},
        {"Fn::Sub": ["${A}", {"A": 1}]},
        {"Ref": "AWS::Region"},
        "A",
        {"Ref": "A", "x": 1},
        {"Ref": []},
    ],
)
def test_what_only_looks_like_a_reference_does_not(value: Any) -> None:
    assert dependency_cycle(template(A=refers({"Ref": "B"}), B=refers(value))) is None


def test_depends_on_counts() -> None:
    assert dependency_cycle(template(A={"DependsOn": "B"}, B={"DependsOn": ["C"]}, C=refers({"Ref": "A"}))) == [
        "A",
        "B",
        "C",
        "A",
    ]


def test_a_resource_may_wait_for_itself() -> None:
    assert dependency_cycle(template(A={"DependsOn": "A"})) == ["A", "A"]


def test_the_shortest_of_several_circles_is_told() -> None:
    found = template(
        A={"DependsOn": "B"},
        B={"DependsOn": "C"},
        C={"DependsOn": "A"},
        D={"DependsOn": "E"},
        E={"DependsOn": ["D", "A"]},
    )

    assert dependency_cycle(found) == ["D", "E", "D"]


def test_a_long_chain_is_no_circle() -> None:
    chain = {f"R{n}": {"DependsOn": f"R{n + 1}"} for n in range(5_000)}

    assert dependency_cycle(template(**chain, R5000={})) is None
