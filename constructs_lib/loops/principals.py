"""Whom a principal of a policy means: roles, by their ARNs or by those of their sessions.

As everywhere, accounts are left out: a policy that spells the account out means the same role.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from constructs_lib.loops.addresses import address, rest_of
from constructs_lib.loops.directory import Directory
from constructs_lib.loops.keys import STAR, compiled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from constructs_lib.templates.system import Node, System

__all__ = ["Principals"]

_SESSION = ":assumed-role/"
_ROLE = "iam:role/"


class Principals:
    """The roles of a system, to be found by what policies call them.

    Args:
        system: the templates.
        roles: the roles.
    """

    def __init__(self, system: System, roles: Iterable[Node]) -> None:
        self._system = system
        self._addresses: dict[Node, tuple[str, ...]] = {}
        self._directory: Directory[Node] = Directory()
        for node in roles:
            found = (self._address(arn) for arn in system.arns(node))
            self._addresses[node] = tuple([one for one in found if one is not None])
            for one in self._addresses[node]:
                self._directory.add(one, node)

    def may_be(self, pattern: str) -> Sequence[Node]:
        """The roles that a pattern over addresses may mean, and perhaps others."""
        return self._directory.of(pattern)

    def addresses(self, role: Node) -> tuple[str, ...]:
        """What patterns of policies call a role."""
        return self._addresses[role]

    def roles(self, principal: str) -> Iterator[tuple[Node, bool]]:
        """The roles that a principal may mean, and whether it does for certain; accounts and services mean none."""
        certain = not self._system.symbols.free_in(principal)
        for pattern in self._patterns(principal):
            for node in self._directory.of(pattern):
                rests = [rest_of(pattern, own) for own in self._addresses[node]]
                if _is_whole(tail for rest in rests for tail in rest.may):
                    yield node, certain and _is_whole(tail for rest in rests for tail in rest.sure)

    def named(self, name: str) -> list[Node]:
        """The roles whose names may turn out to be one that none is known to have."""
        pattern = f"{_ROLE}{name}"
        found = self._by_name.of(pattern)
        return list(dict.fromkeys(node for node, own in found if _is_whole(rest_of(pattern, own).may)))

    @cached_property
    def _by_name(self) -> Directory[tuple[Node, str]]:
        """The roles by their names, whatever their paths."""
        found: Directory[tuple[Node, str]] = Directory()
        for node in self._addresses:
            for name in self._system.names(node):
                found.add(f"{_ROLE}{name}", (node, f"{_ROLE}{name}"))
        return found

    def _patterns(self, principal: str) -> list[str]:
        _, is_session, session = principal.partition(_SESSION)
        if is_session:  # a session's ARN leaves the path of its role out
            name, slash, _ = session.partition("/")
            return [f"{_ROLE}{name}", f"{_ROLE}{STAR}/{name}"] if slash else []
        found = self._address(principal)
        return [] if found is None else [found]

    def _address(self, arn: str) -> str | None:
        return address(arn, unknown=self._system.account)


def _is_whole(tails: Iterable[str]) -> bool:
    """Whether nothing needs to follow."""
    return any(compiled(tail).matches("") for tail in tails)
