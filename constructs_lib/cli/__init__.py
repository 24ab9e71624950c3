"""The command line: `constructs-lib`."""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer

from constructs_lib.cli.check import check
from constructs_lib.cli.doctor import doctor
from constructs_lib.cli.explain import explain

__all__ = ["app", "main"]


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        from constructs_lib.cli.version import installed_version  # noqa: PLC0415 - nothing else needs what it imports

        typer.echo(f"constructs-lib {installed_version() or 'that is not installed'}")
        raise typer.Exit


def _options(
    *,
    _version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """Check templates for invocation loops, explain errors, and check this machine for what a build needs."""


app = typer.Typer(
    name="constructs-lib",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.callback()(_options)
app.command()(check)
app.command()(explain)
app.command()(doctor)


def main() -> None:
    """Run the command line."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names may be in any script, a terminal's encoding not
    app()
