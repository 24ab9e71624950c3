"""In which worlds something happens, in few words that mean just these worlds."""

from __future__ import annotations

import random
from itertools import product

import pytest

from constructs_lib.loops.worlds import when
from constructs_lib.templates.variables import Value, Variable, World


def parameter(name: str, *texts: str, holder: str = "", rest: tuple[str, ...] = ()) -> Variable:
    """One that may be each of some texts, and perhaps something else."""
    values = [Value((text,)) for text in texts]
    return Variable(name, 0, (*values, *([Value((), rest)] if rest else [])), holder=holder)


STAGE = parameter("Stage", "dev", "test", "prod")
SIZE = parameter("Size", "small", "large", rest=("small", "large"))
OF_STACK = parameter("Level", "1", "2", holder="Stack")
TRUTH = (Value(("true",)), Value(("false",)))
COMPARED = Variable("[...]", 0, TRUTH, ("Stage", "`x`"))
COMPARED_IN_STACK = Variable("[...] too", 0, TRUTH, ("Stage", "`x`"), "Stack")


def worlds(*choices: tuple[Variable, int]) -> list[World]:
    """A world for each choice of one variable."""
    return [{variable: variable.values[number]} for variable, number in choices]


@pytest.mark.parametrize(
    ("there", "elsewhere", "expected"),
    [
        (worlds((STAGE, 0)), worlds((STAGE, 1), (STAGE, 2)), ("Stage is `dev`",)),
        (worlds((STAGE, 0), (STAGE, 2)), worlds((STAGE, 1)), ("Stage is `dev` or `prod`",)),
        (worlds((STAGE, 0), (STAGE, 1), (STAGE, 2)), [], ()),
        (worlds((SIZE, 0)), worlds((SIZE, 1), (SIZE, 2)), ("Size is `small`",)),
        (worlds((SIZE, 2)), worlds((SIZE, 0), (SIZE, 1)), ("Size is not `small` or `large`",)),
        (worlds((SIZE, 0), (SIZE, 2)), worlds((SIZE, 1)), ("Size is not `large`",)),
        (worlds((OF_STACK, 1)), worlds((OF_STACK, 0)), ("Level of `Stack` is `2`",)),
        (worlds((COMPARED, 0)), worlds((COMPARED, 1)), ("Stage is `x`",)),
        (worlds((COMPARED, 1)), worlds((COMPARED, 0)), ("Stage is not `x`",)),
        (worlds((COMPARED_IN_STACK, 0)), worlds((COMPARED_IN_STACK, 1)), ("Stage is `x` in `Stack`",)),
        (
            [{COMPARED: TRUTH[1], STAGE: STAGE.values[0], SIZE: SIZE.values[1]}],
            worlds((COMPARED, 0), (STAGE, 1), (STAGE, 2), (SIZE, 0), (SIZE, 2)),
            ("Stage is not `x` and Stage is `dev` and Size is `large`",),
        ),
        ([{}], [], ()),
    ],
)
def test_what_is_said(there: list[World], elsewhere: list[World], expected: tuple[str, ...]) -> None:
    assert when(there, elsewhere) == expected


LETTERS = [parameter("A", "0", "1"), parameter("B", "0", "1", "2"), parameter("C", "0", "1")]
DEPLOYMENTS = [frozenset(zip("ABC", texts, strict=True)) for texts in product("01", "012", "01")]
"""All that three parameters may be."""


def parts(choose: random.Random, world: World) -> list[World]:
    """Worlds that together are one: it is divided by a parameter, and what comes of it may be divided further."""
    left = [variable for variable in LETTERS if variable not in world]
    if not left or choose.random() < 0.2:
        return [world]
    variable = choose.choice(left)
    return [part for value in variable.values for part in parts(choose, {**world, variable: value})]


def of_worlds(worlds: list[World]) -> set[frozenset[tuple[str, str]]]:
    """The deployments in worlds."""
    fixed = [{(variable.name, value.texts[0]) for variable, value in world.items()} for world in worlds]
    return {deployment for deployment in DEPLOYMENTS if any(deployment.issuperset(world) for world in fixed)}


def of_line(line: str) -> set[frozenset[tuple[str, str]]]:
    """The deployments that a line means."""
    said = {part[0]: part.split(" is ")[1].replace("`", "").split(" or ") for part in line.split(" and ")}
    return {
        deployment
        for deployment in DEPLOYMENTS
        if all(name not in said or text in said[name] for name, text in deployment)
    }


def test_what_is_said_means_just_the_worlds_and_each_line_is_needed_for_one() -> None:
    choose = random.Random(1)  # noqa: S311 - test data
    for _ in range(500):
        all_worlds = parts(choose, {})
        there = choose.sample(all_worlds, choose.randint(1, len(all_worlds)))
        lines = when(there, [world for world in all_worlds if world not in there])

        left = [of_worlds([world]) for world in there]
        for line in lines:
            means = of_line(line)
            assert any(world <= means for world in left), lines
            left = [world for world in left if not world <= means]
        assert left == [] if lines else len(there) == len(all_worlds)
        assert set().union(*map(of_line, lines)) == (of_worlds(there) if lines else set())
