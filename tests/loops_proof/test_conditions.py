"""Loops under conditions are found exactly if some choice of parameters makes them exist.

The oracle is brute force: the template is made anew for each choice, by a reader of the tests' own, and checked as a
template without conditions, which `test_generated_systems` holds.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from constructs_lib.loops import check
from constructs_lib.templates import Template
from tests.loops_proof.choices import choices, choices_around, holds, instance, instance_inside
from tests.loops_proof.conditions import around, under_conditions
from tests.loops_proof.split import split
from tests.loops_proof.systems import MODELLED, build, draw_loop

if TYPE_CHECKING:
    from constructs_lib.loops import Report
    from tests.loops_proof.builder import Body
    from tests.loops_proof.link import Link

Way = tuple[str, ...]
RANKS = ["loop-free", "unproven", "loop"]


@dataclass
class Score:
    """What became of some systems."""

    right: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def summary(self) -> str:
        counts = ", ".join(f"{count} {name}" for name, count in sorted(self.right.items()))
        return f"{counts}; {len(self.wrong)} wrong"


def drawn(link: Link, seed: int) -> list[Body]:
    """A loop through a link, and sometimes another beside it, with parts of them under conditions.

    Every third is taken apart into two templates, each with conditions of its own.
    """
    choose = random.Random(f"{link.name} {seed}")  # noqa: S311 - test data
    hops = draw_loop(choose, link, choose.randint(1, 2))
    if choose.random() < 0.3:
        hops += draw_loop(choose, choose.choice(MODELLED), 1, first=len(hops))
    if choose.random() < 0.3:
        parts = split(build(hops, seed=seed).document, 2, choose)
        return [under_conditions(part, choose, choose.randint(1, 2), alone=False) for part in parts]
    document = build(hops, seed=seed, serverless=seed % 3 == 2).document
    return [under_conditions(document, choose, choose.randint(2, 5))]


def checked(documents: list[Body]) -> Report:
    return check([Template.of(document, name=f"Stack{number}") for number, document in enumerate(documents)])


def ways(report: Report) -> dict[tuple[str, Way], list[tuple[str, ...]]]:
    """The loops that are found, certain or not, with when they happen."""
    found: dict[tuple[str, Way], list[tuple[str, ...]]] = {}
    for finding in report.findings:
        if finding.verdict != "loop-free":
            found.setdefault((finding.verdict, tuple(step.source_id for step in finding.path)), []).append(finding.when)
    return found


def problem_of(documents: list[Body]) -> tuple[str, str]:
    every = choices(documents)
    each = [checked([instance(*one) for one in zip(documents, choice, strict=True)]) for choice in every]
    return problem(checked(documents), each, every)


def problem_of_nested(document: Body, choose: random.Random) -> tuple[str, str]:
    """The same with the template inside of another one."""
    outer = around(document, choose)
    inside = [instance_inside(document, outer, choice) for choice in choices_around(document, outer)]
    whole = replace(Template.of(outer, name="Outer"), nested={"Child": Template.of(document, name="Child")})
    return problem(check([whole]), [checked(made) for made, _ in inside], [[choice] for _, choice in inside])


def problem(report: Report, each: list[Report], every: list[list[dict[str, str]]]) -> tuple[str, str]:
    """What a check of all worlds says otherwise than a check of each; and the verdict."""
    verdict = max((one.verdict for one in each), key=RANKS.index)
    if report.verdict != verdict:
        return f"is {report.verdict} instead of {verdict}", verdict
    expected = {
        key: [number for number, one in enumerate(each) if key in ways(one)] for one in each for key in ways(one)
    }
    found = {
        key: [
            number
            for number, choice in enumerate(every)
            if any(not when or any(holds(line, choice) for line in when) for when in whens)
        ]
        for key, whens in ways(report).items()
    }
    if found != expected:
        told = {key: [every[number] for number in numbers] for key, numbers in found.items()}
        right = {key: [every[number] for number in numbers] for key, numbers in expected.items()}
        return f"says {told} instead of {right}", verdict
    some = any(len(numbers) < len(every) for numbers in expected.values())
    return "", f"{verdict} at times" if some else verdict


def score(seed: int, step: int = 1) -> Score:
    found = Score()
    for link in MODELLED[seed % step :: step]:
        documents = drawn(link, seed)
        problems = [problem_of(documents)]
        if len(documents) == 1:
            choose = random.Random(f"{link.name} {seed} outer")  # noqa: S311 - test data
            problems.append(problem_of_nested(documents[0], choose))
        for number, (wrong, verdict) in enumerate(problems):
            if wrong:
                found.wrong.append(f"{link.name}, seed {seed}{', nested' * number}: {wrong}")
            else:
                found.right[verdict] += 1
    return found


@pytest.mark.usefixtures("verdicts_only")
@pytest.mark.parametrize("seed", range(2))
def test_what_is_found_is_what_some_choice_of_parameters_makes(seed: int) -> None:
    found = score(seed, step=13)

    assert found.wrong == [], found.summary
    assert {"loop-free", "loop at times"} <= set(found.right)


@pytest.mark.integration
@pytest.mark.parametrize("seed", range(2, 9))
def test_what_is_found_through_each_link_is_what_some_choice_of_parameters_makes(seed: int) -> None:
    found = score(seed)

    assert found.wrong == [], found.summary


def main(seeds: int) -> int:
    """`python -m tests.loops_proof.test_conditions 10`: verdicts right and wrong."""
    scores = [score(seed) for seed in range(seeds)]
    total = Score(sum((one.right for one in scores), Counter()), [text for one in scores for text in one.wrong])
    sys.stdout.write("\n".join([*total.wrong[:20], total.summary, ""]))
    return bool(total.wrong)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1))
