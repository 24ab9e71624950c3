"""Policy statements of a template, rewritten so that some of their actions are about another resource, or gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.addresses import address
from constructs_lib.loops.changes import Change
from constructs_lib.loops.passages import Grant
from constructs_lib.loops.policies import Actions, listed
from constructs_lib.loops.provenance import exact_place, value_at
from constructs_lib.loops.roles import ATTACHED, is_alone, of_its_own, single
from constructs_lib.templates.sam import AT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from constructs_lib.loops.finder import Edge
    from constructs_lib.loops.graph import Graph
    from constructs_lib.loops.passages import Outlet, Passage
    from constructs_lib.loops.provenance import Route
    from constructs_lib.templates import Template
    from constructs_lib.templates.system import Node

__all__ = ["resources_of", "rewritten"]

_NO_VALUE = {"Ref": "AWS::NoValue"}
_HARMLESS = {
    "s3": ("AbortMultipartUpload", "Delete*", "Get*", "List*", "PutObject", "PutObjectAcl", "PutObjectTagging"),
    "sqs": ("ChangeMessageVisibility", "DeleteMessage", "Get*", "List*", "ReceiveMessage"),
    "sns": ("Get*", "List*"),
    "events": ("Describe*", "List*"),
    "dynamodb": (
        *("BatchGetItem", "ConditionCheckItem", "DeleteItem", "Describe*", "Get*", "List*", "PutItem", "Query"),
        *("Scan", "UpdateItem"),
    ),
    "kinesis": ("Describe*", "Get*", "List*", "SubscribeToShard"),
    "firehose": ("Describe*", "List*"),
    "lambda": ("Get*", "List*"),
    "states": ("Describe*", "Get*", "List*", "SendTask*"),
}
"""What is left of `service:*`, but for what makes a loop: what code does with a resource's contents."""


@dataclass
class _Edit:
    """What changes in one statement: these actions, on these of its resources (by index)."""

    statement: Mapping[str, Any]
    actions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    resources: dict[int, list[Any]] = field(default_factory=dict)

    def result(self) -> list[dict[str, Any]]:
        """The statement's share that stays, and the new one."""
        actions, resources = listed(self.statement["Action"]), listed(self.statement["Resource"])
        if not self.is_split:
            news = [self.resources.get(index, [resource]) for index, resource in enumerate(resources)]
            on = [new for found in news for new in found]
            return [{**_plain(self.statement), "Resource": single(on)}] if on else []
        others = [resource for index, resource in enumerate(resources) if index not in self.resources]
        same = [kept for action in actions for kept in self.actions.get(action, (action,))]
        moved = [action for action in actions if action in self.actions]
        parts = [
            (actions, others),
            (same, [resources[index] for index in self.resources]),
            (moved, [new for found in self.resources.values() for new in found]),
        ]
        statement = _plain(self.statement)
        found = [{**statement, "Action": single(some), "Resource": single(on)} for some, on in parts if some and on]
        for later in found[1:]:
            later.pop("Sid", None)
        return found

    @property
    def is_split(self) -> bool:
        """Whether something of the statement stays for the resources that change."""
        return any(self.actions.get(action, (action,)) for action in listed(self.statement["Action"]))

    @property
    def is_plain(self) -> bool:
        """Whether no part is without any resource, should a condition not hold."""
        found = [item for items in self.resources.values() for item in items]
        return not (
            self.is_split and any(_NO_VALUE in item.get("Fn::If", ()) for item in found if isinstance(item, Mapping))
        )


@dataclass(frozen=True)
class _Place:
    """Where a statement stands: a list of statements, or a policy template of SAM."""

    node: Node
    at: Route


def rewritten(
    graph: Graph,
    edge: Edge,
    alike: Iterable[tuple[Outlet, Passage]],
    replace: Callable[[Any, str], list[Any] | None],
) -> tuple[Change, ...]:
    """Changes after which what an actor does is about other resources; none if a program cannot tell what to change.

    Args:
        graph: the system.
        edge: whose source acts.
        alike: what it does, each with the grant that lets it.
        replace: what is to stand for a resource of a statement, given its address, perhaps nothing; None if it cannot
            tell.
    """
    edits: dict[int, tuple[_Place, _Edit]] = {}
    done = frozenset(passage.deposit.action for _, passage in alike if passage.deposit is not None)
    for outlet, passage in alike:
        found = _statement(graph, edge, outlet)
        if found is None or not isinstance(outlet, Grant) or passage.deposit is None:
            return ()
        key, place, statement = found
        _, edit = edits.setdefault(key, (place, _Edit(statement)))
        for action in listed(statement["Action"]):
            if Actions((action,)).touches(passage.deposit.action):
                kept = _kept(action, done)
                if kept is None:
                    return ()
                edit.actions[action] = kept
        resources = _Resources(graph, place.node.template, outlet.allow.resource, replace)
        new = {index: resources.instead_of(item) for index, item in enumerate(listed(statement["Resource"]))}
        known = {index: found for index, found in new.items() if found is not None}
        if not known:
            return ()
        edit.resources.update(known)
    if not all(edit.is_plain for _, edit in edits.values()):
        return ()
    return of_its_own(graph, edge.source, _changes(edits))


def _kept(action: str, done: Iterable[str]) -> tuple[str, ...] | None:
    """What is left of an action where it is not to do some others; None if that cannot be said in few words."""
    service, _, name = action.partition(":")
    if name[:1] not in {"*", "?"}:
        return ()
    names = _HARMLESS.get(service.lower(), ()) if name == "*" else ()
    kept = [Actions((f"{service}:{name}",)) for name in names]
    return tuple(one.patterns[0] for one in kept if not any(map(one.covers, done))) or None


