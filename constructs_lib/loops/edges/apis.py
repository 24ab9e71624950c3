"""APIs: who may call them wakes the function behind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.edges.base import Channel, Deposit, EdgeKind, Listener
from constructs_lib.loops.edges.lambdas import FUNCTION
from constructs_lib.loops.edges.urls import APIS

if TYPE_CHECKING:
    from constructs_lib.templates.system import Node, System

__all__ = ["Apis"]

_INVOKED = re.compile(r"functions/(arn:.*?)/invocations")


class Apis(EdgeKind):
    """API Gateway: a role with `execute-api:Invoke` may call what the API integrates."""

    def channels(self, system: System) -> Iterator[Channel]:
        """All APIs."""
        for node in system.nodes(*APIS):
            names = tuple(f"execute-api:{name}/" for name in system.names(node))
            yield Channel(node, names, (Deposit("execute-api:Invoke", rest="route"),))

    def listeners(self, system: System) -> Iterator[Listener]:
        """The functions behind all APIs."""
        for node in system.nodes("AWS::ApiGatewayV2::Integration"):
            for arn in _functions(system, node, node.get("IntegrationUri")):
                yield from _integrated(system, node, "ApiId", arn)
        for node in system.nodes("AWS::ApiGateway::Method"):
            for integration in system.mapping(node.get("Integration"), node.template):
                for arn in _functions(system, node, integration.get("Uri")):
                    yield from _integrated(system, node, "RestApiId", arn)
        for node in system.nodes(*APIS):
            for uri in _uris(system, node):
                yield Listener(node, node.type, uri, "integration", (FUNCTION,))


def _uris(system: System, node: Node) -> Iterator[str]:
    """The functions that an API's OpenAPI document integrates, wherever in it."""
    work: list[Any] = [*system.mapping(node.get("Body"), node.template)]
    while work:
        value = work.pop()
        if isinstance(value, Mapping):
            integration = value.get("x-amazon-apigateway-integration")
            for known in system.mapping(integration, node.template):
                yield from _functions(system, node, known.get("uri", ""))
            work += value.values()
        elif isinstance(value, list):
            work += value


def _functions(system: System, node: Node, uri: Any) -> Iterator[str]:
    """The functions that the URI of an integration names."""
    for text in system.texts(uri, node.template):
        found = _INVOKED.search(text)
        if found or ":function:" in text:
            yield found[1] if found else text


def _integrated(system: System, node: Node, property_: str, arn: str) -> Iterator[Listener]:
    """A function behind an API; behind all of them if nobody can tell which."""
    for name in system.texts(node.get(property_), node.template):
        known = system.by_arn(f"arn:aws:execute-api:::{name}")
        for api in known:
            yield Listener(api, api.type, arn, "integration", (FUNCTION,), by=node)
        if not known and system.symbols.free_in(name):
            for type_ in APIS:
                yield Listener(None, type_, arn, "integration", (FUNCTION,), by=node)
