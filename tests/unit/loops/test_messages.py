"""What flows over an edge: fields that add up, and those that a message does not have."""

from __future__ import annotations

from constructs_lib.loops.keys import STAR
from constructs_lib.loops.languages import Language
from constructs_lib.loops.messages import ABSENT, Message
from constructs_lib.templates.symbols import Symbols

SYMBOL = Symbols().character("free", "${Free}", "free")


def text(*globs: str) -> Language:
    return Language((globs,))


def test_what_two_messages_say_of_a_field_adds_up() -> None:
    key = Message({"key": text("in/" + STAR)})

    assert (key & Message({"key": text(STAR + ".jpg")})).sure() == {"key": "in/a.jpg"}
    assert (key & Message({"key": text("out/" + STAR)})).may() is None
    assert (key & Message({"event": text("Put")})).sure() == {"key": "in/a", "event": "Put"}


def test_one_field_that_is_impossible_makes_the_message_impossible() -> None:
    impossible = Language((("a",), ("b",)))

    assert Message({"key": text("x"), "event": impossible}).sure() is None
    assert Message({"event": impossible, "key": text("x")}).may() is None


def test_a_message_that_may_be_is_not_one_for_certain() -> None:
    message = Message({"key": text(SYMBOL)}) & Message({"key": text("in")})

    assert message.sure() is None
    assert message.may() is not None


def test_a_field_that_the_message_does_not_have_is_nothing_but_absent() -> None:
    bare = Message({"key": text("x")}, absent=("attributes.", "headers."))

    assert (bare & Message({"attributes.a": text("x")})).may() is None
    assert (bare & Message({"headers.a": text(STAR)})).sure() is not None  # what is not decided stays possible
    assert (bare & Message({"attributes.a": text(ABSENT)})).sure() == {"key": "x", "attributes.a": ABSENT}
    assert (bare & Message({"body.a": text("y")})).sure() == {"key": "x", "body.a": "y"}
    assert (bare & Message()).absent == ("attributes.", "headers.")


def test_a_message_that_says_nothing_is_absent_has_any_field() -> None:
    assert (Message() & Message({"a": text("x")})).sure() == {"a": "x"}


def test_renaming_keeps_what_is_said_and_leaves_out_what_has_no_name() -> None:
    message = Message({"key": text("x"), "event": text("y")}, absent=("a.",))

    renamed = message.renamed(lambda name: f"detail.{name}" if name == "key" else None)

    assert renamed == Message({"detail.key": text("x")}, absent=("a.",))
