"""A run's results as text, as JSON and as GitHub's workflow commands."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from constructs_lib.cli.results import Places, Results
from constructs_lib.loops.patches import operations

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from constructs_lib.cli.results import Checked, Place
    from constructs_lib.errors import Diagnostic
    from constructs_lib.loops import Finding

__all__ = ["as_github", "as_json", "as_text", "diagnostic", "printable"]


def as_text(results: Results) -> Iterator[str]:
    """Each finding as people read it, then a line for each system, and one for all if there are several."""
    for item in results.unreadable:
        yield f"{printable(str(item.error))}\n"
    for number, checked in enumerate(results.checked):
        places = Places(checked.report.findings)
        if number and checked.report.findings:
            yield ""
        for finding in checked.report.findings:
            yield f"{printable(str(diagnostic(finding, places)))}\n"
        yield _summary(checked)
        for entry in checked.report.acknowledged:
            where = f" ({entry.by.where})" if entry.by.where else ""
            occasion = f", {entry.finding.occasion}" if entry.finding.when else ""
            meant = f"{entry.finding.headline}{occasion}: {entry.by.reason}; bound: {entry.by.bound}{where}"
            yield f"  acknowledged: {_line(meant)}"
    if len(results.checked) + len(results.unreadable) > 1:
        yield _total(results)


def _total(results: Results) -> str:
    found = [len(checked.report.findings) for checked in results.checked if checked.report.findings]
    counts = f"{sum(found)} finding{'' if sum(found) == 1 else 's'} in {len(found)} of them" if found else "no findings"
    unreadable = f", {len(results.unreadable)} cannot be read" if results.unreadable else ""
    return f"in all: {len(results.checked)} checked, {counts}{unreadable}"


def as_json(results: Results) -> Iterator[str]:
    """One object, as `docs/check-output.schema.json` describes it."""
    document = {
        "verdict": results.verdict,
        "systems": [
            {
                "path": checked.path,
                "verdict": checked.report.verdict,
                "findings": _as_json(checked.report.findings),
                "acknowledged": [entry.as_json() for entry in checked.report.acknowledged],
                "approximations": list(checked.report.approximations),
                "not_modelled": list(checked.report.not_modelled),
            }
            for checked in results.checked
        ],
        "unreadable": [{"path": item.path, "reason": item.reason} for item in results.unreadable],
    }
    yield json.dumps(document, indent=2)


def _as_json(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Findings as plain values, with where in the files they and their fixes are."""
    places = Places(findings, fixes=True)
    shown = []
    for finding in findings:
        found = finding.as_json()
        for fix, changes in zip(finding.offered, found["fixes"], strict=True):
            for operation, change in zip(operations(fix), changes["changes"], strict=True):
                change.update(_at(places.of_operation(operation)))
        shown.append({**found, "places": [_at(places.of(step)) for step in finding.path]})
    return shown


def _at(place: Place | None) -> dict[str, Any]:
    if place is None:
        return {}
    position = place.position
    return {"file": str(place.path), **({} if position is None else {"line": position.line, "column": position.column})}


def as_github(results: Results) -> Iterator[str]:
    """Workflow commands, which GitHub Actions shows beside the lines of the files.

    See "Workflow commands for GitHub Actions" in GitHub's documentation.
    """
    for item in results.unreadable:
        for found in item.error.diagnostics:
            yield _command(found, item.place)
    for checked in results.checked:
        places = Places(checked.report.findings)
        for finding in checked.report.findings:
            yield _command(diagnostic(finding, places), places.of_finding(finding))
        # A line that begins with a path could be taken for a command, and `##[` is one wherever it stands.
        yield f"checked {_summary(checked)}".replace("##[", "## [")


def diagnostic(finding: Finding, places: Places) -> Diagnostic:
    """A finding as an error to show, with all that helps, and each arrow with its place."""
    return replace(finding.diagnostic([places.of(step) for step in finding.path]), helps=finding.helps)


def printable(text: str) -> str:
    r"""A text without what a terminal would obey: a template's names may hold anything.

    >>> print(printable("Photos\x1b[2J"))
    Photos\x1b[2J
    """
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode("ascii") for c in text)


def _summary(checked: Checked) -> str:
    return _line(f"{checked.name}: {checked.report.summary}")


def _line(text: str) -> str:
    return printable(text.replace("\n", " "))


def _command(found: Diagnostic, place: Place | None) -> str:
    properties = {}
    if place is not None:
        properties["file"] = place.path.as_posix()
        if place.position is not None:
            properties |= {"line": str(place.position.line), "col": str(place.position.column)}
    properties["title"] = f"{found.reference}: {found.headline}"
    head = ",".join(f"{name}={_escaped(value, in_property=True)}" for name, value in properties.items())
    _, _, body = str(found).partition("\n\n")
    return f"::{found.severity} {head}::{_escaped(printable(body))}"


def _escaped(text: str, *, in_property: bool = False) -> str:
    replacements = {"%": "%25", "\r": "%0D", "\n": "%0A", **({":": "%3A", ",": "%2C"} if in_property else {})}
    for character, code in replacements.items():
        text = text.replace(character, code)
    return text
