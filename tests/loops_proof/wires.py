"""How stations pass on what they get, and near-misses of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.loops_proof.link import Link, wire_by
from tests.loops_proof.machines import tasks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.loops_proof.builder import Body, Builder, Station

__all__ = ["wires"]

RULE_TARGETS = ("function", "queue", "topic", "bus", "machine", "stream", "firehose")
PIPE_TARGETS = ("function", "queue", "topic", "machine", "stream", "firehose")
_DETAIL_TYPES = {
    "ObjectCreated": "Object Created",
    "ObjectRemoved": "Object Deleted",
    "ObjectTagging": "Object Tags Added",
}
_KEY_MISSES = ("disjoint prefix", "disjoint event")


def wires() -> Iterator[Link]:
    """All ways that begin with a station."""
    yield from _of_buckets()
    yield Link("bucket", "drop", "data events", ("Trails",), _trail, ("data events of another",))
    yield Link("logged", "drop", "access logs", ("AccessLogs",), _access_logs)
    for topic in ("topic", "s3topic"):
        misses: tuple[str, ...] = ("disjoint body", "attributes that S3 does not set") if topic == "s3topic" else ()
        for target in ("function", "queue", "firehose"):
            yield Link(topic, target, "subscription", ("Topics",), _subscribe, misses)
    yield Link("queue", "function", "mapping", ("EventSourceMappings",), _poll, wakes="sync")
    yield Link("table", "function", "mapping", ("EventSourceMappings",), _poll, ("disjoint criteria",), wakes="sync")
    yield Link("stream", "function", "mapping", ("EventSourceMappings",), _poll, wakes="sync")
    for source in ("queue", "table", "stream"):
        misses = ("disjoint criteria",) if source == "table" else ()
        for target in PIPE_TARGETS:
            yield Link(source, target, "pipe", ("Pipes",), _pipe, misses, wakes="sync")
    yield Link("queue", "queue", "redrive", ("Queues",), _redrive)
    for target in RULE_TARGETS:
        yield Link("bus", target, "rule", ("Rules",), _rule, ("events of aws",))
    yield Link("table", "stream", "changes", ("Tables",), _changes)
    yield Link("stream", "firehose", "delivery", ("Firehoses",), _read_by_firehose)
    yield Link("firehose", "drop", "delivery", ("Firehoses",), _deliver)
    yield from tasks()


def _of_buckets() -> Iterator[Link]:
    for bucket in ("bucket", "drop", "replica"):
        misses: tuple[str, ...] = (*_KEY_MISSES, "disjoint suffix") if bucket == "bucket" else _KEY_MISSES
        for target in ("function", "queue", "s3topic"):
            yield Link(bucket, target, "notification", ("S3Notifications",), _notify, misses)
        for target in RULE_TARGETS:
            if target != "bus":
                yield Link(bucket, target, "eventbridge", ("S3ToEventBridge",), _bucket_rule, _KEY_MISSES)
    for target in ("function", "queue", "s3topic"):
        misses = ("other objects", "disabled", "another event")
        yield Link("bucket", target, "lifecycle", ("S3Notifications",), _expire, misses)
    yield Link("bucket", "replica", "replication", ("Replication",), _replicate, ("disjoint rule",))
    yield Link("replica", "replica", "replication", ("Replication",), _replicate, ("of a replica",), live=False)


def _notify(b: Builder, source: Station, target: Station, miss: str) -> None:
    prefix = "elsewhere/" if miss == "disjoint prefix" else source.prefix
    rules = [{"Name": "prefix", "Value": prefix}]
    if miss == "disjoint suffix":
        rules.append({"Name": "suffix", "Value": f"{source.suffix}.done"})
    elif source.suffix and b.chance(0.7):
        rules.append({"Name": "suffix", "Value": source.suffix})
    family = "ObjectRestore" if miss == "disjoint event" else source.family
    event = f"s3:{family}:*" if family != "ObjectCreated" or b.chance(0.6) else "s3:ObjectCreated:Put"
    section, name = {
        "function": ("LambdaConfigurations", "Function"),
        "queue": ("QueueConfigurations", "Queue"),
        "s3topic": ("TopicConfigurations", "Topic"),
    }[target.kind]
    keys = {"S3Key": {"Rules": rules}}
    if target.kind == "function" and b.functions[target.id].serverless:
        properties: Body = {"Bucket": {"Ref": source.id}, "Events": event, "Filter": keys}
        b.functions[target.id].events[b.fresh("On")] = {"Type": "S3", "Properties": properties}
        return
    configuration = b.properties(source).setdefault("NotificationConfiguration", {})
    configuration.setdefault(section, []).append({"Event": event, name: b.target(target), "Filter": keys})
    if target.kind == "function":
        _permission(b, target, "s3", source.arn)


def _expire(b: Builder, source: Station, target: Station, miss: str) -> None:
    """What the bucket tells of objects that expire, which a rule lets them do."""
    prefix = "elsewhere/" if miss == "other objects" else source.prefix
    status = "Disabled" if miss == "disabled" else "Enabled"
    kept: Body = b.choose.choice([{"Prefix": prefix}, {"Filter": {"Prefix": prefix}}])
    ends: Body = {"Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 30}]}
    ends = ends if miss == "another event" else {"ExpirationInDays": 30}
    rule = {"Status": status, **kept, **ends}
    b.properties(source).setdefault("LifecycleConfiguration", {"Rules": []})["Rules"].append(rule)
    target.family = "LifecycleExpiration"
    _notify(b, replace(source, family="LifecycleExpiration"), target, "")


def _permission(b: Builder, function: Station, service: str, source: Any) -> None:
    properties = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Ref": function.id},
        "Principal": f"{service}.amazonaws.com",
        "SourceArn": source,
    }
    b.add(b.fresh("Permission"), "AWS::Lambda::Permission", properties)


def _bucket_rule(b: Builder, source: Station, target: Station, miss: str) -> None:
    notification = b.properties(source).setdefault("NotificationConfiguration", {})
    notification["EventBridgeConfiguration"] = {"EventBridgeEnabled": True}
    prefix = "elsewhere/" if miss == "disjoint prefix" else source.prefix
    key: Any = {"prefix": prefix} if b.chance(0.5) else {"wildcard": f"{prefix}*{source.suffix}"}
    family = "Object Restore Completed" if miss == "disjoint event" else _DETAIL_TYPES[source.family]
    pattern = {
        "source": ["aws.s3"],
        "detail-type": [family],
        "detail": {"bucket": {"name": [{"Ref": source.id}]}, "object": {"key": [key]}},
    }
    _add_rule(b, pattern, target, {})


def _rule(b: Builder, source: Station, target: Station, miss: str) -> None:
    pattern: Body = {"source": [source.source]}
    if miss:
        pattern = {"source": ["aws.ec2"], "detail-type": ["EC2 Instance State-change Notification"]}
    elif b.chance(0.3):
        pattern = {"source": [{"prefix": source.source[:3]}]}
    elif b.chance(0.2):
        pattern = {"source": [{"anything-but": ["aws.ec2"]}], "account": [{"Ref": "AWS::AccountId"}]}
    name = b.choose.choice([{"Ref": source.id}, source.arn])
    target.source = source.source
    _add_rule(b, pattern, target, {"EventBusName": name})


def _add_rule(b: Builder, pattern: Body, target: Station, bus: Body) -> None:
    entry = {"Id": "it", "Arn": b.target(target)}
    if target.kind in {"bus", "machine", "stream", "firehose"}:
        entry["RoleArn"] = wire_by(b, "events", target)
    rule = b.add(b.fresh("Rule"), "AWS::Events::Rule", {**bus, "EventPattern": pattern, "Targets": [entry]})
    if target.kind == "function":
        _permission(b, target, "events", {"Fn::GetAtt": [rule, "Arn"]})


def _replicate(b: Builder, source: Station, target: Station, miss: str) -> None:
    target.prefix = source.prefix
    b.properties(source)["VersioningConfiguration"] = {"Status": "Enabled"}
    rule = {
        "Id": "all",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": "elsewhere/" if miss == "disjoint rule" else source.prefix},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": b.spelled_arn(target)},
    }
    b.properties(source)["ReplicationConfiguration"] = {"Role": b.role("s3", []), "Rules": [rule]}


def _trail(b: Builder, source: Station, target: Station, miss: str) -> None:
    watched = b.station("bucket") if miss else source
    target.prefix = f"{target.prefix}AWSLogs/"
    selector = {
        "ReadWriteType": "WriteOnly",
        "IncludeManagementEvents": False,
        "DataResources": [{"Type": "AWS::S3::Object", "Values": [b.below(watched, "/")]}],
    }
    properties = {
        "IsLogging": True,
        "S3BucketName": {"Ref": target.id},
        "S3KeyPrefix": target.prefix.partition("/")[0],
        "EventSelectors": [selector],
    }
    b.add(b.fresh("Trail"), "AWS::CloudTrail::Trail", properties)


def _access_logs(b: Builder, source: Station, target: Station, _miss: str) -> None:
    logging = {"DestinationBucketName": {"Ref": target.id}, "LogFilePrefix": target.prefix}
    b.properties(source)["LoggingConfiguration"] = logging


def _subscribe(b: Builder, source: Station, target: Station, miss: str) -> None:
    protocol = {"function": "lambda", "queue": "sqs", "firehose": "firehose"}[target.kind]
    properties: Body = {"Protocol": protocol, "Endpoint": b.target(target)}
    if target.kind == "firehose":
        properties["SubscriptionRoleArn"] = wire_by(b, "sns", target)
    if miss.startswith("attributes"):
        properties["FilterPolicy"] = {"kind": ["order"]}
    elif source.kind == "s3topic":
        if miss or b.chance(0.4):
            properties["FilterPolicyScope"] = "MessageBody"
            family = "ObjectRestore" if miss else source.family
            properties["FilterPolicy"] = {"Records": {"eventName": [{"prefix": f"{family}:"}]}}
    elif source.attributes and b.chance(0.2):
        properties["FilterPolicy"] = {"kind": ["order"]}
    if target.kind == "function" and b.functions[target.id].serverless:
        event = {key: value for key, value in properties.items() if key.startswith("Filter")}
        body = {"Type": "SNS", "Properties": {**event, "Topic": b.spelled_arn(source)}}
        b.functions[target.id].events[b.fresh("On")] = body
    elif len(properties) == 2 and b.chance(0.3):
        b.properties(source).setdefault("Subscription", []).append(properties)
    else:
        b.add(b.fresh("Subscription"), "AWS::SNS::Subscription", {**properties, "TopicArn": b.spelled_arn(source)})


def _feed(b: Builder, source: Station) -> tuple[Any, Body]:
    """What a mapping or pipe reads from a station, with what else it needs to say."""
    if source.kind == "queue":
        return b.spelled_arn(source), {}
    if source.kind == "table":
        b.properties(source)["StreamSpecification"] = {"StreamViewType": "NEW_IMAGE"}
        return {"Fn::GetAtt": [source.id, "StreamArn"]}, {"StartingPosition": "LATEST"}
    return b.spelled_arn(source), {"StartingPosition": "LATEST"}


def _criteria(b: Builder, source: Station, miss: str) -> Body:
    if source.kind != "table" or not (miss or b.chance(0.4)):
        return {}
    names = ["REMOVE"] if miss else ["INSERT", "MODIFY"]
    return {"FilterCriteria": {"Filters": [{"Pattern": json.dumps({"eventName": names})}]}}


def _poll(b: Builder, source: Station, target: Station, miss: str) -> None:
    arn, others = _feed(b, source)
    properties = {**others, **_criteria(b, source, miss)}
    if b.functions[target.id].serverless:
        kind, name = {"queue": ("SQS", "Queue"), "table": ("DynamoDB", "Stream"), "stream": ("Kinesis", "Stream")}[
            source.kind
        ]
        event = {"Type": kind, "Properties": {**properties, name: arn}}
        b.functions[target.id].events[b.fresh("On")] = event
        return
    name = b.choose.choice([{"Ref": target.id}, target.arn])
    properties |= {"EventSourceArn": arn, "FunctionName": name}
    b.add(b.fresh("Mapping"), "AWS::Lambda::EventSourceMapping", properties)


def _pipe(b: Builder, source: Station, target: Station, miss: str) -> None:
    arn, others = _feed(b, source)
    role = wire_by(b, "pipes", target)
    parameters = _criteria(b, source, miss)
    if others:
        section = {"table": "DynamoDBStreamParameters", "stream": "KinesisStreamParameters"}[source.kind]
        parameters[section] = others
    properties = {"RoleArn": role, "Source": arn, "Target": b.spelled_arn(target), "SourceParameters": parameters}
    b.add(b.fresh("Pipe"), "AWS::Pipes::Pipe", properties)


def _redrive(b: Builder, source: Station, target: Station, _miss: str) -> None:
    _poll(b, source, b.function(), "")
    b.properties(source)["RedrivePolicy"] = {"deadLetterTargetArn": b.spelled_arn(target), "maxReceiveCount": 3}


def _changes(b: Builder, source: Station, target: Station, _miss: str) -> None:
    b.properties(source)["KinesisStreamSpecification"] = {"StreamArn": b.spelled_arn(target)}


def _read_by_firehose(b: Builder, source: Station, target: Station, _miss: str) -> None:
    configuration = {"KinesisStreamARN": b.spelled_arn(source), "RoleARN": b.role("firehose", [])}
    properties = {"DeliveryStreamType": "KinesisStreamAsSource", "KinesisStreamSourceConfiguration": configuration}
    b.properties(target).update(properties)


def _deliver(b: Builder, source: Station, target: Station, _miss: str) -> None:
    configuration = {"BucketARN": b.spelled_arn(target), "RoleARN": b.role("firehose", []), "Prefix": target.prefix}
    b.properties(source)["ExtendedS3DestinationConfiguration"] = configuration
