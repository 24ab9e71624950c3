"""Ways that nobody can prove, because only the code, or the deployment, tells: a loop over one of them is unproven."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.loops_proof.link import Link

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.loops_proof.builder import Body, Builder, Station

__all__ = ["doubtful"]


def doubtful() -> Iterator[Link]:
    """All of them."""
    for kind in ("function", "topic"):
        yield Link("function", kind, "mail", ("Mail",), _mail, ("no grant",), certain=False)
        yield Link("function", kind, "put metric", ("Alarms",), _metric, ("no grant", "a metric of AWS"), certain=False)
    yield Link("function", "topic", "mail event", ("Mail",), _mail_event, ("no grant", "disabled"), certain=False)
    misses = ("signed by a role", "another host")
    yield Link("function", "function", "told url", ("Urls",), _told, misses, wakes="sync", certain=False)
    yield Link("function", "queue", "name like it", ("Queues",), _like_queue, ("another name",), certain=False)
    yield Link("topic", "function", "name like it", ("Topics",), _like_function, ("another name",), certain=False)


def _mail(b: Builder, source: Station, target: Station, miss: str) -> None:
    if target.kind == "function":
        action: Body = {"LambdaAction": {"FunctionArn": b.spelled_arn(target)}}
    else:
        action = b.choose.choice(
            [
                {"SNSAction": {"TopicArn": b.spelled_arn(target)}},
                {"StopAction": {"Scope": "RuleSet", "TopicArn": b.spelled_arn(target)}},
            ]
        )
    rule = {"Enabled": True, "Actions": [action]}
    b.add(b.fresh("Receipt"), "AWS::SES::ReceiptRule", {"RuleSetName": "all", "Rule": rule})
    if miss != "no grant":
        b.allow(source, [b.choose.choice(["ses:SendEmail", "ses:SendRawEmail", "ses:Send*"])], "*")


def _mail_event(b: Builder, source: Station, target: Station, miss: str) -> None:
    told = {"Enabled": miss != "disabled", "SnsDestination": {"TopicARN": b.spelled_arn(target)}}
    properties = {"ConfigurationSetName": "all", "EventDestination": {**told, "MatchingEventTypes": ["bounce"]}}
    b.add(b.fresh("Told"), "AWS::SES::ConfigurationSetEventDestination", properties)
    if miss != "no grant":
        b.allow(source, ["ses:SendEmail"], "*")


def _metric(b: Builder, source: Station, target: Station, miss: str) -> None:
    namespace = "AWS/EC2" if miss == "a metric of AWS" else "Shop"
    properties = {"Namespace": namespace, "MetricName": b.unique("Orders"), "AlarmActions": [b.target(target)]}
    b.add(b.fresh("Alarm"), "AWS::CloudWatch::Alarm", properties)
    # Whoever may put any metric may put those that other links watch.
    only = {"Condition": {"StringEquals": {"cloudwatch:namespace": namespace}}} if namespace != "Shop" else {}
    if miss != "no grant":
        b.state(source, Effect="Allow", Action="cloudwatch:PutMetricData", Resource="*", **only)


def _told(b: Builder, source: Station, target: Station, miss: str) -> None:
    signed = "AWS_IAM" if miss == "signed by a role" else "NONE"
    name = b.add(b.fresh("Url"), "AWS::Lambda::Url", {"AuthType": signed, "TargetFunctionArn": b.spelled_arn(target)})
    url = "https://example.com/" if miss == "another host" else {"Fn::GetAtt": [name, "FunctionUrl"]}
    environment = b.properties(source).setdefault("Environment", {"Variables": {}})
    environment["Variables"][b.fresh("URL")] = url


def _like_queue(b: Builder, source: Station, target: Station, miss: str) -> None:
    name = b.unique(target.id.lower())  # too long to be a part of an account's id
    target.arn = {"Fn::GetAtt": [target.id, "Arn"]}
    b.properties(target)["QueueName"] = f"acme-{name}"
    like = f"{name}-" if miss == "another name" else name
    arn = f"arn:${{AWS::Partition}}:sqs:${{AWS::Region}}:${{AWS::AccountId}}:${{AWS::StackName}}-{like}"
    b.allow(source, ["sqs:SendMessage"], {"Fn::Sub": arn})


def _like_function(b: Builder, source: Station, target: Station, miss: str) -> None:
    name = b.unique(target.id.lower())
    b.properties(target)["FunctionName"] = f"acme-{name}"
    like = f"{name}-" if miss == "another name" else name
    arn = f"arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:${{AWS::StackName}}-{like}"
    properties = {"TopicArn": b.spelled_arn(source), "Protocol": "lambda", "Endpoint": {"Fn::Sub": arn}}
    b.add(b.fresh("Subscription"), "AWS::SNS::Subscription", properties)
