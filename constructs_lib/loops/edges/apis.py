"""APIs and function URLs: who may call them wakes the function behind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from constructs_lib.loops.edges.base import Channel, Deposit, EdgeKind, Listener
from constructs_lib.loops.edges.lambdas import FUNCTION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.templates.system import System

__all__ = ["Apis", "Urls"]

_APIS = ("AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api")
_INVOKED = re.compile(r"functions/(arn:.*?)/invocations")


class Apis(EdgeKind):
    """API Gateway: a role with `execute-api:Invoke` may call what the API integrates."""

    def channels(self, system: System) -> Iterator[Channel]:
        """All APIs."""
        for node in system.nodes(*_APIS):
            names = tuple(f"execute-api:{name}/" for name in system.names(node))
            yield Channel(node, names, (Deposit("execute-api:Invoke", rest="route"),))

    def listeners(self, system: System) -> Iterator[Listener]:
        """The functions behind all APIs."""
        apis = {name: node for node in system.nodes(*_APIS) for name in system.names(node)}
        for node in system.nodes("AWS::ApiGatewayV2::Integration"):
            for name in system.texts(node.get("ApiId"), node.template):
                for uri in system.texts(node.get("IntegrationUri"), node.template):
                    found = _INVOKED.search(uri)
                    if name in apis and (found or ":function:" in uri):
                        arn = found[1] if found else uri
                        yield Listener(apis[name], apis[name].type, arn, "integration", (FUNCTION,), by=node)
        for node in system.nodes("AWS::ApiGateway::Method"):
            for name in system.texts(node.get("RestApiId"), node.template):
                for integration in system.mapping(node.get("Integration"), node.template):
                    for uri in system.texts(integration.get("Uri"), node.template):
                        found = _INVOKED.search(uri)
                        if name in apis and found:
                            yield Listener(apis[name], apis[name].type, found[1], "integration", (FUNCTION,), by=node)


class Urls(EdgeKind):
    """Function URLs: a role with `lambda:InvokeFunctionUrl` may call them."""

    def channels(self, system: System) -> Iterator[Channel]:
        """The functions that have a URL."""
        functions = {name: node for node in system.nodes(FUNCTION) for name in system.names(node)}
        for node in system.nodes("AWS::Lambda::Url"):
            for target in system.texts(node.get("TargetFunctionArn"), node.template):
                name = target.rpartition("function:")[2].partition(":")[0]
                if name in functions:
                    yield Channel(functions[name], (f"lambda:function:{name}",), (Deposit("lambda:InvokeFunctionUrl"),))
