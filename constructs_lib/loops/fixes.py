"""Fixes for a loop, each tried on the graph before it is offered, with the changes of the template where it tells."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.addresses import rest_of
from constructs_lib.loops.changes import Change, Fix
from constructs_lib.loops.keys import STAR, literal, show_glob
from constructs_lib.loops.languages import Language
from constructs_lib.loops.messages import Message
from constructs_lib.loops.provenance import exact_place
from constructs_lib.loops.rewriting import rewritten
from constructs_lib.templates.symbols import has_symbols

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.loops.finder import Edge, Finder
    from constructs_lib.loops.graph import Graph, Outlet, Passage
    from constructs_lib.templates.system import Node

    Alike = list[tuple[Outlet, Passage]]

__all__ = ["fixes"]

_BUCKET = "AWS::S3::Bucket"
_BUS = "AWS::Events::EventBus"
_RULE = "AWS::Events::Rule"
_MAPPING = "AWS::Lambda::EventSourceMapping"
_TABLES = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")
MANY = 50
_USUAL = ("out/", "processed/", "results/")
_INPUTS = ("in/", "incoming/", "originals/")
_ELSEWHERE = {
    _BUCKET: "write to another bucket than",
    "AWS::SQS::Queue": "send to another queue than",
    "AWS::SNS::Topic": "publish to another topic than",
    _BUS: "put events on another bus than",
    "AWS::DynamoDB::Table": "write to another table than",
    "AWS::DynamoDB::GlobalTable": "write to another table than",
    "AWS::Kinesis::Stream": "put records into another stream than",
}
_NOT_OF_A_TWIN = frozenset(
    (
        *("BucketName", "QueueName", "TopicName", "TableName", "Name", "DisplayName"),
        *("NotificationConfiguration", "ReplicationConfiguration", "LoggingConfiguration", "InventoryConfigurations"),
        *("RedrivePolicy", "RedriveAllowPolicy", "Subscription", "DeadLetterConfig", "LogConfig"),
        *("StreamSpecification", "KinesisStreamSpecification", "ImportSourceSpecification", "ResourcePolicy", "Policy"),
    )
)
"""Names, and what lets a resource tell others of what it gets."""
_CHANGES = (("REMOVE",), ("INSERT", "MODIFY"))


def fixes(graph: Graph, finder: Finder, edges: list[Edge]) -> tuple[Fix, ...]:
    """What to change, best first: each alone breaks the loop."""
    alike = {edge: finder.alike(edge) for edge in edges}
    found: dict[str, Fix] = {}
    for ways in (_narrower_write, _narrower_trigger, _elsewhere, _fewer_changes):
        for edge in edges:
            for fix in ways(graph, edge, alike[edge]):
                found.setdefault(fix.text, fix)
    if not found:
        last = edges[0]
        name, target = graph.system.label(last.source), graph.system.label(last.passage.first)
        return (Fix(f"take `{last.passage.action}` on `{target}` from `{name}`"),)
    return tuple(found.values())


def _narrower_write(graph: Graph, edge: Edge, alike: Alike) -> Iterator[Fix]:
    """A prefix under which writing wakes nothing."""
    passage = edge.passage
    bucket = passage.first
    if bucket.type != _BUCKET or passage.deposit is None:
        return
    names = [f"{name.lower()}/" for name in graph.system.label(edge.source).split("/")]
    if len(graph.listeners(bucket)) > MANY:  # trying a name of its own for each function would be quadratic
        names = []
    deposits = {id(other.deposit): other.deposit for _, other in alike}.values()
    for prefix in dict.fromkeys((*names, *_USUAL)):
        writes = Message({"key": Language(((literal(prefix) + STAR,),))})
        if any(deposit is None or graph.wakes(bucket, deposit.message & writes) for deposit in deposits):
            continue
        called = graph.system.label(bucket)
        action = passage.action.partition(" ")[0]
        if edge.source.resource.construct_path:
            variable = called.rpartition("/")[2]
            kind = action.partition(":")[2]
            example = f'{kind}({variable[:1].lower() + variable[1:]}, prefix="{prefix}")'
        else:
            example = f"{action} on `{prefix}*` of `{called}`"

        def narrowed(value: Any, pattern: str, prefix: str = prefix) -> Any:
            keys = _keys(graph, bucket, pattern)
            return None if keys is None else _ending(value, f"/{keys}", f"/{prefix}*")

        changes = rewritten(graph, edge, alike, narrowed)
        yield Fix(f"write where the trigger does not match, e.g. {example}", changes)
        return


def _narrower_trigger(graph: Graph, edge: Edge, alike: Alike) -> Iterator[Fix]:
    """A prefix for the notification or the rule under which this function does not write."""
    passage = edge.passage
    prefix = next((prefix for prefix in _INPUTS if not _may_write_under(alike, prefix)), None)
    if passage.first.type != _BUCKET or not passage.hops or prefix is None:
        return
    label = graph.system.label
    by_rule = passage.hops[0].target.type == _BUS
    hop = passage.hops[1 if by_rule else 0]
    if hop.by is None or not (hop.by.type == _RULE if by_rule else isinstance(hop.entry, Mapping)):
        return
    alone = all(other.hops[by_rule].by is hop.by and other.hops[by_rule].entry is hop.entry for _, other in alike)
    if by_rule:
        text = f"let `{label(hop.by)}` take only keys with the prefix `{prefix}`"
        change = _in_rule(hop.by, prefix)
    else:
        text = f"let `{label(passage.first)}` tell `{label(hop.target)}` of less, e.g. only of the prefix `{prefix}`"
        change = _in_notification(hop.by, hop.entry, prefix)
    yield Fix(text, (change,) if alone and change is not None else ())


def _may_write_under(alike: Alike, prefix: str) -> bool:
    keys = Message({"key": Language(((literal(prefix) + STAR,),))})
    return any((passage.put & keys).may() is not None for _, passage in alike)


def _in_notification(by: Node, entry: Mapping[str, Any], prefix: str) -> Change | None:
    """The notification's filter with that prefix."""
    at = exact_place(by, entry)
    key, rules = ("S3Key", "Rules") if by.type == _BUCKET else ("Key", "FilterRules")
    try:
        before = entry["Filter"][key][rules] if "Filter" in entry else []
        others = [rule for rule in before if rule["Name"].lower() != "prefix"]
    except (KeyError, TypeError, AttributeError):
        return None
    value = {key: {rules: [{"Name": "prefix", "Value": prefix}, *others]}}
    return None if at is None else Change(by.template, (*at, "Filter"), value)


