"""A loop that hangs on a parameter says so, in every format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from tests.unit.cli.conftest import LOOPING

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Folder

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "check-output.schema.json").read_text(encoding="utf-8"))
STAGED = """\
Parameters:
  Stage: {Type: String, AllowedValues: [dev, test, prod]}
  Size: {Type: String, AllowedValues: [small, large]}
Conditions:
  IsLive: !Or [!Equals [!Ref Stage, prod], !Equals [!Ref Size, large]]
""" + LOOPING.replace(
    "Resource: !Sub ${Photos.Arn}/*", "Resource: !If [IsLive, !Sub '${Photos.Arn}/*', 'arn:aws:s3:::x/*']"
)
WHEN = ["Stage is `prod`", "Size is `large`"]
OCCASION = "happens when Stage is `prod`; or when Size is `large`"


@pytest.fixture(autouse=True)
def staged(folder: Folder) -> str:
    """The template in the current folder; its loop's fingerprint."""
    folder.write("staged.yaml", STAGED)
    _, output = folder.check("--format", "json", "staged.yaml")
    return str(json.loads(output)["systems"][0]["findings"][0]["fingerprint"])


def test_as_text(folder: Folder, staged: str) -> None:
    assert folder.check("staged.yaml") == (
        1,
        f"""\
error[s3-invocation-loop]: `Resize` can invoke itself through `Photos`

  Resize  -- s3:PutObject `*` -->   Photos  staged.yaml:21:17
  Photos  -- s3:ObjectCreated:* --> Resize  staged.yaml:12:13

  witness: writing key `a` invokes `Resize` again
  note: {OCCASION}
  help: keep input and output in `Photos` apart: trigger on `in/*`, s3:PutObject on `resize-output/*`
  help: write to another bucket than `Photos`
  help: if it is meant, acknowledge `{staged}` with a reason and what bounds it
  see: constructs-lib explain s3-invocation-loop

staged.yaml: loop: 3 resources read; graph: 1 function, 1 other resource, 2 edges
""",
    )


def test_as_json(folder: Folder, staged: str) -> None:
    code, output = folder.check("--format", "json", "staged.yaml")

    document = json.loads(output)
    jsonschema.validate(document, SCHEMA)
    assert code == 1
    [found] = document["systems"][0]["findings"]
    assert [fix["text"] for fix in found.pop("fixes")] == found["help"][:-1]
    assert len(found.pop("places")) == len(found["path"])
    assert [found] == [
        {
            "reference": "s3-invocation-loop",
            "verdict": "loop",
            "severity": "stopped-by-aws",
            "path": [
                {"from": "Resize", "via": "s3:PutObject `*`", "to": "Photos"},
                {"from": "Photos", "via": "s3:ObjectCreated:*", "to": "Resize"},
            ],
            "witness": "writing key `a` invokes `Resize` again",
            "when": WHEN,
            "help": [
                "keep input and output in `Photos` apart: trigger on `in/*`, s3:PutObject on `resize-output/*`",
                "write to another bucket than `Photos`",
                f"if it is meant, acknowledge `{staged}` with a reason and what bounds it",
            ],
            "fingerprint": staged,
        }
    ]


def test_as_commands_of_github(folder: Folder, staged: str) -> None:
    code, output = folder.check("--format", "github", "staged.yaml")

    assert code == 1
    assert output == (
        "::error file=staged.yaml,line=21,col=17,title=s3-invocation-loop%3A `Resize` can invoke itself through"
        " `Photos`::  Resize  -- s3:PutObject `*` -->   Photos  staged.yaml:21:17%0A"
        "  Photos  -- s3:ObjectCreated:* --> Resize  staged.yaml:12:13%0A%0A"
        "  witness: writing key `a` invokes `Resize` again%0A"
        f"  note: {OCCASION}%0A"
        "  help: keep input and output in `Photos` apart: trigger on `in/*`, s3:PutObject on `resize-output/*`%0A"
        "  help: write to another bucket than `Photos`%0A"
        f"  help: if it is meant, acknowledge `{staged}` with a reason and what bounds it%0A"
        "  see: constructs-lib explain s3-invocation-loop\n"
        "checked staged.yaml: loop: 3 resources read; graph: 1 function, 1 other resource, 2 edges\n"
    )


def test_as_sarif(folder: Folder, staged: str) -> None:
    _, output = folder.check("--format", "sarif", "staged.yaml")

    result = json.loads(output)["runs"][0]["results"][0]
    assert (result["message"], result["properties"]) == (
        {
            "text": f"""\
`Resize` can invoke itself through `Photos`

  Resize  -- s3:PutObject `*` -->   Photos
  Photos  -- s3:ObjectCreated:* --> Resize

  witness: writing key `a` invokes `Resize` again
  note: {OCCASION}
  help: keep input and output in `Photos` apart: trigger on `in/*`, s3:PutObject on `resize-output/*`
  help: write to another bucket than `Photos`
  help: if it is meant, acknowledge `{staged}` with a reason and what bounds it
  see: constructs-lib explain s3-invocation-loop"""
        },
        {
            "verdict": "loop",
            "severity": "stopped-by-aws",
            "witness": "writing key `a` invokes `Resize` again",
            "when": WHEN,
        },
    )


def test_when_it_is_acknowledged(folder: Folder, staged: str) -> None:
    entry = f"{{fingerprint: '{staged}', reason: one rewrite, bound: a marker}}"
    allowed = STAGED.replace("Role: !GetAtt Role.Arn", "Role: !GetAtt Role.Arn\n      RecursiveLoop: Allow")
    folder.write("meant.yaml", f"Metadata: {{constructs-lib: {{acknowledge: [{entry}]}}}}\n{allowed}")

    code, output = folder.check("meant.yaml")

    assert code == 0
    assert output == (
        "meant.yaml: loop-free, 1 acknowledged: 3 resources read; graph: 1 function, 1 other resource, 2 edges\n"
        f"  acknowledged: `Resize` can invoke itself through `Photos`, {OCCASION}: one rewrite; bound: a marker"
        " (meant)\n"
    )
    _, output = folder.check("--format", "json", "meant.yaml")
    assert [entry["finding"]["when"] for entry in json.loads(output)["systems"][0]["acknowledged"]] == [WHEN]
