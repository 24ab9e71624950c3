"""`constructs-lib check`: what it reads, what it prints, and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.loops import check_stages
from constructs_lib.templates.documents import unreadable

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Folder

APART = "keep input and output in `Photos` apart: trigger on `in/*`, s3:PutObject on `resize-output/*`"


def test_a_template_without_loops_ends_with_0(folder: Folder) -> None:
    folder.write("safe.yaml", folder.safe)

    assert folder.check("safe.yaml") == (
        0,
        "safe.yaml: loop-free: 1 resource read; graph: 0 functions, 0 other resources, 0 edges\n",
    )


def test_a_loop_ends_with_1_and_each_arrow_says_where_it_is_written(folder: Folder) -> None:
    folder.write("looping.yaml", folder.looping)

    code, output = folder.check("looping.yaml")

    assert code == 1
    name = folder.fingerprint("looping.yaml")
    assert len(name) == 12
    assert output == (
        f"""\
error[s3-invocation-loop]: `Resize` can invoke itself through `Photos`

  Resize  -- s3:PutObject `*` -->   Photos  looping.yaml:16:17
  Photos  -- s3:ObjectCreated:* --> Resize  looping.yaml:7:13

  witness: writing key `a` invokes `Resize` again
  help: {APART}
  help: write to another bucket than `Photos`
  help: if it is meant, acknowledge `{name}` with a reason and what bounds it
  see: constructs-lib explain s3-invocation-loop

looping.yaml: loop: 3 resources read; graph: 1 function, 1 other resource, 2 edges
"""
    )


def test_what_cannot_be_read_ends_with_2_and_the_others_are_checked(folder: Folder) -> None:
    folder.write("broken.yaml", "Resources: [")
    folder.write("safe.yaml", folder.safe)

    assert folder.check("broken.yaml", "safe.yaml") == (
        2,
        """\
error[template-unreadable]: cannot read `broken.yaml` as a CloudFormation or SAM template

  broken.yaml, line 2, column 1: did not find expected node content

  help: correct it there
  see: constructs-lib explain template-unreadable

safe.yaml: loop-free: 1 resource read; graph: 0 functions, 0 other resources, 0 edges
in all: 1 checked, no findings, 1 cannot be read
""",
    )


@pytest.mark.parametrize(
    ("path", "fix"),
    [
        ("infra/photo.yaml", "did you mean `infra/photos.yaml`?"),
        ("infar/photos.yaml", "did you mean `infra/photos.yaml`?"),
        ("infar/index.yaml", "did you mean `infra`?"),
        ("nowhere.yaml", "correct the path; the current folder is `{here}`"),
        (f"{'x' * 5000}.yaml", "correct the path; the current folder is `{here}`"),
        ("infra/photos.yaml/index.yaml", "correct the path; the current folder is `{here}`"),
    ],
)
def test_a_path_that_leads_nowhere_is_told_with_what_may_be_meant(folder: Folder, path: str, fix: str) -> None:
    folder.write("infra/photos.yaml", folder.safe)

    assert folder.check(path) == (
        2,
        f"""\
error[path-not-found]: there is no file or folder `{path}`

  help: {fix.format(here=folder.path)}
  see: constructs-lib explain path-not-found

""",
    )


def test_a_folder_is_searched_for_what_looks_like_a_template(folder: Folder) -> None:
    folder.write("infra/safe.yaml", folder.safe)
    folder.write("infra/node_modules/looping.yaml", folder.looping)
    folder.write("infra/notes.yaml", "Resources: none")
    folder.write("infra/broken.json", '{"a": ')

    assert folder.check("infra") == (
        0,
        "infra/safe.yaml: loop-free: 1 resource read; graph: 0 functions, 0 other resources, 0 edges\n",
    )


def test_a_broken_file_that_looks_like_a_template_is_not_passed_over(folder: Folder) -> None:
    folder.write("infra/broken.yaml", f"{folder.safe}  Index: [")

    code, output = folder.check("infra")

    assert code == 2
    assert "infra/broken.yaml, line 5, column 1: " in output


def test_a_glob_is_expanded(folder: Folder) -> None:
    folder.write("a/safe.yaml", folder.safe)
    folder.write("b/c/safe.yaml", folder.safe)

    assert folder.check("**/*.yaml") == (
        0,
        """\
