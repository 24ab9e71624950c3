"""What comes of objects long after they were written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.loops.edges.parts import body, loops, rule, worker

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make
    from tests.unit.loops.edges.parts import Resources


def later(make: Make, lifecycle: dict[str, Any], event: str, action: str = "s3:PutObject") -> Resources:
    rules = {"Rules": [{"Status": "Enabled", **lifecycle}]}
    return {
        **worker(make, action, make.objects("Photos", "out/*")),
        "Photos": make.bucket(make.notify("Worker", event=f"s3:{event}"), LifecycleConfiguration=rules),
    }


@pytest.mark.parametrize(
    ("lifecycle", "event", "action"),
    [
        ({"ExpirationInDays": 1}, "LifecycleExpiration:*", "s3:PutObject"),
        ({"ExpirationInDays": 1, "Prefix": "out/"}, "LifecycleExpiration:Delete", "s3:PutObject"),
        ({"ExpirationInDays": 1, "Filter": {"And": {"Prefix": "out/a"}}}, "LifecycleExpiration:*", "s3:PutObject"),
        (
            {"ExpirationInDays": 1, "TagFilters": [{"Key": "a", "Value": "b"}]},
            "LifecycleExpiration:*",
            "s3:PutObjectTagging",
        ),
        ({"NoncurrentVersionExpiration": {"NoncurrentDays": 1}}, "LifecycleExpiration:Delete", "s3:DeleteObject"),
        ({"ExpiredObjectDeleteMarker": True}, "LifecycleExpiration:Delete", "s3:DeleteObject"),
        ({"Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 1}]}, "LifecycleTransition", "s3:PutObject"),
    ],
)
def test_a_lifecycle_rule_makes_a_slow_loop(make: Make, lifecycle: Any, event: str, action: str) -> None:
    assert loops(make.check(later(make, lifecycle, event, action))) == [("Worker > Photos > Worker", "slow")]


def test_the_witness_of_a_lifecycle_rule_is_an_object_that_expires(make: Make) -> None:
    report = make.check(later(make, {"ExpirationInDays": 1}, "LifecycleExpiration:*"))

    assert report.findings[0].witness == "the expiry of key `out/a` invokes `Worker` again"


@pytest.mark.parametrize(
    ("lifecycle", "event", "action"),
    [
        ({"ExpirationInDays": 1, "Status": "Disabled"}, "LifecycleExpiration:*", "s3:PutObject"),
        ({"ExpirationInDays": 1, "Prefix": "in/"}, "LifecycleExpiration:*", "s3:PutObject"),
        ({"ExpirationInDays": 1, "Filter": {"Prefix": "in/"}}, "LifecycleExpiration:*", "s3:PutObject"),
        ({"ExpirationInDays": 1}, "LifecycleExpiration:*", "s3:DeleteObject"),
        ({"ExpirationInDays": 1}, "LifecycleExpiration:*", "s3:PutObjectTagging"),
        ({"ExpirationInDays": 1}, "LifecycleTransition", "s3:PutObject"),
        ({"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}, "LifecycleExpiration:*", "s3:PutObject"),
    ],
)
def test_a_lifecycle_rule_for_other_objects_makes_none(make: Make, lifecycle: Any, event: str, action: str) -> None:
    assert make.check(later(make, lifecycle, event, action)).verdict == "loop-free"


@pytest.mark.parametrize(
    ("configuration", "event"),
    [
        ({"IntelligentTieringConfigurations": [{"Id": "all"}]}, "IntelligentTiering"),
        ({"ReplicationConfiguration": {"Rules": []}}, "Replication:OperationFailedReplication"),
    ],
)
def test_archive_tiers_and_replication_tell_later(make: Make, configuration: Any, event: str) -> None:
    resources = later(make, {}, event)

    assert make.check(resources).verdict == "loop-free"
    resources["Photos"]["Properties"].update(configuration)
    assert loops(make.check(resources)) == [("Worker > Photos > Worker", "slow")]


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [
        ("Object Storage Class Changed", "loop"),
        ("Object Deleted", "loop-free"),
        ("Object Access Tier Changed", "loop-free"),
    ],
)
def test_event_bridge_is_told_as_well(make: Make, kind: str, verdict: str) -> None:
    resources = later(
        make, {"Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 1}]}, "ReducedRedundancyLostObject"
    )
    resources["Photos"]["Properties"]["NotificationConfiguration"] = {"EventBridgeConfiguration": {}}
    resources["Rule"] = rule({"source": ["aws.s3"], "detail-type": [kind]})

    assert make.check(resources).verdict == verdict


@pytest.mark.parametrize("action", ["s3:PutObjectRetention", "s3:PutObjectAnnotation"])
def test_what_event_bridge_might_tell_by_a_new_type_of_event_is_not_left_out(make: Make, action: str) -> None:
    resources = {
        **worker(make, action, make.objects("Photos")),
        "Photos": make.bucket(NotificationConfiguration={"EventBridgeConfiguration": {}}),
        "Rule": rule({"source": ["aws.s3"]}),
    }

    assert make.check(resources).verdict == "loop"
    resources["Rule"] = rule({"source": ["aws.s3"], "detail-type": ["Object Created"]})
    assert make.check(resources).verdict == "loop-free"


def test_every_filter_of_replication_that_a_condition_chooses_counts(make: Make) -> None:
    chosen = {"Fn::If": ["IsProd", {"Prefix": "in/"}, {"TagFilter": {"Key": "a", "Value": "b"}}]}
    replicated = {"Status": "Enabled", "Filter": chosen, "Destination": {"Bucket": {"Fn::GetAtt": ["Copy", "Arn"]}}}
    resources = {
        **worker(make, "s3:PutObject", make.objects("Photos", "out/*")),
        "Photos": make.bucket(ReplicationConfiguration={"Role": "r", "Rules": [replicated]}),
        "Copy": make.bucket(make.notify("Worker", "out/")),
        "Unused": body("AWS::SQS::Queue"),
    }
    conditions = {"IsProd": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}}

    assert make.check(resources, Conditions=conditions).verdict == "loop"
