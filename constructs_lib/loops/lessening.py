"""Fixes that let less happen: fewer changes, records or events are told, or something is not allowed any more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.addresses import rest_of
from constructs_lib.loops.changes import Change
from constructs_lib.loops.edges import Put
from constructs_lib.loops.edges.alarms import ACTIONS, ALARMS
from constructs_lib.loops.edges.api_calls import RECORDER
from constructs_lib.loops.edges.calls import STATE_MACHINE
from constructs_lib.loops.edges.events import BUS
from constructs_lib.loops.edges.lambdas import FUNCTION
from constructs_lib.loops.edges.s3 import BUCKET, bucket_addresses
from constructs_lib.loops.edges.urls import APIS
from constructs_lib.loops.edges.workflows import TRIGGER
from constructs_lib.loops.keys import STAR
from constructs_lib.loops.languages import Language
from constructs_lib.loops.messages import Message
from constructs_lib.loops.narrowing import objects
from constructs_lib.loops.passages import Grant
from constructs_lib.loops.policies import listed
from constructs_lib.loops.provenance import exact_place, properties_at, value_at
from constructs_lib.loops.rewriting import rewritten
from constructs_lib.loops.roles import denied, is_alone, named
from constructs_lib.templates.variables import references_in

if TYPE_CHECKING:
    from constructs_lib.loops.finder import Edge
    from constructs_lib.loops.graph import Graph
    from constructs_lib.loops.narrowing import Alike, Offered
    from constructs_lib.templates import Template
    from constructs_lib.templates.system import Node

__all__ = [
    "fewer_alarms",
    "fewer_changes",
    "fewer_events",
    "fewer_records",
    "less_allowed",
    "less_lent",
    "less_put",
    "less_started",
]

_MAPPING = "AWS::Lambda::EventSourceMapping"
_RULE = "AWS::Events::Rule"
_TRAIL = "AWS::CloudTrail::Trail"
_TABLES = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")
_CHANGES = (("REMOVE",), ("INSERT", "MODIFY"))
_BEHIND = {FUNCTION: ":*", STATE_MACHINE: ":*", "AWS::AppSync::GraphQLApi": "/*"}
_ROLE = "AWS::IAM::Role"
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
    """A rule that leaves out what is replayed, what this state machine's executions tell, or an alarm."""
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
        for alarm in (hop.source for hop in edge.passage.hops if hop.source.type in ALARMS and hop.target.type == BUS):
            if named(alarm, rule.template) is not None:
                change = _in_pattern(rule, at, [{"anything-but": [{"Ref": alarm.id}]}], "detail", "alarmName")
                yield f"let `{label(rule)}` leave out `{label(alarm)}`", (change,), False


def _in_pattern(rule: Node, at: tuple[str | int, ...], value: Any, *keys: str) -> Change:
    return Change(rule.template, (*at, *keys), value)


def fewer_alarms(graph: Graph, edge: Edge, alike: Alike) -> Offered:
    """What an alarm does, without what leads on."""
    del alike
    system = graph.system
    for alarm, target in ((hop.source, hop.target) for hop in edge.passage.hops if hop.source.type in ALARMS):
        at = properties_at(alarm)
        changes = []
        for place in [] if at is None else [(*at, key) for key in ACTIONS]:
            given = value_at(alarm.template, place)
            items = given if isinstance(given, list) else []
            kept = [i for i in items if all(target not in system.by_arn(t) for t in system.texts(i, alarm.template))]
            if len(kept) < len(items):
                changes.append(Change(alarm.template, place, kept))
        yield f"let `{system.label(alarm)}` act without `{system.label(target)}`", tuple(changes), False


def less_started(graph: Graph, edge: Edge, alike: Alike) -> Offered:
    """What a trigger of Glue starts, taken from it; the trigger itself, if that is all that it does."""
    del alike
    for trigger, hop in ((hop.source, hop) for hop in edge.passage.hops if hop.source.type == TRIGGER):
        at, more = exact_place(trigger, hop.entry), listed(trigger.get("Actions"))[1:]
        if at is not None and (more or is_alone(trigger)):
            text = f"let `{graph.system.label(trigger)}` not start `{graph.system.label(hop.target)}`"
            yield text, (Change(trigger.template, at if more else at[:2], None),), False


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
    is_declared = properties_at(first) is not None
    meant = _recorded(graph, alike) if first.type == _TRAIL else [first]
    names = [name for node in meant for name in system.names(node)]
    what = f"`{actions[0]}` on {' and '.join(f'`{system.label(node)}`' for node in meant)}"
    if first.type == RECORDER:
        what = f"`{edge.passage.action}`"

    def taken(value: Any, pattern: str) -> list[Any] | None:
        del value
        head = pattern.partition(STAR)[0]
        return [] if not is_declared or any(name in head for name in names) else None

    changes = rewritten(graph, edge, alike, taken)
    if changes:
        other = ", or let the rule ask for other calls" if first.type == RECORDER else ""
        yield f"take {what} from `{system.label(edge.source)}`{other}", changes, False
    elif not any("*" in action for action in actions):
        found = [_resources(graph, node, edge.source.template) for node in meant]
        refused = denied(graph, edge.source, actions, [one for some in found for one in some])
        yield f"deny {what} to `{system.label(edge.source)}`", refused, False


def less_lent(graph: Graph, edge: Edge, alike: Alike) -> Offered:
    """The way to a role that lends what is done, by assuming or passing it, denied."""
    holders = {o.allow.holder: None for o, _ in alike if isinstance(o, Grant) and o.allow.holder is not None}
    of_others = [role for holder in holders for role in _with_policy(graph, holder)]
    arns = [named(role, edge.source.template) for role in of_others]
    if arns and None not in arns:
        label = graph.system.label
        lent = " and ".join(f"`{label(role)}`" for role in of_others)
        changes = denied(graph, edge.source, ("sts:AssumeRole", "iam:PassRole"), arns)
        yield f"deny `{label(edge.source)}` to assume or pass {lent}", changes, False


def _with_policy(graph: Graph, holder: Node) -> list[Node]:
    """The roles that have the policies of a resource."""
    if holder.type == _ROLE:
        return [holder]
    named_ = set(references_in(dict(holder.properties)))
    return [role for role in graph.system.nodes(_ROLE) if role.id in named_ and role.template is holder.template]


def _recorded(graph: Graph, alike: Alike) -> list[Node]:
    """The buckets that some grants name, of which a trail tells."""
    patterns = [outlet.allow.resource for outlet, _ in alike if isinstance(outlet, Grant)]
    system = graph.system
    return [
        bucket
        for bucket in system.nodes(BUCKET)
        if any(rest_of(pattern, name).may for name in bucket_addresses(system, bucket) for pattern in patterns)
    ]


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


def _resources(graph: Graph, node: Node, template: Template) -> list[Any]:
    """What a statement of a template names to mean a resource and all that is in it; nothing if it cannot."""
    if node.type == BUS and node.get("Name") == "default":
        return [{"Fn::Sub": f"{_ARN.format('events')}:event-bus/default"}]
    if properties_at(node) is None:  # an account has one of its kind, which no ARN names
        return ["*"]
    arn = named(node, template)
    if arn is None:
        return []
    if node.type in APIS:
        return [{"Fn::Sub": f"{_ARN.format('execute-api')}:${{{node.id}}}/*"}]
    if node.type == BUCKET:
        return objects(graph, node, template, "*")
    behind = _BEHIND.get(node.type)
    return [arn] if behind is None else [arn, {"Fn::Join": ["", [arn, behind]]}]
