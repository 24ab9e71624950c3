"""One way from a function or station to the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from tests.loops_proof.builder import Builder, Station

__all__ = ["DELIVERIES", "Link", "Wire", "wire_by"]

Wire: TypeAlias = "Callable[[Builder, Station, Station, str], None]"

DELIVERIES = {
    "function": "lambda:InvokeFunction",
    "queue": "sqs:SendMessage",
    "topic": "sns:Publish",
    "bus": "events:PutEvents",
    "machine": "states:StartExecution",
    "stream": "kinesis:PutRecord",
    "table": "dynamodb:PutItem",
    "firehose": "firehose:PutRecord",
}


@dataclass(frozen=True)
class Link:
    """One way from a function or station to the next.

    Args:
        source: the kind of station that it leads from.
        target: the kind that it leads to.
        way: what it is called.
        engine: the classes of edge kinds of which the engine needs one for it.
        wire: adds it to a template, or something that misses by a hair.
        misses: what `wire` can do instead, so that nothing flows.
        wakes: how it invokes, if it leads to a function.
        woken_async: whether it takes effect only for functions that are invoked asynchronously.
        live: whether anything can flow at all.
        certain: whether a loop over it can be proven.
    """

    source: str
    target: str
    way: str
    engine: tuple[str, ...]
    wire: Wire = field(repr=False)
    misses: tuple[str, ...] = ()
    wakes: Literal["async", "sync"] = "async"
    woken_async: bool = False
    live: bool = True
    certain: bool = True

    @property
    def name(self) -> str:
        """E.g. `bucket -> queue: notification`."""
        return f"{self.source} -> {self.target}: {self.way}"


def wire_by(b: Builder, service: str, target: Station) -> Any:
    """The role by which a service delivers to a station."""
    role = b.role(service, [])
    b.permit(role, DELIVERIES[target.kind], b.spelled_arn(target))
    return role
