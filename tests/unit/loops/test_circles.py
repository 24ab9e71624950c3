"""Who may be on a circle if keys and most filters are left aside, and how many arrows and resources join them."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.loops.graph import Graph
from constructs_lib.loops.network import FEW
from constructs_lib.templates import Template
from constructs_lib.templates.system import System

Body = dict[str, Any]


def arn(name: str) -> Body:
    return {"Fn::GetAtt": [name, "Arn"]}


def function(name: str, *granted: tuple[Any, Any]) -> Body:
    statements = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in granted]
    return {
        name: {"Type": "AWS::Lambda::Function", "Properties": {"Role": arn(f"{name}Role")}},
        f"{name}Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"Policies": [{"PolicyDocument": {"Statement": statements}}]},
        },
    }


def writing(name: str, *buckets: str) -> Body:
    return function(name, *(("s3:PutObject", {"Fn::Sub": f"${{{bucket}.Arn}}/*"}) for bucket in buckets))


def telling(bucket: str) -> Body:
    notified = {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    return {bucket: {"Type": "AWS::S3::Bucket", "Properties": {"NotificationConfiguration": notified}}}


def waking(name: str, bucket: str, **bus: Any) -> Body:
    """A rule by which what happens in a bucket wakes a function."""
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [{"Ref": bucket}]}}}
    properties = {"EventPattern": pattern, "Targets": [{"Id": "it", "Arn": arn(name)}], **bus}
    return {f"Rule{name}{len(bus)}": {"Type": "AWS::Events::Rule", "Properties": properties}}


def found(*resources: Body) -> tuple[str, int, str]:
    """The actors that may be on a circle, the number of arrows, and the resources on them."""
    document = {"Resources": {key: body for part in resources for key, body in part.items()}}
    system = System([Template.of({**document, "Parameters": {"Which": {"Type": "String"}}})])
    circles = Graph(system).circles
    names = [" ".join(sorted(node.id for node in nodes)) for nodes in (circles.actors, circles.resources)]
    return names[0], circles.arrows, names[1]


def ring(count: int, *others: Body, closed: bool, **bus: Any) -> tuple[str, int, str]:
    """Functions of which each writes to the bucket that wakes the next one, all over one bus."""
    names = letters(count)
    following = [*names[1:], names[0] if closed else ""]
    return found(
        *(writing(name, *([f"Of{other}"] if other else [])) for name, other in zip(names, following, strict=True)),
        *(telling(f"Of{name}") for name in names),
        *(waking(name, f"Of{name}", **bus) for name in names),
        *others,
    )


def letters(count: int) -> list[str]:
    return [chr(ord("a") + number) for number in range(count)]


def buckets(names: list[str]) -> str:
    return " ".join(f"Of{name}" for name in names)


BUS = "default event bus"


@pytest.mark.parametrize("count", [2, FEW - 1, FEW, FEW + 3])
def test_a_circle_over_a_bus_is_one_however_many_listen_to_it(count: int) -> None:
    names = letters(count)

    assert ring(count, closed=True) == (" ".join(names), 3 * count, f"{buckets(names)} {BUS}")


def test_a_bus_joins_all_that_is_on_it_while_few_listen() -> None:
    """From the last but one, which writes to the bucket of the last, any may be woken, but by what wakes the first."""
    names = letters(FEW - 1)

    assert ring(FEW - 1, closed=False) == (" ".join(names[:-1]), 3 * FEW - 5, f"{buckets(names[1:])} {BUS}")


@pytest.mark.parametrize("count", [FEW, FEW + 3])
def test_a_bus_to_which_many_listen_joins_only_what_each_way_into_it_may_reach(count: int) -> None:
    assert ring(count, closed=False) == ("", 3 * (count - 1), f"{buckets(letters(count)[1:])} {BUS}")


def test_what_goes_on_from_one_such_bus_to_another_reaches_who_listens_there() -> None:
    """Rules of the one bus that wake nobody on a circle, and one that hands everything on to the other."""
    names = letters(FEW)
    quiet = [f"Z{number}" for number in range(FEW)]
    forward = {"EventPattern": {"source": ["aws.s3"]}, "Targets": [{"Id": "it", "Arn": arn("Other")}]}
    other = {
        "Other": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "other"}},
        "Forward": {"Type": "AWS::Events::Rule", "Properties": forward},
    }
    more = [*(function(name) for name in quiet), *(telling(f"Of{name}") for name in quiet)]
    asking = [waking(name, f"Of{name}") for name in quiet]

    assert ring(FEW, other, *more, *asking, closed=True, EventBusName={"Ref": "Other"}) == (
        " ".join(names),
        3 * FEW + 1,
        f"{buckets(names)} Other {BUS}",
    )


def test_what_several_may_do_alike_counts_for_each_of_them() -> None:
    bucket = {"NotificationConfiguration": {"LambdaConfigurations": [{"Event": "s3:*", "Function": arn("a")}]}}
    shared = writing("a", "Photos")
    second = {"b": {"Type": "AWS::Lambda::Function", "Properties": {"Role": arn("aRole")}}}
    photos = {"Photos": {"Type": "AWS::S3::Bucket", "Properties": bucket}}

    assert found(shared, second, photos) == ("a", 3, "Photos")


@pytest.mark.parametrize("waking_buses", [["Other"], ["default"], ["default", "Other"]])
def test_a_grant_for_several_buses_leads_into_each_of_them(waking_buses: list[str]) -> None:
    quiet = [f"Z{number}" for number in range(FEW)]
    rules = {
        f"{name}{bus}": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventBusName": {"Ref": "Other"} if bus == "Other" else bus,
                "EventPattern": {"source": [name]},
                "Targets": [{"Id": "it", "Arn": arn(name)}],
            },
        }
        for bus in ("default", "Other")
        for name in (*quiet, *(["a"] if bus in waking_buses else []))
    }
    other = {"Other": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "other"}}}
    functions = [function("a", ("events:PutEvents", "*")), *(function(name) for name in quiet)]

    assert found(*functions, other, rules) == ("a", 2 + 2 * FEW + len(waking_buses), f"Other {BUS}")


@pytest.mark.parametrize(
    ("count", "last", "expected"),
    [(FEW - 1, "elsewhere", "a b c d e f g"), (FEW, "elsewhere", ""), (FEW, "a", "a b c d e f g h")],
)
def test_a_bucket_to_which_many_listen_joins_only_those_for_whose_keys_there_are_grants(
    count: int, last: str, expected: str
) -> None:
    names = letters(count)
    folders = {name: f"the-folder-that-wakes-{name}/" for name in (*names, "elsewhere")}
    granted = [
        function(name, ("s3:PutObject", f"arn:aws:s3:::photos/{folders[to]}*"))
        for name, to in zip(names, [*names[1:], last], strict=True)
    ]
    entries = [
        {
            "Event": "s3:ObjectCreated:*",
            "Function": arn(name),
            "Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": folders[name]}]}},
        }
        for name in names
    ]
    properties = {"BucketName": "photos", "NotificationConfiguration": {"LambdaConfigurations": entries}}

    actors, _, resources = found(*granted, {"Photos": {"Type": "AWS::S3::Bucket", "Properties": properties}})
    assert (actors, resources) == (expected, "Photos")


def crowded(*granted: tuple[Any, Any]) -> tuple[str, int, str]:
    """A bucket to which many listen, one of them a function that wants to know what is removed under `one/`."""
    quiet = [f"Z{number}" for number in range(FEW)]
    entries = [
        {
            "Event": "s3:ObjectRemoved:*" if name == "a" else "s3:ObjectCreated:*",
            "Function": arn(name),
            "Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": "one/" if name == "a" else f"{name}/"}]}},
        }
        for name in ("a", *quiet)
    ]
    properties = {"BucketName": "photos", "NotificationConfiguration": {"LambdaConfigurations": entries}}
    photos = {"Photos": {"Type": "AWS::S3::Bucket", "Properties": properties}}
    return found(function("a", *granted), *(function(name) for name in quiet), photos)


def test_each_action_is_a_way_of_its_own_into_what_many_listen_to() -> None:
    keys = "arn:aws:s3:::photos/one/*"

    assert crowded(("s3:DeleteObject", keys))[0] == "a"
    assert crowded((["s3:PutObject", "s3:DeleteObject"], keys))[0] == "a"


def test_a_grant_for_keys_that_are_not_known_is_one_for_any() -> None:
    assert crowded(("s3:DeleteObject", {"Fn::Sub": "arn:aws:s3:::photos/${Which}"}))[0] == "a"
    assert crowded(("s3:DeleteObject", {"Fn::Sub": "arn:aws:s3:::${Which}/one/*"}))[0] == "a"


def test_a_grant_for_everything_leads_into_everything() -> None:
    entry = {"Event": "s3:ObjectCreated:*", "Function": arn("a")}
    notified = {"NotificationConfiguration": {"LambdaConfigurations": [entry]}}
    buckets_ = {name: {"Type": "AWS::S3::Bucket", "Properties": notified} for name in ("One", "Two")}

    assert found(function("a", ("s3:PutObject", "*")), buckets_) == ("a", 4, "One Two")
