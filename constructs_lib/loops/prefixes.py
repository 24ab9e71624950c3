"""Prefixes of keys: what people call what a function writes, and which are taken."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from constructs_lib.loops.addresses import rest_of
from constructs_lib.loops.keys import ANY, STAR
from constructs_lib.templates.symbols import has_symbols

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from constructs_lib.loops.finder import Edge
    from constructs_lib.loops.graph import Graph
    from constructs_lib.templates.system import Node

__all__ = ["meet", "plain", "to_write", "used", "variable", "words"]

MANY = 50
_USUAL = ("output/", "out/", "processed/", "results/")
_WORD = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")
_HASH = re.compile(r"(?<=.)[0-9A-F]{8}$")
_SAYS_NOTHING = frozenset(
    (
        *("function", "lambda", "fn", "func", "handler"),
        *("role", "execution", "default", "policy", "stack", "app"),
    )
)


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


def to_write(graph: Graph, edge: Edge, taken: Iterable[str]) -> Iterator[str]:
    """Prefixes that a person would choose for what an actor writes."""
    node = edge.source
    if node.resource.construct_path:
        parts = map(words, graph.system.label(node).split("/"))
        own = [f"{'-'.join(part)}/" for part in parts if part]
    else:
        told = next((found for found in map(words, _names(node)) if found), [])
        own = [f"{'-'.join(told)}-output/"] if told else []
    if len(graph.network.of(edge.passage.first)) > MANY:  # trying a name of its own for each would be quadratic
        own = []
    known = list(taken)
    yield from (prefix for prefix in dict.fromkeys((*own, *_USUAL)) if not meet(prefix, known))


def used(graph: Graph, bucket: Node) -> list[str]:
    """The prefixes of a bucket that grants name."""
    if len(graph.actors) > MANY:
        return []
    names = [f"s3:{name}/" for name in graph.system.names(bucket)]
    grants = (grant for actor in graph.actors for grant in graph.granted(actor))
    globs = (glob for grant in grants for name in names for glob in rest_of(grant.allow.resource, name).sure)
    heads = dict.fromkeys(glob.partition(STAR)[0].partition(ANY)[0] for glob in globs)
    return [head for head in heads if head and not has_symbols(head)]


def meet(prefix: str, others: Iterable[str]) -> bool:
    """Whether one of some prefixes begins another one, or the other way round."""
    return any(prefix.startswith(other) or other.startswith(prefix) for other in others)


def variable(graph: Graph, node: Node) -> str:
    """What a construct may be called in the code of an app."""
    name = graph.system.label(node).rpartition("/")[2]
    return name[:1].lower() + name[1:]


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
