"""Parts of templates that nobody can tell before they are deployed."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Unseen"]


@dataclass(frozen=True)
class Unseen:
    """Something that a template makes, or changes, when it is deployed.

    Args:
        what: for people, e.g. "what the macro `Expand` makes".
        at: where in the document it is made; what stands beside it and below may be changed.
    """

    what: str
    at: tuple[str | int, ...]
