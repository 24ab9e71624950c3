"""How what a function does reaches a station or another function, and near-misses of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.loops_proof.link import Link, wire_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.loops_proof.builder import Builder, Station

__all__ = ["GRANT_MISSES", "entries", "granted"]

WRITES: dict[str, tuple[list[list[str]], str]] = {  # what writes, and what only reads
    "topic": ([["sns:Publish"], ["sns:*"]], "sns:GetTopicAttributes"),
    "queue": ([["sqs:SendMessage"], ["sqs:Send*", "sqs:GetQueueUrl"]], "sqs:ReceiveMessage"),
    "bus": ([["events:PutEvents"], ["events:Put*"]], "events:DescribeEventBus"),
    "table": ([["dynamodb:PutItem"], ["dynamodb:UpdateItem"], ["dynamodb:GetItem", "dynamodb:Put*"]], "dynamodb:Query"),
    "stream": ([["kinesis:PutRecord"], ["kinesis:PutRecord*"]], "kinesis:GetRecords"),
    "machine": ([["states:StartExecution"], ["states:Start*"]], "states:DescribeExecution"),
    "firehose": ([["firehose:PutRecord"], ["firehose:PutRecord*"]], "firehose:DescribeDeliveryStream"),
}
OBJECT_WRITES = {
    "ObjectCreated": [["s3:PutObject"], ["s3:Put*"], ["s3:GetObject", "s3:P*Object"]],
    "ObjectRemoved": [["s3:DeleteObject"], ["s3:Delete*"]],
    "ObjectTagging": [["s3:PutObjectTagging"]],
}
GRANT_MISSES = ("no grant", "reads only", "denied", "all else denied")
CALL_MISSES = ("no grant", "reads only", "denied", "another call")
ROLE_MISSES = ("no grant", "no trust")


def entries() -> Iterator[Link]:
    """All ways that begin with a function."""
    bucket = ("S3Notifications", "S3ToEventBridge", "Replication", "Trails")
    yield Link("function", "bucket", "grant", bucket, _objects, (*GRANT_MISSES, "disjoint key"))
    yield Link("function", "bucket", "access point", bucket, _access_point, (*GRANT_MISSES, "disjoint key"))
    yield Link("function", "logged", "grant", ("AccessLogs",), _objects, ("no grant",))
    for kind, engine in (
        ("topic", "Topics"),
        ("queue", "Queues"),
        ("bus", "Rules"),
        ("table", "Tables"),
        ("stream", "Streams"),
        ("machine", "StateMachines"),
        ("firehose", "Firehoses"),
    ):
        yield Link("function", kind, "grant", (engine,), _grant, GRANT_MISSES)
    yield Link("function", "bus", "replay", ("Rules",), _replay, (*GRANT_MISSES, "other events"))
    for kind, engine in (("topic", "Topics"), ("queue", "Queues"), ("table", "Tables"), ("stream", "Streams")):
        yield Link("function", kind, "assumed role", (engine,), _assumed, ROLE_MISSES)
        # Who may run any task may pass any role that he may pass: no near-miss without a grant.
        yield Link("function", kind, "task", (engine,), _task, ("no trust", "role not passed"))
    yield Link("function", "function", "invoke", ("DirectInvocation",), _invoke, GRANT_MISSES, wakes="async")
    yield Link("function", "function", "url", ("Urls",), _url, ("no grant", "denied"), wakes="sync")
    yield Link("function", "function", "http api", ("Apis",), _http_api, GRANT_MISSES, wakes="sync")
    yield Link("function", "function", "rest api", ("Apis",), _rest_api, GRANT_MISSES, wakes="sync")
    misses = (*GRANT_MISSES, "other requests")
    yield Link("function", "function", "object lambda", ("ObjectLambdas",), _object_lambda, misses, wakes="sync")
    yield Link("function", "function", "schedule", ("Schedules",), _schedule, GRANT_MISSES, wakes="async")
    for kind in ("function", "queue", "topic"):
        yield Link("function", kind, "api call", ("ApiCalls",), _api_call, CALL_MISSES)
    for kind in ("function", "queue", "topic", "bus"):
        yield Link("function", kind, "destination", ("Destinations",), _destination, wakes="async", woken_async=True)
    for kind in ("queue", "topic"):
        yield Link("function", kind, "dead letters", ("Destinations",), _dead_letters, woken_async=True)
    for kind in ("function", "stream", "firehose"):
        yield Link("function", kind, "logs", ("Logs",), _logs, ("another log group",), wakes="async")


def granted(b: Builder, function: Station, actions: list[str], reads: str, *, resource: Any, miss: str) -> None:
    if miss == "no grant":
        return
    # Who may do everything takes ways that a near-miss closes to what is written only.
    if not miss and not b.is_near_miss and resource != "*" and b.chance(0.1):
        b.state(function, Effect="Allow", NotAction=["iam:*", "sts:*"], Resource=resource)
        return
    b.allow(function, [reads] if miss == "reads only" else actions, resource)
    if miss == "denied":
        b.allow(function, actions, resource, effect="Deny")
    if miss == "all else denied":
        b.state(function, Effect="Deny", Action=actions, NotResource="arn:aws:s3:::another/*")


def _objects(b: Builder, source: Station, target: Station, miss: str) -> None:
    pattern = "elsewhere/*" if miss == "disjoint key" else f"{target.prefix}*{target.suffix}"
    actions = b.choose.choice(OBJECT_WRITES[target.family])
    granted(b, source, actions, "s3:GetObject", resource=b.below(target, f"/{pattern}"), miss=miss)


def _access_point(b: Builder, source: Station, target: Station, miss: str) -> None:
    point = b.add(b.fresh("Point"), "AWS::S3::AccessPoint", {"Bucket": {"Ref": target.id}})
    pattern = "elsewhere/*" if miss == "disjoint key" else f"{target.prefix}*{target.suffix}"
    arn: dict[str, Any] = {"Fn::GetAtt": [point, "Arn"]}
    if b.chance(0.5):
        arn = {"Fn::Sub": f"arn:${{AWS::Partition}}:s3:${{AWS::Region}}:${{AWS::AccountId}}:accesspoint/${{{point}}}"}
    actions = b.choose.choice(OBJECT_WRITES[target.family])
    resource = {"Fn::Join": ["", [arn, f"/object/{pattern}"]]}
    granted(b, source, actions, "s3:GetObject", resource=resource, miss=miss)


def _replay(b: Builder, source: Station, target: Station, miss: str) -> None:
    kept = "aws.ec2" if miss == "other events" else target.source
    properties = {"SourceArn": b.spelled_arn(target), "EventPattern": {"source": [kept]}}
    archive = b.add(b.fresh("Archive"), "AWS::Events::Archive", properties)
    arn = {"Fn::GetAtt": [archive, "Arn"]}
    granted(b, source, ["events:StartReplay"], "events:DescribeArchive", resource=arn, miss=miss)


def _assumed(b: Builder, source: Station, target: Station, miss: str) -> None:
    principal: dict[str, Any] = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
    role = _acting(b, target, principal if miss != "no trust" else {"Service": "ec2.amazonaws.com"})
    if miss != "no grant":
        b.allow(source, ["sts:AssumeRole"], role)


def _task(b: Builder, source: Station, target: Station, miss: str) -> None:
    service = "ec2" if miss == "no trust" else "ecs-tasks"
    role = _acting(b, target, {"Service": f"{service}.amazonaws.com"})
    properties = {"TaskRoleArn": role, "ContainerDefinitions": [{"Name": "it", "Image": "it"}]}
    task = b.add(b.fresh("Task"), "AWS::ECS::TaskDefinition", properties)
    b.allow(source, ["ecs:RunTask"], {"Ref": task})
    if miss != "role not passed":
        b.allow(source, ["iam:PassRole"], role)


def _acting(b: Builder, target: Station, principal: dict[str, Any]) -> Any:
    """A role that may write to a station, for whom it trusts."""
    target.attributes = True
    trust = {"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]}
    name = b.add(b.fresh("Role"), "AWS::IAM::Role", {"AssumeRolePolicyDocument": trust})
    role = {"Fn::GetAtt": [name, "Arn"]}
    b.permit(role, WRITES[target.kind][0][0][0], b.spelled_arn(target))
    return role


def _grant(b: Builder, source: Station, target: Station, miss: str) -> None:
    ways, reads = WRITES[target.kind]
    target.attributes = True
    granted(b, source, b.choose.choice(ways), reads, resource=b.spelled_arn(target), miss=miss)


def _invoke(b: Builder, source: Station, target: Station, miss: str) -> None:
    resource = [b.spelled_arn(target), b.below(target, ":*")]
    granted(b, source, ["lambda:InvokeFunction"], "lambda:GetFunction", resource=resource, miss=miss)


def _url(b: Builder, source: Station, target: Station, miss: str) -> None:
    properties = {"AuthType": "AWS_IAM", "TargetFunctionArn": b.spelled_arn(target)}
    b.add(b.fresh("Url"), "AWS::Lambda::Url", properties)
    granted(b, source, ["lambda:InvokeFunctionUrl"], "", resource=b.spelled_arn(target), miss=miss)


def _object_lambda(b: Builder, source: Station, target: Station, miss: str) -> None:
    bucket = b.add(b.fresh("Bucket"), "AWS::S3::Bucket", {})
    point = b.add(b.fresh("Point"), "AWS::S3::AccessPoint", {"Bucket": {"Ref": bucket}})
    transformation = {
        "Actions": ["ListObjectsV2"] if miss == "other requests" else ["GetObject"],
        "ContentTransformation": {"AwsLambda": {"FunctionArn": b.target(target)}},
    }
    configuration = {
        "SupportingAccessPoint": {"Fn::GetAtt": [point, "Arn"]},
        "TransformationConfigurations": [transformation],
    }
    properties = {"ObjectLambdaConfiguration": configuration}
    name = b.add(b.fresh("Transformed"), "AWS::S3ObjectLambda::AccessPoint", properties)
    actions, reads = ["s3-object-lambda:GetObject"], "s3-object-lambda:GetAccessPointForObjectLambda"
    granted(b, source, actions, reads, resource={"Fn::GetAtt": [name, "Arn"]}, miss=miss)


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
        "AuthorizationType": "AWS_IAM",
        "RouteKey": "POST /run",
        "Target": {"Fn::Join": ["/", ["integrations", {"Ref": integration}]]},
    }
    b.add(b.fresh("Route"), "AWS::ApiGatewayV2::Route", properties)
    _api_grant(b, source, api, miss)


def _rest_api(b: Builder, source: Station, target: Station, miss: str) -> None:
    api = b.add(b.fresh("Api"), "AWS::ApiGateway::RestApi", {"Name": "api"})
    parent = {"Fn::GetAtt": [api, "RootResourceId"]}
    path = b.add(
        b.fresh("Path"), "AWS::ApiGateway::Resource", {"RestApiId": {"Ref": api}, "ParentId": parent, "PathPart": "run"}
    )
    uri = {
        "Fn::Join": [
            "",
            [
                "arn:",
                {"Ref": "AWS::Partition"},
                ":apigateway:",
                {"Ref": "AWS::Region"},
                ":lambda:path/2015-03-31/functions/",
                b.spelled_arn(target),
                "/invocations",
            ],
        ]
    }
    properties = {
        "RestApiId": {"Ref": api},
        "ResourceId": {"Ref": path},
        "HttpMethod": "POST",
        "AuthorizationType": "AWS_IAM",
        "Integration": {"Type": "AWS_PROXY", "IntegrationHttpMethod": "POST", "Uri": uri},
    }
    b.add(b.fresh("Method"), "AWS::ApiGateway::Method", properties)
    _api_grant(b, source, api, miss)


def _api_grant(b: Builder, source: Station, api: str, miss: str) -> None:
    path = b.choose.choice(["*/POST/run", "*"])
    arn = f"arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{api}}}/{path}"
    granted(b, source, ["execute-api:Invoke"], "apigateway:GET", resource={"Fn::Sub": arn}, miss=miss)


def _schedule(b: Builder, source: Station, target: Station, miss: str) -> None:
    role = b.role("scheduler", [])
    b.permit(role, "lambda:InvokeFunction", b.spelled_arn(target))
    b.allow(source, ["iam:PassRole"], role)
    granted(b, source, ["scheduler:CreateSchedule"], "scheduler:GetSchedule", resource="*", miss=miss)


def _api_call(b: Builder, source: Station, target: Station, miss: str) -> None:
    watched = b.fresh("SecretsOf")  # each link has a service of its own, or they would be one way
    service = f"{b.names}{watched.lower()}"
    detail = {"eventSource": [f"{service}.amazonaws.com"]}
    if miss == "another call":
        detail["eventName"] = ["DeleteSecret"]
    elif miss == "denied" or b.chance(0.7):
        detail["eventName"] = ["PutSecret", "CreateSecret"]
    pattern = {"source": [f"aws.{service}"], "detail-type": ["AWS API Call via CloudTrail"], "detail": detail}
    entry = {"Id": "it", "Arn": b.target(target)}
    b.add(b.fresh("Rule"), "AWS::Events::Rule", {"EventPattern": pattern, "Targets": [entry]})
    if not any(resource["Type"] == "AWS::CloudTrail::Trail" for resource in b.resources.values()):
        b.add(b.fresh("Trail"), "AWS::CloudTrail::Trail", {"IsLogging": True, "S3BucketName": "elsewhere"})
    actions = b.choose.choice([[f"{service}:PutSecret"], [f"{service}:Create*", f"{service}:Get*"]])
    granted(b, source, actions, f"{service}:GetSecret", resource="*", miss=miss)


def _destination(b: Builder, source: Station, target: Station, _miss: str) -> None:
    outcome = "OnSuccess" if target.kind == "function" else b.choose.choice(["OnSuccess", "OnFailure"])
    properties = {
        "FunctionName": {"Ref": source.id},
        "Qualifier": "$LATEST",
        "DestinationConfig": {outcome: {"Destination": b.spelled_arn(target)}},
    }
    b.add(b.fresh("Outcome"), "AWS::Lambda::EventInvokeConfig", properties)
    target.source = "lambda"


def _dead_letters(b: Builder, source: Station, target: Station, _miss: str) -> None:
    if b.functions[source.id].serverless:
        kind = {"queue": "SQS", "topic": "SNS"}[target.kind]
        b.properties(source)["DeadLetterQueue"] = {"Type": kind, "TargetArn": b.spelled_arn(target)}
    else:
        b.properties(source)["DeadLetterConfig"] = {"TargetArn": b.spelled_arn(target)}


def _logs(b: Builder, source: Station, target: Station, miss: str) -> None:
    group = b.properties(source).get("LoggingConfig", {}).get("LogGroup", {}).get("Ref")
    if group is None:
        group = b.add(b.fresh("Logs"), "AWS::Logs::LogGroup", {"RetentionInDays": 7})
        b.properties(source)["LoggingConfig"] = {"LogGroup": {"Ref": group}}
    if miss != "no grant":
        b.allow(source, ["logs:CreateLogStream", "logs:PutLogEvents"], {"Fn::GetAtt": [group, "Arn"]})
    watched = b.add(b.fresh("Logs"), "AWS::Logs::LogGroup", {}) if miss == "another log group" else group
    properties = {"LogGroupName": {"Ref": watched}, "DestinationArn": b.spelled_arn(target), "FilterPattern": ""}
    if target.kind != "function":
        properties["RoleArn"] = wire_by(b, "logs", target)
    b.add(b.fresh("Subscription"), "AWS::Logs::SubscriptionFilter", properties)
