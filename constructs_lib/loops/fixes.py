"""Fixes for a loop: what to change, best first, each with the changes of the template where a program can make them.

What is offered as changes was tried: the templates are read again with them. In a system that is too large for it, and
where it takes more than the templates tell, only what the graph shows to break the loop is offered, in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from constructs_lib.loops.changes import Fix
from constructs_lib.loops.edges.api_calls import RECORDER
from constructs_lib.loops.edges.urls import TOLD
from constructs_lib.loops.lessening import (
    fewer_alarms,
    fewer_changes,
    fewer_events,
    fewer_records,
    less_allowed,
    less_lent,
    less_put,
    less_started,
)
from constructs_lib.loops.moving import access_logs_elsewhere, elsewhere, put_elsewhere, tasks_elsewhere
from constructs_lib.loops.narrowing import (
    both_narrower,
    denied_write,
    narrower_delivery,
    narrower_trigger,
    narrower_write,
)
from constructs_lib.loops.passages import Grant
from constructs_lib.loops.trials import way_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from constructs_lib.loops.changes import Change
    from constructs_lib.loops.finder import Edge, Finder
    from constructs_lib.loops.graph import Graph
    from constructs_lib.loops.passages import Outlet
    from constructs_lib.loops.trials import Trials

__all__ = ["fixes"]

_ON_GRAPH = (narrower_write, narrower_trigger, elsewhere, fewer_changes)
"""Those of the ways that look at the graph whether they break the loop."""
_RANKED = (
    ((narrower_write, narrower_trigger), True),
    ((denied_write, both_narrower), False),
    ((fewer_events, fewer_records, fewer_alarms, narrower_delivery, put_elsewhere), True),
    ((access_logs_elsewhere, elsewhere, tasks_elsewhere, fewer_changes), True),
    ((less_allowed, less_lent, less_put, less_started), False),
)
"""Ways to break a loop, and whether they are offered in any case, or only if a program can apply none above."""


def fixes(graph: Graph, finder: Finder, edges: list[Edge], trials: Trials) -> tuple[Fix, ...]:
    """What to change, best first: each alone breaks the loop."""
    alike = {edge: finder.alike(edge) for edge in edges}
    way = way_of(graph, edges)
    found: dict[str, Fix] = {}
    for ways, always in _RANKED:
        if not always and any(fix.changes for fix in found.values()):
            continue
        for offers in ways:
            for edge in edges:
                if offers not in _ON_GRAPH and not trials.are_possible:
                    continue
                known = not any(_is_unknown(graph, edge, outlet) for outlet, _ in alike[edge])
                for text, offered, on_graph in offers(graph, edge, alike[edge]):
                    changes = offered if isinstance(offered, tuple) else ()
                    if callable(offered) and trials.may_tell(way):  # of most loops of a large system it is not
                        changes = offered()
                    tried = trials.breaks(way, changes) if changes else None
                    if tried or (on_graph and known and text not in found):
                        own = ", with a role of its own" if tried and _makes_role(changes) else ""
                        found[text] = Fix(f"{text}{own}", changes if tried else ())
    return tuple(found.values()) or (Fix(_last(graph, edges[0])),)


def _last(graph: Graph, edge: Edge) -> str:
    """What to do where nothing else is known."""
    source, target = graph.system.label(edge.source), graph.system.label(edge.passage.first)
    action = edge.passage.action
    if _is_unknown(graph, edge, edge.outlet):
        return "say in these templates what the role allows, or check them together with those that do"
    if action.startswith("task"):
        return f"take what calls `{target}` from the definition of `{source}`"
    if action.startswith(TOLD):
        variable = action.removeprefix(TOLD)
        return f"take `{variable}` from the environment of `{source}`, or let `{target}` ask for a role's signature"
    if edge.passage.first.type == RECORDER:
        return f"take `{action}` from `{source}`, or let the rule ask for other calls"
    return f"take `{action}` on `{target}` from `{source}`"


def _is_unknown(graph: Graph, edge: Edge, outlet: Outlet) -> bool:
    """Whether a grant stands for what a role or policy allows that is not in the templates."""
    return isinstance(outlet, Grant) and graph.origin(edge.source, outlet.allow) is None


def _makes_role(changes: Iterable[Change]) -> bool:
    """Whether changes give an actor a role of its own."""
    return any(isinstance(c.value, Mapping) and c.value.get("Type") == "AWS::IAM::Role" for c in changes)
