"""An HTTP API is folded only where the fold is exact; else it stays plain and says why."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.sam import http_apis

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from constructs_lib.sam.draft import Draft

API = {"Ref": "Api"}
RESOURCES: dict[str, Any] = {
    "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "shop", "ProtocolType": "HTTP"}},
    "Stage": {
        "Type": "AWS::ApiGatewayV2::Stage",
        "Properties": {"ApiId": API, "StageName": "$default", "AutoDeploy": True},
    },
    "Call": {
        "Type": "AWS::ApiGatewayV2::Integration",
        "Properties": {
            "ApiId": API,
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": {"Fn::GetAtt": ["F", "Arn"]},
            "PayloadFormatVersion": "2.0",
        },
    },
    "Route": {
        "Type": "AWS::ApiGatewayV2::Route",
        "Properties": {
            "ApiId": API,
            "RouteKey": "GET /",
            "Target": {"Fn::Join": ["", ["integrations/", {"Ref": "Call"}]]},
        },
    },
    "F": {"Type": "AWS::Lambda::Function", "Properties": {}},
}
JWT: dict[str, Any] = {
    "Type": "AWS::ApiGatewayV2::Authorizer",
    "Properties": {
        "ApiId": API,
        "AuthorizerType": "JWT",
        "Name": "users",
        "IdentitySource": ["$request.header.Authorization"],
        "JwtConfiguration": {"Audience": ["a"], "Issuer": "https://i.example"},
    },
}


def change(path: str, *, to: Any) -> Callable[[dict[str, Any]], None]:
    def apply(resources: dict[str, Any]) -> None:
        *parents, last = path.split("/")
        holder = resources
        for parent in parents:
            holder = holder[parent]
        holder[last] = to

    return apply


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [
        (change("Stage/Properties/Description", to="x"), "SAM has no property for the stage's `Description`"),
        (
            change("Stage/Properties/AutoDeploy", to=False),
            "its stage is not deployed automatically, a SAM stage always is",
        ),
        (change("Stage/Properties/StageName", to={"Ref": "P"}), "the name of its stage is not literal"),
        (
            change("Stage/Properties/StageName", to="a-b"),
            "SAM gives the stage `a-b` a logical id that cannot be foretold",
        ),
        (
            change("Stage/Properties/Tags", to={"a": "b"}),
            "its stage bears other tags than the API, SAM gives both the same",
        ),
        (change("Stage/DeletionPolicy", to="Retain"), "`Stage` has another `DeletionPolicy` than the API"),
        (change("Route/UpdatePolicy", to={}), "`Route` has the attribute `UpdatePolicy`"),
        (change("Api/CreationPolicy", to={}), "`Api` has the attribute `CreationPolicy`"),
        (change("Second", to=RESOURCES["Stage"]), "it has 2 stages, a SAM API exactly one"),
        (change("Api/Properties/IpAddressType", to="dualstack"), "SAM has no property for the API's `IpAddressType`"),
        (change("Api/Properties/Description", to={"Ref": "P"}), "SAM takes `Description` only as a literal"),
        (
            change("Api/Properties/CorsConfiguration", to={"Fn::If": ["C", {}, {}]}),
            "SAM takes a CORS configuration only without functions around it",
        ),
        (
            change("Api/Properties/CorsConfiguration", to={"AllowOrigins": ["*"], "AllowCredentials": True}),
            "SAM refuses credentials for every origin",
        ),
        (
            change("Api/Properties/CorsConfiguration", to={"AllowOrigins": [{"Ref": "P"}]}),
            "SAM takes the origins of CORS only as literals",
        ),
        (change("Route/Properties/ApiKeyRequired", to=True), "an OpenAPI body cannot say `ApiKeyRequired` of `Route`"),
        (
            change("Route/Properties/RouteKey", to={"Ref": "P"}),
            "the route key of `Route` is not a literal method and path",
        ),
        (
            change("Route/Properties/Target", to="integrations/abc"),
            "the target of `Route` is no integration of this API",
        ),
        (
            change("Route/Properties/AuthorizationType", to="JWT"),
            "`Route` is authorized by something outside this API",
        ),
        (change("Call/Properties/Description", to="x"), "an OpenAPI body cannot say `Description` of `Call`"),
        (change("Call/Properties/IntegrationType", to="MOCK"), "`Call` is an integration of the kind `MOCK`"),
        (
            change("Call/Properties/ResponseParameters", to={"200": {"Ref": "P"}}),
            "the response parameters of `Call` are not given literally",
        ),
        (change("Unused", to=RESOURCES["Call"]), "no route leads to its integration `Unused`"),
        (
            change("Jwt", to={**JWT, "Properties": {**JWT["Properties"], "IdentitySource": ["a", "b"]}}),
            "SAM cannot say all of the JWT authorizer `Jwt`",
        ),
        (
            change("Jwt", to={**JWT, "Properties": {**JWT["Properties"], "Name": {"Ref": "P"}}}),
            "the name of its authorizer is not literal",
        ),
        (
            change("Jwt", to={**JWT, "Properties": {**JWT["Properties"], "Name": "AWS_IAM"}}),
            "`AWS_IAM` is SAM's name",
        ),
        (
            change("Deployment", to={"Type": "AWS::ApiGatewayV2::Deployment", "Properties": {"ApiId": API}}),
            "`Deployment` is an AWS::ApiGatewayV2::Deployment, which has no place in an OpenAPI body",
        ),
        (
            change("Other", to={"Type": "AWS::SSM::Parameter", "Properties": {"Value": {"Ref": "Route"}}}),
            "something refers to `Route`, which has no id of its own in a SAM API",
        ),
        (
            change("ApiApiGatewayDefaultStage", to={"Type": "AWS::SNS::Topic"}),
            "SAM would call its stage `ApiApiGatewayDefaultStage`, and a resource has that name",
        ),
        (
            change("F/Properties/Environment", to={"Variables": {"URL": {"Fn::Sub": "${Api.ApiEndpoint}/x"}}}),
            "a function that it calls refers to it, and one resource would close the circle Api → F → Api",
        ),
    ],
)
def test_what_is_not_exact_leaves_the_api_as_it_is(
    draft: Callable[[Mapping[str, Any]], Draft], break_it: Callable[[dict[str, Any]], None], reason: str
) -> None:
    resources = copy.deepcopy(RESOURCES)
    break_it(resources)
    work = draft(copy.deepcopy(resources))
    http_apis.fold(work)
    assert [plain.reason for plain in work.plain] == [f"{reason}; `sam local start-api` will not mount it"]
    assert work.resources == resources
    assert work.folded == []


def test_references_to_the_stage_follow_it(draft: Callable[[Mapping[str, Any]], Draft]) -> None:
    work = draft(
        {
            **copy.deepcopy(RESOURCES),
            "Named": {"Type": "AWS::SSM::Parameter", "Properties": {"Value": {"Ref": "Stage"}}},
            "Text": {"Type": "AWS::SSM::Parameter", "Properties": {"Value": {"Fn::Sub": "at ${Stage} of ${!Stage}"}}},
            "Later": {"Type": "AWS::SSM::Parameter", "DependsOn": ["Stage", "Route", "F"]},
        }
    )
    http_apis.fold(work)
    assert {name: work.resources[name] for name in ("Named", "Text", "Later")} == {
        "Named": {"Type": "AWS::SSM::Parameter", "Properties": {"Value": {"Ref": "Api.Stage"}}},
        "Text": {"Type": "AWS::SSM::Parameter", "Properties": {"Value": {"Fn::Sub": "at ${Api.Stage} of ${!Stage}"}}},
        "Later": {"Type": "AWS::SSM::Parameter", "DependsOn": ["ApiApiGatewayDefaultStage", "Api", "F"]},
    }


def test_metadata_of_a_part_is_left_out_and_said(draft: Callable[[Mapping[str, Any]], Draft]) -> None:
    resources = copy.deepcopy(RESOURCES)
    resources["Stage"]["Metadata"] = {"cdk_nag": {}}
    work = draft(resources)
    http_apis.fold(work)
    assert "Stage: its `Metadata` is left out: a SAM API has no place for it" in [
        f"{delta.logical_id}: {delta.text}" for delta in work.deltas
    ]


def test_what_a_part_waits_for_the_api_waits_for(draft: Callable[[Mapping[str, Any]], Draft]) -> None:
    resources = copy.deepcopy(RESOURCES)
    resources["Route"]["DependsOn"] = ["Call", "Table"]
    work = draft({**resources, "Table": {"Type": "AWS::DynamoDB::Table"}})
    http_apis.fold(work)
    assert work.resources["Api"]["DependsOn"] == ["Table"]


@pytest.mark.parametrize(
    ("target", "uri"),
    [
        ({"Fn::GetAtt": ["F", "Arn"]}, {"Fn::Sub": "{}${F.Arn}/invocations"}),
        ({"Ref": "Alias"}, {"Fn::Sub": "{}${Alias}/invocations"}),
        (
            {"Fn::ImportValue": "arn"},
            {"Fn::Sub": ["{}${Function}/invocations", {"Function": {"Fn::ImportValue": "arn"}}]},
        ),
        (
            "arn:aws:lambda:eu-west-1:111111111111:function:f",
            {"Fn::Sub": "{}arn:aws:lambda:eu-west-1:111111111111:function:f/invocations"},
        ),
        ({"Fn::Sub": "arn:x/functions/y/invocations"}, {"Fn::Sub": "arn:x/functions/y/invocations"}),
    ],
)
def test_a_function_is_called_by_its_invocation_uri(
    draft: Callable[[Mapping[str, Any]], Draft], target: Any, uri: dict[str, Any]
) -> None:
    front = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
    resources = copy.deepcopy(RESOURCES)
    resources["Call"]["Properties"]["IntegrationUri"] = target
    work = draft(resources)
    http_apis.fold(work)
    body = work.resources["Api"]["Properties"]["DefinitionBody"]
    expected = uri["Fn::Sub"]
    filled = (
        [expected[0].replace("{}", front), expected[1]] if isinstance(expected, list) else expected.replace("{}", front)
    )
    assert body["paths"]["/"]["get"]["x-amazon-apigateway-integration"]["uri"] == {"Fn::Sub": filled}
