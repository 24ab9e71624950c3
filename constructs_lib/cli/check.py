"""`constructs-lib check`: prove that no function of a template can wake itself, or show how it can."""

from __future__ import annotations

import glob
import itertools
import os
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from constructs_lib.cli.colours import coloured, wants_colours
from constructs_lib.cli.configuration import NAME, Configuration
from constructs_lib.cli.formats import as_github, as_json, as_text
from constructs_lib.cli.missing import path_not_found
from constructs_lib.cli.results import Checked, Results, Unreadable
from constructs_lib.errors import ConstructsLibError, Diagnostic
from constructs_lib.loops import check as check_templates
from constructs_lib.loops import check_stages
from constructs_lib.templates import apart, discover, looks_like_template

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from constructs_lib.templates import Found

__all__ = ["Format", "check"]


class Format(str, Enum):
    """How findings are written."""

    text = "text"
    json = "json"
    sarif = "sarif"
    github = "github"


def check(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH", help="Templates, folders, globs, or a cloud assembly such as cdk.out."),
    ],
    *,
    format_: Annotated[Format, typer.Option("--format", help="How findings are written.")] = Format.text,
    together: Annotated[bool, typer.Option("--together", help="Take all templates as one system.")] = False,
    ignore_others: Annotated[
        bool, typer.Option("--ignore-others", help="Pass over named files that do not look like a template.")
    ] = False,
) -> None:
    """Prove that no function can wake itself in a circle, or show how it can.

    A cloud assembly is one system, and so is that of each stage; every other file is one of its own. A folder is
    searched for what looks like a template. Loops that are meant may be acknowledged in `constructs-lib.toml`.

    Exit code 0: loop-free or acknowledged. 1: findings. 2: something cannot be read; the others are still checked.
    """
    results = _results(paths, together=together, ignore_others=ignore_others)
    has_colours = format_ is Format.text and wants_colours()
    for line in _written(results, format_):
        typer.echo(coloured(line) if has_colours else line)
    raise typer.Exit(results.exit_code)


def _written(results: Results, format_: Format) -> Iterator[str]:
    if format_ is Format.sarif:
        from constructs_lib.cli.sarif import as_sarif  # noqa: PLC0415 - nothing else needs what it imports

        return as_sarif(results)
    return {Format.text: as_text, Format.json: as_json, Format.github: as_github}[format_](results)


def _results(paths: Iterable[str], *, together: bool, ignore_others: bool) -> Results:
    unreadable: list[Unreadable] = []
    try:
        configuration = Configuration.read(Path())
    except ConstructsLibError as error:
        configuration = Configuration()
        unreadable.append(Unreadable(NAME, error))
    readable: list[Found] = []
    everything = list(_found(paths, ignore_others=ignore_others))
    unreadable += [one for one in everything if isinstance(one, Unreadable)]
    for found in apart([one for one in everything if not isinstance(one, Unreadable)]):
        if found.error is not None:
            unreadable.append(Unreadable(str(found.path), found.error))
        else:
            readable.append(found)
    apps = (list(stages) for _, stages in itertools.groupby(readable, key=lambda found: found.app or found.path))
    systems = ([readable] if readable else []) if together else apps
    checked = [one for system in systems for one in _checked(system, configuration, together=together)]
    unreadable += [one for one in checked if isinstance(one, Unreadable)]
    return Results([one for one in checked if isinstance(one, Checked)], unreadable)


def _checked(system: list[Found], configuration: Configuration, *, together: bool) -> list[Checked | Unreadable]:
    try:
        return [_together(system, configuration)] if together else [*_apart(system, configuration)]
    except ConstructsLibError as error:  # it is nested too deeply
        return [Unreadable(", ".join(str(found.path) for found in system), error)]


def _together(system: list[Found], configuration: Configuration) -> Checked:
    templates = [template for found in system for template in found.templates]
    acknowledgements = configuration.of(found.path for found in system)
    return Checked(
        tuple(str(found.path) for found in system), check_templates(templates, acknowledgements=acknowledgements)
    )


def _apart(stages: list[Found], configuration: Configuration) -> Iterator[Checked]:
    """A file, or the assemblies of an app."""
    acknowledgements = [configuration.of([found.path]) for found in stages]
    reports = check_stages([found.templates for found in stages], acknowledgements=acknowledgements)
    yield from (Checked((str(found.path),), report) for found, report in zip(stages, reports, strict=True))


def _found(paths: Iterable[str], *, ignore_others: bool) -> Iterator[Found | Unreadable]:
    """What the paths stand for, each file once; a path that stands for nothing is no proof."""
    known: set[str] = set()
    for path in paths:
        is_empty = True
        for expanded in _expanded(path):
            if not os.path.lexists(expanded):
                is_empty = False
                yield Unreadable(path, path_not_found(expanded))
                continue
            if ignore_others and expanded.is_file() and not looks_like_template(expanded):
                is_empty = False
                continue
            for found in discover([expanded]):
                is_empty = False
                where = os.path.realpath(found.path)  # `Path.resolve` raises on links that lead to themselves
                if where not in known:
                    known.add(where)
                    yield found
        if is_empty:
            nothing = Diagnostic(
                reference="no-templates",
                headline=f"there is no template in `{path}`",
                helps=("name a template, or a folder that holds some; for a CDK app run `cdk synth` first",),
            )
            yield Unreadable(path, ConstructsLibError(nothing))


def _expanded(path: str) -> list[Path]:
    if os.path.lexists(path) or not glob.has_magic(path):
        return [Path(path)]
    return [Path(match) for match in sorted(glob.glob(path, recursive=True))]  # noqa: PTH207 - Path.glob takes no absolute pattern
