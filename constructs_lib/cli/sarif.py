"""A run's results as SARIF 2.1.0, which GitHub's code scanning and editors read."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from constructs_lib.cli.edits import edits
from constructs_lib.cli.explain import page
from constructs_lib.cli.results import Places
from constructs_lib.cli.version import installed_version
from constructs_lib.loops.patches import operations
from constructs_lib.templates.documents import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from constructs_lib.cli.results import Place, Results, Unreadable
    from constructs_lib.errors import Diagnostic
    from constructs_lib.loops import Acknowledgement, Finding, Fix, Step
    from constructs_lib.loops.patches import Operation
    from constructs_lib.loops.report import Verdict

__all__ = ["as_sarif"]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_RULES: Mapping[Verdict, str] = {
    "loop": "A function can invoke itself in a circle.",
    "unproven": "A function may be able to invoke itself in a circle; the templates do not tell.",
    "loop-free": "Something is set so that it cannot work as it is meant.",
}


def as_sarif(results: Results) -> Iterator[str]:
    """One log with one run.

    Paths are relative to the current folder: run it where the repository begins. What could not be read is no result
    about a template, but a notification of the tool (sections 3.20 and 3.58 of the standard).
    """
    reports = [checked.report for checked in results.checked]
    meant = [(entry.finding, entry.by) for report in reports for entry in report.acknowledged]
    found = [(finding, None) for report in reports for finding in report.findings]
    findings = [finding for finding, _ in (*found, *meant)]
    rules = {finding.reference: _rule(finding.reference, _RULES[finding.verdict]) for finding in findings}
    failures = {
        found.reference: _rule(found.reference, "Something could not be read, so that nothing is known about it.")
        for item in results.unreadable
        for found in item.error.diagnostics
    }
    places = Places(findings)
    known = installed_version()
    run = {
        "tool": {
            "driver": {
                "name": "constructs-lib",
                **({"version": known} if known else {}),
                "rules": list(rules.values()),
                "notifications": list(failures.values()),
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not results.unreadable,
                "exitCode": results.exit_code,
                "toolExecutionNotifications": [_notification(item) for item in results.unreadable],
            }
        ],
        "results": [_result(finding, by, places, list(rules)) for finding, by in (*found, *meant)],
    }
    yield json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(reference: str, description: str) -> dict[str, Any]:
    return {
        "id": reference,
        "shortDescription": {"text": description},
        "help": {"text": f"`constructs-lib explain {reference}` tells more.", "markdown": page(reference)},
    }


def _result(finding: Finding, by: Acknowledgement | None, places: Places, rules: list[str]) -> dict[str, Any]:
    found = replace(finding.diagnostic(), helps=finding.helps)
    flow = {"codeFlows": [{"threadFlows": [{"locations": [_hop(step, places) for step in finding.path]}]}]}
    fingerprint = {"partialFingerprints": {"invocationPath/v1": finding.fingerprint}}
    fixes = [shown for fix in finding.fixes if (shown := _fix(fix)) is not None]
    suppression = {"kind": "inSource", "justification": f"{by.reason}; bound: {by.bound}"} if by else {}
    return {
        "ruleId": finding.reference,
        "ruleIndex": rules.index(finding.reference),
        "level": found.severity,
        "message": {"text": _text(found)},
        "locations": [_location(finding.path[0], places)] if finding.path else [],
        **(flow if finding.path else {}),
        **(fingerprint if finding.fingerprint else {}),
        **({"fixes": fixes} if fixes else {}),
        "suppressions": [suppression] if by else [],
        "properties": {
            "verdict": finding.verdict,
            "severity": finding.severity,
            "witness": finding.witness,
            "when": list(finding.when),
        },
    }


def _fix(fix: Fix) -> dict[str, Any] | None:
    """A fix that an editor can apply; None if it takes more than edits of the files as they are."""
    changes = []
    by_file: dict[int, list[Operation]] = {}
    for operation in operations(fix):
        by_file.setdefault(id(operation.template), []).append(operation)
    for parts in by_file.values():
        template = parts[0].template
        text = "" if template.path is None else read_text(template.path)
        found = edits(text, parts, fix.applied_to(template).document)
        if template.path is None or not found:
            return None
        replacements = [
            {"deletedRegion": _region(text, edit.start, edit.end), "insertedContent": {"text": edit.text}}
            for edit in found
        ]
        changes.append({"artifactLocation": {"uri": _uri(template.path)}, "replacements": replacements})
    return {"description": {"text": fix.text}, "artifactChanges": changes} if changes else None


def _region(text: str, start: int, end: int) -> dict[str, int]:
    lines = [(text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)) for at in (start, end)]
    (start_line, start_column), (end_line, end_column) = lines
    return {"startLine": start_line, "startColumn": start_column, "endLine": end_line, "endColumn": end_column}


def _notification(item: Unreadable) -> dict[str, Any]:
    found = item.error.diagnostics[0]
    return {
        "descriptor": {"id": found.reference},
        "level": found.severity,
        "message": {"text": _text(found)},
        "locations": [{"physicalLocation": _physical(item.place)}],
    }


def _text(found: Diagnostic) -> str:
    """The finding without what SARIF has places of its own for."""
    return str(found).partition(": ")[2]


def _location(step: Step, places: Places) -> dict[str, Any]:
    place = places.of(step)
    logical = {"name": step.source_id, "fullyQualifiedName": step.source, "kind": "resource"}
    return {**({"physicalLocation": _physical(place)} if place else {}), "logicalLocations": [logical]}


def _hop(step: Step, places: Places) -> dict[str, Any]:
    return {"location": {**_location(step, places), "message": {"text": str(step)}}}


def _physical(place: Place) -> dict[str, Any]:
    location: dict[str, Any] = {"artifactLocation": {"uri": _uri(place.path)}}
    if place.position is not None:
        location["region"] = {"startLine": place.position.line, "startColumn": place.position.column}
    return location


def _uri(path: Path) -> str:
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
