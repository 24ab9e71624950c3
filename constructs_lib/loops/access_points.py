"""S3 access points: other names of a bucket in policies ("Configuring IAM policies for using access points")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from constructs_lib.loops.addresses import ACCESS_POINT

if TYPE_CHECKING:
    from constructs_lib.templates.system import System

__all__ = ["access_points", "through_access_points"]


def access_points(system: System) -> Iterator[tuple[str, frozenset[str]]]:
    """What ARNs call the access points whose buckets are known, and the names of these buckets."""
    for node in system.nodes("AWS::S3::AccessPoint"):
        buckets = frozenset(system.texts(node.get("Bucket"), node.template))
        if not any(map(system.symbols.free_in, buckets)):
            yield from ((name, buckets) for name in system.names(node))
    for node in system.nodes("AWS::S3::MultiRegionAccessPoint"):
        regions = system.items(node.get("Regions") or [], node.template)
        given = [region.get("Bucket") for region in regions if isinstance(region, Mapping)]
        buckets = frozenset(text for bucket in given for text in system.texts(bucket, node.template))
        if not any(map(system.symbols.free_in, buckets)):
            yield from ((f"{name}.mrap", buckets) for name in system.names(node))


def through_access_points(system: System, glob: str, unknown: str) -> Iterator[str]:
    """The addresses that a glob stands for: objects behind an access point that is not known may be any bucket's."""
    yield glob
    if glob.startswith(ACCESS_POINT):
        name, _, key = glob.removeprefix(ACCESS_POINT).partition("/")
        if name not in dict(access_points(system)):
            yield f"s3:{unknown}/{key}"
