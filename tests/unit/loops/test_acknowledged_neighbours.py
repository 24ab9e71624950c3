"""Acknowledged loops that share functions and edges with others, none of which they may hide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.loops import Acknowledgement, Report, check

if TYPE_CHECKING:
    from constructs_lib.templates import Template
    from tests.unit.loops.conftest import Make


def shown(report: Report) -> list[str]:
    return [f"{finding.reference}: {finding.headline}" for finding in report.findings]


def invoking_each_other(make: Make, count: int) -> Template:
    """Functions of which each may invoke each other one."""
    resources: dict[str, dict[str, Any]] = {}
    for one in range(count):
        others = [{"Fn::GetAtt": [f"F{other}", "Arn"]} for other in range(count) if other != one]
        resources[f"R{one}"] = make.role(make.allow("lambda:InvokeFunction", others))
        resources[f"F{one}"] = make.function(f"R{one}", RecursiveLoop="Allow")
    return make.template(resources)


def acknowledging_all(template: Template) -> dict[str, Acknowledgement]:
    """An acknowledgement for each loop, by its fingerprint; those behind other loops are found later."""
    meant: dict[str, Acknowledgement] = {}
    while True:
        report = check([template], acknowledgements=meant.values())
        found = [finding.fingerprint for finding in report.findings if finding.fingerprint]
        if not found:
            return meant
        meant.update({name: Acknowledgement(name, "meant", "5") for name in found})


def test_of_many_loops_that_share_functions_any_one_that_is_not_acknowledged_is_found(make: Make) -> None:
    template = invoking_each_other(make, 3)
    meant = acknowledging_all(template)
    report = check([template], acknowledgements=meant.values())

    assert (report.findings, len(meant), len(report.acknowledged)) == ((), 5, 5)  # three of two and two of three
    for name in meant:
        others = [acknowledgement for other, acknowledgement in meant.items() if other != name]
        left = check([template], acknowledgements=others)

        assert (left.verdict, [f.fingerprint for f in left.findings]) == ("loop", [name])
        assert {entry.by for entry in left.acknowledged} == set(others)


def waking_each_other(make: Make, queues: int) -> Template:
    """Two functions that wake each other, each by as many queues."""
    resources: dict[str, dict[str, Any]] = {}
    for one, other in (("A", "B"), ("B", "A")):
        names = [f"Queue{one}{number}" for number in range(queues)]
        resources[f"R{one}"] = make.role(
            make.allow("sqs:SendMessage", [{"Fn::GetAtt": [name, "Arn"]} for name in names])
        )
        resources[f"F{one}"] = make.function(f"R{one}", RecursiveLoop="Allow")
        for name in names:
            mapping = {"EventSourceArn": {"Fn::GetAtt": [name, "Arn"]}, "FunctionName": {"Ref": f"F{other}"}}
            resources[name] = {"Type": "AWS::SQS::Queue"}
            resources[f"Of{name}"] = {"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping}
    return make.template(resources)


def test_of_many_loops_over_the_same_two_functions_any_one_that_is_not_acknowledged_is_found(make: Make) -> None:
    """What is searched without the same edges in two orders is searched once, and the rest all the same."""
    template = waking_each_other(make, 3)
    meant = acknowledging_all(template)
    report = check([template], acknowledgements=meant.values())

    assert (report.findings, len(meant), len(report.acknowledged)) == ((), 9, 9)
    for name in meant:
        others = [acknowledgement for other, acknowledgement in meant.items() if other != name]

        assert [f.fingerprint for f in check([template], acknowledgements=others).findings] == [name]


@pytest.mark.parametrize("names", ["AB", "ABC"])
def test_of_the_loops_of_functions_that_share_a_grant_any_one_that_is_not_acknowledged_is_found(
    make: Make, names: str
) -> None:
    """What is left out for one of the functions is still there for the others."""
    resources: dict[str, dict[str, Any]] = {"Role": make.role(make.allow("sqs:SendMessage", "*"))}
    for name in names:
        mapping = {"EventSourceArn": {"Fn::GetAtt": [f"Queue{name}", "Arn"]}, "FunctionName": {"Ref": f"F{name}"}}
        resources[f"F{name}"] = make.function(RecursiveLoop="Allow")
        resources[f"Queue{name}"] = {"Type": "AWS::SQS::Queue"}
        resources[f"OfQueue{name}"] = {"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping}
    template = make.template(resources)
    meant = acknowledging_all(template)
    loops = {"AB": 2 + 1, "ABC": 3 + 3 + 2}[names]
    report = check([template], acknowledgements=meant.values())

    assert (report.findings, len(meant), len(report.acknowledged)) == ((), loops, loops)
    for name in meant:
        others = [acknowledgement for other, acknowledgement in meant.items() if other != name]

        assert [f.fingerprint for f in check([template], acknowledgements=others).findings] == [name]


@pytest.mark.parametrize("first", ["AB", "BA"])
def test_what_is_left_out_for_one_of_two_functions_with_a_grant_is_there_for_the_other(make: Make, first: str) -> None:
    def arn(name: str) -> dict[str, Any]:
        return {"Fn::GetAtt": [name, "Arn"]}

    outcome = {"FunctionName": {"Ref": "B"}, "Qualifier": "$LATEST"}
    resources: dict[str, dict[str, Any]] = {
        **{name: make.function(RecursiveLoop="Allow") for name in first},
        "C": make.function("Calling", RecursiveLoop="Allow"),
        "Role": make.role(make.allow("sqs:SendMessage", "*")),
        "Calling": make.role(make.allow("lambda:InvokeFunction", arn("C"))),
        "Outcome": {
            "Type": "AWS::Lambda::EventInvokeConfig",
            "Properties": {**outcome, "DestinationConfig": {"OnSuccess": {"Destination": arn("A")}}},
        },
    }
    for name in "BC":
        mapping = {"EventSourceArn": arn(f"Queue{name}"), "FunctionName": {"Ref": name}}
        resources[f"Queue{name}"] = {"Type": "AWS::SQS::Queue"}
        resources[f"OfQueue{name}"] = {"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping}
    template = make.template(resources)
    meant = acknowledging_all(template)

    report = check([template], acknowledgements=meant.values())

    loops = [" ".join(sorted(step.source_id for step in one.finding.path)) for one in report.acknowledged]
    assert sorted(loops) == ["A B QueueB", "B QueueB", "C"]
    for name in meant:
        others = [acknowledgement for other, acknowledgement in meant.items() if other != name]
        left = check([template], acknowledgements=others).findings

        assert [finding.fingerprint for finding in left if finding.fingerprint] == [name]


def test_only_what_is_gone_is_stale_while_another_loop_is_there(make: Make) -> None:
    template = invoking_each_other(make, 3)
    *others, _ = acknowledging_all(template).values()
    gone = Acknowledgement("0a1b2c3d4e5f", "meant", "5")
    report = check([template], acknowledgements=[gone, *others])

    assert shown(report)[1:] == ["acknowledgement-stale: the acknowledgement of `0a1b2c3d4e5f` matches no loop"]
    assert len(report.acknowledged) == 4


@pytest.mark.parametrize(("name", "most"), [("MAX_SEARCHES", 1), ("MAX_LEFT", 0), ("MAX_ACTORS", 3)])
def test_what_is_stale_is_not_told_if_that_takes_too_many_searches(
    make: Make, monkeypatch: pytest.MonkeyPatch, name: str, most: int
) -> None:
    template = invoking_each_other(make, 3)
    _, *others = acknowledging_all(template).values()
    monkeypatch.setattr(f"constructs_lib.loops.acknowledgements.{name}", most)
    report = check([template], acknowledgements=others)

    assert shown(report) == ["invocation-loop: `F0` can invoke itself through `F1`"]
    assert report.approximations == (
        "loops share edges in more ways than were searched for those that are acknowledged",
    )


def test_how_often_loops_are_searched_again_is_bounded(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    template = invoking_each_other(make, 3)
    meant = acknowledging_all(template)
    monkeypatch.setattr("constructs_lib.loops.acknowledgements.MAX_SEARCHES", 2)
    report = check([template], acknowledgements=meant.values())

    assert (report.verdict, shown(report)[0]) == (
        "unproven",
        "invocation-loop-unproven: the acknowledged loops around `F0` may hide another",
    )
