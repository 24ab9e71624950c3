"""What is listened to without being declared: it takes part by its name, or because it is the same in both places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make

Body = dict[str, Any]
WORK = {"Fn::GetAtt": ["Work", "Arn"]}
SOURCE = {"Ref": "Source"}
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:jobs"
STREAM = "arn:aws:kinesis:eu-west-1:123456789012:stream/records"
TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/items"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:news"
BUS = "arn:aws:events:eu-west-1:123456789012:event-bus/orders"


def resource(type_: str, **properties: Any) -> dict[str, Body]:
    return {"It": {"Type": type_, "Properties": properties}}


def polled(source: Any, **properties: Any) -> dict[str, Body]:
    poll = {"EventSourceArn": source, "FunctionName": {"Ref": "Work"}, **properties}
    return resource("AWS::Lambda::EventSourceMapping", **poll)


def ruled(bus: Any, pattern: Any) -> dict[str, Body]:
    to = {} if bus is None else {"EventBusName": bus}
    return resource("AWS::Events::Rule", EventPattern=pattern, Targets=[{"Id": "work", "Arn": WORK}], **to)


def notified(bucket: Any) -> dict[str, Body]:
    entry = {"Events": ["s3:ObjectCreated:*"], "LambdaFunctionArn": WORK}
    configuration = {"LambdaFunctionConfigurations": [entry]}
    return resource("Custom::S3BucketNotifications", BucketName=bucket, NotificationConfiguration=configuration)


def of_bucket(name: Any) -> Body:
    return {"source": ["aws.s3"], "detail": {"bucket": {"name": name}}}


FROM_LATEST = {"StartingPosition": "LATEST"}


@pytest.mark.parametrize(
    ("resources", "action", "granted", "verdict"),
    [
        (polled(QUEUE), "sqs:SendMessage", QUEUE, "loop"),
        (polled(QUEUE), "sqs:SendMessage", "*", "loop"),
        (polled(QUEUE), "sqs:SendMessage", f"{QUEUE}-2", "loop-free"),
        (polled(QUEUE), "sqs:ReceiveMessage", QUEUE, "loop-free"),
        (polled(SOURCE), "sqs:SendMessage", SOURCE, "unproven"),
        (polled(SOURCE), "sqs:SendMessage", "*", "unproven"),
        (polled(SOURCE, **FROM_LATEST), "sqs:SendMessage", "*", "loop-free"),
        (polled(SOURCE, **FROM_LATEST), "dynamodb:PutItem", "*", "unproven"),
        (polled({"Fn::Sub": "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:${Source}"}), "sqs:*", "*", "loop"),
        (polled({"Fn::ImportValue": "jobs"}), "sqs:*", {"Fn::ImportValue": "jobs"}, "unproven"),
        (polled(STREAM, **FROM_LATEST), "kinesis:PutRecord", STREAM, "loop"),
        (polled(f"{STREAM}/consumer/it:1", **FROM_LATEST), "kinesis:PutRecord", STREAM, "loop"),
        (polled(f"{TABLE}/stream/2026", **FROM_LATEST), "dynamodb:PutItem", TABLE, "loop"),
        (resource("AWS::Pipes::Pipe", Source=QUEUE, Target=WORK), "sqs:SendMessage", QUEUE, "loop"),
        (
            resource("AWS::SNS::Subscription", TopicArn=TOPIC, Protocol="lambda", Endpoint=WORK),
            "sns:Publish",
            TOPIC,
            "loop",
        ),
        (ruled("orders", {"source": ["x"]}), "events:PutEvents", BUS, "loop"),
        (ruled(BUS, {"source": ["x"]}), "events:PutEvents", "*", "loop"),
        (ruled(SOURCE, {"source": ["x"]}), "events:PutEvents", "*", "loop"),
        (ruled("orders", {"source": ["x"]}), "events:PutEvents", f"{BUS}-2", "loop-free"),
        (ruled("orders", {"source": ["aws.s3"]}), "events:PutEvents", BUS, "loop-free"),
        (notified("photos"), "s3:PutObject", "arn:aws:s3:::photos/*", "loop"),
        (notified("photos"), "s3:PutObject", "arn:aws:s3:::thumbs/*", "loop-free"),
        (notified(SOURCE), "s3:PutObject", {"Fn::Sub": "arn:aws:s3:::${Source}/*"}, "loop"),
        (ruled(None, of_bucket(["photos"])), "s3:PutObject", "arn:aws:s3:::photos/*", "loop"),
        (ruled(None, of_bucket([SOURCE])), "s3:PutObject", {"Fn::Sub": "arn:aws:s3:::${Source}/*"}, "loop"),
        (ruled(None, of_bucket(["photos"])), "s3:PutObject", "arn:aws:s3:::thumbs/*", "loop-free"),
    ],
)
def test_what_is_not_declared_is_a_way_round_all_the_same(
    make: Make, resources: dict[str, Body], action: str, granted: Any, verdict: str
) -> None:
    own = {"Role": make.role(make.allow(action, granted)), "Work": make.function()}

    report = make.check({**own, **resources}, Parameters={"Source": {"Type": "String"}})

    assert report.verdict == verdict


def test_what_is_not_declared_is_called_by_its_name(make: Make) -> None:
    own = {"Role": make.role(make.allow("sqs:SendMessage", QUEUE)), "Work": make.function()}

    (found,) = make.check({**own, **polled(QUEUE)}).findings

    assert found.headline == "`Work` can invoke itself through `jobs`"
    assert [(step.source, step.via, step.target) for step in found.path] == [
        ("Work", "sqs:SendMessage", "jobs"),
        ("jobs", "event source mapping", "Work"),
    ]


def test_a_record_stream_that_is_not_declared_feeds_what_writes_objects(make: Make) -> None:
    source = {"KinesisStreamARN": STREAM}
    destination = {"BucketARN": {"Fn::GetAtt": ["Photos", "Arn"]}}
    delivery = {"KinesisStreamSourceConfiguration": source, "S3DestinationConfiguration": destination}
    resources = {
        "Photos": make.bucket(make.notify("Work")),
        "Role": make.role(make.allow("kinesis:PutRecord", STREAM)),
        "Work": make.function(),
        **resource("AWS::KinesisFirehose::DeliveryStream", **delivery),
    }

    assert make.check(resources).verdict == "loop"
