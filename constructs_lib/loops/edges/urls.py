"""URLs: which APIs and functions a text calls that holds one.

"Invoke REST APIs in API Gateway" and "Invoking Lambda function URLs": the host names the API or the function, or it is
a custom domain that is mapped to an API. Who calls with a role's signature needs a grant, see `apis`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from constructs_lib.loops.edges.base import ANY_MESSAGE, Channel, Deposit, EdgeKind, Listener, Put
from constructs_lib.loops.edges.lambdas import FUNCTION, function_arn
from constructs_lib.templates.symbols import symbols_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.templates.system import Node, System

__all__ = ["APIS", "TOLD", "Urls", "called"]

APIS = ("AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api")
TOLD = "calls the URL in "
"""What the arrow of a function says that is told a URL, before the name of the variable."""
_GRAPHQL = "AWS::AppSync::GraphQLApi"
_IAM = "AWS_IAM"
_INVOKE_URL = (Deposit("lambda:InvokeFunctionUrl"),)


@dataclass
class _Known:
    """The APIs and functions that can be called without a role's signature.

    Args:
        hosts: what each of them may be called by, and the beginning that its URLs need.
        domains: by custom domain.
    """

    hosts: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)
    domains: dict[str, list[str]] = field(default_factory=dict)


_KNOWN: WeakKeyDictionary[System, _Known] = WeakKeyDictionary()


class Urls(EdgeKind):
    """Function URLs, functions that are told a URL, and services that call one."""

    def channels(self, system: System) -> Iterator[Channel]:
        """The functions that have a URL: a role with `lambda:InvokeFunctionUrl` may call it."""
        for node in system.nodes("AWS::Lambda::Url"):
            for target in system.texts(node.get("TargetFunctionArn"), node.template):
                name = target.rpartition("function:")[2].partition(":")[0]
                for function in system.named(FUNCTION, name):
                    yield Channel(function, (f"lambda:function:{name}",), _INVOKE_URL)

    def puts(self, system: System) -> Iterator[Put]:
        """What functions may call because their environment tells them a URL, whatever their roles allow."""
        known = _known(system)
        for node in system.nodes(FUNCTION) if known.hosts or known.domains else ():
            for environment in system.mapping(node.get("Environment"), node.template):
                for variables in system.mapping(environment.get("Variables"), node.template):
                    yield from _told(system, node, variables)

    def listeners(self, system: System) -> Iterator[Listener]:
        """What API destinations of EventBridge call."""
        for node in system.nodes("AWS::Events::ApiDestination"):
            for url in system.texts(node.get("InvocationEndpoint"), node.template):
                for arn in called(system, url):
                    yield Listener(node, node.type, arn, "request", carry=ANY_MESSAGE)


def called(system: System, text: str) -> list[str]:
    """The ARNs of the APIs and functions that a URL calls, as far as they need no role's signature."""
    return [] if text.startswith("arn:") else _called(_known(system), text)


def _told(system: System, node: Node, variables: Mapping[str, Any]) -> Iterator[Put]:
    for name, value in variables.items():
        # Most values are short literals, which hold no host.
        texts = system.texts(value, node.template) if not isinstance(value, str) or "." in value else ()
        for arn in dict.fromkeys(arn for text in texts for arn in called(system, text)):
            doubt = f"only the code of `{system.label(node)}` tells whether it calls the URL in `{name}`"
            yield Put(node, arn, f"{TOLD}{name}", doubt=doubt, entry=variables)


def _called(known: _Known, text: str) -> list[str]:
    found = [
        arn
        for character in symbols_in(text)
        for marker, beginning, arn in known.hosts.get(character, ())
        if marker in text and text.startswith(beginning)
    ]
    host = text.partition("://")[2] or text
    found += known.domains.get(host.partition("/")[0].partition(":")[0].lower(), ())
    return list(dict.fromkeys(found))


