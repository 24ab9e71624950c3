"""Roles that lead to other roles: by assuming them, or by passing them to a service that acts with them.

Who may create a schedule and pass its role may have anything done that this role may do. Both sides are needed: the
grant, and the trust policy of the other role.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.addresses import address
from constructs_lib.loops.contents import permits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from constructs_lib.loops.permissions import Identity
    from constructs_lib.loops.policies import Allow
    from constructs_lib.templates.system import Node, System

__all__ = ["lent"]

_LEADING = ("sts:AssumeRole", "iam:PassRole")


def lent(
    system: System, identity: Identity, roles: Mapping[Node, Identity], handovers: Iterable[tuple[str, str, str]]
) -> Iterator[tuple[Allow, Node]]:
    """What a role allows through others, with the role that it is from.

    Args:
        system: the templates.
        identity: where to start.
        roles: all roles.
        handovers: actions that need a role to be passed, their addresses, and the service that acts with it.
    """
    handed = tuple(handovers)
    seen = {identity}
    work = [(identity, "")]
    while work:
        current, doubt = work.pop()
        if not any(allow.actions.covers(action) for allow in current.allows for action in _LEADING):
            continue
        for node, other in roles.items():
            if other in seen:
                continue
            why = _why_not_certain(system, current, node, handed)
            if why is not None:
                seen.add(other)
                reason = doubt or why
                work.append((other, reason))
                yield from ((replace(allow, doubt=allow.doubt or reason), node) for allow in other.allows)


def _why_not_certain(
    system: System, identity: Identity, node: Node, handovers: tuple[tuple[str, str, str], ...]
) -> str | None:
    """Why it is not certain that a role leads to another; empty if it is; None if it does not."""
    trusted = set(_trusted(system, node))
    names = [name for arn in system.arns(node) if (name := address(arn, unknown=system.account)) is not None]
    found: list[str | None] = []
    if any(_is_meant(system, principal, identity) for principal in trusted):
        found += [permits(identity, "sts:AssumeRole", name, exact=True) for name in names]
    for action, scope, service in handovers:
        handed = permits(identity, action, scope, exact=False) if trusted & {service, "*"} else None
        if handed is not None:
            passed = [permits(identity, "iam:PassRole", name, exact=True) for name in names]
            found += [None if why is None else why or handed for why in passed]
    certain = [why for why in found if why is not None]
    return min(certain, key=len) if certain else None


def _is_meant(system: System, principal: str, identity: Identity) -> bool:
    if principal == "*" or principal in identity.arns or principal.endswith(":root"):
        return True
    return principal == system.account or principal.isdigit() or bool(system.symbols.free_in(principal))


def _trusted(system: System, node: Node) -> Iterator[str]:
    """The principals, ARNs and services, that a role's trust policy names."""
    for document in system.mapping(node.get("AssumeRolePolicyDocument"), node.template):
        for statement in system.items(document.get("Statement") or [], node.template):
            principal: Any = statement.get("Principal") if isinstance(statement, Mapping) else None
            for choice in system.choices(principal, node.template):
                values = choice.values() if isinstance(choice, Mapping) else [choice]
                for value in values:
                    for item in system.items(value, node.template):
                        yield from system.texts(item, node.template)
