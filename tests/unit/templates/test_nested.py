"""Nested stacks, and what else templates keep in files beside them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.errors import ConstructsLibError
from constructs_lib.loops import check
from constructs_lib.templates import discover, flattened, read

if TYPE_CHECKING:
    from pathlib import Path

FUNCTION = """
Parameters:
  Target: {Type: String}
  Prefix: {Type: String, Default: out/}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyDocument:
            Statement: {Effect: Allow, Action: s3:PutObject, Resource: !Sub 'arn:aws:s3:::${Target}/${Prefix}*'}
  Resize: {Type: AWS::Lambda::Function, Properties: {Role: !GetAtt Role.Arn}}
Outputs:
  Arn: {Value: !GetAtt Resize.Arn}
"""
PARENT = """
Resources:
  Photos:
    Type: AWS::S3::Bucket
    Properties:
      NotificationConfiguration:
        LambdaConfigurations:
          - Event: s3:ObjectCreated:*
            Function: !GetAtt Worker.Outputs.Arn
            Filter: {S3Key: {Rules: [{Name: prefix, Value: in/}]}}
  Worker:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: ./child.yaml
      Parameters: {Target: !Ref Photos PREFIX}
"""


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text, "utf-8")
    return folder / "parent.yaml"


@pytest.mark.parametrize(
    ("prefix", "verdict"), [(", Prefix: in/", "loop"), ("", "loop-free"), (", Prefix: other/", "loop-free")]
)
def test_a_loop_leads_through_a_nested_stack_and_its_parent(tmp_path: Path, prefix: str, verdict: str) -> None:
    path = written(tmp_path, parent_yaml=PARENT.replace(" PREFIX", prefix), child_yaml=FUNCTION)

    report = check([read(path)])

    assert (report.verdict, report.not_modelled) == (verdict, ())
    if verdict == "loop":
        assert [(s.source, s.target, s.at, s.template.path) for s in report.findings[0].path] == [
            (
                "parent/Worker/Resize",
                "parent/Photos",
                ("Resources", "Role", "Properties", "Policies", 0, "PolicyDocument", "Statement"),
                tmp_path / "child.yaml",
            ),
            (
                "parent/Photos",
                "parent/Worker/Resize",
                ("Resources", "Photos", "Properties", "NotificationConfiguration", "LambdaConfigurations", 0),
                path,
            ),
        ]


def test_a_missing_nested_template_is_named_and_its_outputs_may_be_anything(tmp_path: Path) -> None:
    path = written(tmp_path, parent_yaml=PARENT.replace(" PREFIX", ""))

    assert check([read(path)]).not_modelled == ("the template of the stack `Worker`",)


def test_a_template_that_nests_itself_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, parent_yaml=PARENT.replace("./child.yaml", "./parent.yaml").replace(" PREFIX", ""))

    with pytest.raises(ConstructsLibError, match="its nested stack `Worker` is a stack that it is nested in"):
        read(path)


def test_nested_stacks_that_multiply_are_refused(tmp_path: Path) -> None:
    for level in range(10):
        child = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": f"{level + 1}.json"}}
        (tmp_path / f"{level}.json").write_text(json.dumps({"Resources": {f"S{n}": child for n in range(10)}}))
    (tmp_path / "10.json").write_text('{"Resources": {}}')

    with pytest.raises(ConstructsLibError, match="it has more than 500 nested stacks"):
        read(tmp_path / "0.json")


def test_a_child_belongs_to_the_system_of_its_parent(tmp_path: Path) -> None:
    path = written(tmp_path, parent_yaml=PARENT.replace(" PREFIX", ""), child_yaml=FUNCTION)

    assert [[t.name for t in flattened(found.templates)] for found in discover([tmp_path])] == [
        ["parent", "parent/Worker"]
    ]
    assert [found.path for found in discover([path, tmp_path / "child.yaml"])] == [path]
    assert [found.path for found in discover([tmp_path / "child.yaml"])] == [tmp_path / "child.yaml"]


def test_a_nested_stack_of_a_cloud_assembly_is_found_by_the_key_of_its_asset(tmp_path: Path) -> None:
    url = {"Fn::Join": ["", ["https://s3.", {"Ref": "AWS::Region"}, ".amazonaws.com/assets/", "0a1b.json"]]}
    child = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}
    (tmp_path / "Photos.template.json").write_text(json.dumps({"Resources": {"Nested": child}}))
    (tmp_path / "PhotosNested.nested.template.json").write_text('{"Resources": {}}')
    assets = {
        "h": {
            "source": {"path": "PhotosNested.nested.template.json"},
            "destinations": {"d": {"objectKey": "0a1b.json"}},
        }
    }
    (tmp_path / "Photos.assets.json").write_text(json.dumps({"files": assets}))

    assert list(read(tmp_path / "Photos.template.json").nested) == ["Nested"]


@pytest.mark.parametrize(
    "location", ["../secret.yaml", "/etc/hosts", "link.yaml", "https://example.com/a.yaml", "self.yaml"]
)
def test_nothing_outside_of_the_folder_is_read(tmp_path: Path, location: str) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()
    (tmp_path / "secret.yaml").write_text("Resources: {}")
    (folder / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (folder / "self.yaml").symlink_to(folder / "self.yaml")
    path = written(folder, parent_yaml=PARENT.replace("./child.yaml", location).replace(" PREFIX", ""))

    assert dict(read(path).nested) == {}


INCLUDED = """
Resources:
  Photos:
    Type: AWS::S3::Bucket
    Properties:
      Fn::Transform: {Name: AWS::Include, Parameters: {Location: notifications.yaml}}
  Resize:
    Type: AWS::Serverless::Function
    Properties:
      Policies: [S3CrudPolicy: {BucketName: !Ref Photos}]
"""
NOTIFICATIONS = """
NotificationConfiguration:
  LambdaConfigurations: [{Event: s3:ObjectCreated:*, Function: !GetAtt Resize.Arn}]
"""


def test_what_a_file_adds_takes_part_in_a_loop(tmp_path: Path) -> None:
    path = written(tmp_path, parent_yaml=INCLUDED, notifications_yaml=NOTIFICATIONS)

    report = check([read(path)])

    assert (report.verdict, report.not_modelled) == ("loop", ())


def test_an_include_that_is_not_there_and_a_macro_are_named(tmp_path: Path) -> None:
    path = written(tmp_path, parent_yaml="Transform: [AWS::Serverless-2016-10-31, Expand]\n" + INCLUDED)

    report = check([read(path)])

    assert report.not_modelled == ("what `AWS::Include` of `notifications.yaml` adds", "what the macro `Expand` makes")


MACHINE: dict[str, Any] = {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "${Worker}", "End": True}}}


@pytest.mark.parametrize(
    "definition", [json.dumps(MACHINE), "StartAt: A\nStates: {A: {Type: Task, Resource: '${Worker}', End: true}}"]
)
def test_a_definition_is_read_from_its_file(tmp_path: Path, definition: str) -> None:
    template = """
Resources:
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties: {DefinitionUri: machine.yaml, DefinitionSubstitutions: {Worker: !GetAtt Worker.Arn}}
  Worker:
    Type: AWS::Serverless::Function
    Properties: {Policies: [StepFunctionsExecutionPolicy: {StateMachineName: !GetAtt Machine.Name}]}
"""
    path = written(tmp_path, parent_yaml=template, machine_yaml=definition)

    assert check([read(path)]).verdict == "loop"
