"""Write the routes of an HTTP API as the OpenAPI body that API Gateway imports.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["NotOneToOneError", "auth", "body"]

Parts = dict[str, dict[str, Any]]

_IAM = "AWS_IAM"
_METHODS = frozenset(["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "ANY"])
_ANY = "x-amazon-apigateway-any-method"
_INTEGRATION = {
    "IntegrationType": "type",
    "IntegrationMethod": "httpMethod",
    "IntegrationSubtype": "integrationSubtype",
    "IntegrationUri": "uri",
    "PayloadFormatVersion": "payloadFormatVersion",
    "ConnectionType": "connectionType",
    "ConnectionId": "connectionId",
    "CredentialsArn": "credentials",
    "RequestParameters": "requestParameters",
    "TimeoutInMillis": "timeoutInMillis",
}
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-integration.html"""

_REQUEST_AUTHORIZER = {
    "AuthorizerUri": "authorizerUri",
    "AuthorizerCredentialsArn": "authorizerCredentials",
    "AuthorizerPayloadFormatVersion": "authorizerPayloadFormatVersion",
    "AuthorizerResultTtlInSeconds": "authorizerResultTtlInSeconds",
    "EnableSimpleResponses": "enableSimpleResponses",
}
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authorizer.html"""


class NotOneToOneError(Exception):
    """An API that SAM cannot express exactly; the text is the reason."""


def body(api: Mapping[str, Any], *, routes: Parts, integrations: Parts, authorizers: Parts) -> dict[str, Any]:
    """Make the body of an API from the properties of its parts, each by logical id.

    Raises:
        NotOneToOneError: a part has something that the body cannot say.
    """
    used: set[str] = set()
    paths: dict[str, dict[str, Any]] = {}
    names = {id_: _authorizer_name(authorizer) for id_, authorizer in authorizers.items()}
    if len({_IAM, *names.values()}) <= len(names):
        raise NotOneToOneError("two of its authorizers have the same name")
    for id_, route in routes.items():
        method, path = _route_key(id_, route)
        target = _target(id_, route, integrations)
        used.add(target)
        paths.setdefault(path, {})[method] = _operation(id_, route, _integration(target, integrations[target]), names)
    unused = integrations.keys() - used
    if unused:
        raise NotOneToOneError(f"no route leads to its integration `{min(unused)}`")
    # API Gateway wants an empty `paths` rather than none.
    document = {
        "openapi": "3.0.1",
        "info": {"title": api.get("Name", ""), "version": api.get("Version", "1.0")},
        "paths": {path: paths[path] for path in sorted(paths)},
    }
    schemes = {
        names[id_]: _request_scheme(id_, authorizer)
        for id_, authorizer in authorizers.items()
        if authorizer["AuthorizerType"] == "REQUEST"
    }
    if schemes:
        document["components"] = {"securitySchemes": schemes}
    return document


def auth(routes: Parts, authorizers: Parts) -> dict[str, Any]:
    """Make SAM's `Auth`: the JWT authorizers, and the IAM one if a route asks for it.

    `sam local start-api` stops at a JWT authorizer inside the body.
    """
    result: dict[str, Any] = {}
    if any(route.get("AuthorizationType") == _IAM for route in routes.values()):
        result["EnableIamAuthorizer"] = True
    jwt = {
        _authorizer_name(authorizer): _jwt(id_, authorizer)
        for id_, authorizer in authorizers.items()
        if authorizer["AuthorizerType"] == "JWT"
    }
    if jwt:
        result["Authorizers"] = jwt
    return result


def _route_key(id_: str, route: Mapping[str, Any]) -> tuple[str, str]:
    key = route.get("RouteKey")
    if key == "$default":
        return _ANY, "$default"
    method, _, path = key.partition(" ") if isinstance(key, str) else ("", "", "")
    if method not in _METHODS or not path.startswith("/"):
        raise NotOneToOneError(f"the route key of `{id_}` is not a literal method and path")
    return (_ANY if method == "ANY" else method.lower()), path


def _target(id_: str, route: Mapping[str, Any], integrations: Parts) -> str:
    match route.get("Target"):
        case {"Fn::Join": ["", ["integrations/", {"Ref": str(target)}]]} if target in integrations:
            return target
        case {"Fn::Sub": str(text)} if found := re.fullmatch(r"integrations/\$\{(\w+)\}", text):
            target = found.group(1)
            if target in integrations:
                return target
    raise NotOneToOneError(f"the target of `{id_}` is no integration of this API")


def _operation(id_: str, route: Mapping[str, Any], integration: Any, names: Mapping[str, str]) -> dict[str, Any]:
    known = {"ApiId", "AuthorizationScopes", "AuthorizationType", "AuthorizerId", "OperationName", "RouteKey", "Target"}
    unknown = route.keys() - known
    if unknown:
        raise NotOneToOneError(f"an OpenAPI body cannot say `{min(unknown)}` of `{id_}`")
    operation: dict[str, Any] = {}
    if route["RouteKey"] == "$default":
        operation["isDefaultRoute"] = True
    if "OperationName" in route:
        operation["operationId"] = route["OperationName"]
    security = _security(id_, route, names)
    if security:
        operation["security"] = [security]
    # OpenAPI wants responses; API Gateway's own exports say this for an HTTP API.
    operation["responses"] = {"default": {"description": f"Default response for {route['RouteKey']}"}}
    operation["x-amazon-apigateway-integration"] = integration
    return operation


def _security(id_: str, route: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any] | None:
    scopes = route.get("AuthorizationScopes", [])
    match route.get("AuthorizationType", "NONE"), route.get("AuthorizerId"):
        case "NONE", None:
            return None
        case "AWS_IAM", None:
            return {_IAM: scopes}
        case "JWT" | "CUSTOM", {"Ref": str(authorizer)} if authorizer in names:
            return {names[authorizer]: scopes}
    raise NotOneToOneError(f"`{id_}` is authorized by something outside this API")


def _integration(id_: str, given: Mapping[str, Any]) -> dict[str, Any]:
    special: dict[str, Callable[[Any], tuple[str, Any]]] = {
        "TlsConfig": lambda value: ("tlsConfig", _renamed(id_, value, {"ServerNameToVerify": "serverNameToVerify"})),
        "ResponseParameters": lambda value: ("responseParameters", _response_parameters(id_, value)),
    }
    result: dict[str, Any] = {}
    for key, value in given.items():
        if key in special:
            name, shaped = special[key](value)
            result[name] = shaped
        elif key in _INTEGRATION:
            result[_INTEGRATION[key]] = value
        elif key != "ApiId":
            raise NotOneToOneError(f"an OpenAPI body cannot say `{key}` of `{id_}`")
    kind = given.get("IntegrationType")
    if kind not in {"AWS_PROXY", "HTTP_PROXY"}:
        raise NotOneToOneError(f"`{id_}` is an integration of the kind `{kind}`")
    result["type"] = kind.lower()
    if kind == "AWS_PROXY" and "IntegrationSubtype" not in given:
        result["httpMethod"] = "POST"
        result["uri"] = _invocation_uri(given.get("IntegrationUri"))
    order = ["type", "httpMethod", "uri", *sorted(result.keys() - {"type", "httpMethod", "uri"})]
    return {key: result[key] for key in order if key in result}


def _invocation_uri(target: Any) -> Any:
    """Give the URI by which a body calls a function; a plain integration names the function's ARN alone."""
    front, back = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/", "/invocations"
    match target:
        case str() if "/functions/" not in target:
            return {"Fn::Sub": f"{front}{target}{back}"}
        case {"Fn::GetAtt": [str(function), "Arn"]}:
            return {"Fn::Sub": f"{front}${{{function}.Arn}}{back}"}
        case {"Ref": str(name)}:
            return {"Fn::Sub": f"{front}${{{name}}}{back}"}
    if "/functions/" in repr(target):
        return target
    return {"Fn::Sub": [f"{front}${{Function}}{back}", {"Function": target}]}


