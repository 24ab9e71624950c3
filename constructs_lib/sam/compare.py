"""Compare a CloudFormation template with what SAM's translation made of its emission: strictly, resource by resource.

Every logical id must come back with the same type, properties and attributes, and nothing may be added, except where
an HTTP API was folded: there the routes, integrations, authorizers and the stage are read back out of the OpenAPI body
and compared with the resources that they were. Values are compared in one spelling: a joined, substituted or plain
reference to the same thing is the same. Ordering may only become stricter, never looser or circular.

What is forgiven is listed once, in `FORGIVEN`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_lib.sam.references import cycle_through, depends_on, found, redirect
from constructs_lib.sam.spelling import spelled

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

__all__ = ["FORGIVEN", "Difference", "differences"]

FORGIVEN = (
    "the tags `lambda:createdBy` and `httpapi:createdBy`",
    "the logical id of a folded API's stage",
    "the version `1.0` of an API that had none",
    "`authorizers/*` where a permission named an authorizer of the same API",
    "Metadata that tells sam how to build",
    "the hash in a layer's logical id, and its name where it had none",
)

_LAYER = "AWS::Lambda::LayerVersion"
_PACKED = {"AWS::Lambda::Function": "Code", _LAYER: "Content", "AWS::CloudFormation::Stack": "TemplateURL"}
_API = "AWS::ApiGatewayV2::Api"
_PARTS = frozenset(f"AWS::ApiGatewayV2::{kind}" for kind in ("Route", "Integration", "Authorizer", "Stage"))
_HASH = 10
"""How many digits SAM adds to the logical id of a layer."""
_NOTHING: tuple[Any, ...] = (None, {}, [])
_BUILD = frozenset({"BuildMethod", "BuildProperties", "SkipBuild"})
_CALL = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"


@dataclass(frozen=True)
class Difference:
    """One place where two templates differ; a side that has nothing there holds `None`."""

    where: str
    original: Any
    translated: Any

    def __str__(self) -> str:
        sides = (json.dumps(side, sort_keys=True) for side in (self.original, self.translated))
        return f"{self.where}: {' became '.join(sides)}"


def differences(
    original: Mapping[str, Any], translated: Mapping[str, Any], *, built: Collection[str] = ()
) -> list[Difference]:
    """Find every difference between two CloudFormation documents that `FORGIVEN` does not list.

    Args:
        original: the document before, without what only CDK reads.
        translated: the emitted SAM template, translated to CloudFormation.
        built: functions, layers and nested stacks whose code, content or template sam builds or packs; it is not
            compared.
    """
    translated = _with_layer_ids_of(original, translated)
    folded = [id_ for id_ in _ids(translated, _API) if "Body" in _properties(translated, id_)]
    folded = [id_ for id_ in folded if "Body" not in _properties(original, id_)]
    before, after = _Side(original, folded), _Side(translated, folded)
    result = list(_diff("", before.sections(built), after.sections(built)))
    for id_ in folded:
        result += _diff(f"Resources.{id_}", before.api_from_parts(id_), after.api_from_body(id_))
    result += _looser(before, after)
    for name in after.resources:
        cycle = cycle_through(after.resources, name)
        if cycle is not None:
            return [*result, Difference("Resources", None, f"a cycle: {' → '.join(cycle)}")]
    return result


class _Side:
    """One of the two documents, read with the same eyes as the other."""

    def __init__(self, document: Mapping[str, Any], folded: list[str]) -> None:
        self.document, self.folded = document, folded
        self.resources: dict[str, dict[str, Any]] = document.get("Resources", {})
        self.parts = {
            id_: api
            for api in folded
            for id_, resource in self.resources.items()
            if resource.get("Type") in _PARTS and resource.get("Properties", {}).get("ApiId") == {"Ref": api}
        }

    def spelled(self, node: Any) -> Any:
        return spelled(node, self._name)

    def _name(self, logical_id: str, attribute: str | None) -> str | None:
        if logical_id not in self.parts:
            return None
        kind = self.resources[logical_id]["Type"].rpartition("::")[2]
        if kind == "Authorizer":
            return "*"
        return (
            f"${{{self.parts[logical_id]}.{kind}{'.' + attribute if attribute else ''}}}" if kind == "Stage" else None
        )

    def sections(self, built: Collection[str]) -> dict[str, Any]:
        plain = {
            name: self.spelled(self.document.get(name, {}))
            for name in ("Parameters", "Mappings", "Conditions", "Rules", "Outputs", "Metadata", "Description")
        }
        resources = {
            id_: self._resource(id_, resource, built)
            for id_, resource in self.resources.items()
            if id_ not in self.parts and id_ not in self.folded
        }
        return {**plain, "Resources": resources}

    def _resource(self, id_: str, resource: Mapping[str, Any], built: Collection[str]) -> dict[str, Any]:
        result = {key: self.spelled(value) for key, value in resource.items() if key != "DependsOn"}
        kind = result.get("Type")
        if kind in _PACKED:
            properties = dict(result.get("Properties", {}))
            if id_ in built:
                properties.pop(_PACKED[kind], None)
            properties["Tags"] = _sorted_tags(properties.get("Tags", []))
            metadata = {key: value for key, value in result.get("Metadata", {}).items() if key not in _BUILD}
            result |= {"Properties": properties, "Metadata": metadata}
        if kind == _LAYER:
            result.setdefault("DeletionPolicy", "Delete")
            result["Properties"].setdefault("LayerName", id_)
        return result

    def api_from_parts(self, api: str) -> dict[str, Any]:
        """Describe an API by its resources."""
        own = dict(_properties(self.document, api))
        parts = {id_: self.resources[id_] for id_, owner in self.parts.items() if owner == api}
        kinds = {
            kind: {id_: part["Properties"] for id_, part in parts.items() if part["Type"].endswith(f"::{kind}")}
            for kind in ("Route", "Integration", "Authorizer", "Stage")
        }
        routes: dict[str, Any] = {}
        for route in kinds["Route"].values():
            target = next(id_ for id_, _ in found(route["Target"]))
            authorizer = next((id_ for id_, _ in found(route.get("AuthorizerId"))), None)
            routes[route["RouteKey"]] = {
                "operation": route.get("OperationName"),
                "authorization": route.get("AuthorizationType", "NONE"),
                "authorizer": kinds["Authorizer"][authorizer]["Name"] if authorizer else None,
                "scopes": route.get("AuthorizationScopes", []),
                "integration": self._integration(_with_method(kinds["Integration"][target])),
            }
        authorizers = {
            authorizer["Name"]: self.spelled({k: v for k, v in authorizer.items() if k not in {"ApiId", "Name"}})
            for authorizer in kinds["Authorizer"].values()
        }
        return {
            "api": self.spelled(
                {
                    "Name": own.get("Name"),
                    "Version": own.get("Version", "1.0"),
                    "Description": own.get("Description"),
                    "Tags": own.get("Tags", {}),
                    "Cors": _true(own.get("CorsConfiguration", {})),
                    "DisableExecuteApiEndpoint": own.get("DisableExecuteApiEndpoint", False),
                    "FailOnWarnings": own.get("FailOnWarnings", False),
                    **self._attributes(api),
                }
            ),
            "stages": [self._stage(id_) for id_ in kinds["Stage"]],
            "routes": routes,
            "authorizers": authorizers,
        }

    def api_from_body(self, api: str) -> dict[str, Any]:
        """Describe an API by its OpenAPI body."""
        own = dict(_properties(self.document, api))
        body = own["Body"]
        schemes = body.get("components", {}).get("securitySchemes", {})
        endpoint = {
            key: value
            for server in body.get("servers", [])
            for key, value in server.get("x-amazon-apigateway-endpoint-configuration", {}).items()
        }
        cors = body.get("x-amazon-apigateway-cors", {})
        routes = {
            _route_key(path, method): self._operation(operation, schemes)
            for path, operations in body.get("paths", {}).items()
            for method, operation in operations.items()
        }
        return {
            "api": self.spelled(
                {
                    "Name": body.get("info", {}).get("title"),
                    "Version": body.get("info", {}).get("version"),
                    "Description": body["info"].get("description"),
                    "Tags": _without_mark(
                        {tag.get("name"): tag.get("x-amazon-apigateway-tag-value") for tag in body.get("tags", [])}
                    ),
                    "Cors": _true({key[0].upper() + key[1:]: value for key, value in cors.items()}),
                    "DisableExecuteApiEndpoint": endpoint.get("disableExecuteApiEndpoint", False),
                    "FailOnWarnings": own.get("FailOnWarnings", False),
                    **self._attributes(api),
                }
            ),
            "stages": [self._stage(id_) for id_, owner in self.parts.items() if owner == api],
            "routes": routes,
            "authorizers": {
                name: self._authorizer(scheme["x-amazon-apigateway-authorizer"])
                for name, scheme in schemes.items()
                if "x-amazon-apigateway-authorizer" in scheme
            },
        }

    def _attributes(self, id_: str) -> dict[str, Any]:
        resource = self.resources[id_]
        return {key: resource.get(key) for key in ("Condition", "DeletionPolicy", "UpdateReplacePolicy")}

    def _stage(self, id_: str) -> Any:
        properties = dict(self.resources[id_]["Properties"])
        properties["Tags"] = _without_mark(properties.get("Tags", {}))
        return self.spelled({**properties, **self._attributes(id_)})

    def _integration(self, given: Mapping[str, Any]) -> Any:
        result = {key: value for key, value in self.spelled(given).items() if key != "ApiId"}
        if result.get("IntegrationType") == "AWS_PROXY" and "IntegrationSubtype" not in result:
            uri = result.get("IntegrationUri")
            if isinstance(uri, str):
                result["IntegrationUri"] = uri.removeprefix(_CALL).removesuffix("/invocations")
        return result

    def _operation(self, operation: Mapping[str, Any], schemes: Mapping[str, Any]) -> dict[str, Any]:
        kinds = {"jwt": "JWT", "request": "CUSTOM"}
        authorization, authorizer, scopes = "NONE", None, []
        for security in operation.get("security", []):
            for name, wanted in security.items():
                scheme = schemes.get(name, {})
                scopes = wanted
                if "x-amazon-apigateway-authorizer" in scheme:
                    kind = scheme["x-amazon-apigateway-authorizer"].get("type")
                    authorization, authorizer = kinds.get(kind, kind), name
                elif scheme.get("x-amazon-apigateway-authtype") == "awsSigv4":
                    authorization = "AWS_IAM"
        integration = _from_body(operation.get("x-amazon-apigateway-integration", {}))
        integration["IntegrationType"] = integration.pop("Type", "").upper()
        for short, long in (("HttpMethod", "IntegrationMethod"), ("Uri", "IntegrationUri")):
            if short in integration:
                integration[long] = integration.pop(short)
        if "Credentials" in integration:
            integration["CredentialsArn"] = integration.pop("Credentials")
        if "TlsConfig" in integration:
            integration["TlsConfig"] = _from_body(integration["TlsConfig"])
        if "ResponseParameters" in integration:
            integration["ResponseParameters"] = {
                status: {
                    "ResponseParameters": [{"Destination": to, "Source": source} for to, source in mapping.items()]
                }
                for status, mapping in integration["ResponseParameters"].items()
            }
        return {
            "operation": operation.get("operationId"),
            "authorization": authorization,
            "authorizer": authorizer,
            "scopes": scopes,
            "integration": self._integration(integration),
        }

    def _authorizer(self, given: Mapping[str, Any]) -> Any:
        result = _from_body(given)
        result["AuthorizerType"] = result.pop("Type", "").upper()
        if "AuthorizerCredentials" in result:
            result["AuthorizerCredentialsArn"] = result.pop("AuthorizerCredentials")
        if "IdentitySource" in result:
            result["IdentitySource"] = result["IdentitySource"].split(", ")
        if "JwtConfiguration" in result:
            result["JwtConfiguration"] = _from_body(result["JwtConfiguration"])
        return self.spelled(result)

    def waits(self) -> dict[str, set[str]]:
        """Give what each resource waits for, with the parts of a folded API taken for the API."""
        waits: dict[str, set[str]] = {}
        for id_, resource in self.resources.items():
            targets = {name.partition(".")[0] for name, _ in found(resource.get("Properties", {}))}
            targets |= set(depends_on(resource))
            own = self.parts.get(id_, id_)
            waits.setdefault(own, set()).update(self.parts.get(t, t) for t in targets if t in self.resources)
            waits[own].discard(own)
        return waits


def _looser(before: _Side, after: _Side) -> Iterator[Difference]:
    """Find what the original waits for and the translation does not, directly or through others."""
    waits = after.waits()
    for id_, targets in before.waits().items():
        reached, frontier = set[str](), [id_]
        while frontier:
            new = waits.get(frontier.pop(), set()) - reached
            reached |= new
            frontier += new
        for target in sorted(targets - reached):
            yield Difference(f"Resources.{id_}.DependsOn", target, None)


def _diff(where: str, original: Any, translated: Any) -> Iterator[Difference]:
    if isinstance(original, dict) and isinstance(translated, dict):
        for key in dict.fromkeys([*original, *translated]):
            yield from _diff(f"{where}.{key}" if where else key, original.get(key), translated.get(key))
    elif isinstance(original, list) and isinstance(translated, list) and len(original) == len(translated):
        for index, pair in enumerate(zip(original, translated, strict=True)):
            yield from _diff(f"{where}[{index}]", *pair)
    elif (original, isinstance(original, bool)) != (translated, isinstance(translated, bool)) and not (
        original in _NOTHING and translated in _NOTHING
    ):
        yield Difference(where, original, translated)


def _ids(document: Mapping[str, Any], type_: str) -> list[str]:
    return [id_ for id_, resource in document.get("Resources", {}).items() if resource.get("Type") == type_]


def _properties(document: Mapping[str, Any], id_: str) -> Mapping[str, Any]:
    properties: Mapping[str, Any] = document.get("Resources", {}).get(id_, {}).get("Properties", {})
    return properties


def _with_layer_ids_of(original: Mapping[str, Any], translated: Mapping[str, Any]) -> Mapping[str, Any]:
    """Take from the logical ids of layers the hash that SAM adds."""
    names = {
        id_: id_[:-_HASH]
        for id_ in _ids(translated, _LAYER)
        if id_ not in original.get("Resources", {}) and id_[:-_HASH] in _ids(original, _LAYER)
    }
    if not names:
        return translated
    document: dict[str, Any] = redirect(
        translated, lambda id_, attribute: {"Ref": names[id_]} if id_ in names and attribute is None else None
    )
    document["Resources"] = {names.get(id_, id_): resource for id_, resource in document["Resources"].items()}
    return document


def _route_key(path: str, method: str) -> str:
    if path.lstrip("/") == "$default":
        return "$default"
    return f"{'ANY' if method == 'x-amazon-apigateway-any-method' else method.upper()} {path}"


def _from_body(given: Mapping[str, Any]) -> dict[str, Any]:
    """Spell the keys as CloudFormation does: `timeoutInMillis` is `TimeoutInMillis` there."""
    return {key[0].upper() + key[1:]: value for key, value in given.items()}


def _with_method(integration: Mapping[str, Any]) -> dict[str, Any]:
    """Add the method that API Gateway takes for a function when an integration, unlike a body, names none."""
    calls = integration.get("IntegrationType") == "AWS_PROXY" and "IntegrationSubtype" not in integration
    return {**({"IntegrationMethod": "POST"} if calls else {}), **integration}


def _sorted_tags(tags: Any) -> Any:
    if not isinstance(tags, list):
        return tags
    mark = {"Key": "lambda:createdBy", "Value": "SAM"}
    return sorted((tag for tag in tags if tag != mark), key=lambda tag: str(tag.get("Key")))


def _without_mark(tags: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in tags.items() if (key, value) != ("httpapi:createdBy", "SAM")}


def _true(cors: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in cors.items() if value is not False}
