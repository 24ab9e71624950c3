"""Fixes that put something elsewhere: into a resource like the one that is on the path, to which nobody listens."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from functools import partial
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.changes import Change
from constructs_lib.loops.edges import Put
from constructs_lib.loops.edges.s3 import BUCKET
from constructs_lib.loops.narrowing import events, keys_of
from constructs_lib.loops.prefixes import plain
from constructs_lib.loops.provenance import exact_place, properties_at, value_at
from constructs_lib.loops.rewriting import rewritten
from constructs_lib.loops.roles import new_id
from constructs_lib.templates.variables import references_in

if TYPE_CHECKING:
    from constructs_lib.loops.finder import Edge
    from constructs_lib.loops.graph import Graph
    from constructs_lib.loops.narrowing import Alike, Changes, Offered
    from constructs_lib.templates import Template
    from constructs_lib.templates.system import Node

__all__ = ["access_logs_elsewhere", "elsewhere", "put_elsewhere", "tasks_elsewhere"]

_BUS = "AWS::Events::EventBus"
_GROUP = "AWS::Logs::LogGroup"
_ELSEWHERE = {
    BUCKET: "write to another bucket than",
    "AWS::SQS::Queue": "send to another queue than",
    "AWS::SNS::Topic": "publish to another topic than",
    _BUS: "put events on another bus than",
    "AWS::DynamoDB::Table": "write to another table than",
    "AWS::DynamoDB::GlobalTable": "write to another table than",
    "AWS::Kinesis::Stream": "put records into another stream than",
}
_KINDS = {BUCKET: "bucket", "AWS::SQS::Queue": "queue", "AWS::SNS::Topic": "topic", _BUS: "bus", _GROUP: "log group"}
_SENT = {"on success": "results", "on failure": "failures", "dead letter": "failures", "logs": "logs"}
_DEFINITION = ("Definition", "DefinitionString", "DefinitionSubstitutions")
_TARGETS = ("Destination", "TargetArn", "LogGroupArn")
_NOT_OF_A_TWIN = frozenset(
    (
        *("BucketName", "QueueName", "TopicName", "TableName", "Name", "DisplayName", "LogGroupName"),
        *("NotificationConfiguration", "ReplicationConfiguration", "LoggingConfiguration", "InventoryConfigurations"),
        *("RedrivePolicy", "RedriveAllowPolicy", "Subscription", "DeadLetterConfig", "LogConfig"),
        *("StreamSpecification", "KinesisStreamSpecification", "ImportSourceSpecification", "ResourcePolicy", "Policy"),
    )
)
"""Names, and what lets a resource tell others of what it gets."""


def elsewhere(graph: Graph, edge: Edge, alike: Alike) -> Offered:
    """Another resource, which nothing listens to, for what a role allows."""
    first = edge.passage.first
    text = _ELSEWHERE.get(first.type)
    if text is None or first in graph.network.guessed or any(passage.deposit is None for _, passage in alike):
        return
    if "Access" not in events(alike):
        yield f"{text} `{graph.system.label(first)}`", partial(_written_elsewhere, graph, edge, alike), True


def _written_elsewhere(graph: Graph, edge: Edge, alike: Alike) -> Changes:
    first = edge.passage.first
    twin = new_id(graph, f"{plain(first.id)}Output")
    return _with_twin(first, twin, _granted(graph, edge, alike, twin))


def put_elsewhere(graph: Graph, edge: Edge, alike: Alike) -> Offered:
    """Another resource for what an actor puts somewhere by itself, with what its role has to allow for it."""
    first = edge.passage.first
    kind = _KINDS.get(first.type)
    what = next((_SENT[passage.action] for _, passage in alike if passage.action in _SENT), None)
    if kind is None or what is None:
        return
    twin = new_id(graph, f"{plain(edge.source.id)}{what.title()}")
    grants: Alike = [(outlet, passage) for outlet, passage in alike if not isinstance(outlet, Put)]
    allowed = _granted(graph, edge, grants, twin) if grants else ()
    changes = [_redirected(outlet, first, twin) for outlet, _ in alike if isinstance(outlet, Put)]
    sent = tuple(change for change in changes if change is not None)
    if len(sent) == len(changes) and (allowed or not grants):
        label = graph.system.label
        more = ", and what its role may send," if grants else ""
        text = f"send the {what} of `{label(edge.source)}`{more} to another {kind} than `{label(first)}`"
        yield text, _with_twin(first, twin, (*allowed, *sent)), False


def _granted(graph: Graph, edge: Edge, alike: Alike, twin: str) -> tuple[Change, ...]:
    """Grants, about the twin instead."""
    first = edge.passage.first

    def moved(value: Any, pattern: str) -> list[Any] | None:
        del value
        arn = _arn(first, twin)
        if first.type != BUCKET:
            return [arn]
        keys = keys_of(graph, first, pattern)
        return None if keys is None else [{"Fn::Join": ["", [arn, f"/{keys}"]]}]

    return rewritten(graph, edge, alike, moved)


def tasks_elsewhere(graph: Graph, edge: Edge, alike: Alike) -> Offered:
    """Another resource for what a state machine's tasks call."""
    first, machine = edge.passage.first, edge.source
    text, at = _ELSEWHERE.get(first.type), properties_at(machine)
    tells = at is not None and machine.template.document is first.template.document
    if text is None or at is None or not tells or not all(isinstance(outlet, Put) for outlet, _ in alike):
        return
    twin = new_id(graph, f"{plain(first.id)}Output")
    found = []
    for name in _DEFINITION:
        before = value_at(machine.template, (*at, name))
        after = _referring(before, first.id, twin)
        if after != before:
            found.append(Change(machine.template, (*at, name), after))
    if found and edge.passage.action.startswith("task"):
        label = graph.system.label
        yield f"let `{label(machine)}` {text} `{label(first)}`", _with_twin(first, twin, tuple(found)), False


