"""Fold an HTTP API with its routes, integrations, authorizers and stage into one `AWS::Serverless::HttpApi`.

The routes become an OpenAPI body, the form in which `sam local start-api` can mount them; the invoke permissions stay
plain, as narrow as they were. What has no exact counterpart keeps the whole API plain, with the reason.

The body's vocabulary:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
What SAM makes of the resource:
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-httpapi.html
"""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

from constructs_lib.sam import openapi
from constructs_lib.sam.draft import Delta, Plain
from constructs_lib.sam.openapi import NotOneToOneError
from constructs_lib.sam.references import cycle_through, depends_on, found, redirect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_lib.sam.draft import Draft

__all__ = ["fold"]

_API = "AWS::ApiGatewayV2::Api"
_STAGE = "AWS::ApiGatewayV2::Stage"
_ROUTE = "AWS::ApiGatewayV2::Route"
_INTEGRATION = "AWS::ApiGatewayV2::Integration"
_AUTHORIZER = "AWS::ApiGatewayV2::Authorizer"
_STAYS = {"AWS::ApiGatewayV2::ApiMapping", "AWS::ApiGatewayV2::DomainName", "AWS::ApiGatewayV2::VpcLink"}

_SPREAD = ("Condition", "DeletionPolicy", "UpdateReplacePolicy")
"""Attributes that SAM copies from the API to its stage."""

_STAGE_SAME = frozenset({"AccessLogSettings", "DefaultRouteSettings", "RouteSettings", "StageVariables"})


def fold(draft: Draft) -> None:
    """Fold each HTTP API of the template, or say why it stays plain."""
    for name, resource in draft.of_type(_API):
        protocol = resource.get("Properties", {}).get("ProtocolType")
        if protocol != "HTTP":
            draft.plain.append(Plain(name, f"a {protocol} API has routes of its own kind"))
            continue
        try:
            _HttpApi(draft, name, resource).fold()
        except NotOneToOneError as why:
            draft.plain.append(Plain(name, f"{why}; `sam local start-api` will not mount it"))


