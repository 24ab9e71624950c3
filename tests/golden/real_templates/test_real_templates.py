"""What the check says of public templates, and why each loop in them is one.

`python -m tests.golden.real_templates.test_real_templates` writes the golden file anew, and keeps the justifications.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.errors import ConstructsLibError
from constructs_lib.loops import Report, check
from constructs_lib.templates import Template
from constructs_lib.templates.documents import parse
from tools.environment import PUBLIC_TEMPLATES
from tools.public_templates import PublicTemplate, public_templates

GOLDEN = Path(__file__).with_name("verdicts.json")


def checked(published: PublicTemplate) -> Report | str:
    """The report, or why it cannot be read."""
    try:
        text = published.content.decode("utf-8-sig")
        template = Template.of(parse(text, name=published.name), name=published.name)
    except UnicodeDecodeError:
        return "it is not UTF-8"
    except ConstructsLibError as error:
        evidence = error.diagnostics[0].evidence or ""
        return evidence.partition(": ")[2]
    return check([template])


def path_of(finding: Any) -> str:
    return " -> ".join([finding.path[0].source_id, *(f"[{step.via}] {step.target_id}" for step in finding.path)])


@cache
def verdicts() -> dict[str, Any]:
    """All verdicts, as the golden file has them, without the justifications."""
    found: dict[str, Any] = {"loop-free": {}, "loop": {}, "unproven": {}, "unreadable": {}}
    for published in public_templates():
        report = checked(published)
        if isinstance(report, str):
            found["unreadable"][published.name] = report
        elif report.verdict == "loop-free":
            found["loop-free"][published.name] = f"{sum(report.actors.values())} functions"
        elif report.verdict == "loop":
            certain = sorted({path_of(finding) for finding in report.findings if finding.verdict == "loop"})
            found["loop"][published.name] = {"paths": certain}
        else:
            found["unproven"][published.name] = sorted({why for finding in report.findings for why in finding.reasons})
    return found


def golden() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(GOLDEN.read_text("utf-8"))
    return content


@pytest.fixture(autouse=True)
def _archives() -> None:
    if not PUBLIC_TEMPLATES.is_dir():
        pytest.fail("the public templates are not there: run `make setup`")


@pytest.mark.parametrize("verdict", ["loop-free", "unproven", "unreadable"])
def test_every_verdict_on_public_templates_is_the_golden_one(verdict: str) -> None:
    assert verdicts()[verdict] == golden()[verdict]


def test_every_loop_in_public_templates_is_the_golden_one() -> None:
    assert verdicts()["loop"] == {name: {"paths": loop["paths"]} for name, loop in golden()["loop"].items()}


def test_every_loop_in_public_templates_is_justified_by_grant_and_trigger() -> None:
    assert [name for name, loop in golden()["loop"].items() if not (loop["grant"] and loop["trigger"])] == []


def test_there_are_more_than_a_hundred_public_templates_with_functions() -> None:
    with_functions = sum(text != "0 functions" for text in golden()["loop-free"].values())

    assert with_functions + len(golden()["loop"]) + len(golden()["unproven"]) > 100


def main() -> None:
    """Write the golden file, keeping what is said of loops that are still found."""
    before = golden()["loop"] if GOLDEN.exists() else {}
    found = verdicts()
    for name, loop in found["loop"].items():
        for part in ("grant", "trigger"):
            loop[part] = before.get(name, {}).get(part, "")
    GOLDEN.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", "utf-8")
    functions = [text for text in found["loop-free"].values() if text != "0 functions"]
    sys.stdout.write(f"{ {verdict: len(names) for verdict, names in found.items()} }\n")
    sys.stdout.write(f"with functions: {len(functions) + len(found['loop']) + len(found['unproven'])}\n")
    causes = Counter(why for reasons in found["unproven"].values() for why in reasons)
    sys.stdout.writelines(f"{count:4} {why}\n" for why, count in causes.most_common())


if __name__ == "__main__":
    main()