a/safe.yaml: loop-free: 1 resource read; graph: 0 functions, 0 other resources, 0 edges
b/c/safe.yaml: loop-free: 1 resource read; graph: 0 functions, 0 other resources, 0 edges
in all: 2 checked, no findings
""",
    )


def test_findings_of_several_templates_are_told_apart_and_counted(folder: Folder) -> None:
    folder.write("a.yaml", folder.safe)
    folder.write("b.yaml", folder.looping)
    folder.write("c.yaml", folder.looping)

    code, output = folder.check(".")

    before_findings = [lines.rpartition("\n")[2] for lines in output.split("\n\nerror[")[:-1]]
    assert code == 1
    assert before_findings == [
        "a.yaml: loop-free: 1 resource read; graph: 0 functions, 0 other resources, 0 edges",
        "b.yaml: loop: 3 resources read; graph: 1 function, 1 other resource, 2 edges",
    ]
    assert output.splitlines()[-1] == "in all: 3 checked, 2 findings in 2 of them"


def test_many_templates_that_are_one_system_are_not_all_named(folder: Folder) -> None:
    for number in range(5):
        folder.write(f"{number}.yaml", folder.safe)

    assert folder.check("--together", ".") == (
        0,
        "0.yaml and 4 others: loop-free: 5 resources read; graph: 0 functions, 0 other resources, 0 edges\n",
    )


def test_a_file_that_is_named_twice_is_checked_once(folder: Folder) -> None:
    folder.write("a/safe.yaml", folder.safe)

    assert folder.check("a", "a/*.yaml", "a/../a/safe.yaml") == (
        0,
        "a/safe.yaml: loop-free: 1 resource read; graph: 0 functions, 0 other resources, 0 edges\n",
    )


@pytest.mark.parametrize("empty", ["empty", "*.yaml"])
def test_nothing_to_check_is_no_proof(folder: Folder, empty: str) -> None:
    folder.write("infra/safe.yaml", folder.safe)
    (folder.path / "empty").mkdir()

    code, output = folder.check(empty, "infra")

    assert code == 2
    assert output == (
        f"""\
error[no-templates]: there is no template in `{empty}`

  help: name a template, or a folder that holds some; for a CDK app run `cdk synth` first
  see: constructs-lib explain no-templates

