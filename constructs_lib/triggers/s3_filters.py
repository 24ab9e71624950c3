"""S3's event types, and when two notification filters match the same object and event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from aws_cdk import aws_s3 as s3

from constructs_lib.loops.keys import Filter, filters_overlap

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["EVENTS", "Overlap", "event_name", "events_overlap", "overlap"]

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
_FAMILIES = {
    "ObjectCreated": ("Put", "Post", "Copy", "CompleteMultipartUpload"),
    "ObjectRemoved": ("Delete", "DeleteMarkerCreated"),
    "ObjectRestore": ("Post", "Completed", "Delete"),
    "ObjectTagging": ("Put", "Delete"),
    "LifecycleExpiration": ("Delete", "DeleteMarkerCreated"),
    "Replication": (
        "OperationFailedReplication",
        "OperationMissedThreshold",
        "OperationReplicatedAfterThreshold",
        "OperationNotTracked",
    ),
    "ObjectAnnotation": ("Put", "Delete"),
}
EVENTS = (
    *(f"s3:{family}:{event}" for family, events in _FAMILIES.items() for event in ("*", *events)),
    "s3:ObjectAcl:Put",
    "s3:ObjectRetention:Put",
    "s3:LifecycleTransition",
    "s3:IntelligentTiering",
    "s3:ReducedRedundancyLostObject",
)


def event_name(event: str | s3.EventType) -> str:
    """An event type as S3 spells it; CDK's Python enumeration knows only its own names."""
    if not isinstance(event, s3.EventType):
        return event
    flat = event.name.replace("_", "").lower()
    spelled = {name.removeprefix("s3:").replace(":", "").removesuffix("*").lower(): name for name in EVENTS}
    return spelled[flat]


class _Trigger(Protocol):
    @property
    def prefix(self) -> str: ...
    @property
    def suffix(self) -> str: ...
    @property
    def event_types(self) -> Sequence[str]: ...


@dataclass(frozen=True)
class Overlap:
    """A key and an event that two filters match."""

    key: str
    event: str


def overlap(one: _Trigger, other: _Trigger) -> Overlap | None:
    """What both triggers match, or None.

    A filter is the set of keys that begin with the prefix and end with the suffix; the two may share characters.
    """
    common = [
        narrow for first in one.event_types for second in other.event_types if (narrow := events_overlap(first, second))
    ]
    key = filters_overlap(Filter(one.prefix, one.suffix), Filter(other.prefix, other.suffix)) if common else None
    return None if key is None else Overlap(key=key, event=common[0])


def events_overlap(first: str, second: str) -> str | None:
    """The narrower of two event types if one contains the other."""
    if first == second or (second.endswith(":*") and first.startswith(second[:-1])):
        return first
    return second if first.endswith(":*") and second.startswith(first[:-1]) else None
