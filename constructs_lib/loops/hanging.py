"""What a path hangs on: the conditions and parameters that decide whether it is there."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.resource_policies import RESOURCE_POLICIES
from constructs_lib.templates.grouped import Grouped
from constructs_lib.templates.names import NAMING
from constructs_lib.templates.variables import references_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from constructs_lib.templates.conditions import WorldTemplates
    from constructs_lib.templates.variables import Variable

__all__ = ["BESIDE", "Hanging", "Place"]

Place = tuple[int, str]
"""A resource, by the position of its template and its logical id."""
_ROLES = {"AWS::IAM::Role", "AWS::IAM::ManagedPolicy"}
_OF_ROLES = {"AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy"}
_JOINING = (
    *RESOURCE_POLICIES,
    "AWS::Events::EventBusPolicy",
    "AWS::Lambda::Url",
    "AWS::ApiGateway",
    "AWS::AppSync",
    "AWS::Logs::MetricFilter",
    "AWS::Glue::Trigger",
)
"""The types, by their beginning, that join what they refer to, and that no arrow names."""
_POINTING = {
    "AWS::ECS::TaskDefinition",
    "AWS::Events::ApiDestination",
    "AWS::Kinesis::StreamConsumer",
    "AWS::Lambda::Alias",
    "AWS::Lambda::Version",
    "AWS::S3::AccessPoint",
    "AWS::S3::MultiRegionAccessPoint",
    "AWS::SecretsManager::SecretTargetAttachment",
}
"""What leads on from those that refer to it to what it refers to, though no arrow names it."""
_BEHIND = {"CloudTrail": "AWS::CloudTrail::Trail"}
"""The types of resources that decide whether something is there which no template declares."""
BESIDE = {
    "Code", "CodeUri", "Description", "Environment", "Handler", "Layers", "MemorySize", "Runtime", "Tags", "Timeout",
    "Tracing", "TracingConfig", "VpcConfig", "InlineCode", "ImageUri", "Architectures", "EphemeralStorage",
    "AttributeDefinitions", "BucketEncryption", "CorsConfiguration", "GlobalSecondaryIndexes", "KeySchema",
    "LocalSecondaryIndexes", "ProvisionedThroughput", "PublicAccessBlockConfiguration", "SSESpecification",
}  # fmt: skip
"""Properties that say nothing of who wakes what."""


class Hanging:
    """What paths through the templates of a world hang on.

    Args:
        world: the templates.

    Attributes:
        templates: the templates.
    """

    def __init__(self, world: WorldTemplates) -> None:
        self._world = world
        self.templates = world.templates

    def waiting(self, places: Iterable[Place]) -> dict[Variable, None]:
        """The variables that the world leaves open and resources on a path hang on.

        Args:
            places: the resources on the path.
        """
        world = self._world
        found: dict[Variable, None] = {}
        whole = sorted(self._whole(places))
        work = [(index, _telling(world, index, key)) for index, key in whole]
        for (index, key), (_, told) in zip(whole, work, strict=True):
            found.update(_in_resource(world, index, key, told))
        seen = set(whole)
        outputs: set[int] = set()
        while work:
            index, value = work.pop()
            for other, output in world.taken(index, value):
                if id(output) not in outputs:
                    outputs.add(id(output))
                    found.update(world.open_in_value(other, output))
                    found.update(world.open_in_presence(other, output))
                    work.append((other, output))
            for key in references_in(value):
                resource = world.templates[index].resources.get(key)
                if resource is not None and (index, key) not in seen:
                    seen.add((index, key))
                    naming = NAMING.get(resource.type) if resource.type not in _POINTING else None
                    name = resource.properties.get(naming.property) if naming else dict(resource.properties)
                    found.update(_in_resource(world, index, key, name))
                    work.append((index, name))
        return found

    def _whole(self, places: Iterable[Place]) -> set[Place]:
        """The resources on a path, their roles, the policies of both, and what joins them."""
        world = self._world
        given = set(places)
        found = {(index, key) for index, key in given if key in world.templates[index].resources}
        behind = {_BEHIND[key] for _, key in given - found if key in _BEHIND}
        for index, template in enumerate(world.templates if behind else ()):
            found |= {(index, key) for key, type_, *_ in template.entries() if type_ in behind}
        work = list(found)
        while work:
            at, holder = work.pop()
            for index, name in _named(world, at, _telling(world, at, holder)):
                if world.templates[index].resources[name].type in _ROLES and (index, name) not in found:
                    found.add((index, name))
                    work.append((index, name))
        work = list(found)
        while work:
            more = [place for place in self._joining.of(work.pop()) if place not in found]
            found.update(more)
            work += more
        return found

    @cached_property
    def _joining(self) -> Grouped[Place, Place]:
        """The policies, and what else joins resources, by what they belong to."""
        found: Grouped[Place, Place] = Grouped()
        for index, template in enumerate(self._world.templates):
            for key, type_, properties, _ in template.entries():
                if type_ in _OF_ROLES or type_.startswith(_JOINING):
                    for place in dict.fromkeys(_named(self._world, index, _attaching(type_, properties))):
                        found.add(place, (index, key))
        return found


def _in_resource(world: WorldTemplates, index: int, key: str, value: object) -> dict[Variable, None]:
    found = dict(world.open_in_value(index, value))
    found.update(world.open_in_presence(index, world.templates[index].resources[key].body))
    return found


def _telling(world: WorldTemplates, index: int, key: str) -> object:
    resources = world.templates[index].resources
    properties = resources[key].properties
    told = [value for name, value in properties.items() if name not in BESIDE]
    urls = [
        value
        for value in _variables_of(properties.get("Environment"))
        if any(name in resources for name in references_in(value))
    ]
    return [told, urls, resources[key].body.get("Connectors")]


def _variables_of(environment: Any) -> list[Any]:
    """The values of a function's environment variables: they may be URLs of what it calls."""
    variables = environment.get("Variables") if isinstance(environment, dict) else environment
    return list(variables.values()) if isinstance(variables, dict) else [variables]


def _named(world: WorldTemplates, index: int, value: object) -> Iterator[Place]:
    """The resources that a value refers to, in its own template or through outputs of others."""
    work = [(index, value)]
    outputs: set[int] = set()
    while work:
        at, current = work.pop()
        yield from ((at, name) for name in references_in(current) if name in world.templates[at].resources)
        for other, output in world.taken(at, current):
            if id(output) not in outputs:
                outputs.add(id(output))
                work.append((other, output))


def _attaching(type_: str, properties: Mapping[str, Any]) -> Any:
    """What a policy or another resource says of the resources that it belongs to."""
    if type_ in _OF_ROLES:
        return [properties.get(name) for name in ("Roles", "RoleName")]
    return dict(properties)