def _in_rule(rule: Node, prefix: str) -> Change | None:
    """The rule's pattern with that prefix, if it says nothing of the object yet."""
    pattern = rule.get("EventPattern")
    at = exact_place(rule, pattern)
    detail = pattern.get("detail", {}) if isinstance(pattern, Mapping) else None
    if at is None or not isinstance(detail, Mapping) or "object" in detail:
        return None
    return Change(rule.template, (*at, "detail", "object", "key"), [{"prefix": prefix}])


def _elsewhere(graph: Graph, edge: Edge, alike: Alike) -> Iterator[Fix]:
    """Another resource, which nothing listens to."""
    first = edge.passage.first
    text = _ELSEWHERE.get(first.type)
    listened_to_by_name = all(listener.source is not None for listener in graph.listeners(first))
    if text is None or not listened_to_by_name or any(passage.deposit is None for _, passage in alike):
        return
    twin = f"{''.join(filter(str.isalnum, first.id))}Output"
    while any(twin in template.resources for template in graph.system.templates):
        twin += "2"

    def moved(value: Any, pattern: str) -> Any:
        del value
        arn = {"Ref": twin} if first.type == "AWS::SNS::Topic" else {"Fn::GetAtt": [twin, "Arn"]}
        if first.type != _BUCKET:
            return arn
        keys = _keys(graph, first, pattern)
        return None if keys is None else {"Fn::Join": ["", [arn, f"/{keys}"]]}

    changes = rewritten(graph, edge, alike, moved)
    templates = {id(change.template): change.template for change in changes}
    if len(templates) == 1:
        (template,) = templates.values()
        body = _twin(first, twin)
        changes = () if body is None else (Change(template, ("Resources", twin), body), *changes)
    else:
        changes = ()
    yield Fix(f"{text} `{graph.system.label(first)}`", changes)


