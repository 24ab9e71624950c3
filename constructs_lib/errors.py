"""Diagnostics: what went wrong, the evidence, and the fix, in one fixed order that reads without colour."""

from __future__ import annotations

import sys
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

__all__ = ["ConstructsLibError", "Diagnostic", "Severity", "remember", "show_errors_without_traceback"]

Severity = Literal["error", "warning"]


@dataclass(frozen=True, kw_only=True)
class Diagnostic:
    """One finding or failure, ready to be shown to a person.

    Args:
        reference: kebab-case name of the rule; `docs/errors/<reference>.md` explains it.
        headline: one lowercase line without a final period, the user's values in backticks.
        evidence: what shows it, as lines; indented by two spaces when rendered.
        witness: a concrete key, event or value that shows the fault.
        notes: facts that help to understand it.
        helps: what to do instead, best first.
        severity: `error` (the default) or `warning`.

    >>> print(Diagnostic(reference="photo-not-found", headline="there is no photo at `a.jpg`", helps=("give a path",)))
    error[photo-not-found]: there is no photo at `a.jpg`
    <BLANKLINE>
      help: give a path
      see: docs/errors/photo-not-found.md
    """

    reference: str
    headline: str
    evidence: str = ""
    witness: str = ""
    notes: tuple[str, ...] = ()
    helps: tuple[str, ...] = ()
    severity: Severity = "error"

    @property
    def see(self) -> str:
        """The page that explains this reference."""
        return f"docs/errors/{self.reference}.md"

    def __str__(self) -> str:
        parts = [f"{self.severity}[{self.reference}]: {self.headline}"]
        if self.evidence:
            parts.append(textwrap.indent(self.evidence.rstrip("\n"), "  "))
        tail = [*([f"witness: {self.witness}"] if self.witness else [])]
        tail += [f"note: {note}" for note in self.notes]
        tail += [f"help: {help_}" for help_ in self.helps]
        tail.append(f"see: {self.see}")
        parts.append(textwrap.indent("\n".join(tail), "  "))
        return "\n\n".join(parts)


class ConstructsLibError(Exception):
    """What this library raises: one or more diagnostics, rendered whole by `str()`.

    An exception that crosses jsii keeps only its text, so the text holds everything.
    """

    def __init__(self, *diagnostics: Diagnostic) -> None:
        self.diagnostics = diagnostics
        super().__init__("\n\n".join(map(str, diagnostics)))


_raised_across_jsii: list[str] = []


def remember(error: ConstructsLibError) -> ConstructsLibError:
    """Note an error that is about to cross jsii, so that its text is recognised on the other side."""
    _raised_across_jsii.append(str(error))
    return error


def show_errors_without_traceback() -> None:
    """Make an uncaught error of ours print its diagnostics alone, without a Python or JavaScript traceback.

    Installed once, by the first function of ours; every other exception goes to the hook that was there before.
    """
    before = sys.excepthook
    if getattr(before, "shows_diagnostics", False):
        return

    def hook(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        text = _diagnostics_of(error, _raised_across_jsii)
        if text is None:
            before(kind, error, traceback)
        else:
            sys.stderr.write(f"{text}\n")

    hook.shows_diagnostics = True  # type: ignore[attr-defined]
    sys.excepthook = hook


def _diagnostics_of(error: BaseException, crossed: Iterable[str]) -> str | None:
    if isinstance(error, ConstructsLibError):
        return str(error)
    text = str(error)
    return next((known for known in crossed if known in text), None)
