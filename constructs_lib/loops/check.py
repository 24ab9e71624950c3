"""The check: build the graph, find its closed paths, say which are certain, and offer fixes that were tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.loops.acknowledgements import Acknowledgements
from constructs_lib.loops.describe import finding
from constructs_lib.loops.finder import Finder
from constructs_lib.loops.graph import Graph
from constructs_lib.loops.overlaps import overlaps
from constructs_lib.loops.report import Report
from constructs_lib.templates.system import System

if TYPE_CHECKING:
    from collections.abc import Iterable

    from constructs_lib.loops.report import Acknowledgement, Finding
    from constructs_lib.templates import Template

__all__ = ["check"]


def check(templates: Iterable[Template], *, acknowledgements: Iterable[Acknowledgement] = ()) -> Report:
    """Prove that no function of a system can wake itself, or show how it can.

    Args:
        templates: what is deployed together: they see each other's exports and names.
        acknowledgements: loops that are meant, besides those that the templates' metadata acknowledge.

    >>> from constructs_lib.templates import Template
    >>> check([Template.of({"Resources": {}})]).summary
    'loop-free: 0 functions, 0 resources, 0 edges'
    """
    system = System(templates)
    graph = Graph(system)
    finder = Finder(graph)
    known = Acknowledgements(system, acknowledgements)
    left = known.sorted_out(graph, finder)
    findings: list[Finding] = [finding(graph, finder, edges) for edges in left]
    findings.sort(key=lambda found: (found.verdict != "loop", found.headline))
    edges, resources = finder.arrows()
    return Report(
        findings=(*findings, *overlaps(graph), *known.complaints(graph)),
        functions=len(graph.actors),
        resources=resources,
        edges=edges,
        approximations=tuple(dict.fromkeys([*known.approximations, *(why for f in findings for why in f.reasons)])),
        not_modelled=tuple(graph.not_modelled),
        acknowledged=tuple(known.acknowledged),
    )
