"""What stands for another resource: an alias, a version, a parameter, or what nobody can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make

Body = dict[str, Any]
VERSION = {"Type": "AWS::StepFunctions::StateMachineVersion", "Properties": {"StateMachineArn": {"Ref": "Flow"}}}
ROUTE = {"StateMachineVersionArn": {"Ref": "Version"}}


def alias(**properties: Any) -> Body:
    return {"Type": "AWS::StepFunctions::StateMachineAlias", "Properties": properties}


@pytest.mark.parametrize(
    ("holder", "name", "verdict"),
    [
        ({"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "Photos"}}}, {"Ref": "It"}, "loop"),
        ({"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "thumbs"}}, {"Ref": "It"}, "loop-free"),
        ({"Type": "AWS::SSM::Parameter", "Properties": {"Value": "photos"}}, {"Fn::GetAtt": ["It", "Value"]}, "loop"),
        ({"Type": "AWS::SSM::Parameter", "Properties": {"Value": "b"}}, {"Fn::GetAtt": ["It", "Value"]}, "loop-free"),
        ({"Type": "AWS::SSM::Parameter", "Properties": {"Name": "photos"}}, {"Ref": "It"}, "loop"),
        ({"Type": "AWS::CloudFormation::CustomResource", "Properties": {}}, {"Ref": "It"}, "unproven"),
        (
            {"Type": "AWS::CloudFormation::CustomResource", "Properties": {}},
            {"Fn::GetAtt": ["It", "BucketName"]},
            "unproven",
        ),
        (
            {"Type": "AWS::ServiceCatalog::CloudFormationProvisionedProduct", "Properties": {}},
            {"Fn::GetAtt": ["It", "Outputs.BucketName"]},
            "unproven",
        ),
        ({"Type": "AWS::EC2::VPC", "Properties": {}}, {"Ref": "It"}, "loop-free"),
    ],
)
def test_what_stands_for_a_bucket_names_it(make: Make, holder: Body, name: Any, verdict: str) -> None:
    resources = {
        "Photos": make.bucket(make.notify("Resize"), BucketName="photos"),
        "Role": make.role(make.allow("s3:PutObject", {"Fn::Sub": ["arn:aws:s3:::${Name}/*", {"Name": name}]})),
        "Resize": make.function(),
        "It": holder,
    }

    assert make.check(resources).verdict == verdict


@pytest.mark.parametrize(
    ("live", "verdict"),
    [
        (VERSION, "loop"),
        (alias(RoutingConfiguration=[{**ROUTE, "Weight": 100}]), "loop"),
        (alias(DeploymentPreference={**ROUTE, "Type": "ALL_AT_ONCE"}), "loop"),
        (alias(), "unproven"),
    ],
)
def test_a_version_or_an_alias_stands_for_its_state_machine(make: Make, live: Body, verdict: str) -> None:
    state = {"Type": "Task", "Resource": {"Fn::GetAtt": ["Work", "Arn"]}, "End": True}
    rule = {"EventPattern": {"source": ["x"]}, "Targets": [{"Id": "flow", "Arn": {"Ref": "Live"}}]}
    resources = {
        "Role": make.role(make.allow("events:PutEvents", "*")),
        "Work": make.function(),
        "Flow": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {"Definition": {"StartAt": "Do", "States": {"Do": state}}},
        },
        "Version": VERSION,
        "Live": live,
        "Rule": {"Type": "AWS::Events::Rule", "Properties": rule},
    }

    assert make.check(resources).verdict == verdict


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ({"Ref": "Work"}, "loop"),
        ({"Fn::Sub": "${Work}:live"}, "loop"),
        ({"Fn::Sub": "${AWS::AccountId}:function:${Work}"}, "loop"),
        ({"Fn::Sub": "${AWS::AccountId}:function:${Work}:live"}, "loop"),
        ({"Fn::Sub": "${Work.Arn}:live"}, "loop"),
        ("123456789012:function:other", "loop-free"),
        ({"Ref": "Anyone"}, "unproven"),
    ],
)
def test_a_function_is_named_by_its_name_or_its_arn_or_a_part_of_it(make: Make, name: Any, verdict: str) -> None:
    source = {"EventSourceArn": {"Fn::GetAtt": ["Jobs", "Arn"]}, "FunctionName": name}
    resources = {
        "Jobs": {"Type": "AWS::SQS::Queue"},
        "Role": make.role(make.allow("sqs:SendMessage", {"Fn::GetAtt": ["Jobs", "Arn"]})),
        "Work": make.function(),
        "Poll": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": source},
    }

    assert make.check(resources, Parameters={"Anyone": {"Type": "String"}}).verdict == verdict


@pytest.mark.parametrize("protocol", ["lambda", "Lambda"])
def test_the_protocol_of_a_subscription_has_no_case(make: Make, protocol: str) -> None:
    told = {"TopicArn": {"Ref": "News"}, "Protocol": protocol, "Endpoint": {"Fn::GetAtt": ["Work", "Arn"]}}
    resources = {
        "News": {"Type": "AWS::SNS::Topic"},
        "Role": make.role(make.allow("sns:Publish", {"Ref": "News"})),
        "Work": make.function(),
        "Tell": {"Type": "AWS::SNS::Subscription", "Properties": told},
    }

    assert make.check(resources).verdict == "loop"
