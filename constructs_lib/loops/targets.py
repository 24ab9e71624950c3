"""Whom an ARN names that something is passed on to: who has it, and whose name may turn out to be the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.loops.addresses import address, rest_of
from constructs_lib.loops.directory import Directory
from constructs_lib.loops.keys import ANY, STAR, literal
from constructs_lib.loops.owners import has_own_name
from constructs_lib.templates.symbols import has_symbols

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_lib.templates.system import Node, System

__all__ = ["SAME_NAME", "Targets"]

SAME_NAME = "names that are made at deployment may turn out to be the same"
_BEHIND = (":", "/", STAR)
"""What begins behind the name of a resource in its ARN: a version, an alias, a stream."""


class Targets:
    """What the ARNs of targets name in a system."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._known: dict[tuple[str, tuple[str, ...]], Sequence[Node]] = {}
        self._directories: dict[str, Directory[tuple[Node, str]]] = {}

    def of(self, arn: str, expects: tuple[str, ...]) -> Sequence[Node]:
        """What an ARN may name.

        Args:
            arn: as the template has it.
            expects: the types of what it may name, should it not be known.
        """
        found = self._system.by_arn(arn)
        for node in found:
            if has_own_name(self._system, node):
                return found
        key = (arn, expects)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = [*found, *self._others(arn, expects, found)]
        return known

    def why_not_certain(self, arn: str, node: Node) -> list[str]:
        """Why it is not certain that an ARN names a resource; nothing if it is: the same text is the same name."""
        if node in self._system.by_arn(arn):
            return []
        symbols = self._system.symbols
        texts = (arn, *self._system.names(node))
        return list(dict.fromkeys(s.why for text in texts for s in symbols.free_in(text))) or [SAME_NAME]

    def _others(self, arn: str, expects: tuple[str, ...], found: Sequence[Node]) -> list[Node]:
        """Those which may have an ARN that is not known to be theirs."""
        if self._system.may_be_others(arn, found):
            return [node for node in self._system.addressed() if node.type in expects and node not in found]
        name = address(literal(arn), unknown=self._system.account)
        if name is None:
            return []
        service, colon, _ = name.partition(":")
        if not colon or STAR in service or ANY in service:
            return []
        found_too = self._directory("" if has_symbols(service) else service).of(_as_container(name))
        return [node for node, own in found_too if node not in found and _may_name(name, own)]

    def _directory(self, service: str) -> Directory[tuple[Node, str]]:
        """The addresses of a service's resources; of all if it has no name."""
        directory = self._directories.get(service)
        if directory is None:
            directory = self._directories[service] = Directory()
            for node in self._system.addressed(service):
                for arn in self._system.arns(node):
                    name = address(arn.removesuffix(":*"), unknown=self._system.account)
                    if name is not None:
                        directory.add(_as_container(name), (node, name))
        return directory


def _as_container(name: str) -> str:
    """An address as a directory has it: that of a bucket ends in a slash, so that buckets are told apart."""
    return f"{name}/" if name.startswith("s3:") and "/" not in name else name


def _may_name(name: str, own: str) -> bool:
    """Whether an address may be that of a resource, or of something behind its name."""
    return any(rest == "" or rest.startswith(_BEHIND) for rest in rest_of(name, own).may)
