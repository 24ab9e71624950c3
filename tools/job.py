"""The sample's main job on a deployment of it: a photo becomes a thumbnail and an item, a message becomes capitals."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from tools import photo as photos
from tools.environment import Diagnostic, errors

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tools.local_aws import LocalAws

__all__ = ["Deployment", "Result"]

Value = TypeVar("Value")
PATIENCE = 60.0  # seconds
SETTLED = 2.0  # seconds in which a second run for the same photo would show


@dataclass(frozen=True)
class Result:
    """What became of a photo: `size` in pixels, `seconds` from the end of the upload to the thumbnail."""

    size: tuple[int, int]
    bytes: int
    seconds: float
    item: dict[str, str]
    runs: int


@dataclass(frozen=True)
class Deployment:
    """The two stacks of the sample, under the names they were deployed with."""

    aws: LocalAws
    thumbnails: str
    hello: str

    @cached_property
    def outputs(self) -> dict[str, str]:
        """The outputs of both stacks."""
        client = self.aws.client("cloudformation")
        return {
            output["OutputKey"]: output["OutputValue"]
            for name in (self.thumbnails, self.hello)
            for output in client.describe_stacks(StackName=name)["Stacks"][0].get("Outputs", [])
        }

    @cached_property
    def function(self) -> dict[str, Any]:
        """The configuration of the function that makes thumbnails."""
        resources = self.aws.client("cloudformation").describe_stack_resources(StackName=self.thumbnails)
        (name,) = (
            resource["PhysicalResourceId"]
            for resource in resources["StackResources"]
            if resource["ResourceType"] == "AWS::Lambda::Function"
        )
        configuration: dict[str, Any] = self.aws.client("lambda").get_function_configuration(FunctionName=name)
        return configuration

    def upload(self, key: str, body: bytes) -> None:
        """Put an object into the photos' bucket."""
        self.aws.client("s3").put_object(Bucket=self.outputs["BucketName"], Key=key, Body=body)

    def read(self, key: str) -> bytes | None:
        """Return an object of the photos' bucket, or None if it is not there."""
        client = self.aws.client("s3")
        if client.list_objects_v2(Bucket=self.outputs["BucketName"], Prefix=key)["KeyCount"] == 0:
            return None
        content: bytes = client.get_object(Bucket=self.outputs["BucketName"], Key=key)["Body"].read()
        return content

    def item(self, key: str) -> dict[str, str] | None:
        """Return a photo's item in the index, or None if it is not there."""
        client = self.aws.client("dynamodb")
        found = client.get_item(TableName=self.outputs["TableName"], Key={"key": {"S": key}}, ConsistentRead=True)
        item = found.get("Item")
        return item and {name: next(iter(value.values())) for name, value in item.items()}

    def failures(self) -> list[dict[str, Any]]:
        """Take what is in the on-failure queue."""
        client = self.aws.client("sqs")
        queue = self.outputs["QueueUrl"]
        received = client.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in received:
            client.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in received]

    def runs(self) -> int:
        """Count the invocations of the thumbnails' function, by its log."""
        return sum(line.startswith("START ") for line in self.log())

    def send_photo(self, photo: Path, thumbnail: Path) -> Result:
        """Upload a photo, wait for its thumbnail and item, and save the thumbnail.

        Raises:
            ConstructsLibError: `demo-failed` if there is no thumbnail or item in time, or the thumbnail is not upright.
        """
        key = f"originals/{photo.name}"
        before = self.runs()
        self.upload(key, photo.read_bytes())
        started = time.monotonic()
        made = self.wait("thumbnail", lambda: self.read(f"thumbnails/{photo.name}"))
        seconds = time.monotonic() - started
        thumbnail.parent.mkdir(parents=True, exist_ok=True)
        thumbnail.write_bytes(made)
        if faults := photos.upright_faults(thumbnail, photo):
            raise failed(f"the thumbnail of `{photo}` is not upright", "\n".join(faults))
        item = self.wait("item in the index", lambda: self.item(key))
        self.wait("log of its run", lambda: self.runs() > before)
        time.sleep(SETTLED)
        return Result(photos.size_upright(thumbnail), len(made), seconds, item, self.runs() - before)

    def say(self, message: str | None) -> str:
        """Call the HTTP API.

        Raises:
            ConstructsLibError: `demo-failed` if the answer is not 200.
        """
        query = "" if message is None else "?" + urlencode({"message": message})
        status, text = self.aws.get(f"{self.outputs['Url'].rstrip('/')}/{query}")
        if status != 200:  # noqa: PLR2004 - HTTP
            raise failed(f"`GET /{query}` answered {status}", text)
        return text

    def wait(self, what: str, look: Callable[[], Value | None]) -> Value:
        """Look until there is something.

        Raises:
            ConstructsLibError: `demo-failed` with the function's log if there is nothing in time.
        """
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if seen := look():
                return seen
            time.sleep(0.1)
        raise failed(f"no {what} after {PATIENCE:.0f} s", "\n".join(self.log()[-20:]))

    def log(self) -> list[str]:
        """Return what the thumbnails' function logged."""
        group = self.function["LoggingConfig"]["LogGroup"]
        pages = self.aws.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
        return [event["message"] for page in pages for event in page["events"]]

    def empty(self) -> None:
        """Delete what is in the photos' bucket, which CloudFormation does not."""
        client = self.aws.client("s3")
        bucket = self.outputs["BucketName"]
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for entry in page.get("Contents", []):
                client.delete_object(Bucket=bucket, Key=entry["Key"])


def failed(headline: str, evidence: str) -> errors.ConstructsLibError:
    """Return the error of a job that did not do what it should."""
    return errors.ConstructsLibError(
        Diagnostic(
            reference="demo-failed",
            headline=headline,
            evidence=evidence,
            helps=("mend what the evidence names and run it again",),
        )
    )
