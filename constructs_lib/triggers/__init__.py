"""What wakes a function: one module per event source."""

from constructs_lib.triggers.base import Trigger
from constructs_lib.triggers.http_api import HttpApiTrigger
from constructs_lib.triggers.s3 import S3Trigger

__all__ = ["HttpApiTrigger", "S3Trigger", "Trigger"]
