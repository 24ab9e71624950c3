"""What a person sees of a build, on stderr: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TextIO

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.status import Status

__all__ = ["Lines", "Progress", "Row", "Silent", "Spinner", "duration", "megabytes", "on_stderr", "table"]

_LINE_EVERY = 10.0  # seconds
_SAME_LINE_EVERY = 60.0


class Progress(Protocol):
    """Where a build reports to."""

    def say(self, text: str) -> None:
        """Show text that stays."""

    def compiling(self, done: int, total: int, crates: str) -> None:
        """Show how far cargo is; called about once a second."""

    def finished(self) -> None:
        """Take away what does not stay; called after each cargo run, failed ones included."""


class Silent:
    """Shows nothing."""

    def say(self, text: str) -> None:
        """Show nothing."""

    def compiling(self, done: int, total: int, crates: str) -> None:
        """Show nothing."""

    def finished(self) -> None:
        """Show nothing."""


@dataclass
class Lines:
    """For what is no terminal: a line at first, then one about every ten seconds, or a minute if nothing changed."""

    stream: TextIO
    every: float = _LINE_EVERY
    every_same: float = _SAME_LINE_EVERY
    _last: float = field(default=float("-inf"), init=False)
    _line: str = field(default="", init=False)

    def say(self, text: str) -> None:
        """Write text and a line's end."""
        self.stream.write(f"{text}\n")
        self.stream.flush()

    def compiling(self, done: int, total: int, crates: str) -> None:
        """Write a line if the last one is old enough."""
        now, line = time.monotonic(), _so_far(done, total, crates)
        if now - self._last >= (self.every_same if line == self._line else self.every):
            self._last, self._line = now, line
            self.say(line)

    def finished(self) -> None:
        """Nothing to take away; the next run starts with a line again."""
        self._last = float("-inf")


@dataclass
class Spinner:
    """For a terminal: one line that changes."""

    console: Console
    _status: Status | None = field(default=None, init=False)

    def say(self, text: str) -> None:
        """Print above the line that changes."""
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def compiling(self, done: int, total: int, crates: str) -> None:
        """Change the line."""
        text = _so_far(done, total, crates).replace("[", r"\[")
        if self._status is None:
            self._status = self.console.status(text)
            self._status.start()
        self._status.update(text)

    def finished(self) -> None:
        """Remove the line."""
        if self._status is not None:
            self._status.stop()
            self._status = None


def on_stderr() -> Progress:
    """The fitting one for this process."""
    # Rich takes the FORCE_COLOR=0 that the CDK CLI sets where there is no terminal for a wish to have one.
    console = Console(stderr=True)
    return Spinner(console) if sys.stderr.isatty() and not console.is_dumb_terminal else Lines(sys.stderr)


@dataclass(frozen=True)
class Row:
    """A line of the table of what was built."""

    binary: str
    size: int
    seconds: float
    hit: bool


def table(rows: Iterable[Row], target: str, seconds: float) -> str:
    """What was bundled, as text.

    >>> print(table([Row("hello", 2_600_000, 61.0, False)], "arm64", 61.2))
    Bundled 1 binary for arm64 in 1 min 1 s
      hello  2.6 MB  built in 1 min 1 s
    """
    rows = sorted(rows, key=lambda row: row.binary)
    compiled = not all(row.hit for row in rows)
    head = f"Bundled {len(rows)} {'binary' if len(rows) == 1 else 'binaries'} for {target} in {duration(seconds)}"
    cells = [
        (row.binary, megabytes(row.size), "from the cache" if row.hit else f"built in {duration(row.seconds)}")
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [f"  {name:<{widths[0]}}  {size:>{widths[1]}}  {how}" for name, size, how in cells]
    return "\n".join([head if compiled else f"{head}: nothing to compile", *lines])


def duration(seconds: float) -> str:
    """Seconds for a person.

    >>> duration(0.26), duration(57), duration(305)
    ('0.3 s', '57 s', '5 min 5 s')
    """
    if seconds < 9.95:  # noqa: PLR2004  (what rounds to 10 is shown as 10)
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def megabytes(size: int) -> str:
    """Bytes for a person; a megabyte is a million.

    >>> megabytes(332_384), megabytes(9_600_000)
    ('0.3 MB', '9.6 MB')
    """
    return f"{size / 1e6:.1f} MB"


def _so_far(done: int, total: int, crates: str) -> str:
    return f"compiling {done} of {total} crates: {crates}" if total else "cargo starts"
