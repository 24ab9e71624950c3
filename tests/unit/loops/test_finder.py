"""Which closed paths are told: certain ones before those that cannot be excluded, of each kind the shortest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_lib.loops import check, finder

if TYPE_CHECKING:
    import pytest

    from constructs_lib.loops import Report
    from tests.unit.loops.conftest import Make


def invoking(make: Make, *edges: str) -> Report:
    """Functions that may invoke each other: `AB` for certain, `AB?` perhaps; no two roles are the same."""
    resources: dict[str, Any] = {}
    for name in sorted(set("".join(edges)) - {"?"}):
        statements = [
            make.allow(
                "lambda:InvokeFunction",
                {"Fn::GetAtt": [edge[1], "Arn"]},
                **({"Effect": {"Ref": "Effect"}} if edge.endswith("?") else {}),
            )
            for edge in edges
            if edge[0] == name
        ]
        denied = make.allow("s3:GetObject", f"arn:aws:s3:::{name}/*", Effect="Deny")
        resources[f"Role{name}"] = make.role(*statements, denied)
        resources[name] = make.function(f"Role{name}")
    return check([make.template(resources, Parameters={"Effect": {"Type": "String"}})])


def told(report: Report) -> list[tuple[str, str]]:
    return [(finding.verdict, "".join(step.source_id for step in finding.path)) for finding in report.findings]


def test_a_certain_loop_is_told_though_a_shorter_one_that_is_not_shares_an_edge(make: Make) -> None:
    assert told(invoking(make, "AB", "BA?", "BC", "CA")) == [("loop", "ABC")]


def test_a_loop_that_is_not_certain_is_told_beside_a_certain_one(make: Make) -> None:
    assert told(invoking(make, "AB", "BA", "AC", "CA?")) == [("loop", "AB"), ("unproven", "AC")]


def test_of_two_loops_that_share_an_edge_the_shorter_one_is_told(make: Make) -> None:
    assert told(invoking(make, "AB", "BC", "CD", "DA?", "CA")) == [("loop", "ABC")]
    assert told(invoking(make, "AB", "BC", "CA?", "CD", "DB")) == [("loop", "BCD")]


def test_loops_of_functions_with_themselves_come_first_and_what_shares_nothing_follows(make: Make) -> None:
    assert told(invoking(make, "AA", "AB", "BC", "CA?", "DD", "DE", "ED?")) == [
        ("loop", "A"),
        ("loop", "D"),
        ("unproven", "ABC"),
        ("unproven", "DE"),
    ]


def test_loops_of_many_functions_with_themselves_are_found_at_once(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finder, "MAX_ROUNDS", 1)
    report = invoking(make, "AA", "BB", "CC", "AB", "BC", "CA")

    assert told(report) == [("loop", "A"), ("loop", "ABC"), ("loop", "B"), ("loop", "C")]
