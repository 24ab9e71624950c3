"""Loops that are meant, on the command line: in a template, or in a file of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Folder

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "check-output.schema.json").read_text(encoding="utf-8"))
ACKNOWLEDGED = """\
Metadata:
  constructs-lib:
    acknowledge:
      - fingerprint: FINGERPRINT
        reason: rewrites each photo once
        bound: the function leaves photos with a copyright alone
"""


def test_an_acknowledged_loop_ends_with_0_and_is_told(folder: Folder) -> None:
    folder.write("meant.yaml", folder.looping)
    acknowledged = ACKNOWLEDGED.replace("FINGERPRINT", folder.fingerprint("meant.yaml"))
    allowed = folder.looping.replace("Role: !GetAtt Role.Arn", "Role: !GetAtt Role.Arn\n      RecursiveLoop: Allow")
    folder.write("meant.yaml", acknowledged + allowed)

    assert folder.check("meant.yaml") == (
        0,
        """\
meant.yaml: loop-free, 1 acknowledged: 3 resources read; graph: 1 function, 1 other resource, 2 edges
  acknowledged: `Resize` can invoke itself through `Photos`: rewrites each photo once; bound: the function leaves \
photos with a copyright alone (meant)
""",
    )


TOML = """\
[[acknowledge]]
path = "infra/looping.yaml"
fingerprint = "FINGERPRINT"
reason = "rewrites each photo once"
bound = "a marker"
"""


def allowed(folder: Folder) -> str:
    return f"{folder.looping}      RecursiveLoop: Allow\n"


def test_a_loop_can_be_acknowledged_in_a_file_of_its_own(folder: Folder) -> None:
    folder.write("infra/looping.yaml", allowed(folder))
    folder.write("constructs-lib.toml", TOML.replace("FINGERPRINT", folder.fingerprint("infra")))

    assert folder.check("infra") == (
        0,
        """\
infra/looping.yaml: loop-free, 1 acknowledged: 3 resources read; graph: 1 function, 1 other resource, 2 edges
  acknowledged: `Resize` can invoke itself through `Photos`: rewrites each photo once; bound: a marker \
(constructs-lib.toml)
""",
    )


def test_json_has_acknowledged_loops_too(folder: Folder) -> None:
    folder.write("infra/looping.yaml", allowed(folder))
    name = folder.fingerprint("infra")
    folder.write("constructs-lib.toml", TOML.replace("FINGERPRINT", name))

    code, output = folder.check("--format", "json", "infra")

    found = json.loads(output)
    jsonschema.validate(found, SCHEMA)
    assert (code, found["verdict"], found["systems"][0]["findings"]) == (0, "loop-free", [])
    [entry] = found["systems"][0]["acknowledged"]
    assert (entry.pop("finding")["fingerprint"], entry) == (
        name,
        {"reason": "rewrites each photo once", "bound": "a marker", "where": "constructs-lib.toml"},
    )


def test_an_entry_is_for_its_own_template_only(folder: Folder) -> None:
    folder.write("infra/looping.yaml", allowed(folder))
    folder.write("other.yaml", allowed(folder))
    folder.write("safe.yaml", folder.safe)
    folder.write("constructs-lib.toml", TOML.replace("FINGERPRINT", folder.fingerprint("infra")))

    assert folder.check("other.yaml")[0] == 1
    assert folder.check("safe.yaml")[0] == 0


def test_an_entry_without_its_loop_is_a_finding(folder: Folder) -> None:
    folder.write("infra/looping.yaml", folder.safe)
    folder.write("constructs-lib.toml", TOML.replace("FINGERPRINT", "0a1b2c3d4e5f"))

    code, output = folder.check("infra")

    assert code == 1
    assert output.splitlines()[0] == (
        "error[acknowledgement-stale]: the acknowledgement of `0a1b2c3d4e5f` in `constructs-lib.toml` matches no loop"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[acknowledge]", "Expected ']]' at the end of an array declaration (at line 1, column 14)"),
        ("a = 1\nb = 2", "it has `a`, `b`, but only `acknowledge` means something"),
        ("[acknowledge]", "`acknowledge` is a list of tables: begin each with `[[acknowledge]]`"),
        (
            f'{TOML}until = "2030"',
            "entry 1 of `acknowledge` has `until`, but only `bound`, `fingerprint`, `path`, `reason` mean something",
        ),
        (
            TOML.replace('"a marker"', '" "'),
            "entry 1 of `acknowledge` needs a `bound`, a string that is not empty",
        ),
        (
            TOML.partition("reason")[0],
            "entry 1 of `acknowledge` needs a `reason`, a string that is not empty",
        ),
    ],
)
def test_a_configuration_that_cannot_be_read_is_told_and_the_templates_are_checked(
    folder: Folder, text: str, reason: str
) -> None:
    folder.write("safe.yaml", folder.safe)
    folder.write("constructs-lib.toml", text)

    assert folder.check("safe.yaml") == (
        2,
        f"""\
error[configuration-invalid]: cannot read `constructs-lib.toml`

  constructs-lib.toml: {reason}

  help: correct it there; until then nothing that it says counts
  see: constructs-lib explain configuration-invalid

safe.yaml: loop-free: 1 resource read; graph: 0 functions, 0 other resources, 0 edges
in all: 1 checked, no findings, 1 cannot be read
""",
    )


def test_what_is_wrong_with_an_acknowledgement_has_its_line(folder: Folder) -> None:
    folder.write(
        "safe.yaml",
        """\
Metadata:
  constructs-lib:
    acknowledge:
      - {fingerprint: "0a1b2c3d4e5f", reason: meant, bound: "5"}
Resources:
  Photos:
    Type: AWS::S3::Bucket
    Metadata:
      constructs-lib:
        acknowledge:
          - {fingerprint: "0a1b2c3d4e5f", reason: meant, bound: "5"}
          - {fingerprint: "0"}
""",
    )

    code, output = folder.check("safe.yaml")

    assert code == 1
    assert [line.strip() for line in output.splitlines() if "acknowledge" in line and "safe.yaml:" in line] == [
        "Photos  acknowledges  safe.yaml:12:13",
        "safe  acknowledges `0a1b2c3d4e5f`: meant  safe.yaml:4:9",
        "Photos  acknowledges `0a1b2c3d4e5f`: meant  safe.yaml:11:13",
    ]
