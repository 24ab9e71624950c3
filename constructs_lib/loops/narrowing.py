"""Fixes that keep keys apart: a prefix under which an actor writes, and one under which something wakes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.addresses import rest_of
from constructs_lib.loops.changes import Change
from constructs_lib.loops.edges.s3 import BUCKET, CREATED, bucket_addresses
from constructs_lib.loops.graph import Grant
from constructs_lib.loops.keys import ANY, STAR, literal, show_glob
from constructs_lib.loops.languages import Language
from constructs_lib.loops.messages import Message
from constructs_lib.loops.provenance import exact_place
from constructs_lib.loops.rewriting import rewritten
from constructs_lib.loops.roles import denied, named
from constructs_lib.templates.symbols import has_symbols

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from constructs_lib.loops.finder import Edge
    from constructs_lib.loops.graph import Graph, Hop, Outlet, Passage
    from constructs_lib.templates import Template
    from constructs_lib.templates.system import Node

    Alike = list[tuple[Outlet, Passage]]
    Offered = Iterator[tuple[str, tuple[Change, ...], bool]]

__all__ = [
    "both_narrower",
    "denied_write",
    "ending",
    "events",
    "keys_of",
    "narrower_delivery",
    "narrower_trigger",
    "narrower_write",
    "objects",
    "plain",
    "words",
]

MANY = 50
_BUS = "AWS::Events::EventBus"
_RULE = "AWS::Events::Rule"
_USUAL = ("output/", "out/", "processed/", "results/")
_INPUTS = ("in/", "incoming/", "originals/")
_WORD = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")
_HASH = re.compile(r"(?<=.)[0-9A-F]{8}$")
_SAYS_NOTHING = {
    "function",
    "lambda",
    "fn",
    "func",
    "handler",
    "role",
    "execution",
    "default",
    "policy",
    "stack",
    "app",
}


def narrower_write(graph: Graph, edge: Edge, alike: Alike) -> Offered:
    """A prefix under which writing wakes nothing."""
    prefix = _prefix_to_write(graph, edge, alike)
    if prefix is None:
        return
    of = "" if edge.source.resource.construct_path else f" of `{graph.system.label(edge.passage.first)}`"
    text = f"write where the trigger does not match, e.g. {_example(graph, edge, prefix)}{of}"
    yield text, _written_under(graph, edge, alike, prefix), True


def narrower_trigger(graph: Graph, edge: Edge, alike: Alike) -> Offered:
    """A prefix for the notification or the rule under which this actor does not write."""
    trigger = _Trigger.of(graph, edge, alike)
    prefix = None if trigger is None else trigger.prefix(alike)
    if trigger is not None and prefix is not None:
        yield trigger.text(prefix), trigger.changes(prefix), True


def both_narrower(graph: Graph, edge: Edge, alike: Alike) -> Offered:
    """A prefix for what wakes an actor, and another one under which it writes, where neither alone would do."""
    trigger = _Trigger.of(graph, edge, alike) if edge.passage.target is edge.source else None
    if trigger is None or _prefix_to_write(graph, edge, alike) is not None or trigger.prefix(alike) is not None:
        return
    for prefix in trigger.prefixes():
        used = _used(graph, edge.passage.first)
        own = next((one for one in _to_write(graph, edge, used) if not _meet(one, [prefix])), None)
        narrowed = trigger.changes(prefix)
        if own is None or not narrowed:
            continue
        written = _written_under(graph, edge, alike, own)
        apart = f"keep input and output in `{graph.system.label(edge.passage.first)}` apart: {trigger.example(prefix)}"
        if written:
            yield f"{apart}, {_example(graph, edge, own)}", narrowed + written, False
        else:
            refused = _denied_under(graph, edge, alike, f"{prefix}*")
            yield f"{apart}, and deny {_action(edge)} there", refused and narrowed + refused, False
        return


def denied_write(graph: Graph, edge: Edge, alike: Alike) -> Offered:
    """A denial of what the trigger takes, where there are other keys to write."""
    trigger = _Trigger.of(graph, edge, alike) if _prefix_to_write(graph, edge, alike) is not None else None
    keys = None if trigger is None else trigger.taken
    if keys is not None:
        label = graph.system.label
        what = f"{_action(edge)} on `{keys}` of `{label(edge.passage.first)}`"
        yield f"deny `{label(edge.source)}` {what}", _denied_under(graph, edge, alike, keys), False


def narrower_delivery(graph: Graph, edge: Edge, alike: Alike) -> Offered:
    """A prefix for the objects of a delivery stream under which they wake nothing."""
    del alike
    for hop in edge.passage.hops:
        at = exact_place(hop.source, hop.entry) if hop.via == "objects" and hop.target.type == BUCKET else None
        if at is None:
            continue
        label = graph.system.label
        for prefix in (f"{'-'.join(words(hop.source.id)) or 'delivered'}/", "delivered/"):
            if not graph.wakes(hop.target, _objects(prefix)):
                text = f"let `{label(hop.source)}` write under the prefix `{prefix}` of `{label(hop.target)}`"
                yield text, (Change(hop.source.template, (*at, "Prefix"), prefix),), False
                break


def keys_of(graph: Graph, bucket: Node, pattern: str) -> str | None:
    """The keys of a bucket that a pattern of a policy names, as policies write them; None if that is not one text."""
    for name in bucket_addresses(graph.system, bucket):
        rest = rest_of(pattern, name)
        if len(rest.sure) == 1 and rest.sure == rest.may and not has_symbols(rest.sure[0]):
            return show_glob(rest.sure[0])
    return None


def events(alike: Alike) -> set[str]:
    """The names of the events that some passages cause."""
    events = (passage.put.fields.get("event") for _, passage in alike)
    return {text for event in events if event is not None for group in event.all_of for text in group}


def objects(graph: Graph, bucket: Node, template: Template, keys: str) -> list[Any]:
    """What a template calls objects of a bucket, also through its access points; nothing if it cannot."""
    system = graph.system
    names = set(system.names(bucket))
    points = (node for node in system.nodes("AWS::S3::AccessPoint") if node.template.document is template.document)
    through = [node for node in points if not names.isdisjoint(system.texts(node.get("Bucket"), node.template))]
    ways = [(named(bucket, template), f"/{keys}"), *((named(node, template), f"/object/{keys}") for node in through)]
    return [{"Fn::Join": ["", [arn, behind]]} for arn, behind in ways if ways[0][0] is not None]


def plain(name: str) -> str:
    """A logical id without the digits that CDK puts behind it.

    >>> plain("PhotosB9552D0D"), plain("Photos")
    ('Photos', 'Photos')
    """
    return _HASH.sub("", name)


def words(name: str) -> list[str]:
    """The words of a logical id that tell something, in lower case.

    >>> words("ResizePhotosFunction"), words("LambdaFunction"), words("S3ToTextFnA1B2C3D4")
    (['resize', 'photos'], [], ['s3', 'to', 'text'])
    """
    found = [word.lower() for word in _WORD.findall(plain(name))]
    while found and found[-1] in _SAYS_NOTHING:
        found.pop()
    return found


def _prefix_to_write(graph: Graph, edge: Edge, alike: Alike) -> str | None:
    """A prefix in the bucket under which writing wakes nothing, and that nothing else names."""
    bucket = edge.passage.first
    deposits = {id(other.deposit): other.deposit for _, other in alike}.values()
    if bucket.type != BUCKET or None in deposits or "Access" in events(alike):
        return None
    for prefix in _to_write(graph, edge, _used(graph, bucket)):
        writes = Message({"key": Language(((literal(prefix) + STAR,),))})
        if not any(graph.wakes(bucket, deposit.message & writes) for deposit in deposits if deposit is not None):
            return prefix
    return None


def _to_write(graph: Graph, edge: Edge, used: Iterable[str]) -> Iterator[str]:
    """Prefixes that a person would choose for what an actor writes."""
    node = edge.source
    if node.resource.construct_path:
        parts = map(words, graph.system.label(node).split("/"))
        own = [f"{'-'.join(part)}/" for part in parts if part]
    else:
        told = next((found for found in map(words, _names(node)) if found), [])
        own = [f"{'-'.join(told)}-output/"] if told else []
    if len(graph.listeners(edge.passage.first)) > MANY:  # trying a name of its own for each would be quadratic
        own = []
    taken = list(used)
    yield from (prefix for prefix in dict.fromkeys((*own, *_USUAL)) if not _meet(prefix, taken))


def _names(node: Node) -> Iterator[str]:
    """What may tell what an actor does: its logical id, its name, the logical id of its role."""
    yield node.id
    name = node.get("FunctionName")
    if isinstance(name, str):
        yield name
    role = node.get("Role")
    arn = role.get("Fn::GetAtt") if isinstance(role, Mapping) else None
    if isinstance(arn, list) and isinstance(arn[0], str):
        yield arn[0]


def _used(graph: Graph, bucket: Node) -> list[str]:
    """The prefixes of a bucket that grants name."""
    if len(graph.actors) > MANY:
        return []
    names = [f"s3:{name}/" for name in graph.system.names(bucket)]
    grants = (outlet for actor in graph.actors for outlet in graph.outlets[actor] if isinstance(outlet, Grant))
    globs = (glob for grant in grants for name in names for glob in rest_of(grant.allow.resource, name).sure)
    heads = dict.fromkeys(glob.partition(STAR)[0].partition(ANY)[0] for glob in globs)
    return [head for head in heads if head and not has_symbols(head)]


def _meet(prefix: str, others: Iterable[str]) -> bool:
    return any(prefix.startswith(other) or other.startswith(prefix) for other in others)


def _action(edge: Edge) -> str:
    deposit = edge.passage.deposit
    return deposit.action if deposit is not None else edge.passage.action


def _example(graph: Graph, edge: Edge, prefix: str) -> str:
    if not edge.source.resource.construct_path:
        return f"{_action(edge)} on `{prefix}*`"
    return f'{_action(edge).partition(":")[2]}({_variable(graph, edge.passage.first)}, prefix="{prefix}")'


def _variable(graph: Graph, node: Node) -> str:
    """What a construct may be called in the code of an app."""
    name = graph.system.label(node).rpartition("/")[2]
    return name[:1].lower() + name[1:]


def _written_under(graph: Graph, edge: Edge, alike: Alike, prefix: str) -> tuple[Change, ...]:
    def narrowed(value: Any, pattern: str) -> list[Any] | None:
        keys = keys_of(graph, edge.passage.first, pattern)
        new = None if keys is None else ending(value, f"/{keys}", f"/{prefix}*")
        return None if new is None else [new]

    return rewritten(graph, edge, alike, narrowed)


def _denied_under(graph: Graph, edge: Edge, alike: Alike, keys: str) -> tuple[Change, ...]:
    bucket = edge.passage.first
    actions = dict.fromkeys(passage.deposit.action for _, passage in alike if passage.deposit is not None)
    return denied(graph, edge.source, list(actions), objects(graph, bucket, edge.source.template, keys))


def _objects(prefix: str) -> Message:
    return Message({"event": Language((CREATED,)), "key": Language(((literal(prefix) + STAR,),))})


class _Trigger:
    """What a bucket wakes somebody by: its notifications, or rules on its events.

    Args:
        graph: the system.
        edge: from the bucket.
        hops: the arrows that a filter of their own lets through.

    Attributes:
        known: the prefix that they have already, empty if they have none.
        taken: the keys that they take, as policies write them; None if that is all keys, or not plain.
    """

    def __init__(self, graph: Graph, edge: Edge, hops: list[Hop]) -> None:
        self._graph = graph
        self._bucket = edge.passage.first
        self._hops = hops
        self._rules = [_rules(hop) for hop in hops]
        plain = [rules for rules in self._rules if rules is not None]
        prefixes = {text for rules in plain for text in _texts(rules, "prefix")}
        suffixes = {text for rules in plain for text in _texts(rules, "suffix")}
        self._is_plain = len(plain) == len(hops) and len(prefixes) == 1
        self.known = next(iter(prefixes)) if self._is_plain else ""
        suffix = next(iter(suffixes)) if self._is_plain and len(suffixes) == 1 else ""
        self.taken = f"{self.known}*" if self.known else f"*{suffix}" if suffix else None

    @classmethod
    def of(cls, graph: Graph, edge: Edge, alike: Alike) -> _Trigger | None:
        """The trigger of an edge from a bucket."""
        if edge.passage.first.type != BUCKET or not edge.passage.hops:
            return None
        if any(passage.deposit is None for _, passage in alike):
            return None
        position = 1 if edge.passage.hops[0].target.type == _BUS else 0
        hops = {(id(h.by), id(h.entry)): h for _, passage in alike for h in passage.hops[position : position + 1]}
        tells = all(_is_rule(hop) if position else _is_notification(hop) for hop in hops.values())
        return cls(graph, edge, list(hops.values())) if tells and hops else None

    def prefixes(self) -> Iterator[str]:
        """What a person would choose, within the prefix that is there."""
        others = [] if self.known else _used(self._graph, self._bucket)
        for prefix in _INPUTS:
            inner = f"{self.known.rstrip('/')}/{prefix}" if self.known else prefix
            if not _meet(inner, others):
                yield inner

    def prefix(self, alike: Alike) -> str | None:
        """A prefix under which nothing of some passages is written."""
        for prefix in self.prefixes():
            keys = Message({"key": Language(((literal(prefix) + STAR,),))})
            if all((passage.put & keys).may() is None for _, passage in alike):
                return prefix
        return None

    def text(self, prefix: str) -> str:
        """What to do, for people."""
        label = self._graph.system.label
        hop = self._hops[0]
        if _is_rule(hop) and hop.by is not None:
            return f"let `{label(hop.by)}` take only keys with the prefix `{prefix}`"
        example = f", e.g. {self.example(prefix)}" if hop.target.resource.construct_path else ""
        return f"let `{label(self._bucket)}` tell `{label(hop.target)}` only of the prefix `{prefix}`{example}"

    def example(self, prefix: str) -> str:
        """How to say so."""
        if _is_rule(self._hops[0]) or not self._hops[0].target.resource.construct_path:
            return f"trigger on `{prefix}*`"
        return f'S3Trigger({_variable(self._graph, self._bucket)}, prefix="{prefix}")'

    def changes(self, prefix: str) -> tuple[Change, ...]:
        """The same for programs; none if the filters that are there are not plain."""
        found = [_filtered(hop, prefix, rules or []) for hop, rules in zip(self._hops, self._rules, strict=True)]
        changes = {change.at: change for change in found if change is not None}
        return tuple(changes.values()) if self._is_plain and None not in found else ()


def _is_rule(hop: Hop) -> bool:
    return hop.by is not None and hop.by.type == _RULE


def _is_notification(hop: Hop) -> bool:
    return hop.by is not None and isinstance(hop.entry, Mapping) and not {"Event", "Events"}.isdisjoint(hop.entry)


def _rules(hop: Hop) -> list[dict[str, str]] | None:
    """The rules of a filter, each as its kind and its text; None if they are not plain."""
    found: list[dict[str, str]] = []
    try:
        if _is_rule(hop) and hop.by is not None:
            found = list(hop.by.get("EventPattern").get("detail", {}).get("object", {}).get("key", []))
        else:
            given = hop.entry.get("Filter") or {}
            given = given.get("S3Key") or given.get("Key") or {}
            rules = given.get("Rules") or given.get("FilterRules") or []
            found = [{rule["Name"].lower(): rule["Value"]} for rule in rules]
        is_plain = all(len(rule) == 1 and isinstance(value, str) for rule in found for value in rule.values())
    except (KeyError, TypeError, AttributeError):
        return None
    return found if is_plain else None


def _texts(rules: list[dict[str, str]], kind: str) -> set[str]:
    return {rule[kind] for rule in rules if kind in rule} or {""}


def _filtered(hop: Hop, prefix: str, rules: list[dict[str, str]]) -> Change | None:
    """A filter with another prefix; None if it does not stand in a template, or cannot have one."""
    by = hop.by
    if by is None:
        return None
    if _is_rule(hop):
        at, new = exact_place(by, by.get("EventPattern")), _with_prefix(rules, prefix)
        return None if at is None or new is None else Change(by.template, (*at, "detail", "object", "key"), new)
    at = exact_place(by, hop.entry)
    if at is None:
        return None
    at = (*at, "Properties") if at[-2:-1] == ("Events",) else at  # of a function in SAM
    outer, inner = ("S3Key", "Rules") if by.type == BUCKET else ("Key", "FilterRules")
    others = [{"Name": name, "Value": value} for rule in rules for name, value in rule.items() if name != "prefix"]
    filter_ = {outer: {inner: [{"Name": "prefix", "Value": prefix}, *others]}}
    return Change(by.template, (*at, "Filter"), filter_)


def _with_prefix(rules: list[dict[str, str]], prefix: str) -> list[dict[str, str]] | None:
    """The matchers of a pattern, which are alternatives, with a prefix; None if they cannot have one."""
    if all("prefix" in rule for rule in rules):
        return [{"prefix": prefix}]
    if all("suffix" in rule for rule in rules):
        return [{"wildcard": f"{prefix}*{rule['suffix']}"} for rule in rules]
    return None


def ending(value: Any, old: str, new: str) -> Any:
    """A text, which may be put together, with another ending; None if it does not plainly end so."""
    if isinstance(value, str):
        return value.removesuffix(old) + new if value.endswith(old) else None
    if not isinstance(value, Mapping) or len(value) != 1:
        return None
    ((name, argument),) = value.items()
    if name == "Fn::Sub" and isinstance(argument, str):
        ended = ending(argument, old, new)
        return ended and {name: ended}
    joins = name == "Fn::Join" and isinstance(argument, list) and len(argument) == 2 and argument[0] == ""  # noqa: PLR2004
    if name in {"Fn::Sub", "Fn::Join"} and isinstance(argument, list) and argument:
        at = argument[1] if joins else argument[0]
        if joins and isinstance(at, list) and at:
            ended = ending(at[-1], old, new)
            return ended and {name: ["", [*at[:-1], ended]]}
        if name == "Fn::Sub" and isinstance(at, str):
            ended = ending(at, old, new)
            return ended and {name: [ended, *argument[1:]]}
    return None
