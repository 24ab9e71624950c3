"""Cargo workspaces become `bootstrap` files: found by cargo, built in one run, kept in a content-addressed cache.

All but `code` is plain Python, and so is importing this package; only `CargoCode`, `Plan` and `plan` load CDK.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_lib.bundling.builds import BuiltBinary, build
from constructs_lib.bundling.cargo import CargoBinary, find_binary
from constructs_lib.bundling.checks import Check, doctor
from constructs_lib.bundling.progress import Progress

if TYPE_CHECKING:
    from constructs_lib.bundling.code import CargoCode, Plan, plan

__all__ = [
    "BuiltBinary",
    "CargoBinary",
    "CargoCode",
    "Check",
    "Plan",
    "Progress",
    "build",
    "doctor",
    "find_binary",
    "plan",
]


def __getattr__(name: str) -> Any:
    if name in {"CargoCode", "Plan", "plan"}:
        from constructs_lib.bundling import code  # noqa: PLC0415  (only who uses these pays for importing CDK)

        return getattr(code, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
