"""`constructs-lib explain`: the page of an error."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated

import typer

from constructs_lib.errors import ConstructsLibError, Diagnostic

__all__ = ["explain", "page"]

_INSTALLED = Path(__file__).with_name("pages")
_IN_CHECKOUT = Path(__file__).parents[2] / "docs" / "errors"


def explain(
    reference: Annotated[str, typer.Argument(help="What stands in the brackets of `error[…]`; none: list all.")] = "",
) -> None:
    """Tell what an error means, why it matters, and what to do.

    Exit code 0; 2 if there is no such error.
    """
    references = [file.stem for file in sorted(_folder().glob("*.md"))]
    if not reference:
        typer.echo("\n".join(references))
    elif reference in references:
        typer.echo(page(reference), nl=False)
    else:
        typer.echo(_unknown(reference, references), err=True)
        raise typer.Exit(2)


def page(reference: str) -> str:
    """The page of an error, in Markdown."""
    return (_folder() / f"{reference}.md").read_text(encoding="utf-8")


def _folder() -> Path:
    return _INSTALLED if _INSTALLED.exists() else _IN_CHECKOUT


def _unknown(reference: str, known: list[str]) -> ConstructsLibError:
    near = difflib.get_close_matches(reference, known, n=2)
    helps = [f"did you mean {' or '.join(f'`{name}`' for name in near)}?"] if near else []
    return ConstructsLibError(
        Diagnostic(
            reference="reference-unknown",
            headline=f"there is no error `{reference}`",
            helps=(*helps, "list all: constructs-lib explain"),
        )
    )
