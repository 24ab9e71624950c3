"""What services pass on by HTTPS, to an API in front of a function or to its URL; and what APIs pass on to services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.loops_proof.link import Link, wire_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.loops_proof.builder import Builder, Station

__all__ = ["handed_over", "requests"]

_MISSES = ("signed by a role", "another host")


def requests() -> Iterator[Link]:
    """Ways over a URL."""
    for source in ("topic", "bus"):
        for way, wire in (("function url", _function_url), ("http api", _http_api)):
            yield Link(source, "function", way, ("Urls",), wire, _MISSES, wakes="sync")


def handed_over() -> Iterator[Link]:
    """Ways of a function that begin with an API in front of a service."""
    for kind in ("queue", "stream", "bus", "machine"):
        yield Link("function", kind, "http api", ("Integrations",), _http_service, ("no grant", "only reads"))
    for kind in ("queue", "topic", "table", "stream", "bus", "machine"):
        yield Link("function", kind, "rest api", ("Integrations",), _rest_service, ("no grant", "only reads"))

    for kind in ("function", "table", "bus"):
        yield Link("function", kind, "graphql", ("GraphQl",), _graphql, ("no grant", "another field"), wakes="sync")


def _graphql(b: Builder, source: Station, target: Station, miss: str) -> None:
    api = b.add(b.fresh("Api"), "AWS::AppSync::GraphQLApi", {"Name": "api", "AuthenticationType": "AWS_IAM"})
    of_api: dict[str, Any] = {"ApiId": {"Fn::GetAtt": [api, "ApiId"]}}
    kind, config = {
        "function": ("AWS_LAMBDA", {"LambdaConfig": {"LambdaFunctionArn": b.target(target)}}),
        "table": (
            "AMAZON_DYNAMODB",
            {"DynamoDBConfig": {"TableName": {"Ref": target.id}, "AwsRegion": {"Ref": "AWS::Region"}}},
        ),
        "bus": ("AMAZON_EVENTBRIDGE", {"EventBridgeConfig": {"EventBusArn": b.spelled_arn(target)}}),
    }[target.kind]
    data = b.add(b.fresh("Data"), "AWS::AppSync::DataSource", {**of_api, "Name": "data", "Type": kind, **config})
    reached: dict[str, Any] = {"DataSourceName": b.choose.choice(["data", {"Fn::GetAtt": [data, "Name"]}])}
    reached["RequestMappingTemplate"] = '{"version": "2018-05-29", "operation": "PutItem"}'
    if b.chance(0.4):
        step = b.add(b.fresh("Step"), "AWS::AppSync::FunctionConfiguration", {**of_api, "Name": "step", **reached})
        reached = {"Kind": "PIPELINE", "PipelineConfig": {"Functions": [{"Fn::GetAtt": [step, "FunctionId"]}]}}
    field = {"TypeName": "Mutation", "FieldName": "order"}
    b.add(b.fresh("Resolver"), "AWS::AppSync::Resolver", {**of_api, **field, **reached})
    if miss != "no grant":
        granted = "fields/another" if miss == "another field" else b.choose.choice(["fields/order", "*"])
        resource = {"Fn::Join": ["", [{"Fn::GetAtt": [api, "Arn"]}, f"/types/Mutation/{granted}"]]}
        b.allow(source, ["appsync:GraphQL"], resource)


def _http_service(b: Builder, source: Station, target: Station, miss: str) -> None:
    api = b.add(b.fresh("Api"), "AWS::ApiGatewayV2::Api", {"Name": "api", "ProtocolType": "HTTP"})
    name = b.choose.choice([{"Ref": target.id}, {"Fn::Sub": f"${{{target.id}}}"}])
    subtype, parameters = {
        "queue": ("SQS-SendMessage", {"QueueUrl": name, "MessageBody": "$request.body.text"}),
        "stream": ("Kinesis-PutRecord", {"StreamName": name, "Data": "$request.body", "PartitionKey": "a"}),
        "bus": (
            "EventBridge-PutEvents",
            {"EventBusName": name, "Source": target.source, "DetailType": "Order", "Detail": "$request.body.detail"},
        ),
        "machine": (
            "StepFunctions-StartExecution",
            {"StateMachineArn": b.spelled_arn(target), "Input": "$request.body"},
        ),
    }[target.kind]
    properties = {
        "ApiId": {"Ref": api},
        "CredentialsArn": wire_by(b, "apigateway", target),
        "IntegrationSubtype": "SQS-ReceiveMessage" if miss == "only reads" else subtype,
        "IntegrationType": "AWS_PROXY",
        "PayloadFormatVersion": "1.0",
        "RequestParameters": parameters,
    }
    b.add(b.fresh("Integration"), "AWS::ApiGatewayV2::Integration", properties)
    _call(b, source, api, miss)


def _rest_service(b: Builder, source: Station, target: Station, miss: str) -> None:
    api = b.add(b.fresh("Api"), "AWS::ApiGateway::RestApi", {"Name": "api"})
    it = f"${{{target.id}}}"
    event = f'{{"Entries": [{{"Source": "{target.source}", "DetailType": "Order", "EventBusName": "{it}"}}]}}'
    service, template = {
        "queue": (
            f"sqs:path/${{AWS::AccountId}}/${{{target.id}.QueueName}}",
            "Action=SendMessage&MessageBody=$input.body",
        ),
        "topic": ("sns:action/Publish", f"TopicArn=$util.urlEncode('{it}')&Message=$input.body"),
        "table": (
            "dynamodb:action/PutItem",
            f'{{"TableName": "{it}", "Item": {{"id": {{"S": "$context.requestId"}}}}}}',
        ),
        "stream": ("kinesis:action/PutRecord", f'{{"StreamName": "{it}", "Data": "$input.body", "PartitionKey": "a"}}'),
        "bus": ("events:action/PutEvents", event),
        "machine": ("states:action/StartExecution", f'{{"stateMachineArn": "{it}", "input": "$input.body"}}'),
    }[target.kind]
    if miss == "only reads":
        service = {"queue": "sqs:action/ReceiveMessage"}.get(target.kind, service.partition("/")[0] + "/Describe")
    properties = {
        "RestApiId": {"Ref": api},
        "ResourceId": {"Fn::GetAtt": [api, "RootResourceId"]},
        "HttpMethod": "POST",
        "AuthorizationType": "AWS_IAM",
        "Integration": {
            "Type": "AWS",
            "IntegrationHttpMethod": "POST",
            "Credentials": wire_by(b, "apigateway", target),
            "Uri": {"Fn::Sub": f"arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}:{service}"},
            "RequestTemplates": {"application/json": {"Fn::Sub": template}},
        },
    }
    b.add(b.fresh("Method"), "AWS::ApiGateway::Method", properties)
    _call(b, source, api, miss)


def _call(b: Builder, source: Station, api: str, miss: str) -> None:
    arn = f"arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{api}}}/*"
    if miss != "no grant":
        b.allow(source, ["execute-api:Invoke"], {"Fn::Sub": arn})


def _function_url(b: Builder, source: Station, target: Station, miss: str) -> None:
    signed = "AWS_IAM" if miss == "signed by a role" else "NONE"
    properties = {"AuthType": signed, "TargetFunctionArn": b.spelled_arn(target)}
    name = b.add(b.fresh("Url"), "AWS::Lambda::Url", properties)
    url = b.choose.choice([{"Fn::GetAtt": [name, "FunctionUrl"]}, {"Fn::Sub": f"${{{name}.FunctionUrl}}run"}])
    _send(b, source, "https://example.com/" if miss == "another host" else url)


def _http_api(b: Builder, source: Station, target: Station, miss: str) -> None:
    api = b.add(b.fresh("Api"), "AWS::ApiGatewayV2::Api", {"Name": "api", "ProtocolType": "HTTP"})
    properties = {
        "ApiId": {"Ref": api},
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": b.spelled_arn(target),
        "PayloadFormatVersion": "2.0",
    }
    integration = b.add(b.fresh("Integration"), "AWS::ApiGatewayV2::Integration", properties)
    properties = {
        "ApiId": {"Ref": api},
        "AuthorizationType": "AWS_IAM" if miss == "signed by a role" else "NONE",
        "RouteKey": "POST /run",
        "Target": {"Fn::Join": ["/", ["integrations", {"Ref": integration}]]},
    }
    b.add(b.fresh("Route"), "AWS::ApiGatewayV2::Route", properties)
    host = f"${{{api}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}"
    url = b.choose.choice([{"Fn::GetAtt": [api, "ApiEndpoint"]}, {"Fn::Sub": f"https://{host}/run"}])
    _send(b, source, "https://example.com/" if miss == "another host" else url)


def _send(b: Builder, source: Station, url: Any) -> None:
    if source.kind == "topic":
        properties = {"Protocol": "https", "Endpoint": url, "TopicArn": b.spelled_arn(source)}
        b.add(b.fresh("Subscription"), "AWS::SNS::Subscription", properties)
        return
    connection = {"AuthorizationType": "API_KEY", "AuthParameters": {"ApiKeyAuthParameters": {"ApiKeyName": "key"}}}
    arn = {"Fn::GetAtt": [b.add(b.fresh("Connection"), "AWS::Events::Connection", connection), "Arn"]}
    destination = {"ConnectionArn": arn, "InvocationEndpoint": url, "HttpMethod": "POST"}
    name = b.add(b.fresh("Destination"), "AWS::Events::ApiDestination", destination)
    arn = {"Fn::GetAtt": [name, "Arn"]}
    role = b.role("events", [])
    b.permit(role, "events:InvokeApiDestination", arn)
    properties = {
        "EventBusName": {"Ref": source.id},
        "EventPattern": {"source": [source.source]},
        "Targets": [{"Id": "it", "Arn": arn, "RoleArn": role}],
    }
    b.add(b.fresh("Rule"), "AWS::Events::Rule", properties)
