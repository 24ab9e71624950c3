"""How many worlds are looked at: each combination of what loops hang on, as long as that is not too many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.loops import worlds
from constructs_lib.loops.worlds import Versions, Worlds
from constructs_lib.templates import Template

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from constructs_lib.loops.worlds import Region

TOO_MANY = "conditions and parameters have more combinations than were searched"


class Found:
    """Something is found in each region, in every world."""

    def __init__(self, regions: Sequence[Region]) -> None:
        self._regions = regions

    def regions(self) -> Sequence[Region]:
        return self._regions

    def places(self, region: Region) -> Iterable[Region]:
        return [region]


def queues(*names: str, **values: int) -> Template:
    """Queues whose names hang on parameters, each of which has as many values."""
    resources: dict[str, Any] = {
        f"Queue{number}": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": name}}}
        for number, name in enumerate(names)
    }
    parameters = {
        name: {"Type": "String", "AllowedValues": [f"{name}{number}" for number in range(count)]}
        for name, count in values.items()
    }
    return Template.of({"Parameters": parameters, "Resources": resources})


def looked_at(template: Template) -> tuple[list[list[str]], int, list[str]]:
    """The worlds of each queue, how often templates were checked for them, and what is said of that."""
    checked: list[Sequence[Template]] = []
    found = Found([frozenset({(0, key)}) for key in template.resources])

    def check(templates: Sequence[Template]) -> Found:
        checked.append(templates)
        return found

    all_worlds = Worlds(Versions([template]), check, found)
    seen = [
        [" ".join(text for value in world.values() for text in value.texts) for world, _ in in_region]
        for _, in_region in all_worlds.run()
    ]
    assert all_worlds.checks == len(checked)
    return seen, len(checked), all_worlds.approximations


ALL = ["A0 B0", "A0 B1", "A0 B2", "A1 B0", "A1 B1", "A1 B2"]


@pytest.mark.parametrize(
    ("most", "expected", "checks", "refused"),
    [
        (4, ["A0", "A1"], 2, 2),
        (5, ["A1", "A0 B0", "A0 B1", "A0 B2"], 5, 1),
        (7, ["A1", "A0 B0", "A0 B1", "A0 B2"], 5, 1),
        (8, ALL, 8, 0),
        (64, ALL, 8, 0),
    ],
)
def test_what_takes_too_many_checks_stays_united(
    monkeypatch: pytest.MonkeyPatch, most: int, expected: list[str], checks: int, refused: int
) -> None:
    monkeypatch.setattr(worlds, "MAX_CHECKS", most)

    assert looked_at(queues("${A}-${B}", A=2, B=3)) == ([expected], checks, [TOO_MANY] * refused)


@pytest.mark.parametrize(("resources", "most"), [(1, 30), (2, 15), (3, 10), (4, 7), (7, 4), (40, 4)])
def test_the_more_resources_there_are_the_less_is_looked_at_but_four_worlds_always_are(
    monkeypatch: pytest.MonkeyPatch, resources: int, most: int
) -> None:
    monkeypatch.setattr(worlds, "MAX_RESOURCES", 30)
    monkeypatch.setattr("constructs_lib.templates.variables._MOST_VALUES", 64)
    others = ["queue"] * (resources - 1)

    assert looked_at(queues("${A}", *others, A=most))[1:] == (most, [])
    assert looked_at(queues("${A}", *others, A=most + 1)) == ([[""]] * resources, 0, [TOO_MANY])


def test_what_others_had_looked_at_is_looked_at_though_no_check_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worlds, "MAX_CHECKS", 4)

    each = ["A0", "A1", "A2", "A3"]
    assert looked_at(queues("one-${A}", "other-${A}", A=4)) == ([each, each], 4, [])


def test_values_that_make_the_same_template_take_one_check_and_none_if_no_check_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name: Any = "last"
    for number in range(3):
        name = {"Fn::If": [f"Is{number}", f"name-{number}", name]}
    conditions = {f"Is{number}": {"Fn::Equals": [{"Ref": "A"}, f"A{number}"]} for number in range(3)}
    template = queues("queue", "other", A=6)
    template.document["Resources"]["Queue0"]["Properties"]["QueueName"] = name
    template = Template.of({**template.document, "Conditions": conditions})

    monkeypatch.setattr(worlds, "MAX_RESOURCES", 11)
    assert looked_at(template) == ([["A0", "A1", "A2", "A3", "A4", "A5"], [""]], 4, [])
    monkeypatch.setattr(worlds, "MAX_RESOURCES", 9)
    assert looked_at(template) == ([[""], [""]], 0, [TOO_MANY])
