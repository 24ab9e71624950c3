"""Values by key, where nearly every key has one: no list is kept for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Grouped"]

K = TypeVar("K")
T = TypeVar("T")


class Grouped(Generic[K, T]):
    """The values of each key, in the order in which they came."""

    def __init__(self) -> None:
        self._first: dict[K, T] = {}
        self._more: dict[K, list[T]] = {}

    def add(self, key: K, value: T) -> None:
        """Add a value."""
        if key not in self._first:
            self._first[key] = value
        else:
            self._more.setdefault(key, []).append(value)

    def of(self, key: K) -> Sequence[T]:
        """The values of a key."""
        if key not in self._first:
            return ()
        more = self._more.get(key)
        return (self._first[key],) if more is None else (self._first[key], *more)

    def count(self, key: K) -> int:
        """How many values a key has."""
        return len(self._more.get(key, ())) + 1 if key in self._first else 0

    def __iter__(self) -> Iterator[K]:
        return iter(self._first)

    def __contains__(self, key: object) -> bool:
        return key in self._first
