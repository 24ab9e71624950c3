"""Whom what is put somewhere wakes, and who is on a circle, against every message that there is.

Systems are drawn at random: functions that put messages into queues, and wires from queues and functions on, each with
filters and perhaps with a message of its own that it makes. In some of them, circles are of queues alone.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import pytest

from constructs_lib.loops import network, walks
from constructs_lib.loops.cycles import components
from constructs_lib.loops.edges.base import Actor, EdgeKind, Listener, Message, Put, unchanged
from constructs_lib.loops.finder import Finder
from constructs_lib.loops.graph import Graph
from constructs_lib.loops.languages import Language
from constructs_lib.templates import Template
from constructs_lib.templates.system import System

if TYPE_CHECKING:
    from collections.abc import Iterator
FIELDS, TEXTS = "ab", "xyz"
MESSAGES = [dict(zip(FIELDS, texts, strict=True)) for texts in product(TEXTS, repeat=len(FIELDS))]
Shape = dict[str, str]
"""The texts that each field may hold; the others may hold anything."""


@dataclass(frozen=True)
class Wire:
    """From one resource to another: what it lets through, and what it makes of it; None if it leaves it as it is."""

    source: str
    target: str
    lets_through: tuple[Shape, ...]
    makes: Shape | None


@dataclass(frozen=True)
class Wires(EdgeKind):
    """What functions put where by themselves, and the wires."""

    put: tuple[tuple[str, str, Shape], ...]
    wires: tuple[Wire, ...]

    def actors(self, system: System) -> Iterator[Actor]:
        yield from (Actor(node, by_role=False) for node in system.nodes("AWS::Lambda::Function"))

    def puts(self, system: System) -> Iterator[Put]:
        nodes = {node.id: node for node in system.addressed()}
        for source, target, shape in self.put:
            yield Put(nodes[source], system.arns(nodes[target])[0], "puts", message(shape))

    def listeners(self, system: System) -> Iterator[Listener]:
        nodes = {node.id: node for node in system.addressed()}
        for wire in self.wires:
            filters = tuple(map(message, wire.lets_through))
            carry = unchanged if wire.makes is None else message(wire.makes)
            target = system.arns(nodes[wire.target])[0]
            yield Listener(nodes[wire.source], "", target, "", let_through=filters, carry=carry)


def message(shape: Shape) -> Message:
    return Message({name: Language((tuple(texts),)) for name, texts in shape.items()})


def fits(one: Shape, shape: Shape) -> bool:
    return all(one[name] in texts for name, texts in shape.items())


def drawn(choose: random.Random, *, with_rounds: bool = False) -> Wires:
    functions = [f"F{number}" for number in range(choose.randint(1, 4))]
    queues = [f"Q{number}" for number in range(choose.randint(1, 4))]
    most, often = choose.choice([(1, 0.9), (1, 0.7), (2, 0.6)])

    def shape() -> Shape:
        names = [name for name in FIELDS if choose.random() < often]
        return {name: "".join(choose.sample(TEXTS, choose.randint(1, most))) for name in names}

    def wire() -> Wire:
        source = choose.choice([*(queues * 4), *functions])
        lets_through = tuple(shape() if choose.random() < 0.7 else {} for _ in range(choose.choice([1, 1, 2])))
        makes = shape() if choose.random() < 0.3 else None
        return Wire(
            source, choose.choice([*(q for q in queues if q > source or with_rounds), *functions]), lets_through, makes
        )

    put = [(function, choose.choice([*queues, *queues, *functions]), shape()) for function in functions + functions[:1]]
    return Wires(tuple(put), tuple(wire() for _ in range(choose.randint(3, 8))))


def woken(wires: Wires, start: str, shape: Shape) -> set[str]:
    """The functions that a put wakes, by trying each message."""
    return {at for at, _ in reached(wires, [(start, n) for n, one in enumerate(MESSAGES) if fits(one, shape)])}


def reached(wires: Wires, start: list[tuple[str, int]]) -> set[tuple[str, int]]:
    """The functions that messages, by their numbers, reach from where they are, each with what comes."""
    work = list(start)
    seen = set(work)
    while work:
        new = set(passed_on(wires, *work.pop())) - seen
        seen |= new
        work += new
    return {(at, one) for at, one in seen if at.startswith("F")}


def passed_on(wires: Wires, at: str, one: int) -> list[tuple[str, int]]:
    found = []
    for wire in wires.wires:
        if wire.source == at and any(fits(MESSAGES[one], let) for let in wire.lets_through):
            makes = wire.makes
            made = [one] if makes is None else [n for n, other in enumerate(MESSAGES) if fits(other, makes)]
            found += [(wire.target, number) for number in made]
    return found


def goes_round(wires: Wires) -> bool:
    """Whether a message may go round in queues for ever and wake a function again and again."""
    states = [(f"Q{queue}", one) for queue in range(4) for one in range(len(MESSAGES))]
    ahead = [[states.index(to) for to in passed_on(wires, *state) if to in states] for state in states]
    return any(reached(wires, [states[number] for number in circle]) for circle in components(ahead))


def four_of_each() -> Template:
    """Four functions and four queues."""
    types = {"F": "AWS::Lambda::Function", "Q": "AWS::SQS::Queue"}
    return Template.of({"Resources": {f"{kind}{n}": {"Type": types[kind]} for kind in "FQ" for n in range(4)}})


@pytest.mark.parametrize("few", [1, 2, 100])
def test_whom_a_message_wakes_is_whom_it_wakes_of_all_messages(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "FEW", few)
    monkeypatch.setattr(walks, "MAX_HOPS", 100)
    monkeypatch.setattr(walks, "MAX_STEPS", 100)
    template = four_of_each()
    circular = followed = 0
    for seed in range(100):
        wires = drawn(random.Random(seed))  # noqa: S311 - test data
        graph = Graph(System([template]), (wires,))
        names = [node.id for node in graph.actors]
        exact: dict[str, set[str]] = {name: set() for name in names}
        for source, start, shape in wires.put:
            exact[source] |= woken(wires, start, shape)
        circles = components([[names.index(other) for other in exact[name]] for name in names])
        parts = [{names[number] for number in circle} for circle in circles]
        circular += bool(parts)

        assert {name for part in parts for name in part} <= {node.id for node in graph.circles.actors}, seed
        for node in graph.actors:
            passages = [passage for outlet in graph.outlets.of(node) for passage in graph.passages(outlet)]
            found = {passage.target.id for passage in passages}
            around = {name for part in parts if node.id in part for name in part}
            assert exact[node.id] & around <= found, seed
            if all(passage.is_sure for passage in passages):  # not too many ways
                followed += 1
                assert found <= exact[node.id], seed
        assert bool(Finder(graph).find()) == bool(parts), seed
    assert (circular, followed) > (40, 200)


def test_what_goes_round_in_queues_alone_and_wakes_somebody_is_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walks, "MAX_STEPS", 30)
    template = four_of_each()
    turning = 0
    for seed in range(80):
        wires = drawn(random.Random(seed), with_rounds=True)  # noqa: S311 - test data
        if goes_round(wires):
            turning += 1
            assert Finder(Graph(System([template]), (wires,))).find(), seed
    assert turning > 15


@pytest.mark.parametrize(
    ("wakes", "expected"),
    [({"F1": "x", "F0": "y"}, {"F0", "F1"}), ({"F0": "x", "F1": "y"}, {"F0", "F1"}), ({"F0": "z"}, set())],
)
def test_what_goes_on_unchanged_is_told_apart_by_what_came(
    wakes: dict[str, str], expected: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "FEW", 1)
    put = (("F0", "Q0", {"a": "x"}), ("F1", "Q0", {"a": "y"}))
    last = [Wire("Q1", target, ({"a": text},), None) for target, text in wakes.items()]
    wires = Wires(put, (Wire("Q0", "Q1", ({},), None), *last))

    assert {node.id for node in Graph(System([four_of_each()]), (wires,)).circles.actors} == expected


@pytest.mark.parametrize("second", ["x", "y"])
def test_what_goes_on_behind_a_function_is_told_apart_by_alternatives_that_woke_it(second: str) -> None:
    alternatives = Wire("Q0", "F1", ({"a": "x"}, {"a": "y"}), None)
    wires = Wires((("F0", "Q0", {}),), (alternatives, Wire("F1", "F0", ({"a": second},), None)))
    graph = Graph(System([four_of_each()]), (wires,))
    [put] = graph.outlets.of(graph.actors[0])

    assert {passage.target.id for passage in graph.passages(put)} >= {"F0"}