def _statement(graph: Graph, edge: Edge, outlet: Outlet) -> tuple[int, _Place, Mapping[str, Any]] | None:
    """The one statement that grants something, if it stands in a template as plain lists of texts."""
    origin = graph.only_origin(edge.source, outlet.allow) if isinstance(outlet, Grant) else None
    if origin is None:
        return None
    node, statement = origin
    route = exact_place(node, statement)
    if route is None or not isinstance(statement, Mapping):
        return None
    if AT in statement:
        if "Policies" not in route:  # from `Globals`, for all functions
            return None
    else:
        statement = value_at(node.template, route)
    is_plain = {"Action", "Resource"} <= statement.keys() and all(
        isinstance(a, str) for a in listed(statement["Action"])
    )
    is_for_others = "Principal" in statement and not _is_one(graph, node, statement["Principal"])
    return (id(statement), _Place(node, route), statement) if is_plain and not is_for_others else None


def _is_one(graph: Graph, node: Node, principal: Any) -> bool:
    """Whether a principal is one role."""
    named = principal.get("AWS") if isinstance(principal, Mapping) and len(principal) == 1 else None
    return named is not None and len(listed(named)) == 1 and graph.system.text(listed(named)[0], node.template) != "*"


def resources_of(graph: Graph, template: Template, statement: Mapping[str, Any], pattern: str) -> list[int]:
    """Which of a statement's resources are the pattern, and nothing else."""
    items = enumerate(listed(statement["Resource"]))
    return [index for index, item in items if _is_pattern(graph, template, item, pattern)]


def _is_pattern(graph: Graph, template: Template, item: Any, pattern: str) -> bool:
    unknown = graph.system.symbols.character("policy variable", "${…}", "free")
    return [address(text, unknown=unknown) for text in graph.system.texts(item, template)] == [pattern]


@dataclass(frozen=True)
class _Resources:
    """What is to stand for those of a statement's resources that are a pattern, and nothing else."""

    graph: Graph
    template: Template
    pattern: str
    replace: Callable[[Any, str], list[Any] | None]

    def instead_of(self, item: Any) -> list[Any] | None:
        """What stands instead of a resource, perhaps nothing; None if it stays, or nobody can tell."""
        choice = item.get("Fn::If") if isinstance(item, Mapping) and len(item) == 1 else None
        if isinstance(choice, list):
            branches = [self.instead_of(branch) for branch in choice[1:]]
            if any(branches) and all(new is None or len(new) == 1 for new in branches):
                kept = [branch if new is None else new[0] for branch, new in zip(choice[1:], branches, strict=True)]
                return [{"Fn::If": [choice[0], *kept]}]
            return None
        return self.replace(item, self.pattern) if _is_pattern(self.graph, self.template, item, self.pattern) else None


def _changes(edits: Mapping[int, tuple[_Place, _Edit]]) -> tuple[Change, ...]:
    """The edits of each list of statements together, as indices move; a policy without any statement goes."""
    new = {key: edit.result() for key, (_, edit) in edits.items()}
    changes: dict[tuple[int, Route], Change] = {}
    emptied: dict[tuple[int, Route], Change] = {}
    for place, edit in edits.values():
        template, route = place.node.template, place.at
        if AT in edit.statement:
            statements = [part for one in _filled(place) for part in new.get(id(one), [_plain(one)])]
            value: Any = {"Version": "2012-10-17", "Statement": statements}
        else:
            while not (route[-1] == "Statement" or isinstance(value_at(template, route), list)):
                route = route[:-2] if route[-2] == "Fn::If" else route[:-1]
            value = statements = [part for one in listed(value_at(template, route)) for part in _expanded(one, new)]
        if statements:
            changes[id(template), route] = Change(template, route, value)
            continue
        if place.node.type in ATTACHED and is_alone(place.node):
            route = ("Resources", place.node.id)
        else:
            route = next((route[: n + 2] for n in range(len(route) - 1) if _is_policy(route[n : n + 2])), ())
        if not route:
            return ()
        emptied[id(template), route] = Change(template, route, None)
    # What is taken out of a list moves what is behind it.
    last = sorted(emptied.values(), key=lambda change: [str(key).zfill(9) for key in change.at], reverse=True)
    return (*changes.values(), *last)


def _expanded(item: Any, new: Mapping[int, list[dict[str, Any]]]) -> Iterator[Any]:
    """A statement after the edits; one that a condition chooses becomes several that it chooses."""
    if id(item) in new:
        yield from new[id(item)]
        return
    choice = item.get("Fn::If") if isinstance(item, Mapping) and len(item) == 1 else None
    if isinstance(choice, list) and any(id(branch) in new for branch in choice[1:]):
        branches = [new.get(id(branch), [branch]) for branch in choice[1:]]
        for index in range(max(map(len, branches))):
            chosen = [branch[index] if index < len(branch) else _NO_VALUE for branch in branches]
            if chosen != [_NO_VALUE, _NO_VALUE]:
                yield {"Fn::If": [choice[0], *chosen]}
        return
    yield item


def _is_policy(part: Route) -> bool:
    return part[0] == "Policies" and isinstance(part[1], int)


def _filled(place: _Place) -> list[Mapping[str, Any]]:
    """The statements that SAM makes of the policy template that stands somewhere."""
    work = list(place.node.get("Policies"))
    found: list[Any] = []
    for policy in work:  # which grows by the branches of conditions
        if isinstance(policy, Mapping) and "Fn::If" in policy:
            work += policy["Fn::If"][1:]
        elif isinstance(policy, Mapping) and "PolicyDocument" in policy:
            found += listed(policy["PolicyDocument"]["Statement"])
    return [one for one in found if isinstance(one, Mapping) and one.get(AT) == place.at]


def _plain(statement: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in statement.items() if key != AT}
