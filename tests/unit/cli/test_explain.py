"""`constructs-lib explain`: the page of an error, wherever it is started."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from constructs_lib.cli import app

PAGES = Path(__file__).parents[3] / "docs" / "errors"


def explain(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["explain", *arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_an_error_is_explained_by_its_page(page: Path) -> None:
    assert explain(page.stem) == (0, page.read_text(encoding="utf-8"), "")


def test_without_an_error_all_are_listed() -> None:
    assert explain() == (0, "".join(f"{page.stem}\n" for page in sorted(PAGES.glob("*.md"))), "")


def test_what_is_nearly_an_error_is_told_which_it_may_be() -> None:
    assert explain("s3-invocation-lop") == (
        2,
        "",
        """\
error[reference-unknown]: there is no error `s3-invocation-lop`

  help: did you mean `s3-invocation-loop` or `invocation-loop`?
  help: list all: constructs-lib explain
  see: constructs-lib explain reference-unknown
""",
    )


@pytest.mark.parametrize("reference", ["x", "../decisions/README", "s3-invocation-loop.md/", ".", "*"])
def test_what_is_no_error_is_refused(reference: str) -> None:
    code, output, errors = explain(reference)
    assert (code, output) == (2, "")
    assert errors.startswith(f"error[reference-unknown]: there is no error `{reference}`\n")


def test_the_version_is_told() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.stdout) == (0, f"constructs-lib {version('constructs-lib')}\n")
