"""Whose name is whose: no two resources that are there have one name, whatever their names turn out to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.loops.addresses import address
from constructs_lib.loops.keys import ANY, STAR
from constructs_lib.templates.symbols import has_symbols

if TYPE_CHECKING:
    from constructs_lib.templates.system import Node, System

__all__ = ["Owners", "has_own_name"]

_BORDERS = "/:"
_BUS, _DEFAULT = "AWS::Events::EventBus", "default"


def has_own_name(system: System, node: Node) -> bool:
    """Whether no other resource has the name of one: it is declared, or the default bus, whose name none may have."""
    return node.is_declared or (node.type == _BUS and system.names(node) == (_DEFAULT,))


class Owners:
    """The resources of a system that have names of their own, by their addresses."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._known: dict[str, Node | None] = {}
        self._by_service: dict[str, dict[str, Node | None]] = {}

    def apart(self, pattern: str, name: str) -> bool:
        """Whether a pattern names one resource, and an address is that of another one.

        Args:
            pattern: a glob over addresses.
            name: a resource's address.
        """
        if pattern.startswith(name) or not (has_symbols(pattern) or has_symbols(name)):
            return False
        meant = self._owner(pattern)
        other = self._owner(name) if meant is not None else None
        if meant is None or other is None or meant is other:
            return False
        # What a condition may leave out has no name then, and another one may have it.
        is_there = meant.template is other.template or meant.template.parent is None
        return is_there and "Condition" not in meant.body and len(self._system.names(meant)) == 1

    def _owner(self, text: str) -> Node | None:
        """The resource whose address a text is or begins with, up to a border."""
        if text not in self._known:
            head = text.partition(STAR)[0].partition(ANY)[0]
            ends = [index for index, character in enumerate(head) if character in _BORDERS]
            whole = [len(head)] if head == text else []
            by_address = self._by_address(head.partition(":")[0] if ":" in head else "")
            found = (by_address.get(head[:end]) for end in (*ends, *whole))
            self._known[text] = next((node for node in found if node is not None), None)
        return self._known[text]

    def _by_address(self, service: str) -> dict[str, Node | None]:
        """Those of a service, or of all; None for what several may have, of which conditions leave one."""
        known = self._by_service.get(service)
        if known is not None:
            return known
        found: dict[str, Node | None] = {}
        self._by_service[service] = found
        for node in self._system.addressed(service):
            if has_own_name(self._system, node):
                for arn in self._system.arns(node):
                    name = address(arn, unknown=self._system.account)
                    if name is not None:
                        found[name] = node if found.get(name, node) is node else None
        return found
