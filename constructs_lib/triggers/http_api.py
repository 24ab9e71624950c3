"""Routes of an HTTP API (API Gateway v2), each with exactly the permission it needs."""

from __future__ import annotations

import re
from dataclasses import KW_ONLY, dataclass
from typing import cast

from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_lambda as lambda_

from constructs_lib.declarations import note
from constructs_lib.errors import ConstructsLibError, Diagnostic
from constructs_lib.finish import identity
from constructs_lib.names import PARTITION
from constructs_lib.triggers.base import Trigger, relative_path

__all__ = ["HttpApiTrigger"]

METHODS = ("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
DEFAULT_PATH = "$default"  # the route that takes what no other route matches
_SEGMENT = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%-]+|\{[A-Za-z0-9._-]+\}")
_GREEDY = re.compile(r"\{[A-Za-z0-9._-]+\+\}")
_INTEGRATION = "Integration"
_VARIABLE = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True)
class HttpApiTrigger(Trigger):
    """An HTTP API invokes the function for requests of one method on one path.

    The event has payload format 2.0. The function gets one integration per API, and each route one permission, for
    its own method and path only. The permission holds for every stage of the API, as stages may be added to it later.

    Args:
        api: an `HttpApi`, imported ones included.
        method: `GET`, `HEAD`, `POST`, `PUT`, `PATCH`, `DELETE`, `OPTIONS`, or `ANY` for all that have no route of
            their own; or a member of `apigatewayv2.HttpMethod`.
        path: e.g. `/photos/{id}`; `{name+}` as the last segment takes the rest of the path. `$default` takes what no
            other route matches (then `method` is `ANY`).
        authorizer: who may call, e.g. `HttpJwtAuthorizer(…)` or `HttpIamAuthorizer()`; by default the API's
            `default_authorizer`.
        public: True lets everybody on the internet call the route.

    Raises:
        ConstructsLibError: `trigger-wrong-resource`, `http-route-invalid`, `http-route-without-authorizer`; and when
            a function takes it `http-route-conflict`.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
    """

    api: apigatewayv2.IHttpApi
    _: KW_ONLY
    method: str | apigatewayv2.HttpMethod
    path: str
    authorizer: apigatewayv2.IHttpRouteAuthorizer | None = None
    public: bool = False

    def __post_init__(self) -> None:
        if not hasattr(self.api, "add_vpc_link"):
            raise _wrong_api(self.api)
        problem = _route_problem(self.verb, self.path)
        if problem:
            raise ConstructsLibError(
                Diagnostic(
                    reference="http-route-invalid",
                    headline=f"`{self.key}` is not a route",
                    notes=(problem,),
                    helps=('e.g. HttpApiTrigger(api, method="GET", path="/photos/{id}", authorizer=…)',),
                )
            )
        if self.public and self.authorizer is not None:
            raise _unclear_authorizer(self.key)
        if not self.public and self.authorizer is None and self.api.default_authorizer is None:
            raise _without_authorizer(self.key)

    @property
    def verb(self) -> str:
        """The method as HTTP spells it, or `ANY`."""
        return self.method.name if isinstance(self.method, apigatewayv2.HttpMethod) else self.method

    @property
    def key(self) -> str:
        """The route key as API Gateway writes it, e.g. `GET /photos/{id}`."""
        return DEFAULT_PATH if self.path == DEFAULT_PATH else f"{self.verb} {self.path}"

    def bind(self, function: lambda_.Function) -> None:
        """Declare the route, its permission and, once per API, the integration."""
        routes = _of_api.setdefault(identity(self.api), _Routes())
        routes.add(function, self)
        api = relative_path(self.api, function.stack)
        method = apigatewayv2.HttpMethod[self.verb]
        route = apigatewayv2.HttpRoute(
            function,
            f"{api}/{self.key.replace(' ', '')}",
            http_api=self.api,
            route_key=apigatewayv2.HttpRouteKey.DEFAULT
            if self.path == DEFAULT_PATH
            else apigatewayv2.HttpRouteKey.with_(self.path, method),
            integration=routes.integration(function),
            authorizer=cast("apigatewayv2.IHttpRouteAuthorizer", apigatewayv2.HttpNoneAuthorizer())
            if self.public and self.api.default_authorizer is not None
            else self.authorizer,
        )
        note(route.node.try_find_child(_INTEGRATION) or route, self.declared_at)
        lambda_.CfnPermission(
            function,
            f"{api}/{self.key.replace(' ', '')}/Permission",
            action="lambda:InvokeFunction",
            function_name=function.function_arn,
            principal="apigateway.amazonaws.com",
            source_arn=self._source_arn(),
        )

    def _source_arn(self) -> str:
        """https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html ."""
        environment = self.api.env
        api = f"arn:{PARTITION}:execute-api:{environment.region}:{environment.account}:{self.api.api_id}"
        if self.path == DEFAULT_PATH:
            return f"{api}/*/{DEFAULT_PATH}"
        return f"{api}/*/{self.verb.replace('ANY', '*')}{_VARIABLE.sub('*', self.path)}"


