"""`constructs-lib check`: what it reads, what it prints, and how it ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from constructs_lib.cli import app

if TYPE_CHECKING:
    from pathlib import Path

LOOPING: dict[str, Any] = {
    "Resources": {
        "Photos": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "NotificationConfiguration": {
                    "LambdaConfigurations": [
                        {"Event": "s3:ObjectCreated:*", "Function": {"Fn::GetAtt": ["Resize", "Arn"]}}
                    ]
                }
            },
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "Policies": [
                    {
                        "PolicyName": "write",
                        "PolicyDocument": {
                            "Statement": [
                                {
                                    "Effect": "Allow",
                                    "Action": "s3:PutObject",
                                    "Resource": {"Fn::Sub": "${Photos.Arn}/*"},
                                }
                            ]
                        },
                    }
                ]
            },
        },
        "Resize": {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["Role", "Arn"]}}},
    }
}
SAFE: dict[str, Any] = {"Resources": {"Photos": {"Type": "AWS::S3::Bucket"}}}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["check", *arguments])
    return result.exit_code, result.output


def write(path: Path, document: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")


def test_a_template_without_loops_ends_with_0(folder: Path) -> None:
    write(folder / "safe.json", SAFE)

    assert run("safe.json") == (0, "safe.json: loop-free: 0 functions, 0 resources, 0 edges\n")


def test_a_loop_ends_with_1(folder: Path) -> None:
    write(folder / "looping.json", LOOPING)

    code, output = run("looping.json")

    assert code == 1
    assert output == (
        """\
error[s3-invocation-loop]: `Resize` can invoke itself through `Photos`

  Resize  -- s3:PutObject `*` -->   Photos
  Photos  -- s3:ObjectCreated:* --> Resize

  witness: writing key `a` invokes `Resize` again
  help: write to another bucket than `Photos`
  see: docs/errors/s3-invocation-loop.md

looping.json: loop: 1 function, 1 resource, 2 edges
"""
    )


def test_what_cannot_be_read_ends_with_2_and_the_others_are_checked(folder: Path) -> None:
    (folder / "broken.yaml").write_text("Resources: [", encoding="utf-8")
    write(folder / "safe.json", SAFE)

    code, output = run("broken.yaml", "safe.json")

    assert code == 2
    assert output == (
        """\
error[template-unreadable]: cannot read `broken.yaml` as a CloudFormation or SAM template

  broken.yaml, line 2, column 1: did not find expected node content

  help: give a template in JSON or YAML, as CloudFormation takes it
  see: docs/errors/template-unreadable.md

safe.json: loop-free: 0 functions, 0 resources, 0 edges
"""
    )


def test_json_is_one_object(folder: Path) -> None:
    write(folder / "looping.json", LOOPING)

    code, output = run("--format", "json", "looping.json", "gone.json")

    assert code == 2
    assert json.loads(output) == {
        "verdict": "loop",
        "systems": [
            {
                "path": "looping.json",
                "verdict": "loop",
                "findings": [
                    {
                        "reference": "s3-invocation-loop",
                        "verdict": "loop",
                        "severity": "stopped-by-aws",
                        "path": [
                            {"from": "Resize", "via": "s3:PutObject `*`", "to": "Photos"},
                            {"from": "Photos", "via": "s3:ObjectCreated:*", "to": "Resize"},
                        ],
                        "witness": "writing key `a` invokes `Resize` again",
                        "help": ["write to another bucket than `Photos`"],
                    }
                ],
                "approximations": [],
                "not_modelled": [],
            }
        ],
        "unreadable": [{"path": "gone.json", "reason": "gone.json: no such file or directory"}],
    }


def test_a_folder_is_searched_for_what_looks_like_a_template(folder: Path) -> None:
    write(folder / "infra" / "safe.json", SAFE)
    write(folder / "infra" / "node_modules" / "looping.json", LOOPING)
    (folder / "infra" / "notes.yaml").write_text("Resources: none", encoding="utf-8")
    (folder / "infra" / "broken.json").write_text('{"a": ', encoding="utf-8")

    assert run("infra") == (0, "infra/safe.json: loop-free: 0 functions, 0 resources, 0 edges\n")


def test_a_glob_is_expanded(folder: Path) -> None:
    write(folder / "a" / "safe.json", SAFE)

    assert run("*/*.json") == (0, "a/safe.json: loop-free: 0 functions, 0 resources, 0 edges\n")


def test_nothing_to_check_is_no_proof(folder: Path) -> None:
    (folder / "empty").mkdir()

    code, output = run("empty")

    assert code == 2
    assert output == (
        """\
error[no-templates]: there is no template in `empty`

  help: name a template, or a folder that holds some; for a CDK app run `cdk synth` first
  see: docs/errors/no-templates.md

"""
    )


def split() -> tuple[dict[str, Any], dict[str, Any]]:
    """The looping template as two, joined by exports."""
    photos = json.loads(
        json.dumps(LOOPING["Resources"]["Photos"]).replace(
            '{"Fn::GetAtt": ["Resize", "Arn"]}', '{"Fn::ImportValue": "resize"}'
        )
    )
    data = {
        "Resources": {"Photos": photos},
        "Outputs": {"Photos": {"Value": {"Fn::GetAtt": ["Photos", "Arn"]}, "Export": {"Name": "photos"}}},
    }
    code = json.loads(
        json.dumps({key: LOOPING["Resources"][key] for key in ("Role", "Resize")}).replace(
            '{"Fn::Sub": "${Photos.Arn}/*"}', '{"Fn::Join": ["", [{"Fn::ImportValue": "photos"}, "/*"]]}'
        )
    )
    outputs = {"Resize": {"Value": {"Fn::GetAtt": ["Resize", "Arn"]}, "Export": {"Name": "resize"}}}
    return data, {"Resources": code, "Outputs": outputs}


def test_an_assembly_is_one_system_and_its_stages_are_others(folder: Path) -> None:
    data, code = split()
    for place in ("cdk.out", "cdk.out/assembly-Prod"):
        write(folder / place / "Data.template.json", data)
        write(folder / place / "Code.template.json", code)
        artifacts: dict[str, Any] = {
            name: {"type": "aws:cloudformation:stack", "properties": {"templateFile": f"{name}.template.json"}}
            for name in ("Data", "Code")
        }
        if place == "cdk.out":
            nested = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}}
            artifacts["assembly-Prod"] = nested
        write(folder / place / "manifest.json", {"version": "53.0.0", "artifacts": artifacts})

    code_, output = run("cdk.out")

    assert code_ == 1
    assert [line for line in output.splitlines() if line.startswith(("error", "cdk.out"))] == [
        "error[s3-invocation-loop]: `Code/Resize` can invoke itself through `Data/Photos`",
        "cdk.out: loop: 1 function, 1 resource, 2 edges",
        "error[s3-invocation-loop]: `Code/Resize` can invoke itself through `Data/Photos`",
        "cdk.out/assembly-Prod: loop: 1 function, 1 resource, 2 edges",
    ]


def test_files_are_systems_of_their_own_unless_taken_together(folder: Path) -> None:
    data, code = split()
    write(folder / "Data.json", data)
    write(folder / "Code.json", code)

    apart, together = run("Data.json", "Code.json"), run("--together", "Data.json", "Code.json")

    assert apart[0] == 0
    assert together[0] == 1
    assert together[1].splitlines()[0] == (
        "error[s3-invocation-loop]: `Code/Resize` can invoke itself through `Data/Photos`"
    )
