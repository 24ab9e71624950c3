"""Reading templates: what they stand for, and what is refused, where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from constructs_lib.errors import ConstructsLibError
from constructs_lib.templates import Template, read
from constructs_lib.templates.documents import parse

if TYPE_CHECKING:
    from pathlib import Path

ALIASES = "\n".join(
    [
        "l0: &l0 [x, x, x, x, x, x, x, x, x, x]",
        *(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 12)),
    ]
)


def test_short_tags_become_long_forms() -> None:
    text = """
        Name: !Sub "${Stage}-photos"
        Role: !GetAtt Role.Arn
        Nested: !GetAtt Stack.Outputs.Name
        Both: !Join [",", [!Ref A, !If [C, x, !Ref AWS::NoValue]]]
        When: !Condition Live
        """

    assert parse(text, name="a.yaml") == {
        "Name": {"Fn::Sub": "${Stage}-photos"},
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "Nested": {"Fn::GetAtt": ["Stack", "Outputs.Name"]},
        "Both": {"Fn::Join": [",", [{"Ref": "A"}, {"Fn::If": ["C", "x", {"Ref": "AWS::NoValue"}]}]]},
        "When": {"Condition": "Live"},
    }


def test_scalars_are_cloudformations_and_not_yamls() -> None:
    text = "{Version: 2012-10-17, Account: 012345678901, On: on, Size: 10, Rate: 1.5, Text: '10', None: ~, 1: a}"

    assert parse(f"a: {text}", name="a.yaml")["a"] == {
        "Version": "2012-10-17",
        "Account": "012345678901",
        "true": True,
        "Size": 10,
        "Rate": 1.5,
        "Text": "10",
        "None": None,
        "1": "a",
    }


def test_aliases_and_merges_are_read() -> None:
    text = "base: &base {a: 1, b: 2}\nmore: {<<: *base, b: 3}\nsame: *base"

    assert parse(text, name="a.yaml") == {"base": {"a": 1, "b": 2}, "more": {"b": 3, "a": 1}, "same": {"a": 1, "b": 2}}


@pytest.mark.parametrize("text", ['{"a": 1, "b": 2, "a": 3}', "a: 1\nb: 2\na: 3"])
def test_of_two_keys_with_one_name_the_last_one_counts_as_in_cloudformation(text: str) -> None:
    assert parse(text, name="a") == {"a": 3, "b": 2}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"Resources": {},}\nx', "a.yaml, line 1, column 18: expecting property name enclosed in double quotes"),
        ("a: [1, 2", "a.yaml, line 2, column 1: did not find expected ',' or ']'"),
        ("a: b: c", "a.yaml, line 1, column 5: mapping values are not allowed in this context"),
        ("a: &a [*a]", "a.yaml, line 1, column 8: the alias `*a` refers to what it is a part of"),
        ("a: *b", "a.yaml, line 1, column 4: the alias `*b` has no anchor"),
        (
            "a: !!python/name:os.system",
            "a.yaml, line 1, column 4: the tag `!!python/name:os.system` is not CloudFormation's",
        ),
        (ALIASES, "a.yaml, line 6, column 55: it expands to more than 1,000,000 values"),
        ("[" * 100_000, "a.yaml: it is nested too deeply"),
        ('{"a":' * 100_000, "a.yaml: it is nested too deeply"),
        (
            "\n".join(" " * depth + "a:" for depth in range(500)),
            "a.yaml, line 200, column 200: it is nested deeper than 200 levels",
        ),
        ("a: 1\n---\nb: 2", "a.yaml, line 2, column 1: it holds more than one document"),
        ("? [a]\n: b", "a.yaml, line 1, column 5: a key is not a string"),
        ("a: {<<: 1}", "a.yaml, line 1, column 9: `<<` merges mappings only"),
    ],
)
def test_what_is_no_document_is_refused_where_it_is_wrong(text: str, reason: str) -> None:
    with pytest.raises(ConstructsLibError) as raised:
        parse(text, name="a.yaml")

    fix = "correct it there" if "line" in reason else "give a template in JSON or YAML, as CloudFormation takes it"
    assert str(raised.value) == (
        f"""\
error[template-unreadable]: cannot read `a.yaml` as a CloudFormation or SAM template

  {reason}

  help: {fix}
  see: constructs-lib explain template-unreadable"""
    )


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([], "the document is not a mapping"),
        (None, "the document is not a mapping"),
        ({}, "it has no `Resources`"),
        ({"Resources": []}, "`Resources` is not a mapping"),
        ({"Resources": {}, "Parameters": "x"}, "`Parameters` is not a mapping"),
        ({"Resources": {"A": 1}}, "the resource `A` is not a mapping"),
        ({"Resources": {"A": {}}}, "the resource `A` has no `Type`"),
        ({"Resources": {"A": {"Type": 1}}}, "the resource `A` has no `Type`"),
        ({"Resources": {"A": {"Type": "T", "Properties": [1]}}}, "the `Properties` of `A` are not a mapping"),
    ],
)
def test_what_is_no_template_is_refused(document: dict[str, object], reason: str) -> None:
    with pytest.raises(ConstructsLibError) as raised:
        Template.of(document, name="a")

    assert raised.value.diagnostics[0].evidence == f"a: {reason}"


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b'{"Resources":\n {"\xff": {}}}')

    with pytest.raises(ConstructsLibError) as raised:
        read(path)

    assert raised.value.diagnostics[0].evidence == f"{path}, line 2, column 4: it is not UTF-8"


def test_a_large_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024)

    with pytest.raises(ConstructsLibError) as raised:
        read(path)

    assert raised.value.diagnostics[0].evidence == f"{path}: it is larger than 8 MB; CloudFormation takes at most 1 MB"


def test_a_template_is_named_after_its_file(tmp_path: Path) -> None:
    path = tmp_path / "Photos.template.json"
    path.write_text('{"Resources": {"A": {"Type": "AWS::S3::Bucket"}}}')

    template = read(path)

    assert (template.name, template.path, list(template.resources)) == ("Photos", path, ["A"])


def test_the_template_of_an_empty_stack_has_no_resources() -> None:
    assert Template.of({"Parameters": {}, "Rules": {}}).resources == {}
