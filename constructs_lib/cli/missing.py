"""What to say about a path that leads nowhere."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from constructs_lib.errors import ConstructsLibError, Diagnostic

__all__ = ["path_not_found"]


def path_not_found(path: Path) -> ConstructsLibError:
    """The error for a path that is not there, with what may have been meant."""
    near = _near(path)
    meant = f"did you mean {' or '.join(f'`{one}`' for one in near)}?"
    return ConstructsLibError(
        Diagnostic(
            reference="path-not-found",
            headline=f"there is no file or folder `{path}`",
            helps=(meant if near else f"correct the path; the current folder is `{Path.cwd()}`",),
        )
    )


def _near(path: Path) -> list[Path]:
    """Paths that are there, with another name for the first part that is not."""
    missing = next(part for part in (*reversed(path.parents), path) if not os.path.lexists(part))
    try:
        beside = [one.name for one in missing.parent.iterdir()]
    except OSError:
        return []
    likely = [missing.with_name(name) for name in difflib.get_close_matches(missing.name, beside, n=2)]
    rest = path.relative_to(missing)
    return [one / rest if os.path.lexists(one / rest) else one for one in likely]
