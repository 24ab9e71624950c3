"""The command line: `constructs-lib`."""

from __future__ import annotations

import io
import sys

import typer

from constructs_lib.cli.check import check
from constructs_lib.cli.doctor import doctor
from constructs_lib.cli.explain import explain

__all__ = ["app", "main"]

app = typer.Typer(
    name="constructs-lib",
    help="Check templates for invocation loops, explain errors, and check this machine for what a build needs.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(check)
app.command()(explain)
app.command()(doctor)


def main() -> None:
    """Run the command line."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names may be in any script, a terminal's encoding not
    app()
