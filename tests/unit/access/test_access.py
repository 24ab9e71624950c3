"""The exact statements, and nothing more."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from constructs_lib import GetObject, PutItem, PutObject
from constructs_lib.access import Statement


@pytest.fixture(scope="module")
def stack() -> cdk.Stack:
    return cdk.Stack(cdk.App(), "Thumbnails", env=cdk.Environment(account="111122223333", region="eu-central-1"))


@pytest.fixture(scope="module")
def photos(stack: cdk.Stack) -> s3.IBucket:
    return s3.Bucket.from_bucket_arn(stack, "Photos", "arn:aws:s3:::photos")


@pytest.mark.parametrize(
    ("prefix", "resource"),
    [("", "arn:aws:s3:::photos/*"), ("in/", "arn:aws:s3:::photos/in/*"), ("in/a b", "arn:aws:s3:::photos/in/a b*")],
)
@pytest.mark.parametrize("access", [GetObject, PutObject])
def test_an_object_action_is_granted_on_the_prefix(
    access: type[GetObject | PutObject], prefix: str, resource: str, photos: s3.IBucket
) -> None:
    expected = [Statement(actions=[f"s3:{access.__name__}"], resources=[resource])]
    assert list(access(photos, prefix=prefix).statements()) == expected


def test_a_key_is_used_through_the_service_only(stack: cdk.Stack) -> None:
    key = kms.Key.from_key_arn(stack, "Key", "arn:aws:kms:eu-central-1:111122223333:key/1")
    bucket = s3.Bucket.from_bucket_attributes(
        stack, "Encrypted", bucket_arn="arn:aws:s3:::encrypted", encryption_key=key, region="eu-central-1"
    )
    expected = {GetObject: "kms:Decrypt", PutObject: "kms:GenerateDataKey"}
    for access, action in expected.items():
        _, statement = access(bucket).statements()
        assert (statement.actions, statement.resources) == ((action,), [key.key_arn])
        assert cdk.Token.is_unresolved(statement.via_service)
        assert stack.resolve(statement.via_service) == {
            "Fn::Join": ["", ["s3.eu-central-1.", {"Ref": "AWS::URLSuffix"}]]
        }


def test_an_item_action_is_granted_on_the_table_without_its_indexes(stack: cdk.Stack) -> None:
    table = dynamodb.Table.from_table_arn(stack, "Index", "arn:aws:dynamodb:eu-central-1:111122223333:table/index")
    expected = [Statement(actions=["dynamodb:PutItem"], resources=[table.table_arn])]
    assert list(PutItem(table).statements()) == expected
