"""Custom resources that are given something that tells of changes and a function: they may bind the one to the other.

So is done what a template cannot say without going round in a circle of references, e.g. the notification of a bucket
for a function whose role names the bucket. What the code behind a custom resource does nobody can tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.loops.edges.base import EdgeKind, Listener
from constructs_lib.loops.edges.lambdas import FUNCTION
from constructs_lib.loops.edges.queues import QUEUE
from constructs_lib.loops.edges.s3 import BUCKET
from constructs_lib.loops.edges.streams import STREAM
from constructs_lib.loops.edges.tables import TABLES
from constructs_lib.loops.edges.topics import TOPIC
from constructs_lib.templates.variables import references_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.templates.system import Node, System

__all__ = ["CustomResources"]

_TELLING = {BUCKET, QUEUE, STREAM, TOPIC, *TABLES}
_READ = {"Custom::S3BucketNotifications"}


class CustomResources(EdgeKind):
    """All custom resources but those whose form is known."""

    def listeners(self, system: System) -> Iterator[Listener]:
        """What each of them may bind to what."""
        types = dict.fromkeys(type_ for template in system.templates for type_ in sorted(template.types))
        for node in system.nodes(*filter(_is_custom, types)):
            yield from _bound(system, node)


def _is_custom(type_: str) -> bool:
    return type_ == "AWS::CloudFormation::CustomResource" or (type_.startswith("Custom::") and type_ not in _READ)


def _bound(system: System, node: Node) -> Iterator[Listener]:
    given = {name: value for name, value in node.properties.items() if name != "ServiceToken"}
    named = [system.node(node.template, name) for name in dict.fromkeys(references_in(given))]
    known = [found for found in named if found is not None]
    doubt = f"what the custom resource `{system.label(node)}` does only its code tells"
    for source in (found for found in known if found.type in _TELLING):
        for arn in (arn for found in known if found.type == FUNCTION for arn in system.arns(found)):
            yield Listener(source, source.type, arn, "custom resource", (FUNCTION,), doubt=doubt, by=node)
