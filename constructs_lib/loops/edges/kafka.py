"""MSK: writing to a topic of a cluster wakes what is fed from it, as far as the cluster asks writers for a role.

"IAM access control" in the Amazon MSK developer guide: a topic's ARN is `topic/cluster/uuid/topic`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.loops.edges.base import Channel, Deposit, EdgeKind, addresses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.templates.system import System

__all__ = ["CLUSTERS", "Clusters"]

CLUSTERS = ("AWS::MSK::Cluster", "AWS::MSK::ServerlessCluster")
_WRITES = (Deposit("kafka-cluster:WriteData", rest="topic"),)


class Clusters(EdgeKind):
    """Clusters; who is fed from them is in `mappings`."""

    def channels(self, system: System) -> Iterator[Channel]:
        """All clusters."""
        for node in system.nodes(*CLUSTERS):
            yield Channel(node, addresses(system, node, "kafka:topic/", "/"), _WRITES)
