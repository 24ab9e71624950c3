"""What comes of objects later: lifecycle rules, archive tiers and replication tell of it long after they were written.

"Supported event types" and "Lifecycle configuration elements" in the S3 user guide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.absence import may_be_absent
from constructs_lib.loops.edges.base import Deposit, Message
from constructs_lib.loops.keys import STAR, literal
from constructs_lib.loops.languages import Language

if TYPE_CHECKING:
    from constructs_lib.templates.system import Node, System

__all__ = ["later", "prefixes"]

_EXPIRED = ("LifecycleExpiration:Delete", "LifecycleExpiration:DeleteMarkerCreated")
_MOVED = ("LifecycleTransition",)
_PUT, _DELETE, _TAG = "s3:PutObject", "s3:DeleteObject", "s3:PutObjectTagging"
# What a rule has, the actions that may bring an object under it, and the events that it makes.
_RULES = (
    (("ExpirationInDays", "ExpirationDate"), (_PUT,), _EXPIRED),
    (("NoncurrentVersionExpiration", "NoncurrentVersionExpirationInDays"), (_PUT, _DELETE), _EXPIRED[:1]),
    (("ExpiredObjectDeleteMarker",), (_DELETE,), _EXPIRED[:1]),
    (("Transitions", "Transition"), (_PUT,), _MOVED),
    (("NoncurrentVersionTransitions", "NoncurrentVersionTransition"), (_PUT, _DELETE), _MOVED),
)
_REPLICATION = (
    "Replication:OperationFailedReplication",
    "Replication:OperationMissedThreshold",
    "Replication:OperationReplicatedAfterThreshold",
    "Replication:OperationNotTracked",
)


def later(system: System, node: Node) -> Iterator[Deposit]:
    """What a bucket's configuration makes of objects long after something was done to them."""
    for configuration in system.mapping(node.get("LifecycleConfiguration"), node.template):
        for rule in system.items(configuration.get("Rules") or [], node.template):
            if isinstance(rule, Mapping) and system.text(rule.get("Status"), node.template) != "Disabled":
                yield from _ruled(system, node, rule)
    if node.get("IntelligentTieringConfigurations") is not None:
        yield _deposit(_PUT, ("IntelligentTiering",), ("",))
    if node.get("ReplicationConfiguration") is not None:
        yield _deposit(_PUT, _REPLICATION, ("",))


def _ruled(system: System, node: Node, rule: Mapping[str, Any]) -> Iterator[Deposit]:
    found = list(prefixes(system, node, rule))
    for names, actions, events in _RULES:
        if any(name in rule for name in names):
            # Another tag may bring an object under a rule as well.
            for action in (*actions, _TAG) if "TagFilters" in str(rule) else actions:
                yield _deposit(action, events, tuple(found))


@lru_cache(maxsize=1024)
def _deposit(action: str, events: tuple[str, ...], beginnings: tuple[str, ...]) -> Deposit:
    keys = Language((tuple(literal(beginning) + STAR for beginning in beginnings),))
    return Deposit(action, Message({"event": Language((events,)), "key": keys}, ("attributes.",)), "key", slow=True)


def prefixes(system: System, node: Node, rule: Mapping[str, Any]) -> Iterator[str]:
    """The prefixes of the keys that a rule is for, in the forms of lifecycle and of replication; empty for all keys."""
    if "Prefix" in rule:
        yield from system.texts(rule["Prefix"], node.template)
        return
    if "Filter" not in rule or may_be_absent(system, rule["Filter"], node.template):
        yield ""
    for filter_ in system.mapping(rule.get("Filter"), node.template):
        for holder in (*system.mapping(filter_.get("And"), node.template), filter_)[:1]:
            yield from system.texts(holder.get("Prefix", ""), node.template)
