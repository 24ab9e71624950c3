"""What each role may do: its own policies, those attached to it, and the policies of resources that name it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.keys import STAR
from constructs_lib.loops.managed import managed_statements
from constructs_lib.loops.policies import Actions, Allow, Deny, is_conditional, listed, statements
from constructs_lib.loops.resource_policies import resource_policies
from constructs_lib.templates.symbols import has_symbols
from constructs_lib.templates.texts import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.loops.policies import Statement
    from constructs_lib.templates.system import Node, System

__all__ = ["Identity", "Permissions"]

_EVERYTHING = Actions(("*",))
_EQUAL = ("ArnEquals", "ArnLike", "StringEquals", "StringLike")


@dataclass(eq=False)
class Identity:
    """A role's permissions.

    Args:
        name: what to call it.
        allows: what is granted.
        denies: what is denied.
        unknown: managed policies and roles whose documents are not there.
        arns: what trust policies call it.
        origins: the resource and the statement that grant something.
    """

    name: str
    allows: list[Allow] = field(default_factory=list)
    denies: list[Deny] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    arns: tuple[str, ...] = ()
    origins: dict[Allow, tuple[Node, Any]] = field(default_factory=dict)

    def add(self, statement: Statement, node: Node) -> None:
        """Add a statement's rules, which a resource holds."""
        for rule in statement.rules:
            if isinstance(rule, Allow):
                self.allows.append(rule)
                self.origins.setdefault(rule, (node, statement.origin))
            else:
                self.denies.append(rule)

    def add_unknown(self, what: str) -> None:
        """Add a policy or role that may allow everything, because nobody can tell."""
        self.unknown.append(what)
        self.allows.append(Allow(_EVERYTHING, STAR, doubt=f"{what} is not in these templates"))


class Permissions:
    """The permissions of all roles of a system."""

    def __init__(self, system: System) -> None:
        self._system = system
        self.roles: dict[Node, Identity] = {}
        self._identities: dict[str, Identity] = {}
        self._by_name: dict[str, Identity] = {}
        self._managed_here: dict[str, list[Node]] = {}
        for node in system.nodes("AWS::IAM::ManagedPolicy"):
            for arn in system.arns(node):
                self._managed_here.setdefault(arn, []).append(node)
        for node in system.nodes("AWS::IAM::Role"):
            self._role(node)
        for node in system.nodes("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy"):
            self._attached(node)
        for node, document in resource_policies(system):
            self._resource_policy(node, document)

    def of(self, role: Any, node: Node) -> Identity:
        """The permissions of the role that a property of a resource names by ARN.

        A role that is not in the system may do anything.
        """
        # Without a role there is no function, so a branch that leaves it out is none.
        given = [choice for choice in self._system.choices(role, node.template) if choice is not MISSING]
        texts = [text for choice in given if choice is not None for text in self._system.texts(choice, node.template)]
        found = [self._identity(arn) for arn in dict.fromkeys(texts)]
        if len(found) == 1:
            return found[0]
        united = Identity(" or ".join(dict.fromkeys(identity.name for identity in found)))
        for identity in found:
            united.allows += identity.allows
            united.origins.update(identity.origins)
            united.unknown += identity.unknown
        if found:
            united.denies += [deny for deny in found[0].denies if all(deny in i.denies for i in found[1:])]
        else:
            united.add_unknown(f"the role of `{self._system.label(node)}`")
        return united

    def _identity(self, arn: str) -> Identity:
        identity = self._identities.get(arn) or self._by_name.get(arn.rpartition("/")[2])
        if identity is None:
            identity = self._identities[arn] = Identity(self._system.symbols.show(arn))
            identity.add_unknown(f"the role `{identity.name}`")
        return identity

    def _role(self, node: Node) -> None:
        system = self._system
        identity = self.roles[node] = Identity(system.label(node), arns=system.arns(node))
        for arn, name in zip(system.arns(node), system.names(node), strict=False):
            self._identities[arn] = identity
            self._by_name[name] = identity
        policies = node.get("Policies") or []
        always = {id(policy) for policy in listed(policies)}
        for policy in system.items(policies, node.template):
            document = policy.get("PolicyDocument") if isinstance(policy, Mapping) else None
            document = {} if document is None else document
            for statement in statements(system, document, node.template, certain=id(policy) in always):
                identity.add(statement, node)
        attached = node.get("ManagedPolicyArns") or []
        for item in listed(attached):
            choices = system.items(item, node.template)
            arns = [text for choice in choices for text in system.texts(choice, node.template)]
            for arn in arns:
                self._managed(identity, arn, certain=len(arns) == 1 and not is_conditional(item))

    def _managed(self, identity: Identity, arn: str, *, certain: bool) -> None:
        own = self._managed_here.get(arn)
        if own is not None:
            for node in own:
                always = certain and "Condition" not in node.resource.body
                document = node.get("PolicyDocument")
                for statement in statements(self._system, document, node.template, certain=always):
                    identity.add(statement, node)
            return
        known = managed_statements(arn, unknown=self._system.symbols.character("policy variable", "${…}", "free"))
        if known is None:
            identity.add_unknown(f"the managed policy `{self._system.symbols.show(arn)}`")
        else:
            identity.allows += known

    def _attached(self, node: Node) -> None:
        system = self._system
        items = [
            (item, not is_conditional(entry))
            for property_ in ("Roles", "RoleName")
            for entry in listed(node.get(property_) or [])
            for item in system.items(entry, node.template)
        ]
        for item, fixed in items:
            names = system.texts(item, node.template)
            always = fixed and len(names) == 1 and "Condition" not in node.resource.body
            found = list(statements(system, node.get("PolicyDocument"), node.template, certain=always))
            for name in names:
                for identity in self._named(name):
                    for statement in found:
                        identity.add(statement, node)

    def _named(self, name: str) -> Iterator[Identity]:
        """The roles that a name or ARN may mean; one that is not in the system is noted by its name."""
        short = name.rpartition("/")[2]
        known = self._by_name.get(short)
        if known is not None:
            yield known
        elif self._system.symbols.free_in(name):
            yield from dict.fromkeys(self._by_name.values())
        else:
            identity = self._by_name[short] = Identity(self._system.symbols.show(short))
            identity.add_unknown(f"the role `{identity.name}`")
            yield identity

    def _resource_policy(self, node: Node, document: Any) -> None:
        always = "Condition" not in node.resource.body
        for statement in statements(self._system, document, node.template, certain=always):
            if not statement.denies and _is_for_services(statement.origin):
                continue
            principals = statement.principals or ()
            everyone = "*" in principals or any(has_symbols(p) and self._system.symbols.free_in(p) for p in principals)
            if everyone and (not statement.denies or "*" in principals):
                for identity in dict.fromkeys(self._identities.values()):
                    identity.add(statement, node)
            else:
                for principal in principals:
                    known = self._identities.get(principal) or self._in_session(principal)
                    if known is not None:
                        known.add(statement, node)

    def _in_session(self, principal: str) -> Identity | None:
        """The role that a session is of, e.g. `arn:aws:sts::123456789012:assumed-role/Resize/resize`."""
        name, slash, _ = principal.partition(":assumed-role/")[2].partition("/")
        return self._by_name.get(name) if slash else None


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
