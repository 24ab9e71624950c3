"""CloudWatch alarms: what sets them off, and what they wake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.loops_proof.entries import GRANT_MISSES, granted
from tests.loops_proof.link import Link

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.loops_proof.builder import Body, Builder, Station

__all__ = ["alarms"]

_MISSES = ("another metric", "actions off")
_ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")


def alarms() -> Iterator[Link]:
    """All ways that lead over an alarm."""
    for kind in ("function", "topic"):
        yield Link("function", kind, "metric", ("Alarms",), _own_metric, _MISSES)
        yield Link("function", kind, "log metric", ("Alarms",), _log_metric, _MISSES)
        yield Link("function", kind, "alarm state", ("Alarms",), _state, (*GRANT_MISSES, "actions off"))
        yield Link("queue", kind, "metric", ("Alarms",), _depth, _MISSES)
    for kind in ("function", "queue"):
        yield Link("function", kind, "alarm event", ("Alarms",), _event, ("another alarm", "another metric"))


def _alarm(b: Builder, metric: Body, target: Station | None, miss: str) -> str:
    """An alarm that wakes a station, directly or by another one that is composed of it."""
    enabled = {"ActionsEnabled": False} if miss == "actions off" else {}
    actions = {} if target is None else {b.choose.choice(_ACTIONS): [b.target(target)]}
    if target is None or not b.chance(0.3):
        return b.add(b.fresh("Alarm"), "AWS::CloudWatch::Alarm", {**metric, **actions, **enabled})
    alarm = b.add(b.fresh("Alarm"), "AWS::CloudWatch::Alarm", metric)
    rule = b.choose.choice([{"Fn::Sub": f"ALARM(${{{alarm}}})"}, {"Fn::Join": ["", ['OK("', {"Ref": alarm}, '")']]}])
    b.add(b.fresh("Alarm"), "AWS::CloudWatch::CompositeAlarm", {"AlarmRule": rule, **actions, **enabled})
    return alarm


def _watching(b: Builder, namespace: str, name: str, dimension: str, value: Any) -> Body:
    """What an alarm says of its metric, one of two ways."""
    metric = {"Namespace": namespace, "MetricName": name, "Dimensions": [{"Name": dimension, "Value": value}]}
    if b.chance(0.3):
        return {"Metrics": [{"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}]}
    return metric


def _of_function(b: Builder, source: Station, miss: str) -> Body:
    watched = b.function() if miss == "another metric" else source
    return _watching(b, "AWS/Lambda", b.choose.choice(["Errors", "Duration"]), "FunctionName", {"Ref": watched.id})


def _own_metric(b: Builder, source: Station, target: Station, miss: str) -> None:
    _alarm(b, _of_function(b, source, miss), target, miss)


def _depth(b: Builder, source: Station, target: Station, miss: str) -> None:
    watched = b.station("queue") if miss == "another metric" else source
    name = {"Fn::GetAtt": [watched.id, "QueueName"]}
    _alarm(b, _watching(b, "AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", name), target, miss)


def _event(b: Builder, source: Station, target: Station, miss: str) -> None:
    alarm = _alarm(b, _of_function(b, source, miss), None, miss)
    told = b.fresh("another-") if miss == "another alarm" else {"Ref": alarm}
    pattern = {"source": ["aws.cloudwatch"], "detail": {"alarmName": [told]}}
    entry = {"Id": "it", "Arn": b.target(target)}
    b.add(b.fresh("Rule"), "AWS::Events::Rule", {"EventPattern": pattern, "Targets": [entry]})


def _state(b: Builder, source: Station, target: Station, miss: str) -> None:
    alarm = _alarm(b, {"Namespace": "AWS/EC2", "MetricName": "CPUUtilization"}, target, miss)
    reads, resource = "cloudwatch:DescribeAlarms", {"Fn::GetAtt": [alarm, "Arn"]}
    granted(b, source, ["cloudwatch:SetAlarmState"], reads, resource=resource, miss=miss)


def _log_metric(b: Builder, source: Station, target: Station, miss: str) -> None:
    group = b.properties(source).get("LoggingConfig", {}).get("LogGroup", {}).get("Ref")
    if group is None:
        group = b.add(b.fresh("Logs"), "AWS::Logs::LogGroup", {})
        b.properties(source)["LoggingConfig"] = {"LogGroup": {"Ref": group}}
    b.allow(source, ["logs:CreateLogStream", "logs:PutLogEvents"], {"Fn::GetAtt": [group, "Arn"]})
    name = b.unique("Orders")
    made = {"MetricNamespace": "Shop", "MetricName": name, "MetricValue": "1"}
    properties = {"LogGroupName": {"Ref": group}, "FilterPattern": "ERROR", "MetricTransformations": [made]}
    b.add(b.fresh("Counted"), "AWS::Logs::MetricFilter", properties)
    watched = {"Namespace": "Shop", "MetricName": f"Other{name}" if miss == "another metric" else name}
    _alarm(b, watched, target, miss)
