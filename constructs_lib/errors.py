"""Diagnostics: what went wrong, the evidence, and the fix, in one fixed order that reads without colour."""

from __future__ import annotations

import sys
import textwrap
import weakref
from dataclasses import dataclass
from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["ConstructsLibError", "Diagnostic", "Severity", "recall", "remember", "show_errors_without_traceback"]

Severity = Literal["error", "warning"]


@dataclass(frozen=True, kw_only=True)
class Diagnostic:
    """One finding or failure, ready to be shown to a person.

    Args:
        reference: kebab-case name of the rule; `constructs-lib explain <reference>` shows its page.
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
      see: constructs-lib explain photo-not-found
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
        """What shows the page of this reference, which is one of `docs/errors`."""
        return f"constructs-lib explain {self.reference}"

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

    Attributes:
        diagnostics: what was found.
        shown: whether CDK has written them to stderr already, so that an uncaught error need not repeat them.
    """

    def __init__(self, *diagnostics: Diagnostic) -> None:
        show_errors_without_traceback()
        self.diagnostics = diagnostics
        self.shown = False
        super().__init__("\n\n".join(map(str, diagnostics)))


_raised_across_jsii: list[tuple[str, ConstructsLibError]] = []


def remember(error: ConstructsLibError, text: str = "") -> ConstructsLibError:
    """Note an error that is about to cross jsii, so that it is recognised on the other side.

    Args:
        error: the error.
        text: what the exception on the other side will say; by default the error's own text.
    """
    _raised_across_jsii.append((text or str(error), error))
    return error


def recall(error: BaseException) -> ConstructsLibError | None:
    """The error of ours that `error` is, or that it stands for after crossing jsii; the latest, if several do."""
    if isinstance(error, ConstructsLibError):
        return error
    text = str(error)
    return next((ours for known, ours in reversed(_raised_across_jsii) if known in text), None)


def show_errors_without_traceback() -> None:
    """Make an uncaught error of ours print its diagnostics and where they arose, without a traceback.

    Installed once, by the first error or function of ours; every other exception goes to the hook of before.
    """
    before = sys.excepthook
    if getattr(before, "shows_diagnostics", False):
        return

    def hook(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        ours = recall(error)
        if ours is None:
            before(kind, error, traceback)
        elif ours.shown:
            headlines = "".join(f"  {one.severity}[{one.reference}]: {one.headline}\n" for one in ours.diagnostics)
            _write_last(hook, f"Nothing was deployed or emitted, because of what is shown above:\n{headlines}")
        else:
            line = _line_of_user(traceback) if ours is error else ""
            sys.stderr.write(f"{ours}\n{line}")

    hook.shows_diagnostics = True  # type: ignore[attr-defined]
    sys.excepthook = hook


def _write_last(owner: object, text: str) -> None:
    """Write to stderr when nothing of CDK comes any more.

    CDK's report comes from another process, and a thread hands it on when it likes. jsii ends both in an exit handler,
    and this has to come behind it: handlers run in reverse order, and jsii makes a finalizer (of a temporary folder)
    before it registers its handler, so finalizers run later. An interactive Python does not end here.
    """
    if sys.flags.inspect or hasattr(sys, "ps1"):
        sys.stderr.write(text)
    else:
        weakref.finalize(owner, sys.stderr.write, text)


def _line_of_user(traceback: TracebackType | None) -> str:
    """The last line outside of this library, unless it only asked for synthesis: then the fault is elsewhere."""
    frames = extract_tb(traceback)
    own = str(Path(__file__).parent)
    users = [index for index, frame in enumerate(frames) if not frame.filename.startswith((own, "<"))]
    if not users or any(frame.name == "synth" for frame in frames[users[-1] + 1 :]):
        return ""
    frame = frames[users[-1]]
    return f"  at: {frame.filename}:{frame.lineno}\n"