def _known(system: System) -> _Known:
    known = _KNOWN.get(system)
    if known is None:
        known = _KNOWN[system] = _Known()
        _add_apis(system, known)
        _add_functions(system, known)
        _add_graphql(system, known)
        _add_distributions(system, known)
    return known


def _add_apis(system: System, known: _Known) -> None:
    signed = _signed(system)
    named: dict[str, list[str]] = {}
    for node in system.nodes(*APIS):
        # A WebSocket API calls nobody when something is posted to its connections, which is done over HTTPS.
        beginning = "wss://" if system.text(node.get("ProtocolType"), node.template) == "WEBSOCKET" else ""
        for name, arn in zip(system.names(node), system.arns(node), strict=True):
            if node not in signed:
                named[name] = [arn]
                known.hosts.setdefault(name, []).append((f"{name}.execute-api.", beginning, arn))
    for node in system.nodes("AWS::ApiGateway::BasePathMapping", "AWS::ApiGatewayV2::ApiMapping"):
        api = node.get("RestApiId" if node.type == "AWS::ApiGateway::BasePathMapping" else "ApiId")
        arns = [arn for name in system.texts(api, node.template) for arn in named.get(name, ())] if api else []
        for domain in system.texts(node.get("DomainName"), node.template) if arns else ():
            known.domains.setdefault(domain.lower(), []).extend(arns)


def _add_graphql(system: System, known: _Known) -> None:
    for node in system.nodes(_GRAPHQL):
        given = [node.properties, *system.items(node.get("AdditionalAuthenticationProviders") or [], node.template)]
        kinds = {
            system.text(one.get("AuthenticationType"), node.template) if isinstance(one, Mapping) else None
            for one in given
        }
        if kinds != {_IAM}:
            for name, arn in zip(system.names(node), system.arns(node), strict=True):
                known.hosts.setdefault(name, []).append((f"{name}.appsync-api.", "", arn))


def _add_distributions(system: System, known: _Known) -> None:
    """CloudFront, by its own names and those that people give: it calls what is its origin."""
    for node in system.nodes("AWS::CloudFront::Distribution"):
        for config in system.mapping(node.get("DistributionConfig"), node.template):
            arns: list[str] = []
            for origin in system.items(config.get("Origins") or [], node.template):
                if isinstance(origin, Mapping):
                    for host in system.texts(origin.get("DomainName"), node.template):
                        arns += _called(known, host)
            for name in system.attribute(node, "DomainName") if arns else ():
                known.hosts.setdefault(name, []).extend((name, "", arn) for arn in arns)
            for alias in system.items(config.get("Aliases") or [], node.template) if arns else ():
                for domain in system.texts(alias, node.template):
                    known.domains.setdefault(domain.lower(), []).extend(arns)


def _signed(system: System) -> set[Node]:
    """The APIs all of whose routes ask for a role's signature."""
    kinds: dict[str, set[str | None]] = {}
    for node in system.nodes("AWS::ApiGateway::Method", "AWS::ApiGatewayV2::Route"):
        api = node.get("RestApiId" if node.type == "AWS::ApiGateway::Method" else "ApiId")
        for name in system.texts(api, node.template) if api is not None else ():
            kinds.setdefault(name, set()).add(system.text(node.get("AuthorizationType"), node.template))
    return {
        node
        for node in system.nodes(*APIS)
        if node.get("Body") is None and all(kinds.get(name) == {_IAM} for name in system.names(node))
    }


def _add_functions(system: System, known: _Known) -> None:
    for node in system.nodes("AWS::Lambda::Url"):
        if system.text(node.get("AuthType"), node.template) != _IAM:
            arns = [function_arn(text) for text in system.texts(node.get("TargetFunctionArn"), node.template)]
            for url in system.attribute(node, "FunctionUrl"):
                name = symbols_in(url)[0]
                known.hosts.setdefault(name, []).extend((f"{name}.lambda-url.", "", arn) for arn in arns)
