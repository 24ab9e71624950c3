"""What is deployed: whole templates, resource ids included, as they are a contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Template

from constructs_lib import GetObject, HttpApiTrigger, PutItem, PutObject, S3Trigger, Trigger, stable_name

if TYPE_CHECKING:
    from tests.constructs.conftest import Declare, NewStack, Snapshot


def test_photo_to_thumbnail(stack: cdk.Stack, declare: Declare, snapshot: Snapshot) -> None:
    photos = s3.Bucket(stack, "Photos", bucket_name=stable_name("photos"))
    key = dynamodb.Attribute(name="key", type=dynamodb.AttributeType.STRING)
    index = dynamodb.TableV2(stack, "Index", partition_key=key)
    declare(
        stack,
        "Resize",
        triggers=[S3Trigger(photos, prefix="originals/", suffix=".jpg")],
        access=[GetObject(photos, prefix="originals/"), PutObject(photos, prefix="thumbnails/"), PutItem(index)],
        environment={"TABLE_NAME": index.table_name, "BUCKET_NAME": photos.bucket_name},
        on_failure=sqs.Queue(stack, "Failures"),
        retry_attempts=0,
        memory_size=1024,
    )
    snapshot("photo_to_thumbnail", stack)


def test_every_kind_of_route(stack: cdk.Stack, declare: Declare, snapshot: Snapshot) -> None:
    api = apigatewayv2.HttpApi(stack, "Api")
    users = authorizers.HttpJwtAuthorizer("Users", "https://issuer.example", jwt_audience=["web"])
    declare(
        stack,
        "Hello",
        triggers=[
            HttpApiTrigger(api, method="GET", path="/", public=True),
            HttpApiTrigger(api, method=apigatewayv2.HttpMethod.PUT, path="/photos/{id}", authorizer=users),
            HttpApiTrigger(api, method="ANY", path="/admin/{rest+}", authorizer=authorizers.HttpIamAuthorizer()),
            HttpApiTrigger(api, method="ANY", path="$default", public=True),
        ],
    )
    snapshot("every_kind_of_route", stack)


def test_a_public_route_of_an_api_with_a_default_authorizer(
    stack: cdk.Stack, declare: Declare, snapshot: Snapshot
) -> None:
    users = authorizers.HttpJwtAuthorizer("Users", "https://issuer.example", jwt_audience=["web"])
    api = apigatewayv2.HttpApi(stack, "Api", default_authorizer=users)
    routes = [
        HttpApiTrigger(api, method="GET", path="/health", public=True),
        HttpApiTrigger(api, method="GET", path="/me"),
    ]
    declare(stack, "Hello", triggers=routes)
    snapshot("default_authorizer", stack)


def test_a_route_of_an_imported_api(stack: cdk.Stack, declare: Declare, snapshot: Snapshot) -> None:
    api = apigatewayv2.HttpApi.from_http_api_attributes(stack, "Api", http_api_id="a1b2c3")
    declare(stack, "Hello", triggers=[HttpApiTrigger(api, method="GET", path="/", public=True)])
    snapshot("imported_api", stack)


def test_two_functions_of_one_bucket_and_two_buckets_of_one_function(
    stack: cdk.Stack, declare: Declare, snapshot: Snapshot
) -> None:
    photos = s3.Bucket(stack, "Photos", bucket_name=stable_name("photos"))
    films = s3.Bucket(stack, "Films", bucket_name=stable_name("films"))
    removed = s3.EventType.OBJECT_REMOVED
    declare(stack, "Resize", triggers=[S3Trigger(photos, suffix=".jpg"), S3Trigger(photos, suffix=".png")])
    declare(stack, "Forget", triggers=[S3Trigger(photos, events=[removed]), S3Trigger(films, events=[removed])])
    snapshot("two_functions_two_buckets", stack)


def test_resources_with_keys_of_their_own(new_stack: NewStack, declare: Declare, snapshot: Snapshot) -> None:
    # CDK cannot encrypt a table in a stack that may go to any region.
    stack = new_stack("Thumbnails", env=cdk.Environment(account="111122223333", region="eu-central-1"))
    key = kms.Key(stack, "Key", enable_key_rotation=True)
    photos = s3.Bucket(stack, "Photos", encryption=s3.BucketEncryption.KMS, encryption_key=key)
    partition = dynamodb.Attribute(name="key", type=dynamodb.AttributeType.STRING)
    encryption = dynamodb.TableEncryptionV2.customer_managed_key(key)
    index = dynamodb.TableV2(stack, "Index", partition_key=partition, encryption=encryption)
    failures = sqs.Queue(stack, "Failures", encryption=sqs.QueueEncryption.KMS, encryption_master_key=key)
    declare(stack, "Resize", access=[GetObject(photos), PutObject(photos), PutItem(index)], on_failure=failures)
    snapshot("encrypted", stack)


def test_imported_resources_can_be_accessed(stack: cdk.Stack, declare: Declare, snapshot: Snapshot) -> None:
    photos = s3.Bucket.from_bucket_name(stack, "Photos", "photos-of-another-app")
    index = dynamodb.Table.from_table_name(stack, "Index", "index-of-another-app")
    declare(stack, "Resize", access=[GetObject(photos, prefix="in/"), PutItem(index)])
    snapshot("imported", stack)


def test_keywords_of_the_cdk_function_that_grant_something(
    stack: cdk.Stack, declare: Declare, snapshot: Snapshot
) -> None:
    vpc = ec2.Vpc.from_vpc_attributes(
        stack,
        "Vpc",
        vpc_id="vpc-1",
        availability_zones=["eu-central-1a"],
        private_subnet_ids=["subnet-0123456789abcdef0"],
    )
    group = ec2.SecurityGroup.from_security_group_id(stack, "Group", "sg-0123456789abcdef0", mutable=False)
    declare(
        stack,
        "Resize",
        vpc=vpc,
        security_groups=[group],
        tracing=lambda_.Tracing.ACTIVE,
        dead_letter_queue=sqs.Queue(stack, "Dead"),
        initial_policy=[iam.PolicyStatement(actions=["s3:ListAllMyBuckets"], resources=["*"])],
        logging_format=lambda_.LoggingFormat.JSON,
        insights_version=lambda_.LambdaInsightsVersion.VERSION_1_0_333_0,
    )
    snapshot("granting_keywords", stack)


def test_a_role_and_a_log_group_of_the_user(stack: cdk.Stack, declare: Declare, snapshot: Snapshot) -> None:
    role = iam.Role(stack, "Own", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    group = logs.LogGroup(stack, "Group", retention=logs.RetentionDays.ONE_WEEK)
    photos = s3.Bucket(stack, "Photos", bucket_name=stable_name("photos"))
    declare(stack, "Resize", role=role, log_group=group, access=GetObject(photos, prefix="in/"))
    snapshot("own_role_and_log_group", stack)


def test_how_long_logs_are_kept(stack: cdk.Stack, declare: Declare, snapshot: Snapshot) -> None:
    declare(stack, "Resize", log_retention=logs.RetentionDays.ONE_YEAR, log_removal_policy=cdk.RemovalPolicy.RETAIN)
    snapshot("log_retention", stack)


def test_a_function_in_another_stack_than_its_bucket(new_stack: NewStack, declare: Declare, snapshot: Snapshot) -> None:
    data, compute = new_stack("Data"), new_stack("Compute")
    photos = s3.Bucket(data, "Photos", bucket_name="photos-of-example-org")
    declare(
        compute,
        "Resize",
        triggers=[S3Trigger(photos, prefix="originals/")],
        access=[GetObject(photos, prefix="originals/")],
        environment={"BUCKET_NAME": photos.bucket_name},
    )
    snapshot("other_stack_data", data)
    snapshot("other_stack_compute", compute)


def test_event_sources_and_destinations_of_cdk(stack: cdk.Stack, declare: Declare, snapshot: Snapshot) -> None:
    work, done = sqs.Queue(stack, "Work"), sqs.Queue(stack, "Done")
    function = declare(
        stack,
        "Resize",
        events=[event_sources.SqsEventSource(work)],
        on_failure=destinations.SqsDestination(done),
        on_success=destinations.SqsDestination(done),
    )
    key = dynamodb.Attribute(name="key", type=dynamodb.AttributeType.STRING)
    index = dynamodb.TableV2(stack, "Index", partition_key=key, dynamo_stream=dynamodb.StreamViewType.KEYS_ONLY)
    latest = lambda_.StartingPosition.LATEST
    function.add_event_source(event_sources.DynamoEventSource(index, starting_position=latest))
    snapshot("event_sources_and_destinations", stack)


def test_a_single_trigger_and_access_count_as_lists(declare: Declare) -> None:
    def template(*, listed: bool) -> Any:
        stack = cdk.Stack(cdk.App(context={"aws:cdk:bundling-stacks": []}), "Thumbnails")
        photos = s3.Bucket(stack, "Photos", bucket_name=stable_name("photos"))
        trigger: Trigger = S3Trigger(photos)
        access = GetObject(photos)
        declare(stack, "Resize", triggers=[trigger] if listed else trigger, access=[access] if listed else access)
        return Template.from_stack(stack).to_json()

    single = template(listed=False)
    assert "AWS::Lambda::Permission" in {resource["Type"] for resource in single["Resources"].values()}
    assert "s3:GetObject" in str(single)
    assert single == template(listed=True)
