"""A filter that a condition may take away lets everything through, where it is not known to be there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.loops import check
from constructs_lib.templates import Template

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make

Body = dict[str, Any]
NO_VALUE = {"Ref": "AWS::NoValue"}
SECTIONS: Body = {
    "Parameters": {"Stage": {"Type": "String", "AllowedValues": ["dev", "prod"]}},
    "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
}
PREFIX = {"Name": "prefix", "Value": "in/"}
SUFFIX = {"Name": "suffix", "Value": ".jpg"}


def only_if(value: Any, otherwise: Any = NO_VALUE) -> Body:
    return {"Fn::If": ["IsProd", value, otherwise]}


@pytest.mark.parametrize(
    "filter_",
    [
        only_if({"S3Key": {"Rules": [PREFIX]}}),
        {"S3Key": only_if({"Rules": [PREFIX]})},
        {"S3Key": {"Rules": only_if([PREFIX])}},
        {"S3Key": {"Rules": only_if([PREFIX], [SUFFIX])}},
        {"S3Key": {"Rules": [only_if(PREFIX)]}},
        {"S3Key": {"Rules": [only_if(PREFIX, SUFFIX)]}},
        {"S3Key": {"Rules": [{"Name": "prefix", "Value": only_if("in/", "out/")}]}},
    ],
)
def test_a_notification_without_its_prefix_in_one_world(make: Make, filter_: Body) -> None:
    resources = {
        "Photos": make.bucket({**make.notify("Resize"), "Filter": filter_}),
        "Role": make.role(make.allow("s3:PutObject", make.objects("Photos", "out/*.jpg"))),
        "Resize": make.function(),
    }
    report = make.check(resources, **SECTIONS)

    assert (report.verdict, [finding.when for finding in report.findings]) == ("loop", [("Stage is `dev`",)])


@pytest.mark.parametrize(
    ("pattern", "verdict"),
    [
        ({"source": ["photos"], "detail": {"kind": only_if(["x"])}}, "loop"),
        ({"source": only_if(["aws.s3"])}, "loop"),
        ({"source": [{"anything-but": only_if("photos", "others")}]}, "loop"),
        ({"source": ["aws.s3"]}, "loop-free"),
    ],
)
def test_a_rule_without_a_field_in_one_world(make: Make, pattern: Body, verdict: str) -> None:
    rule = {"EventPattern": pattern, "Targets": [{"Arn": {"Fn::GetAtt": ["Resize", "Arn"]}}]}
    resources = {
        "Role": make.role(make.allow("events:PutEvents", "*")),
        "Resize": make.function(),
        "Rule": {"Type": "AWS::Events::Rule", "Properties": rule},
    }

    assert make.check(resources, **SECTIONS).verdict == verdict


@pytest.mark.parametrize(
    "criteria",
    [
        only_if({"Filters": [{"Pattern": '{"eventName": ["REMOVE"]}'}]}),
        {"Filters": only_if([{"Pattern": '{"eventName": ["REMOVE"]}'}])},
        {"Filters": [only_if({"Pattern": '{"eventName": ["REMOVE"]}'})]},
    ],
)
def test_a_mapping_without_criteria_in_one_world(make: Make, criteria: Body) -> None:
    source = {"Fn::GetAtt": ["Index", "StreamArn"]}
    mapping = {"EventSourceArn": source, "FunctionName": {"Ref": "Resize"}, "FilterCriteria": criteria}
    stream = {"StreamSpecification": {"StreamViewType": "KEYS_ONLY"}}
    resources = {
        "Index": {"Type": "AWS::DynamoDB::Table", "Properties": stream},
        "Role": make.role(make.allow("dynamodb:PutItem", {"Fn::GetAtt": ["Index", "Arn"]})),
        "Resize": make.function(),
        "Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping},
    }
    report = make.check(resources, **SECTIONS)

    assert (report.verdict, [finding.when for finding in report.findings]) == ("loop", [("Stage is `dev`",)])


def test_a_function_of_sam_whose_role_is_made_in_one_world() -> None:
    function = {
        "Role": only_if({"Fn::GetAtt": ["Role", "Arn"]}),
        "Policies": [{"Statement": {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::photos/*"}}],
        "Events": {"New": {"Type": "S3", "Properties": {"Bucket": {"Ref": "Photos"}, "Events": "s3:ObjectCreated:*"}}},
    }
    resources = {
        "Photos": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "photos"}},
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"Policies": []}},
        "Resize": {"Type": "AWS::Serverless::Function", "Properties": function},
    }
    document = {"Transform": "AWS::Serverless-2016-10-31", "Resources": resources, **SECTIONS}
    report = check([Template.of(document)])

    assert (report.verdict, [finding.when for finding in report.findings]) == ("loop", [("Stage is `dev`",)])