infra/safe.yaml: loop-free: 1 resource read; graph: 0 functions, 0 other resources, 0 edges
in all: 1 checked, no findings, 1 cannot be read
"""
    )


def test_named_files_of_other_kinds_can_be_ignored(folder: Folder) -> None:
    folder.write("safe.yaml", folder.safe)
    folder.write("notes.yaml", "- milk\n")
    folder.write("broken.yaml", f"{folder.safe}  Index: [")

    assert folder.check("notes.yaml")[0] == 2
    assert folder.check("--ignore-others", "notes.yaml") == (0, "")
    assert folder.check("--ignore-others", "notes.yaml", "safe.yaml")[0] == 0
    assert folder.check("--ignore-others", "notes.yaml", "broken.yaml")[0] == 2
    assert folder.check("--ignore-others", "gone.yaml")[0] == 2


def split(folder: Folder) -> tuple[str, str]:
    """The looping template as two, joined by exports."""
    head, role, resize = folder.looping.partition("  Role:")[0], "  Role:", folder.looping.partition("  Role:")[2]
    data = head.replace("!GetAtt Resize.Arn", "!ImportValue resize")
    data += "Outputs:\n  Photos: {Value: !GetAtt Photos.Arn, Export: {Name: photos}}\n"
    code = f"Resources:\n{role}{resize}".replace("!Sub ${Photos.Arn}/*", '!Join ["", [!ImportValue photos, "/*"]]')
    code += "Outputs:\n  Resize: {Value: !GetAtt Resize.Arn, Export: {Name: resize}}\n"
    return data, code


def test_an_assembly_is_one_system_and_its_stages_are_others(folder: Folder) -> None:
    data, code = split(folder)
    for place in ("cdk.out", "cdk.out/assembly-Prod"):
        folder.write(f"{place}/Data.template.json", data)
        folder.write(f"{place}/Code.template.json", code)
        artifacts: dict[str, Any] = {
            name: {"type": "aws:cloudformation:stack", "properties": {"templateFile": f"{name}.template.json"}}
            for name in ("Data", "Code")
        }
        if place == "cdk.out":
            nested = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}}
            artifacts["assembly-Prod"] = nested
        folder.write(f"{place}/manifest.json", {"version": "53.0.0", "artifacts": artifacts})

    ending, output = folder.check("cdk.out")

    assert ending == 1
    summary = (
        "loop: 3 resources read; graph: 1 function, 1 other resource, 2 edges;"
        " not modelled: what one stage of the app may do to another"
    )
    assert [line for line in output.splitlines() if line.startswith(("error", "cdk.out", "  Photos", "  Data"))] == [
        "error[s3-invocation-loop]: `Code/Resize` can invoke itself through `Data/Photos`",
        "  Data/Photos  -- s3:ObjectCreated:* --> Code/Resize  cdk.out/Data.template.json:7:13",
        f"cdk.out: {summary}",
        "error[s3-invocation-loop]: `Code/Resize` can invoke itself through `Data/Photos`",
        "  Data/Photos  -- s3:ObjectCreated:* --> Code/Resize  cdk.out/assembly-Prod/Data.template.json:7:13",
        f"cdk.out/assembly-Prod: {summary}",
    ]


def test_files_are_systems_of_their_own_unless_taken_together(folder: Folder) -> None:
    data, code = split(folder)
    folder.write("Data.yaml", data)
    folder.write("Code.yaml", code)

    apart, together = folder.check("Data.yaml", "Code.yaml"), folder.check("--together", "Data.yaml", "Code.yaml")

    assert apart[0] == 0
    assert together[0] == 1
    lines = together[1].splitlines()
    assert lines[0] == "error[s3-invocation-loop]: `Code/Resize` can invoke itself through `Data/Photos`"
    assert lines[-1] == "Data.yaml, Code.yaml: loop: 3 resources read; graph: 1 function, 1 other resource, 2 edges"


def test_names_that_the_terminal_cannot_write_are_escaped(folder: Folder) -> None:
    folder.write("写真.yaml", folder.safe)
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1", "PYTHONPATH": str(Path(__file__).parents[3])}
    command = [sys.executable, "-c", "from constructs_lib.cli import main; main()", "check", "写真.yaml"]

    output = subprocess.check_output(command, env=environment)

    assert (
        output == b"\\u5199\\u771f.yaml: loop-free: 1 resource read; graph: 0 functions, 0 other resources, 0 edges\n"
    )


def test_a_link_that_leads_to_itself_cannot_be_read(folder: Folder, tmp_path: Path) -> None:
    folder.write("safe.yaml", folder.safe)
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")

    code, output = folder.check("loop.yaml", "safe.yaml")

    assert code == 2
    assert "loop.yaml: too many levels of symbolic links\n\n  help: see that this user can read the file\n" in output
    assert "safe.yaml: loop-free" in output


def test_an_assembly_that_names_itself_as_its_stage_is_refused(folder: Folder) -> None:
    stage = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "stage/.."}}
    folder.write("cdk.out/stage/note.json", {})
    folder.write("cdk.out/manifest.json", {"version": "53.0.0", "artifacts": {"Prod": stage, "Test": stage}})

    code, output = folder.check("cdk.out")

    assert code == 2
    assert "manifest.json: the artifact `Prod` names `stage/..`, which is not within the folder" in output


@pytest.mark.parametrize("together", [[], ["--together"]])
def test_what_is_nested_too_deeply_cannot_be_read_however_deep_it_is(folder: Folder, together: list[str]) -> None:
    """JSON may be as deep as its parser takes, and then too deep for what reads it."""
    refused = set()
    for depth in range(700, 990, 4):
        pattern = '{"a":' * depth + "1" + "}" * depth
        rule = f'{{"Type": "AWS::Events::Rule", "Properties": {{"EventPattern": {pattern}}}}}'
        folder.write("deep.json", f'{{"Resources": {{"Rule": {rule}}}}}')
        code, output = folder.check(*together, "deep.json")
        assert (code, "deep.json: it is nested too deeply" in output) in {(0, False), (2, True)}, output
        refused.add(code)
    assert refused == {0, 2}


def test_what_is_nested_too_deeply_leaves_the_others_checked(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(stages: list[Any], **given: Any) -> Any:
        if any(template.name == "deep" for stage in stages for template in stage):
            raise unreadable("deep.yaml", "it is nested too deeply")
        return check_stages(stages, **given)

    folder.write("deep.yaml", folder.safe)
    folder.write("safe.yaml", folder.safe)
    monkeypatch.setattr(sys.modules["constructs_lib.cli.check"], "check_stages", refuse)

    code, output = folder.check("deep.yaml", "safe.yaml")
    assert code == 2
    assert output.endswith("in all: 1 checked, no findings, 1 cannot be read\n")
