"""AWS-managed policies whose documents are known, so that they need not be taken for `*`."""

from __future__ import annotations

from constructs_lib.loops.keys import STAR
from constructs_lib.loops.policies import Actions, Allow

__all__ = ["managed_statements"]

_PREFIX = "arn:aws:iam::aws:policy/"
_NAMES: dict[str, tuple[str, ...]] = {
    "service-role/AWSLambdaBasicExecutionRole": ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
    "service-role/AWSLambdaVPCAccessExecutionRole": (
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "ec2:*",
    ),
    "AWSXRayDaemonWriteAccess": ("xray:*",),
    "AWSXrayWriteOnlyAccess": ("xray:*",),
    "CloudWatchLambdaInsightsExecutionRolePolicy": ("logs:*",),
    "service-role/AWSLambdaSQSQueueExecutionRole": (
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "logs:*",
    ),
    "service-role/AWSLambdaDynamoDBExecutionRole": (
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
        "logs:*",
    ),
    "service-role/AWSLambdaKinesisExecutionRole": (
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamSummary",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
        "kinesis:ListStreams",
        "kinesis:SubscribeToShard",
        "logs:*",
    ),
    "AmazonS3ReadOnlyAccess": ("s3:Get*", "s3:List*", "s3:Describe*", "s3-object-lambda:Get*"),
    "AmazonS3FullAccess": ("s3:*", "s3-object-lambda:*"),
}


def managed_statements(arn: str) -> list[Allow] | None:
    """What a managed policy of AWS allows, or None if its document is not known."""
    actions = _NAMES.get(arn.removeprefix(_PREFIX)) if arn.startswith(_PREFIX) else None
    return None if actions is None else [Allow(Actions(actions), STAR)]
