"""What a function may touch: one class per IAM action, named as the action."""

from constructs_lib.access.base import Access, Statement
from constructs_lib.access.dynamodb import PutItem
from constructs_lib.access.s3 import GetObject, PutObject

__all__ = ["Access", "GetObject", "PutItem", "PutObject", "Statement"]
