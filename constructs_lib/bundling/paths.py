"""Paths of this machine, kept out of the binaries: what is built from the same sources is the same everywhere.

A panic tells where in the sources it is, and for a dependency that is an absolute path, in cargo's home. Without this
each machine's binaries would have digests of their own, and a deployment from another machine would replace functions
in which nothing changed.
"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["cargo_home", "flags"]


def cargo_home() -> Path:
    """Where cargo keeps what it downloads: https://doc.rust-lang.org/cargo/guide/cargo-home.html."""
    return Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")


def flags(target: Path) -> list[str]:
    """Flags for rustc, which write other paths in place of this machine's.

    Paths below the workspace are relative already. A local package outside of it keeps its path: cargo makes it a part
    of the names of all its functions, which decide on their order, so the binary is another one elsewhere anyway.

    Args:
        target: where cargo puts what build scripts generate.
    """
    return [f"--remap-path-prefix={folder}={name}" for folder, name in ((cargo_home(), "/cargo"), (target, "/target"))]
