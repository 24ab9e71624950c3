"""APIs: who may call them wakes the function behind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.edges.base import Channel, Deposit, EdgeKind, Listener, addresses
from constructs_lib.loops.edges.lambdas import FUNCTION
from constructs_lib.loops.edges.urls import APIS
from constructs_lib.templates.transforms import TRANSFORM

if TYPE_CHECKING:
    from constructs_lib.templates.system import Node, System

__all__ = ["Apis", "integrations"]

_INVOKED = re.compile(r"functions/(.+?)/invocations")
_STAGE = re.compile(r"\$\{stageVariables\.[^}]*\}")
_ELSEWHERE = ("BodyS3Location", "DefinitionUri")
_UNKNOWN = {"Uri": {"Fn::GetAtt": ["", "an integration that is not in the template"]}}
_INVOKE = (Deposit("execute-api:Invoke", rest="route"),)
_AUTHORIZERS = ("AWS::ApiGateway::Authorizer", "AWS::ApiGatewayV2::Authorizer")
_NAMING_API = {
    "AWS::ApiGatewayV2::Integration": "ApiId",
    "AWS::ApiGateway::Method": "RestApiId",
    "AWS::ApiGateway::Authorizer": "RestApiId",
    "AWS::ApiGatewayV2::Authorizer": "ApiId",
}
_STARTED = (":function:", ":stateMachine:")


class Apis(EdgeKind):
    """API Gateway: a role with `execute-api:Invoke` may call what the API integrates."""

    def channels(self, system: System) -> Iterator[Channel]:
        """All APIs."""
        for node in system.nodes(*APIS):
            yield Channel(node, addresses(system, node, "execute-api:", "/"), _INVOKE)

    def listeners(self, system: System) -> Iterator[Listener]:
        """The functions behind all APIs."""
        for node, api, integration in integrations(system):
            uri = integration.get("IntegrationUri", integration.get("Uri"))
            for given in system.texts(uri, node.template) if uri is not None else ():
                text = _STAGE.sub(lambda match: _of_stage(system, match[0]), given)
                found = _INVOKED.search(text)
                arn = found[1] if found else text
                if found or any(kind in arn for kind in _STARTED) or system.symbols.free_in(arn[:1]):
                    for type_ in APIS if api is None else (api.type,):
                        label = "authorizer" if node.type in _AUTHORIZERS else "integration"
                        yield Listener(api, type_, arn, label, (FUNCTION,), by=node)


def _of_stage(system: System, variable: str) -> str:
    """The symbol for a variable of a stage."""
    why = f"`{variable}` is what the stage of the API says"
    return system.symbols.character(("stage", variable), variable, "free", why)


def integrations(system: System) -> Iterator[tuple[Node, Node | None, Mapping[str, Any]]]:
    """All integrations: the resource that has it, the API, None if nobody can tell which, and its properties."""
    for node in system.nodes(*_NAMING_API):
        for api in _apis(system, node, _NAMING_API[node.type]):
            yield from ((node, api, integration) for integration in _of(system, node))
    for node in system.nodes(*APIS):
        yield from ((node, node, integration) for integration in _documented(system, node))
        if node.get("Target") is not None:  # "quick create" of an HTTP API
            yield node, node, {"IntegrationUri": node.get("Target")}


def _of(system: System, node: Node) -> Iterator[Mapping[str, Any]]:
    if node.type in _AUTHORIZERS:
        yield {"Uri": node.get("AuthorizerUri")}
    elif node.type == "AWS::ApiGateway::Method":
        yield from system.mapping(node.get("Integration"), node.template)
    else:
        yield node.properties


def _apis(system: System, node: Node, property_: str) -> Iterator[Node | None]:
    """The APIs that a property may name."""
    for name in system.texts(node.get(property_), node.template):
        known = system.by_arn(f"arn:aws:execute-api:::{name}")
        yield from known
        if system.may_be_others(name, known):
            yield None


def _documented(system: System, node: Node) -> Iterator[Mapping[str, Any]]:
    """The integrations in an API's OpenAPI document, wherever in it; their properties as CloudFormation calls them."""
    if node.get("Body") is None and any(node.get(name) is not None for name in _ELSEWHERE):
        yield _UNKNOWN
    work: list[Any] = [*system.mapping(node.get("Body"), node.template)]
    while work:
        value = work.pop()
        if isinstance(value, Mapping):
            if TRANSFORM in value:
                yield _UNKNOWN
            for known in system.mapping(value.get("x-amazon-apigateway-integration"), node.template):
                named = {f"{str(key)[:1].upper()}{str(key)[1:]}": inner for key, inner in known.items()}
                yield {**named, "IntegrationHttpMethod": known.get("httpMethod")}
            work += value.values()
        elif isinstance(value, list):
            work += value
