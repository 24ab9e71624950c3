"""S3 access points: other names of a bucket in policies ("Configuring IAM policies for using access points")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from constructs_lib.loops.addresses import ACCESS_POINT

if TYPE_CHECKING:
    from constructs_lib.templates.system import System

__all__ = ["access_points", "through_access_points"]


@dataclass(frozen=True)
class _Known:
    """The access points of a system whose buckets are known: what ARNs call them, and those of each bucket."""

    names: frozenset[str]
    by_bucket: Mapping[str, tuple[str, ...]]


_KNOWN: WeakKeyDictionary[System, _Known] = WeakKeyDictionary()


def access_points(system: System, bucket: str) -> tuple[str, ...]:
    """What ARNs call the access points of a bucket."""
    return _known(system).by_bucket.get(bucket, ())


def through_access_points(system: System, glob: str, unknown: str) -> tuple[str, ...]:
    """The addresses that a glob stands for: objects behind an access point that is not known may be any bucket's."""
    if glob.startswith(ACCESS_POINT):
        name, _, key = glob.removeprefix(ACCESS_POINT).partition("/")
        if name not in _known(system).names:
            return glob, f"s3:{unknown}/{key}"
    return (glob,)


def _known(system: System) -> _Known:
    known = _KNOWN.get(system)
    if known is None:
        by_bucket: dict[str, tuple[str, ...]] = {}
        for name, buckets in _found(system):
            for bucket in buckets:
                by_bucket[bucket] = (*by_bucket.get(bucket, ()), name)
        names = frozenset(name for points in by_bucket.values() for name in points)
        known = _KNOWN[system] = _Known(names, by_bucket)
    return known


def _found(system: System) -> Iterator[tuple[str, frozenset[str]]]:
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
