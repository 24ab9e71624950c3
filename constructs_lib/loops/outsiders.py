"""Who has a role and is none of what is followed: instances, applications, replications and others.

What they do nobody can tell, so those are named whose roles let them wake something of the system.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.loops.edges.others import WAKES_NOBODY, unread
from constructs_lib.templates.variables import references_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.templates.system import Node, System

__all__ = ["outsiders"]

_OTHERWISE = (*WAKES_NOBODY, "AWS::Serverless::")
_ROLE = "AWS::IAM::Role"
_PROFILE = "AWS::IAM::InstanceProfile"


def outsiders(system: System) -> Iterator[tuple[Node, Node]]:
    """Resources of types that no edge kind reads, each with a role that it refers to."""
    for node in unread(system, _OTHERWISE):
        yield from ((node, role) for role in _roles(system, node))


def _roles(system: System, node: Node) -> Iterator[Node]:
    """The roles that a resource refers to, by itself or through an instance's profile."""
    for name in dict.fromkeys(references_in(dict(node.properties))):
        found = system.node(node.template, name)
        if found is not None and found.type == _PROFILE:
            yield from _roles(system, found)
        elif found is not None and found.type == _ROLE:
            yield found