class _HttpApi:
    """One API with everything that belongs to it. Nothing of the draft changes until all of it is known to fold."""

    def __init__(self, draft: Draft, name: str, resource: Mapping[str, Any]) -> None:
        self.draft, self.name, self.resource = draft, name, resource
        self.parts = {
            id_: part
            for id_, part in draft.resources.items()
            if part.get("Type", "").startswith("AWS::ApiGatewayV2::")
            and part["Type"] not in _STAYS
            and part.get("Properties", {}).get("ApiId") == {"Ref": name}
        }
        self.authorizers = self._parts(_AUTHORIZER)

    def fold(self) -> None:
        """Replace the API and its parts by one SAM resource."""
        stage_id, stage = self._stage()
        self._check_attributes(self.name, self.resource)
        for id_, part in self.parts.items():
            self._check_part(id_, part)
        folded = {
            "Type": "AWS::Serverless::HttpApi",
            **{key: self.resource[key] for key in (*_SPREAD, "Metadata") if key in self.resource},
            "Properties": self._properties(stage),
        }
        waits = self._depends_on(stage_id)
        if waits:
            folded["DependsOn"] = waits
        document = self._document(stage_id, folded)
        cycle = cycle_through(document["Resources"], self.name)
        if cycle is not None:
            raise NotOneToOneError(
                f"a function that it calls refers to it, and one resource would close the circle {' → '.join(cycle)}"
            )
        self.draft.document.update(document)
        self.draft.folded += [self.name, *self.parts]
        self._note_deltas(stage_id)

    def _parts(self, type_: str) -> dict[str, dict[str, Any]]:
        return {id_: part.get("Properties", {}) for id_, part in self.parts.items() if part["Type"] == type_}

    def _stage(self) -> tuple[str, dict[str, Any]]:
        stages = self._parts(_STAGE)
        if len(stages) != 1:
            raise NotOneToOneError(f"it has {len(stages)} stages, a SAM API exactly one")
        (id_, stage) = next(iter(stages.items()))
        unknown = stage.keys() - _STAGE_SAME - {"ApiId", "AutoDeploy", "StageName", "Tags"}
        if unknown:
            raise NotOneToOneError(f"SAM has no property for the stage's `{min(unknown)}`")
        if stage.get("AutoDeploy") is not True:
            raise NotOneToOneError("its stage is not deployed automatically, a SAM stage always is")
        if not isinstance(stage.get("StageName"), str):
            raise NotOneToOneError("the name of its stage is not literal")
        if stage.get("Tags", {}) != self.resource["Properties"].get("Tags", {}):
            raise NotOneToOneError("its stage bears other tags than the API, SAM gives both the same")
        return id_, stage

    def _check_part(self, id_: str, part: Mapping[str, Any]) -> None:
        if part["Type"] not in {_STAGE, _ROUTE, _INTEGRATION, _AUTHORIZER}:
            raise NotOneToOneError(f"`{id_}` is an {part['Type']}, which has no place in an OpenAPI body")
        for key in _SPREAD:
            if part.get(key) != self.resource.get(key):
                raise NotOneToOneError(f"`{id_}` has another `{key}` than the API")
        self._check_attributes(id_, part)

    def _check_attributes(self, id_: str, resource: Mapping[str, Any]) -> None:
        unknown = resource.keys() - {*_SPREAD, "Type", "Properties", "DependsOn", "Metadata"}
        if unknown:
            raise NotOneToOneError(f"`{id_}` has the attribute `{min(unknown)}`")

    def _properties(self, stage: Mapping[str, Any]) -> dict[str, Any]:
        given = self.resource["Properties"]
        unknown = given.keys() - {
            *("CorsConfiguration", "Description", "DisableExecuteApiEndpoint", "FailOnWarnings", "Name"),
            *("ProtocolType", "Tags", "Version"),
        }
        if unknown:
            raise NotOneToOneError(f"SAM has no property for the API's `{min(unknown)}`")
        body = openapi.body(
            given,
            routes=self._parts(_ROUTE),
            integrations=self._parts(_INTEGRATION),
            authorizers=self.authorizers,
        )
        properties: dict[str, Any] = {}
        if stage["StageName"] != "$default":
            properties["StageName"] = stage["StageName"]
        _literal("Description", given, str)
        _literal("DisableExecuteApiEndpoint", given, bool)
        _literal("FailOnWarnings", given, bool)
        for key in ("Description", "DisableExecuteApiEndpoint", "FailOnWarnings", "Tags"):
            if key in given:
                properties[key] = given[key]
        if "CorsConfiguration" in given:
            properties["CorsConfiguration"] = _cors(given["CorsConfiguration"])
        properties |= {key: stage[key] for key in stage if key in _STAGE_SAME}
        auth = openapi.auth(self._parts(_ROUTE), self.authorizers)
        if auth:
            properties["Auth"] = auth
        properties["DefinitionBody"] = body
        return properties

    def _depends_on(self, stage_id: str) -> list[str]:
        waits = [*depends_on(self.resource), *(name for part in self.parts.values() for name in depends_on(part))]
        inside = {self.name, *self.parts}
        # The stage alone depends on its log group by reference; what it waits for besides, the API now waits for too.
        return [name for name in dict.fromkeys(waits) if name not in inside and name != stage_id]

    def _document(self, stage_id: str, folded: dict[str, Any]) -> dict[str, Any]:
        """Give the resources and outputs with the fold in place and every reference to a part pointed elsewhere."""
        generated = _stage_id(self.name, self.parts[stage_id]["Properties"]["StageName"])
        if generated != stage_id and generated in self.draft.resources:
            raise NotOneToOneError(f"SAM would call its stage `{generated}`, and a resource has that name")

        def elsewhere(logical_id: str, attribute: str | None) -> Any:
            if logical_id == stage_id and attribute is None:
                return {"Ref": f"{self.name}.Stage"}
            if logical_id in self.parts:
                raise NotOneToOneError(f"something refers to `{logical_id}`, which has no id of its own in a SAM API")
            return None

        resources: dict[str, Any] = {}
        for id_, resource in self.draft.resources.items():
            if id_ == self.name:
                resources[id_] = folded
            elif id_ not in self.parts:
                resources[id_] = self._pointed(resource, elsewhere, stage_id, generated)
        sections = {
            name: redirect(self.draft.document[name], elsewhere) for name in ("Outputs",) if name in self.draft.document
        }
        return {"Resources": resources, **sections}

    def _pointed(self, resource: dict[str, Any], elsewhere: Any, stage_id: str, generated: str) -> dict[str, Any]:
        if resource.get("Type") == "AWS::Lambda::Permission":
            resource = copy.deepcopy(resource)
            resource["Properties"] = redirect(
                resource["Properties"], lambda id_, _: "*" if id_ in self.authorizers else None
            )
        waits = depends_on(resource)
        changed: dict[str, Any] = redirect(resource, elsewhere)
        if set(waits) & self.parts.keys():
            instead = dict.fromkeys(self.parts, self.name) | {stage_id: generated}
            changed["DependsOn"] = list(dict.fromkeys(instead.get(name, name) for name in waits))
        return changed

    def _note_deltas(self, stage_id: str) -> None:
        note = self.draft.deltas.append
        note(Delta(self.name, "SAM adds the tag `httpapi:createdBy: SAM`"))
        stage = self.parts[stage_id]["Properties"]["StageName"]
        note(Delta(stage_id, f"SAM calls the stage `{_stage_id(self.name, stage)}`"))
        for id_, part in self.parts.items():
            if "Metadata" in part:
                note(Delta(id_, "its `Metadata` is left out: a SAM API has no place for it"))
        if "Version" not in self.resource["Properties"]:
            note(Delta(self.name, "an OpenAPI body needs a version: the API shows `1.0`, not none"))
        for id_, _ in self.draft.of_type("AWS::Lambda::Permission"):
            before = self.draft.stack.document["Resources"][id_]["Properties"]
            if any(name in self.authorizers for name, _ in found(before)):
                note(Delta(id_, "the authorizer has no id of its own: `authorizers/*` of the same API"))


def _stage_id(api: str, stage: str) -> str:
    """Give the logical id that SAM gives to the stage of an API."""
    if stage == "$default":
        return f"{api}ApiGatewayDefaultStage"
    if not stage.isalnum():
        raise NotOneToOneError(f"SAM gives the stage `{stage}` a logical id that cannot be foretold")
    return f"{api}{stage}Stage"


def _literal(key: str, given: Mapping[str, Any], kind: type) -> None:
    if key in given and not isinstance(given[key], kind):
        raise NotOneToOneError(f"SAM takes `{key}` only as a literal")


def _cors(cors: Any) -> dict[str, Any]:
    known = {"AllowCredentials", "AllowHeaders", "AllowMethods", "AllowOrigins", "ExposeHeaders", "MaxAge"}
    if not isinstance(cors, dict) or not cors.keys() <= known:
        raise NotOneToOneError("SAM takes a CORS configuration only without functions around it")
    if cors.get("AllowCredentials") is True and cors.get("AllowOrigins") == ["*"]:
        raise NotOneToOneError("SAM refuses credentials for every origin")
    if re.search(r"'Fn::|'Ref'", repr(cors.get("AllowOrigins"))):
        raise NotOneToOneError("SAM takes the origins of CORS only as literals")
    return {key: value for key, value in cors.items() if value is not False}
