"""Builders for small templates."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.loops import Report, check
from constructs_lib.templates import Template

Body = dict[str, Any]


class Make:
    """Makes the parts of templates."""

    def template(self, resources: dict[str, Body], *, name: str = "Stack", **sections: Any) -> Template:
        return Template.of({"Resources": resources, **sections}, name=name)

    def check(self, resources: dict[str, Body], **sections: Any) -> Report:
        return check([self.template(resources, **sections)])

    def function(self, role: str = "Role", **properties: Any) -> Body:
        return {
            "Type": "AWS::Lambda::Function",
            "Properties": {"Role": {"Fn::GetAtt": [role, "Arn"]}, **properties},
        }

    def role(self, *statements: Body, **properties: Any) -> Body:
        policies = [{"PolicyName": "inline", "PolicyDocument": {"Statement": list(statements)}}]
        return {"Type": "AWS::IAM::Role", "Properties": {"Policies": policies if statements else [], **properties}}

    def allow(self, action: Any, resource: Any, **others: Any) -> Body:
        return {"Effect": "Allow", "Action": action, "Resource": resource, **others}

    def objects(self, bucket: str, pattern: str = "*") -> Body:
        return {"Fn::Join": ["", [{"Fn::GetAtt": [bucket, "Arn"]}, f"/{pattern}"]]}

    def bucket(self, *notifications: Body, **properties: Any) -> Body:
        if notifications:
            properties["NotificationConfiguration"] = {"LambdaConfigurations": list(notifications)}
        return {"Type": "AWS::S3::Bucket", "Properties": properties}

    def notify(self, target: Any, prefix: Any = "", suffix: Any = "", event: str = "s3:ObjectCreated:*") -> Body:
        rules = [{"Name": name, "Value": value} for name, value in (("prefix", prefix), ("suffix", suffix)) if value]
        arn = {"Fn::GetAtt": [target, "Arn"]} if isinstance(target, str) else target
        entry: Body = {"Event": event, "Function": arn}
        return {**entry, "Filter": {"S3Key": {"Rules": rules}}} if rules else entry


@pytest.fixture
def make() -> Make:
    return Make()
