"""GraphQL APIs, their resolvers and data sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.loops.edges.parts import arn, body, loops, mapping, rule, worker

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make
    from tests.unit.loops.edges.parts import Resources

API = {"Fn::GetAtt": ["Api", "ApiId"]}
TABLE = {"Type": "AMAZON_DYNAMODB", "DynamoDBConfig": {"TableName": {"Ref": "Table"}}}
BUS = {"Type": "AMAZON_EVENTBRIDGE", "EventBridgeConfig": {"EventBusArn": arn("Bus")}}
FUNCTION = {"Type": "AWS_LAMBDA", "LambdaConfig": {"LambdaFunctionArn": arn("Worker")}}


def asked(make: Make, granted: str = "*", source: Any = None, *, api: Any = None, **resolver: Any) -> Resources:
    """A function that may ask a GraphQL API for some fields, and one resolver."""
    resource = {"Fn::Join": ["", [arn("Api"), f"/{granted}"]]}
    named = {"ApiId": API, "TypeName": "Mutation", "FieldName": "notify", "DataSourceName": "Behind", **resolver}
    return {
        **worker(make, "appsync:GraphQL", resource),
        "Api": body("AWS::AppSync::GraphQLApi", **(api or {"AuthenticationType": "AWS_IAM"})),
        "Source": body("AWS::AppSync::DataSource", ApiId=API, Name="Behind", **(source or FUNCTION)),
        "Resolver": body("AWS::AppSync::Resolver", **named),
        "Table": body("AWS::DynamoDB::Table", StreamSpecification={"StreamViewType": "NEW_IMAGE"}),
        "FromTable": mapping({"Fn::GetAtt": ["Table", "StreamArn"]}, {"eventName": ["INSERT"]}),
        "Bus": body("AWS::Events::EventBus", Name="orders"),
        "Rule": rule({"source": ["shop"]}, EventBusName="orders"),
    }


@pytest.mark.parametrize(
    ("granted", "verdict"),
    [
        ("*", "loop"),
        ("types/Mutation/*", "loop"),
        ("types/Mutation/fields/notify", "loop"),
        ("types/Mutation/fields/another", "loop-free"),
        ("types/Query/*", "loop-free"),
    ],
)
def test_a_field_wakes_the_function_behind_it(make: Make, granted: str, verdict: str) -> None:
    assert make.check(asked(make, granted)).verdict == verdict


def test_a_field_of_an_inner_type_is_asked_for_with_another(make: Make) -> None:
    resources = asked(make, "types/Query/*", TypeName="Order", FieldName="customer")

    assert loops(make.check(resources)) == [("Worker > Api > Worker", "endless")]


@pytest.mark.parametrize(
    ("template", "verdict"),
    [
        ('{"version": "2017-02-28", "operation": "PutItem"}', "loop"),
        ("export const request = () => ({ operation: 'UpdateItem' })", "loop"),
        ('{"version": "2017-02-28", "operation": "DeleteItem"}', "loop-free"),
        ('{"version": "2017-02-28", "operation": "Query"}', "loop-free"),
        ("export const request = () => ddb.put({ key })", "unproven"),
    ],
)
@pytest.mark.parametrize("property_", ["RequestMappingTemplate", "Code"])
def test_a_resolver_changes_a_table_as_its_template_says(
    make: Make, template: str, verdict: str, property_: str
) -> None:
    assert make.check(asked(make, source=TABLE, **{property_: template})).verdict == verdict


def test_a_resolver_puts_events_on_a_bus(make: Make) -> None:
    assert loops(make.check(asked(make, source=BUS))) == [("Worker > Api > Bus > Worker", "endless")]


def test_a_pipeline_reaches_what_its_functions_reach(make: Make) -> None:
    functions = {"Functions": [{"Fn::GetAtt": ["Step", "FunctionId"]}]}
    resources = asked(make, DataSourceName={"Ref": "AWS::NoValue"}, PipelineConfig=functions)
    del resources["Resolver"]["Properties"]["DataSourceName"]

    assert make.check(resources).verdict == "loop-free"
    resources["Step"] = body("AWS::AppSync::FunctionConfiguration", ApiId=API, DataSourceName="Behind")
    assert make.check(resources).verdict == "loop"


def test_an_authorizer_is_woken_by_each_request(make: Make) -> None:
    authorizer = {"AuthenticationType": "AWS_LAMBDA", "LambdaAuthorizerConfig": {"AuthorizerUri": arn("Worker")}}

    assert make.check(asked(make, source={"Type": "NONE"}, api=authorizer)).verdict == "loop"
    assert make.check(asked(make, source={"Type": "NONE"})).verdict == "loop-free"


@pytest.mark.parametrize(("kind", "verdict"), [("API_KEY", "unproven"), ("AWS_IAM", "loop-free")])
def test_a_function_that_is_told_the_url_may_ask_without_a_grant(make: Make, kind: str, verdict: str) -> None:
    resources = asked(make, api={"AuthenticationType": kind})
    variables = {"URL": {"Fn::GetAtt": ["Api", "GraphQLUrl"]}}
    resources["Worker"] = make.function(Environment={"Variables": variables})
    resources["Role"] = make.role()

    assert make.check(resources).verdict == verdict


@pytest.mark.parametrize("version", ["", "V2"])
def test_the_authorizer_of_an_api_is_woken_by_its_requests(make: Make, version: str) -> None:
    uri = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Worker.Arn}/invocations"
    key = "ApiId" if version else "RestApiId"
    resources = {
        **worker(make, "execute-api:Invoke", "*"),
        "Api": body(f"AWS::ApiGateway{version}::{'Api' if version else 'RestApi'}"),
        "Asked": body(f"AWS::ApiGateway{version}::Authorizer", AuthorizerUri={"Fn::Sub": uri}, **{key: {"Ref": "Api"}}),
    }

    assert loops(make.check(resources)) == [("Worker > Api > Worker", "endless")]


def test_the_short_form_of_an_api_is_named(make: Make) -> None:
    report = make.check({"Api": body("AWS::Serverless::GraphQLApi", SchemaUri="schema.graphql")})

    assert report.not_modelled == ("what the fields of `Api` reach",)
