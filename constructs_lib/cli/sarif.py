"""A run's results as SARIF 2.1.0, which GitHub's code scanning and editors read."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from constructs_lib.cli.explain import page
from constructs_lib.cli.results import Places
from constructs_lib.cli.version import installed_version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from constructs_lib.cli.results import Place, Results, Unreadable
    from constructs_lib.errors import Diagnostic
    from constructs_lib.loops import Acknowledgement, Finding, Step
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
    suppression = {"kind": "inSource", "justification": f"{by.reason}; bound: {by.bound}"} if by else {}
    return {
        "ruleId": finding.reference,
        "ruleIndex": rules.index(finding.reference),
        "level": found.severity,
        "message": {"text": _text(found)},
        "locations": [_location(finding.path[0], places)] if finding.path else [],
        **(flow if finding.path else {}),
        **(fingerprint if finding.fingerprint else {}),
        "suppressions": [suppression] if by else [],
        "properties": {
            "verdict": finding.verdict,
            "severity": finding.severity,
            "witness": finding.witness,
            "when": list(finding.when),
        },
    }


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
    path = place.path
    uri = path.as_uri() if path.is_absolute() else quote(path.as_posix())
    location: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if place.position is not None:
        location["region"] = {"startLine": place.position.line, "startColumn": place.position.column}
    return location
