"""Tables, streams, deliveries and pipes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.loops.edges.parts import arn, body, loops, mapping, worker

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make
    from tests.unit.loops.edges.parts import Resources


def table_loop(make: Make, *patterns: Any, action: str = "dynamodb:PutItem", **table: Any) -> Resources:
    stream = {"StreamViewType": "NEW_IMAGE"}
    return {
        **worker(make, action, arn("Table")),
        "Table": body("AWS::DynamoDB::Table", StreamSpecification=stream, **table),
        "Mapping": mapping({"Fn::GetAtt": ["Table", "StreamArn"]}, *patterns, StartingPosition="LATEST"),
    }


def stream_loop(make: Make) -> Resources:
    return {
        **worker(make, "kinesis:PutRecord", arn("Stream")),
        "Stream": body("AWS::Kinesis::Stream"),
        "Consumer": body("AWS::Kinesis::StreamConsumer", StreamARN=arn("Stream")),
        "Mapping": mapping({"Ref": "Consumer"}),
    }


def firehose_loop(make: Make, prefix: str = "in/") -> Resources:
    destination = {"BucketARN": arn("Photos"), "Prefix": prefix}
    return {
        **worker(make, "firehose:PutRecord", arn("Delivery")),
        "Delivery": body("AWS::KinesisFirehose::DeliveryStream", ExtendedS3DestinationConfiguration=destination),
        "Photos": make.bucket(make.notify("Worker", "in/")),
    }


def pipe_loop(make: Make) -> Resources:
    return {
        **worker(make, "sqs:SendMessage", arn("Queue")),
        "Queue": body("AWS::SQS::Queue"),
        "Pipe": body("AWS::Pipes::Pipe", Source=arn("Queue"), Target=arn("Worker")),
    }


@pytest.mark.parametrize(
    ("resources", "path", "severity"),
    [
        (table_loop, "Worker > Table > Worker", "endless"),
        (stream_loop, "Worker > Stream > Worker", "endless"),
        (firehose_loop, "Worker > Delivery > Photos > Worker", "endless"),
        (pipe_loop, "Worker > Queue > Worker", "endless"),
    ],
)
def test_tables_and_streams_make_loops(make: Make, resources: Any, path: str, severity: str) -> None:
    report = make.check(resources(make))

    assert (path, severity) in loops(report)
    assert len(report.findings) == 1


@pytest.mark.parametrize(
    "resources",
    [
        pytest.param(lambda make: table_loop(make, {"eventName": ["REMOVE"]}), id="another event name"),
        pytest.param(
            lambda make: table_loop(
                make, {"userIdentity": {"type": ["Service"], "principalId": ["dynamodb.amazonaws.com"]}}
            ),
            id="only what expires, without expiry",
        ),
        pytest.param(lambda make: firehose_loop(make, "out/"), id="another prefix of the delivery stream"),
    ],
)
def test_tables_and_streams_that_cannot_meet_are_no_loop(make: Make, resources: Any) -> None:
    assert str(make.check(resources(make))).startswith("loop-free")


def test_an_item_that_the_function_lets_expire_is_a_slow_loop(make: Make) -> None:
    expired = {"userIdentity": {"type": ["Service"], "principalId": ["dynamodb.amazonaws.com"]}}
    report = make.check(table_loop(make, expired, TimeToLiveSpecification={"AttributeName": "ttl", "Enabled": True}))

    assert [(finding.verdict, finding.severity) for finding in report.findings] == [("loop", "slow")]
