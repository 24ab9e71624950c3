"""Fixes that keep keys apart: a prefix under which an actor writes, and one under which something wakes it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.addresses import rest_of
from constructs_lib.loops.changes import Change
from constructs_lib.loops.edges.s3 import BUCKET, CREATED, bucket_addresses
from constructs_lib.loops.keys import STAR, literal, show_glob
from constructs_lib.loops.languages import Language
from constructs_lib.loops.messages import Message
from constructs_lib.loops.passages import Grant
from constructs_lib.loops.prefixes import meet, to_write, used, variable, words
from constructs_lib.loops.provenance import exact_place
from constructs_lib.loops.rewriting import rewritten
from constructs_lib.loops.roles import denied, named
from constructs_lib.loops.triggers import Trigger
from constructs_lib.templates.symbols import has_symbols

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from constructs_lib.loops.finder import Edge
    from constructs_lib.loops.graph import Graph
    from constructs_lib.loops.passages import Outlet, Passage
    from constructs_lib.templates import Template
    from constructs_lib.templates.system import Node

    Alike = list[tuple[Outlet, Passage]]
    Changes = tuple[Change, ...]
    Offered = Iterator[tuple[str, Changes | Callable[[], Changes], bool]]
    """What to do, the changes that do it, and whether the graph shows that it breaks the loop."""

__all__ = [
    "both_narrower",
    "denied_write",
    "events",
    "keys_of",
    "narrower_delivery",
    "narrower_trigger",
    "narrower_write",
    "objects",
]


_GRANTS = {"s3:PutObject": "grant_put", "s3:DeleteObject": "grant_delete"}
"""What CDK calls them."""


def narrower_write(graph: Graph, edge: Edge, alike: Alike) -> Offered:
    """A prefix under which writing wakes nothing."""
    prefix = _prefix_to_write(graph, edge, alike)
    if prefix is None:
        return
    example = _example(graph, edge, prefix)
    of = "" if example.endswith(")") else f" of `{graph.system.label(edge.passage.first)}`"
    yield (
        f"write where the trigger does not match, e.g. {example}{of}",
        partial(_written_under, graph, edge, alike, prefix),
        True,
    )


def narrower_trigger(graph: Graph, edge: Edge, alike: Alike) -> Offered:
    """A prefix for the notification or the rule under which this actor does not write."""
    trigger = Trigger.of(graph, edge, alike)
    prefix = None if trigger is None else trigger.prefix(alike)
    if trigger is not None and prefix is not None:
        yield trigger.text(prefix), trigger.changes(prefix), True


def both_narrower(graph: Graph, edge: Edge, alike: Alike) -> Offered:
    """A prefix for what wakes an actor, and another one under which it writes, where neither alone would do."""
    trigger = Trigger.of(graph, edge, alike) if edge.passage.target is edge.source else None
    if trigger is None or _prefix_to_write(graph, edge, alike) is not None or trigger.prefix(alike) is not None:
        return
    for prefix in trigger.prefixes():
        taken = used(graph, edge.passage.first)
        own = next((one for one in to_write(graph, edge, taken) if not meet(one, [prefix])), None)
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
    trigger = Trigger.of(graph, edge, alike) if _prefix_to_write(graph, edge, alike) is not None else None
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
            if not graph.wakes(hop.target, _new_objects(prefix)):
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


def _prefix_to_write(graph: Graph, edge: Edge, alike: Alike) -> str | None:
    """A prefix in the bucket under which writing wakes nothing, and that nothing else names."""
    bucket = edge.passage.first
    deposits = {id(other.deposit): other.deposit for _, other in alike}.values()
    if bucket.type != BUCKET or None in deposits or "Access" in events(alike):
        return None
    for prefix in to_write(graph, edge, used(graph, bucket)):
        writes = Message({"key": Language(((literal(prefix) + STAR,),))})
        if not any(graph.wakes(bucket, deposit.message & writes) for deposit in deposits if deposit is not None):
            return prefix
    return None


def _action(edge: Edge) -> str:
    deposit = edge.passage.deposit
    return deposit.action if deposit is not None else edge.passage.action


def _example(graph: Graph, edge: Edge, prefix: str) -> str:
    bucket, action = variable(graph, edge.passage.first), _action(edge)
    origin = graph.origin(edge.source, edge.outlet.allow) if isinstance(edge.outlet, Grant) else None
    if not edge.source.resource.construct_path:
        return f"{action} on `{prefix}*`"
    if origin is None or origin[0].type == "AWS::IAM::Role":  # which has what is declared with classes of ours
        return f'{action.partition(":")[2]}({bucket}, prefix="{prefix}")'
    if action not in _GRANTS:
        return f"{action} on `{prefix}*`"
    return f'{bucket}.{_GRANTS[action]}({variable(graph, edge.source)}, "{prefix}*")'


def _written_under(graph: Graph, edge: Edge, alike: Alike, prefix: str) -> tuple[Change, ...]:
    def narrowed(value: Any, pattern: str) -> list[Any] | None:
        keys = keys_of(graph, edge.passage.first, pattern)
        new = None if keys is None else _ending(value, f"/{keys}", f"/{prefix}*")
        return None if new is None else [new]

    return rewritten(graph, edge, alike, narrowed)


def _denied_under(graph: Graph, edge: Edge, alike: Alike, keys: str) -> tuple[Change, ...]:
    bucket = edge.passage.first
    actions = dict.fromkeys(passage.deposit.action for _, passage in alike if passage.deposit is not None)
    return denied(graph, edge.source, list(actions), objects(graph, bucket, edge.source.template, keys))


def _new_objects(prefix: str) -> Message:
    return Message({"event": Language((CREATED,)), "key": Language(((literal(prefix) + STAR,),))})


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
