"""AWS-managed policies: their documents are known, so that they need not be taken for `*`.

The data, made by `tools/managed_policies.py`, holds what each of them allows.
"""

from __future__ import annotations

import json
from functools import cache, lru_cache
from importlib import resources as package_files
from typing import Any

from constructs_lib.loops.addresses import address
from constructs_lib.loops.policies import Actions, Allow

__all__ = ["managed_statements"]

_PREFIX = "arn:aws:iam::aws:policy/"
_OF_JOBS, _ANY_JOB = "/AWSGlueServiceRole", "glue:*"
"""The policy that AWS recommends for jobs of Glue, and what it allows whether they need it or not."""
_DOUBT = "all jobs of Glue are allowed to start jobs as a rule; only the code tells whether one does"


@lru_cache(maxsize=1024)
def managed_statements(arn: str, *, unknown: str) -> tuple[Allow, ...] | None:
    """What a managed policy of AWS allows, or None if its document is not known.

    Args:
        arn: the policy's; SAM lets people leave out the path in it.
        unknown: the symbol for a policy variable.
    """
    rules = _rules(arn.removeprefix(_PREFIX)) if arn.startswith(_PREFIX) else None
    if rules is None:
        return None
    is_usual = arn.endswith(_OF_JOBS)
    return tuple(
        Allow(Actions(tuple(actions), bool(inverted)), glob, doubt=_DOUBT if is_usual and _ANY_JOB in actions else "")
        for actions, resources, *inverted in rules
        for resource in resources
        if (glob := address(resource, unknown=unknown)) is not None
    )


@cache
def _rules(name: str) -> list[Any] | None:
    """The rules of a policy, by its name with or without a path: actions, resources, whether all but these actions."""
    text = _text()
    for beginning in (f'\n"{name}":', f'/{name}":'):
        start = text.find(beginning)
        if start >= 0:
            start = text.index(":", start) + 1
            found: list[Any] = json.loads(text[start : text.index("\n", start)].rstrip(","))
            return found
    return None


@cache
def _text() -> str:
    """The data, of which one policy is one line; to read all of it would cost more than the rest of many a check."""
    return package_files.files("constructs_lib.loops").joinpath("managed_policies.json").read_text("utf-8")
