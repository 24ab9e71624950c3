"""Roles that lead to other roles: by assuming them, or by passing them to a service that acts with them.

Who may create a schedule and pass its role may have anything done that this role may do. Both sides are needed: the
grant, which a trust policy is as well if it names the role itself, and the trust policy of the other role.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.contents import permits
from constructs_lib.loops.policies import documents
from constructs_lib.templates.grouped import Grouped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from constructs_lib.loops.permissions import Identity, Permissions
    from constructs_lib.loops.policies import Allow
    from constructs_lib.templates.system import Node, System

__all__ = ["LEADING", "Chains"]

FEW = 8
"""Of as many roles each is tried."""
LEADING = ("sts:AssumeRole", "iam:PassRole")
"""The actions that lead to other roles."""
_KINDS = {"AWS", "Service", "Federated", "CanonicalUser"}
"""The kinds of principals; what has another key is a function, whose result may be `*`."""


class Chains:
    """What roles lend each other.

    Args:
        system: the templates.
        permissions: those of all roles.
        handovers: actions that need a role to be passed, their addresses, and the service that acts with it.
    """

    def __init__(self, system: System, permissions: Permissions, handovers: Iterable[tuple[str, str, str]]) -> None:
        self._system = system
        self._permissions = permissions
        self._handovers: dict[str, list[tuple[str, str]]] = {}
        for action, scope, service in handovers:
            self._handovers.setdefault(service, []).append((action, scope))
        self._trusted: dict[Node, frozenset[str]] = {}
        self._trusted_arns: dict[Node, dict[str, bool]] = {}

    def lent(self, identity: Identity) -> Iterator[tuple[Allow, Node]]:
        """What a role allows through others, with the role that it is from."""
        if not any(allow.actions.covered(LEADING) for allow in identity.allows):
            return
        seen = set() if identity.is_limited else set(identity.roles)
        work = [(identity, "")]
        while work:
            current, doubt = work.pop()
            for node in self._candidates(current):
                why = None if node in seen else self._why_not_certain(current, node)
                if why is not None:
                    seen.add(node)
                    other = self._permissions.role(node)
                    reason = doubt or why
                    work.append((other, reason))
                    for allow in other.allows:
                        yield replace(allow, doubt=allow.doubt or reason, holder=allow.holder or node), node

    def _candidates(self, identity: Identity) -> Iterable[Node]:
        """The roles that an identity may lead to, as far as their names tell, and if these are many, their trust."""
        leading = [allow for allow in identity.allows if allow.actions.covered(LEADING)]
        named = dict.fromkeys(node for allow in leading for node in self._permissions.principals.may_be(allow.resource))
        if len(named) <= FEW:
            return named
        trusting = [node for key in ("", *self._arns(identity)) for node in self._trusting.of(key)]
        return [node for node in dict.fromkeys(trusting) if node in named]

    @cached_property
    def _trusting(self) -> Grouped[str, Node]:
        """The roles by whom they trust; by an empty text if that may be any of many."""
        trusting: Grouped[str, Node] = Grouped()
        for node in self._permissions.roles:
            trusted = self._trust(node)
            is_open = not trusted.isdisjoint(self._handovers) or any(map(self._may_be_many, trusted))
            for arn in ("",) if is_open else self._trusted_roles(node):
                trusting.add(arn, node)
        return trusting

    def _trust(self, node: Node) -> frozenset[str]:
        known = self._trusted.get(node)
        if known is None:
            known = self._trusted[node] = frozenset(_trusted(self._system, node))
        return known

    def _trusted_roles(self, node: Node) -> Mapping[str, bool]:
        """The ARNs of the roles of the system that a role trusts, and whether it does for certain."""
        known = self._trusted_arns.get(node)
        if known is None:
            known = self._trusted_arns[node] = {}
            for principal in self._trust(node):
                for role, certain in self._permissions.called(principal):
                    for arn in self._system.arns(role):
                        known[arn] = known.get(arn, False) or certain
        return known

    def _arns(self, identity: Identity) -> list[str]:
        """What trust policies call it."""
        return [arn for role in identity.roles for arn in self._system.arns(role)]

    def _may_be_many(self, principal: str) -> bool:
        """Whether a principal is more than one role, or one that is not known."""
        return (
            principal in {"*", self._system.account}
            or principal.endswith(":root")
            or principal.isdigit()
            or bool(self._system.symbols.free_in(principal))
        )

    def _why_not_certain(self, identity: Identity, node: Node) -> str | None:
        """Why it is not certain that a role leads to another; empty if it is; None if it does not."""
        trusted = self._trust(node)
        names = self._permissions.principals.addresses(node)
        found: list[str | None] = []
        trusts = self._trusts(identity, node)
        if trusts is not None:
            assumed = [permits(identity, "sts:AssumeRole", name, exact=True) for name in names]
            found += [None if why is None else why or trusts for why in assumed]
        services = [service for service in self._handovers if service in trusted or "*" in trusted]
        for action, scope in (handover for service in services for handover in self._handovers[service]):
            handed = permits(identity, action, scope, exact=False)
            if handed is not None:
                passed = [permits(identity, "iam:PassRole", name, exact=True) for name in names]
                found += [None if why is None else why or handed for why in passed]
        certain = [why for why in found if why is not None]
        return min(certain, key=len) if certain else None

    def _trusts(self, identity: Identity, node: Node) -> str | None:
        """Why it is not certain that a role may be assumed by another; empty if it is; None if it may not."""
        trusted = self._trusted_roles(node)
        named = [trusted[arn] for arn in self._arns(identity) if arn in trusted]
        many = [not self._system.symbols.free_in(p) for p in self._trust(node) if self._may_be_many(p)]
        if not named and not many:
            return None
        return (
            ""
            if any((*named, *many))
            else f"whom the role `{self._system.label(node)}` trusts is known at deployment only"
        )


def _trusted(system: System, node: Node) -> Iterator[str]:
    """The principals, ARNs and services, that a role's trust policy names."""
    for document in documents(system, node.get("AssumeRolePolicyDocument"), node.template):
        for statement in system.items((document or {}).get("Statement", ""), node.template):
            # Nobody can tell whom a statement means that names nobody.
            principal: Any = statement.get("Principal", "*") if isinstance(statement, Mapping) else "*"
            if isinstance(statement, Mapping) and statement.get("Effect") == "Deny":
                continue
            for choice in system.choices(principal, node.template):
                is_given = isinstance(choice, Mapping) and choice.keys() <= _KINDS
                values = choice.values() if is_given else [choice]
                for value in values:
                    for item in system.items(value, node.template):
                        yield from system.texts(item, node.template)
