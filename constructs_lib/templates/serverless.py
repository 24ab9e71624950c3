"""Custom resources of the Serverless Framework in plain CloudFormation: triggers of functions that it sets up itself.

`Custom::S3` notifies a function of what happens in a bucket that exists already, `Custom::EventBridge` makes a rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.templates.template import Resource, Template

__all__ = ["spelled_out"]

_S3 = "Custom::S3"
_EVENT_BRIDGE = "Custom::EventBridge"
_FUNCTION = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${Name}"


def spelled_out(template: Template) -> Template:
    """The template with these resources as CloudFormation's or CDK's; itself if it has none."""
    if template.types.isdisjoint((_S3, _EVENT_BRIDGE)):
        return template
    made = {key: _plain(resource) for key, resource in template.resources.items()}
    return replace(template, resources=made)


def _plain(resource: Resource) -> Resource:
    given = resource.properties
    if resource.type not in {_S3, _EVENT_BRIDGE} or "FunctionName" not in given:
        return resource
    function = {"Fn::Sub": [_FUNCTION, {"Name": given["FunctionName"]}]}
    if resource.type == _EVENT_BRIDGE:
        rule = given.get("EventBridgeConfig")
        return replace(resource, type="AWS::Events::Rule", properties=_rule(rule, function))
    configurations = [
        {"Events": [one.get("Event")], "LambdaFunctionArn": function, "Filter": {"Key": {"FilterRules": _rules(one)}}}
        for one in _mappings(given.get("BucketConfigs", given.get("BucketConfig")))
    ]
    notified = {"LambdaFunctionConfigurations": configurations}
    properties = {"BucketName": given.get("BucketName"), "NotificationConfiguration": notified}
    return replace(resource, type="Custom::S3BucketNotifications", properties=properties)


def _rule(given: Any, function: Any) -> dict[str, Any]:
    config = given if isinstance(given, Mapping) else {}
    changed = {key: config[key] for key in ("Input", "InputPath", "InputTransformer") if config.get(key) is not None}
    rule = {
        "EventPattern": config.get("Pattern"),
        "EventBusName": config.get("EventBus"),
        "State": config.get("State"),
        "Targets": [{"Arn": function, **changed}],
    }
    return {key: value for key, value in rule.items() if value is not None}


def _rules(config: Mapping[str, Any]) -> list[Any]:
    """A filter's rules, each a kind and its text."""
    return [{"Name": name, "Value": value} for rule in _mappings(config.get("Rules")) for name, value in rule.items()]


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    return (one for one in (value if isinstance(value, list) else [value]) if isinstance(one, Mapping))
