"""The witness as a sentence: what to do to see the loop turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.loops.changes import Flow
from constructs_lib.loops.edges.iot import BROKER
from constructs_lib.loops.messages import ABSENT, NOT_TEXT

if TYPE_CHECKING:
    from constructs_lib.loops.finder import Edge
    from constructs_lib.loops.graph import Graph
    from constructs_lib.loops.passages import Passage, Stretch

__all__ = ["flows", "keys", "witness"]

_BUCKET = "AWS::S3::Bucket"
_DOING = {
    "AWS::SQS::Queue": "sending a message to",
    "AWS::SNS::Topic": "publishing to",
    "AWS::Events::EventBus": "putting an event on",
    "AWS::DynamoDB::Table": "changing an item of",
    "AWS::DynamoDB::GlobalTable": "changing an item of",
    "AWS::Kinesis::Stream": "putting a record into",
    "AWS::KinesisFirehose::DeliveryStream": "putting a record into",
    "AWS::Logs::LogGroup": "logging to",
    "AWS::CloudTrail::Trail": "an access that is recorded by",
    "CloudTrail": "a call that is recorded by",
    "AWS::CloudWatch::Alarm": "setting off",
    "AWS::CloudWatch::CompositeAlarm": "setting off",
    "metric": "putting the",
    "AWS::CodeBuild::Project": "a build of",
    "AWS::Glue::Trigger": "firing",
    "AWS::Glue::Workflow": "starting",
    "AWS::SecretsManager::RotationSchedule": "what is asked of",
    "AWS::SecretsManager::Secret": "rotating",
    "AWS::Cognito::UserPool": "changing a user of",
    "AWS::S3ObjectLambda::AccessPoint": "reading through",
    "AWS::SES::ConfigurationSetEventDestination": "mail that is told of by",
    "AWS::SES::ReceiptRule": "mail that is received by",
    "AWS::MSK::Cluster": "writing to a topic of",
    "AWS::MSK::ServerlessCluster": "writing to a topic of",
}
_TO_OBJECTS = {
    "ObjectRemoved": "deleting",
    "ObjectTagging": "tagging",
    "ObjectAcl": "changing the access of",
    "ObjectRestore": "restoring",
    "Access": "reading",
    "LifecycleExpiration": "the expiry of",
    "LifecycleTransition": "moving to another storage class",
    "IntelligentTiering": "archiving",
    "Replication": "a failure to replicate",
    "ObjectRetention": "locking",
    "ObjectAnnotation": "annotating",
}


def witness(graph: Graph, edges: list[Edge]) -> str:
    """What happens, edge by edge, in one sentence."""
    first, label = edges[0].source, graph.system.label
    return ", then ".join(
        f"{_doing(graph, edge)} invokes `{label(edge.passage.target)}`"
        f"{' again' if edge.passage.target is first else ''}"
        for edge in edges
    )


def flows(graph: Graph, edges: list[Edge]) -> tuple[Flow, ...]:
    """What flows, as data: each message that something on the way makes anew."""
    show = graph.system.symbols.show
    found = []
    for stretch in (stretch for edge in edges for stretch in edge.passage.stretches):
        fields = {
            name: None if text == NOT_TEXT else show(text) for name, text in _values(stretch).items() if text != ABSENT
        }
        found.append(Flow(stretch.node.id, fields))
    return tuple(found)


def keys(passage: Passage) -> list[tuple[str, str]]:
    """The keys that flow, each with the event: of every bucket that something is written to."""
    found: list[tuple[str, str]] = []
    for stretch in passage.stretches:
        fields = _values(stretch)
        if "key" in stretch.message.fields:
            entry = (fields.get("key", ""), fields.get("event", ""))
            if found[-1:] != [entry]:
                found.append(entry)
        later = next((name for name in fields if name.endswith("detail.object.key")), None)
        if later is not None and found:  # the same key, narrowed by a pattern
            found[-1] = (fields[later], found[-1][1])
    return found


def _values(stretch: Stretch) -> dict[str, str]:
    certain = stretch.certain.sure() if stretch.certain is not None else None
    return certain or stretch.message.may() or {}


def _doing(graph: Graph, edge: Edge) -> str:
    passage, show = edge.passage, graph.system.symbols.show
    written = [f"{_to_object(event)} key `{show(key)}`" for key, event in keys(passage)]
    if passage.first.type == _BUCKET:
        return ", which causes ".join(written)
    name = graph.system.label(passage.first)
    if passage.first is passage.target:
        start = f"`{graph.system.label(edge.source)}`"
    elif passage.first.type == BROKER:
        start = f"publishing to the topic `{show(_values(passage.stretches[0]).get('topic', ''))}` of `{name}`"
    else:
        start = f"{_DOING.get(passage.first.type, 'calling')} `{name}`"
    return ", which causes ".join([start, *written])


def _to_object(event: str) -> str:
    return _TO_OBJECTS.get(event.partition(":")[0], "writing")
