"""Every runnable part of the documentation runs, or says why not."""

from __future__ import annotations

import ast
import doctest
import importlib
import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parents[2]
ERRORS = ROOT / "docs" / "errors"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
GUIDES = [page for page in PAGES if page.parent != ERRORS]
ERROR_PAGES = sorted(ERRORS.glob("*.md"))
HEADINGS = ["## What happened", "## Why it matters", "## Example", "## What to do"]
NOT_BUNDLED: dict[str, object] = {"aws:cdk:bundling-stacks": []}


@dataclass(frozen=True)
class Block:
    """A fenced block; `reason` is why it is not run."""

    page: Path
    line: int
    language: str
    reason: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


@dataclass(frozen=True)
class Command:
    """A command of a console block, and what it is said to print; a line `...` stands for anything."""

    block: Block
    text: str
    output: str

    def __str__(self) -> str:
        return f"{self.block}: {self.text}"

    def printed_by(self, output: str) -> bool:
        parts = [".*" if line == "..." else re.escape(line) for line in self.output.strip().splitlines()]
        return bool(re.fullmatch("\n".join(parts).replace(".*\n", "(.*\n)?"), output.strip(), re.DOTALL))


def blocks(page: Path) -> Iterator[Block]:
    start, language, reason, before = 0, "", "", ""
    text: list[str] = []
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if not line.startswith("```"):
            text.append(line)
            before = line if not start else before
        elif not start:
            said = re.fullmatch(r"<!-- not run: (.+) -->", before)
            start, language, reason, text = number, line[3:], said[1] if said else "", []
        else:
            yield Block(page, start, language, reason, "\n".join(text))
            start, before = 0, ""
    assert not start, f"{page}:{start}: the block does not end"


def commands(block: Block) -> Iterator[Command]:
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        text, _, output = part.partition("\n")
        yield Command(block, text, output)


BLOCKS = [block for page in PAGES for block in blocks(page)]
COMMANDS = [
    command
    for block in BLOCKS
    if block.language == "console" and not block.reason and block.page in GUIDES
    for command in commands(block)
]


def run(arguments: list[str], folder: Path, context: Mapping[str, object] = NOT_BUNDLED, **more: str) -> str:
    """What a command prints, on both channels, in an environment where CDK builds nothing."""
    variables = {
        # Without pytest's, by which CDK tells a test run and reports differently.
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        "PYTHONPATH": str(ROOT),
        "CDK_CONTEXT_JSON": json.dumps(context),
        "CDK_VALIDATION": "false",  # the guard runs all the same; CDK's own validator takes seconds
        "NO_COLOR": "1",
        "COLUMNS": "120",
        **more,
    }
    ran = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return f"{ran.stdout}exit code {ran.returncode}"


