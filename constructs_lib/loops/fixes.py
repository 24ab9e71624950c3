"""Fixes for a loop, each tried on the graph before it is offered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.loops.keys import STAR, literal
from constructs_lib.loops.languages import Language
from constructs_lib.loops.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.loops.finder import Edge
    from constructs_lib.loops.graph import Graph

__all__ = ["fixes"]

_BUCKET = "AWS::S3::Bucket"
MANY = 50
_USUAL = ("out/", "processed/", "results/")
_INPUTS = ("in/", "incoming/", "originals/")


def fixes(graph: Graph, edges: list[Edge]) -> tuple[str, ...]:
    """What to change, best first: each line alone breaks the loop."""
    found: list[str] = []
    for ways in (_narrower_write, _narrower_trigger, _elsewhere):
        for edge in edges:
            found += ways(graph, edge)
    if not found:
        last = edges[0]
        name, target = graph.system.label(last.source), graph.system.label(last.passage.first)
        found.append(f"take `{last.passage.action}` on `{target}` from `{name}`")
    return tuple(dict.fromkeys(found))


def _narrower_write(graph: Graph, edge: Edge) -> Iterator[str]:
    """A prefix under which writing wakes nothing."""
    passage = edge.passage
    if passage.first.type != _BUCKET or passage.deposit is None:
        return
    names = [f"{name.lower()}/" for name in graph.system.label(edge.source).split("/")]
    if len(graph.listeners(passage.first)) > MANY:  # trying a name of its own for each function would be quadratic
        names = []
    for prefix in dict.fromkeys((*names, *_USUAL)):
        writes = Message({"key": Language(((literal(prefix) + STAR,),))})
        if not graph.wakes(passage.first, passage.deposit.message & writes):
            bucket = graph.system.label(passage.first)
            action = passage.action.partition(" ")[0]
            if edge.source.resource.construct_path:
                variable = bucket.rpartition("/")[2]
                kind = action.partition(":")[2]
                example = f'{kind}({variable[:1].lower() + variable[1:]}, prefix="{prefix}")'
            else:
                example = f"{action} on `{prefix}*` of `{bucket}`"
            yield f"write where the trigger does not match, e.g. {example}"
            return


def _narrower_trigger(graph: Graph, edge: Edge) -> Iterator[str]:
    """A prefix for the trigger under which this function does not write."""
    passage = edge.passage
    if passage.first.type != _BUCKET or not passage.hops:
        return
    written = passage.put
    for prefix in _INPUTS:
        if (written & Message({"key": Language(((literal(prefix) + STAR,),))})).may() is None:
            bucket, target = graph.system.label(passage.first), graph.system.label(passage.hops[0].target)
            yield f"let `{bucket}` tell `{target}` of less, e.g. only of the prefix `{prefix}`"
            return


def _elsewhere(graph: Graph, edge: Edge) -> Iterator[str]:
    """Another resource, which nothing listens to."""
    if edge.passage.first.type == _BUCKET and edge.passage.deposit is not None:
        yield f"write to another bucket than `{graph.system.label(edge.passage.first)}`"
