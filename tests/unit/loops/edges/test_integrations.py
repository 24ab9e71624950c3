"""APIs that pass requests on to services without a function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.loops.edges.parts import arn, body, loops, mapping, rule, worker

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make
    from tests.unit.loops.edges.parts import Resources


def backends(make: Make) -> Resources:
    """A function that may call an API, and what wakes the function, all but the API's integration."""
    return {
        **worker(make, "execute-api:Invoke", "*"),
        "Queue": body("AWS::SQS::Queue"),
        "FromQueue": mapping(arn("Queue")),
        "Topic": body("AWS::SNS::Topic", Subscription=[{"Protocol": "lambda", "Endpoint": arn("Worker")}]),
        "Table": body("AWS::DynamoDB::Table", StreamSpecification={"StreamViewType": "NEW_IMAGE"}),
        "FromTable": mapping({"Fn::GetAtt": ["Table", "StreamArn"]}, {"eventName": ["REMOVE"]}),
        "Stream": body("AWS::Kinesis::Stream"),
        "FromStream": mapping(arn("Stream")),
        "Orders": body("AWS::Events::EventBus", Name="orders"),
        "Rule": rule({"source": ["shop"]}, EventBusName="orders"),
        "Photos": make.bucket(make.notify("Worker", "in/")),
    }


def http_api(make: Make, subtype: str, **parameters: Any) -> Resources:
    integration = {"IntegrationSubtype": subtype, "RequestParameters": parameters, "ApiId": {"Ref": "Api"}}
    return {
        **backends(make),
        "Api": body("AWS::ApiGatewayV2::Api", ProtocolType="HTTP"),
        "Integration": body("AWS::ApiGatewayV2::Integration", IntegrationType="AWS_PROXY", **integration),
    }


def rest_api(make: Make, uri: str, template: Any = None, **integration: Any) -> Resources:
    integration["Uri"] = {"Fn::Sub": f"arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}:{uri}"}
    if template is not None:
        integration["RequestTemplates"] = {"application/json": template}
    return {
        **backends(make),
        "Api": body("AWS::ApiGateway::RestApi"),
        "Post": body("AWS::ApiGateway::Method", RestApiId={"Ref": "Api"}, Integration={"Type": "AWS", **integration}),
    }


@pytest.mark.parametrize(
    ("subtype", "parameters", "path"),
    [
        ("SQS-SendMessage", {"QueueUrl": {"Ref": "Queue"}, "MessageBody": "$request.body"}, "Queue"),
        ("Kinesis-PutRecord", {"StreamName": {"Ref": "Stream"}, "Data": "$request.body"}, "Stream"),
        ("EventBridge-PutEvents", {"Source": "shop", "EventBusName": "orders", "Detail": "$request.body"}, "Orders"),
    ],
)
def test_an_http_api_hands_over_to_services(make: Make, subtype: str, parameters: Any, path: str) -> None:
    report = make.check(http_api(make, subtype, **parameters))

    assert loops(report) == [(f"Worker > Api > {path} > Worker", "endless")]


@pytest.mark.parametrize(
    ("subtype", "parameters", "verdict"),
    [
        ("SQS-ReceiveMessage", {"QueueUrl": {"Ref": "Queue"}}, "loop-free"),
        ("EventBridge-PutEvents", {"Source": "bank", "EventBusName": "orders"}, "loop-free"),
        ("EventBridge-PutEvents", {"Source": "shop"}, "loop-free"),
        ("EventBridge-PutEvents", {"Source": "$request.body.source", "EventBusName": "orders"}, "loop"),
        ("EventBridge-PutEvents", {"Source": "shop", "EventBusName": "$request.body.bus"}, "unproven"),
        ("SQS-SendMessage", {"QueueUrl": "$request.path.queue"}, "unproven"),
    ],
)
def test_what_a_request_says_may_be_anything(make: Make, subtype: str, parameters: Any, verdict: str) -> None:
    assert make.check(http_api(make, subtype, **parameters)).verdict == verdict


EVENTS = """#set($bus = "orders")
{"Entries": [{"Source": "shop", "DetailType": "Order placed", "EventBusName": "orders", "Detail": "$input.body"}]}"""


