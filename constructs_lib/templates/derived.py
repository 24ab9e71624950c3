"""Parts of a template that are not as the document has them, with what they were made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Derived"]


class Derived(dict[str, Any]):
    """A mapping of a template after something in it was decided.

    Args:
        entries: what it is now.
        origin: the mapping of the document, by which its place is found.
    """

    __slots__ = ("origin",)

    def __init__(self, entries: Mapping[str, Any], origin: Mapping[str, Any]) -> None:
        super().__init__(entries)
        self.origin = origin
