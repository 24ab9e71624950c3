"""Access to the items of a DynamoDB table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from constructs_lib.access.base import Access, Statement, key_statement, wrong_resource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_dynamodb as dynamodb

__all__ = ["PutItem"]


@dataclass(frozen=True)
class PutItem(Access):
    """Write whole items: `dynamodb:PutItem` on the table.

    Args:
        table: a `Table`, a `TableV2` or an imported table.

    Raises:
        ConstructsLibError: `access-wrong-resource`.

    For a table with a KMS key of its own also `kms:Decrypt`, through DynamoDB only: that is how DynamoDB opens the
    table's data key in the name of its caller.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
    """

    table: dynamodb.ITable

    def __post_init__(self) -> None:
        if not hasattr(self.table, "grant_write_data"):
            raise wrong_resource("PutItem", "a DynamoDB table", self.table, "PutItem(index)")

    def statements(self) -> Sequence[Statement]:
        """The put, and the use of the table's own key."""
        table = self.table
        return (
            Statement(actions=["dynamodb:PutItem"], resources=[table.table_arn]),
            *key_statement(table.encryption_key, "dynamodb", table, "kms:Decrypt"),
        )