def _response_parameters(id_: str, given: Any) -> Any:
    result: dict[str, Any] = {}
    for status, mapping in given.items() if isinstance(given, dict) else [("", None)]:
        match mapping:
            case {"ResponseParameters": list(parameters), **others} if not others:
                result[status] = {
                    parameter["Destination"]: parameter["Source"]
                    for parameter in parameters
                    if isinstance(parameter, dict) and parameter.keys() == {"Destination", "Source"}
                }
                if len(result[status]) == len(parameters):
                    continue
        raise NotOneToOneError(f"the response parameters of `{id_}` are not given literally")
    return result


def _renamed(id_: str, value: Any, names: Mapping[str, str]) -> dict[str, Any]:
    if not isinstance(value, dict) or not value.keys() <= names.keys():
        raise NotOneToOneError(f"`{id_}` has a part that is not given literally")
    return {names[key]: inner for key, inner in value.items()}


def _authorizer_name(authorizer: Mapping[str, Any]) -> str:
    name = authorizer.get("Name")
    if not isinstance(name, str) or name == _IAM:
        raise NotOneToOneError(
            "the name of its authorizer is not literal" if name != _IAM else f"`{_IAM}` is SAM's name"
        )
    return name


def _jwt(id_: str, authorizer: Mapping[str, Any]) -> dict[str, Any]:
    unknown = authorizer.keys() - {"ApiId", "AuthorizerType", "IdentitySource", "JwtConfiguration", "Name"}
    match authorizer.get("IdentitySource"), authorizer.get("JwtConfiguration"):
        case [str(source)], dict(configuration) if not unknown and configuration.keys() <= {"Audience", "Issuer"}:
            settings = {key.lower(): configuration[key] for key in sorted(configuration)}
            return {"IdentitySource": source, "JwtConfiguration": settings}
    raise NotOneToOneError(f"SAM cannot say all of the JWT authorizer `{id_}`")


def _request_scheme(id_: str, authorizer: Mapping[str, Any]) -> dict[str, Any]:
    unknown = authorizer.keys() - _REQUEST_AUTHORIZER.keys() - {"ApiId", "AuthorizerType", "IdentitySource", "Name"}
    sources = authorizer.get("IdentitySource", [])
    if unknown or not isinstance(sources, list) or not all(isinstance(source, str) for source in sources):
        raise NotOneToOneError(f"an OpenAPI body cannot say all of the authorizer `{id_}`")
    settings = {_REQUEST_AUTHORIZER[key]: authorizer[key] for key in _REQUEST_AUTHORIZER if key in authorizer}
    if sources:
        settings["identitySource"] = ", ".join(sources)
    return {
        "type": "apiKey",
        "name": "Unused",
        "in": "header",
        "x-amazon-apigateway-authorizer": {"type": "request", **settings},
    }
