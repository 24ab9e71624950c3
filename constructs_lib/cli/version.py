"""The version of this library."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

__all__ = ["installed_version"]


def installed_version() -> str | None:
    """The version, as it was installed; None in a checkout that is not."""
    try:
        return version("constructs-lib")
    except PackageNotFoundError:
        return None
