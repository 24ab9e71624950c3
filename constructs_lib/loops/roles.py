"""The roles that actors act with, and changes of what they may do that concern one actor alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from constructs_lib.loops.changes import Change, changed_document
from constructs_lib.loops.policies import listed
from constructs_lib.loops.provenance import properties_at, value_at
from constructs_lib.templates.grouped import Grouped
from constructs_lib.templates.names import NAMING
from constructs_lib.templates.variables import references_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from constructs_lib.loops.graph import Graph
    from constructs_lib.templates import Template
    from constructs_lib.templates.system import Node

__all__ = ["ATTACHED", "denied", "is_alone", "is_shared", "named", "new_id", "of_its_own", "role_of", "single"]

_INLINE = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy")
ATTACHED = (*_INLINE, "AWS::IAM::ManagedPolicy")
_NAMING_ROLES = ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::IAM::Role")
_POLICY = "no-invocation-loop"
_USERS: WeakKeyDictionary[Graph, Counter[str]] = WeakKeyDictionary()
"""How many actors of a graph act with each role."""
_BY_ARN: WeakKeyDictionary[Graph, Grouped[str, Node]] = WeakKeyDictionary()
"""The roles of a graph's system."""


def denied(graph: Graph, actor: Node, actions: Sequence[str], resources: Sequence[Any]) -> tuple[Change, ...]:
    """Changes that deny something to an actor; none if its role is not written in a template as a plain list."""
    role = role_of(graph, actor)
    at = None if role is None else properties_at(role)
    if role is None or at is None or not resources:
        return ()
    statement = {"Effect": "Deny", "Action": single(actions), "Resource": single(resources)}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    at = at if at[-1] == "Policies" else (*at, "Policies")
    known = value_at(role.template, at)
    if role.resource.at:  # made by SAM from what stands at the function
        policies = known if isinstance(known, list) else [] if known is None else [known]
        return (Change(role.template, at, [*policies, document]),)
    if not isinstance(known, list | None):
        return ()
    policy = {"PolicyName": _POLICY, "PolicyDocument": document}
    return of_its_own(graph, actor, (Change(role.template, at, [*(known or []), policy]),))


def single(values: Sequence[Any]) -> Any:
    """A list as policies have it: one value stands alone."""
    return values[0] if len(values) == 1 else list(values)


def is_shared(graph: Graph, actor: Node) -> bool:
    """Whether others act with the role of an actor as well."""
    users = _USERS.get(graph)
    if users is None:
        users = _USERS[graph] = Counter(arn for other in graph.actors for arn in _role_arns(graph, other))
    return any(users[arn] > 1 for arn in _role_arns(graph, actor))


def of_its_own(graph: Graph, actor: Node, changes: Sequence[Change]) -> tuple[Change, ...]:
    """Changes of what a role may do as those of a copy of it for one actor alone, if others act with the role as well.

    None if it takes more than a copy, e.g. where the policy of a bucket names the role.
    """
    if not changes or not is_shared(graph, actor):
        return tuple(changes)
    role = role_of(graph, actor)
    if role is None or role.template is not actor.template:
        return ()
    template = role.template
    attached = [node for node in graph.system.nodes(*ATTACHED) if _names(node, role)]
    others = [node for node in graph.system.nodes(*_NAMING_ROLES) if _names(node, role)]
    if others or any(node.template is not template for node in attached):
        return ()
    ids = {role.id, *(node.id for node in attached)}
    own = [change for change in changes if change.template is template and change.at[1] in ids]
    written = changed_document(template, own)["Resources"]
    properties = _copied(written, role, attached, {str(change.at[1]) for change in own})
    at = properties_at(actor)
    if at is None or properties is None:
        return ()
    name = new_id(graph, f"{actor.id}Role")
    key = "Role" if value_at(template, (*at, "Role")) is not None else "RoleArn"
    return (
        *(change for change in changes if change not in own),
        Change(template, ("Resources", name), {"Type": role.type, "Properties": properties}),
        Change(template, (*at, key), {"Fn::GetAtt": [name, "Arn"]}),
    )


def new_id(graph: Graph, wanted: str) -> str:
    """A logical id like the wanted one that no template has."""
    start = found = "".join(filter(str.isalnum, wanted))
    number = 1
    while found in graph.system.ids:
        number += 1
        found = f"{start}{number}"
    return found


def is_alone(node: Node) -> bool:
    """Whether no other resource says that it needs this one, so that it may go."""
    others = {key: body for key, body in node.template.section("Resources").items() if key != node.id}
    sections = [others, *(node.template.section(name) for name in ("Outputs", "Conditions"))]
    depending = [body.get("DependsOn") for body in others.values() if isinstance(body, Mapping)]
    return node.id not in references_in(sections) and all(node.id not in listed(names) for names in depending)


def named(node: Node, template: Template) -> Any:
    """What a template calls a resource of its own by ARN; None if it is not written there."""
    if node.template.document is not template.document or node.id not in template.section("Resources"):
        return None
    naming = NAMING.get(node.type)
    return {"Ref": node.id} if naming is not None and naming.ref == naming.arn else {"Fn::GetAtt": [node.id, "Arn"]}


def role_of(graph: Graph, actor: Node) -> Node | None:
    """The one role of a template that an actor acts with."""
    roles = _BY_ARN.get(graph)
    if roles is None:
        roles = _BY_ARN[graph] = Grouped()
        for role in graph.system.nodes("AWS::IAM::Role"):
            for arn in graph.system.arns(role):
                roles.add(arn, role)
    arns = _role_arns(graph, actor)
    found = {role for arn in arns for role in roles.of(arn)}
    return found.pop() if len(arns) == len(found) == 1 else None


def _role_arns(graph: Graph, actor: Node) -> frozenset[str]:
    value = actor.get("Role") or actor.get("RoleArn")
    return frozenset() if value is None else frozenset(graph.system.texts(value, actor.template))


def _names(node: Node, role: Node) -> bool:
    return node is not role and node.template is role.template and role.id in references_in(dict(node.properties))


def _copied(written: dict[str, Any], role: Node, attached: Iterable[Node], edited: set[str]) -> dict[str, Any] | None:
    """The properties of a role with what is attached to it; None if they are not plain."""
    found = {key: value for key, value in (written[role.id].get("Properties") or {}).items() if key != "RoleName"}
    for node in attached:
        if node.id not in written:
            continue
        policy = written[node.id].get("Properties", {})
        key: str = "Policies"
        value: Any = {"PolicyName": policy.get("PolicyName", node.id), "PolicyDocument": policy.get("PolicyDocument")}
        if node.type not in _INLINE and node.id not in edited:
            key, value = "ManagedPolicyArns", {"Ref": node.id}
        known = found.get(key, [])
        if not isinstance(known, list):
            return None
        found[key] = [*known, value]
    return found
