"""Functions that are invoked: directly, by URL or API, with what comes of an invocation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.loops.edges.parts import arn, body, loops, mapping, queue_loop, worker

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make
    from tests.unit.loops.edges.parts import Resources


def direct_loop(make: Make) -> Resources:
    return worker(
        make,
        "lambda:InvokeFunction",
        {"Fn::Sub": "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:me"},
        FunctionName="me",
    )


def version_loop(make: Make) -> Resources:
    return {
        **worker(make, "lambda:InvokeFunction", {"Ref": "Live"}),
        "Live": body("AWS::Lambda::Alias", FunctionName={"Ref": "Worker"}, Name="live"),
    }


def url_loop(make: Make) -> Resources:
    return {
        **worker(make, "lambda:InvokeFunctionUrl", arn("Worker")),
        "Url": body("AWS::Lambda::Url", TargetFunctionArn=arn("Worker"), AuthType="AWS_IAM"),
    }


def api_loop(make: Make) -> Resources:
    routes = {"Fn::Sub": "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*/POST/*"}
    return {
        **worker(make, "execute-api:Invoke", routes),
        "Api": body("AWS::ApiGatewayV2::Api", ProtocolType="HTTP"),
        "Integration": body("AWS::ApiGatewayV2::Integration", ApiId={"Ref": "Api"}, IntegrationUri=arn("Worker")),
    }


def openapi_loop(make: Make) -> Resources:
    function = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Worker.Arn}/invocations"
    integration = {"type": "aws_proxy", "httpMethod": "POST", "uri": {"Fn::Sub": function}}
    document = {"openapi": "3.0.1", "paths": {"/run": {"post": {"x-amazon-apigateway-integration": integration}}}}
    return {
        **worker(make, "execute-api:Invoke", "*"),
        "Api": body("AWS::ApiGateway::RestApi", Body=document),
    }


def destination_loop(make: Make) -> Resources:
    return {
        **worker(make, "s3:GetObject", "*"),
        "Queue": body("AWS::SQS::Queue"),
        "Config": body(
            "AWS::Lambda::EventInvokeConfig",
            FunctionName={"Ref": "Worker"},
            Qualifier="$LATEST",
            DestinationConfig={"OnSuccess": {"Destination": arn("Queue")}},
        ),
        "Mapping": mapping(arn("Queue")),
    }


def failure_loop(make: Make) -> Resources:
    return {
        **worker(make, "s3:GetObject", "*", DeadLetterConfig={"TargetArn": {"Ref": "Topic"}}),
        "Topic": body("AWS::SNS::Topic", Subscription=[{"Protocol": "lambda", "Endpoint": arn("Worker")}]),
    }


@pytest.mark.parametrize(
    ("resources", "path", "severity"),
    [
        (direct_loop, "Worker > Worker", "stopped-by-aws"),
        (version_loop, "Worker > Worker", "stopped-by-aws"),
        (url_loop, "Worker > Worker", "stopped-by-aws"),
        (api_loop, "Worker > Api > Worker", "endless"),
        (openapi_loop, "Worker > Api > Worker", "endless"),
        (destination_loop, "Worker > Queue > Worker", "stopped-by-aws"),
        (failure_loop, "Worker > Topic > Worker", "failure-only"),
    ],
)
def test_invocations_make_loops(make: Make, resources: Any, path: str, severity: str) -> None:
    report = make.check(resources(make))

    assert (path, severity) in loops(report)
    assert len(report.findings) == 1


def test_an_integration_of_an_api_that_is_not_known_may_be_any_apis(make: Make) -> None:
    resources = api_loop(make)
    resources["Integration"]["Properties"]["ApiId"] = {"Fn::ImportValue": "api"}

    assert make.check(resources).verdict == "unproven"


def test_who_may_run_a_task_may_do_what_its_role_may(make: Make) -> None:
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]}
    resources = {
        **queue_loop(make),
        "Role": make.role(make.allow("ecs:RunTask", {"Ref": "Task"}), make.allow("iam:PassRole", arn("TaskRole"))),
        "TaskRole": make.role(make.allow("sqs:SendMessage", arn("Queue")), AssumeRolePolicyDocument=trust),
        "Task": body("AWS::ECS::TaskDefinition", TaskRoleArn=arn("TaskRole")),
    }

    assert make.check(resources).verdict == "loop"
    resources["Role"] = make.role(make.allow("ecs:RunTask", {"Ref": "Task"}))
    assert make.check(resources).verdict == "loop-free"
