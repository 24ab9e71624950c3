"""The check: build the graph, find its closed paths, say which are certain, and offer fixes that were tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.loops.finder import Edge, Finder
from constructs_lib.loops.fixes import fixes
from constructs_lib.loops.graph import Grant, Graph
from constructs_lib.loops.report import Finding, Report, Severity, Step
from constructs_lib.loops.witness import witness
from constructs_lib.templates.symbols import symbols_in
from constructs_lib.templates.system import System

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from constructs_lib.templates import Template

__all__ = ["check"]

MAX_ACTIONS = 3
# What AWS's recursion detection covers: "Use Lambda recursive loop detection" in the Lambda developer guide.
_WATCHED_BY_AWS = {"AWS::Lambda::Function", "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::S3::Bucket"}


def check(templates: Iterable[Template]) -> Report:
    """Prove that no function of a system can wake itself, or show how it can.

    Args:
        templates: what is deployed together: they see each other's exports and names.

    >>> from constructs_lib.templates import Template
    >>> check([Template.of({"Resources": {}})]).summary
    'loop-free: 0 functions, 0 resources, 0 edges'
    """
    system = System(templates)
    graph = Graph(system)
    finder = Finder(graph)
    findings = [_finding(graph, finder, edges) for edges in finder.find()]
    findings.sort(key=lambda finding: (finding.verdict != "loop", finding.headline))
    edges, resources = finder.arrows()
    return Report(
        findings=tuple(findings),
        functions=len(graph.actors),
        resources=resources,
        edges=edges,
        approximations=tuple(dict.fromkeys(reason for finding in findings for reason in finding.reasons)),
        not_modelled=tuple(graph.not_modelled),
    )


def _finding(graph: Graph, finder: Finder, edges: list[Edge]) -> Finding:
    certain = all(edge.passage.is_sure for edge in edges)
    path = tuple(_steps(graph, finder, edges))
    types = {node.type for edge in edges for hop in edge.hops() for node in (hop.source, hop.target)}
    only_s3 = types <= {"AWS::Lambda::Function", "AWS::S3::Bucket"} and "AWS::S3::Bucket" in types
    return Finding(
        reference="invocation-loop-unproven" if not certain else "s3-invocation-loop" if only_s3 else "invocation-loop",
        verdict="loop" if certain else "unproven",
        severity=_severity(graph, edges, types),
        path=path,
        witness=witness(graph, edges),
        reasons=() if certain else tuple(dict.fromkeys(why for edge in edges for why in _reasons(graph, edge))),
        helps=fixes(graph, edges),
    )


def _steps(graph: Graph, finder: Finder, edges: list[Edge]) -> Iterator[Step]:
    label = graph.system.label
    for edge in edges:
        actions = finder.actions(edge)
        more = f" and {len(actions) - MAX_ACTIONS} more" if len(actions) > MAX_ACTIONS else ""
        for hop in edge.hops():
            source, target = hop.source, hop.target
            via = hop.via if hop.via != edge.passage.action else f"{', '.join(actions[:MAX_ACTIONS])}{more}"
            yield Step(label(source), via, label(target), source.id, target.id, source.template)


def _severity(graph: Graph, edges: list[Edge], types: set[str]) -> Severity:
    if any(edge.passage.failure for edge in edges):
        return "failure-only"
    if any(edge.passage.slow for edge in edges):
        return "slow"
    lost = any(edge.passage.unwatched for edge in edges) or any(
        graph.system.text(edge.source.get("RecursiveLoop"), edge.source.template) == "Allow" for edge in edges
    )
    return "endless" if lost or not types <= _WATCHED_BY_AWS else "stopped-by-aws"


def _reasons(graph: Graph, edge: Edge) -> list[str]:
    if edge.passage.is_sure:
        return []
    symbols = graph.system.symbols
    texts = [c for s in edge.passage.stretches for language in s.message.fields.values() for c in language.symbols()]
    if isinstance(edge.outlet, Grant):
        texts += symbols_in(edge.outlet.allow.resource)
    found = [*edge.passage.doubts, *(why for character in texts if (why := symbols[character].why))]
    return found or ["names that are made at deployment may turn out to be the same"]
