"""Findings as they are in worlds: what conditions and parameters that exclude each other allow together.

First everything is checked at once, both branches of each condition united: a superset of every world. Only what is
found then is looked at again, in worlds that fix, one after the other, the variables that it hangs on: the conditions
and parameters of the resources on its path, of their roles and of the policies of both.
"""

from __future__ import annotations

from collections import Counter, deque
from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

from constructs_lib.loops.resource_policies import RESOURCE_POLICIES
from constructs_lib.templates.conditions import WorldTemplates
from constructs_lib.templates.names import NAMING
from constructs_lib.templates.variables import Value, Variables, references_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from constructs_lib.templates import Template
    from constructs_lib.templates.variables import Variable, World

__all__ = ["BESIDE", "Place", "Worlds", "when"]

MAX_CHECKS = 64
MAX_RESOURCES = 100_000
"""How many resources are read again at most, all worlds together."""
_ROLES = {"AWS::IAM::Role", "AWS::IAM::ManagedPolicy"}
_ATTACHED = {
    "AWS::IAM::Policy",
    "AWS::IAM::RolePolicy",
    "AWS::IAM::ManagedPolicy",
    "AWS::Events::EventBusPolicy",
    *RESOURCE_POLICIES,
}
BESIDE = {
    "Code", "CodeUri", "Description", "Environment", "Handler", "Layers", "MemorySize", "Runtime", "Tags", "Timeout",
    "Tracing", "TracingConfig", "VpcConfig", "InlineCode", "ImageUri", "Architectures", "EphemeralStorage",
    "AttributeDefinitions", "BucketEncryption", "CorsConfiguration", "GlobalSecondaryIndexes", "KeySchema",
    "LocalSecondaryIndexes", "ProvisionedThroughput", "PublicAccessBlockConfiguration", "SSESpecification",
}  # fmt: skip
"""Properties that say nothing of who wakes what."""

Place = tuple[int, str]
"""A resource, by the position of its template and its logical id."""
Found = TypeVar("Found")


class Worlds(Generic[Found]):
    """The worlds of a system, as far as findings hang on them.

    Args:
        templates: the templates as they were written.
        check: what is found in templates.
        places: the resources that take part in what was found, for each finding.
        whole: what is found if all worlds are united.
    """

    def __init__(
        self,
        templates: Sequence[Template],
        check: Callable[[Sequence[Template]], Found],
        places: Callable[[Found], Iterable[Iterable[Place]]],
        whole: Found,
    ) -> None:
        self._templates = tuple(templates)
        self._check = check
        self._places = places
        resources = sum(len(template.resources) for template in templates) or 1
        self._left = max(4, min(MAX_CHECKS, MAX_RESOURCES // resources))
        self.approximations: list[str] = []
        self._whole = whole

    def run(self) -> list[tuple[World, Found]]:
        """What is found, in worlds that together are all of them."""
        start: World = {}
        done: list[tuple[World, Found]] = []
        work = deque([(start, self._whole)])
        while work:
            world, found = work.popleft()
            variable = self._next(world, found)
            if variable is not None and len(variable.values) > self._left:
                self.approximations.append("conditions and parameters have more combinations than were searched")
                variable = None
            if variable is None:
                done.append((world, found))
                continue
            self._left -= len(variable.values)
            for value in variable.values:
                narrower = {**world, variable: value}
                work.append((narrower, self._check(WorldTemplates(self._variables, narrower).templates)))
        return done

    @cached_property
    def _variables(self) -> Variables:
        """Read only if something is found."""
        return Variables(self._templates)

    def _next(self, world: World, found: Found) -> Variable | None:
        """The variable that most of the findings hang on."""
        groups = [list(group) for group in self._places(found)]
        if not groups or self._variables.is_empty:
            return None
        templates = WorldTemplates(self._variables, world)
        counted = Counter(variable for group in groups for variable in _waiting(templates, group))
        return max(counted, key=lambda variable: counted[variable]) if counted else None


def _waiting(world: WorldTemplates, places: Iterable[Place]) -> dict[Variable, None]:
    """The variables that a world leaves open and resources on a path hang on."""
    found: dict[Variable, None] = {}
    whole = _whole(world, places)
    named = {(index, name) for index, key in whole for name in references_in(_telling(world, index, key))}
    for index, key in sorted(whole):
        found.update(_in_resource(world, index, key, _telling(world, index, key)))
    seen = set(whole)
    work = sorted(named - seen)
    while work:
        index, key = work.pop()
        resource = world.templates[index].resources.get(key)
        if resource is None or (index, key) in seen:
            continue
        seen.add((index, key))
        naming = NAMING.get(resource.type)
        name = resource.properties.get(naming.property) if naming else dict(resource.properties)
        found.update(_in_resource(world, index, key, name))
        work += sorted((index, other) for other in references_in(name))
    return found


def _in_resource(world: WorldTemplates, index: int, key: str, value: object) -> dict[Variable, None]:
    found = dict(world.open_in_value(index, value))
    found.update(world.open_in_presence(index, world.templates[index].resources[key].body))
    return found


def _telling(world: WorldTemplates, index: int, key: str) -> object:
    resource = world.templates[index].resources[key]
    properties = {name: value for name, value in resource.properties.items() if name not in BESIDE}
    return [properties, resource.body.get("Connectors")]


def _whole(world: WorldTemplates, places: Iterable[Place]) -> set[Place]:
    """The resources on a path, their roles, and the policies of both."""
    found = {(index, key) for index, key in places if key in world.templates[index].resources}
    work = list(found)
    while work:
        index, key = work.pop()
        resources = world.templates[index].resources
        for name in references_in(_telling(world, index, key)):
            if name in resources and resources[name].type in _ROLES and (index, name) not in found:
                found.add((index, name))
                work.append((index, name))
    for index, template in enumerate(world.templates):
        wanted = {key for other, key in found if other == index}
        for key, resource in template.resources.items() if wanted else ():
            if resource.type in _ATTACHED and not wanted.isdisjoint(references_in(dict(resource.properties))):
                found.add((index, key))
    return found


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
        if variable.is_comparison:
            yield f"{variable.name[1:-1]} is {chosen[0].texts[0]}"
            continue
        texts = [f"`{text}`" for value in chosen if not value.other_than for text in value.texts]
        rest = next((value for value in chosen if value.other_than), None)
        if rest is not None:
            excluded = [t for t in rest.other_than if f"`{t}`" not in texts]
            yield f"{variable.name} is not {' or '.join(f'`{text}`' for text in excluded)}"
        else:
            yield f"{variable.name} is {' or '.join(texts)}"
