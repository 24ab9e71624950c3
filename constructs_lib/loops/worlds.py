"""Findings as they are in worlds: what conditions and parameters that exclude each other allow together.

First everything is checked at once, both branches of each condition united: a superset of every world. Only what is
found then is looked at again, region by region, for no loop leads from one into another. The worlds of a region fix,
one after the other, the variables that its loops hang on: the conditions and parameters of the resources on the path,
of their roles and of the policies of both. What other regions hang on stays open in them. Templates that are the same
in two worlds are checked once.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from constructs_lib.loops.hanging import Hanging
from constructs_lib.templates.conditions import WorldTemplates
from constructs_lib.templates.template import Resource
from constructs_lib.templates.variables import Value, Variables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from constructs_lib.loops.hanging import Place
    from constructs_lib.templates import Template
    from constructs_lib.templates.variables import Variable, World

__all__ = ["Region", "Versions", "Worlds", "when"]

MAX_CHECKS = 64
MAX_RESOURCES = 100_000
"""How many resources are read again at most, all worlds together."""

Region = frozenset["Place"]
"""Resources that no loop leaves which leads through one of them."""


class Seen(Protocol):
    """What a check of some templates found."""

    def regions(self) -> Sequence[Region]:
        """Where something was found."""
        ...

    def places(self, region: Region) -> Iterable[Iterable[Place]]:
        """The resources that take part in what was found in a region, for each finding."""
        ...


Found = TypeVar("Found", bound=Seen)


class Versions:
    """What worlds make of templates, each made once.

    Args:
        templates: as they were written.
    """

    def __init__(self, templates: Sequence[Template]) -> None:
        self.templates = tuple(templates)
        self._in: dict[frozenset[tuple[Variable, Value]], Hanging] = {}

    @cached_property
    def variables(self) -> Variables:
        """Read only if something is found."""
        return Variables(self.templates)

    def of(self, world: World) -> Hanging:
        """The templates of a world, and what paths through them hang on."""
        key = frozenset(world.items())
        if key not in self._in:
            self._in[key] = Hanging(WorldTemplates(self.variables, world))
        return self._in[key]

    def __contains__(self, world: World) -> bool:
        return frozenset(world.items()) in self._in


class Worlds(Generic[Found]):
    """The worlds of a system, as far as findings hang on them.

    Args:
        versions: the templates, as they were written and in worlds.
        check: what is found in templates.
        whole: what is found if all worlds are united.

    Attributes:
        checks: how many times templates were checked.
        approximations: why worlds may not be apart that are.
    """

    def __init__(self, versions: Versions, check: Callable[[Sequence[Template]], Found], whole: Found) -> None:
        self._versions = versions
        self._check = check
        self._whole = whole
        self._seen = [(versions.templates, whole)]
        self._found_in: dict[Hanging, Found] = {}
        resources = sum(len(template.resources) for template in versions.templates) or 1
        self._most = max(4, min(MAX_CHECKS, MAX_RESOURCES // resources))
        self.checks = 0
        self.approximations: list[str] = []

    def run(self) -> list[tuple[Region, list[tuple[World, Found]]]]:
        """What is found, region by region, in worlds that together are all of them."""
        regions = self._whole.regions()
        if not regions or self._versions.variables.is_empty:
            return [(region, [({}, self._whole)]) for region in regions]
        return [(region, list(self._apart(region))) for region in regions]

    def _apart(self, region: Region) -> Iterator[tuple[World, Found]]:
        work: deque[World] = deque([{}])
        while work:
            world = work.popleft()
            found = self._found(world)
            variable = self._next(world, found, region)
            narrower = [{**world, variable: value} for value in variable.values] if variable is not None else []
            if self._are_too_many(narrower):
                self.approximations.append("conditions and parameters have more combinations than were searched")
                narrower = []
            for one in narrower:
                self._found(one)
            work += narrower
            if not narrower:
                yield world, found

    def _found(self, world: World) -> Found:
        """What is found in a world; worlds with the same templates are checked once."""
        version = self._versions.of(world)
        known = self._found_in.get(version)
        if known is None:
            known = next((found for seen, found in self._seen if _are_same(seen, version.templates)), None)
            if known is None:
                self.checks += 1
                known = self._check(version.templates)
                self._seen.append((version.templates, known))
            self._found_in[version] = known
        return known

    def _are_too_many(self, worlds: Iterable[World]) -> bool:
        """Whether it takes more checks than are done to look at some worlds."""
        seen = [templates for templates, _ in self._seen]
        left = self._most - self.checks
        for world in worlds:
            if not left and world not in self._versions:
                return True
            version = self._versions.of(world)
            if version not in self._found_in and not any(_are_same(one, version.templates) for one in seen):
                seen.append(version.templates)
                left -= 1
        return left < 0

    def _next(self, world: World, found: Found, region: Region) -> Variable | None:
        """The variable that most of what is found in a region hangs on."""
        hanging = self._versions.of(world)
        counted = Counter(variable for group in found.places(region) for variable in hanging.waiting(group))
        return max(counted, key=lambda variable: counted[variable]) if counted else None


def _are_same(some: Sequence[Template], others: Sequence[Template]) -> bool:
    """Whether templates are the same: what is equal need not be, for `true` equals `1`, which equals `1.0`."""
    if some != others:
        return False
    work: list[tuple[Any, Any]] = []
    for one, other in zip(some, others, strict=True):
        if one is not other:
            work += [(one.resources, other.resources), (one.sections, other.sections)]
    while work:
        first, second = work.pop()
        if first is second or isinstance(first, str):
            continue
        if isinstance(first, Resource):
            work += [(first.properties, second.properties), (first.body, second.body)]
        elif isinstance(first, Mapping):
            work += [(first[key], second[key]) for key in first]
        elif isinstance(first, (list, tuple)):
            work += zip(first, second, strict=True)
        elif repr(first) != repr(second):
            return False
    return True


def when(worlds: Iterable[World], others: Sequence[World]) -> tuple[str, ...]:
    """In which worlds something happens, in few words.

    Args:
        worlds: where it does.
        others: where it does not; both together are all worlds there are.

    Returns:
        What variables have to be, each line alone; none if it happens in all worlds.
    """
    boxes: list[_Box] = []
    for world in worlds:
        if not any(_holds(box, world) for box in boxes):
            boxes.append(_widened({variable: frozenset({value}) for variable, value in world.items()}, others))
    return tuple(dict.fromkeys(" and ".join(_lines(box)) for box in boxes if box))


_Box = dict["Variable", frozenset[Value]]
"""What variables may be; those that it does not name may be anything."""


def _holds(box: _Box, world: World) -> bool:
    return all(variable in world and world[variable] in values for variable, values in box.items())


def _widened(box: _Box, others: Sequence[World]) -> _Box:
    """A box with as many values as do not meet any of the other worlds."""
    for variable in box:
        for value in variable.values:
            wider = {**box, variable: box[variable] | {value}}
            if not any(_meets(wider, other) for other in others):
                box = wider
    return {variable: values for variable, values in box.items() if len(values) < len(variable.values)}


def _meets(box: _Box, world: World) -> bool:
    return all(world.get(variable) in (None, *values) for variable, values in box.items())


def _lines(box: _Box) -> Iterator[str]:
    for variable, values in box.items():
        chosen = [value for value in variable.values if value in values]
        if variable.compared:
            one, other = variable.compared
            within = f" in `{variable.holder}`" if variable.holder else ""
            yield f"{one} {'is' if chosen[0].texts == ('true',) else 'is not'} {other}{within}"
            continue
        texts = [f"`{text}`" for value in chosen if not value.other_than for text in value.texts]
        rest = next((value for value in chosen if value.other_than), None)
        if rest is not None:
            excluded = [t for t in rest.other_than if f"`{t}`" not in texts]
            yield f"{variable} is not {' or '.join(f'`{text}`' for text in excluded)}"
        else:
            yield f"{variable} is {' or '.join(texts)}"
