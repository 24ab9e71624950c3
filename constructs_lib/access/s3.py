"""Access to the objects of an S3 bucket."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

from constructs_lib.access.base import Access, Statement, key_statement, wrong_resource
from constructs_lib.errors import ConstructsLibError, Diagnostic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_s3 as s3

__all__ = ["GetObject", "PutObject"]


@dataclass(frozen=True)
class _ObjectAccess(Access):
    bucket: s3.IBucket
    _: KW_ONLY
    prefix: str = ""

    def __post_init__(self) -> None:
        name = type(self).__name__
        if not hasattr(self.bucket, "arn_for_objects"):
            raise wrong_resource(name, "an S3 bucket", self.bucket, f'{name}(photos, prefix="originals/")')
        if "*" in self.prefix or "?" in self.prefix:
            raise ConstructsLibError(
                Diagnostic(
                    reference="access-prefix-wildcard",
                    headline=f"the prefix `{self.prefix}` of `{name}` holds a wildcard",
                    notes=("a prefix always means every key that begins with it",),
                    helps=(f'write the plain beginning of the keys, e.g. prefix="{_plain(self.prefix)}"',),
                )
            )

    def statements(self) -> Sequence[Statement]:
        """The action on the objects, and the use of the bucket's own key."""
        objects = f"{self.bucket.bucket_arn}/{self.prefix}*"
        key = self.bucket.encryption_key
        return (
            Statement(actions=[f"s3:{type(self).__name__}"], resources=[objects]),
            *key_statement(key, "s3", self.bucket, self._key_action()),
        )

    @abstractmethod
    def _key_action(self) -> str:
        """The KMS action that S3 performs in the function's name."""


def _plain(prefix: str) -> str:
    return prefix.partition("*")[0].partition("?")[0]


@dataclass(frozen=True)
class GetObject(_ObjectAccess):
    """Read objects: `s3:GetObject` on the keys that begin with `prefix`.

    Without `s3:ListBucket` S3 answers 403, not 404, for a key that does not exist.

    Args:
        bucket: a bucket, imported ones included.
        prefix: the beginning of the keys; by default all keys. No wildcards.

    Raises:
        ConstructsLibError: `access-wrong-resource`, `access-prefix-wildcard`.

    For a bucket with a KMS key of its own also `kms:Decrypt`, through S3 only:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#require-sse-kms
    """

    def _key_action(self) -> str:
        return "kms:Decrypt"


@dataclass(frozen=True)
class PutObject(_ObjectAccess):
    """Write objects: `s3:PutObject` on the keys that begin with `prefix`.

    Args:
        bucket: a bucket, imported ones included.
        prefix: the beginning of the keys; by default all keys. No wildcards.

    Raises:
        ConstructsLibError: `access-wrong-resource`, `access-prefix-wildcard`.

    For a bucket with a KMS key of its own also `kms:GenerateDataKey`, through S3 only (a multipart upload would need
    `kms:Decrypt` too): https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions
    """

    def _key_action(self) -> str:
        return "kms:GenerateDataKey"
