"""What services pass on by HTTPS, to an API in front of a function or to its URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.loops_proof.link import Link

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.loops_proof.builder import Builder, Station

__all__ = ["requests"]

_MISSES = ("signed by a role", "another host")


def requests() -> Iterator[Link]:
    """Ways over a URL."""
    for source in ("topic", "bus"):
        for way, wire in (("function url", _function_url), ("http api", _http_api)):
            yield Link(source, "function", way, ("Urls",), wire, _MISSES, wakes="sync")


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