class _Integration(apigatewayv2.HttpRouteIntegration):
    """CDK's own Lambda integration would add a permission for every method; this one adds none."""

    def __init__(self, function_arn: str) -> None:
        super().__init__(_INTEGRATION)
        self._function_arn = function_arn

    def bind(
        self,
        *,
        route: apigatewayv2.IHttpRoute,  # noqa: ARG002
        scope: object,  # noqa: ARG002
    ) -> apigatewayv2.HttpRouteIntegrationConfig:
        return apigatewayv2.HttpRouteIntegrationConfig(
            type=apigatewayv2.HttpIntegrationType.AWS_PROXY,
            uri=self._function_arn,
            payload_format_version=apigatewayv2.PayloadFormatVersion.VERSION_2_0,
        )


class _Routes:
    """The routes that our functions have on one API."""

    def __init__(self) -> None:
        self._keys: dict[str, tuple[str, HttpApiTrigger]] = {}
        self._integrations: dict[str, _Integration] = {}

    def add(self, function: lambda_.Function, trigger: HttpApiTrigger) -> None:
        shape = _VARIABLE.sub(lambda variable: "{+}" if variable[0].endswith("+}") else "{}", trigger.key)
        path = function.node.path
        if shape in self._keys:
            raise _conflict(trigger.api, self._keys[shape], (path, trigger))
        self._keys[shape] = path, trigger

    def integration(self, function: lambda_.Function) -> _Integration:
        path = function.node.path
        if path not in self._integrations:
            self._integrations[path] = _Integration(function.function_arn)
        return self._integrations[path]


_of_api: dict[str, _Routes] = {}


def _route_problem(method: str, path: str) -> str | None:
    if method not in METHODS:
        return f"the method is one of {', '.join(f'`{name}`' for name in METHODS)}"
    if path == DEFAULT_PATH:
        return None if method == "ANY" else f"`{DEFAULT_PATH}` takes every method: write method=`ANY`"
    return None if path == "/" else _path_problem(path)


def _path_problem(path: str) -> str | None:
    if not path.startswith("/") or path.endswith("/"):
        return "a path begins with `/` and does not end with one"
    *segments, last = path[1:].split("/")
    bad = next((segment for segment in segments if not _SEGMENT.fullmatch(segment)), None)
    if bad is None and not (_SEGMENT.fullmatch(last) or _GREEDY.fullmatch(last)):
        bad = last
    if bad is not None:
        greedy = ", and only the last segment may be `{name+}`" if _GREEDY.fullmatch(bad) else ""
        return f"`{bad}` is neither plain text nor a variable like `{{id}}`{greedy}"
    names = [name.strip("{}+") for name in _VARIABLE.findall(path)]
    twice = next((name for name in names if names.count(name) > 1), None)
    return f"the variable `{twice}` occurs twice" if twice else None


def _wrong_api(given: object) -> ConstructsLibError:
    return ConstructsLibError(
        Diagnostic(
            reference="trigger-wrong-resource",
            headline=f"`HttpApiTrigger` needs an HTTP API, but was given a `{type(given).__name__}`",
            evidence=f"given: `{given}`",
            helps=("pass an aws_apigatewayv2.HttpApi; a REST API (aws_apigateway) is another service",),
        )
    )


def _without_authorizer(key: str) -> ConstructsLibError:
    return ConstructsLibError(
        Diagnostic(
            reference="http-route-without-authorizer",
            headline=f"the route `{key}` says nothing about who may call it",
            notes=("without an authorizer everybody on the internet may invoke the function, at your cost",),
            helps=(
                'add authorizer=HttpJwtAuthorizer("Users", issuer, jwt_audience=[…]) or authorizer=HttpIamAuthorizer()',
                "or write public=True if everybody may",
            ),
        )
    )


def _unclear_authorizer(key: str) -> ConstructsLibError:
    return ConstructsLibError(
        Diagnostic(
            reference="http-route-without-authorizer",
            headline=f"the route `{key}` has an authorizer and is public",
            helps=("leave out public=True to have callers authorized", "or leave out the authorizer"),
        )
    )


def _conflict(
    api: apigatewayv2.IHttpApi, first: tuple[str, HttpApiTrigger], second: tuple[str, HttpApiTrigger]
) -> ConstructsLibError:
    width = max(len(path) for path, _ in (first, second))
    evidence = "\n".join(f"{path:{width}}  {trigger.key}" for path, trigger in (first, second))
    variables = "" if first[1].key == second[1].key else " (the name of a variable makes no difference)"
    return ConstructsLibError(
        Diagnostic(
            reference="http-route-conflict",
            headline=f"two triggers claim the same route of `{api.node.path}`{variables}",
            evidence=evidence,
            helps=("give each its own method or path, or let one function serve both",),
        )
    )
