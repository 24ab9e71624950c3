"""Fixes as edits of files, however these are written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from constructs_lib.cli.edits import edits
from constructs_lib.loops import Change, Fix, check
from constructs_lib.loops.patches import operations
from constructs_lib.templates import Template
from constructs_lib.templates.documents import parse
from tests.unit.loops.conftest import Make
from tests.unit.loops.test_fixes_of_edges import LOOPS

if TYPE_CHECKING:
    from collections.abc import Callable

STYLES: dict[str, Callable[[Any], str]] = {
    "yaml": lambda document: yaml.safe_dump(document, sort_keys=False),
    "indented yaml": lambda document: yaml.safe_dump(document, sort_keys=False, indent=4, width=40),
    "yaml in brackets": lambda document: yaml.safe_dump(document, default_flow_style=True),
    "json": lambda document: json.dumps(document, indent=2),
    "json in a line": json.dumps,
}


def edited(text: str, fix: Fix, template: Template) -> str:
    """The text after the fix; empty if that cannot be said."""
    found = edits(text, operations(fix), fix.applied_to(template).document)
    new = text
    for edit in reversed(found):
        new = new[: edit.start] + edit.text + new[edit.end :]
    return new if found else ""


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", sorted(LOOPS))
def test_every_fix_can_be_made_in_the_text(name: str, style: str) -> None:
    make = Make()
    plain = json.loads(json.dumps(make.template(LOOPS[name](make)).document))
    text = STYLES[style](plain)
    template = Template.of(parse(text, name=""))
    (finding,) = check([template]).findings

    assert finding.fixes
    for fix in finding.fixes:
        assert parse(edited(text, fix, template), name="") == fix.applied_to(template).document


TEXT = """\
# what it is for
Resources:
  Photos:  # originals
    Type: AWS::S3::Bucket
    Properties:
      Tags: [{Key: a, Value: b}, {Key: c, Value: d}]
      Names:
        - one  # the first
        - two
      Rule: !If [IsProd, !Sub "${A}/x", {Name: y}]
      Text: |
        a
        b
"""


@pytest.mark.parametrize(
    ("at", "value", "old", "new"),
    [
        (("Type",), "AWS::SNS::Topic", "    Type: AWS::S3::Bucket\n", '    Type: "AWS::SNS::Topic"\n'),
        (
            ("Properties", "Acl"),
            {"Fn::Sub": "é"},
            "      Tags: [",
            '      Acl: {"Fn::Sub": "é"}\n      Tags: [',
        ),
        (("Properties", "Tags", 0), None, "[{Key: a, Value: b}, {", "[{"),
        (("Properties", "Tags", 1), None, ", {Key: c, Value: d}]", "]"),
        (("Properties", "Tags", 1, "Key"), "e", "{Key: c", '{Key: "e"'),
        (("Properties", "Tags", 0, "New Key"), 1, "[{Key: a", '[{"New Key": 1, Key: a'),
        (("Properties", "Names"), ["one", "two", "three"], "- two\n", '- two\n        - "three"\n'),
        (("Properties", "Names"), ["zero", "one", "two"], "- one", '- "zero"\n        - one'),
        (("Properties", "Names", 1), None, "\n        - two", ""),
        (("Properties", "Rule", "Fn::If", 1, "Fn::Sub"), "z", '!Sub "${A}/x"', '{"Fn::Sub": "z"}'),
        (("Properties", "Rule", "Fn::If", 2, "Name"), None, "{Name: y}", "{}"),
        (("Properties", "Text"), "c", "|\n        a\n        b\n", '"c"\n'),
        (("Properties", "Text"), None, "\n      Text: |\n        a\n        b\n", "\n"),
    ],
)
def test_an_edit_leaves_the_rest_as_it_is_written(at: Any, value: Any, old: str, new: str) -> None:
    template = Template.of(parse(TEXT, name=""))
    fix = Fix("…", (Change(template, ("Resources", "Photos", *at), value),))

    assert TEXT.count(old) == 1
    assert edited(TEXT, fix, template) == TEXT.replace(old, new)


@pytest.mark.parametrize(
    "text",
    [
        "Resources: {A: &a {Type: AWS::S3::Bucket}, B: *a}",
        "Resources: {A: &a {Type: AWS::S3::Bucket}, B: {<<: *a}}",
    ],
)
def test_what_is_meant_in_other_places_too_is_not_edited(text: str) -> None:
    template = Template.of(parse(text, name=""))
    fix = Fix("…", (Change(template, ("Resources", "B", "Type"), "AWS::SNS::Topic"),))

    assert edited(text, fix, template) == ""


def test_a_long_text_is_left_alone() -> None:
    text = TEXT + "#" * 200_000
    template = Template.of(parse(text, name=""))

    assert edited(text, Fix("…", (Change(template, ("Resources", "Photos", "Type"), "A::B::C"),)), template) == ""
