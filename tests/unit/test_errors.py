"""How an error looks, and who shows it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from constructs_lib.errors import ConstructsLibError, Diagnostic, recall, remember, show_errors_without_traceback

if TYPE_CHECKING:
    from collections.abc import Iterator

FULL = Diagnostic(
    reference="photo-not-found",
    headline="there is no photo at `a.jpg`",
    evidence="one\ntwo\n",
    witness="a",
    notes=("b",),
    helps=("c", "d"),
)
TEXT = """\
error[photo-not-found]: there is no photo at `a.jpg`

  one
  two

  witness: a
  note: b
  help: c
  help: d
  see: constructs-lib explain photo-not-found"""


@pytest.fixture(autouse=True)
def hook() -> Iterator[None]:
    before, sys.excepthook = sys.excepthook, sys.__excepthook__
    yield
    sys.excepthook = before


def shown(error: BaseException, capsys: pytest.CaptureFixture[str]) -> str:
    show_errors_without_traceback()
    sys.excepthook(type(error), error, error.__traceback__)
    return capsys.readouterr().err


def test_the_parts_have_a_fixed_order() -> None:
    assert str(FULL) == TEXT


def test_an_error_shows_all_its_diagnostics(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(ConstructsLibError(FULL, FULL), capsys) == f"{TEXT}\n\n{TEXT}\n"


def test_an_error_shows_where_it_was_caused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConstructsLibError) as raised:
        raise ConstructsLibError(FULL)
    assert shown(raised.value, capsys) == f"{TEXT}\n  at: {__file__}:{raised.traceback[0].lineno + 1}\n"


def test_an_error_that_crossed_jsii_is_recognised(capsys: pytest.CaptureFixture[str]) -> None:
    error = remember(ConstructsLibError(Diagnostic(reference="a", headline="crossed")))
    crossed = RuntimeError(f"Resolution error: {error}\n...")
    assert recall(crossed) is error
    assert shown(crossed, capsys) == f"{error}\n"


def test_an_error_that_was_shown_is_only_named_below_what_comes_until_the_end() -> None:
    script = """\
import atexit, sys, tempfile
from constructs_lib.errors import ConstructsLibError, Diagnostic

folder = tempfile.TemporaryDirectory()
atexit.register(sys.stderr.write, "the report\\n")
error = ConstructsLibError(Diagnostic(reference="photo-not-found", headline="there is no photo at `a.jpg`"))
error.shown = True
raise error
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert ran.stderr == (
        "the report\n"
        "Nothing was deployed or emitted, because of what is shown above:\n"
        "  error[photo-not-found]: there is no photo at `a.jpg`\n"
    )


def test_an_error_that_was_shown_is_named_at_once_in_an_interactive_python(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    error = ConstructsLibError(FULL)
    error.shown = True
    assert shown(error, capsys) == (
        "Nothing was deployed or emitted, because of what is shown above:\n"
        "  error[photo-not-found]: there is no photo at `a.jpg`\n"
    )


def test_any_other_exception_is_shown_as_before(capsys: pytest.CaptureFixture[str]) -> None:
    assert recall(ValueError("no")) is None
    assert shown(ValueError("no"), capsys) == "ValueError: no\n"


def test_the_hook_is_installed_once() -> None:
    show_errors_without_traceback()
    installed = sys.excepthook
    show_errors_without_traceback()
    assert sys.excepthook is installed
