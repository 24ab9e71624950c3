"""`constructs-lib check`: prove that no function of a template can wake itself, or show how it can."""

from __future__ import annotations

import glob
import json
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from constructs_lib.errors import ConstructsLibError, Diagnostic
from constructs_lib.loops import Report
from constructs_lib.loops import check as check_templates
from constructs_lib.loops.report import worst
from constructs_lib.templates import Found, discover

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Format", "check"]


class Format(str, Enum):
    """How findings are written."""

    text = "text"
    json = "json"


@dataclass(frozen=True)
class _Checked:
    path: str
    report: Report


def check(
    paths: Annotated[list[str], typer.Argument(help="Templates, folders, globs, or a cloud assembly such as cdk.out.")],
    *,
    format_: Annotated[Format, typer.Option("--format", help="How findings are written.")] = Format.text,
    together: Annotated[bool, typer.Option("--together", help="Take all templates as one system.")] = False,
) -> None:
    """Prove that no function can wake itself in a circle, or show how it can.

    An assembly is one system, every other file one of its own. Exit code 0: loop-free; 1: findings; 2: a template
    cannot be read (the others are still checked).
    """
    found = list(discover(_expanded(paths)))
    unreadable = [item for item in found if item.error is not None]
    checked = list(_check([item for item in found if item.error is None], together=together))
    if not found:
        nothing = Diagnostic(
            reference="no-templates",
            headline=f"there is no template in {', '.join(f'`{path}`' for path in paths)}",
            helps=("name a template, or a folder that holds some; for a CDK app run `cdk synth` first",),
        )
        unreadable = [Found(Path(paths[0]), error=ConstructsLibError(nothing))]
    if format_ is Format.json:
        typer.echo(json.dumps(_as_json(checked, unreadable), indent=2))
    else:
        for text in _as_text(checked, unreadable):
            typer.echo(text)
    raise typer.Exit(2 if unreadable else int(any(item.report.findings for item in checked)))


def _expanded(paths: Iterable[str]) -> Iterator[Path]:
    for path in paths:
        if Path(path).exists() or not glob.has_magic(path):
            yield Path(path)
        else:
            matches = sorted(glob.glob(path, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
            yield from map(Path, matches)


def _check(found: list[Found], *, together: bool) -> Iterator[_Checked]:
    if together and found:
        paths = ", ".join(str(item.path) for item in found)
        yield _Checked(paths, check_templates(template for item in found for template in item.templates))
    else:
        for item in found:
            yield _Checked(str(item.path), check_templates(item.templates))


def _as_text(checked: list[_Checked], unreadable: list[Found]) -> Iterator[str]:
    for item in unreadable:
        yield f"{item.error}\n"
    for result in checked:
        for finding in result.report.findings:
            yield f"{finding.diagnostic()}\n"
        yield f"{result.path}: {result.report.summary}"


def _as_json(checked: list[_Checked], unreadable: list[Found]) -> dict[str, Any]:
    return {
        "verdict": worst(result.report.verdict for result in checked),
        "systems": [
            {
                "path": result.path,
                "verdict": result.report.verdict,
                "findings": [finding.as_json() for finding in result.report.findings],
                "approximations": list(result.report.approximations),
                "not_modelled": list(result.report.not_modelled),
            }
            for result in checked
        ],
        "unreadable": [{"path": str(item.path), "reason": _reason(item)} for item in unreadable],
    }


def _reason(item: Found) -> str:
    if item.error is None:
        return ""
    diagnostic = item.error.diagnostics[0]
    return diagnostic.evidence or diagnostic.headline
