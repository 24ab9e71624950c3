"""Notifications of one bucket that S3 would refuse together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.loops import Report, check
from constructs_lib.loops.report import Step

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make

Body = dict[str, Any]
AT = ("Resources", "Photos", "Properties", "NotificationConfiguration", "LambdaConfigurations")


def notified(make: Make, *notifications: Body, **more: Body) -> dict[str, Body]:
    functions = {"Role": make.role(), "A": make.function(), "B": make.function()}
    return {"Photos": make.bucket(*notifications), **functions, **more}


def witnesses(report: Report) -> list[str]:
    assert {found.reference for found in report.findings} <= {"notification-overlap"}
    return [found.witness for found in report.findings]


def test_overlapping_notifications_are_told_with_key_and_event(make: Make) -> None:
    bucket = make.bucket(make.notify("A", "in/"), make.notify("B", "", ".jpg", "s3:ObjectCreated:Put"))
    report = make.check({"Photos": bucket, "Role": make.role(), "A": make.function(), "B": make.function()})

    assert [str(finding.diagnostic()) for finding in report.findings] == [
        """\
error[notification-overlap]: two notifications of `Photos` match the same key and event

  Photos  -- s3:ObjectCreated:* `in/*` -->    A
  Photos  -- s3:ObjectCreated:Put `*.jpg` --> B

  witness: key `in/a.jpg` with s3:ObjectCreated:Put matches both
  help: give them prefixes or suffixes that no key has both of, or different events
  see: constructs-lib explain notification-overlap"""
    ]
    assert report.verdict == "loop-free"


@pytest.mark.parametrize(
    ("one", "other", "witness"),
    [
        (("in/", ""), ("in/raw/", ""), "in/raw/a"),
        (("in/", ""), ("", ".jpg"), "in/a.jpg"),
        (("", ""), ("", ""), "a"),
        (("in/", ".jpg"), ("in/", ".png"), None),
        (("in/", ""), ("out/", ""), None),
        (("in/", ""), ("in%2Fraw/", ""), "in/raw/a"),
    ],
)
def test_filters_overlap_in_a_key_that_both_let_through(
    make: Make, one: tuple[str, str], other: tuple[str, str], witness: str | None
) -> None:
    report = make.check(notified(make, make.notify("A", *one), make.notify("B", *other)))

    assert witnesses(report) == ([] if witness is None else [f"key `{witness}` with s3:ObjectCreated:Put matches both"])


@pytest.mark.parametrize(
    ("one", "other", "witness"),
    [
        ("s3:ObjectCreated:*", "s3:ObjectCreated:Copy", "ObjectCreated:Copy"),
        ("s3:ObjectCreated:Post", "s3:ObjectCreated:Post", "ObjectCreated:Post"),
        (
            "s3:ObjectCreated:CompleteMultipartUpload",
            "s3:ObjectCreated:*",
            "ObjectCreated:CompleteMultipartUpload",
        ),
        ("s3:ObjectRemoved:*", "s3:ObjectRemoved:Delete", "ObjectRemoved:Delete"),
        ("s3:ObjectRemoved:*", "s3:ObjectRemoved:DeleteMarkerCreated", "ObjectRemoved:DeleteMarkerCreated"),
        ("s3:ObjectRestore:*", "s3:ObjectRestore:Post", "ObjectRestore:Post"),
        ("s3:ObjectRestore:*", "s3:ObjectRestore:Completed", "ObjectRestore:Completed"),
        ("s3:ObjectRestore:*", "s3:ObjectRestore:Delete", "ObjectRestore:Delete"),
        ("s3:ObjectTagging:*", "s3:ObjectTagging:Put", "ObjectTagging:Put"),
        ("s3:ObjectTagging:*", "s3:ObjectTagging:Delete", "ObjectTagging:Delete"),
        ("s3:ObjectAcl:Put", "s3:ObjectAcl:Put", "ObjectAcl:Put"),
        ("s3:LifecycleExpiration:*", "s3:LifecycleExpiration:Delete", "LifecycleExpiration:Delete"),
        (
            "s3:LifecycleExpiration:*",
            "s3:LifecycleExpiration:DeleteMarkerCreated",
            "LifecycleExpiration:DeleteMarkerCreated",
        ),
        ("s3:LifecycleTransition", "s3:LifecycleTransition", "LifecycleTransition"),
        ("s3:IntelligentTiering", "s3:IntelligentTiering", "IntelligentTiering"),
        ("s3:ReducedRedundancyLostObject", "s3:ReducedRedundancyLostObject", "ReducedRedundancyLostObject"),
        (
            "s3:Replication:*",
            "s3:Replication:OperationFailedReplication",
            "Replication:OperationFailedReplication",
        ),
        (
            "s3:Replication:*",
            "s3:Replication:OperationMissedThreshold",
            "Replication:OperationMissedThreshold",
        ),
        (
            "s3:Replication:*",
            "s3:Replication:OperationReplicatedAfterThreshold",
            "Replication:OperationReplicatedAfterThreshold",
        ),
        ("s3:Replication:*", "s3:Replication:OperationNotTracked", "Replication:OperationNotTracked"),
        ("s3:ObjectCreated:*", "s3:ObjectRemoved:*", None),
        ("s3:ObjectCreated:Put", "s3:ObjectCreated:Post", None),
    ],
)
def test_events_overlap_in_one_that_both_are_told_of(make: Make, one: str, other: str, witness: str | None) -> None:
    report = make.check(notified(make, make.notify("A", "in/", event=one), make.notify("B", "in/", event=other)))

    assert witnesses(report) == ([] if witness is None else [f"key `in/a` with s3:{witness} matches both"])


def test_an_overlap_is_a_finding_of_its_own_kind(make: Make) -> None:
    function = make.function(FunctionName="a")
    function["Metadata"] = {"aws:cdk:path": "Photos/Resize/Resource"}
    template = make.template({**notified(make, make.notify("A", "in/"), make.notify("B")), "A": function})
    [found] = check([template]).findings
    one, other = found.path

    assert (found.verdict, found.severity) == ("loop-free", "rejected")
    assert found.helps == (
        "give them prefixes or suffixes that no key has both of, or different events",
        "send the events to one topic or to EventBridge, and from there to several targets",
    )
    assert one == Step("Photos", "s3:ObjectCreated:* `in/*`", "Photos/Resize", "Photos", "A", template, (*AT, 0), None)
    assert other == Step("Photos", "s3:ObjectCreated:*", "B", "Photos", "B", template, (*AT, 1), None)


def test_notifications_of_two_buckets_do_not_overlap(make: Make) -> None:
    report = make.check(notified(make, make.notify("A"), Thumbs=make.bucket(make.notify("A"))))

    assert witnesses(report) == []


def test_each_two_of_three_are_told(make: Make) -> None:
    notifications = [make.notify("A", "in/"), make.notify("B", "in/raw/"), make.notify("A", "in/raw/x/")]
    report = make.check(notified(make, *notifications))

    assert [[step.at[-1] for step in found.path] for found in report.findings] == [[0, 1], [0, 2], [1, 2]]


def test_what_may_be_the_same_key_is_not_told_but_the_same_parameter_is(make: Make) -> None:
    parameters = {"Folder": {"Type": "String"}, "Other": {"Type": "String"}}

    def seen(one: Any, other: Any) -> list[str]:
        resources = notified(make, make.notify("A", one), make.notify("B", other))
        return witnesses(make.check(resources, Parameters=parameters))

    assert seen({"Ref": "Folder"}, {"Ref": "Other"}) == []
    assert seen({"Ref": "Folder"}, "in/") == []
    assert seen({"Ref": "Folder"}, {"Fn::Sub": "${Folder}/x"}) == [
        "key `${Folder}/x` with s3:ObjectCreated:Put matches both"
    ]


def test_queues_topics_and_what_is_elsewhere_count_too(make: Make) -> None:
    resources = notified(make, make.notify("arn:aws:lambda:eu-west-1:123456789012:function:other"))
    elsewhere = {"Fn::ImportValue": "topic"}
    configuration = resources["Photos"]["Properties"]["NotificationConfiguration"]
    configuration["LambdaConfigurations"][0]["Function"] = "arn:aws:lambda:eu-west-1:123456789012:function:other"
    configuration["QueueConfigurations"] = [{"Event": "s3:ObjectCreated:*", "Queue": {"Fn::GetAtt": ["Jobs", "Arn"]}}]
    configuration["TopicConfigurations"] = [{"Event": "s3:ObjectCreated:*", "Topic": elsewhere}]
    report = make.check({**resources, "Jobs": {"Type": "AWS::SQS::Queue"}})

    lambda_ = ("arn:aws:lambda:eu-west-1:123456789012:function:other",) * 2
    assert [[(step.target, step.target_id) for step in found.path] for found in report.findings] == [
        [lambda_, ("Jobs", "Jobs")],
        [lambda_, ("${import topic}", "${import topic}")],
        [("Jobs", "Jobs"), ("${import topic}", "${import topic}")],
    ]


def custom(make: Make, *prefixes: str) -> Body:
    """CDK's custom resource: it replaces what the bucket has."""
    configurations = [
        {
            "Events": ["s3:ObjectCreated:*"],
            "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": prefix}]}},
            "LambdaFunctionArn": {"Fn::GetAtt": ["A", "Arn"]},
        }
        for prefix in prefixes
    ]
    properties = {
        "BucketName": "photos",
        "NotificationConfiguration": {"LambdaFunctionConfigurations": configurations},
    }
    return {
        "Notifications": {"Type": "Custom::S3BucketNotifications", "Properties": properties},
        "Role": make.role(),
        "A": make.function(),
    }


def test_what_a_custom_resource_replaces_does_not_overlap_with_it(make: Make) -> None:
    bucket = make.bucket(make.notify("A", "in/"), BucketName="photos")

    assert witnesses(make.check({"Photos": bucket, **custom(make, "in/")})) == []


def test_notifications_of_a_custom_resource_overlap_and_stand_where_it_does(make: Make) -> None:
    data = make.template({"Photos": make.bucket(BucketName="photos")}, name="Data")
    code = make.template(custom(make, "in/", "in/raw/"), name="Code")
    [found] = check([data, code]).findings
    at = ("Resources", "Notifications", "Properties", "NotificationConfiguration", "LambdaFunctionConfigurations")

    assert found.headline == "two notifications of `Data/Photos` match the same key and event"
    assert [(step.at, step.template, step.at_template) for step in found.path] == [
        ((*at, 0), data, code),
        ((*at, 1), data, code),
    ]
