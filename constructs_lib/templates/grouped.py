"""Values by key, where nearly every key has one: no list is kept for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

__all__ = ["Grouped"]

T = TypeVar("T")


class Grouped(Generic[T]):
    """The values of each key, in the order in which they came."""

    def __init__(self) -> None:
        self._first: dict[Hashable, T] = {}
        self._more: dict[Hashable, list[T]] = {}

    def add(self, key: Hashable, value: T) -> None:
        """Add a value."""
        if key not in self._first:
            self._first[key] = value
        else:
            self._more.setdefault(key, []).append(value)

    def of(self, key: Hashable) -> Sequence[T]:
        """The values of a key."""
        if key not in self._first:
            return ()
        first = self._first[key]
        return (first, *self._more[key]) if key in self._more else (first,)

    def keys(self) -> Iterable[Hashable]:
        """All keys that have a value."""
        return self._first.keys()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._first