def test_python_examples_of_each_page_run_one_after_the_other(tmp_path: Path) -> None:
    examples: list[str] = []
    for page in GUIDES:
        lines: list[str] = []
        for block in blocks(page):
            if block.language == "python":
                lines += [""] * (block.line - len(lines)) + block.text.splitlines()  # errors then name the page's line
        if lines:
            examples.append(f"{len(examples)}-{page.stem}.py")
            (tmp_path / examples[-1]).write_text("\n".join(lines) + "\n")
    (tmp_path / "functions").symlink_to(ROOT / "sample_app" / "functions")
    # In one process: starting CDK takes longer than the examples.
    each = "import runpy, sys\nfor path in sys.argv[1:]: runpy.run_path(path)"
    assert run(["-c", each, *examples], tmp_path, TMPDIR=str(tmp_path)) == "exit code 0"
    assert len(examples) > 2


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_a_command_does_what_the_page_shows(command: Command, tmp_path: Path) -> None:
    program, *arguments = shlex.split(command.text)
    if program == "make":
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert not command.output
        assert set(arguments) <= set(targets)
    elif [program, *arguments[:2]] == ["cdk", "synth", "--quiet"]:
        given = dict(pair.split("=") for name, pair in zip(arguments[2::2], arguments[3::2], strict=True))
        output = run(["-m", "sample_app.app"], ROOT, {**NOT_BUNDLED, **given}, TMPDIR=str(tmp_path))
        assert command.printed_by(output), output
    elif [program, *arguments] == ["constructs-lib", "check", "cdk.out"]:
        synthesized = run(["-m", "sample_app.app"], ROOT, CDK_OUTDIR=str(tmp_path / "cdk.out"))
        assert synthesized.endswith("exit code 0"), synthesized
        output = run(["-c", "from constructs_lib.cli import main; main()", *arguments], tmp_path)
        assert command.printed_by(output.removesuffix("exit code 0")), output
    else:
        pytest.fail("nothing here knows how to run it: teach this test, or say `<!-- not run: reason -->` before it")


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.page in GUIDES], ids=str)
def test_no_block_of_a_guide_is_left_out_without_a_reason(block: Block) -> None:
    assert block.language in {"python", "console"} or block.reason


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    targets = [target for target in re.findall(r"\]\(([^)]+)\)", text) if not target.startswith("https://")]
    titles = {
        re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.+)", text, re.MULTILINE)
    }
    broken = [
        target
        for target in targets
        if (target[1:] not in titles if target.startswith("#") else not (page.parent / target).exists())
    ]
    assert broken == []


def test_each_reference_has_a_page_and_each_page_a_reference() -> None:
    files = [file for folder in ("constructs_lib", "tools") for file in (ROOT / folder).rglob("*.py")]
    code = "\n".join(file.read_text() for file in files)
    references = set(re.findall(r'\breference="([^"]+)"', code))
    pages = {page.stem for page in ERROR_PAGES}
    assert references - pages == set()
    assert {page for page in pages if f'"{page}"' not in code} == set()


@pytest.mark.parametrize("page", ERROR_PAGES, ids=lambda page: page.name)
def test_an_error_page_has_the_headings_of_the_others(page: Path) -> None:
    text = page.read_text()
    assert text.splitlines()[0] == f"# {page.stem}"
    assert re.findall(r"^## .+", text, re.MULTILINE) == HEADINGS


@pytest.mark.parametrize("page", ERROR_PAGES, ids=lambda page: page.name)
def test_an_error_page_shows_python_that_can_be_read_and_its_own_error(page: Path) -> None:
    for block in blocks(page):
        if block.language == "python":
            ast.parse(block.text)
    shown = re.findall(r"^(?:error|warning)\[([a-z0-9-]+)\]", page.read_text(), re.MULTILINE)
    assert set(shown) <= {page.stem}


@pytest.mark.parametrize(
    "command",
    [
        command
        for block in BLOCKS
        if block.page in ERROR_PAGES and block.language == "console"
        for command in commands(block)
    ],
    ids=str,
)
def test_a_command_of_an_error_page_ends_with_the_error(command: Command, tmp_path: Path) -> None:
    for name, text in (("src/main.rs", ""), ("infra/photos.yaml", "Resources: {Photos: {Type: 'AWS::S3::Bucket'}}")):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    program, *arguments = shlex.split(command.text)
    output = run(["-c", "from constructs_lib.cli import main; main()", *arguments], tmp_path)
    assert program == "constructs-lib"
    assert output.endswith("exit code 2")
    assert command.printed_by(output.removesuffix("exit code 2")), output


def modules_with_examples() -> list[str]:
    files = [file for file in (ROOT / "constructs_lib").rglob("*.py") if ">>> " in file.read_text()]
    return sorted(".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for file in files)


@pytest.mark.parametrize("module", modules_with_examples())
def test_examples_in_docstrings_run(module: str) -> None:
    result = doctest.testmod(importlib.import_module(module))
    assert result.attempted > 0
    assert result.failed == 0
