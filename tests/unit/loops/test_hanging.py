"""What a path hangs on: which conditions have to be told apart for it, and which have not."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.loops.hanging import Hanging
from constructs_lib.templates import Template
from constructs_lib.templates.conditions import WorldTemplates
from constructs_lib.templates.variables import Variables

Body = dict[str, Any]
NO_VALUE = {"Ref": "AWS::NoValue"}


def arn(name: str) -> Body:
    return {"Fn::GetAtt": [name, "Arn"]}


def ref(name: str) -> Body:
    return {"Ref": name}


def if_(name: str, value: Any = "one", otherwise: Any = NO_VALUE) -> Body:
    """A value that hangs on a condition of its own."""
    return {"Fn::If": [name, value, otherwise]}


def body(type_: str, **properties: Any) -> Body:
    return {"Type": f"AWS::{type_}", "Properties": properties}


def conditions_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["Fn::If"][0]} if "Fn::If" in value else set()
        return own.union(*map(conditions_in, value.values()))
    return set().union(*map(conditions_in, value)) if isinstance(value, list) else set()


def template(name: str, resources: dict[str, Body], outputs: dict[str, Body]) -> Template:
    """A template in which each resource and each output has a condition of its own, of its name."""
    names = {*resources, *outputs, *conditions_in([*resources.values(), *outputs.values()])}
    document = {
        "Parameters": {f"{one}Parameter": {"Type": "String"} for one in names},
        "Conditions": {one: {"Fn::Equals": [ref(f"{one}Parameter"), "yes"]} for one in names},
        "Resources": {key: {**resource, "Condition": key} for key, resource in resources.items()},
        "Outputs": {key: {**output, "Condition": key} for key, output in outputs.items()},
    }
    return Template.of(document, name=name)


def hangs_on(
    resources: dict[str, Body],
    *path: str,
    exporting: dict[str, Body] | None = None,
    outputs: dict[str, Body] | None = None,
) -> str:
    """The names of the conditions, as one text; the resources of a path are in the first template."""
    templates = [template("Stack", resources, {}), template("Data", exporting or {}, outputs or {})]
    found = Hanging(WorldTemplates(Variables(templates), {})).waiting([(0, name) for name in path])
    return " ".join(sorted(str(variable).partition("Parameter")[0] for variable in found))


FUNCTION = body("Lambda::Function", Role=arn("Role"))
DOCUMENT = {"Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn("Sent")}]}


def test_a_function_hangs_on_its_role_and_the_policies_of_it_and_what_they_name() -> None:
    resources = {
        "Work": FUNCTION,
        "Role": body("IAM::Role", ManagedPolicyArns=[ref("Managed")], Policies=[if_("Inline", {"PolicyName": "x"})]),
        "Managed": body("IAM::ManagedPolicy", PolicyDocument={"Statement": if_("Granted", [])}),
        "Attached": body("IAM::Policy", Roles=[ref("Role")], PolicyDocument=DOCUMENT),
        "Single": body("IAM::RolePolicy", RoleName=if_("Named", ref("Role")), PolicyDocument=DOCUMENT),
        "AttachedToo": body("IAM::ManagedPolicy", Roles=[if_("Chosen", ref("Role"))]),
        "Sent": body("SQS::Queue", QueueName=if_("Name"), RedrivePolicy=if_("Redrive")),
        "Other": body("Lambda::Function", Role=arn("OtherRole")),
        "OtherRole": body("IAM::Role", ManagedPolicyArns=[ref("Elsewhere")]),
        "Elsewhere": body("IAM::Policy", Roles=[ref("OtherRole")], PolicyDocument={"Of": [arn("Role"), arn("Work")]}),
    }

    assert (
        hangs_on(resources, "Work")
        == "Attached AttachedToo Chosen Granted Inline Managed Name Named Role Sent Single Work"
    )
    assert hangs_on(resources, "Other") == "Elsewhere Other OtherRole Role Work"
    assert hangs_on(resources, "Missing") == ""


def test_what_joins_a_resource_decides_over_it_with_all_that_it_says() -> None:
    resources = {
        "Photos": body("S3::Bucket"),
        "Policy": body("S3::BucketPolicy", Bucket=ref("Photos"), PolicyDocument=if_("Granted")),
        "Work": body("Lambda::Function"),
        "Url": body("Lambda::Url", TargetFunctionArn=arn("Work"), AuthType=if_("Public")),
        "Method": body("ApiGateway::Method", Uri=arn("Work"), RestApiId=ref("Api")),
        "Api": body("ApiGateway::RestApi", Name=if_("Name"), Body=if_("Written")),
        "Stage": body("ApiGateway::Stage", Name=if_("StageName"), Of=ref("Method")),
        "Bus": body("Events::EventBus"),
        "BusPolicy": body("Events::EventBusPolicy", EventBusName=ref("Bus")),
        "Alarm": body("CloudWatch::Alarm", Of=arn("Work")),
    }

    assert hangs_on(resources, "Photos") == "Granted Photos Policy"
    assert hangs_on(resources, "Bus") == "Bus BusPolicy"
    assert hangs_on(resources, "Work") == "Api Method Public Stage StageName Url Work"


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"Events": if_("Heard")}, "Heard"),
        ({"Tags": if_("Tagged"), "Timeout": if_("Long"), "Handler": if_("Handled")}, ""),
        ({"Environment": {"Variables": {"URL": if_("Url", ref("Queue"), "x"), "NAME": if_("Called")}}}, "Queue Url"),
        ({"Environment": if_("Set", {"Variables": {"URL": ref("Queue")}})}, ""),
        ({"Environment": [if_("Listed", ref("Queue"))]}, "Listed Queue"),
        ({"Target": ref("Queue")}, "Queue"),
        ({"Target": {"Fn::Sub": "${Queue}-${AWS::Region}"}}, "Queue"),
        ({"Target": [if_("One", arn("Queue")), if_("Two", arn("Missing"))]}, "One Queue Two"),
        ({"Target": ref("Named")}, "Name Named"),
        ({"Target": ref("Alias")}, "Alias Pointed Worker"),
        ({"Target": ref("Point")}, "Behind Point Worker"),
        ({"Target": ref("Unknown")}, "Property Unknown Worker"),
    ],
)
def test_a_resource_hangs_on_what_tells_whom_it_wakes(properties: Body, expected: str) -> None:
    resources = {
        "Work": body("Lambda::Function", **properties),
        "Queue": body("SQS::Queue", KmsMasterKeyId=if_("Key")),
        "Named": body("SQS::Queue", QueueName=if_("Name"), RedrivePolicy=if_("Redrive", arn("Queue"))),
        "Alias": body("Lambda::Alias", Name="live", FunctionName=if_("Pointed", ref("Worker"))),
        "Point": body("S3::AccessPoint", Bucket=if_("Behind", ref("Worker"))),
        "Unknown": body("Some::Thing", Any=if_("Property", ref("Worker"))),
        "Worker": body("Lambda::Function", Role=if_("Role")),
    }

    assert hangs_on(resources, "Work") == " ".join(sorted(["Work", *expected.split()]))


def test_what_connectors_name_counts() -> None:
    connectors = {"Connectors": {"Writing": {"Properties": {"Destination": {"Id": if_("Which")}}}}}

    assert hangs_on({"Work": {**body("Serverless::Function"), **connectors}}, "Work") == "Which Work"


def test_a_resource_hangs_on_what_other_templates_export() -> None:
    shared = {"Fn::ImportValue": "shared-role"}
    resources = {
        "Work": body("Lambda::Function", Role=shared, Target={"Fn::ImportValue": "queue"}),
        "Attached": body("IAM::Policy", Roles=[shared], PolicyDocument=if_("Granted")),
    }
    exporting = {
        "Role": body("IAM::Role", Policies=if_("Inline")),
        "Queue": body("SQS::Queue", QueueName=if_("Name")),
        "Unused": body("SQS::Queue"),
    }
    outputs = {
        "RoleArn": {"Value": if_("Chosen", arn("Role")), "Export": {"Name": "shared-role"}},
        "QueueArn": {"Value": arn("Queue"), "Export": {"Name": "queue"}},
        "Other": {"Value": arn("Unused"), "Export": {"Name": "unused"}},
    }

    assert (
        hangs_on(resources, "Work", exporting=exporting, outputs=outputs)
        == "Attached Chosen Granted Inline Name Queue QueueArn Role RoleArn Work"
    )


def test_what_exports_in_a_circle_is_looked_at_once() -> None:
    imported = {"Fn::ImportValue": "queue"}
    outputs = {"QueueArn": {"Value": if_("Chosen", imported), "Export": {"Name": "queue"}}}

    assert (
        hangs_on({"Work": body("Lambda::Function", Role=imported)}, "Work", outputs=outputs) == "Chosen QueueArn Work"
    )


def test_resources_that_name_each_other_are_looked_at_once() -> None:
    resources = {
        "One": body("Some::Thing", Other=ref("Two")),
        "Two": body("Some::Thing", Other=ref("Three")),
        "Three": body("Some::Thing", Other=ref("Two")),
    }

    assert hangs_on(resources, "One") == "One Three Two"


def test_calls_that_are_recorded_hang_on_the_trails() -> None:
    resources = {"Work": body("Lambda::Function"), "Trail": body("CloudTrail::Trail", IsLogging=if_("Logging"))}

    assert hangs_on(resources, "Work") == "Work"
    assert hangs_on(resources, "Work", "CloudTrail", exporting={"Far": body("CloudTrail::Trail")}) == (
        "Far Logging Trail Work"
    )
