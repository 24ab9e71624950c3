"""A custom runtime that hands on what woke it, with one more round, to where its role lets it: five times at most.

It starts as a process of the local AWS, with the credentials of its function's role, and logs a line per message.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus
from urllib.request import Request, urlopen

import boto3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

Body = dict[str, Any]

ROUNDS = 5
_REFUSED = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}


def main() -> None:
    """Take one event after another."""
    api = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
    while True:
        with urlopen(f"{api}/next") as answer:  # noqa: S310 - the runtime's own address
            request, event = answer.headers["Lambda-Runtime-Aws-Request-Id"], json.load(answer)
        for record in event.get("Records", [event]):
            print(json.dumps(handed_on(record)), flush=True)  # noqa: T201 - the log
        with urlopen(Request(f"{api}/{request}/response", b"{}")):  # noqa: S310
            pass


def handed_on(record: Body) -> Body:
    """What came, and what became of it."""
    service = record.get("eventSource") or record.get("EventSource") or "aws:events"
    message, send = _SERVICES[service](record, os.environ["TARGET"])
    seen = {"id": message["id"], "round": int(message["round"])}
    if seen["round"] == ROUNDS:
        return {**seen, "sent": "no more"}
    try:
        send({**message, "round": seen["round"] + 1})
    except ClientError as error:
        code = error.response["Error"]["Code"]
        return {**seen, "sent": "refused" if code in _REFUSED else code}
    return {**seen, "sent": "yes"}


Handler = tuple[Body, "Callable[[Body], object]"]


def _object(record: Body, target: str) -> Handler:
    bucket, key = record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"])
    client = boto3.client("s3")
    name, _, prefix = target.rpartition(":")[2].removesuffix("*").partition("/")
    key_out = key if key.startswith(prefix) else prefix + key

    def send(message: Body) -> object:
        return client.put_object(Bucket=name, Key=key_out, Body=json.dumps(message).encode())

    return json.loads(client.get_object(Bucket=bucket, Key=key)["Body"].read()), send


def _message(record: Body, target: str) -> Handler:
    account, name = target.split(":")[4:]
    url = f"{os.environ['AWS_ENDPOINT_URL']}/{account}/{name}"

    def send(message: Body) -> object:
        return boto3.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps(message))

    return json.loads(record["body"]), send


def _notification(record: Body, target: str) -> Handler:
    attributes: Any = {
        name: {"DataType": value["Type"], "StringValue": value["Value"]}
        for name, value in record["Sns"]["MessageAttributes"].items()
    }

    def send(message: Body) -> object:
        client = boto3.client("sns")
        return client.publish(TopicArn=target, Message=json.dumps(message), MessageAttributes=attributes)

    return json.loads(record["Sns"]["Message"]), send


def _event(event: Body, target: str) -> Handler:
    def send(message: Body) -> object:
        entry: Any = {"Source": event["source"], "DetailType": event["detail-type"], "Detail": json.dumps(message)}
        answer = boto3.client("events").put_events(Entries=[{**entry, "EventBusName": target}])
        if answer["FailedEntryCount"]:
            raise ClientError({"Error": {"Code": answer["Entries"][0]["ErrorCode"]}}, "PutEvents")
        return answer

    return event["detail"], send


def _item(record: Body, target: str) -> Handler:
    image = record["dynamodb"]["NewImage"]
    message = {name: next(iter(value.values())) for name, value in image.items()}

    def send(after: Body) -> object:
        item = {name: {"S": str(value)} for name, value in after.items()}
        item["key"] = {"S": f"{after['id']} {after['round']}"}
        return boto3.client("dynamodb").put_item(TableName=target.rpartition("/")[2], Item=item)

    return message, send


_SERVICES = {
    "aws:s3": _object,
    "aws:sqs": _message,
    "aws:sns": _notification,
    "aws:events": _event,
    "aws:dynamodb": _item,
}

if __name__ == "__main__":
    main()
