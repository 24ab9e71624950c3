"""Notifications of one bucket that match the same key and event: S3 refuses such a configuration at deployment."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from constructs_lib.loops.edges.s3 import S3Notifications
from constructs_lib.loops.languages import Language
from constructs_lib.loops.messages import Message
from constructs_lib.loops.provenance import located
from constructs_lib.loops.report import Finding, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.loops.edges import Listener
    from constructs_lib.templates.system import Node, System

__all__ = ["overlaps"]

_EVENTS = (
    "ObjectCreated:Put",
    "ObjectCreated:Post",
    "ObjectCreated:Copy",
    "ObjectCreated:CompleteMultipartUpload",
    "ObjectRemoved:Delete",
    "ObjectRemoved:DeleteMarkerCreated",
    "ObjectRestore:Post",
    "ObjectRestore:Completed",
    "ObjectRestore:Delete",
    "ObjectTagging:Put",
    "ObjectTagging:Delete",
    "ObjectAcl:Put",
    "LifecycleExpiration:Delete",
    "LifecycleExpiration:DeleteMarkerCreated",
    "LifecycleTransition",
    "IntelligentTiering",
    "ReducedRedundancyLostObject",
    "Replication:OperationFailedReplication",
    "Replication:OperationMissedThreshold",
    "Replication:OperationReplicatedAfterThreshold",
    "Replication:OperationNotTracked",
)
_ANY_EVENT = Message({"event": Language((_EVENTS,))})


def overlaps(system: System) -> Iterator[Finding]:
    """Each pair of notifications that S3 would refuse."""
    by_bucket: dict[Node, list[Listener]] = {}
    for listener in S3Notifications().notifying(system, at_least=2):
        if listener.source is not None:
            by_bucket.setdefault(listener.source, []).append(listener)
    for bucket, listeners in by_bucket.items():
        for one, other in combinations(listeners, 2):
            # A custom resource replaces what the bucket has; they are not in force together.
            found = _common(system, one, other) if one.by is other.by and one.entry is not other.entry else None
            if found is not None:
                yield _finding(system, bucket, (one, other), found)


def _common(system: System, one: Listener, other: Listener) -> dict[str, str] | None:
    """An event that both are told of for certain."""
    for first in one.filters(system):
        for second in other.filters(system):
            found = (_ANY_EVENT & first & second).sure()
            if found is not None:
                return found
    return None


def _finding(system: System, bucket: Node, pair: tuple[Listener, Listener], event: dict[str, str]) -> Finding:
    label = system.label(bucket)
    steps = []
    for listener in pair:
        known = system.by_arn(listener.target)
        target = system.label(known[0]) if known else system.symbols.show(listener.target)
        at, template = located(listener.by or bucket, listener.entry)
        other = template if template is not bucket.template else None
        target_id = known[0].id if known else target
        steps.append(Step(label, listener.label, target, bucket.id, target_id, bucket.template, at, other))
    key = system.symbols.show(event["key"])
    return Finding(
        reference="notification-overlap",
        verdict="loop-free",
        severity="rejected",
        headline=f"two notifications of `{label}` match the same key and event",
        path=tuple(steps),
        witness=f"key `{key}` with s3:{event['event']} matches both",
        helps=(
            "give them prefixes or suffixes that no key has both of, or different events",
            "send the events to one topic or to EventBridge, and from there to several targets",
        ),
    )
