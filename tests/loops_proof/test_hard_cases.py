"""Systems as people and tools write them, each with all that is found in it; most of them once fooled the check.

Each file of `hard_cases` holds many: a name, what is found, and the templates, apart by `---`. `Grants` is short for a
function `Worker` whose role, `Role`, allows these statements, and `Polls` for what that function is fed from.
`python -m tests.loops_proof.test_hard_cases` writes the findings anew.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.loops import Report, check
from constructs_lib.templates import Template
from constructs_lib.templates.documents import parse
from tests.loops_proof.hostile import mutations, outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).with_name("hard_cases")
Body = dict[str, Any]


def cases() -> Iterator[tuple[Path, str, list[str], str]]:
    """The file, the name, the findings and the templates of each case."""
    for path in sorted(FOLDER.glob("*.txt")):
        for case in path.read_text("utf-8").split("=== ")[1:]:
            name, *lines = case.splitlines()
            found = [line.removeprefix("> ") for line in lines if line.startswith("> ")]
            yield path, name, found, "\n".join(line for line in lines if not line.startswith("> ")) + "\n"


def checked(text: str) -> list[str]:
    """What is found in templates, and what is said not to be followed."""
    parts = re.split(r"^---\n", text, flags=re.MULTILINE)
    report = check([Template.of(whole(parse(part, name="")), name=f"Stack{n}") for n, part in enumerate(parts, 1)])
    return [*findings(report), *(f"not modelled: {what}" for what in report.not_modelled)]


def findings(report: Report) -> list[str]:
    """The verdict, and the path of each finding with what makes it uncertain and when it happens."""
    found = []
    for one in report.findings:
        path = " > ".join([one.path[0].source_id, *(step.target_id for step in one.path)])
        when = "".join(f", when {line}" for line in one.when)
        found.append(f"{one.verdict}: {path}{when}" + "".join(f"; {why}" for why in one.reasons))
    return found or [report.verdict]


def whole(document: Body) -> Body:
    """A template with what its short forms stand for."""
    resources = document.setdefault("Resources", {})
    if "Grants" in document:
        statements = [{"Effect": "Allow", **statement} for statement in document.pop("Grants")]
        policies = [{"PolicyName": "own", "PolicyDocument": {"Statement": statements}}]
        resources["Role"] = {"Type": "AWS::IAM::Role", "Properties": {"Policies": policies}}
        function = {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["Role", "Arn"]}}}
        resources.setdefault("Worker", function)
    if "Polls" in document:
        properties = {"EventSourceArn": document.pop("Polls"), "FunctionName": {"Ref": "Worker"}}
        resources["Poll"] = {"Type": "AWS::Lambda::EventSourceMapping", "Properties": properties}
    return document


@pytest.mark.parametrize(
    ("found", "templates"), [pytest.param(*case[2:], id=f"{case[0].stem}: {case[1]}") for case in cases()]
)
def test_a_hard_case_is_what_it_is(found: list[str], templates: str) -> None:
    assert checked(templates) == found


def test_wrong_types_in_hard_cases_never_crash() -> None:
    documents = [whole(parse(case[3], name="")) for case in cases() if "---" not in case[3]]
    mutated = [one for n, document in enumerate(documents) for *_, one in mutations(document, first=n % 331, every=331)]

    assert {outcome(one) for one in mutated} <= {"loop-free", "loop", "unproven", "template-unreadable"}
    assert len(mutated) > 300


def main() -> None:
    """Write what is found anew; to be looked at before it is kept."""
    texts: dict[Path, str] = {}
    for path, name, _, templates in cases():
        lines = "".join(f"> {line}\n" for line in checked(templates))
        texts[path] = f"{texts.get(path, '')}=== {name}\n{lines}{templates.rstrip()}\n\n"
    for path, text in texts.items():
        path.write_text(text.rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
