"""What `Ref` and `Fn::GetAtt` return for each resource type, as far as names and ARNs go.

From the "Return values" sections of the AWS resource and property types reference. `{name}` is the physical name,
`{region}` and `{account}` the stack's; the partition is always written `aws`, because one system has one partition.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["NAMING", "STANDS_FOR", "Naming"]


@dataclass(frozen=True)
class Naming:
    """How resources of one type are called.

    Args:
        property: the property that sets the physical name, if one does.
        arn: what `Fn::GetAtt …Arn` returns.
        ref: what `Ref` returns.
        attributes: further attributes of `Fn::GetAtt`.
    """

    property: str
    arn: str
    ref: str = "{name}"
    attributes: Mapping[str, str] = field(default_factory=dict)


def _regional(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{{region}}:{{account}}:{resource}"


def _ref_is_arn(property_: str, arn: str, **attributes: str) -> Naming:
    return Naming(property_, arn, arn, attributes)


_BUCKET = Naming(
    "BucketName",
    "arn:aws:s3:::{name}",
    attributes={
        "DomainName": "{name}.s3.amazonaws.com",
        "RegionalDomainName": "{name}.s3.{region}.amazonaws.com",
    },
)
_TABLE = Naming(
    "TableName",
    _regional("dynamodb", "table/{name}"),
    attributes={"StreamArn": _regional("dynamodb", "table/{name}/stream/latest")},
)

NAMING: Mapping[str, Naming] = {
    "AWS::S3::Bucket": _BUCKET,
    "AWS::S3::AccessPoint": Naming("Name", "arn:aws:s3:{region}:{account}:accesspoint/{name}"),
    "AWS::S3ObjectLambda::AccessPoint": Naming("Name", _regional("s3-object-lambda", "accesspoint/{name}")),
    "AWS::S3::MultiRegionAccessPoint": Naming(
        "Name", "arn:aws:s3::{account}:accesspoint/{name}.mrap", attributes={"Alias": "{name}.mrap"}
    ),
    "AWS::Lambda::Function": Naming("FunctionName", _regional("lambda", "function:{name}")),
    "AWS::Serverless::Function": Naming("FunctionName", _regional("lambda", "function:{name}")),
    "AWS::IAM::Role": Naming("RoleName", "arn:aws:iam::{account}:role{path}{name}"),
    "AWS::IAM::User": Naming("UserName", "arn:aws:iam::{account}:user{path}{name}"),
    "AWS::IAM::Group": Naming("GroupName", "arn:aws:iam::{account}:group{path}{name}"),
    "AWS::IAM::ManagedPolicy": _ref_is_arn("ManagedPolicyName", "arn:aws:iam::{account}:policy{path}{name}"),
    "AWS::SQS::Queue": Naming(
        "QueueName",
        _regional("sqs", "{name}"),
        "https://sqs.{region}.amazonaws.com/{account}/{name}",
        {"QueueName": "{name}", "QueueUrl": "https://sqs.{region}.amazonaws.com/{account}/{name}"},
    ),
    "AWS::SNS::Topic": _ref_is_arn(
        "TopicName", _regional("sns", "{name}"), TopicName="{name}", TopicArn=_regional("sns", "{name}")
    ),
    "AWS::DynamoDB::Table": _TABLE,
    "AWS::DynamoDB::GlobalTable": _TABLE,
    "AWS::Serverless::SimpleTable": _TABLE,
    "AWS::Events::EventBus": Naming("Name", _regional("events", "event-bus/{name}"), attributes={"Name": "{name}"}),
    "AWS::Events::Rule": Naming("Name", _regional("events", "rule/{name}")),
    "AWS::Events::Archive": Naming("ArchiveName", _regional("events", "archive/{name}")),
    "AWS::Events::ApiDestination": Naming("Name", _regional("events", "api-destination/{name}")),
    "AWS::Pipes::Pipe": Naming("Name", _regional("pipes", "pipe/{name}")),
    "AWS::Scheduler::Schedule": Naming("Name", _regional("scheduler", "schedule/default/{name}")),
    "AWS::Scheduler::ScheduleGroup": Naming("Name", _regional("scheduler", "schedule-group/{name}")),
    "AWS::StepFunctions::StateMachine": _ref_is_arn(
        "StateMachineName", _regional("states", "stateMachine:{name}"), Name="{name}"
    ),
    "AWS::Serverless::StateMachine": _ref_is_arn("Name", _regional("states", "stateMachine:{name}"), Name="{name}"),
    "AWS::StepFunctions::Activity": _ref_is_arn("Name", _regional("states", "activity:{name}"), Name="{name}"),
    "AWS::ECS::TaskDefinition": _ref_is_arn("Family", _regional("ecs", "task-definition/{name}:1")),
    "AWS::ECR::Repository": Naming("RepositoryName", _regional("ecr", "repository/{name}")),
    "AWS::CodeCommit::Repository": Naming(
        "RepositoryName", _regional("codecommit", "{name}"), attributes={"Name": "{name}"}
    ),
    "AWS::SSM::Parameter": Naming("Name", _regional("ssm", "parameter/{name}")),
    "AWS::CodeBuild::Project": Naming("Name", _regional("codebuild", "project/{name}")),
    "AWS::Batch::JobDefinition": _ref_is_arn("JobDefinitionName", _regional("batch", "job-definition/{name}:1")),
    "AWS::SecretsManager::Secret": _ref_is_arn(
        "Name",
        _regional("secretsmanager", "secret:{name}-abcdef"),  # six characters that Secrets Manager makes up
        Id=_regional("secretsmanager", "secret:{name}-abcdef"),
    ),
    "AWS::Glue::Crawler": Naming("Name", _regional("glue", "crawler/{name}")),
    "AWS::Glue::Trigger": Naming("Name", _regional("glue", "trigger/{name}")),
    "AWS::Glue::Workflow": Naming("Name", _regional("glue", "workflow/{name}")),
    "AWS::Glue::Job": Naming("Name", _regional("glue", "job/{name}")),
    "AWS::Kinesis::Stream": Naming("Name", _regional("kinesis", "stream/{name}")),
    "AWS::MSK::Cluster": _ref_is_arn("ClusterName", _regional("kafka", "cluster/{name}/id")),
    "AWS::MSK::ServerlessCluster": _ref_is_arn("ClusterName", _regional("kafka", "cluster/{name}/id")),
    "AWS::KinesisFirehose::DeliveryStream": Naming(
        "DeliveryStreamName", _regional("firehose", "deliverystream/{name}")
    ),
    "AWS::Logs::LogGroup": Naming("LogGroupName", _regional("logs", "log-group:{name}:*")),
    "AWS::CloudWatch::Alarm": Naming("AlarmName", _regional("cloudwatch", "alarm:{name}")),
    "AWS::CloudWatch::CompositeAlarm": Naming("AlarmName", _regional("cloudwatch", "alarm:{name}")),
    "AWS::CloudTrail::Trail": Naming("TrailName", _regional("cloudtrail", "trail/{name}")),
    "AWS::ApiGateway::RestApi": Naming("", _regional("execute-api", "{name}"), attributes={"RestApiId": "{name}"}),
    "AWS::ApiGatewayV2::Api": Naming(
        "",
        _regional("execute-api", "{name}"),
        attributes={"ApiId": "{name}", "ApiEndpoint": "https://{name}.execute-api.{region}.amazonaws.com"},
    ),
    "AWS::Cognito::UserPool": Naming("", _regional("cognito-idp", "userpool/{name}")),
    "AWS::IoT::TopicRule": Naming("RuleName", _regional("iot", "rule/{name}")),
    "IoT": Naming("", _regional("iot", "broker/{name}")),  # each account has one, which no template declares
    "AWS::AppSync::GraphQLApi": _ref_is_arn(
        "",
        _regional("appsync", "apis/{name}"),
        ApiId="{name}",
        GraphQLEndpointArn=_regional("appsync", "apis/{name}"),
        GraphQLUrl="https://{name}.appsync-api.{region}.amazonaws.com/graphql",
    ),
    "AWS::AppSync::DataSource": _ref_is_arn("Name", _regional("appsync", "apis/*/datasources/{name}"), Name="{name}"),
    "AWS::Serverless::Api": Naming("", _regional("execute-api", "{name}")),
    "AWS::Serverless::HttpApi": Naming("", _regional("execute-api", "{name}")),
}

STANDS_FOR: Mapping[tuple[str, str], str] = {
    ("AWS::S3::AccessPoint", "Alias"): "Bucket",
    ("AWS::S3::BucketPolicy", "Ref"): "Bucket",
    ("AWS::Logs::Destination", "Arn"): "TargetArn",
    ("AWS::SecretsManager::SecretTargetAttachment", "Ref"): "SecretId",
    ("AWS::SSM::Parameter", "Ref"): "Name",
    ("AWS::SSM::Parameter", "Value"): "Value",
    **{("AWS::Kinesis::StreamConsumer", attribute): "StreamARN" for attribute in ("Ref", "ConsumerARN", "StreamARN")},
    **{("AWS::StepFunctions::StateMachineVersion", attribute): "StateMachineArn" for attribute in ("Ref", "Arn")},
}
"""Attributes that stand for what a property of the resource says."""
