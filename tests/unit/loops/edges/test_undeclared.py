"""What is listened to without being declared: it takes part by its name, or because it is the same in both places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.loops.edges.parts import arn, body, mapping, worker

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


@pytest.mark.parametrize("value", [{"Fn::GetAtt": ["Where", "Value"]}, {"Fn::GetAtt": "Where.Value"}])
def test_what_a_parameter_of_the_templates_holds_is_not_its_own_name(make: Make, value: Any) -> None:
    where = {"Where": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": QUEUE}}}
    own = {"Role": make.role(make.allow("sqs:SendMessage", QUEUE)), "Work": make.function()}

    assert make.check({**own, **where, **polled(value)}).verdict == "loop"


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


def by_part(service: str) -> Body:
    return {"Fn::Sub": f"arn:aws:{service}:${{AWS::Region}}:${{AWS::AccountId}}:${{Source}}"}


@pytest.mark.parametrize(
    ("declared", "action", "resources"),
    [
        (resource("AWS::SQS::Queue"), "sqs:SendMessage", polled(by_part("sqs"))),
        (
            resource("AWS::SQS::Queue"),
            "sqs:SendMessage",
            resource("AWS::Pipes::Pipe", Source=by_part("sqs"), Target=WORK),
        ),
        (
            resource("AWS::SNS::Topic"),
            "sns:Publish",
            resource("AWS::SNS::Subscription", TopicArn=by_part("sns"), Protocol="lambda", Endpoint=WORK),
        ),
        (
            resource("AWS::SNS::Topic"),
            "sns:Publish",
            resource(
                "AWS::SNS::Subscription",
                TopicArn={"Fn::If": ["C", {"Ref": "Other"}, SOURCE]},
                Protocol="lambda",
                Endpoint=WORK,
            ),
        ),
        (
            resource("AWS::Events::EventBus", Name="orders"),
            "events:PutEvents",
            ruled(SOURCE, {"source": ["x"]}),
        ),
        (resource("AWS::S3::Bucket"), "s3:PutObject", notified(SOURCE)),
    ],
)
def test_what_is_named_by_a_parameter_may_be_what_is_declared(
    make: Make, declared: dict[str, Body], action: str, resources: dict[str, Body]
) -> None:
    (own,) = declared.values()
    name = {"Fn::GetAtt": ["Own", "Arn"]} if own["Type"] != "AWS::SNS::Topic" else {"Ref": "Own"}
    granted = {"Fn::Sub": ["${Arn}/*", {"Arn": name}]} if own["Type"] == "AWS::S3::Bucket" else name
    system = {"Own": own, "Role": make.role(make.allow(action, granted)), "Work": make.function()}
    more = {"Other": {"Type": "AWS::SNS::Topic"}} if action == "sns:Publish" else {}

    report = make.check({**system, **more, **resources}, Parameters={"Source": {"Type": "String"}})

    assert report.verdict == "unproven"


def test_of_two_buckets_with_one_name_each_tells_whom_a_custom_resource_names(make: Make) -> None:
    named = {"BucketName": "photos"}
    resources = {
        "First": {"Type": "AWS::S3::Bucket", "Properties": named},
        "Second": {"Type": "AWS::S3::Bucket", "Properties": named},
        "Role": make.role(make.allow("s3:PutObject", "arn:aws:s3:::photos/*")),
        "Work": make.function(),
        **notified("photos"),
    }

    assert {found.path[0].target for found in make.check(resources).findings} == {"First", "Second"}


def test_a_log_group_that_a_parameter_names_may_be_that_of_the_function(make: Make) -> None:
    subscription = {"LogGroupName": SOURCE, "DestinationArn": WORK}
    resources = {
        "Role": make.role(make.allow("logs:PutLogEvents", "*")),
        "Work": make.function(),
        **resource("AWS::Logs::SubscriptionFilter", **subscription),
    }

    assert make.check(resources, Parameters={"Source": {"Type": "String"}}).verdict == "unproven"


@pytest.mark.parametrize(
    ("name", "polled", "verdict"),
    [
        ({"Fn::Sub": "${Given}-jobs"}, "prod-jobs", "unproven"),
        ({"Fn::Sub": "${AWS::StackName}-jobs"}, "prod-jobs", "unproven"),
        ("prod-jobs", "${AWS::StackName}-jobs", "unproven"),
        ({"Fn::Sub": "${AWS::StackName}-jobs"}, "prod-tasks", "loop-free"),
        (None, "prod-jobs", "loop-free"),
        ("test-jobs", "prod-jobs", "loop-free"),
    ],
)
def test_what_is_polled_by_another_name_may_be_what_is_told(make: Make, name: Any, polled: str, verdict: str) -> None:
    told = {"Protocol": "sqs", "Endpoint": arn("Queue")}
    resources = {
        **worker(make, "sns:Publish", {"Ref": "Topic"}),
        "Topic": body("AWS::SNS::Topic", Subscription=[told]),
        "Queue": body("AWS::SQS::Queue", **({} if name is None else {"QueueName": name})),
        "Mapping": mapping({"Fn::Sub": f"arn:aws:sqs:${{AWS::Region}}:${{AWS::AccountId}}:{polled}"}),
    }

    assert make.check(resources, Parameters={"Given": {"Type": "String"}}).verdict == verdict
