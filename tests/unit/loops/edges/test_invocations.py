"""Functions that are invoked: directly, by URL or API, with what comes of an invocation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.loops.edges.parts import arn, body, loops, mapping, queue_loop, rule, topic_loop, worker

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


API_URL = {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/prod/run"}
HTTP_URL = {"Fn::GetAtt": ["Api", "ApiEndpoint"]}
FUNCTION_URL = {"Fn::GetAtt": ["Url", "FunctionUrl"]}


@pytest.mark.parametrize("name", ["me", None])
def test_one_version_or_alias_may_be_granted_by_its_arn(make: Make, name: str | None) -> None:
    named = {"FunctionName": name} if name else {}
    alias = {"Fn::Sub": f"arn:aws:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:{name or '${Worker}'}:live"}

    assert make.check(worker(make, "lambda:InvokeFunction", alias, **named)).verdict == "loop"


@pytest.mark.parametrize("route", ["prod/POST/run", "${AWS::Region}/POST/run"])
def test_one_route_of_an_api_may_be_granted(make: Make, route: str) -> None:
    resources = api_loop(make)
    granted = {"Fn::Sub": f"arn:aws:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{Api}}/{route}"}
    resources["Role"] = make.role(make.allow("execute-api:Invoke", granted))

    assert make.check(resources).verdict == "loop"


def told(make: Make, url: Any, others: Resources | None = None, *, signed: str = "NONE") -> Resources:
    """A function that nothing is granted to, and that is told a URL; it is behind an API, and has one of its own."""
    return {
        "Worker": make.function(Environment={"Variables": {"STAGE": "prod", "TARGET": url}}),
        "Role": make.role(),
        "Api": body("AWS::ApiGatewayV2::Api", ProtocolType="HTTP"),
        "Integration": body("AWS::ApiGatewayV2::Integration", ApiId={"Ref": "Api"}, IntegrationUri=arn("Worker")),
        "Route": body("AWS::ApiGatewayV2::Route", ApiId={"Ref": "Api"}, AuthorizationType=signed),
        "Url": body("AWS::Lambda::Url", TargetFunctionArn=arn("Worker"), AuthType=signed),
        **(others or {}),
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


@pytest.mark.parametrize(
    ("api", "verdict", "of_another"),
    [
        ("a1b2c3", "loop", "loop-free"),
        ({"Fn::ImportValue": "api"}, "loop", "unproven"),
        ({"Fn::ImportValue": "another"}, "unproven", "unproven"),
    ],
)
def test_an_api_that_is_not_declared_is_a_way_round(make: Make, api: Any, verdict: str, of_another: str) -> None:
    name = {"Api": "a1b2c3" if isinstance(api, str) else {"Fn::ImportValue": "api"}}
    resources = {
        **worker(make, "execute-api:Invoke", {"Fn::Sub": ["arn:aws:execute-api:*:*:${Api}/*", name]}),
        "Integration": body("AWS::ApiGatewayV2::Integration", ApiId=api, IntegrationUri=arn("Worker")),
    }

    assert make.check(resources).verdict == verdict
    resources["Role"] = make.role(make.allow("execute-api:Invoke", "arn:aws:execute-api:*:*:d4e5f6/*"))
    assert make.check(resources).verdict == of_another


@pytest.mark.parametrize(
    "uri", ["${Function}", "arn:aws:apigateway:eu-west-1:lambda:path/x/functions/${Function}/invocations"]
)
def test_an_integration_of_a_function_that_is_not_known_may_be_any(make: Make, uri: str) -> None:
    resources = api_loop(make)
    given = {"Function": {"Fn::ImportValue": "function"}}
    resources["Integration"]["Properties"]["IntegrationUri"] = {"Fn::Sub": [uri, given]}

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


@pytest.mark.parametrize("url", [API_URL, HTTP_URL, FUNCTION_URL], ids=["host", "endpoint", "function URL"])
def test_a_function_that_is_told_its_own_url_may_call_it_without_a_grant(make: Make, url: Any) -> None:
    report = make.check(told(make, url))

    assert report.verdict == "unproven"
    helps = report.findings[0].helps[0]
    assert helps.startswith("take `TARGET` from the environment of `Worker`, or let `")
    assert report.approximations == ("only the code of `Worker` tells whether it calls the URL in `TARGET`",)
    assert make.check(told(make, url, signed="AWS_IAM")).verdict == "loop-free"


def test_a_custom_domain_is_its_apis_url(make: Make) -> None:
    mapped = {"Mapping": body("AWS::ApiGatewayV2::ApiMapping", DomainName="api.acme.com", ApiId={"Ref": "Api"})}

    assert make.check(told(make, "https://API.acme.com/v1/run", mapped)).verdict == "unproven"
    assert make.check(told(make, "https://www.acme.com/v1/run", mapped)).verdict == "loop-free"
    assert make.check(told(make, "https://API.acme.com/v1/run")).verdict == "loop-free"


@pytest.mark.parametrize("url", [{"Ref": "Api"}, {"Ref": "AWS::Region"}, "", "https://"])
def test_a_text_without_a_host_is_no_url(make: Make, url: Any) -> None:
    assert make.check(told(make, url)).verdict == "loop-free"


def test_posting_to_the_connections_of_a_websocket_api_wakes_nobody(make: Make) -> None:
    api = {"Api": body("AWS::ApiGatewayV2::Api", ProtocolType="WEBSOCKET")}
    socket = {"Fn::Sub": "wss://${Api}.execute-api.${AWS::Region}.amazonaws.com/prod"}

    assert make.check(told(make, API_URL, api)).verdict == "loop-free"
    assert make.check(told(make, socket, api)).verdict == "unproven"


def test_a_subscription_by_https_calls_the_api_behind_it(make: Make) -> None:
    resources = topic_loop(make)
    resources["Subscription"]["Properties"].update(Protocol="https", Endpoint=API_URL)
    del resources["Worker"]

    report = make.check({**told(make, "https://elsewhere"), **resources})

    assert loops(report) == [("Worker > Topic > Api > Worker", "endless")]


def test_an_api_destination_calls_the_api_behind_its_endpoint(make: Make) -> None:
    destination = body("AWS::Events::ApiDestination", InvocationEndpoint=API_URL, HttpMethod="POST")
    resources = {
        **told(make, "https://elsewhere"),
        "Role": make.role(make.allow("events:PutEvents", "*")),
        "Rule": rule({"source": ["shop"]}, arn("Destination")),
        "Destination": destination,
    }

    assert loops(make.check(resources)) == [
        ("Worker > default event bus > Destination > Api > Worker", "endless"),
    ]


@pytest.mark.parametrize("caller", ["Worker", "Other"])
def test_a_url_is_that_of_every_function_with_its_name(make: Make, caller: str) -> None:
    conditions = {
        "IsProd": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]},
        "IsOther": {"Fn::Not": [{"Condition": "IsProd"}]},
    }
    resources = {**url_loop(make), "None": make.role(), "Role": make.role(make.allow("lambda:InvokeFunctionUrl", "*"))}
    for name, condition in (("Worker", "IsProd"), ("Other", "IsOther")):
        called = body("AWS::Lambda::Function", FunctionName="f", Role=arn("Role" if name == caller else "None"))
        resources[name] = {**called, "Condition": condition}
    resources["Url"] = body("AWS::Lambda::Url", TargetFunctionArn=arn(caller), AuthType="AWS_IAM")

    assert make.check(resources, Conditions=conditions).verdict == "loop"


def test_the_reference_of_a_function_url_is_its_functions_arn(make: Make) -> None:
    resources = url_loop(make)
    resources["Role"] = make.role(make.allow("lambda:InvokeFunctionUrl", {"Ref": "Url"}))

    assert make.check(resources).verdict == "loop"


@pytest.mark.parametrize(
    ("name", "verdict"),
    [({"Ref": "Worker"}, "loop"), ({"Ref": "Given"}, "unproven"), ("another", "loop-free"), (arn("Worker"), "loop")],
)
def test_results_go_where_the_configuration_of_a_function_says(make: Make, name: Any, verdict: str) -> None:
    results = {"OnSuccess": {"Destination": arn("Queue")}}
    resources = {
        **queue_loop(make),
        "Role": make.role(),
        "Sent": body("AWS::Lambda::EventInvokeConfig", FunctionName=name, DestinationConfig=results),
    }

    assert make.check(resources, Parameters={"Given": {"Type": "String"}}).verdict == verdict


@pytest.mark.parametrize(("name", "verdict"), [({"Ref": "Worker"}, "loop"), ({"Ref": "Given"}, "unproven")])
def test_records_that_fail_go_where_the_mapping_says(make: Make, name: Any, verdict: str) -> None:
    failed = {"OnFailure": {"Destination": arn("Queue")}}
    resources = {
        **queue_loop(make),
        "Role": make.role(),
        "Stream": body("AWS::Kinesis::Stream"),
        "Fed": body(
            "AWS::Lambda::EventSourceMapping",
            EventSourceArn=arn("Stream"),
            FunctionName=name,
            DestinationConfig=failed,
            StartingPosition="LATEST",
        ),
    }

    assert make.check(resources, Parameters={"Given": {"Type": "String"}}).verdict == verdict


@pytest.mark.parametrize("way", ["DeadLetterConfig", "EventInvokeConfig"])
def test_what_a_parameter_names_gets_failures_only_if_the_role_allows_it(make: Make, way: str) -> None:
    given = {"Ref": "Given"}
    sent: dict[str, Any] = {"OnFailure": {"Destination": given}}
    dead = {"DeadLetterConfig": {"TargetArn": given}} if way == "DeadLetterConfig" else {}
    resources = {
        **worker(make, "sqs:SendMessage", given, **dead),
        "Topic": body("AWS::SNS::Topic", Subscription=[{"Protocol": "lambda", "Endpoint": arn("Worker")}]),
    }
    if not dead:
        resources["Sent"] = body(
            "AWS::Lambda::EventInvokeConfig", FunctionName={"Ref": "Worker"}, DestinationConfig=sent
        )

    assert make.check(resources, Parameters={"Given": {"Type": "String"}}).verdict == "loop-free"
    resources["Role"] = make.role(make.allow("sns:Publish", given))
    assert make.check(resources, Parameters={"Given": {"Type": "String"}}).verdict == "unproven"
