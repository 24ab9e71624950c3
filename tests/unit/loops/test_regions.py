"""What conditions decide by themselves, what loops hang on, and how many checks it takes to tell."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.loops import check
from constructs_lib.loops.graph import Graph

if TYPE_CHECKING:
    from constructs_lib.loops import Report
    from constructs_lib.templates import Template
    from tests.unit.loops.conftest import Make

Body = dict[str, Any]
NO_VALUE = {"Ref": "AWS::NoValue"}


def choice(*values: str) -> Body:
    return {"Type": "String", "AllowedValues": list(values)}


def equal(name: str, value: str) -> Body:
    return {"Fn::Equals": [{"Ref": name}, value]}


def loop(make: Make, number: str, condition: str = "", **chosen: Any) -> Body:
    """A bucket whose function writes to it; what it writes, or its notification, may be chosen by a condition."""
    notification = make.notify(f"Resize{number}")
    resource = make.objects(f"Photos{number}")
    if condition:
        resource = {"Fn::If": [condition, resource, "arn:aws:s3:::elsewhere/*"]}
    return {
        f"Photos{number}": make.bucket(chosen.get("notification", notification)),
        f"Role{number}": make.role(make.allow("s3:PutObject", resource)),
        f"Resize{number}": make.function(f"Role{number}"),
    }


def counted(template: Template, monkeypatch: pytest.MonkeyPatch) -> tuple[Report, int]:
    """What is found, and how often the whole system was checked for it."""
    graphs: list[Any] = []

    def graph(system: Any) -> Graph:
        graphs.append(system)
        return Graph(system)

    monkeypatch.setattr(sys.modules["constructs_lib.loops.check"], "Graph", graph)
    return check([template]), len(graphs)


def whens(report: Report) -> list[tuple[str, tuple[str, ...]]]:
    return [(finding.path[0].source_id, finding.when) for finding in report.findings]


def test_conditions_cost_nothing_where_nothing_is_found(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    resources = loop(make, "A", notification={"Fn::If": ["IsX", make.notify("Other"), NO_VALUE]})
    resources |= {"Other": make.function("Idle"), "Idle": make.role()}
    template = make.template(resources, Parameters={"P": choice("x", "y")}, Conditions={"IsX": equal("P", "x")})

    report, checks = counted(template, monkeypatch)

    assert (report.verdict, checks) == ("loop-free", 1)


def test_values_that_make_the_same_templates_are_checked_once(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    parameters = {"Stage": choice("dev", "test", "beta", "stage", "prod")}
    conditions = {"IsProd": equal("Stage", "prod")}
    template = make.template(loop(make, "A", "IsProd"), Parameters=parameters, Conditions=conditions)

    report, checks = counted(template, monkeypatch)

    assert whens(report) == [("ResizeA", ("Stage is `prod`",))]
    assert checks == 1 + 2


def test_loops_that_share_nothing_are_told_apart_one_by_one(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = "ABCDE"
    resources = {key: body for number in numbers for key, body in loop(make, number, f"Is{number}").items()}
    parameters = {f"P{number}": choice("x", "y") for number in numbers}
    conditions = {f"Is{number}": equal(f"P{number}", "x") for number in numbers}
    template = make.template(resources, Parameters=parameters, Conditions=conditions)

    report, checks = counted(template, monkeypatch)

    assert whens(report) == [(f"Resize{number}", (f"P{number} is `x`",)) for number in numbers]
    assert checks == 1 + 2 * 5  # all combinations of all would be 2 + 4 + 8 + 16 + 32
    assert report.approximations == ()


def test_loops_that_hang_on_the_same_share_their_worlds(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    resources = {**loop(make, "A", "IsX"), **loop(make, "B", "IsX")}
    template = make.template(resources, Parameters={"P": choice("x", "y")}, Conditions={"IsX": equal("P", "x")})

    report, checks = counted(template, monkeypatch)

    assert whens(report) == [("ResizeA", ("P is `x`",)), ("ResizeB", ("P is `x`",))]
    assert checks == 1 + 2


@pytest.mark.parametrize(
    "never",
    [
        {"Fn::Equals": ["yes", "no"]},
        {"Fn::Not": [{"Fn::Equals": ["", ""]}]},
        equal("P", "z"),
        {"Fn::Equals": [{"Fn::Sub": "${P}-${P}"}, "z-z"]},
    ],
)
def test_what_no_deployment_has_makes_no_loop(make: Make, never: Body) -> None:
    template = make.template(loop(make, "A", "Never"), Parameters={"P": choice("x", "y")}, Conditions={"Never": never})

    assert check([template]).verdict == "loop-free"


@pytest.mark.parametrize(
    "somewhere",
    [
        {"Fn::Equals": [{"Fn::Sub": "${AWS::Partition}"}, "aws-cn"]},
        {"Fn::Equals": ["aws-us-gov", {"Fn::Join": ["", [{"Ref": "AWS::Partition"}]]}]},
        {"Fn::Equals": [{"Fn::Sub": "s3.${AWS::URLSuffix}"}, "s3.amazonaws.com.cn"]},
        {"Fn::Not": [{"Fn::Equals": [{"Fn::Sub": "${AWS::Partition}"}, "aws"]}]},
    ],
)
def test_a_loop_in_another_partition_is_one(make: Make, somewhere: Body) -> None:
    template = make.template(loop(make, "A", "There"), Conditions={"There": somewhere})

    assert check([template]).verdict == "loop"


STAGE: Body = {"Parameters": {"Stage": choice("dev", "prod")}, "Conditions": {"IsProd": equal("Stage", "prod")}}


def test_the_summary_counts_what_conditions_keep_apart(make: Make) -> None:
    resources = {**loop(make, "A", "IsProd"), **loop(make, "B", "IsDev")}
    conditions = {**STAGE["Conditions"], "IsDev": {"Fn::Not": [{"Condition": "IsProd"}]}}
    for name in ("PhotosA", "RoleA", "ResizeA"):
        resources[name]["Condition"] = "IsProd"
    report = check([make.template(resources, **{**STAGE, "Conditions": conditions})])

    assert whens(report) == [("ResizeA", ("Stage is `prod`",)), ("ResizeB", ("Stage is `dev`",))]
    assert report.summary == "loop: 6 resources read; graph: 2 functions, 2 other resources, 4 edges"


@pytest.mark.parametrize("reads", ["IsProd", "IsDev"])
def test_a_function_url_under_a_condition_is_there_only_then(make: Make, reads: str) -> None:
    function = {"Fn::GetAtt": ["Resize", "Arn"]}
    statement = make.allow("lambda:InvokeFunctionUrl", function)
    url = {"TargetFunctionArn": function, "AuthType": "AWS_IAM"}
    resources = {
        "Role": make.role({"Fn::If": [reads, statement, NO_VALUE]}),
        "Resize": make.function(),
        "Url": {"Type": "AWS::Lambda::Url", "Condition": "IsProd", "Properties": url},
    }
    conditions = {**STAGE["Conditions"], "IsDev": {"Fn::Not": [{"Condition": "IsProd"}]}}
    report = check([make.template(resources, **{**STAGE, "Conditions": conditions})])

    assert whens(report) == ([("Resize", ("Stage is `prod`",))] if reads == "IsProd" else [])


def test_a_destination_under_a_condition_is_there_only_then(make: Make) -> None:
    outcome = {"OnSuccess": {"Destination": {"Fn::GetAtt": ["Resize", "Arn"]}}}
    properties = {"FunctionName": {"Ref": "Resize"}, "Qualifier": "$LATEST", "DestinationConfig": outcome}
    resources = {
        "Role": make.role(),
        "Resize": make.function(),
        "Outcome": {"Type": "AWS::Lambda::EventInvokeConfig", "Condition": "IsProd", "Properties": properties},
    }

    assert whens(check([make.template(resources, **STAGE)])) == [("Resize", ("Stage is `prod`",))]


def test_an_access_point_is_for_the_bucket_that_a_condition_chooses(make: Make) -> None:
    objects = {"Fn::Join": ["", [{"Fn::GetAtt": ["Point", "Arn"]}, "/object/*"]]}
    bucket = {"Fn::If": ["IsProd", {"Ref": "Photos"}, {"Ref": "Others"}]}
    resources = {
        "Photos": make.bucket(make.notify("Resize")),
        "Others": make.bucket(),
        "Point": {"Type": "AWS::S3::AccessPoint", "Properties": {"Bucket": bucket}},
        "Role": make.role(make.allow("s3:PutObject", objects)),
        "Resize": make.function(),
    }

    assert whens(check([make.template(resources, **STAGE)])) == [("Resize", ("Stage is `prod`",))]
