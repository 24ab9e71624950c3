"""AWS-managed policies: their documents are known, so that they need not be taken for `*`.

The data, made by `tools/managed_policies.py`, holds of each policy what it allows of the actions that the proof knows.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources as package_files
from typing import TYPE_CHECKING

from constructs_lib.loops.addresses import address
from constructs_lib.loops.policies import Actions, Allow

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["managed_statements"]

_PREFIX = "arn:aws:iam::aws:policy/"


def managed_statements(arn: str, *, unknown: str) -> list[Allow] | None:
    """What a managed policy of AWS allows, or None if its document is not known.

    Args:
        arn: the policy's; SAM lets people leave out the path in it.
        unknown: the symbol for a policy variable.
    """
    if not arn.startswith(_PREFIX):
        return None
    name = arn.removeprefix(_PREFIX)
    rules = _documents().get(name)
    if rules is None:
        path = _paths().get(name)
        rules = None if path is None else _documents()[path]
    if rules is None:
        return None
    return [
        Allow(Actions(tuple(actions)), glob)
        for actions, resources in rules
        for resource in resources
        if (glob := address(resource, unknown=unknown)) is not None
    ]


@cache
def _documents() -> Mapping[str, list[tuple[list[str], list[str]]]]:
    text = package_files.files("constructs_lib.loops").joinpath("managed_policies.json").read_text("utf-8")
    found: Mapping[str, list[tuple[list[str], list[str]]]] = json.loads(text)
    return found


@cache
def _paths() -> Mapping[str, str]:
    """Policies by their name alone."""
    return {path.rpartition("/")[2]: path for path in _documents()}
