"""What SAM has a form of its own for, and yet stays CloudFormation: the reason for each, for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.sam.draft import Plain

if TYPE_CHECKING:
    from constructs_lib.sam.draft import Draft

__all__ = ["note"]

_REASONS = {
    "AWS::Lambda::Permission": "SAM's own permissions name no source, or a wider one",
    "AWS::Lambda::EventInvokeConfig": "SAM has the same resource, under another logical id",
    "AWS::Lambda::EventSourceMapping": "SAM has the same resource, under another logical id",
    "AWS::Lambda::Url": "SAM has the same resource, under another logical id",
    "AWS::Lambda::Version": "a code change by `sam build` alone publishes no version: synthesize again",
    "AWS::Lambda::Alias": "it follows the version that CDK made",
    "AWS::SNS::Subscription": "SAM has the same resource, under another logical id",
    "AWS::Events::Rule": "SAM has the same resource, under another logical id",
    "AWS::Scheduler::Schedule": "SAM has the same resource, under another logical id",
    "AWS::ApiGateway::RestApi": "`sam local start-api` will not mount it",
    "AWS::StepFunctions::StateMachine": "SAM has the same resource, under another logical id",
}


def note(draft: Draft) -> None:
    """Report the resources that stay plain although SAM has a form of its own for them."""
    for name, resource in draft.of_type(*_REASONS):
        draft.plain.append(Plain(name, _REASONS[resource["Type"]]))
    for name, resource in draft.of_type("AWS::S3::Bucket"):
        if "NotificationConfiguration" in resource.get("Properties", {}):
            draft.plain.append(Plain(name, "a SAM event would let any bucket of the account invoke the function"))
