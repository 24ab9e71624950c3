"""AWS CDK constructs for custom-runtime Lambda functions, Rust first."""

from constructs_lib.access import Access, GetObject, PutItem, PutObject
from constructs_lib.app import synth
from constructs_lib.functions import RustFunction
from constructs_lib.guard import guard
from constructs_lib.names import stable_name
from constructs_lib.triggers import HttpApiTrigger, S3Trigger, Trigger

__all__ = [
    "Access",
    "GetObject",
    "HttpApiTrigger",
    "PutItem",
    "PutObject",
    "RustFunction",
    "S3Trigger",
    "Trigger",
    "guard",
    "stable_name",
    "synth",
]
