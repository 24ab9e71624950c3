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
        self._several: dict[K, list[T]] = {}

    def add(self, key: K, value: T) -> None:
        """Add a value."""
        if key not in self._first:
            self._first[key] = value
        elif key in self._several:
            self._several[key].append(value)
        else:
            self._several[key] = [self._first[key], value]

    def of(self, key: K) -> Sequence[T]:
        """The values of a key."""
        several = self._several.get(key)
        if several is not None:
            return several
        return (self._first[key],) if key in self._first else ()

    def count(self, key: K) -> int:
        """How many values a key has."""
        return len(self._several[key]) if key in self._several else int(key in self._first)

    def __iter__(self) -> Iterator[K]:
        return iter(self._first)

    def __contains__(self, key: object) -> bool:
        return key in self._first
