"""`constructs-lib doctor`: what of the toolchain is there, and how to get the rest."""

from __future__ import annotations

import typer

__all__ = ["doctor"]


def doctor() -> None:
    """Look for what building and deploying need, and say how to get what is missing.

    Exit code 0 if all that is required is there, else 1.
    """
    from constructs_lib.bundling import doctor as checks  # noqa: PLC0415 - `check` needs none of it

    found = checks()
    width = max(len(part.part) for part in found)
    for part in found:
        state = "ok     " if part.found else "missing" if part.required else "absent "
        typer.echo(f"{state}  {part.part:<{width}}  {part.detail or part.purpose}".rstrip())
        if not part.found:
            for command in part.commands:
                typer.echo(f"{'':<{width + 11}}{command}")
    raise typer.Exit(int(any(part.required and not part.found for part in found)))
