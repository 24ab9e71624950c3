"""What a check costs grows with the system, not with its square; counted in calls, as times depend on the machine."""

from __future__ import annotations

import cProfile
import random

from constructs_lib.loops import check
from constructs_lib.templates import Template
from tests.loops_proof.systems import build, draw_background


def calls(functions: int) -> int:
    """How many calls it takes to check a loop-free system of all edge kinds, which is several of one size."""
    choose = random.Random(0)  # noqa: S311 - test data
    parts = [build(draw_background(choose, 0, 40, 40), seed=first).document for first in range(0, functions, 40)]
    templates = [Template.of(part, name=f"Part{index}") for index, part in enumerate(parts)]
    with cProfile.Profile(builtins=False) as profile:
        report = check(templates)
    assert report.verdict == "loop-free"
    return sum(entry.callcount for entry in profile.getstats())


def test_twice_the_system_costs_about_twice_as_much() -> None:
    calls(80)  # fills what is remembered across systems
    once = calls(160)

    assert calls(320) <= 2.6 * once
