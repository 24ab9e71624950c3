"""Kinesis and Firehose: records put into a stream wake its readers; a delivery stream writes objects of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.edges.base import ANY_MESSAGE, Channel, Deposit, EdgeKind, Listener, Message, addresses
from constructs_lib.loops.edges.lambdas import FUNCTION
from constructs_lib.loops.edges.s3 import BUCKET, CREATED
from constructs_lib.loops.edges.urls import called
from constructs_lib.loops.keys import ANY, STAR, literal
from constructs_lib.loops.languages import Language

if TYPE_CHECKING:
    from constructs_lib.templates.system import Node, System

__all__ = ["FIREHOSE", "STREAM", "Firehoses", "Streams"]

STREAM = "AWS::Kinesis::Stream"
FIREHOSE = "AWS::KinesisFirehose::DeliveryStream"
_RECORDS = (Deposit("kinesis:PutRecord"), Deposit("kinesis:PutRecords"))
_DELIVERED = (Deposit("firehose:PutRecord"), Deposit("firehose:PutRecordBatch"))
_TWO = ANY * 2
_TIME = f"{_TWO}{_TWO}/{_TWO}/{_TWO}/{_TWO}/"
"""What Firehose puts before a key if its prefix says nothing else: year, month, day, hour."""


class Streams(EdgeKind):
    """Kinesis data streams; who reads them is in `mappings` and `pipes`."""

    def channels(self, system: System) -> Iterator[Channel]:
        """All streams."""
        for node in system.nodes(STREAM):
            yield Channel(node, addresses(system, node, "kinesis:stream/"), _RECORDS)


class Firehoses(EdgeKind):
    """Delivery streams: what they read, and the objects that they write."""

    def channels(self, system: System) -> Iterator[Channel]:
        """All delivery streams."""
        for node in system.nodes(FIREHOSE):
            yield Channel(node, addresses(system, node, "firehose:deliverystream/"), _DELIVERED)

    def listeners(self, system: System) -> Iterator[Listener]:
        """Sources, transforming functions and buckets of all delivery streams."""
        for node in system.nodes(FIREHOSE):
            for source in system.mapping(node.get("KinesisStreamSourceConfiguration"), node.template):
                for arn in system.texts(source.get("KinesisStreamARN"), node.template):
                    streams: list[Node | None] = [*system.by_arn(arn)]
                    for stream in [*streams, None] if system.may_be_others(arn, streams) else streams:
                        for own in system.arns(node):
                            yield Listener(stream, STREAM, own, "source", (FIREHOSE,), by=node)
            for name, value in node.properties.items():
                if name.endswith("DestinationConfiguration"):
                    for destination in system.mapping(value, node.template):
                        yield from self._delivered(system, node, destination)

    def _delivered(self, system: System, node: Node, destination: Mapping[str, Any]) -> Iterator[Listener]:
        for arn in _transforming(system, node, destination):
            yield Listener(node, FIREHOSE, arn, "transformation", (FUNCTION,), entry=destination)
        for key in ("S3Configuration", "S3BackupConfiguration"):
            for nested in system.mapping(destination.get(key), node.template):
                yield from self._delivered(system, node, nested)
        for endpoint in system.mapping(destination.get("EndpointConfiguration"), node.template):
            for url in system.texts(endpoint.get("Url"), node.template):
                for arn in called(system, url):
                    yield Listener(node, FIREHOSE, arn, "request", carry=ANY_MESSAGE, entry=destination)
        for arn in system.texts(destination["BucketARN"], node.template) if "BucketARN" in destination else ():
            for key, failure in (("Prefix", False), ("ErrorOutputPrefix", True)):
                if key in destination or not failure:
                    globs = tuple(_key_glob(text) for text in system.texts(destination.get(key, ""), node.template))
                    label = f"objects {key}" if failure else "objects"
                    carry = partial(_objects, globs)
                    yield Listener(
                        node, FIREHOSE, arn, label, (BUCKET,), carry=carry, failure=failure, entry=destination
                    )


def _transforming(system: System, node: Node, destination: Mapping[str, Any]) -> Iterator[str]:
    """The functions that records go through."""
    for processing in system.mapping(destination.get("ProcessingConfiguration"), node.template):
        for processor in system.items(processing.get("Processors") or [], node.template):
            parameters = processor.get("Parameters") if isinstance(processor, Mapping) else None
            for parameter in system.items(parameters or [], node.template):
                if isinstance(parameter, Mapping) and parameter.get("ParameterName") == "LambdaArn":
                    yield from system.texts(parameter.get("ParameterValue"), node.template)


def _key_glob(prefix: str) -> str:
    """The keys that a delivery stream writes under a prefix, whose `!{…}` expressions may be anything."""
    head, expression, _ = prefix.partition("!{")
    return literal(head) + STAR if expression else literal(head) + _TIME + STAR


def _objects(globs: tuple[str, ...], message: Message) -> Message:
    """The objects that hold what was delivered."""
    del message
    return Message({"event": Language((CREATED,)), "key": Language((globs,))})
