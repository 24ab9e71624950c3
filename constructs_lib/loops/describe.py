"""Closed paths as findings: what people read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.fixes import fixes
from constructs_lib.loops.passages import Grant
from constructs_lib.loops.policies import listed
from constructs_lib.loops.provenance import located, place
from constructs_lib.loops.report import Finding, Severity, Step, through
from constructs_lib.loops.rewriting import resources_of
from constructs_lib.loops.roles import role_of
from constructs_lib.loops.targets import SAME_NAME
from constructs_lib.loops.witness import flows, witness
from constructs_lib.templates.symbols import symbols_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from constructs_lib.loops.finder import Edge, Finder
    from constructs_lib.loops.graph import Graph
    from constructs_lib.loops.trials import Trials
    from constructs_lib.templates import Template
    from constructs_lib.templates.system import Node

__all__ = ["allows_recursion", "finding", "fingerprint", "severity"]

MAX_ACTIONS = 3
_FINGERPRINT_LENGTH = 12
# What AWS's recursion detection covers: "Use Lambda recursive loop detection" in the Lambda developer guide.
_WATCHED_BY_AWS = {"AWS::Lambda::Function", "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::S3::Bucket"}


def finding(graph: Graph, finder: Finder, edges: list[Edge], trials: Trials | None = None) -> Finding:
    """What a closed path means; how to break it only if fixes can be tried."""
    certain = all(edge.passage.is_sure for edge in edges)
    path = tuple(_steps(graph, finder, edges))
    types = {node.type for edge in edges for hop in edge.hops() for node in (hop.source, hop.target)}
    only_s3 = types <= {"AWS::Lambda::Function", "AWS::S3::Bucket"} and "AWS::S3::Bucket" in types
    name = fingerprint(graph, edges)
    offered = () if trials is None else fixes(graph, finder, edges, trials)
    return Finding(
        reference="invocation-loop-unproven" if not certain else "s3-invocation-loop" if only_s3 else "invocation-loop",
        verdict="loop" if certain else "unproven",
        severity=severity(graph, edges),
        headline=through(path, certain=certain),
        path=path,
        witness=witness(graph, edges),
        reasons=() if certain else tuple(dict.fromkeys(why for edge in edges for why in _reasons(graph, edge))),
        helps=(
            *(fix.text for fix in offered),
            f"if it is meant, acknowledge `{name}` with a reason and what bounds it",
        ),
        fingerprint=name,
        fixes=tuple(fix for fix in offered if fix.changes),
        flows=flows(graph, edges),
    )


def fingerprint(graph: Graph, edges: list[Edge]) -> str:
    """A name for a loop that changes with its edges and with what flows over them.

    Where it is deployed does not count: it is the same in each stage of an app, with construct paths and without.
    """
    names = _relative_names(
        {node.template.name for edge in edges for hop in edge.hops() for node in (hop.source, hop.target)}
    )
    facts = sorted(json.dumps(_facts(names, edge), sort_keys=True, ensure_ascii=False) for edge in edges)
    text = graph.system.symbols.show("\n".join(facts))
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:_FINGERPRINT_LENGTH]


def _facts(names: Mapping[str, str], edge: Edge) -> list[Any]:
    flows = [
        {name: [language.all_of, language.none_of] for name, language in stretch.message.fields.items()}
        for stretch in edge.passage.stretches
    ]
    hops = [
        [names[hop.source.template.name], hop.source.id, hop.via, names[hop.target.template.name], hop.target.id]
        for hop in edge.hops()
    ]
    return [hops, flows]


def _relative_names(names: Collection[str]) -> dict[str, str]:
    """What templates are called below what all of them are in.

    >>> _relative_names(["Prod/Data", "Prod/Compute"])
    {'Prod/Data': 'Data', 'Prod/Compute': 'Compute'}
    >>> _relative_names(["Prod/Data"])
    {'Prod/Data': ''}
    """
    parts = [name.split("/") for name in names]
    shortest = min(map(len, parts), default=0)
    shared = next((depth for depth in range(shortest) if len({part[depth] for part in parts}) > 1), shortest)
    return {name: "/".join(name.split("/")[shared:]) for name in names}


def severity(graph: Graph, edges: list[Edge]) -> Severity:
    """What stops a loop."""
    if any(edge.passage.failure for edge in edges):
        return "failure-only"
    if any(edge.passage.slow for edge in edges):
        return "slow"
    types = {node.type for edge in edges for hop in edge.hops() for node in (hop.source, hop.target)}
    # Lambda stops a function that is part of a loop unless this very function is set to be left alone.
    lost = any(edge.passage.unwatched for edge in edges) or all(allows_recursion(graph, edge) for edge in edges)
    watched = "AWS::Lambda::Function" in types and types <= _WATCHED_BY_AWS
    return "endless" if lost or not watched else "stopped-by-aws"


def allows_recursion(graph: Graph, edge: Edge) -> bool:
    """Whether the function of an edge is set to be left alone by AWS's recursion detection."""
    return graph.system.text(edge.source.get("RecursiveLoop"), edge.source.template) == "Allow"


