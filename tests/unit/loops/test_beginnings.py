"""Channels are found by how their addresses begin."""

from __future__ import annotations

from constructs_lib.loops.beginnings import Beginnings, beginning
from constructs_lib.loops.edges import Channel
from constructs_lib.loops.keys import ANY, STAR
from constructs_lib.templates import Template
from constructs_lib.templates.system import System

SYSTEM = System((Template.of({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}, name="Stack"),))
ACCOUNT = SYSTEM.symbols.character("account", "${AWS::AccountId}", "free")
NAMES = ["sqs:in", "sqs:in-put", f"sqs:in-{ACCOUNT}", f"sqs:out-{ACCOUNT}", f"sqs:{ACCOUNT}", "sns:in"]


def found(text: str) -> list[str]:
    index = Beginnings()
    (node,) = SYSTEM.nodes("AWS::SQS::Queue")
    for name in NAMES:
        index.add(name, Channel(node, (name,), ()))
    return [channel.addresses[0] for channel in index.of(beginning(text))]


def test_a_beginning_ends_where_a_text_is_not_known() -> None:
    texts = ["sqs:in", f"sqs:in{STAR}x", f"sqs:{ANY}n", f"sqs:a{ACCOUNT}b{STAR}", f"sqs:a{STAR}b{ACCOUNT}"]

    assert [beginning(text) for text in texts] == ["sqs:in", "sqs:in", "sqs:", "sqs:a", "sqs:a"]


def test_a_known_text_finds_what_it_may_be() -> None:
    assert found("sqs:in-put") == ["sqs:in", "sqs:in-put", f"sqs:in-{ACCOUNT}", f"sqs:{ACCOUNT}"]


def test_a_text_that_is_not_known_finds_all_that_it_may_be() -> None:
    assert found(f"sqs:in-{ACCOUNT}") == ["sqs:in", "sqs:in-put", f"sqs:in-{ACCOUNT}", f"sqs:{ACCOUNT}"]
    assert found(f"sqs:o{STAR}") == [f"sqs:out-{ACCOUNT}", f"sqs:{ACCOUNT}"]
    assert found(STAR) == NAMES