def _referring(value: Any, old: str, new: str) -> Any:
    """A value that refers to another resource of the template."""
    if isinstance(value, list):
        return [_referring(item, old, new) for item in value]
    if not isinstance(value, Mapping):
        return value
    found = {key: _referring(inner, old, new) for key, inner in value.items()}
    if found.get("Ref") == old:
        found["Ref"] = new
    attribute = found.get("Fn::GetAtt")
    if isinstance(attribute, list) and attribute[:1] == [old]:
        found["Fn::GetAtt"] = [new, *attribute[1:]]
    text = found.get("Fn::Sub")
    if isinstance(text, str):
        found["Fn::Sub"] = _naming(text, old, new)
    elif isinstance(text, list) and len(text) > 1 and isinstance(text[0], str) and old not in text[1]:
        found["Fn::Sub"] = [_naming(text[0], old, new), *text[1:]]
    return found


def _naming(text: str, old: str, new: str) -> str:
    return text.replace(f"${{{old}}}", f"${{{new}}}").replace(f"${{{old}.", f"${{{new}.")


def access_logs_elsewhere(graph: Graph, edge: Edge, alike: Alike) -> Offered:
    """Another bucket for the access logs of a bucket."""
    del alike
    for hop in edge.passage.hops:
        at = exact_place(hop.source, hop.entry) if hop.via == "access logs" else None
        if at is not None:
            twin = new_id(graph, f"{plain(hop.source.id)}AccessLogs")
            change = Change(hop.source.template, (*at, "DestinationBucketName"), {"Ref": twin})
            label = graph.system.label
            text = f"let `{label(hop.source)}` log its accesses to another bucket than `{label(hop.target)}`"
            yield text, _with_twin(hop.target, twin, (change,)), False


def _redirected(put: Put, first: Node, twin: str) -> Change | None:
    """What puts something somewhere, put elsewhere; None if it does not stand in a template."""
    by = put.by or put.source
    if put.entry is None and put.property == "LoggingConfig":
        at = properties_at(by)
        return None if at is None else Change(by.template, (*at, put.property, "LogGroup"), {"Ref": twin})
    at = exact_place(by, put.entry)
    key = next((name for name in _TARGETS if name in (put.entry or {})), None)
    return None if at is None or key is None else Change(by.template, (*at, key), _arn(first, twin))


def _arn(node: Node, twin: str) -> dict[str, Any]:
    return {"Ref": twin} if node.type == "AWS::SNS::Topic" else {"Fn::GetAtt": [twin, "Arn"]}


def _with_twin(node: Node, name: str, changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """Changes with the twin that they name; none if they are in more than one template, or there cannot be one."""
    templates = {id(change.template): change.template for change in changes}
    if len(templates) != 1:
        return ()
    (template,) = templates.values()
    body = _twin(node, name, template)
    return () if body is None else (Change(template, ("Resources", name), body), *changes)


def _twin(node: Node, name: str, template: Template) -> dict[str, Any] | None:
    """A resource like another one, that tells nobody; None if it stands in another form in the template."""
    body: dict[str, Any] = {"Type": node.type}
    written = value_at(node.template, ("Resources", node.id))
    if node.resource.body.get("Type") is None:  # there without being declared, e.g. the default event bus
        written = {}
    elif not isinstance(written, Mapping) or written.get("Type") != node.type:
        return None
    kept = {key: value for key, value in (written.get("Properties") or {}).items() if key not in _NOT_OF_A_TWIN}
    if node.template.document is not template.document and any(references_in(kept)):
        kept = {}
    if node.type == _BUS:
        kept["Name"] = {"Fn::Sub": f"${{AWS::StackName}}-{name}"}
    if kept:
        body["Properties"] = deepcopy(kept)
    same = node.template.document is template.document
    keys = ("Condition", "DeletionPolicy", "UpdateReplacePolicy") if same else ("DeletionPolicy", "UpdateReplacePolicy")
    return body | {key: written[key] for key in keys if key in written}
