"""Tags: a list of keys and values in CloudFormation, a map in SAM."""

from __future__ import annotations

from typing import Any

__all__ = ["as_map"]


def as_map(tags: Any) -> dict[str, Any] | None:
    """Turn a tag list into SAM's map, or give `None` where only a list can say it."""
    result: dict[str, Any] = {}
    if not isinstance(tags, list):
        return None
    for tag in tags:
        match tag:
            case {"Key": str(key), "Value": value, **others} if not others and key not in result:
                result[key] = value
            case _:
                return None
    return result
