"""What each role may do: its own policies, those attached to it, and the policies of resources that name it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.keys import STAR
from constructs_lib.loops.managed import managed_statements
from constructs_lib.loops.policies import Actions, Allow, Deny, ever, is_conditional, listed, service_of, statements
from constructs_lib.loops.principals import Principals
from constructs_lib.loops.resource_policies import resource_policies
from constructs_lib.templates.grouped import Grouped
from constructs_lib.templates.texts import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from constructs_lib.loops.policies import Statement
    from constructs_lib.templates.system import Node, System
    from constructs_lib.templates.template import Template

__all__ = ["Identity", "Permissions"]

MAX_KEPT = 64
"""Of as many roles it is kept what they may do: of those that many act with."""

_Attached = tuple["Node", bool, str]
"""What holds a policy, whether it is in force for certain, and why it may be for another role."""
_ROLE = "AWS::IAM::Role"
_EVERYTHING = Actions(("*",))
_EQUAL = ("ArnEquals", "ArnLike", "StringEquals", "StringLike")


@dataclass(eq=False, slots=True)
class Identity:
    """A role's permissions.

    Args:
        name: what to call it.
        allows: what is granted.
        denies: what is denied.
        unknown: managed policies and roles whose documents are not there.
        roles: those of the system that it is.
        is_limited: whether it is only a part of what they allow.
    """

    name: str
    allows: list[Allow] = field(default_factory=list)
    denies: tuple[Deny, ...] = ()
    unknown: tuple[str, ...] = ()
    roles: tuple[Node, ...] = ()
    is_limited: bool = False

    def add(self, statement: Statement, doubt: str = "") -> None:
        """Add a statement's rules; with a doubt if nobody knows whether they are for this role."""
        for rule in statement.rules:
            if isinstance(rule, Allow):
                self.allows.append(replace(rule, doubt=rule.doubt or doubt) if doubt else rule)
            else:
                self.denies += (rule,)

    def limited(self, actions: Sequence[str]) -> Identity:
        """The same role, as far as it allows some actions."""
        few = [
            replace(allow, actions=Actions((action,)))
            for allow in self.allows
            for action in actions
            if allow.actions.covers(action) is not None
        ]
        return Identity(self.name, few, self.denies, self.unknown if few else (), self.roles, is_limited=True)

    def add_unknown(self, what: str) -> None:
        """Add a policy or role that may allow everything, because nobody can tell."""
        self.unknown += (what,)
        self.allows.append(Allow(_EVERYTHING, STAR, doubt=f"{what} is not in these templates"))


