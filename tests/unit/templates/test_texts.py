"""What the functions of templates stand for as texts; `…` in place of what nobody can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.loops import check
from constructs_lib.templates import Template, read, symbols
from constructs_lib.templates.symbols import kinds_in, replaced
from constructs_lib.templates.system import System

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATE = Template.of(
    {
        "Parameters": {
            "Stage": {"Type": "String", "AllowedValues": ["dev", "prod"]},
            "Name": {"Type": "String"},
            "Names": {"Type": "CommaDelimitedList"},
        },
        "Mappings": {"Sizes": {"of": {"few": ["a", "b"]}}},
        "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
        "Resources": {
            "Photos": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "photos"}},
            "Thumbs": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "thumbs"}},
        },
    }
)
SYSTEM = System([TEMPLATE])
NO_VALUE = {"Ref": "AWS::NoValue"}


def if_prod(value: Any, otherwise: Any) -> dict[str, Any]:
    return {"Fn::If": ["IsProd", value, otherwise]}


def texts(value: Any) -> list[str]:
    return [replaced(text, lambda _: "…") for text in SYSTEM.texts(value, TEMPLATE)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Fn::Length": ["a", "b", "c"]}, ["3"]),
        ({"Fn::Length": {"Fn::Split": [",", "a,b"]}}, ["2"]),
        ({"Fn::Length": {"Fn::FindInMap": ["Sizes", "of", "few"]}}, ["2"]),
        ({"Fn::Length": if_prod(["a", "b"], ["a"])}, ["2", "1"]),
        ({"Fn::Length": ["a", if_prod("b", NO_VALUE)]}, ["2", "1"]),
        ({"Fn::Length": {"Ref": "Names"}}, ["…"]),
        ({"Fn::ToJsonString": {"a": ["x", 1, True, None]}}, ['{"a": ["x", 1, true, null]}']),
        ({"Fn::ToJsonString": {"a": {"Ref": "Photos"}}}, ['{"a": "photos"}']),
        ({"Fn::ToJsonString": {"a": {"Ref": "Stage"}}}, ['{"a": "dev"}', '{"a": "prod"}']),
        ({"Fn::ToJsonString": {"a": {"Fn::Sub": "${Photos}-${Name}"}}}, ['{"a": "photos-…"}']),
        ({"Fn::ToJsonString": if_prod({"a": 1}, {"b": [2]})}, ['{"a": 1}', '{"b": [2]}']),
        ({"Fn::ToJsonString": {"a": if_prod(1, NO_VALUE), "b": [if_prod(2, NO_VALUE)]}}, None),
        ({"Fn::ToJsonString": [{"Ref": "Stage"}] * 5}, ["…"]),
        ({"Fn::GetAtt": [if_prod("Photos", "Thumbs"), "Arn"]}, ["arn:aws:s3:::photos", "arn:aws:s3:::thumbs"]),
        ({"Fn::GetAtt": ["Photos", {"Fn::Join": ["", ["A", "rn"]]}]}, ["arn:aws:s3:::photos"]),
        ({"Fn::GetAtt": [{"Ref": "Name"}, "Arn"]}, ["…"]),
        ({"Fn::Join": ["-", ["a", if_prod("b", NO_VALUE), "c"]]}, ["a-b-c", "a-c"]),
        ({"Fn::Select": [1, ["a", if_prod("b", NO_VALUE), "c"]]}, ["b", "c"]),
        ({"Fn::Select": [float("inf"), ["a", "b"]]}, ["…"]),
        ({"Fn::Select": [float("nan"), ["a", "b"]]}, ["…"]),
        (if_prod("a", NO_VALUE), ["a", "…"]),
    ],
)
def test_a_function_stands_for_its_texts(value: Any, expected: list[str] | None) -> None:
    both = ['{"a": 1, "b": [2]}', '{"a": 1, "b": []}', '{"b": [2]}', '{"b": []}']

    assert texts(value) == (both if expected is None else expected)


CHILD = """
Parameters:
  Prefixes: {Type: CommaDelimitedList}
Resources:
  Photos:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: photos
      NotificationConfiguration:
        LambdaConfigurations:
          - Event: s3:ObjectCreated:*
            Function: !GetAtt Resize.Arn
            Filter: {S3Key: {Rules: [{Name: prefix, Value: !Select [0, !Ref Prefixes]}]}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyDocument:
            Statement: {Effect: Allow, Action: s3:PutObject, Resource: 'arn:aws:s3:::photos/in/*'}
  Resize: {Type: AWS::Lambda::Function, Properties: {Role: !GetAtt Role.Arn}}
"""


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ("'in/,other/'", "loop"),
        ("'out/, in/'", "loop-free"),
        ("[out/, in/]", "loop-free"),
        ("!Join [',', [in/, out/]]", "loop"),
        ("!Join [',', [!Ref Photos, in/]]", "loop-free"),
        ("!Ref Any", "unproven"),
    ],
)
def test_a_list_that_the_parent_of_a_nested_stack_gives_is_known(tmp_path: Path, given: str, verdict: str) -> None:
    parent = f"""
Parameters: {{Any: {{Type: CommaDelimitedList}}}}
Resources:
  Photos: {{Type: AWS::S3::Bucket, Properties: {{BucketName: others}}}}
  Worker:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: ./child.yaml
      Parameters:
        Prefixes: {given}
"""
    (tmp_path / "child.yaml").write_text(CHILD, "utf-8")
    (tmp_path / "parent.yaml").write_text(parent, "utf-8")

    assert check([read(tmp_path / "parent.yaml")]).verdict == verdict


@pytest.mark.parametrize("room", [3, 0])
def test_resources_are_found_by_names_and_arns_even_if_there_are_too_many_to_tell_apart(
    monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    first = symbols._PLANES["generated"][0]
    monkeypatch.setitem(symbols._PLANES, "generated", (first, first + room))
    queue = {"Type": "AWS::SQS::Queue"}
    named = {**queue, "Properties": {"QueueName": {"Fn::Sub": "${In}-dead"}}}
    maybe = {**queue, "Properties": {"QueueName": {"Fn::If": ["Some", "jobs", NO_VALUE]}}}
    template = Template.of({"Resources": {"In": queue, "Out": queue, "Dead": named, "Jobs": maybe}})
    system = System([template])

    for node in system.nodes("AWS::SQS::Queue"):
        assert all(node in system.by_arn(arn) for arn in system.arns(node))
        assert all(node in system.named(node.type, name) for name in system.names(node))
        assert len(set(system.by_arn(system.arns(node)[0]))) == (1 if room or node.id in {"Dead", "Jobs"} else 3)


def test_a_name_that_is_too_far_behind_others_is_not_taken_for_one_that_is_made_up() -> None:
    far = 230
    queues: dict[str, Any] = {
        f"Q{n}": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": f"${{Q{n + 1}.QueueName}}"}}}
        for n in range(far)
    }
    queues[f"Q{far}"] = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs"}}
    template = Template.of({"Resources": queues})

    def kinds(already_called: int) -> set[str]:
        if already_called:
            return kinds(already_called - 1)
        system = System([template])
        return {
            kind for node in system.nodes("AWS::SQS::Queue") for name in system.names(node) for kind in kinds_in(name)
        }

    assert [kinds(already_called) for already_called in range(24)] == [{"free"}] * 24
