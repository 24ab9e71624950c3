"""Fixes for a loop, each tried on the path before it is offered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.loops.edges import Message
from constructs_lib.loops.keys import STAR, literal
from constructs_lib.loops.languages import Language

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.loops.graph import Grant, Graph, Passage
    from constructs_lib.templates.system import Node

__all__ = ["fixes"]

_USUAL = ("out/", "processed/", "results/")


def fixes(graph: Graph, edges: list[tuple[Node, Grant, Passage]]) -> tuple[str, ...]:
    """What to change, best first."""
    found: list[str] = []
    for source, _, passage in edges:
        if "key" in passage.message.fields:
            found += _narrower_write(graph, source, passage)
    found += [f"write to another bucket than `{graph.system.label(edges[0][2].channel.node)}`"] if not found else []
    return tuple(dict.fromkeys(found))[:3]


def _narrower_write(graph: Graph, source: Node, passage: Passage) -> Iterator[str]:
    for prefix in dict.fromkeys((*_prefixes(graph, source), *_USUAL)):
        if _is_free(graph, passage, prefix):
            bucket = graph.system.label(passage.channel.node)
            if source.resource.construct_path:
                action = passage.action.partition(":")[2]
                variable = bucket.rpartition("/")[2]
                example = f'{action}({variable[:1].lower() + variable[1:]}, prefix="{prefix}")'
            else:
                example = f"{passage.action} on `{prefix}*` of `{bucket}`"
            yield f"write where the trigger does not match, e.g. {example}"
            return


def _prefixes(graph: Graph, source: Node) -> list[str]:
    """Names to try for a folder, from the function's own."""
    return [f"{name.lower()}/" for name in graph.system.label(source).split("/")]


def _is_free(graph: Graph, passage: Passage, prefix: str) -> bool:
    """Whether writing under a prefix wakes nothing that this bucket notifies."""
    writes = Message({"key": Language(((literal(prefix) + STAR,),))})
    return all(
        (Message({"event": passage.message.fields["event"]}) & writes & let_through).may() is None
        for listener in graph.listeners(passage.channel.node)
        for let_through in listener.filters
    )
