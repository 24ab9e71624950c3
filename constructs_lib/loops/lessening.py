"""Fixes that let less happen: fewer changes, records or events are told, or something is not allowed any more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.changes import Change
from constructs_lib.loops.edges import Put
from constructs_lib.loops.edges.calls import STATE_MACHINE
from constructs_lib.loops.edges.events import BUS
from constructs_lib.loops.edges.lambdas import FUNCTION
from constructs_lib.loops.edges.s3 import BUCKET
from constructs_lib.loops.edges.urls import APIS
from constructs_lib.loops.keys import STAR
from constructs_lib.loops.languages import Language
from constructs_lib.loops.messages import Message
from constructs_lib.loops.provenance import exact_place, properties_at
from constructs_lib.loops.rewriting import rewritten
from constructs_lib.loops.roles import denied, named

if TYPE_CHECKING:
    from constructs_lib.loops.finder import Edge
    from constructs_lib.loops.graph import Graph
    from constructs_lib.loops.narrowing import Alike, Offered
    from constructs_lib.templates import Template
    from constructs_lib.templates.system import Node

__all__ = ["fewer_changes", "fewer_events", "fewer_records", "less_allowed", "less_put"]

_MAPPING = "AWS::Lambda::EventSourceMapping"
_RULE = "AWS::Events::Rule"
_TRAIL = "AWS::CloudTrail::Trail"
_TABLES = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")
_CHANGES = (("REMOVE",), ("INSERT", "MODIFY"))
_VERSIONED = (FUNCTION, STATE_MACHINE)
_ARN = "arn:${{AWS::Partition}}:{}:${{AWS::Region}}:${{AWS::AccountId}}"
_READS = ("s3:Get", "s3:List")
_PUTS = {
    "on success": "the destination of results",
    "on failure": "the destination of failures",
    "dead letter": "the dead-letter target",
}


def fewer_changes(graph: Graph, edge: Edge, alike: Alike) -> Offered:
    """Kinds of changes of a table that this actor does not cause, as what its stream is read for."""
    mapping = edge.passage.hops[0].by if edge.passage.hops else None
    if edge.passage.first.type not in _TABLES or mapping is None or mapping.type != _MAPPING:
        return
    at = properties_at(mapping)
    if at is None or mapping.get("FilterCriteria") is not None:
        return
    if any(passage.hops[0].by is not mapping for _, passage in alike):
        return
    for kinds in _CHANGES:
        names = Message({"eventName": Language((kinds,))})
        if all((passage.put & names).may() is None for _, passage in alike):
            value = {"Filters": [{"Pattern": json.dumps({"eventName": list(kinds)})}]}
            shown = " and ".join(f"`{kind}`" for kind in kinds)
            text = f"read only {shown} from the stream of `{graph.system.label(edge.passage.first)}`"
            yield text, (Change(mapping.template, (*at, "FilterCriteria"), value),), True


def fewer_events(graph: Graph, edge: Edge, alike: Alike) -> Offered:
    """A rule that leaves out what is replayed, or what this state machine's executions tell."""
    del alike
    first, source, label = edge.passage.first, edge.source, graph.system.label
    for rule in (hop.by for hop in edge.passage.hops):
        at = None if rule is None or rule.type != _RULE else exact_place(rule, rule.get("EventPattern"))
        if rule is None or at is None:
            continue
        if first.type == "AWS::Events::Archive":
            value: Any = [{"exists": False}]
            yield (
                f"let `{label(rule)}` leave out replayed events",
                (_in_pattern(rule, at, value, "replay-name"),),
                False,
            )
        arn = named(source, rule.template)
        if edge.passage.action == "execution status" and arn is not None:
            change = _in_pattern(rule, at, [{"anything-but": [arn]}], "detail", "stateMachineArn")
            yield f"let `{label(rule)}` leave out what `{label(source)}` tells", (change,), False


def _in_pattern(rule: Node, at: tuple[str | int, ...], value: Any, *keys: str) -> Change:
    return Change(rule.template, (*at, *keys), value)


def fewer_records(graph: Graph, edge: Edge, alike: Alike) -> Offered:
    """A trail that records only what writes, if the actor reads."""
    trail = edge.passage.first
    selectors = trail.get("EventSelectors") if trail.type == _TRAIL else None
    reads = all(p.deposit is not None and p.deposit.action.startswith(_READS) for _, p in alike)
    places = [exact_place(trail, selector) for selector in selectors] if isinstance(selectors, list) else []
    if reads and places and None not in places:
        changes = tuple(Change(trail.template, (*at, "ReadWriteType"), "WriteOnly") for at in places if at is not None)
        yield f"let `{graph.system.label(trail)}` record only what writes", changes, False


def less_allowed(graph: Graph, edge: Edge, alike: Alike) -> Offered:
    """What a role allows, taken from it; denied where what allows it does not stand there for this alone."""
    deposits = [passage.deposit for _, passage in alike if passage.deposit is not None]
    if len(deposits) < len(alike):
        return
    first, system = edge.passage.first, graph.system
    actions = list(dict.fromkeys(deposit.action for deposit in deposits))
    on_path = [first, *(hop.target for hop in edge.passage.hops)]
    names = [name for node in on_path for name in system.names(node)]
    resource = on_path[1] if first.type == _TRAIL else first
    what = f"`{actions[0]}` on `{system.label(resource)}`"

    def taken(value: Any, pattern: str) -> list[Any] | None:
        del value
        head = pattern.partition(STAR)[0]
        return [] if any(name in head for name in names) else None

    changes = rewritten(graph, edge, alike, taken)
    if changes:
        yield f"take {what} from `{system.label(edge.source)}`", changes, False
    else:
        refused = denied(graph, edge.source, actions, _resources(first, edge.source.template))
        yield f"deny {what} to `{system.label(edge.source)}`", refused, False


def less_put(graph: Graph, edge: Edge, alike: Alike) -> Offered:
    """A destination, taken away."""
    del alike
    put, what = edge.outlet, _PUTS.get(edge.passage.action)
    if not isinstance(put, Put) or what is None:
        return
    by = put.by or put.source
    at = exact_place(by, put.entry)
    if at is not None:
        yield f"take {what} from `{graph.system.label(edge.source)}`", (Change(by.template, at, None),), False


def _resources(node: Node, template: Template) -> list[Any]:
    """What a statement of a template names to mean a resource and all that is in it; nothing if it cannot."""
    if node.type == BUS and node.get("Name") == "default":
        return [{"Fn::Sub": f"{_ARN.format('events')}:event-bus/default"}]
    arn = named(node, template)
    if arn is None or node.type == _TRAIL:
        return []
    if node.type in APIS:
        return [{"Fn::Sub": f"{_ARN.format('execute-api')}:${{{node.id}}}/*"}]
    if node.type == BUCKET:
        return [{"Fn::Join": ["", [arn, "/*"]]}]
    return [arn, {"Fn::Join": ["", [arn, ":*"]]}] if node.type in _VERSIONED else [arn]
