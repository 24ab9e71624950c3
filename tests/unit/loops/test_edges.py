"""Each edge kind once as a loop, and once with what excuses it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make

Resources = dict[str, dict[str, Any]]


def arn(name: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [name, "Arn"]}


def body(type_: str, **properties: Any) -> dict[str, Any]:
    return {"Type": type_, "Properties": properties}


def mapping(source: Any, *patterns: Any, **properties: Any) -> dict[str, Any]:
    if patterns:
        properties["FilterCriteria"] = {"Filters": [{"Pattern": json.dumps(pattern)} for pattern in patterns]}
    return body("AWS::Lambda::EventSourceMapping", EventSourceArn=source, FunctionName={"Ref": "Worker"}, **properties)


def worker(make: Make, action: Any, resource: Any, **function: Any) -> Resources:
    return {"Worker": make.function(**function), "Role": make.role(make.allow(action, resource))}


def rule(pattern: dict[str, Any], target: Any = None, **properties: Any) -> dict[str, Any]:
    targets = [{"Id": "0", "Arn": target or arn("Worker")}]
    return body("AWS::Events::Rule", EventPattern=pattern, Targets=targets, **properties)


def queue_loop(make: Make) -> Resources:
    return {
        **worker(make, "sqs:SendMessage", arn("Queue")),
        "Queue": body("AWS::SQS::Queue"),
        "Mapping": mapping(arn("Queue")),
    }


def dead_letter_loop(make: Make) -> Resources:
    redrive = {"deadLetterTargetArn": arn("Dead"), "maxReceiveCount": 3}
    return {
        **worker(make, "sqs:SendMessage", arn("Queue")),
        "Queue": body("AWS::SQS::Queue", RedrivePolicy=redrive),
        "Dead": body("AWS::SQS::Queue"),
        "Mapping": mapping(arn("Dead")),
    }


def topic_loop(make: Make, **subscription: Any) -> Resources:
    return {
        **worker(make, "sns:Publish", {"Ref": "Topic"}),
        "Topic": body("AWS::SNS::Topic"),
        "Subscription": body(
            "AWS::SNS::Subscription",
            TopicArn={"Ref": "Topic"},
            Protocol="lambda",
            Endpoint=arn("Worker"),
            **subscription,
        ),
    }


def topic_to_queue_loop(make: Make) -> Resources:
    subscription = {"Protocol": "sqs", "Endpoint": arn("Queue")}
    return {
        **worker(make, "sns:Publish", {"Ref": "Topic"}),
        "Topic": body("AWS::SNS::Topic", Subscription=[subscription]),
        "Queue": body("AWS::SQS::Queue"),
        "Mapping": mapping(arn("Queue")),
    }


def own_events_loop(make: Make, pattern: dict[str, Any] | None = None) -> Resources:
    return {
        **worker(make, "events:PutEvents", arn("Bus")),
        "Bus": body("AWS::Events::EventBus", Name="orders"),
        "Rule": rule(pattern or {"source": ["my.orders"]}, EventBusName={"Ref": "Bus"}),
    }


def default_bus_loop(make: Make) -> Resources:
    return {
        **worker(make, "events:PutEvents", "*"),
        "Rule": rule({"detail-type": ["order"]}),
    }


def s3_events_loop(make: Make, detail: dict[str, Any] | None = None, kind: str = "Object Created") -> Resources:
    pattern = {
        "source": ["aws.s3"],
        "detail-type": [kind],
        "detail": {"bucket": {"name": [{"Ref": "Photos"}]}, **(detail or {})},
    }
    return {
        **worker(make, "s3:PutObject", make.objects("Photos", "out/*")),
        "Photos": make.bucket(NotificationConfiguration={"EventBridgeConfiguration": {"EventBridgeEnabled": True}}),
        "Rule": rule(pattern),
    }


def table_loop(make: Make, *patterns: Any, action: str = "dynamodb:PutItem", **table: Any) -> Resources:
    stream = {"StreamViewType": "NEW_IMAGE"}
    return {
        **worker(make, action, arn("Table")),
        "Table": body("AWS::DynamoDB::Table", StreamSpecification=stream, **table),
        "Mapping": mapping({"Fn::GetAtt": ["Table", "StreamArn"]}, *patterns, StartingPosition="LATEST"),
    }


def stream_loop(make: Make) -> Resources:
    return {
        **worker(make, "kinesis:PutRecord", arn("Stream")),
        "Stream": body("AWS::Kinesis::Stream"),
        "Consumer": body("AWS::Kinesis::StreamConsumer", StreamARN=arn("Stream")),
        "Mapping": mapping({"Ref": "Consumer"}),
    }


def firehose_loop(make: Make, prefix: str = "in/") -> Resources:
    destination = {"BucketARN": arn("Photos"), "Prefix": prefix}
    return {
        **worker(make, "firehose:PutRecord", arn("Delivery")),
        "Delivery": body("AWS::KinesisFirehose::DeliveryStream", ExtendedS3DestinationConfiguration=destination),
        "Photos": make.bucket(make.notify("Worker", "in/")),
    }


def pipe_loop(make: Make) -> Resources:
    return {
        **worker(make, "sqs:SendMessage", arn("Queue")),
        "Queue": body("AWS::SQS::Queue"),
        "Pipe": body("AWS::Pipes::Pipe", Source=arn("Queue"), Target=arn("Worker")),
    }


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


def log_loop(make: Make) -> Resources:
    return {
        **worker(make, "logs:*", "*"),
        "Subscription": body(
            "AWS::Logs::SubscriptionFilter",
            LogGroupName={"Fn::Sub": "/aws/lambda/${Worker}"},
            FilterPattern="",
            DestinationArn=arn("Worker"),
        ),
    }


def machine(states: dict[str, Any], **properties: Any) -> dict[str, Any]:
    definition = json.dumps({"StartAt": next(iter(states)), "States": states})
    return body(
        "AWS::StepFunctions::StateMachine", DefinitionString=definition, RoleArn=arn("MachineRole"), **properties
    )


def machine_loop(make: Make) -> Resources:
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "${Worker}"},
        "End": True,
    }
    return {
        **worker(make, "states:StartExecution", {"Ref": "Machine"}),
        "Machine": machine({"Call": call}, DefinitionSubstitutions={"Worker": arn("Worker")}),
        "MachineRole": make.role(),
    }


def machine_status_loop(make: Make) -> Resources:
    pattern = {"source": ["aws.states"], "detail-type": ["Step Functions Execution Status Change"]}
    return {
        "Machine": machine({"Done": {"Type": "Succeed"}}),
        "MachineRole": make.role(),
        "Rule": rule(pattern, {"Ref": "Machine"}),
    }


def machine_log_loop(make: Make) -> Resources:
    destination = {"CloudWatchLogsLogGroup": {"LogGroupArn": arn("Group")}}
    return {
        **worker(make, "states:StartExecution", {"Ref": "Machine"}),
        "Group": body("AWS::Logs::LogGroup"),
        "Machine": machine(
            {"Done": {"Type": "Succeed"}}, LoggingConfiguration={"Level": "ALL", "Destinations": [destination]}
        ),
        "MachineRole": make.role(),
        "Subscription": body(
            "AWS::Logs::SubscriptionFilter",
            LogGroupName={"Ref": "Group"},
            FilterPattern="",
            DestinationArn=arn("Worker"),
        ),
    }


def replication_loop(make: Make, status: str = "Enabled") -> Resources:
    rule_ = {"Status": status, "Filter": {"Prefix": "out/"}, "Destination": {"Bucket": arn("Copy")}}
    return {
        **worker(make, "s3:PutObject", make.objects("Photos", "out/*")),
        "Photos": make.bucket(ReplicationConfiguration={"Role": "r", "Rules": [rule_]}),
        "Copy": make.bucket(make.notify("Worker", "out/")),
    }


def access_log_loop(make: Make) -> Resources:
    logging = {"DestinationBucketName": {"Ref": "Logs"}, "LogFilePrefix": "access/"}
    return {
        **worker(make, "s3:GetObject", make.objects("Photos")),
        "Photos": make.bucket(LoggingConfiguration=logging),
        "Logs": make.bucket(make.notify("Worker", "access/")),
    }


def trail_loop(make: Make) -> Resources:
    selector = {"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}
    return {
        **worker(make, "s3:GetObject", make.objects("Trails")),
        "Trail": body("AWS::CloudTrail::Trail", S3BucketName={"Ref": "Trails"}, EventSelectors=[selector]),
        "Trails": make.bucket(make.notify("Worker", suffix=".json.gz")),
    }


def replay_loop(make: Make, pattern: dict[str, Any] | None = None) -> Resources:
    archive = {"SourceArn": arn("Bus"), "EventPattern": {"source": ["my.orders"]}}
    return {
        **worker(make, "events:StartReplay", arn("Archive")),
        "Bus": body("AWS::Events::EventBus", Name="orders"),
        "Archive": body("AWS::Events::Archive", **archive),
        "Rule": rule(pattern or {"source": ["my.orders"]}, EventBusName={"Ref": "Bus"}),
    }


def access_point_loop(make: Make, point: Any = None, pattern: str = "out/*") -> Resources:
    objects = {"Fn::Join": ["", [point or arn("Point"), f"/object/{pattern}"]]}
    return {
        **worker(make, "s3:PutObject", objects),
        "Photos": make.bucket(make.notify("Worker", "out/")),
        "Point": body("AWS::S3::AccessPoint", Bucket={"Ref": "Photos"}),
    }


@pytest.mark.parametrize(
    ("resources", "path", "severity"),
    [
        (queue_loop, "Worker > Queue > Worker", "stopped-by-aws"),
        (dead_letter_loop, "Worker > Queue > Dead > Worker", "failure-only"),
        (topic_loop, "Worker > Topic > Worker", "stopped-by-aws"),
        (topic_to_queue_loop, "Worker > Topic > Queue > Worker", "stopped-by-aws"),
        (own_events_loop, "Worker > Bus > Worker", "endless"),
        (default_bus_loop, "Worker > default event bus > Worker", "endless"),
        (s3_events_loop, "Worker > Photos > default event bus > Worker", "endless"),
        (table_loop, "Worker > Table > Worker", "endless"),
        (stream_loop, "Worker > Stream > Worker", "endless"),
        (firehose_loop, "Worker > Delivery > Photos > Worker", "endless"),
        (pipe_loop, "Worker > Queue > Worker", "endless"),
        (direct_loop, "Worker > Worker", "stopped-by-aws"),
        (version_loop, "Worker > Worker", "stopped-by-aws"),
        (url_loop, "Worker > Worker", "stopped-by-aws"),
        (api_loop, "Worker > Api > Worker", "endless"),
        (openapi_loop, "Worker > Api > Worker", "endless"),
        (destination_loop, "Worker > Queue > Worker", "stopped-by-aws"),
        (failure_loop, "Worker > Topic > Worker", "failure-only"),
        (log_loop, "Worker > /aws/lambda/${Worker} > Worker", "endless"),
        (machine_loop, "Worker > Machine > Worker", "endless"),
        (machine_log_loop, "Worker > Machine > Group > Worker", "endless"),
        (machine_status_loop, "Machine > default event bus > Machine", "endless"),
        (replication_loop, "Worker > Photos > Copy > Worker", "endless"),
        (access_log_loop, "Worker > Photos > Logs > Worker", "endless"),
        (trail_loop, "Worker > Trail > Trails > Worker", "endless"),
        (replay_loop, "Worker > Archive > Bus > Worker", "endless"),
        (access_point_loop, "Worker > Photos > Worker", "stopped-by-aws"),
    ],
)
def test_every_edge_kind_makes_a_loop(make: Make, resources: Any, path: str, severity: str) -> None:
    report = make.check(resources(make))

    found = [
        (" > ".join([finding.path[0].source, *(step.target for step in finding.path)]), finding.severity)
        for finding in report.findings
        if finding.verdict == "loop"
    ]
    assert (path, severity) in found
    assert len(report.findings) == 1


def excused(make: Make) -> dict[str, Resources]:
    unsubscribed = topic_loop(make, FilterPolicy={"kind": ["order"]}, FilterPolicyScope="MessageBody")
    return {
        "another queue": {**queue_loop(make), "Mapping": mapping(arn("Other")), "Other": body("AWS::SQS::Queue")},
        "a disabled mapping": {**queue_loop(make), "Mapping": mapping(arn("Queue"), Enabled=False)},
        "an event of AWS": own_events_loop(make, {"source": ["aws.s3"]}),
        "an event of AWS by prefix": own_events_loop(make, {"source": [{"prefix": "aws."}]}),
        "another prefix in the pattern": s3_events_loop(make, {"object": {"key": [{"prefix": "in/"}]}}),
        "a wildcard in the pattern": s3_events_loop(
            make, {"object": {"key": [{"wildcard": "*/in/*"}]}}, "Object Deleted"
        ),
        "anything but the prefix": s3_events_loop(make, {"object": {"key": [{"anything-but": {"prefix": "out/"}}]}}),
        "another reason": s3_events_loop(make, {"reason": ["Lifecycle Expiration"]}),
        "another kind of event": s3_events_loop(make, kind="Object Deleted"),
        "another event name": table_loop(make, {"eventName": ["REMOVE"]}),
        "only what expires, without expiry": table_loop(
            make, {"userIdentity": {"type": ["Service"], "principalId": ["dynamodb.amazonaws.com"]}}
        ),
        "another prefix of the delivery stream": firehose_loop(make, "out/"),
        "replication that is off": replication_loop(make, "Disabled"),
        "an archive of other events": replay_loop(make, {"source": ["my.invoices"]}),
        "a rule that does not listen to replays": replay_loop(
            make, {"source": ["my.orders"], "replay-name": [{"exists": False}]}
        ),
        "another key behind an access point": access_point_loop(make, pattern="in/*"),
        "another bucket's access point": {
            **access_point_loop(make),
            "Point": body("AWS::S3::AccessPoint", Bucket={"Ref": "Other"}),
            "Other": make.bucket(),
        },
        "no loop but another topic": {
            **unsubscribed,
            "Role": make.role(make.allow("sns:Publish", "arn:aws:sns:::other")),
        },
    }


@pytest.mark.parametrize(
    "name",
    [
        "another queue",
        "a disabled mapping",
        "an event of AWS",
        "an event of AWS by prefix",
        "another prefix in the pattern",
        "a wildcard in the pattern",
        "anything but the prefix",
        "another reason",
        "another kind of event",
        "another event name",
        "only what expires, without expiry",
        "another prefix of the delivery stream",
        "replication that is off",
        "an archive of other events",
        "a rule that does not listen to replays",
        "another key behind an access point",
        "another bucket's access point",
        "no loop but another topic",
    ],
)
def test_what_cannot_meet_is_no_loop(make: Make, name: str) -> None:
    assert str(make.check(excused(make)[name])).startswith("loop-free")


def test_an_item_that_the_function_lets_expire_is_a_slow_loop(make: Make) -> None:
    expired = {"userIdentity": {"type": ["Service"], "principalId": ["dynamodb.amazonaws.com"]}}
    report = make.check(table_loop(make, expired, TimeToLiveSpecification={"AttributeName": "ttl", "Enabled": True}))

    assert [(finding.verdict, finding.severity) for finding in report.findings] == [("loop", "slow")]


def test_a_replica_is_not_replicated_again(make: Make) -> None:
    def bucket(other: str, *notifications: Any) -> dict[str, Any]:
        rule_ = {"Status": "Enabled", "Prefix": "", "Destination": {"Bucket": arn(other)}}
        return make.bucket(*notifications, ReplicationConfiguration={"Role": "r", "Rules": [rule_]})

    resources = {
        **worker(make, "s3:PutObject", make.objects("Here")),
        "Here": bucket("There"),
        "There": bucket("Third"),
        "Third": make.bucket(make.notify("Worker")),
    }

    assert make.check(resources).verdict == "loop-free"


def test_a_filter_on_attributes_does_not_let_s3_events_through(make: Make) -> None:
    def system(**subscription: Any) -> Resources:
        notifications = {"TopicConfigurations": [{"Event": "s3:ObjectCreated:*", "Topic": {"Ref": "Topic"}}]}
        return {
            **topic_loop(make, **subscription),
            "Role": make.role(make.allow("s3:PutObject", make.objects("Photos"))),
            "Photos": make.bucket(NotificationConfiguration=notifications),
        }

    assert make.check(system()).verdict == "loop"
    assert make.check(system(FilterPolicy={"kind": ["order"]})).verdict == "loop-free"
    assert make.check(system(FilterPolicy={"kind": [{"exists": False}]})).verdict == "loop"


def test_rules_pass_events_on_from_bus_to_bus(make: Make) -> None:
    resources = {
        **worker(make, "events:PutEvents", arn("First")),
        "First": body("AWS::Events::EventBus", Name="first"),
        "Second": body("AWS::Events::EventBus", Name="second"),
        "Over": rule({"source": ["a"], "detail": {"n": [{"numeric": [">", 1]}]}}, arn("Second"), EventBusName="first"),
        "Back": rule({"source": ["a", "b"]}, EventBusName=arn("Second")),
    }

    assert make.check(resources).verdict == "loop"
    resources["Back"] = rule({"source": ["b"]}, EventBusName=arn("Second"))
    assert make.check(resources).verdict == "loop-free"


@pytest.mark.parametrize("kinds", [("a", "b"), ("b", "a")])
def test_each_alternative_of_a_pattern_is_followed_from_bus_to_bus(make: Make, kinds: tuple[str, str]) -> None:
    pattern = {"$or": [{"detail-type": [kind]} for kind in kinds]}

    report = make.check(
        {
            **worker(make, "events:PutEvents", arn("First")),
            "First": body("AWS::Events::EventBus", Name="first"),
            "Second": body("AWS::Events::EventBus", Name="second"),
            "Onward": rule(pattern, arn("Second"), EventBusName={"Ref": "First"}),
            "Back": rule({"detail-type": ["b"]}, EventBusName={"Ref": "Second"}),
        }
    )

    assert report.verdict == "loop"


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [
        ({"ArnEquals": {"aws:SourceArn": "arn:aws:sns:eu-west-1:123456789012:other"}}, "loop-free"),
        ({"StringLike": {"AWS:sourcearn": "arn:aws:s3:::*"}}, "loop-free"),
        ({"ArnEqualsIfExists": {"aws:SourceArn": "arn:aws:sns:eu-west-1:123456789012:other"}}, "loop"),
        ({"ArnNotEquals": {"aws:SourceArn": "arn:aws:sns:eu-west-1:123456789012:other"}}, "loop"),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, "loop"),
    ],
)
def test_a_queue_that_is_open_for_a_services_resource_is_not_open_for_roles(
    make: Make, condition: Any, verdict: str
) -> None:
    everyone = make.allow("sqs:SendMessage", arn("Queue"), Principal="*", Condition=condition)
    resources = {
        **queue_loop(make),
        "Role": make.role(),
        "Policy": body("AWS::SQS::QueuePolicy", Queues=[{"Ref": "Queue"}], PolicyDocument={"Statement": [everyone]}),
    }

    assert make.check(resources).verdict == verdict


def test_an_event_goes_from_bus_to_bus_only_once(make: Make) -> None:
    resources = {
        **worker(make, "events:PutEvents", arn("First")),
        **{name: body("AWS::Events::EventBus", Name=name.lower()) for name in ("First", "Second", "Third")},
        "Over": rule({"source": ["a"]}, arn("Second"), EventBusName="first"),
        "On": rule({"source": ["a"]}, arn("Third"), EventBusName="second"),
        "Back": rule({"source": ["a"]}, EventBusName="third"),
    }

    assert make.check(resources).verdict == "loop-free"
    resources["Back"] = rule({"source": ["a"]}, EventBusName="second")
    assert make.check(resources).verdict == "loop"


@pytest.mark.parametrize(
    ("point", "verdict"),
    [
        ({"Fn::Sub": "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/${Point}"}, "loop"),
        ("arn:aws:s3:eu-west-1:123456789012:accesspoint/*", "loop"),
        ("arn:aws:s3:eu-west-1:123456789012:accesspoint/of-somebody", "unproven"),
        ({"Fn::GetAtt": ["Regions", "Arn"]}, "loop"),
        ({"Fn::Sub": "arn:aws:s3::${AWS::AccountId}:accesspoint/${Regions.Alias}"}, "loop"),
        ({"Fn::GetAtt": ["Elsewhere", "Arn"]}, "unproven"),
        ("arn:aws:s3:eu-west-1:123456789012:job", "loop-free"),
    ],
)
def test_an_access_point_that_is_not_known_may_be_any_buckets(make: Make, point: Any, verdict: str) -> None:
    resources = {
        **access_point_loop(make, point),
        "Regions": body("AWS::S3::MultiRegionAccessPoint", Regions=[{"Bucket": {"Ref": "Photos"}}]),
        "Elsewhere": body("AWS::S3::AccessPoint", Bucket={"Fn::ImportValue": "bucket"}),
    }

    assert make.check(resources).verdict == verdict


def test_a_trail_records_what_is_done_through_an_access_point(make: Make) -> None:
    resources = trail_loop(make)
    resources["Trails"] = make.bucket(make.notify("Worker", "AWSLogs/"))
    resources["Point"] = body("AWS::S3::AccessPoint", Bucket={"Ref": "Trails"})
    objects = {"Fn::Join": ["", [arn("Point"), "/object/*"]]}
    resources["Role"] = make.role(make.allow("s3:GetObject", objects))

    assert make.check(resources).verdict == "loop"


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


def test_recursion_that_is_allowed_is_not_stopped(make: Make) -> None:
    resources = queue_loop(make)
    resources["Worker"]["Properties"]["RecursiveLoop"] = "Allow"

    assert make.check(resources).findings[0].severity == "endless"


def test_a_state_machine_without_a_definition_may_do_what_its_role_may(make: Make) -> None:
    resources = {
        **worker(make, "states:StartExecution", {"Ref": "Machine"}),
        "Machine": body(
            "AWS::StepFunctions::StateMachine",
            DefinitionS3Location={"Bucket": "b", "Key": "k"},
            RoleArn=arn("MachineRole"),
        ),
        "MachineRole": make.role(make.allow("lambda:InvokeFunction", [arn("Worker"), {"Fn::Sub": "${Worker.Arn}:*"}])),
    }

    assert make.check(resources).findings[0].headline == "`Worker` can invoke itself through `Machine`"


def task(resource: str, **arguments: Any) -> dict[str, Any]:
    parameters = {"Parameters": arguments} if arguments else {}
    return {"Call": {"Type": "Task", "Resource": resource, **parameters, "End": True}}


def machine_system(make: Make, states: dict[str, Any], **properties: Any) -> Resources:
    """A function starts a state machine, whatever listens wakes the function again."""
    return {
        **worker(make, "states:StartExecution", {"Ref": "Machine"}),
        "Machine": machine(states, **properties),
        "MachineRole": make.role(),
        "Queue": body("AWS::SQS::Queue"),
        "FromQueue": mapping(arn("Queue")),
        "Table": body("AWS::DynamoDB::Table", StreamSpecification={"StreamViewType": "NEW_IMAGE"}),
        "FromTable": mapping({"Fn::GetAtt": ["Table", "StreamArn"]}, {"eventName": ["REMOVE"]}),
        "Photos": make.bucket(make.notify("Worker", "in/", event="s3:ObjectTagging:*")),
        "Orders": body("AWS::Events::EventBus", Name="orders"),
        "Rule": rule({"source": ["shop"]}, EventBusName="orders"),
        "Api": body("AWS::ApiGatewayV2::Api", ProtocolType="HTTP"),
        "Integration": body("AWS::ApiGatewayV2::Integration", ApiId={"Ref": "Api"}, IntegrationUri=arn("Worker")),
    }


SDK = "arn:aws:states:::aws-sdk:"


@pytest.mark.parametrize(
    ("states", "verdict"),
    [
        (task(f"{SDK}sqs:sendMessageBatch", QueueUrl="${Queue}"), "loop"),
        (task(f"{SDK}sqs:receiveMessage", QueueUrl="${Queue}"), "loop-free"),
        (task(f"{SDK}dynamodb:transactWriteItems", **{"TransactItems.$": "$.items"}), "unproven"),
        (task("arn:aws:states:::dynamodb:putItem", TableName="${Table}"), "loop-free"),
        (task("arn:aws:states:::dynamodb:deleteItem", TableName="${Table}"), "loop"),
        (task(f"{SDK}s3:putObjectTagging", Bucket="${Photos}", Key="in/a"), "loop"),
        (task(f"{SDK}s3:putObjectTagging", Bucket="${Photos}", Key="out/a"), "loop-free"),
        (task(f"{SDK}s3:putObject", Bucket="${Photos}", Key="in/a"), "loop-free"),
        (task(f"{SDK}eventbridge:putEvents", Entries=[{"Source": "shop", "EventBusName": "orders"}]), "loop"),
        (
            task("arn:aws:states:::events:putEvents", Entries=[{"Source": "bank", "EventBusName": "orders"}]),
            "loop-free",
        ),
        (task("arn:aws:states:::events:putEvents", Entries=[{"Source": "shop", "EventBusName.$": "$.b"}]), "unproven"),
        (task("arn:aws:states:::events:putEvents", **{"Entries.$": "$.entries"}), "unproven"),
        (task("arn:aws:states:::apigateway:invoke", ApiEndpoint="${Api}.execute-api.eu-west-1.amazonaws.com"), "loop"),
        (task(f"{SDK}scheduler:createSchedule", Target={"Arn": "${WorkerArn}"}), "loop"),
        (task("arn:aws:states:::lambda:invoke", FunctionName="${WorkerArn}:$LATEST"), "loop"),
    ],
)
@pytest.mark.parametrize("spelling", ["text", "mapping"])
def test_a_task_does_what_its_call_says(make: Make, states: Any, verdict: str, spelling: str) -> None:
    names = ("Queue", "Table", "Photos", "Api")
    substitutions = {**{name: {"Ref": name} for name in names}, "WorkerArn": arn("Worker")}
    resources = machine_system(make, states, DefinitionSubstitutions=substitutions)
    if spelling == "mapping":
        properties = resources["Machine"]["Properties"]
        properties["Definition"] = json.loads(properties.pop("DefinitionString"))

    assert make.check(resources).verdict == verdict


def test_all_definitions_that_conditions_choose_from_count(make: Make) -> None:
    harmless, looping = (
        {"StartAt": "Call", "States": s} for s in (task("x"), task(f"{SDK}sqs:sendMessage", QueueUrl="q"))
    )
    resources = machine_system(make, task("x"))
    del resources["Machine"]["Properties"]["DefinitionString"]
    resources["Queue"]["Properties"]["QueueName"] = "q"
    resources["Machine"]["Properties"]["Definition"] = {"Fn::If": ["IsProd", harmless, looping]}
    conditions = {"IsProd": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}}

    assert make.check(resources, Conditions=conditions).verdict == "loop"


def test_an_integration_of_an_api_that_is_not_known_may_be_any_apis(make: Make) -> None:
    resources = api_loop(make)
    resources["Integration"]["Properties"]["ApiId"] = {"Fn::ImportValue": "api"}

    assert make.check(resources).verdict == "unproven"
