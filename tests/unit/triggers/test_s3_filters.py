from __future__ import annotations

from dataclasses import dataclass

import pytest
from aws_cdk import aws_s3 as s3

from constructs_lib.triggers.s3_filters import EVENTS, event_name, events_overlap, overlap


@dataclass
class Filtered:
    prefix: str = ""
    suffix: str = ""
    event_types: tuple[str, ...] = ("s3:ObjectCreated:*",)


@pytest.mark.parametrize("event", list(s3.EventType))
def test_each_event_type_of_cdk_has_a_name(event: s3.EventType) -> None:
    assert event_name(event) in EVENTS


def test_an_event_type_of_cdk_is_spelled_as_s3_does() -> None:
    assert event_name(s3.EventType.OBJECT_CREATED) == "s3:ObjectCreated:*"
    assert event_name(s3.EventType.OBJECT_REMOVED_DELETE_MARKER_CREATED) == "s3:ObjectRemoved:DeleteMarkerCreated"
    assert event_name("s3:ObjectCreated:Put") == "s3:ObjectCreated:Put"


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("s3:ObjectCreated:*", "s3:ObjectCreated:*", "s3:ObjectCreated:*"),
        ("s3:ObjectCreated:*", "s3:ObjectCreated:Put", "s3:ObjectCreated:Put"),
        ("s3:ObjectCreated:Copy", "s3:ObjectCreated:*", "s3:ObjectCreated:Copy"),
        ("s3:ObjectCreated:Copy", "s3:ObjectCreated:Put", None),
        ("s3:ObjectCreated:*", "s3:ObjectRemoved:*", None),
    ],
)
def test_events_overlap_if_one_contains_the_other(one: str, other: str, both: str | None) -> None:
    assert events_overlap(one, other) == both


def test_prefix_and_suffix_may_share_characters() -> None:
    found = overlap(Filtered(prefix="ab"), Filtered(suffix="bc"))
    assert found
    assert found.key.startswith("ab")
    assert found.key.endswith("bc")


def test_prefixes_that_exclude_each_other_do_not_overlap() -> None:
    assert overlap(Filtered(prefix="in/"), Filtered(prefix="out/")) is None


def test_equal_filters_of_other_events_do_not_overlap() -> None:
    assert overlap(Filtered(), Filtered(event_types=("s3:ObjectRemoved:*",))) is None
