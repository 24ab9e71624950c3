"""Injected loops are found, and near-misses are none: each link, over one to six hops, in every spelling."""

from __future__ import annotations

import random
import sys
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from constructs_lib.loops import check
from constructs_lib.templates import Template
from tests.loops_proof.systems import (
    DOUBTFUL,
    LINKS,
    MODELLED,
    Hop,
    System,
    build,
    draw_background,
    draw_loop,
    misses,
    near_miss,
    truth,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.loops import Finding
    from tests.loops_proof.link import Link


@dataclass
class Score:
    """What became of some systems, by link."""

    right: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def count(self, link: Link, problem: str, hops: tuple[Hop, ...]) -> None:
        if problem:
            self.wrong[link.name] += 1
            self.examples.append(f"{link.name}: {problem}\n  " + "\n  ".join(map(str, hops)))
        else:
            self.right[link.name] += 1

    @property
    def summary(self) -> str:
        return f"{self.right.total()} right, {self.wrong.total()} wrong"


def drawn(link: Link, hops: int, seed: int) -> tuple[random.Random, tuple[Hop, ...]]:
    choose = random.Random(f"{link.name} {hops} {seed}")  # noqa: S311 - test data
    return choose, draw_loop(choose, link, hops)


def dressed(choose: random.Random, hops: tuple[Hop, ...], seed: int) -> System:
    """The hops among others that make no loop, in a random spelling."""
    first = 1 + max(hop.source for hop in hops)
    return build((*hops, *draw_background(choose, first, 3, 3)), seed=seed, serverless=seed % 3 == 2)


def loops(seed: int, sizes: range) -> Iterator[tuple[Link, tuple[Hop, ...], System]]:
    for index, link in enumerate((*MODELLED, *DOUBTFUL)):
        for hops in sizes or [1 + (index + seed) % 6]:
            choose, loop = drawn(link, hops, seed)
            yield link, loop, dressed(choose, loop, seed + index + hops)


def near_misses(seed: int) -> Iterator[tuple[Link, tuple[Hop, ...], System]]:
    for index, link in enumerate(link for link in LINKS if link in (*MODELLED, *DOUBTFUL) or not link.live):
        for number, miss in enumerate(misses(link)):
            choose, loop = drawn(link, 1 + (index + number + seed) % 6, seed)
            hops = near_miss(loop, link, miss)
            yield link, hops, dressed(choose, hops, seed + index + number)


def unfounded(finding: Finding, system: System) -> str:
    """What a finding claims that is not so."""
    path = [step.source_id for step in finding.path if step.source_id in system.functions]
    claimed = list(pairwise([*path, path[0]])) if path else []
    wrong = [pair for pair in claimed if pair not in system.wakes]
    return f"claims that {wrong}" if wrong or not claimed else ""


def problem_of_loop(system: System, verdict: str = "loop") -> str:
    report = check([Template.of(system.document)])
    if report.verdict != verdict:
        return f"is {report.verdict}"
    return next((problem for finding in report.findings if (problem := unfounded(finding, system))), "")


def problem_of_near_miss(system: System) -> str:
    report = check([Template.of(system.document)])
    return "" if report.verdict == "loop-free" else f"is {report.verdict}\n{report}"


def score_loops(seed: int, sizes: range = range(0)) -> Score:
    score = Score()
    for link, hops, system in loops(seed, sizes):
        assert truth(system.wakes)
        score.count(link, problem_of_loop(system, "loop" if link.certain else "unproven"), hops)
    return score


def score_near_misses(seed: int) -> Score:
    score = Score()
    for link, hops, system in near_misses(seed):
        assert not truth(system.wakes)
        score.count(link, problem_of_near_miss(system), hops)
    return score


def test_the_engine_has_a_class_for_every_link() -> None:
    assert [link.name for link in LINKS if link.live and link not in (*MODELLED, *DOUBTFUL)] == []


@pytest.mark.usefixtures("verdicts_only")
def test_every_injected_loop_is_found_and_nothing_else() -> None:
    score = score_loops(seed=0)

    assert score.examples == [], score.summary


@pytest.mark.usefixtures("verdicts_only")
def test_no_near_miss_is_reported() -> None:
    score = score_near_misses(seed=0)

    assert score.examples == [], score.summary


def test_a_function_that_may_not_log_wakes_nobody_by_its_log() -> None:
    # No near-miss among others: all hops of a function share its log group.
    link = next(link for link in MODELLED if link.name == "function -> function: logs")

    assert problem_of_loop(build([Hop(0, 0, (link,))])) == ""
    assert problem_of_near_miss(build([Hop(0, 0, (link,), (0, "no grant"))])) == ""


@pytest.mark.integration
@pytest.mark.parametrize("seed", [1, 2])
def test_every_link_is_found_in_loops_of_one_to_six_hops(seed: int) -> None:
    score = score_loops(seed, range(1, 7))

    assert score.examples == [], score.summary


@pytest.mark.integration
@pytest.mark.parametrize("seed", range(1, 9))
def test_no_near_miss_of_any_spelling_is_reported(seed: int) -> None:
    score = score_near_misses(seed)

    assert score.examples == [], score.summary


def main(seeds: int) -> int:
    """`python -m tests.loops_proof.test_generated_systems 3`: found and missed, by link."""
    found, refused = [], []
    for seed in range(seeds):
        found.append(score_loops(seed, range(1, 7)))
        refused.append(score_near_misses(seed))
    write = sys.stdout.write
    write(f"{'link':48} loops found  missed   near-misses right  wrong\n")
    for link in LINKS:
        name = link.name
        counts = (
            sum(score.right[name] for score in found),
            sum(score.wrong[name] for score in found),
            sum(score.right[name] for score in refused),
            sum(score.wrong[name] for score in refused),
        )
        absent = "" if link in (*MODELLED, *DOUBTFUL) or not link.live else "  not in the engine"
        write(f"{name:48} {counts[0]:11} {counts[1]:7} {counts[2]:19} {counts[3]:6}{absent}\n")
    for title, scores in (("loops", found), ("near-misses", refused)):
        right, wrong = (sum(getattr(score, part).total() for score in scores) for part in ("right", "wrong"))
        write(f"{title}: {right} right, {wrong} wrong\n")
    examples = [example for score in (*found, *refused) for example in score.examples]
    write("\n".join(examples[:20]) + "\n" if examples else "")
    return bool(examples)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1))
