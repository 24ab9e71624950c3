"""Make `constructs_lib/loops/managed_policies.json`: what AWS-managed policies allow, as far as the proof asks.

    python -m pip install moto && python tools/managed_policies.py

moto carries the documents of all managed policies (`moto.iam.aws_managed_policies`, Apache-2.0). Denials are left out,
which is sound: what is left may only be more.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data  # type: ignore[import-not-found]

TARGET = Path(__file__).parent.parent / "constructs_lib" / "loops" / "managed_policies.json"
ACTIONS = [
    "s3:PutObject",
    "s3:GetObject",
    "s3:GetObjectAttributes",
    "s3:GetObjectTagging",
    "s3:GetObjectAcl",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:PutObjectTagging",
    "s3:PutObjectVersionTagging",
    "s3:DeleteObjectTagging",
    "s3:DeleteObjectVersionTagging",
    "s3:PutObjectAcl",
    "s3:PutObjectVersionAcl",
    "s3:RestoreObject",
    "s3:PutObjectRetention",
    "s3:PutObjectAnnotation",
    "s3:DeleteObjectAnnotation",
    "sqs:SendMessage",
    "sns:Publish",
    "lambda:InvokeFunction",
    "lambda:InvokeAsync",
    "lambda:InvokeFunctionUrl",
    "events:PutEvents",
    "events:StartReplay",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:PartiQLInsert",
    "dynamodb:PartiQLUpdate",
    "dynamodb:PartiQLDelete",
    "kinesis:PutRecord",
    "kinesis:PutRecords",
    "firehose:PutRecord",
    "firehose:PutRecordBatch",
    "states:StartExecution",
    "states:StartSyncExecution",
    "execute-api:Invoke",
    "sts:AssumeRole",
    "iam:PassRole",
    "scheduler:CreateSchedule",
    "scheduler:UpdateSchedule",
    "logs:PutLogEvents",
    "ecs:RunTask",
]


def listed(value: Any) -> list[Any]:
    """A value that may stand alone, as a list."""
    return value if isinstance(value, list) else [value]


def covers(pattern: str, action: str) -> bool:
    """Whether an action pattern covers an action."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, action, re.IGNORECASE) is not None


def allowed(statement: dict[str, Any]) -> list[str]:
    """The action patterns of a statement that matter."""
    if "Action" in statement:
        return [p for p in listed(statement["Action"]) if any(covers(p, action) for action in ACTIONS)]
    excluded = listed(statement["NotAction"])
    return [action for action in ACTIONS if not any(covers(pattern, action) for pattern in excluded)]


def main() -> None:
    """Write the file."""
    found: dict[str, list[list[list[str]]]] = {}
    for name, policy in json.loads(aws_managed_policies_data).items():
        rules = []
        for statement in listed(policy["Document"]["Statement"]):
            actions = allowed(statement) if statement["Effect"] == "Allow" else []
            resources = ["*"] if "NotResource" in statement else listed(statement["Resource"])
            if actions:
                rules.append([sorted(set(actions)), sorted(set(resources))])
        found[f"{policy['Path'].lstrip('/')}{name}"] = rules
    TARGET.write_text(json.dumps(found, separators=(",", ":"), sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
