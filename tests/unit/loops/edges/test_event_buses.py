"""Event buses, rules, and archives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.loops.edges.parts import arn, body, loops, rule, worker

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make
    from tests.unit.loops.edges.parts import Resources


def own_events_loop(make: Make, pattern: dict[str, Any] | None = None) -> Resources:
    return {
        **worker(make, "events:PutEvents", arn("Bus")),
        "Bus": body("AWS::Events::EventBus", Name="orders"),
        "Rule": rule(pattern or {"source": ["my.orders"]}, EventBusName={"Ref": "Bus"}),
    }


def default_bus_loop(make: Make) -> Resources:
    return {
        **worker(make, "events:PutEvents", "*"),
        "Rule": rule({"detail-type": ["order"]}),
    }


def s3_events_loop(make: Make, detail: dict[str, Any] | None = None, kind: str = "Object Created") -> Resources:
    pattern = {
        "source": ["aws.s3"],
        "detail-type": [kind],
        "detail": {"bucket": {"name": [{"Ref": "Photos"}]}, **(detail or {})},
    }
    return {
        **worker(make, "s3:PutObject", make.objects("Photos", "out/*")),
        "Photos": make.bucket(NotificationConfiguration={"EventBridgeConfiguration": {"EventBridgeEnabled": True}}),
        "Rule": rule(pattern),
    }


def replay_loop(make: Make, pattern: dict[str, Any] | None = None) -> Resources:
    archive = {"SourceArn": arn("Bus"), "EventPattern": {"source": ["my.orders"]}}
    return {
        **worker(make, "events:StartReplay", arn("Archive")),
        "Bus": body("AWS::Events::EventBus", Name="orders"),
        "Archive": body("AWS::Events::Archive", **archive),
        "Rule": rule(pattern or {"source": ["my.orders"]}, EventBusName={"Ref": "Bus"}),
    }


@pytest.mark.parametrize(
    ("resources", "path", "severity"),
    [
        (own_events_loop, "Worker > Bus > Worker", "endless"),
        (default_bus_loop, "Worker > default event bus > Worker", "endless"),
        (s3_events_loop, "Worker > Photos > default event bus > Worker", "endless"),
        (replay_loop, "Worker > Archive > Bus > Worker", "endless"),
    ],
)
def test_events_make_loops(make: Make, resources: Any, path: str, severity: str) -> None:
    report = make.check(resources(make))

    assert (path, severity) in loops(report)
    assert len(report.findings) == 1


@pytest.mark.parametrize(
    "resources",
    [
        pytest.param(lambda make: own_events_loop(make, {"source": ["aws.s3"]}), id="an event of AWS"),
        pytest.param(
            lambda make: own_events_loop(make, {"source": [{"prefix": "aws."}]}), id="an event of AWS by prefix"
        ),
        pytest.param(
            lambda make: s3_events_loop(make, {"object": {"key": [{"prefix": "in/"}]}}),
            id="another prefix in the pattern",
        ),
        pytest.param(
            lambda make: s3_events_loop(make, {"object": {"key": [{"wildcard": "*/in/*"}]}}, "Object Deleted"),
            id="a wildcard in the pattern",
        ),
        pytest.param(
            lambda make: s3_events_loop(make, {"object": {"key": [{"anything-but": {"prefix": "out/"}}]}}),
            id="anything but the prefix",
        ),
        pytest.param(lambda make: s3_events_loop(make, {"reason": ["Lifecycle Expiration"]}), id="another reason"),
        pytest.param(lambda make: s3_events_loop(make, kind="Object Deleted"), id="another kind of event"),
        pytest.param(lambda make: replay_loop(make, {"source": ["my.invoices"]}), id="an archive of other events"),
        pytest.param(
            lambda make: replay_loop(make, {"source": ["my.orders"], "replay-name": [{"exists": False}]}),
            id="a rule that does not listen to replays",
        ),
    ],
)
def test_events_that_cannot_meet_are_no_loop(make: Make, resources: Any) -> None:
    assert str(make.check(resources(make))).startswith("loop-free")


def test_rules_pass_events_on_from_bus_to_bus(make: Make) -> None:
    resources = {
        **worker(make, "events:PutEvents", arn("First")),
        "First": body("AWS::Events::EventBus", Name="first"),
        "Second": body("AWS::Events::EventBus", Name="second"),
        "Over": rule({"source": ["a"], "detail": {"n": [{"numeric": [">", 1]}]}}, arn("Second"), EventBusName="first"),
        "Back": rule({"source": ["a", "b"]}, EventBusName=arn("Second")),
    }

    assert make.check(resources).verdict == "loop"
    resources["Back"] = rule({"source": ["b"]}, EventBusName=arn("Second"))
    assert make.check(resources).verdict == "loop-free"


@pytest.mark.parametrize("kinds", [("a", "b"), ("b", "a")])
def test_each_alternative_of_a_pattern_is_followed_from_bus_to_bus(make: Make, kinds: tuple[str, str]) -> None:
    pattern = {"$or": [{"detail-type": [kind]} for kind in kinds]}

    report = make.check(
        {
            **worker(make, "events:PutEvents", arn("First")),
            "First": body("AWS::Events::EventBus", Name="first"),
            "Second": body("AWS::Events::EventBus", Name="second"),
            "Onward": rule(pattern, arn("Second"), EventBusName={"Ref": "First"}),
            "Back": rule({"detail-type": ["b"]}, EventBusName={"Ref": "Second"}),
        }
    )

    assert report.verdict == "loop"


def test_an_event_goes_from_bus_to_bus_only_once(make: Make) -> None:
    resources = {
        **worker(make, "events:PutEvents", arn("First")),
        **{name: body("AWS::Events::EventBus", Name=name.lower()) for name in ("First", "Second", "Third")},
        "Over": rule({"source": ["a"]}, arn("Second"), EventBusName="first"),
        "On": rule({"source": ["a"]}, arn("Third"), EventBusName="second"),
        "Back": rule({"source": ["a"]}, EventBusName="third"),
    }

    assert make.check(resources).verdict == "loop-free"
    resources["Back"] = rule({"source": ["a"]}, EventBusName="second")
    assert make.check(resources).verdict == "loop"


def test_a_target_that_a_parameter_names_is_another_bus_only_once(make: Make) -> None:
    resources = {
        **worker(make, "events:PutEvents", "*"),
        "Rule": rule({"source": ["shop"]}, {"Ref": "Given"}),
        "Told": rule({"source": ["shop"]}),
    }

    report = make.check(resources, Parameters={"Given": {"Type": "String"}})

    paths = [[step.target_id for step in finding.path] for finding in report.findings]
    assert paths == [["default event bus", "Worker"], ["default event bus", "default event bus", "Worker"]]
