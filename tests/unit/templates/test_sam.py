"""SAM templates, read as the CloudFormation that they stand for."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.loops import check
from constructs_lib.templates import Template, dependency_cycle
from constructs_lib.templates.documents import parse

HEAD = "Transform: AWS::Serverless-2016-10-31\n"


def sam(text: str) -> Template:
    return Template.of(parse(HEAD + text, name="template.yaml"))


OBJECTS = """
Resources:
  Photos: {Type: AWS::S3::Bucket}
  Resize:
    Type: AWS::Serverless::Function
    Properties:
      Policies:
        - S3CrudPolicy: {BucketName: !Ref Photos}
      Events:
        Upload:
          Type: S3
          Properties:
            Bucket: !Ref Photos
            Events: s3:ObjectCreated:*
            Filter: {S3Key: {Rules: [{Name: prefix, Value: in/}]}}
"""
QUEUE = """
Globals:
  Function:
    Policies: [SQSSendMessagePolicy: {QueueName: !GetAtt Orders.QueueName}]
Resources:
  Orders: {Type: AWS::SQS::Queue}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Events: {Orders: {Type: SQS, Properties: {Queue: !GetAtt Orders.Arn}}}
"""
TOPIC = """
Resources:
  News: {Type: AWS::SNS::Topic}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Policies: {Statement: [{Effect: Allow, Action: sns:Publish, Resource: !Ref News}]}
      Events: {News: {Type: SNS, Properties: {Topic: !Ref News, SqsSubscription: true}}}
"""
TABLE = """
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties: {StreamSpecification: {StreamViewType: NEW_IMAGE}}
  Worker:
    Type: AWS::Serverless::Function
    Connectors: {Write: {Properties: {Destination: {Id: Orders}, Permissions: [Write]}}}
    Properties:
      Events: {Orders: {Type: DynamoDB, Properties: {Stream: !GetAtt Orders.StreamArn, StartingPosition: LATEST}}}
"""
RULE = """
Resources:
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Policies: [EventBridgePutEventsPolicy: {EventBusName: default}]
      Events: {Mine: {Type: EventBridgeRule, Properties: {Pattern: {source: [mine]}}}}
"""
MACHINE = """
Resources:
  Flow:
    Type: AWS::Serverless::StateMachine
    Properties:
      Definition: {StartAt: A, States: {A: {Type: Task, Resource: !GetAtt Worker.Arn, End: true}}}
      Policies: [LambdaInvokePolicy: {FunctionName: !Ref Worker}]
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Policies: [StepFunctionsExecutionPolicy: {StateMachineName: !GetAtt Flow.Name}]
"""
DESTINATION = """
Resources:
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      EventInvokeConfig: {DestinationConfig: {OnSuccess: {Type: SQS, Destination: !GetAtt Done.Arn}}}
      Events: {Done: {Type: SQS, Properties: {Queue: !GetAtt Done.Arn}}}
  Done: {Type: AWS::SQS::Queue}
"""
MANAGED = """
Resources:
  Photos: {Type: AWS::S3::Bucket}
  Resize:
    Type: AWS::Serverless::Function
    Properties:
      Policies: [AmazonS3FullAccess]
      Events: {Upload: {Type: S3, Properties: {Bucket: !Ref Photos, Events: [s3:ObjectCreated:Put]}}}
"""


@pytest.mark.parametrize("text", [OBJECTS, QUEUE, TOPIC, TABLE, RULE, MACHINE, DESTINATION, MANAGED])
def test_a_loop_in_sam_is_found(text: str) -> None:
    assert [finding.verdict for finding in check([sam(text)]).findings] == ["loop"]


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        (OBJECTS, "S3CrudPolicy", "S3ReadPolicy"),
        (QUEUE, "!GetAtt Orders.QueueName", "other"),
        (TABLE, "Permissions: [Write]", "Permissions: [Read]"),
        (RULE, "source: [mine]", "source: [aws.s3]"),
        (MANAGED, "AmazonS3FullAccess", "AmazonS3ReadOnlyAccess"),
    ],
)
def test_what_excuses_in_cloudformation_excuses_in_sam(text: str, old: str, new: str) -> None:
    assert check([sam(text.replace(old, new))]).verdict == "loop-free"


def test_a_circle_that_only_the_translation_shows_is_found() -> None:
    text = """
Resources:
  Photos: {Type: AWS::S3::Bucket}
  Resize:
    Type: AWS::Serverless::Function
    Properties:
      Environment: {Variables: {BUCKET: !Ref Photos}}
      Events: {Upload: {Type: S3, Properties: {Bucket: !Ref Photos, Events: s3:ObjectCreated:*}}}
"""

    assert dependency_cycle(sam(text)) == ["Photos", "Resize", "Photos"]


@pytest.mark.parametrize(
    "broken", [1, "x", [], {}, None, {"Type": 1}, {"Type": "S3"}, {"Type": "SQS", "Properties": []}]
)
def test_wrong_types_are_survived(broken: Any) -> None:
    function = {"Type": "AWS::Serverless::Function", "Properties": {"Events": {"E": broken}, "Policies": broken}}
    document = {"Resources": {"F": function}, "Globals": {"Function": {"Policies": broken}}}

    check([Template.of(document)])
