"""What grants are for: the resources that receive something, by their addresses and by the actions that put it there.

There are several for each resource, so they are kept in columns, and one is made when a grant is for it.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from constructs_lib.loops.directory import Directory
from constructs_lib.loops.edges import Channel
from constructs_lib.loops.policies import service_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from constructs_lib.loops.edges import Deposit
    from constructs_lib.loops.policies import Allow
    from constructs_lib.templates.system import Node

__all__ = ["Channels"]


class Channels:
    """The channels of a system; all are added before the first is asked for."""

    def __init__(self) -> None:
        self._nodes: list[Node] = []
        self._addresses: list[tuple[str, ...]] = []
        self._deposits: list[tuple[Deposit, ...]] = []
        self._are_named: list[bool] = []
        self._directory: Directory[int] = Directory()

    def add(self, channel: Channel) -> None:
        """Add a channel."""
        for address in channel.addresses:
            self._directory.add(address, len(self._nodes))
        self._nodes.append(channel.node)
        self._addresses.append(channel.addresses)
        self._deposits.append(channel.deposits)
        self._are_named.append(channel.is_named)

    def actions(self) -> set[str]:
        """What puts something into any of them."""
        alike = {id(deposits): deposits for deposits in self._deposits}
        return {deposit.action for deposits in alike.values() for deposit in deposits}

    def of(self, allow: Allow) -> Iterator[Channel]:
        """Those that a grant may be for, and perhaps others."""
        for position in self._positions(allow):
            channel = Channel(
                self._nodes[position], self._addresses[position], self._deposits[position], self._are_named[position]
            )
            if channel.is_meant(allow.resource):
                yield channel

    def _positions(self, allow: Allow) -> Sequence[int]:
        if not self._directory.finds_all(allow.resource):
            return self._directory.of(allow.resource)
        services = self._alike if allow.actions.services is None else allow.actions.services
        found = {
            position
            for service in services
            for actions, positions in self._alike.get(service, {}).items()
            if any(allow.actions.touches(action) is not None for action in actions)
            for position in positions
        }
        return sorted(found)

    @cached_property
    def _alike(self) -> dict[str, dict[tuple[str, ...], list[int]]]:
        """All of them by services, and by the actions of theirs that put something into them."""
        by_service: dict[int, dict[str, tuple[str, ...]]] = {}
        found: dict[str, dict[tuple[str, ...], list[int]]] = {}
        for position, deposits in enumerate(self._deposits):
            known = by_service.get(id(deposits))
            if known is None:
                known = by_service[id(deposits)] = _by_service([deposit.action for deposit in deposits])
            for service, actions in known.items():
                found.setdefault(service, {}).setdefault(actions, []).append(position)
        return found


def _by_service(actions: Sequence[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for action in actions:
        found[service_of(action)] = (*found.get(service_of(action), ()), action)
    return found
