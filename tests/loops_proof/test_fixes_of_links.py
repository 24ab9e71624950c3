"""Fixes that a program can apply break their loops: for each way by which one thing wakes another, and for several."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constructs_lib.loops import check
from constructs_lib.templates import Template
from tests.loops_proof.strategies import SETTINGS, extras, loops, seeds
from tests.loops_proof.systems import MODELLED, build, draw_loop

if TYPE_CHECKING:
    from constructs_lib.loops import Finding
    from tests.loops_proof.systems import Hop


def way(finding: Finding) -> list[tuple[str, str]]:
    return [(step.source_id, step.target_id) for step in finding.path]


def test_every_link_in_a_loop_has_a_fix_that_breaks_it() -> None:
    wrong = []
    for number, link in enumerate(MODELLED):
        system = build(draw_loop(random.Random(number), link, 1), seed=number, serverless=number % 3 == 2)  # noqa: S311
        template = Template.of(system.document)
        for finding in check([template]).findings:
            left = [fix.text for fix in finding.fixes if _is_left(template, finding, fix.applied_to(template))]
            if left or not finding.fixes:
                wrong.append((str(link), finding.helps, left))
    assert wrong == []


def _is_left(before: Template, finding: Finding, after: Template) -> bool:
    assert after.document != before.document
    return way(finding) in map(way, check([after]).findings)


HOPS = given(hops=loops(), seed=seeds, data=st.data())


@settings(SETTINGS, max_examples=15)
@HOPS
def test_each_fix_takes_its_loop_away(hops: tuple[Hop, ...], seed: int, data: st.DataObject) -> None:
    assert _useless(hops, seed, data) == []


@pytest.mark.integration
@settings(SETTINGS, max_examples=150)
@HOPS
def test_each_fix_of_many_takes_its_loop_away(hops: tuple[Hop, ...], seed: int, data: st.DataObject) -> None:
    assert _useless(hops, seed, data) == []


def _useless(hops: tuple[Hop, ...], seed: int, data: st.DataObject) -> list[str]:
    template = Template.of(build((*hops, *data.draw(extras(len(hops)))), seed=seed).document)
    return [
        fix.text
        for finding in check([template]).findings
        for fix in finding.fixes
        if _is_left(template, finding, fix.applied_to(template))
    ]