def _twin(node: Node, name: str) -> dict[str, Any] | None:
    """A resource like another one, that tells nobody; None if it stands in another form in the template."""
    body: dict[str, Any] = {"Type": node.type}
    written = node.template.section("Resources").get(node.id)
    if node.id == "default event bus" and node.type == _BUS:
        written = {}
    elif not isinstance(written, Mapping) or written.get("Type") != node.type:
        return None
    kept = {key: value for key, value in (written.get("Properties") or {}).items() if key not in _NOT_OF_A_TWIN}
    if node.type == _BUS:
        kept["Name"] = {"Fn::Sub": f"${{AWS::StackName}}-{name}"}
    if kept:
        body["Properties"] = deepcopy(kept)
    return body | {
        key: written[key] for key in ("Condition", "DeletionPolicy", "UpdateReplacePolicy") if key in written
    }


def _fewer_changes(graph: Graph, edge: Edge, alike: Alike) -> Iterator[Fix]:
    """Kinds of changes of a table that this function does not cause, as what its stream is read for."""
    mapping = edge.passage.hops[0].by if edge.passage.hops else None
    if edge.passage.first.type not in _TABLES or mapping is None or mapping.type != _MAPPING:
        return
    if mapping.get("FilterCriteria") is not None or mapping.template.section("Resources").get(mapping.id) is None:
        return
    if any(passage.hops[0].by is not mapping for _, passage in alike):
        return
    for kinds in _CHANGES:
        names = Message({"eventName": Language((kinds,))})
        if all((passage.put & names).may() is None for _, passage in alike):
            value = {"Filters": [{"Pattern": json.dumps({"eventName": list(kinds)})}]}
            change = Change(mapping.template, ("Resources", mapping.id, "Properties", "FilterCriteria"), value)
            label = graph.system.label(edge.passage.first)
            yield Fix(
                f"read only {' and '.join(f'`{kind}`' for kind in kinds)} from the stream of `{label}`", (change,)
            )


def _keys(graph: Graph, bucket: Node, pattern: str) -> str | None:
    """The keys of a bucket that a pattern of a policy names, as policies write them; None if that is not one text."""
    for name in graph.system.names(bucket):
        rest = rest_of(pattern, f"s3:{name}/")
        if len(rest.sure) == 1 and rest.sure == rest.may and not has_symbols(rest.sure[0]):
            return show_glob(rest.sure[0])
    return None


def _ending(value: Any, old: str, new: str) -> Any:
    """A text, which may be put together, with another ending; None if it does not plainly end so."""
    if isinstance(value, str):
        return value.removesuffix(old) + new if value.endswith(old) else None
    if not isinstance(value, Mapping) or len(value) != 1:
        return None
    ((name, argument),) = value.items()
    if name == "Fn::Sub" and isinstance(argument, str):
        ended = _ending(argument, old, new)
        return ended and {name: ended}
    joins = name == "Fn::Join" and isinstance(argument, list) and len(argument) == 2 and argument[0] == ""  # noqa: PLR2004
    if name in {"Fn::Sub", "Fn::Join"} and isinstance(argument, list) and argument:
        at = argument[1] if joins else argument[0]
        if joins and isinstance(at, list) and at:
            ended = _ending(at[-1], old, new)
            return ended and {name: ["", [*at[:-1], ended]]}
        if name == "Fn::Sub" and isinstance(at, str):
            ended = _ending(at, old, new)
            return ended and {name: [ended, *argument[1:]]}
    return None
