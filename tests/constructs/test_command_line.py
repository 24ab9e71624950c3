"""What a person reads: by `python app.py`, and by the CDK CLI."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
APP = """\
import sys
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3

import constructs_lib
from constructs_lib import PutObject, RustFunction, S3Trigger, bundling, stable_name
from constructs_lib.bundling import code

BOOTSTRAP = Path("bootstrap")
BOOTSTRAP.write_text("not started by any test")


def build(binaries):
    sys.stderr.write("built\\n")
    made = bundling.BuiltBinary(path=BOOTSTRAP, size=23, sha256="0" * 64, seconds=0, hit=True)
    return dict.fromkeys(binaries, made)


code.build = build
app = cdk.App()
stack = cdk.Stack(app, "Thumbnails")
photos = s3.Bucket(stack, "Photos", bucket_name=stable_name("photos"))
RustFunction(
    stack,
    "Resize",
    workspace="functions",
    triggers=[S3Trigger(photos, prefix=PREFIX)],
    access=[PutObject(photos, prefix=WRITTEN)],
)
LATER
SYNTH
"""
LOOP = """\
error[s3-invocation-loop]: `Thumbnails/Resize` can invoke itself through `Thumbnails/Photos`

  Thumbnails/Resize  -- s3:PutObject `in/*` -->       Thumbnails/Photos  app.py:30
  Thumbnails/Photos  -- s3:ObjectCreated:* `in/*` --> Thumbnails/Resize  app.py:29

  witness: writing key `in/a` invokes `Thumbnails/Resize` again
  note: `Thumbnails/Resize` is declared at app.py:25
  help: write where the trigger does not match, e.g. PutObject(photos, prefix="thumbnails/")
  help: if it is meant: constructs_lib.acknowledge(function, fingerprint="0a1b2c3d4e5f", reason="…", bound="…")
  see: constructs-lib explain s3-invocation-loop"""
SHOWN_ABOVE = """\
Nothing was deployed or emitted, because of what is shown above:
  error[s3-invocation-loop]: `Thumbnails/Resize` can invoke itself through `Thumbnails/Photos`
"""
BUILT = "built\n"  # CDK resolves all values before it validates
CONFLICT = """\
error[s3-notification-conflict]: the notifications of `Thumbnails/Photos` have two authors

  an S3Trigger declares them on the bucket itself, a helper function of `add_event_notification` or \
`event_bridge_enabled` replaces them

  note: a bucket has one notification configuration: what is written last erases the rest
  help: declare every function that the bucket invokes by S3Trigger, or none
  see: constructs-lib explain s3-notification-conflict
"""
WILDCARD = """\
error[s3-filter-wildcard]: the prefix `in/*` holds `*`, which S3 takes literally

  note: S3 filters know no wildcards; a prefix and a suffix are compared character by character
  help: write the plain prefix, e.g. prefix="in/"
  see: constructs-lib explain s3-filter-wildcard
  at: {line}
"""


class Project:
    """A folder with an app and its workspace."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fingerprint = ""  # that of the last finding

    def declare(self, *, prefix: str = "in/", written: str = "out/", later: str = "", synth: str = "") -> None:
        text = APP.replace("PREFIX", repr(prefix)).replace("WRITTEN", repr(written)).replace("LATER", later)
        (self.folder / "app.py").write_text(text.replace("SYNTH", synth or "constructs_lib.synth(app)"))

    def run(self, *command: str, **more: str) -> tuple[int, str, str]:
        variables = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "CDK"))}
        variables |= {"PYTHONPATH": str(ROOT), "CDK_VALIDATION": "false", "NO_COLOR": "1", **more}
        ran = subprocess.run(command, cwd=self.folder, env=variables, capture_output=True, text=True, check=False)
        found = re.search(r'"([0-9a-f]{12})"', ran.stderr)
        self.fingerprint = found[1] if found else ""
        return ran.returncode, ran.stdout, re.sub(r'"[0-9a-f]{12}"', '"0a1b2c3d4e5f"', ran.stderr)

    def python(self, **more: str) -> tuple[int, str, str]:
        return self.run(sys.executable, "app.py", **more)

    def cdk(self, *arguments: str) -> tuple[int, str, str]:
        return self.run("cdk", "--no-notices", *arguments)

    @property
    def emitted(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("cdk.out/sam/*"))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    source = tmp_path / "functions" / "src"
    source.mkdir(parents=True)
    (source / "main.rs").write_text("fn main() {}\n")
    manifest = '[package]\nname = "resize"\nversion = "0.1.0"\nedition = "2021"\n'
    (tmp_path / "functions" / "Cargo.toml").write_text(manifest)
    (tmp_path / "cdk.json").write_text(json.dumps({"app": f"{sys.executable} app.py"}))
    return Project(tmp_path)


