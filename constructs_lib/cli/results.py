"""What one run of `check` found, whatever it is shown as."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from constructs_lib.cli.positions import Position, locate_in_file
from constructs_lib.loops.patches import operations
from constructs_lib.loops.report import worst
from constructs_lib.templates import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from constructs_lib.errors import ConstructsLibError
    from constructs_lib.loops import Finding, Report, Step
    from constructs_lib.loops.patches import Operation
    from constructs_lib.loops.provenance import Route
    from constructs_lib.loops.report import Verdict

__all__ = ["Checked", "Place", "Places", "Results", "Unreadable"]

_FEW = 3


@dataclass(frozen=True)
class Place:
    """A file, and where in it if that is known."""

    path: Path
    position: Position | None = None

    def __str__(self) -> str:
        at = self.position
        return str(self.path) if at is None else f"{self.path}:{at.line}:{at.column}"


@dataclass(frozen=True)
class Checked:
    """One system.

    Args:
        paths: what it was called by: a file, an assembly, or several.
        report: what was found.
    """

    paths: tuple[str, ...]
    report: Report

    @property
    def path(self) -> str:
        """All of it."""
        return ", ".join(self.paths)

    @property
    def name(self) -> str:
        """What to call it in a line."""
        first, *others = self.paths
        return f"{first} and {len(others)} others" if len(others) > _FEW else self.path


@dataclass(frozen=True)
class Unreadable:
    """Something that could not be read, so that nothing is known about it."""

    path: str
    error: ConstructsLibError

    @property
    def reason(self) -> str:
        """Why, with line and column where there are some."""
        diagnostic = self.error.diagnostics[0]
        return diagnostic.evidence or diagnostic.headline

    @property
    def place(self) -> Place:
        """Where."""
        error = self.error
        if not isinstance(error, UnreadableError) or error.line is None:
            return Place(Path(self.path))
        return Place(Path(self.path), Position(error.line, error.column or 1))


@dataclass(frozen=True)
class Results:
    """All systems of a run, and what could not be read."""

    checked: Sequence[Checked]
    unreadable: Sequence[Unreadable]

    @property
    def verdict(self) -> Verdict:
        """The worst of all; what could not be read is not proven."""
        verdicts = [checked.report.verdict for checked in self.checked]
        return worst([*verdicts, "unproven"] if self.unreadable else verdicts)

    @property
    def exit_code(self) -> int:
        """0: loop-free; 1: findings; 2: something could not be read."""
        return 2 if self.unreadable else int(any(checked.report.findings for checked in self.checked))


class Places:
    """Where findings are written. Each file is looked into once.

    Args:
        findings: whose arrows.
        fixes: whether places of what fixes change are asked for as well.
    """

    def __init__(self, findings: Iterable[Finding], *, fixes: bool = False) -> None:
        routes: dict[Path, dict[Route, None]] = {}
        for finding in findings:
            origins = [_origin(step) for step in finding.path]
            if fixes:
                origins += [(one.template.path, one.at) for fix in finding.fixes for one in operations(fix)]
            for path, route in origins:
                if path is not None:
                    routes.setdefault(path, {})[route] = None
        self._found = {path: locate_in_file(path, wanted) for path, wanted in routes.items()}

    def of(self, step: Step) -> Place | None:
        """Where an arrow is written; None if its template is no file."""
        return self._at(*_origin(step))

    def of_operation(self, operation: Operation) -> Place | None:
        """What a fix changes, or if it adds something, what it adds to; None if its template is no file."""
        return self._at(operation.template.path, operation.at)

    def of_finding(self, finding: Finding) -> Place | None:
        """Where to begin: what lets the first function write."""
        return self.of(finding.path[0]) if finding.path else None

    def _at(self, path: Path | None, route: Route) -> Place | None:
        return None if path is None else Place(path, self._found[path].get(route))


def _origin(step: Step) -> tuple[Path | None, Route]:
    """What makes an arrow, or else the resource where it starts."""
    return (step.at_template or step.template).path, step.at or ("Resources", step.source_id)
