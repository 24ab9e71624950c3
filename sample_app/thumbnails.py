"""A photo that arrives in a bucket becomes a thumbnail and an item of an index."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from constructs_lib import GetObject, PutItem, PutObject, RustFunction, S3Trigger, stable_name

FUNCTIONS = Path(__file__).with_name("functions")
ORIGINALS = "originals/"


class Thumbnails(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str, *, thumbnails: str = "thumbnails/") -> None:
        super().__init__(scope, construct_id, description="Photos become thumbnails")

        # The sample goes away without a trace: a bucket or table of your own wants RETAIN.
        photos = s3.Bucket(
            self,
            "Photos",
            bucket_name=stable_name("photos"),
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        index = dynamodb.TableV2(
            self,
            "Index",
            partition_key=dynamodb.Attribute(name="key", type=dynamodb.AttributeType.STRING),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        failures = sqs.Queue(self, "Failures", enforce_ssl=True, retention_period=cdk.Duration.days(14))

        RustFunction(
            self,
            "Thumbnail",
            workspace=FUNCTIONS,
            binary="thumbnail",
            triggers=[S3Trigger(photos, prefix=ORIGINALS)],
            access=[
                GetObject(photos, prefix=ORIGINALS),
                PutObject(photos, prefix=thumbnails),
                PutItem(index),
            ],
            environment={
                "BUCKET_NAME": photos.bucket_name,
                "TABLE_NAME": index.table_name,
                "ORIGINALS_PREFIX": ORIGINALS,
                "THUMBNAILS_PREFIX": thumbnails,
            },
            memory_size=1024,
            timeout=cdk.Duration.minutes(1),
            logging_format=lambda_.LoggingFormat.JSON,
            # The SDK repeats what may pass by itself; what is left, such as a file that is no photo, fails again.
            retry_attempts=0,
            on_failure=failures,
        )

        cdk.CfnOutput(self, "BucketName", value=photos.bucket_name)
        cdk.CfnOutput(self, "TableName", value=index.table_name)
        cdk.CfnOutput(self, "QueueUrl", value=failures.queue_url)
