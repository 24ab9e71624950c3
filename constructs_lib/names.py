"""Names that are known without the resource that bears them.

A native S3 notification makes the bucket wait for the function. Whatever makes the function wait for the bucket, a
`Ref` in its environment or an ARN in its role, closes a CloudFormation dependency cycle. A bucket whose name is an
expression of its own (a literal, or `stable_name()`) can be referred to by that expression instead.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3

from constructs_lib.errors import ConstructsLibError, Diagnostic
from constructs_lib.finish import identity

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PARTITION", "REGION", "URL_SUFFIX", "KnownBucket", "replace_references", "stable_name"]

# Asking CDK for them each time would cost more than all else here.
PARTITION, REGION, URL_SUFFIX = cdk.Aws.PARTITION, cdk.Aws.REGION, cdk.Aws.URL_SUFFIX

_SUFFIX_LENGTH = 13  # a hyphen and the last 12 hexadecimal digits of the stack's UUID
_LONGEST_BUCKET_NAME = 63
_NAME_PART = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_RESERVED_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")


def stable_name(name: str) -> str:
    """A physical name that is known without the resource and unique to each deployed stack.

    `stable_name("photos")` becomes `photos-f7dbe0b0bc33`: the suffix is the last part of the stack's own id, so it
    stays the same for the life of the stack, and two stages, or a CDK and a SAM deployment of one app, never collide.
    It is an expression of `AWS::StackId`: CloudFormation evaluates it wherever it is used, so it means this name only
    within one stack. A nested stack is a stack of its own.

    Args:
        name: the readable part: lower-case letters, digits and hyphens, beginning and ending with a letter or a
            digit, at most 50 characters (a bucket's name has at most 63).

    Returns:
        A string that holds CDK tokens; use it as `bucket_name=` and, where needed, anywhere else in the same stack.

    Raises:
        ConstructsLibError: `stable-name-invalid`.

    The rules are S3's: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    """
    problem = _name_problem(name)
    if problem:
        raise ConstructsLibError(
            Diagnostic(
                reference="stable-name-invalid",
                headline=f"`{name}` cannot begin a stable name",
                notes=(problem,),
                helps=('use lower-case letters, digits and hyphens, e.g. stable_name("photos")',),
            )
        )
    uuid = cdk.Fn.select(2, cdk.Fn.split("/", cdk.Aws.STACK_ID))
    return f"{name}-{cdk.Fn.select(4, cdk.Fn.split('-', uuid))}"


def _name_problem(name: str) -> str | None:
    longest = _LONGEST_BUCKET_NAME - _SUFFIX_LENGTH
    if len(name) > longest:
        return f"it has {len(name)} characters; at most {longest} leave room for the suffix of {_SUFFIX_LENGTH}"
    if not _NAME_PART.fullmatch(name):
        return "only `a-z`, `0-9` and `-` are allowed, with a letter or a digit at both ends"
    reserved = next((prefix for prefix in _RESERVED_PREFIXES if name.startswith(prefix)), None)
    return f"S3 reserves names that begin with `{reserved}`" if reserved else None


@dataclass(frozen=True)
class KnownBucket:
    """A bucket of this app whose name does not depend on the bucket itself.

    Args:
        bucket: the bucket as the app declares it.
        resource: its CloudFormation resource.
        stack: the stack that declares it.
        name: its name, a string that may hold tokens, but none of the bucket's own.
    """

    bucket: s3.IBucket
    resource: s3.CfnBucket
    stack: cdk.Stack
    name: str

    @classmethod
    def of(cls, bucket: s3.IBucket) -> KnownBucket | None:
        """The bucket with its name, or None if it is imported or CloudFormation names it."""
        resource = bucket.node.default_child
        if not isinstance(resource, s3.CfnBucket):
            return None
        name = resource.bucket_name
        stack = resource.stack
        if name is None or stack.resolve(name) is None:
            return None
        return cls(bucket=bucket, resource=resource, stack=stack, name=name)

    @property
    def arn(self) -> str:
        """The bucket's ARN, without a reference to the bucket."""
        return f"arn:{PARTITION}:s3:::{self.name}"

    def means_the_same_in(self, stack: cdk.Stack) -> bool:
        """Whether the name, written into `stack`, evaluates to this bucket's name.

        `AWS::StackId` and `AWS::StackName` differ in every other stack, the account and the region in every other
        environment.
        """
        if identity(stack) == identity(self.stack):
            return True
        text = json.dumps(self.stack.resolve(self.name))
        bound = ["AWS::StackId", "AWS::StackName"]
        if stack.environment != self.stack.environment:
            bound += ["AWS::AccountId", "AWS::Region"]
        return not any(parameter in text for parameter in bound)

    @cached_property
    def references(self) -> Mapping[str, str]:
        """Each attribute of the bucket that CDK renders as a reference, with an expression of the name instead.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html#aws-resource-s3-bucket-return-values
        """
        bucket, resource, name = self.bucket, self.resource, self.name
        return {
            bucket.bucket_name: name,
            bucket.bucket_arn: self.arn,
            resource.ref: name,
            resource.attr_arn: self.arn,
            resource.attr_domain_name: f"{name}.s3.{URL_SUFFIX}",
            resource.attr_regional_domain_name: f"{name}.s3.{REGION}.{URL_SUFFIX}",
            resource.attr_dual_stack_domain_name: f"{name}.s3.dualstack.{REGION}.{URL_SUFFIX}",
        }


def replace_references(value: Any, references: Mapping[str, str]) -> Any:
    """`value` with each reference in its strings, however deep, replaced."""
    if isinstance(value, str):
        for reference, replacement in references.items():
            value = value.replace(reference, replacement)
        return value
    if isinstance(value, dict):
        return {key: replace_references(inner, references) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [replace_references(inner, references) for inner in value]
    return value
