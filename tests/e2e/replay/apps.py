"""An app for each service whose function wakes itself, and how to put a witness into it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from constructs_lib import GetObject, PutItem, PutObject, RustFunction, S3Trigger, stable_name
from tools.environment import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tools.local_aws import LocalAws

__all__ = ["SERVICES", "put", "template"]

Body = dict[str, Any]


def _function(stack: cdk.Stack, target: str, **options: Any) -> RustFunction:
    workspace = str(ROOT / "sample_app" / "functions")
    return RustFunction(stack, "Work", workspace=workspace, environment={"TARGET": target}, **options)


def _s3(stack: cdk.Stack) -> None:
    bucket = s3.Bucket(stack, "Photos", bucket_name=stable_name("photos"))
    trigger, access = S3Trigger(bucket, prefix="in/", suffix=".jpg"), [GetObject(bucket), PutObject(bucket)]
    _function(stack, bucket.arn_for_objects("*"), binary="thumbnail", triggers=[trigger], access=access)


def _sqs(stack: cdk.Stack) -> None:
    queue = sqs.Queue(stack, "Jobs")
    function = _function(stack, queue.queue_arn, binary="thumbnail")
    queue.grant_send_messages(function)
    filters = [lambda_.FilterCriteria.filter({"body": {"kind": lambda_.FilterRule.is_equal("resize")}})]
    function.add_event_source(sources.SqsEventSource(queue, filters=filters, batch_size=1))


def _sns(stack: cdk.Stack) -> None:
    topic = sns.Topic(stack, "News")
    function = _function(stack, topic.topic_arn, binary="thumbnail")
    topic.grant_publish(function)
    policy = {"kind": sns.SubscriptionFilter.string_filter(allowlist=["order"])}
    function.add_event_source(sources.SnsEventSource(topic, filter_policy=policy))


def _eventbridge(stack: cdk.Stack) -> None:
    bus = events.EventBus(stack, "Shop")
    function = _function(stack, bus.event_bus_arn, binary="thumbnail")
    bus.grant_put_events_to(function)
    pattern = events.EventPattern(
        source=["shop"], detail_type=events.Match.prefix("Order"), detail={"state": ["new", "changed"]}
    )
    events.Rule(stack, "Orders", event_bus=bus, event_pattern=pattern, targets=[targets.LambdaFunction(function)])


def _dynamodb(stack: cdk.Stack) -> None:
    table = dynamodb.Table(
        stack,
        "Items",
        partition_key=dynamodb.Attribute(name="key", type=dynamodb.AttributeType.STRING),
        stream=dynamodb.StreamViewType.NEW_IMAGE,
    )
    function = _function(stack, table.table_arn, binary="thumbnail", access=[PutItem(table)])
    new = {"NewImage": {"kind": {"S": lambda_.FilterRule.is_equal("order")}}}
    filters = [lambda_.FilterCriteria.filter({"eventName": lambda_.FilterRule.is_equal("INSERT"), "dynamodb": new})]
    start = lambda_.StartingPosition.TRIM_HORIZON
    function.add_event_source(sources.DynamoEventSource(table, starting_position=start, filters=filters, batch_size=1))


SERVICES: dict[str, Callable[[cdk.Stack], None]] = {
    "s3": _s3,
    "sqs": _sqs,
    "sns": _sns,
    "eventbridge": _eventbridge,
    "dynamodb": _dynamodb,
}


def template(service: str) -> Body:
    """The synthesized template of a looping app; the guard, which would stop it, is off, and nothing is built."""
    app = cdk.App(context={"aws:cdk:bundling-stacks": [], "constructs-lib:guard": False})
    synthesizer = cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=False)
    stack = cdk.Stack(app, f"Replay-{service}", synthesizer=synthesizer)
    SERVICES[service](stack)
    found: Body = app.synth().get_stack_by_name(stack.stack_name).template
    return found


def put(aws: LocalAws, service: str, into: str, fields: Mapping[str, str | None], message: Body) -> None:
    """Put what a check says goes round into a deployed resource, with a message inside."""
    parts: Body = {}
    for name, value in fields.items():
        *way, last = name.split(".")
        place = parts
        for step in way:
            place = place.setdefault(step, {})
        place[last] = value
    client: Any = aws.client({"eventbridge": "events"}.get(service, service))
    if service == "s3":
        client.put_object(Bucket=into, Key=parts["key"], Body=json.dumps(message).encode())
    elif service == "sqs":
        client.send_message(QueueUrl=into, MessageBody=json.dumps({**parts["body"], **message}))
    elif service == "sns":
        attributes = {name: {"DataType": "String", "StringValue": text} for name, text in parts["attributes"].items()}
        client.publish(TopicArn=into, Message=json.dumps(message), MessageAttributes=attributes)
    elif service == "eventbridge":
        entry = {"Source": parts["source"], "DetailType": parts["detail-type"], "EventBusName": into}
        answer = client.put_events(Entries=[{**entry, "Detail": json.dumps({**parts["detail"], **message})}])
        assert answer["FailedEntryCount"] == 0
    else:
        plain = {"key": {"S": message["id"]}, **{name: {"S": str(value)} for name, value in message.items()}}
        client.put_item(TableName=into, Item={**plain, **parts["dynamodb"]["NewImage"]})