@pytest.mark.parametrize(
    ("uri", "template", "integration", "path"),
    [
        ("sqs:path/${AWS::AccountId}/${Queue.QueueName}", "Action=SendMessage&MessageBody=$input.body", {}, "Queue"),
        ("sqs:path/${AWS::AccountId}/${Queue.QueueName}", None, {}, "Queue"),
        ("sqs:action/SendMessage", {"Fn::Sub": "QueueUrl=$util.urlEncode('${Queue}')&MessageBody=a"}, {}, "Queue"),
        ("sns:action/Publish", {"Fn::Sub": "TopicArn=$util.urlEncode('${Topic}')&Message=a"}, {}, "Topic"),
        (
            "sns:path//",
            None,
            {
                "RequestParameters": {
                    "integration.request.querystring.Action": "'Publish'",
                    "integration.request.querystring.TopicArn": {"Fn::Sub": "'${Topic}'"},
                }
            },
            "Topic",
        ),
        ("dynamodb:action/DeleteItem", {"Fn::Sub": '{"TableName": "${Table}", "Key": {}}'}, {}, "Table"),
        ("kinesis:action/PutRecord", {"Fn::Sub": '{"StreamName": "${Stream}", "Data": "a"}'}, {}, "Stream"),
        ("events:action/PutEvents", EVENTS, {}, "Orders"),
        ("s3:path/${Photos}/in/{key}", None, {"IntegrationHttpMethod": "PUT"}, "Photos"),
    ],
)
def test_a_rest_api_hands_over_to_services(
    make: Make, uri: str, template: Any, integration: dict[str, Any], path: str
) -> None:
    report = make.check(rest_api(make, uri, template, **integration))

    assert loops(report) == [(f"Worker > Api > {path} > Worker", "endless")]


@pytest.mark.parametrize(
    ("uri", "template", "integration", "verdict"),
    [
        ("sqs:path/${AWS::AccountId}/${Queue.QueueName}", "Action=ReceiveMessage", {}, "loop-free"),
        ("dynamodb:action/PutItem", {"Fn::Sub": '{"TableName": "${Table}"}'}, {}, "loop-free"),
        ("dynamodb:action/DeleteItem", '{"TableName": "$input.params(\'table\')"}', {}, "unproven"),
        ("events:action/PutEvents", EVENTS.replace('"shop"', '"bank"'), {}, "loop-free"),
        ("events:action/PutEvents", None, {}, "unproven"),
        ("s3:path/${Photos}/out/{key}", None, {"IntegrationHttpMethod": "PUT"}, "loop-free"),
        ("s3:path/${Photos}/in/{key}", None, {"IntegrationHttpMethod": "GET"}, "loop-free"),
        ("s3:path/{bucket}/{key}", None, {"IntegrationHttpMethod": "PUT"}, "unproven"),
    ],
)
def test_a_rest_api_that_does_not_reach_the_trigger_is_no_loop(
    make: Make, uri: str, template: Any, integration: dict[str, Any], verdict: str
) -> None:
    assert make.check(rest_api(make, uri, template, **integration)).verdict == verdict


def test_an_openapi_document_integrates_services_too(make: Make) -> None:
    uri = {"Fn::Sub": "arn:aws:apigateway:${AWS::Region}:sqs:path/${AWS::AccountId}/${Queue.QueueName}"}
    integration = {"type": "aws", "httpMethod": "POST", "uri": uri}
    document = {"openapi": "3.0.1", "paths": {"/run": {"post": {"x-amazon-apigateway-integration": integration}}}}

    report = make.check({**backends(make), "Api": body("AWS::ApiGateway::RestApi", Body=document)})

    assert loops(report) == [("Worker > Api > Queue > Worker", "endless")]


def test_an_api_in_front_of_an_api_calls_it(make: Make) -> None:
    url = {"Fn::Sub": "https://${Inner}.execute-api.${AWS::Region}.amazonaws.com/{proxy}"}
    outer = {"ApiId": {"Ref": "Outer"}, "IntegrationType": "HTTP_PROXY", "IntegrationUri": url}
    resources = {
        **worker(make, "execute-api:Invoke", {"Fn::Sub": "arn:aws:execute-api:*:*:${Outer}/*"}),
        "Outer": body("AWS::ApiGatewayV2::Api", ProtocolType="HTTP"),
        "Proxy": body("AWS::ApiGatewayV2::Integration", **outer),
        "Inner": body("AWS::ApiGatewayV2::Api", ProtocolType="HTTP"),
        "Integration": body("AWS::ApiGatewayV2::Integration", ApiId={"Ref": "Inner"}, IntegrationUri=arn("Worker")),
    }

    assert loops(make.check(resources)) == [("Worker > Outer > Inner > Worker", "endless")]