class Permissions:
    """The permissions of the roles of a system, each found when it is first asked for.

    Args:
        system: the templates.
        actions: those that anybody asks for; what allows none of them is not read.
    """

    def __init__(self, system: System, actions: Iterable[str]) -> None:
        self._system = system
        self._actions: Grouped[str, str] = Grouped()
        for action in actions:
            self._actions.add(service_of(action), action)
        self._asked: dict[Actions, bool] = {}
        self.roles = tuple(system.nodes(_ROLE))
        self._known: dict[Node, Identity] = {}
        self._outside: dict[str, Identity] = {}
        self._of_aws: dict[str, tuple[Allow, ...] | None] = {}
        # Most roles have made-up names, by which they are known without being looked for.
        # Several may have one name: those of conditions that exclude each other.
        self._by_arn: Grouped[str, Node] = Grouped()
        self._by_name: Grouped[str, Node] = Grouped()
        for node in self.roles:
            if node.get("RoleName") is not None:
                for arn in system.arns(node):
                    self._by_arn.add(arn, node)
                for name in system.names(node):
                    self._by_name.add(name, node)
        self._managed_here: dict[str, list[Node]] = {}
        for node in system.nodes("AWS::IAM::ManagedPolicy"):
            for arn in system.arns(node):
                self._managed_here.setdefault(arn, []).append(node)
        # What is attached to roles: to those of the system, and to others by their names.
        self._attached: Grouped[Node | str, _Attached] = Grouped()
        for node in system.nodes("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy"):
            self._attach(node)
        self._granted: dict[Node, list[tuple[Statement, str]]] = {}
        for node, document in resource_policies(system):
            self._resource_policy(node, document)

    @cached_property
    def principals(self) -> Principals:
        """The roles by what policies call them."""
        return Principals(self._system, self.roles)

    def called(self, principal: str) -> Iterable[tuple[Node, bool]]:
        """The roles that a principal may mean, and whether it does for certain."""
        known = self._with_arn(principal)
        return [(node, True) for node in known] or self.principals.roles(principal)

    def of(self, role: Any, node: Node) -> Identity:
        """The permissions of the role that a property of a resource names by ARN.

        A role that is not in the system may do anything.
        """
        own = self._written(role, node.template)
        if own is not None:
            return self.role(own)
        # Without a role there is no function, so a branch that leaves it out is none.
        given = [choice for choice in self._system.choices(role, node.template) if choice is not MISSING]
        texts = [text for choice in given if choice is not None for text in self._system.texts(choice, node.template)]
        found = list(dict.fromkeys(identity for arn in dict.fromkeys(texts) for identity in self._identities(arn)))
        if len(found) == 1:
            return found[0]
        united = Identity(" or ".join(dict.fromkeys(identity.name for identity in found)))
        for identity in found:
            united.allows += identity.allows
            united.unknown += identity.unknown
            united.roles += identity.roles
        if found:
            united.denies = tuple(deny for deny in found[0].denies if all(deny in i.denies for i in found[1:]))
        else:
            united.add_unknown(f"the role of `{self._system.label(node)}`")
        return united

    def role(self, node: Node) -> Identity:
        """The permissions of a role of the system."""
        identity = self._known.get(node)
        if identity is None:
            if len(self._known) >= MAX_KEPT:
                self._known.clear()
            identity = self._known[node] = Identity(self._system.label(node), roles=(node,))
            self._add_own(identity, node)
            self._add_attached(identity, self._attached.of(node))
            for statement, doubt in self._granted.get(node, ()):
                identity.add(statement, doubt)
        return identity

    def _written(self, arn: Any, template: Template) -> Node | None:
        """The role of a template whose ARN an attribute plainly is, as nearly always."""
        path = arn.get("Fn::GetAtt") if isinstance(arn, dict) else None
        if not isinstance(path, list) or len(path) != 2 or path[1] != "Arn" or not isinstance(path[0], str):  # noqa: PLR2004
            return None
        node = self._system.node(template, path[0])
        return node if node is not None and node.type == _ROLE else None

    def _with_name(self, name: str) -> Sequence[Node]:
        found = self._by_name.of(name)
        other = None if found else self._system.with_made_up(name)
        return found if other is None or other.type != _ROLE else (other,)

    def _with_arn(self, arn: str) -> list[Node]:
        found = self._by_arn.of(arn) or self._with_name(arn.rpartition("/")[2])
        return [node for node in found if arn in self._system.arns(node)]

    def _identities(self, arn: str) -> list[Identity]:
        """The permissions of the roles that an ARN may mean: of several, conditions leave one."""
        name = arn.rpartition("/")[2]
        nodes = self._with_arn(arn) or self._with_name(name)
        if nodes:
            return [self.role(node) for node in nodes]
        identity = self._outside.get(arn)
        if identity is None:
            is_attached = name in self._attached
            identity = self._outside[arn] = Identity(self._system.symbols.show(name if is_attached else arn))
            identity.add_unknown(f"the role `{identity.name}`")
            self._add_attached(identity, self._attached.of(name))
        return [identity]

    def _add_own(self, identity: Identity, node: Node) -> None:
        system = self._system
        policies = node.get("Policies") or []
        always = listed(policies)
        for policy in system.items(policies, node.template):
            document = policy.get("PolicyDocument") if isinstance(policy, (dict, Mapping)) else None
            document = {} if document is None else document
            certain = any(item is policy for item in always)
            for statement in self._statements(node, document, certain=certain):
                identity.add(statement)
        for item in listed(node.get("ManagedPolicyArns") or []):
            arns = ever(system, item, node.template)
            for arn in arns:
                self._add_managed(identity, arn, certain=len(arns) == 1 and not is_conditional(item))

    def _add_managed(self, identity: Identity, arn: str, *, certain: bool) -> None:
        own = self._managed_here.get(arn)
        if own is not None:
            certain = certain and all(map(self._has_one_name, own))
            self._add_attached(identity, [(n, certain and "Condition" not in n.body, "") for n in own])
            return
        known = self._aws_managed(arn)
        if known is None:
            identity.add_unknown(f"the managed policy `{self._system.symbols.show(arn)}`")
        else:
            identity.allows += known

    def _aws_managed(self, arn: str) -> tuple[Allow, ...] | None:
        """What a managed policy of AWS allows of what is asked for; None if its document is not known."""
        if arn not in self._of_aws:
            unknown = self._system.symbols.character("policy variable", "${…}", "free")
            known = managed_statements(arn, unknown=unknown)
            self._of_aws[arn] = known and tuple([allow for allow in known if self._is_asked(allow.actions)])
        return self._of_aws[arn]

    def _is_asked(self, actions: Actions) -> bool:
        """Whether anybody asks for one of some actions."""
        known = self._asked.get(actions)
        if known is None:
            services = actions.services
            known = services is None or any(map(actions.touches, chain.from_iterable(map(self._actions.of, services))))
            # What only reads objects wakes nobody, but tells which prefixes are taken where one is looked for.
            known = self._asked[actions] = known or "s3" in (services or ())
        return known

    def _statements(self, node: Node, document: Any, *, certain: bool) -> Iterator[Statement]:
        return statements(self._system, document, node.template, certain=certain, holder=node, asked=self._is_asked)

    def _add_attached(self, identity: Identity, policies: Iterable[_Attached]) -> None:
        for node, certain, doubt in policies:
            for statement in self._statements(node, node.get("PolicyDocument"), certain=certain):
                identity.add(statement, doubt)

    def _attach(self, node: Node) -> None:
        system = self._system
        items = [
            (item, not is_conditional(entry))
            for property_ in ("Roles", "RoleName")
            for entry in listed(node.get(property_) or [])
            for item in system.items(entry, node.template)
        ]
        for item, fixed in items:
            names = system.texts(item, node.template)
            always = fixed and len(names) == 1 and "Condition" not in node.body
            for name in names:
                for role, doubt in self._named(name):
                    certain = always and not doubt and (isinstance(role, str) or self._has_one_name(role))
                    self._attached.add(role, (node, certain, doubt))

    def _named(self, name: str) -> list[tuple[Node | str, str]]:
        """The roles that a name or ARN may mean, one outside of the system by its name; each with why it may not."""
        short = name.rpartition("/")[2]
        known = self._with_name(short)
        if known:
            return [(role, "") for role in known]
        doubt = "which role a policy is attached to is known at deployment only"
        if self._system.symbols.free_in(name):
            outside = (role for role in self._attached if isinstance(role, str))
            roles: list[Node | str] = [*self.roles, *outside]
            return [(role, doubt) for role in roles]
        return [(short, ""), *((role, doubt) for role in self.principals.named(short))]

    def _resource_policy(self, node: Node, document: Any) -> None:
        always = "Condition" not in node.body
        for statement in self._statements(node, document, certain=always):
            if not statement.denies and _is_for_services(statement.origin):
                continue
            principals = statement.principals or ()
            named: Iterable[tuple[Node, bool]]
            if "*" in principals:
                named = ((role, True) for role in self.roles)
            elif statement.denies:  # neither another session nor the role by another name is denied
                known = chain.from_iterable(map(self._with_arn, principals))
                named = ((role, True) for role in known if self._has_one_name(role))
            else:
                named = (found for principal in principals for found in self.called(principal))
            for role, certain in named:
                doubt = "" if certain else "whom a policy is for is known at deployment only"
                self._granted.setdefault(role, []).append((statement, doubt))

    def _has_one_name(self, node: Node) -> bool:
        """Whether a resource has the same name whatever conditions and parameters turn out to be."""
        return len(self._system.names(node)) == 1


def _is_for_services(statement: Any) -> bool:
    """Whether a condition asks for the resource on whose behalf a service acts: a role's requests have none.

    "aws:SourceArn" in "AWS global condition context keys": it is there only if a service principal makes the request.
    """
    conditions = statement.get("Condition") if isinstance(statement, Mapping) else None
    if not isinstance(conditions, Mapping):
        return False
    return any(
        operator in _EQUAL and isinstance(keys, Mapping) and any(str(key).lower() == "aws:sourcearn" for key in keys)
        for operator, keys in conditions.items()
    )