class TestPython:
    def test_says_nothing_if_all_is_well(self, project: Project) -> None:
        project.declare()
        assert project.python() == (0, "", "built\n")

    @pytest.mark.parametrize("synth", ["constructs_lib.synth(app)", "app.synth()"])
    def test_shows_a_loop_once_without_traceback(self, project: Project, synth: str) -> None:
        project.declare(written="in/", synth=synth)
        code, _, errors = project.python()
        assert code == 1
        assert errors.count(LOOP) == 1
        assert errors.endswith(SHOWN_ABOVE)
        assert "Traceback" not in errors

    @pytest.mark.parametrize("synth", ["constructs_lib.synth(app)", "app.synth()"])
    def test_names_a_loop_below_the_report_however_late_that_comes(self, project: Project, synth: str) -> None:
        project.declare(written="in/", synth=synth)
        node = project.folder / "late"
        node.write_text('#!/bin/bash\nexec node "$@" 2> >(while read -r line; do sleep 0.5; echo "$line"; done >&2)\n')
        node.chmod(0o755)
        _, _, errors = project.python(JSII_NODE=str(node))
        assert errors.count(LOOP) == 1
        assert errors.endswith(SHOWN_ABOVE)

    @pytest.mark.parametrize("synth", ["constructs_lib.synth(app)", "app.synth()"])
    def test_shows_an_error_at_synthesis_alone(self, project: Project, synth: str) -> None:
        project.declare(later="photos.enable_event_bridge_notification()", synth=synth)
        assert project.python() == (1, "", BUILT + CONFLICT)

    def test_shows_an_error_in_a_declaration_with_its_line(self, project: Project) -> None:
        project.declare(prefix="in/*")
        text = (project.folder / "app.py").read_text()
        number = text[: text.index("S3Trigger(photos")].count("\n") + 1
        assert project.python() == (1, "", WILDCARD.format(line=f"{project.folder / 'app.py'}:{number}"))

    def test_shows_the_traceback_of_any_other_error(self, project: Project) -> None:
        project.declare(later="raise ValueError(1)")
        code, _, errors = project.python()
        assert code == 1
        assert errors.startswith("Traceback")


