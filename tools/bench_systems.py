"""What `make bench` measures on: systems of a given size, written as templates."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

from tests.loops_proof.split import split
from tests.loops_proof.systems import build, draw_background

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["write_mixed", "write_stars"]

_FUNCTIONS = 60  # in a template
_HOPS = 60


def write_mixed(folder: Path, functions: int) -> None:
    """A loop-free system of all edge kinds; every second template imports from the one before."""
    choose = random.Random(functions)  # noqa: S311 - test data
    for pair in range(0, functions, 2 * _FUNCTIONS):
        count = min(2 * _FUNCTIONS, functions - pair)
        # The last function takes part, so that there are as many as asked for.
        hops = (
            *draw_background(choose, 0, count, _HOPS * count // _FUNCTIONS),
            *draw_background(choose, count - 2, 2, 1),
        )
        document = build(hops, seed=pair, names=f"acme{pair}").document
        for half, part in enumerate(split(document, 2, choose, names=f"Pair{pair}")):
            _write(folder / f"{pair:06}-{half}.template.json", part)


def write_stars(folder: Path, functions: int) -> None:
    """The worst case: every function is woken by a bucket of its own and may write to all of them."""
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    policy = {"PolicyName": "all", "PolicyDocument": {"Statement": [statement]}}
    for first in range(0, functions, _FUNCTIONS):
        resources: dict[str, Any] = {}
        for index in range(first, min(first + _FUNCTIONS, functions)):
            notification = {"Event": "s3:ObjectCreated:*", "Function": {"Fn::GetAtt": [f"F{index}", "Arn"]}}
            configuration = {"LambdaConfigurations": [notification]}
            role = {"Fn::GetAtt": [f"R{index}", "Arn"]}
            resources |= {
                f"B{index}": {"Type": "AWS::S3::Bucket", "Properties": {"NotificationConfiguration": configuration}},
                f"R{index}": {"Type": "AWS::IAM::Role", "Properties": {"Policies": [policy]}},
                f"F{index}": {"Type": "AWS::Lambda::Function", "Properties": {"Role": role}},
            }
        _write(folder / f"{first:06}.template.json", {"Resources": resources})


def _write(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=1), "utf-8")
