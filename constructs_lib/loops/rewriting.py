"""Policy statements of a template, rewritten so that some of their actions are about another resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.addresses import address
from constructs_lib.loops.changes import Change
from constructs_lib.loops.graph import Grant
from constructs_lib.loops.policies import Actions
from constructs_lib.loops.provenance import exact_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from constructs_lib.loops.finder import Edge
    from constructs_lib.loops.graph import Graph, Outlet, Passage
    from constructs_lib.loops.provenance import Route
    from constructs_lib.templates import Template

__all__ = ["resources_of", "rewritten"]


@dataclass
class _Edit:
    """What changes in one statement: these actions, on these of its resources (by index)."""

    statement: Mapping[str, Any]
    actions: set[str] = field(default_factory=set)
    resources: dict[int, Any] = field(default_factory=dict)

    def result(self) -> list[dict[str, Any]]:
        """The statement's share that stays, and the new one."""
        actions, resources = _listed(self.statement["Action"]), _listed(self.statement["Resource"])
        others = [resource for index, resource in enumerate(resources) if index not in self.resources]
        same = [action for action in actions if action not in self.actions]
        moved = [action for action in actions if action in self.actions]
        parts = [
            (actions, others),
            (same, [resources[index] for index in self.resources]),
            (moved, list(self.resources.values())),
        ]
        found = [
            {**self.statement, "Action": _single(some), "Resource": _single(on)} for some, on in parts if some and on
        ]
        for later in found[1:]:
            later.pop("Sid", None)
        return found


def rewritten(
    graph: Graph,
    edge: Edge,
    alike: Iterable[tuple[Outlet, Passage]],
    replace: Callable[[Any, str], Any],
) -> tuple[Change, ...]:
    """Changes after which what an actor does is about another resource; none if a program cannot tell what to change.

    Args:
        graph: the system.
        edge: whose source acts.
        alike: what it does, each with the grant that lets it.
        replace: what is to stand for a resource of a statement, given its address; None if it cannot tell.
    """
    edits: dict[int, tuple[Template, Route, _Edit]] = {}
    for outlet, passage in alike:
        found = _statement(graph, edge, outlet)
        if found is None or not isinstance(outlet, Grant) or passage.deposit is None:
            return ()
        template, route, statement = found
        _, _, edit = edits.setdefault(id(statement), (template, route, _Edit(statement)))
        covering = [a for a in _listed(statement["Action"]) if Actions((a,)).covers(passage.deposit.action)]
        indices = resources_of(graph, template, statement, outlet.allow.resource)
        if not indices or any(_is_broad(action) for action in covering):
            return ()
        edit.actions.update(covering)
        for index in indices:
            new = replace(_listed(statement["Resource"])[index], outlet.allow.resource)
            if new is None:
                return ()
            edit.resources[index] = new
    return _changes(edits.values())


def _statement(graph: Graph, edge: Edge, outlet: Outlet) -> tuple[Template, Route, Mapping[str, Any]] | None:
    """The one statement that grants something, if it stands in a template as plain lists of texts."""
    origin = graph.only_origin(edge.source, outlet.allow) if isinstance(outlet, Grant) else None
    if origin is None:
        return None
    node, statement = origin
    route = exact_place(node, statement)
    if route is None or not isinstance(statement, Mapping) or not {"Action", "Resource"} <= statement.keys():
        return None
    in_list = isinstance(route[-1], int) and route[-2] == "Statement"
    if not (in_list or route[-1] == "Statement") or not all(isinstance(a, str) for a in _listed(statement["Action"])):
        return None
    return node.template, route, statement


def resources_of(graph: Graph, template: Template, statement: Mapping[str, Any], pattern: str) -> list[int]:
    """Which of a statement's resources are the pattern, and nothing else."""
    system = graph.system
    unknown = system.symbols.character("policy variable", "${…}", "free")
    return [
        index
        for index, item in enumerate(_listed(statement["Resource"]))
        if [address(text, unknown=unknown) for text in system.texts(item, template)] == [pattern]
    ]


def _is_broad(action: str) -> bool:
    """Whether a pattern such as `sqs:*` allows reading as well."""
    return action.rpartition(":")[2][:1] in {"*", "?"}


def _changes(edits: Iterable[tuple[Template, Route, _Edit]]) -> tuple[Change, ...]:
    """The edits of each list of statements together, as indices move."""
    lists: dict[tuple[int, Route], tuple[Template, dict[int, _Edit]]] = {}
    for template, route, edit in edits:
        at, index = (route[:-1], route[-1]) if isinstance(route[-1], int) else (route, 0)
        lists.setdefault((id(template), at), (template, {}))[1][index] = edit
    changes = []
    for (_, at), (template, by_index) in lists.items():
        value: Any = template.document
        for key in at:
            value = value[key]
        new = [
            part
            for index, statement in enumerate(_listed(value))
            for part in (by_index[index].result() if index in by_index else [statement])
        ]
        changes.append(Change(template, at, new))
    return tuple(changes)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _single(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values
