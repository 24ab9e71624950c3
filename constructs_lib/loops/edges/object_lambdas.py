"""S3 Object Lambda: reading through its access point wakes the function that makes the answer.

"Configuring IAM policies for Object Lambda Access Points" and "Writing Lambda functions for S3 Object Lambda Access
Points" in the S3 user guide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from constructs_lib.loops.edges.base import Channel, Deposit, EdgeKind, Listener, Message, addresses
from constructs_lib.loops.edges.lambdas import FUNCTION
from constructs_lib.loops.keys import literal
from constructs_lib.loops.languages import Language

if TYPE_CHECKING:
    from constructs_lib.templates.system import Node, System

__all__ = ["ObjectLambdas"]

_POINT = "AWS::S3ObjectLambda::AccessPoint"
_REQUESTS = {
    "s3-object-lambda:GetObject": Message({"request": Language((("GetObject", "HeadObject"),))}),
    "s3-object-lambda:ListBucket": Message({"request": Language((("ListObjects", "ListObjectsV2"),))}),
}
_DEPOSITS = {
    ending: tuple(Deposit(action, requests, rest) for action, requests in _REQUESTS.items())
    for ending, rest in (("", None), ("/", "key"))
}


class ObjectLambdas(EdgeKind):
    """Access points of Object Lambda."""

    def channels(self, system: System) -> Iterator[Channel]:
        """All of them, by their ARN and by what is behind it."""
        for node in system.nodes(_POINT):
            for ending, deposits in _DEPOSITS.items():
                yield Channel(node, addresses(system, node, "s3-object-lambda:accesspoint/", ending), deposits)

    def listeners(self, system: System) -> Iterator[Listener]:
        """The functions that answer."""
        for node in system.nodes(_POINT):
            for configuration in system.mapping(node.get("ObjectLambdaConfiguration"), node.template):
                for entry in system.items(configuration.get("TransformationConfigurations") or [], node.template):
                    if isinstance(entry, Mapping):
                        yield from _answering(system, node, entry)


def _answering(system: System, node: Node, entry: Mapping[str, object]) -> Iterator[Listener]:
    actions = system.items(entry.get("Actions") or [], node.template)
    requests = tuple(literal(text) for action in actions for text in system.texts(action, node.template))
    for content in system.mapping(entry.get("ContentTransformation"), node.template):
        for function in system.mapping(content.get("AwsLambda"), node.template):
            for arn in system.texts(function.get("FunctionArn"), node.template):
                filters = (Message({"request": Language((requests,))}),)
                yield Listener(node, _POINT, arn, "transformation", (FUNCTION,), filters, entry=entry)