class TestCdk:
    def test_synth_tells_verdict_and_files(self, project: Project) -> None:
        project.declare()
        code, _, errors = project.cdk("synth", "--quiet")
        assert code == 0
        assert "CloudFormation: cdk.out/Thumbnails.template.json\nSAM: cdk.out/sam/Thumbnails/template.yaml\n" in errors
        assert "\nLoops: loop-free: 6 resources read; graph: 1 function" in errors
        assert project.emitted == ["Thumbnails"]

    def test_synth_fails_for_a_loop_and_leaves_no_sam_template(self, project: Project) -> None:
        project.declare()
        project.cdk("synth", "--quiet")
        project.declare(written="in/")
        code, _, errors = project.cdk("synth", "--quiet", "--no-validation")
        assert code == 1
        assert errors.count(LOOP) == 1
        assert "Traceback" not in errors
        assert project.emitted == []

    def test_synth_shows_an_error_alone(self, project: Project) -> None:
        project.declare(later="photos.enable_event_bridge_notification()")
        code, _, errors = project.cdk("synth", "--quiet")
        assert code == 1
        assert errors.startswith(BUILT + CONFLICT)
        assert "Traceback" not in errors

    def test_ls_builds_and_emits_nothing(self, project: Project) -> None:
        project.declare()
        code, output, errors = project.cdk("ls")
        assert (code, output) == (0, "Thumbnails\n")
        assert "built" not in errors
        assert project.emitted == []

    def test_what_ls_leaves_can_be_checked_before_anything_is_built(self, project: Project) -> None:
        project.declare(written="in/")
        code, _, errors = project.cdk("ls")
        assert (code, errors.count("built")) == (0, 0)
        code, output, _ = project.run(sys.executable, "-m", "constructs_lib", "check", "cdk.out")
        assert (code, output.count("error[s3-invocation-loop]")) == (1, 1)

    def test_a_context_key_turns_the_guard_off(self, project: Project) -> None:
        project.declare(written="in/")
        code, _, errors = project.cdk("synth", "--quiet", "--context", "constructs-lib:guard=false")
        assert code == 0
        assert "Loops:" not in errors
        assert project.emitted == ["Thumbnails"]


UNKNOWN = """\
prefix = cdk.CfnParameter(stack, "Prefix").value_as_string
photos.grant_put(stack.node.find_child("Resize"), cdk.Fn.join("", [prefix, "*"]))
"""
BY_NAME = """\
reason = cdk.Acknowledgment(id="constructs-lib::REFERENCE", reason="the prefix is never in/")
cdk.Validations.of(stack).acknowledge(reason)
"""
BY_FINGERPRINT = """\
resize = stack.node.find_child("Resize")
resize.node.default_child.recursive_loop = "Allow"
constructs_lib.acknowledge(resize, fingerprint="FINGERPRINT", reason="one rewrite", bound="a marker")
"""


class TestAcknowledged:
    def test_a_proven_loop_is_not_let_pass_by_its_name(self, project: Project) -> None:
        project.declare(written="in/", later=BY_NAME.replace("REFERENCE", "s3-invocation-loop"))
        code, _, errors = project.cdk("synth", "--quiet")
        assert code == 1
        assert errors.count(LOOP) == 1
        assert project.emitted == []

    def test_a_proven_loop_is_let_pass_by_its_fingerprint(self, project: Project) -> None:
        project.declare(written="in/")
        project.cdk("synth", "--quiet")
        project.declare(written="in/", later=BY_FINGERPRINT.replace("FINGERPRINT", project.fingerprint))
        code, _, errors = project.cdk("synth", "--quiet")
        assert code == 0
        assert "\nLoops: loop-free, 1 acknowledged: 6 resources read; graph: 1 function" in errors
        assert project.emitted == ["Thumbnails"]

    def test_what_is_unproven_is_let_pass_by_its_name(self, project: Project) -> None:
        project.declare(later=UNKNOWN)
        code, _, errors = project.cdk("synth", "--quiet")
        assert (code, errors.count("error[invocation-loop-unproven]")) == (1, 1)
        assert project.emitted == []
        project.declare(later=UNKNOWN + BY_NAME.replace("REFERENCE", "invocation-loop-unproven"))
        code, _, errors = project.cdk("synth", "--quiet")
        assert (code, errors.count("error[invocation-loop-unproven]")) == (0, 0)
        assert "\nLoops: unproven, 1 acknowledged in CDK: 6 resources read; graph: 1 function" in errors
        assert project.emitted == ["Thumbnails"]

    def test_what_is_unproven_is_let_pass_by_its_fingerprint(self, project: Project) -> None:
        project.declare(later=UNKNOWN)
        project.cdk("synth", "--quiet")
        project.declare(later=UNKNOWN + BY_FINGERPRINT.replace("FINGERPRINT", project.fingerprint))
        code, _, errors = project.cdk("synth", "--quiet")
        assert code == 0
        assert "\nLoops: loop-free, 1 acknowledged: 6 resources read; graph: 1 function" in errors
        assert project.emitted == ["Thumbnails"]
