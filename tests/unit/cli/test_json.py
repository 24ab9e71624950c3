"""`constructs-lib check --format json`: one object, as its schema describes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonpatch
import jsonschema

from constructs_lib.templates.documents import parse

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Folder

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "check-output.schema.json").read_text(encoding="utf-8"))
APART = "keep input and output in `Photos` apart: trigger on `in/*`, s3:PutObject on `resize-output/*`"


STATEMENT = "/Resources/Role/Properties/Policies/0/PolicyDocument/Statement/0/Resource"
TRIGGER = "/Resources/Photos/Properties/NotificationConfiguration/LambdaConfigurations/0"
WRITTEN = {"Fn::Sub": "${Photos.Arn}/*"}
FIXES: list[dict[str, Any]] = [
    {
        "text": APART,
        "changes": [
            {
                "file": "looping.yaml",
                "line": 7,
                "column": 13,
                "op": "add",
                "path": f"{TRIGGER}/Filter",
                "value": {"S3Key": {"Rules": [{"Name": "prefix", "Value": "in/"}]}},
            },
            {
                "file": "looping.yaml",
                "line": 18,
                "column": 17,
                "op": "replace",
                "path": STATEMENT,
                "value": {"Fn::Sub": "${Photos.Arn}/resize-output/*"},
                "old": WRITTEN,
            },
        ],
    },
    {
        "text": "write to another bucket than `Photos`",
        "changes": [
            {
                "file": "looping.yaml",
                "line": 18,
                "column": 17,
                "op": "replace",
                "path": STATEMENT,
                "value": {"Fn::Join": ["", [{"Fn::GetAtt": ["PhotosOutput", "Arn"]}, "/*"]]},
                "old": WRITTEN,
            },
            {
                "file": "looping.yaml",
                "line": 1,
                "column": 1,
                "op": "add",
                "path": "/Resources/PhotosOutput",
                "value": {"Type": "AWS::S3::Bucket"},
            },
        ],
    },
]


def test_json_is_one_object(folder: Folder) -> None:
    folder.write("looping.yaml", folder.looping)

    code, output = folder.check("--format", "json", "looping.yaml", "gone.json")

    found = json.loads(output)
    name = folder.fingerprint("looping.yaml")
    jsonschema.validate(found, SCHEMA)
    assert code == 2
    assert found == {
        "verdict": "loop",
        "systems": [
            {
                "path": "looping.yaml",
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
                        "when": [],
                        "help": [
                            APART,
                            "write to another bucket than `Photos`",
                            f"if it is meant, acknowledge `{name}` with a reason and what bounds it",
                        ],
                        "fixes": FIXES,
                        "fingerprint": name,
                        "places": [
                            {"file": "looping.yaml", "line": 16, "column": 17},
                            {"file": "looping.yaml", "line": 7, "column": 13},
                        ],
                    }
                ],
                "acknowledged": [],
                "approximations": [],
                "not_modelled": [],
            }
        ],
        "unreadable": [{"path": "gone.json", "reason": "there is no file or folder `gone.json`"}],
    }


def test_the_fixes_in_json_can_be_applied_by_another_program(folder: Folder) -> None:
    folder.write("looping.json", parse(folder.looping, name=""))
    _, output = folder.check("--format", "json", "looping.json")

    first, second = json.loads(output)["systems"][0]["findings"][0]["fixes"]
    for fix in (first, second):
        document = json.loads((folder.path / "looping.json").read_text("utf-8"))
        folder.write("mended.json", jsonpatch.apply_patch(document, fix["changes"]))
        assert folder.check("mended.json")[0] == 0


def test_what_could_not_be_read_is_not_proven_in_json_either(folder: Folder) -> None:
    folder.write("safe.yaml", folder.safe)
    folder.write("broken.json", '{"Resources": {')

    code, output = folder.check("--format", "json", "safe.yaml", "broken.json")

    found = json.loads(output)
    jsonschema.validate(found, SCHEMA)
    assert code == 2
    assert (found["verdict"], [system["verdict"] for system in found["systems"]]) == ("unproven", ["loop-free"])
    assert found["unreadable"] == [
        {
            "path": "broken.json",
            "reason": "broken.json, line 1, column 16: expecting property name enclosed in double quotes",
        }
    ]
