"""What a person sees."""

from __future__ import annotations

import io
import time

import pytest
from rich.console import Console

from constructs_lib.bundling import progress
from constructs_lib.bundling.progress import Lines, Row, Spinner, table


def test_lines_come_at_once_and_then_now_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 1.0, 9.9, 10.0, 19.9, 25.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    stream = io.StringIO()
    lines = Lines(stream)
    for done in range(6):
        lines.compiling(done, 278 if done else 0, "aws-lc-sys")
    lines.finished()
    lines.say("done")
    assert stream.getvalue() == (
        "cargo starts\ncompiling 3 of 278 crates: aws-lc-sys\ncompiling 5 of 278 crates: aws-lc-sys\ndone\n"
    )


def test_a_terminal_has_one_line_that_changes_and_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = io.StringIO()
    spinner = Spinner(Console(file=stream, force_terminal=True, width=80, color_system=None))
    spinner.finished()
    spinner.compiling(0, 0, "")
    spinner.compiling(1, 3, "one(bin), [serde]")
    spinner.say("[bold]kept as it is")
    spinner.finished()
    shown = stream.getvalue()
    assert "compiling 1 of 3 crates: one(bin), [serde]" in shown
    assert "[bold]kept as it is\n" in shown


def test_the_stream_decides() -> None:
    assert isinstance(progress.on_stderr(), Lines)


def test_the_table_is_aligned_and_sorted() -> None:
    rows = [Row("thumbnail", 9_600_000, 305.2, hit=False), Row("hello", 12_600_000, 61.0, hit=True)]
    assert table(rows, "arm64", 305.2) == (
        "Bundled 2 binaries for arm64 in 5 min 5 s\n"
        "  hello      12.6 MB  from the cache\n"
        "  thumbnail   9.6 MB  built in 5 min 5 s"
    )


def test_the_table_says_when_there_was_nothing_to_do() -> None:
    assert table([Row("hello", 2_600_000, 61.0, hit=True)], "arm64", 0.26) == (
        "Bundled 1 binary for arm64 in 0.3 s: nothing to compile\n  hello  2.6 MB  from the cache"
    )


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.7, "1 min 0 s"), (305.2, "5 min 5 s")]
)
def test_durations(seconds: float, text: str) -> None:
    assert progress.duration(seconds) == text
