"""State machines, and log groups."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.loops.edges.parts import arn, body, loops, mapping, rule, worker

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make
    from tests.unit.loops.edges.parts import Resources


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


@pytest.mark.parametrize(
    ("resources", "path", "severity"),
    [
        (log_loop, "Worker > /aws/lambda/${Worker} > Worker", "endless"),
        (machine_loop, "Worker > Machine > Worker", "endless"),
        (machine_log_loop, "Worker > Machine > Group > Worker", "endless"),
        (machine_status_loop, "Machine > default event bus > Machine", "endless"),
    ],
)
def test_machines_and_logs_make_loops(make: Make, resources: Any, path: str, severity: str) -> None:
    report = make.check(resources(make))

    assert (path, severity) in loops(report)
    assert len(report.findings) == 1


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


IS_PROD = {"IsProd": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}}


def chosen(one: Any, other: Any) -> dict[str, Any]:
    return {"Fn::If": ["IsProd", one, other]}


@pytest.mark.parametrize("spelling", ["text", "mapping"])
@pytest.mark.parametrize("first", [{"Ref": "AWS::NoValue"}, {"Arn": "arn:aws:lambda:::function:another"}])
def test_all_substitutions_that_conditions_choose_from_count(make: Make, spelling: str, first: Any) -> None:
    states = task("arn:aws:states:::lambda:invoke", FunctionName="${Arn}")
    resources = machine_system(make, states, DefinitionSubstitutions=chosen(first, {"Arn": arn("Worker")}))
    if spelling == "mapping":
        properties = resources["Machine"]["Properties"]
        properties["Definition"] = json.loads(properties.pop("DefinitionString"))

    assert make.check(resources, Conditions=IS_PROD).verdict == "loop"


@pytest.mark.parametrize("place", ["States", "state", "Branches", "branch"])
def test_conditions_inside_of_a_definition_count(make: Make, place: str) -> None:
    states: Any = task(f"{SDK}sqs:sendMessage", QueueUrl="q")
    if place == "States":
        states = chosen({}, states)
    if place == "state":
        states = {"Call": chosen({"Type": "Pass", "End": True}, states["Call"])}
    if place in {"Branches", "branch"}:
        branch: Any = {"StartAt": "Call", "States": states}
        branches = chosen([], [branch]) if place == "Branches" else [chosen({"Ref": "AWS::NoValue"}, branch)]
        states = {"Both": {"Type": "Parallel", "Branches": branches, "End": True}}
    resources = machine_system(make, task("x"))
    resources["Queue"]["Properties"]["QueueName"] = "q"
    del resources["Machine"]["Properties"]["DefinitionString"]
    resources["Machine"]["Properties"]["Definition"] = {"StartAt": "Call", "States": states}

    assert make.check(resources, Conditions=IS_PROD).verdict == "loop"


@pytest.mark.parametrize(
    ("written", "verdict"),
    [
        ("arn:aws:logs:eu-west-1:123456789012:log-group:audit:*", "loop"),
        ("arn:aws:logs:eu-west-1:123456789012:log-group:audit:log-stream:all", "loop"),
        ("arn:aws:logs:eu-west-1:123456789012:log-group:audit*", "loop"),
        (arn("Audit"), "loop"),
        ({"Fn::ImportValue": "group"}, "unproven"),
        ("arn:aws:logs:eu-west-1:123456789012:log-group:another:*", "loop-free"),
        ("arn:aws:logs:eu-west-1:123456789012:log-group:*", "loop-free"),
        ("*", "loop-free"),
    ],
)
def test_a_grant_that_names_a_group_is_a_way_into_it(make: Make, written: Any, verdict: str) -> None:
    subscription = {"LogGroupName": "audit", "FilterPattern": "", "DestinationArn": arn("Worker")}
    resources = {
        **worker(make, ["logs:CreateLogStream", "logs:PutLogEvents"], written),
        "Audit": body("AWS::Logs::LogGroup", LogGroupName="audit"),
        "Subscription": body("AWS::Logs::SubscriptionFilter", **subscription),
    }

    assert make.check(resources).verdict == verdict
