"""Edge kinds: one module each; a new one is a class here and a line in `EDGE_KINDS`."""

from constructs_lib.loops.edges.base import Channel, Deposit, EdgeKind, Listener, Message
from constructs_lib.loops.edges.s3 import S3Notifications

__all__ = ["EDGE_KINDS", "Channel", "Deposit", "EdgeKind", "Listener", "Message"]

EDGE_KINDS: tuple[EdgeKind, ...] = (S3Notifications(),)