def _steps(graph: Graph, finder: Finder, edges: list[Edge]) -> Iterator[Step]:
    label = graph.system.label
    for edge in edges:
        actions = finder.actions(edge)
        more = f" and {len(actions) - MAX_ACTIONS} more" if len(actions) > MAX_ACTIONS else ""
        for index, hop in enumerate(edge.hops()):
            source, target = hop.source, hop.target
            via = hop.via if index else f"{', '.join(actions[:MAX_ACTIONS])}{more}"
            at, template = place(graph, edge, hop)
            if not at and isinstance(edge.outlet, Grant):
                at, template = _elsewhere(graph, edge.source)
            other = template if template is not source.template else None
            granted = None if index else _granted(graph, edge)
            yield Step(label(source), via, label(target), source.id, target.id, source.template, at, other, granted)


def _elsewhere(graph: Graph, actor: Node) -> tuple[tuple[str | int, ...], Template]:
    """Where what an actor may do is named, if its statement is not in the templates."""
    role = role_of(graph, actor)
    return located(actor, None, "Role") if role is None else located(role, None, "ManagedPolicyArns")


def _granted(graph: Graph, edge: Edge) -> tuple[str, Any] | None:
    """The action of a grant, and which of its statement's resources it is about."""
    deposit = edge.passage.deposit
    if not isinstance(edge.outlet, Grant) or deposit is None:
        return None
    node, statement = graph.origin(edge.source, edge.outlet.allow) or (None, None)
    if node is None or not isinstance(statement, Mapping) or "Resource" not in statement:
        return None
    resources = listed(statement["Resource"])
    indices = resources_of(graph, node.template, statement, edge.outlet.allow.resource)
    return deposit.action, resources[indices[0]] if indices else None


def _reasons(graph: Graph, edge: Edge) -> list[str]:
    if edge.passage.is_sure:
        return []
    symbols = graph.system.symbols
    texts = [c for s in edge.passage.stretches for language in s.message.fields.values() for c in language.symbols()]
    if isinstance(edge.outlet, Grant):
        texts += symbols_in(edge.outlet.allow.resource)
    found = [*edge.passage.doubts, *(why for character in texts if (why := symbols[character].why))]
    return found or [_taken_away(graph, edge) or SAME_NAME]


def _taken_away(graph: Graph, edge: Edge) -> str:
    """What takes away may or may not take this, and nothing else is uncertain; empty if that is not why."""
    outlet, passage = edge.outlet, edge.passage
    if not isinstance(outlet, Grant):
        return ""
    way = [passage.first, *(hop.target for hop in passage.hops)]
    for what, without in (
        ("a `Deny`", replace(outlet, denies=())),
        ("a `NotResource`", replace(outlet, allow=replace(outlet.allow, excluded=()))),
    ):
        others = graph.passages(without) if without != outlet else ()
        if any(other.is_sure and [other.first, *(hop.target for hop in other.hops)] == way for other in others):
            return f"whether {what} covers it is known at deployment only"
    return ""
