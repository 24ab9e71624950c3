"""Errors of names, of functions and of what they may touch, each text whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3

from constructs_lib import GetObject, HttpApiTrigger, PutItem, PutObject, S3Trigger, stable_name
from tests.constructs.raised import text_of

if TYPE_CHECKING:
    from tests.constructs.conftest import Declare, NewStack


class TestStableNameInvalid:
    @pytest.mark.parametrize("name", ["", "Photos", "my_photos", "-photos", "photos-", "photos.example", "a" * 51])
    def test_a_bucket_could_not_have_it(self, name: str) -> None:
        assert text_of(lambda: stable_name(name)).startswith(f"error[stable-name-invalid]: `{name}` cannot begin")

    def test_whole_text(self) -> None:
        assert text_of(lambda: stable_name("xn--photos")) == (
            "error[stable-name-invalid]: `xn--photos` cannot begin a stable name\n\n"
            "  note: S3 reserves names that begin with `xn--`\n"
            '  help: use lower-case letters, digits and hyphens, e.g. stable_name("photos")\n'
            "  see: constructs-lib explain stable-name-invalid"
        )

    def test_fifty_characters_fit(self) -> None:
        assert stable_name("a" * 50).startswith("a" * 50 + "-")


class TestStableNameOtherStack:
    def test_a_function_in_another_stack(self, photos: s3.Bucket, new_stack: NewStack, declare: Declare) -> None:
        other = new_stack("Other")
        assert text_of(lambda: declare(other, "Resize", triggers=[S3Trigger(photos)])) == (
            "error[stable-name-other-stack]: the name of `Thumbnails/Photos` means another bucket"
            " in the stack `Other`\n\n"
            "  note: a stable name ends with a part of `AWS::StackId`: every stack, nested or not, has another\n"
            "  help: declare the function in the bucket's stack `Thumbnails`\n"
            "  help: or give the bucket a name that every stack can tell,"
            ' e.g. f"photos-{Aws.ACCOUNT_ID}-{Aws.REGION}"\n'
            "  see: constructs-lib explain stable-name-other-stack"
        )

    def test_a_nested_stack_is_another_stack(self, photos: s3.Bucket, stack: cdk.Stack, declare: Declare) -> None:
        nested = cdk.NestedStack(stack, "Nested")
        assert "[stable-name-other-stack]" in text_of(lambda: declare(nested, "Resize", triggers=[S3Trigger(photos)]))

    def test_a_name_of_account_and_region_serves_every_stack(self, new_stack: NewStack, declare: Declare) -> None:
        name = f"photos-{cdk.Aws.ACCOUNT_ID}-{cdk.Aws.REGION}"
        data = new_stack("Data")
        photos = s3.Bucket(data, "Photos", bucket_name=name)
        declare(new_stack("Compute"), "Resize", triggers=[S3Trigger(photos)])
        resource = photos.node.default_child
        assert isinstance(resource, s3.CfnBucket)
        notifications = data.resolve(resource._cfn_properties)["notificationConfiguration"]
        assert [one["event"] for one in notifications["lambdaConfigurations"]] == ["s3:ObjectCreated:*"]

    def test_but_not_one_of_another_account(self, new_stack: NewStack, declare: Declare) -> None:
        name = f"photos-{cdk.Aws.ACCOUNT_ID}"
        data = new_stack("Data", env=cdk.Environment(account="111122223333", region="eu-central-1"))
        compute = new_stack("Compute", env=cdk.Environment(account="444455556666", region="eu-central-1"))
        photos = s3.Bucket(data, "Photos", bucket_name=name)
        assert "[stable-name-other-stack]" in text_of(lambda: declare(compute, "Resize", triggers=[S3Trigger(photos)]))


class TestTriggerWrongResource:
    def test_a_name_is_no_bucket(self) -> None:
        bucket: Any = "photos"
        assert text_of(lambda: S3Trigger(bucket)) == (
            "error[trigger-wrong-resource]: `S3Trigger` needs an S3 bucket, but was given a `str`\n\n"
            "  given: `photos`\n\n"
            '  help: pass the construct itself, e.g. S3Trigger(photos, prefix="originals/")\n'
            "  see: constructs-lib explain trigger-wrong-resource"
        )

    def test_a_rest_api_is_no_http_api(self, stack: cdk.Stack) -> None:
        api: Any = apigateway.RestApi(stack, "Rest")
        text = text_of(lambda: HttpApiTrigger(api, method="GET", path="/", public=True))
        assert text.startswith(
            "error[trigger-wrong-resource]: `HttpApiTrigger` needs an HTTP API, but was given a `RestApi`"
        )


class TestAccessWrongResource:
    def test_a_bucket_is_no_table(self, photos: s3.Bucket) -> None:
        table: Any = photos
        assert text_of(lambda: PutItem(table)) == (
            "error[access-wrong-resource]: `PutItem` is about a DynamoDB table, but was given a `Bucket`\n\n"
            "  given: `Thumbnails/Photos`\n\n"
            "  help: pass the construct itself, not its name or ARN, e.g. PutItem(index)\n"
            "  see: constructs-lib explain access-wrong-resource"
        )

    @pytest.mark.parametrize("access", [GetObject, PutObject])
    def test_a_table_is_no_bucket(self, access: Any, stack: cdk.Stack) -> None:
        key = dynamodb.Attribute(name="key", type=dynamodb.AttributeType.STRING)
        table = dynamodb.TableV2(stack, "Index", partition_key=key)
        assert text_of(lambda: access(table)).startswith(
            f"error[access-wrong-resource]: `{access.__name__}` is about an S3 bucket, but was given a `TableV2`"
        )

    def test_an_arn_is_no_bucket(self) -> None:
        arn: Any = "arn:aws:s3:::photos"
        assert "given: `arn:aws:s3:::photos`" in text_of(lambda: GetObject(arn))


class TestAccessPrefixWildcard:
    def test_whole_text(self, photos: s3.Bucket) -> None:
        assert text_of(lambda: GetObject(photos, prefix="originals/*.jpg")) == (
            "error[access-prefix-wildcard]: the prefix `originals/*.jpg` of `GetObject` holds a wildcard\n\n"
            "  note: a prefix always means every key that begins with it\n"
            '  help: write the plain beginning of the keys, e.g. prefix="originals/"\n'
            "  see: constructs-lib explain access-prefix-wildcard"
        )


class TestFunctionPartMisplaced:
    def test_an_access_among_the_triggers(self, photos: s3.Bucket, stack: cdk.Stack, declare: Declare) -> None:
        text = text_of(lambda: declare(stack, "Resize", triggers=[GetObject(photos)]))
        assert text.startswith(
            "error[function-part-misplaced]: `Thumbnails/Resize` has a `GetObject` among its triggers"
        )
        assert "help: move it to `access`" in text

    def test_something_else(self, stack: cdk.Stack, declare: Declare) -> None:
        assert text_of(lambda: declare(stack, "Resize", access=["s3:GetObject"])) == (
            "error[function-part-misplaced]: `Thumbnails/Resize` has a `str` among its access\n\n"
            "  access: `s3:GetObject`\n\n"
            "  help: write access=[GetObject(photos)]\n"
            "  see: constructs-lib explain function-part-misplaced"
        )


class TestFunctionKeywordRefused:
    def test_all_at_once(self, stack: cdk.Stack, declare: Declare) -> None:
        keywords = {"runtime": lambda_.Runtime.PROVIDED_AL2, "handler": "main"}
        assert text_of(lambda: declare(stack, "Resize", **keywords)) == (
            "error[function-keyword-refused]: `Thumbnails/Resize` sets `runtime`, which RustFunction decides itself\n\n"
            "  note: the binary is built for `provided.al2023`\n"
            "  help: leave out `runtime`, or use aws_lambda.Function for code that is built elsewhere\n"
            "  see: constructs-lib explain function-keyword-refused\n\n"
            "error[function-keyword-refused]: `Thumbnails/Resize` sets `handler`, which RustFunction decides itself\n\n"
            "  note: a custom runtime has no handler: Lambda starts the file `bootstrap`\n"
            "  help: leave out `handler`, or use aws_lambda.Function for code that is built elsewhere\n"
            "  see: constructs-lib explain function-keyword-refused"
        )

    def test_a_retention_for_a_log_group_that_has_its_own(self, stack: cdk.Stack, declare: Declare) -> None:
        group = logs.LogGroup(stack, "Group")
        keywords = {"log_group": group, "log_retention": logs.RetentionDays.ONE_DAY}
        assert text_of(lambda: declare(stack, "Resize", **keywords)) == (
            "error[function-keyword-refused]: `Thumbnails/Resize` sets `log_retention` and `log_group`\n\n"
            "  note: a log group that is given has a retention and a removal policy of its own\n"
            "  help: leave out `log_retention`, or leave out `log_group` to have one made\n"
            "  see: constructs-lib explain function-keyword-refused"
        )
