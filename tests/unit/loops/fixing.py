"""Systems with a loop, and what the fixes that are offered for it change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_lib.loops import check

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Body, Make

ARN = {"Fn::GetAtt": ["Resize", "Arn"]}
KEYS = {"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "id"}]}


def looping(make: Make, *statements: Body, prefix: str = "photos/") -> dict[str, Body]:
    return {
        "Photos": make.bucket(make.notify("Resize", prefix)),
        "Resize": make.function(),
        "Role": make.role(*statements),
    }


def polling(make: Make, type_: str, action: str, arn: Any, **properties: Any) -> dict[str, Body]:
    """A function that is fed from what it puts something into."""
    source = {"Fn::GetAtt": ["Jobs", "StreamArn"]} if "DynamoDB" in type_ else arn
    return {
        "Jobs": {"Type": type_, "Properties": properties},
        "Work": make.function(),
        "Role": make.role(make.allow(action, arn)),
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {"FunctionName": {"Ref": "Work"}, "EventSourceArn": source},
        },
    }


def changes(make: Make, resources: dict[str, Body]) -> dict[str, list[tuple[str, Any]]]:
    """The fixes of the one loop, each with what it sets; every one of them was tried here."""
    template = make.template(resources)
    (finding,) = check([template]).findings
    found = {}
    for fix in finding.fixes:
        assert check([fix.applied_to(template)]).verdict == "loop-free"
        found[fix.text] = [("/".join(map(str, change.at[1:])), change.value) for change in fix.changes]
    assert list(found) == [text for text in finding.helps if text in found]
    return found


STATEMENTS = "Role/Properties/Policies/0/PolicyDocument/Statement"

APART = "keep input and output in `Photos` apart: trigger on `in/*`, "
IN = {"S3Key": {"Rules": [{"Name": "prefix", "Value": "in/"}]}}
FILTER = ("Photos/Properties/NotificationConfiguration/LambdaConfigurations/0/Filter", IN)
PHOTOS = {"Fn::GetAtt": ["Photos1A2B3C4D", "Arn"]}
NO_VALUE = {"Ref": "AWS::NoValue"}


def deny(action: str, resource: Any) -> Body:
    statement = {"Effect": "Deny", "Action": action, "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


def policy(document: Body) -> Body:
    return {"PolicyName": "no-invocation-loop", "PolicyDocument": document}
