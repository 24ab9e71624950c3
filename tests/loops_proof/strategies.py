"""Loops and other hops, drawn by hypothesis."""

from __future__ import annotations

import random

from hypothesis import settings
from hypothesis import strategies as st

from tests.loops_proof.systems import MODELLED, Hop, draw_background, draw_loop

__all__ = ["SETTINGS", "extras", "loops", "seeds"]

SETTINGS = settings(max_examples=40, deadline=None, derandomize=True)
seeds = st.integers(min_value=0, max_value=2**32)


@st.composite
def loops(draw: st.DrawFn) -> tuple[Hop, ...]:
    choose = random.Random(draw(seeds))  # noqa: S311 - test data
    return draw_loop(choose, draw(st.sampled_from(MODELLED)), draw(st.integers(1, 4)))


@st.composite
def extras(draw: st.DrawFn, functions: int) -> tuple[Hop, ...]:
    """Hops in any direction among the functions of a system and two more."""
    choose = random.Random(draw(seeds))  # noqa: S311 - test data
    return tuple(
        Hop(draw(st.integers(0, functions + 1)), draw(st.integers(0, functions + 1)), hop.links)
        for hop in draw_background(choose, 0, 2, draw(st.integers(1, 3)))
    )
