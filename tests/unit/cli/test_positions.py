"""Where something of a template is written, in YAML and in JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.cli.positions import Position, locate, locate_in_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

YAML = """\
# A comment
Resources:
  Photos: &photos
    Type: AWS::S3::Bucket
    "Properties": {Tags: [{Key: a, Value: !Sub "${b}"}, {Key: c}]}
  Copy: *photos
  Role:
    Properties:
      Policies: !If
        - Known
        - - PolicyName: one
        -
          - PolicyName: two
            PolicyDocument:
              Statement:
              - {Effect: Allow}
              - Effect: Deny
"""


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        (("Resources",), (2, 1)),
        (("Resources", "Photos"), (3, 3)),
        (("Resources", "Photos", "Properties", "Tags", 1), (5, 57)),
        (("Resources", "Photos", "Properties", "Tags", 0, "Value"), (5, 36)),
        (("Resources", "Photos", "Properties", "Tags", 0, "Value", "Fn::Sub"), (5, 43)),
        (("Resources", "Role", "Properties", "Policies", "Fn::If"), (9, 17)),
        (("Resources", "Role", "Properties", "Policies", "Fn::If", 1, 0, "PolicyName"), (11, 13)),
        (("Resources", "Role", "Properties", "Policies", "Fn::If", 2, 0, "PolicyDocument", "Statement", 1), (17, 17)),
    ],
)
def test_a_value_of_yaml_is_where_its_key_or_its_item_is(
    route: tuple[str | int, ...], expected: tuple[int, int]
) -> None:
    assert locate(YAML, [route]) == {route: Position(*expected)}


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        (("Resources", "Gone", "Properties"), (2, 1)),
        (("Resources", "Copy", "Type"), (6, 3)),  # behind the alias
        (("Resources", "Photos", "Properties", "Tags", 7), (5, 20)),
        (("Parameters",), (1, 1)),
        ((), (1, 1)),
    ],
)
def test_what_is_not_there_is_placed_at_the_last_value_on_the_way(
    route: tuple[str | int, ...], expected: tuple[int, int]
) -> None:
    assert locate(YAML, [route]) == {route: Position(*expected)}


def test_several_values_are_found_at_once() -> None:
    routes: list[tuple[str | int, ...]] = [("Resources", "Role"), ("Resources",), ("Resources", "Role")]

    assert locate(YAML, routes) == {("Resources", "Role"): Position(7, 3), ("Resources",): Position(2, 1)}


def test_json_may_be_indented_by_tabs_and_hold_what_yaml_cannot() -> None:
    text = '{\r\n\t"a\\ud83d\\ude00": "x: [{\\"",\r\n\t"b\\/": [1, -2e3, null,\t{"c": {}}]\r\n}'

    assert json.loads(text)["b/"][3] == {"c": {}}
    assert locate(text, [("a\U0001f600",), ("b/",), ("b/", 1), ("b/", 3, "c")]) == {
        ("a\U0001f600",): Position(2, 2),
        ("b/",): Position(3, 2),
        ("b/", 1): Position(3, 13),
        ("b/", 3, "c"): Position(3, 26),
    }


def test_columns_count_characters() -> None:
    assert locate("{ä: 1, 😀: [ü, x]}", [("😀", 1)]) == {("😀", 1): Position(1, 15)}


def test_flow_style_that_is_no_json_is_yaml() -> None:
    assert locate("{\n  # a comment\n  a: {b: 1,},\n}", [("a", "b")]) == {("a", "b"): Position(3, 7)}


def test_a_file_that_has_gone_since_has_no_positions(tmp_path: Path) -> None:
    assert locate_in_file(tmp_path / "gone.yaml", [("Resources",)]) == {}


KEYS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=4)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
).map(lambda value: {"Resources": value})


def routes(value: Any, here: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    yield here, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from routes(inner, (*here, key))


@given(DOCUMENTS, st.sampled_from([None, 1, "\t"]))
def test_json_and_its_reading_as_yaml_have_the_same_positions(document: Any, indent: int | str | None) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=False)
    wanted = [route for route, _ in routes(document) if route]
    found = locate(text, wanted)

    lines = text.split("\n")
    for route, at in found.items():
        rest = "\n".join([lines[at.line - 1][at.column - 1 :], *lines[at.line :]])
        name = route[-1]
        if isinstance(name, str):
            assert rest.startswith(f"{json.dumps(name, ensure_ascii=False)}:")
        else:
            value = next(value for other, value in routes(document) if other == route)
            assert json.JSONDecoder().raw_decode(rest)[0] == value


@given(DOCUMENTS)
def test_positions_in_yaml_begin_with_the_key(document: Any) -> None:
    text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
    wanted = [route for route, _ in routes(document) if route and all(part != "<<" for part in route)]

    for route, at in locate(text, wanted).items():
        if isinstance(route[-1], str) and route[-1].isalnum() and route[-1].isascii():
            rest = text.split("\n")[at.line - 1][at.column - 1 :]
            assert rest.lstrip("'\"? ").startswith(route[-1])
