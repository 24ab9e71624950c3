"""Where in a template each arrow stands that something makes by itself, without a grant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.loops import check
from constructs_lib.templates import Template
from tests.unit.loops.edges.parts import Resources, arn, body, mapping, rule
from tests.unit.loops.edges.test_machines_and_logs import machine

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make

QUEUE = {"Queue": body("AWS::SQS::Queue"), "Mapping": mapping(arn("Queue"))}
CALL = {"Call": {"Type": "Task", "Resource": arn("Worker"), "End": True}}


def positions(resources: Resources) -> dict[str, str]:
    """Where each arrow of the one loop stands, below `Resources`."""
    (finding,) = check([Template.of({"Resources": resources})]).findings
    return {f"{step.source_id} > {step.target_id}": "/".join(map(str, step.at[1:])) for step in finding.path}


def function(make: Make, **properties: Any) -> Resources:
    return {"Worker": make.function(**properties), "Role": make.role(make.allow("logs:*", "*"))}


def sam(**properties: Any) -> Resources:
    return {"Worker": body("AWS::Serverless::Function", **properties), **QUEUE}


def started(make: Make, machine_: dict[str, Any]) -> Resources:
    role = make.role(make.allow("states:StartExecution", {"Ref": "Machine"}))
    return {"Worker": make.function(), "Role": role, "Machine": machine_, "MachineRole": make.role()}


def test_a_dead_letter_target(make: Make) -> None:
    resources = {**function(make, DeadLetterConfig={"TargetArn": arn("Queue")}), **QUEUE}
    assert positions(resources)["Worker > Queue"] == "Worker/Properties/DeadLetterConfig"


def test_a_dead_letter_target_in_sam() -> None:
    queue = {"Type": "SQS", "TargetArn": arn("Queue")}
    assert positions(sam(DeadLetterQueue=queue))["Worker > Queue"] == "Worker/Properties/DeadLetterQueue"


def test_a_destination(make: Make) -> None:
    configured = {"OnFailure": {"Destination": arn("Queue")}}
    config = body("AWS::Lambda::EventInvokeConfig", FunctionName={"Ref": "Worker"}, DestinationConfig=configured)
    found = positions({**function(make), **QUEUE, "Config": config})
    assert found["Worker > Queue"] == "Config/Properties/DestinationConfig/OnFailure"


@pytest.mark.parametrize("kind", [{"Destination": arn("Queue")}, {"Type": "SQS"}])
def test_a_destination_in_sam(kind: dict[str, Any]) -> None:
    resources = sam(EventInvokeConfig={"DestinationConfig": {"OnSuccess": kind}})
    if "Type" in kind:
        resources["Mapping"] = mapping(arn("WorkerOnSuccess"))
    (at, *_) = positions(resources).values()
    assert at == "Worker/Properties/EventInvokeConfig/DestinationConfig/OnSuccess"


def test_where_records_go_that_failed(make: Make) -> None:
    failed = {"OnFailure": {"Destination": arn("Queue")}}
    stream = mapping(arn("Stream"), StartingPosition="LATEST", DestinationConfig=failed)
    resources = {**function(make), **QUEUE, "Stream": body("AWS::Kinesis::Stream"), "Reading": stream}
    assert positions(resources)["Worker > Queue"] == "Reading/Properties/DestinationConfig/OnFailure"


@pytest.mark.parametrize(
    ("properties", "at"),
    [({}, "Worker"), ({"LoggingConfig": {"LogGroup": {"Ref": "Group"}}}, "Worker/Properties/LoggingConfig")],
)
def test_a_functions_own_logs(make: Make, properties: dict[str, Any], at: str) -> None:
    name = "group" if properties else {"Fn::Sub": "/aws/lambda/${Worker}"}
    subscription = body("AWS::Logs::SubscriptionFilter", LogGroupName={"Ref": "Group"}, DestinationArn=arn("Worker"))
    group = body("AWS::Logs::LogGroup", LogGroupName=name)
    resources = {**function(make, **properties), "Group": group, "Subscription": subscription}
    assert positions(resources) == {"Worker > Group": at, "Group > Worker": "Subscription"}


def test_the_logs_of_a_state_machine(make: Make) -> None:
    logging = {"Level": "ALL", "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": arn("Group")}}]}
    resources = {
        **started(make, machine({"Done": {"Type": "Succeed"}}, LoggingConfiguration=logging)),
        "Group": body("AWS::Logs::LogGroup"),
        "Subscription": body(
            "AWS::Logs::SubscriptionFilter", LogGroupName={"Ref": "Group"}, DestinationArn=arn("Worker")
        ),
    }
    at = "Machine/Properties/LoggingConfiguration/Destinations/0/CloudWatchLogsLogGroup"
    assert positions(resources)["Machine > Group"] == at


def test_a_task_in_a_definition_that_is_a_part_of_the_template(make: Make) -> None:
    definition = {"StartAt": "Call", "States": CALL}
    resources = started(make, body("AWS::StepFunctions::StateMachine", Definition=definition))
    assert positions(resources)["Machine > Worker"] == "Machine/Properties/Definition/States/Call"


def test_a_task_in_a_definition_that_is_a_text(make: Make) -> None:
    call = {"Call": {**CALL["Call"], "Resource": "${Worker}"}}
    resources = started(make, machine(call, DefinitionSubstitutions={"Worker": arn("Worker")}))
    assert positions(resources)["Machine > Worker"] == "Machine/Properties/DefinitionString"


def test_the_status_of_an_execution(make: Make) -> None:
    resources = {
        "Machine": machine({"Done": {"Type": "Succeed"}}),
        "MachineRole": make.role(),
        "Rule": rule({"source": ["aws.states"]}, {"Ref": "Machine"}),
    }
    assert positions(resources) == {
        "Machine > default event bus": "Machine",
        "default event bus > Machine": "Rule",
    }


def test_what_a_bucket_passes_on(make: Make) -> None:
    replicated = {"Status": "Enabled", "Prefix": "", "Destination": {"Bucket": arn("Copy")}}
    resources = {
        "Worker": make.function(),
        "Role": make.role(make.allow("s3:PutObject", make.objects("Photos"))),
        "Photos": make.bucket(ReplicationConfiguration={"Rules": [replicated]}),
        "Copy": make.bucket(make.notify("Worker")),
    }
    assert positions(resources)["Photos > Copy"] == "Photos/Properties/ReplicationConfiguration/Rules/0"


def test_a_policy_template_of_sam() -> None:
    policies = [
        "AWSLambdaBasicExecutionRole",
        {"SQSSendMessagePolicy": {"QueueName": {"Fn::GetAtt": ["Queue", "QueueName"]}}},
    ]
    assert positions(sam(Policies=policies))["Worker > Queue"] == "Worker/Properties/Policies/1"


def test_an_event_whose_properties_are_no_mapping() -> None:
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
    events = {"Odd": {"Type": "Api", "Properties": 7}}
    resources = {"Worker": sam(Policies=[{"Statement": statement}], Events=events)["Worker"]}
    assert positions(resources)["ServerlessRestApi > Worker"] == "Worker/Properties/Events/Odd"


def test_a_grant_of_a_managed_policy_stands_where_that_is_attached(make: Make) -> None:
    full = ["arn:aws:iam::aws:policy/AmazonSQSFullAccess"]
    resources = {"Worker": make.function(), "Role": make.role(ManagedPolicyArns=full), **QUEUE}
    assert positions(resources)["Worker > Queue"] == "Role/Properties/ManagedPolicyArns"


def test_a_grant_of_a_managed_policy_in_sam() -> None:
    properties = {"Policies": ["AmazonSQSFullAccess"], "CodeUri": ".", "Handler": "h", "Runtime": "python3.12"}
    found = positions({"Worker": body("AWS::Serverless::Function", **properties), **QUEUE})
    assert found["Worker > Queue"] == "Worker/Properties/Policies"


def test_a_grant_of_a_role_that_is_not_there_stands_where_that_is_named(make: Make) -> None:
    worker = make.function()
    worker["Properties"]["Role"] = "arn:aws:iam::123456789012:role/elsewhere"
    template = Template.of({"Resources": {"Worker": worker}})
    (finding,) = check([template]).findings
    assert finding.path[0].at == ("Resources", "Worker", "Properties", "Role")
