"""What conditions of a statement leave of the events and metrics that it lets put."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.loops import check
from constructs_lib.loops.edges.base import Deposit, Message
from constructs_lib.loops.keys import STAR, show_glob
from constructs_lib.loops.languages import Language
from constructs_lib.loops.limits import limits_of, metrics_of
from constructs_lib.loops.network import FEW
from constructs_lib.loops.policies import Actions, Allow, statements
from constructs_lib.templates import Template
from constructs_lib.templates.system import System

Body = dict[str, Any]
SECTIONS: Body = {
    "Parameters": {"Which": {"Type": "String"}, "Stage": {"Type": "String", "AllowedValues": ["dev", "prod"]}},
    "Conditions": {"Is": {"Fn::Equals": [{"Ref": "Stage"}, "dev"]}},
}
NOTHING = {"Ref": "AWS::NoValue"}
TEMPLATE = Template.of({"Resources": {}, **SECTIONS})
SYSTEM = System([TEMPLATE])


def limits(**conditions: Any) -> dict[str, list[list[str]]]:
    found = limits_of(
        SYSTEM, {"Condition": {key.replace("_", ":"): value for key, value in conditions.items()}}, TEMPLATE
    )
    assert all(language.none_of == () for _, language in found)
    return {name: [[show_glob(glob) for glob in group] for group in language.all_of] for name, language in found}


@pytest.mark.parametrize("key", ["events:source", "Events:Source"])
@pytest.mark.parametrize(
    "operator", ["StringEquals", "StringLike", "ForAllValues_StringEquals", "ForAllValues_StringLike"]
)
@pytest.mark.parametrize(("value", "sources"), [("my.out", ["my.out"]), (["a", "b"], ["a", "b"])])
def test_a_source_is_limited(operator: str, key: str, value: Any, sources: list[str]) -> None:
    assert limits(**{operator: {key: value}}) == {"source": [sources]}


def test_a_star_is_one_where_an_operator_has_them() -> None:
    assert limits(StringLike={"events:source": "my.*"}) == {"source": [["my.*"]]}
    [(_, plain)] = limits_of(SYSTEM, {"Condition": {"StringEquals": {"events:source": "my.*?"}}}, TEMPLATE)
    assert plain == Language((("my.*?",),))


def test_all_conditions_hold() -> None:
    found = limits(
        StringEquals={"events:source": ["a", "b"], "events:detail-type": "Done"},
        StringLike={"events:source": "a*", "aws:SourceArn": "*"},
    )

    assert found == {"source": [["a", "b"], ["a*"]], "detail-type": [["Done"]]}


def test_values_are_resolved() -> None:
    assert limits(StringEquals={"events:source": {"Fn::Sub": "my.${Stage}"}}) == {"source": [["my.dev", "my.prod"]]}
    assert limits(StringEquals={"events:source": {"Fn::If": ["Is", "a", "b"]}}) == {"source": [["a", "b"]]}


@pytest.mark.parametrize(
    "condition",
    [
        None,
        "text",
        [],
        {},
        {"StringEquals": None},
        {"StringEquals": ["events:source"]},
        {"StringEquals": {"events:source": []}},
        {"StringEquals": {"events:source": "${aws:PrincipalTag/team}"}},
        {"StringLike": {"events:source": ["my.out", "${aws:PrincipalTag/team}.*"]}},
        {"StringEquals": {"events:source": NOTHING}},
        {"StringEquals": {"events:source": {"Fn::If": ["Is", "my.out", NOTHING]}}},
        {"StringEquals": {"Fn::If": ["Is", {"events:source": "my.out"}, NOTHING]}},
        {"Fn::If": ["Is", {"StringEquals": {"events:source": "my.out"}}, NOTHING]},
        {"StringEqualsIfExists": {"events:source": "my.out"}},
        {"ForAnyValue:StringEquals": {"events:source": "my.out"}},
        {"StringNotEquals": {"events:source": "my.out"}},
        {"StringEqualsIgnoreCase": {"events:source": "my.out"}},
        {"StringEquals": {"events:detail": "my.out", "cloudwatch:namespace": "A"}},
    ],
)
def test_what_a_condition_leaves_open_limits_nothing(condition: Any) -> None:
    assert limits_of(SYSTEM, {} if condition is None else {"Condition": condition}, TEMPLATE) == ()


def metrics(condition: Body) -> list[str]:
    return [show_glob(glob) for glob in metrics_of(SYSTEM, {"Condition": condition}, TEMPLATE)]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({"StringEquals": {"cloudwatch:namespace": "A"}}, ["A"]),
        ({"StringLike": {"CloudWatch:Namespace": ["A*", "B"]}}, ["A*", "B"]),
        ({"StringLike": {"cloudwatch:namespace": "A"}, "StringEquals": {"cloudwatch:namespace": "A"}}, ["A"]),
        # What has no namespace is allowed as well.
        ({"ForAllValues:StringEquals": {"cloudwatch:namespace": "A"}}, []),
        ({"StringEquals": {"cloudwatch:namespace": "${aws:PrincipalTag/team}"}}, []),
        ({"StringEquals": {"cloudwatch:namespace": {"Fn::If": ["Is", "A", NOTHING]}}}, []),
    ],
)
def test_metrics_are_limited_by_their_namespace(condition: Body, found: list[str]) -> None:
    assert metrics(condition) == [f"cloudwatch:metric/{name}/*" for name in found]


def test_a_namespace_is_allowed_whatever_resources_are_not() -> None:
    statement = {
        "Effect": "Allow",
        "Action": "cloudwatch:PutMetricData",
        "NotResource": "arn:aws:s3:::photos/*",
        "Condition": {"StringEquals": {"cloudwatch:namespace": "A"}},
    }
    [found] = statements(SYSTEM, {"Statement": [statement]}, TEMPLATE)

    assert found.rules == (Allow(Actions(("cloudwatch:PutMetricData",)), f"cloudwatch:metric/A/{STAR}"),)


def test_a_deposit_is_limited_if_it_is_of_what_conditions_are_on() -> None:
    limit = Language((("my.out",),))
    allow = Allow(Actions(("events:PutEvents",)), STAR, limits=(("source", limit),))
    message = Message({"source": Language(((STAR,),), (f"aws.{STAR}",))})

    assert Deposit("events:PutEvents", message).by(allow) is message
    assert Deposit("events:PutEvents", message, is_limited=True).by(Allow(Actions(()), STAR)) is message
    assert Deposit("events:PutEvents", message, is_limited=True).by(allow) == message & Message({"source": limit})


@pytest.mark.parametrize(("source", "verdict"), [("my.out", "loop-free"), ("my.in", "loop"), ("my.1", "loop")])
def test_where_many_rules_listen_those_hear_that_ask_for_what_is_left(source: str, verdict: str) -> None:
    statement = {
        "Effect": "Allow",
        "Action": "events:PutEvents",
        "Resource": "*",
        "Condition": {"StringEquals": {"events:source": source}},
    }
    heard = ["my.in", *(f"my.{number}" for number in range(FEW))]
    target = {"Id": "a", "Arn": {"Fn::GetAtt": ["Work", "Arn"]}}
    resources: Body = {
        f"Rule{number}": {
            "Type": "AWS::Events::Rule",
            "Properties": {"EventPattern": {"source": [name]}, "Targets": [target]},
        }
        for number, name in enumerate(heard)
    }
    resources["Work"] = {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["Role", "Arn"]}}}
    resources["Role"] = {
        "Type": "AWS::IAM::Role",
        "Properties": {"Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": [statement]}}]},
    }

    assert check([Template.of({"Resources": resources})]).verdict == verdict
