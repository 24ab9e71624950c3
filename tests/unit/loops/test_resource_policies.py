"""A role may do what the policy of a resource lets it do, wherever the resource keeps its policy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make

Body = dict[str, Any]
ROLE = {"AWS": {"Fn::GetAtt": ["Role", "Arn"]}}
OTHER = {"AWS": "arn:aws:iam::123456789012:role/other"}
SESSION = {"AWS": {"Fn::Sub": "arn:aws:sts::${AWS::AccountId}:assumed-role/${Role}/work"}}
WORK = {"Fn::GetAtt": ["Work", "Arn"]}


def grant(action: str, principal: Any, resource: Any = "*") -> Body:
    return {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource}


def policy(type_: str, statement: Body, property_: str = "PolicyDocument", **properties: Any) -> Body:
    return {"Type": type_, "Properties": {property_: {"Statement": [statement]}, **properties}}


def polled(type_: str, arn: str, **properties: Any) -> dict[str, Body]:
    poll = {"EventSourceArn": {"Fn::GetAtt": ["Source", arn]}, "FunctionName": {"Ref": "Work"}}
    return {
        "Source": {"Type": type_, "Properties": properties},
        "Poll": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": poll},
    }


def ruled(**properties: Any) -> dict[str, Body]:
    rule = {"EventBusName": "orders", "EventPattern": {"source": ["x"]}, "Targets": [{"Id": "work", "Arn": WORK}]}
    return {
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "orders", **properties}},
        "Rule": {"Type": "AWS::Events::Rule", "Properties": rule},
    }


def queue(statement: Body, type_: str = "AWS::SQS::QueuePolicy") -> dict[str, Body]:
    return {**polled("AWS::SQS::Queue", "Arn"), "Policy": policy(type_, statement)}


def topic(principal: Any) -> dict[str, Body]:
    source = {"Subscription": [{"Protocol": "lambda", "Endpoint": WORK}]}
    return {
        "Source": {"Type": "AWS::SNS::Topic", "Properties": source},
        "Policy": policy("AWS::SNS::TopicInlinePolicy", grant("sns:Publish", principal)),
    }


def bus(**properties: Any) -> dict[str, Body]:
    return {**ruled(), "Policy": {"Type": "AWS::Events::EventBusPolicy", "Properties": properties}}


def table(principal: Any) -> dict[str, Body]:
    document = {"Statement": [grant("dynamodb:PutItem", principal)]}
    return polled("AWS::DynamoDB::Table", "StreamArn", ResourcePolicy={"PolicyDocument": document})


def permission(principal: Any, **properties: Any) -> dict[str, Body]:
    allowed = {"FunctionName": {"Ref": "Work"}, "Action": "lambda:InvokeFunction", "Principal": principal}
    return {"Policy": {"Type": "AWS::Lambda::Permission", "Properties": {**allowed, **properties}}}


@pytest.mark.parametrize(
    ("resources", "verdict"),
    [
        (queue(grant("sqs:SendMessage", ROLE)), "loop"),
        (queue(grant("sqs:SendMessage", SESSION)), "loop"),
        (queue(grant("sqs:SendMessage", OTHER)), "loop-free"),
        (queue(grant("sqs:ReceiveMessage", ROLE)), "loop-free"),
        (queue(grant("sqs:SendMessage", ROLE), "AWS::SQS::QueueInlinePolicy"), "loop"),
        (topic(ROLE), "loop"),
        (topic(OTHER), "loop-free"),
        (
            {
                **polled("AWS::Kinesis::Stream", "Arn"),
                "Policy": policy("AWS::Kinesis::ResourcePolicy", grant("kinesis:PutRecord", ROLE), "ResourcePolicy"),
            },
            "loop",
        ),
        (table(ROLE), "loop"),
        (table(OTHER), "loop-free"),
        (bus(Statement=grant("events:PutEvents", ROLE)), "loop"),
        (bus(Statement=grant("events:PutEvents", OTHER)), "loop-free"),
        (bus(Action="events:PutEvents", Principal="*", EventBusName="orders"), "loop"),
        (bus(Action="events:PutEvents", Principal="*", EventBusName="others"), "loop-free"),
        (ruled(Policy={"Statement": [grant("events:PutEvents", ROLE)]}), "loop"),
        (permission(ROLE["AWS"]), "loop"),
        (permission("*"), "loop"),
        (permission("*", SourceArn="arn:aws:s3:::photos"), "loop-free"),
        (permission("*", InvokedViaFunctionUrl=True), "loop-free"),
        (permission("*", FunctionUrlAuthType="NONE", Action="lambda:InvokeFunctionUrl"), "loop-free"),
        (permission("s3.amazonaws.com"), "loop-free"),
        (permission("123456789012"), "loop-free"),
        (permission(ROLE["AWS"], FunctionName="other"), "loop-free"),
    ],
)
def test_the_policy_of_a_resource_grants_to_those_whom_it_names(
    make: Make, resources: dict[str, Body], verdict: str
) -> None:
    own = {"Role": make.role(make.allow("logs:*", "*")), "Work": make.function()}

    assert make.check({**own, **resources}).verdict == verdict


@pytest.mark.parametrize(
    ("document", "verdict"),
    [
        (json.dumps({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}}), "loop"),
        ({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "NotPrincipal": OTHER}]}, "loop"),
        ({"Ref": "Trust"}, "loop"),
        ({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": OTHER}]}, "loop-free"),
        ({"Statement": [{"Effect": "Deny", "Action": "sts:AssumeRole", "Principal": "*"}]}, "loop-free"),
    ],
)
def test_whom_a_role_trusts_may_be_a_text_or_unknown(make: Make, document: Any, verdict: str) -> None:
    writing = make.role(make.allow("s3:PutObject", make.objects("Photos")), AssumeRolePolicyDocument=document)
    resources = {
        "Photos": make.bucket(make.notify("Work")),
        "Role": make.role(make.allow("sts:AssumeRole", "*")),
        "Work": make.function(),
        "Writing": writing,
    }

    assert make.check(resources, Parameters={"Trust": {"Type": "String"}}).verdict == verdict


def reached(**api: Any) -> dict[str, Body]:
    integration = {"ApiId": {"Ref": "Api"}, "IntegrationUri": WORK}
    return {
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": api},
        "Integration": {"Type": "AWS::ApiGatewayV2::Integration", "Properties": integration},
    }


@pytest.mark.parametrize(
    ("statement", "verdict"),
    [
        (grant("execute-api:Invoke", ROLE, "execute-api:/*"), "loop"),
        (grant("execute-api:Invoke", OTHER, "execute-api:/*"), "loop-free"),
        (grant("execute-api:Invoke", "*", "execute-api:/*"), "loop-free"),
        ({**grant("execute-api:Invoke", ROLE, "execute-api:/*"), "Effect": "Deny"}, "loop-free"),
    ],
)
def test_an_apis_policy_grants_what_it_names_roles_for(make: Make, statement: Body, verdict: str) -> None:
    resources = {"Work": make.function(), "Role": make.role(), **reached(Policy={"Statement": [statement]})}

    assert make.check(resources).verdict == verdict


def test_an_access_points_policy_grants(make: Make) -> None:
    objects = {"Fn::Sub": "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/photos/object/*"}
    properties = {"Name": "photos", "Bucket": {"Ref": "Photos"}}
    resources = {
        "Work": make.function(),
        "Role": make.role(),
        "Photos": make.bucket(make.notify("Work")),
        "Point": policy("AWS::S3::AccessPoint", grant("s3:PutObject", ROLE, objects), "Policy", **properties),
    }

    assert make.check(resources).verdict == "loop"
