"""What a path hangs on: the conditions and parameters that decide whether it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_lib.loops.resource_policies import RESOURCE_POLICIES
from constructs_lib.templates.names import NAMING
from constructs_lib.templates.variables import references_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from constructs_lib.templates.conditions import WorldTemplates
    from constructs_lib.templates.template import Resource
    from constructs_lib.templates.variables import Variable

__all__ = ["BESIDE", "Place", "waiting"]

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


def waiting(world: WorldTemplates, places: Iterable[Place]) -> dict[Variable, None]:
    """The variables that a world leaves open and resources on a path hang on.

    Args:
        world: the templates.
        places: the resources on the path.
    """
    found: dict[Variable, None] = {}
    whole = sorted(_whole(world, places))
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


def _in_resource(world: WorldTemplates, index: int, key: str, value: object) -> dict[Variable, None]:
    found = dict(world.open_in_value(index, value))
    found.update(world.open_in_presence(index, world.templates[index].resources[key].body))
    return found


def _telling(world: WorldTemplates, index: int, key: str) -> object:
    resources = world.templates[index].resources
    properties = resources[key].properties
    told = [value for name, value in properties.items() if name not in BESIDE]
    urls = [value for value in _variables_of(properties.get("Environment")) if set(references_in(value)) & {*resources}]
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


def _whole(world: WorldTemplates, places: Iterable[Place]) -> set[Place]:
    """The resources on a path, their roles, the policies of both, and what joins them."""
    given = set(places)
    found = {(index, key) for index, key in given if key in world.templates[index].resources}
    behind = {_BEHIND[key] for _, key in given - found if key in _BEHIND}
    for index, template in enumerate(world.templates if behind else ()):
        found |= {(index, key) for key, resource in template.resources.items() if resource.type in behind}
    work = list(found)
    while work:
        at, holder = work.pop()
        for index, name in _named(world, at, _telling(world, at, holder)):
            if world.templates[index].resources[name].type in _ROLES and (index, name) not in found:
                found.add((index, name))
                work.append((index, name))
    joining = {
        (index, key): set(_named(world, index, _attaching(resource)))
        for index, template in enumerate(world.templates)
        for key, resource in template.resources.items()
        if resource.type in _OF_ROLES or resource.type.startswith(_JOINING)
    }
    while more := {place for place, named in joining.items() if place not in found and named & found}:
        found |= more
    return found


def _attaching(resource: Resource) -> Any:
    """What a policy or another resource says of the resources that it belongs to."""
    if resource.type in _OF_ROLES:
        return [resource.properties.get(name) for name in ("Roles", "RoleName")]
    return dict(resource.properties)
