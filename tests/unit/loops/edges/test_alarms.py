"""CloudWatch alarms: whose metrics set them off, and whom they wake."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.loops.edges.parts import arn, body, loops, rule, worker

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make
    from tests.unit.loops.edges.parts import Resources

NOTIFIED = {
    "Topic": body("AWS::SNS::Topic"),
    "Subscription": body(
        "AWS::SNS::Subscription", TopicArn={"Ref": "Topic"}, Protocol="lambda", Endpoint=arn("Worker")
    ),
}
ORDERS = {"Namespace": "Shop", "MetricName": "Orders"}


def alarm(namespace: Any, name: Any, *actions: Any, **properties: Any) -> dict[str, Any]:
    metric = {"Namespace": namespace, "MetricName": name, **properties}
    return body("AWS::CloudWatch::Alarm", AlarmActions=list(actions) or [{"Ref": "Topic"}], **metric)


def dimensions(**values: Any) -> dict[str, Any]:
    return {"Dimensions": [{"Name": name, "Value": value} for name, value in values.items()]}


WORKER = dimensions(FunctionName={"Ref": "Worker"})["Dimensions"][0]
ANOTHER = dimensions(FunctionName="another")["Dimensions"][0]
LEFT_OUT = {"Ref": "AWS::NoValue"}


def own(make: Make, name: str, **properties: Any) -> Resources:
    """A function that is told of an alarm on a metric of its own."""
    given = {**dimensions(FunctionName={"Ref": "Worker"}), **properties}
    return {**NOTIFIED, "Worker": make.function(), "Role": make.role(), "Alarm": alarm("AWS/Lambda", name, **given)}


@pytest.mark.parametrize(
    ("name", "properties", "severity"),
    [
        ("Errors", {}, "failure-only"),
        ("Throttles", {}, "failure-only"),
        ("Duration", {}, "slow"),
        ("Errors", {"Dimensions": []}, "failure-only"),
        ("Errors", {"Dimensions": [{"Fn::If": ["Is", ANOTHER, LEFT_OUT]}]}, "failure-only"),
        ("Errors", {"Dimensions": {"Fn::If": ["Is", [ANOTHER], LEFT_OUT]}}, "failure-only"),
        ("Errors", {"Dimensions": [{"Fn::If": ["Is", WORKER, ANOTHER]}]}, "failure-only"),
        ("Invocations", {"AlarmActions": [], "OKActions": [{"Ref": "Topic"}]}, "slow"),
        ("Invocations", {"AlarmActions": [], "InsufficientDataActions": [arn("Worker")]}, "slow"),
    ],
)
def test_a_function_that_hears_of_an_alarm_on_itself_is_a_slow_loop(
    make: Make, name: str, properties: Any, severity: str
) -> None:
    resources = own(make, name)
    resources["Alarm"]["Properties"].update(properties)
    given = {"Parameters": {"Stage": {"Type": "String"}}, "Conditions": {"Is": {"Fn::Equals": [{"Ref": "Stage"}, "b"]}}}

    ((path, stopped),) = loops(make.check(resources, **given))

    assert path in {"Worker > Alarm > Topic > Worker", "Worker > Alarm > Worker"}
    assert stopped == severity


@pytest.mark.parametrize(
    "properties",
    [
        dimensions(FunctionName="another"),
        dimensions(QueueName={"Ref": "Worker"}),
        {"Namespace": "AWS/SQS"},
        {"ActionsEnabled": False},
        {"AlarmActions": ["arn:aws:sns:eu-west-1:123456789012:people"]},
        {"AlarmActions": [{"Fn::Sub": "arn:aws:automate:${AWS::Region}:ec2:recover"}]},
    ],
)
def test_an_alarm_on_something_else_or_that_wakes_another_is_no_loop(make: Make, properties: Any) -> None:
    resources = own(make, "Errors")
    resources["Alarm"]["Properties"].update(properties)

    assert make.check(resources).verdict == "loop-free"


def test_an_alarm_that_recovers_an_instance_leaves_nothing_unknown(make: Make) -> None:
    resources = {
        "Alarm": alarm("AWS/EC2", "StatusCheckFailed", {"Fn::Sub": "arn:aws:automate:${AWS::Region}:ec2:stop"})
    }

    assert make.check(resources).not_modelled == ()


def test_an_alarm_on_a_queue_hears_of_what_is_sent_to_it(make: Make) -> None:
    watched = dimensions(QueueName={"Fn::GetAtt": ["Queue", "QueueName"]})
    resources = {
        **NOTIFIED,
        **worker(make, "sqs:SendMessage", arn("Queue")),
        "Queue": body("AWS::SQS::Queue"),
        "Alarm": alarm("AWS/SQS", "ApproximateNumberOfMessagesVisible", **watched),
    }

    assert loops(make.check(resources)) == [("Worker > Queue > Alarm > Topic > Worker", "slow")]
    resources["Role"] = make.role()
    assert make.check(resources).verdict == "loop-free"


@pytest.mark.parametrize(
    ("statement", "verdict"),
    [
        (("cloudwatch:SetAlarmState", arn("Alarm")), "loop"),
        (("cloudwatch:SetAlarmState", "arn:aws:cloudwatch:*:*:alarm:another"), "loop-free"),
        (("cloudwatch:PutMetricData", "*"), "unproven"),
        (("cloudwatch:GetMetricData", "*"), "loop-free"),
    ],
)
@pytest.mark.parametrize("told", [rule({"source": ["aws.cloudwatch"]}), NOTIFIED["Subscription"]])
def test_a_grant_sets_off_an_alarm(make: Make, statement: Any, verdict: str, told: Any) -> None:
    resources = {
        **worker(make, *statement),
        "Topic": NOTIFIED["Topic"],
        "Alarm": alarm("Shop", "Orders"),
        "Told": told,
    }

    report = make.check(resources)

    assert report.verdict == verdict
    reasons = [why for finding in report.findings for why in finding.reasons]
    assert reasons == (["which metrics are put only the code tells"] if verdict == "unproven" else [])


@pytest.mark.parametrize(
    ("operator", "key", "namespace", "verdict"),
    [
        ("StringEquals", "cloudwatch:namespace", "Shop", "unproven"),
        ("StringEquals", "CloudWatch:Namespace", ["Stock", "Shop"], "unproven"),
        ("StringEquals", "cloudwatch:namespace", "Stock", "loop-free"),
        ("StringEquals", "cloudwatch:namespace", "Sh*", "loop-free"),
        ("StringLike", "cloudwatch:namespace", "Sh*", "unproven"),
        ("StringLike", "cloudwatch:namespace", "St*", "loop-free"),
        ("StringEquals", "cloudwatch:namespace", {"Ref": "Any"}, "unproven"),
        ("StringEqualsIfExists", "cloudwatch:namespace", "Stock", "unproven"),
        ("StringNotEquals", "cloudwatch:namespace", "Stock", "unproven"),
        ("StringEquals", "aws:RequestedRegion", "eu-west-1", "unproven"),
    ],
)
def test_a_condition_says_which_metrics_a_role_may_put(
    make: Make, operator: str, key: str, namespace: Any, verdict: str
) -> None:
    resources = {**NOTIFIED, "Worker": make.function(), "Alarm": alarm("Shop", "Orders")}
    put = make.allow("cloudwatch:PutMetricData", "*", Condition={operator: {key: namespace}})
    resources["Role"] = make.role(put)

    assert make.check(resources, Parameters={"Any": {"Type": "String"}}).verdict == verdict


@pytest.mark.parametrize("first", ["Alarm", "Another"])
def test_alarms_on_metrics_of_one_label_watch_each_its_own(make: Make, first: str) -> None:
    statement = make.allow("cloudwatch:PutMetricData", "*")
    statement["Condition"] = {"StringEquals": {"cloudwatch:namespace": "Carts"}}
    alarms = {
        "Alarm": alarm({"Fn::If": ["Is", "Shop", "Carts"]}, "Orders"),
        "Another": alarm({"Fn::If": ["Is", "Shop", "Bills"]}, "Orders"),
    }
    given = {"Parameters": {"Stage": {"Type": "String"}}, "Conditions": {"Is": {"Fn::Equals": [{"Ref": "Stage"}, "b"]}}}
    resources = {**NOTIFIED, "Worker": make.function(), "Role": make.role(statement), first: alarms[first], **alarms}

    assert make.check(resources, **given).verdict == "unproven"


def test_nobody_puts_a_metric_of_aws(make: Make) -> None:
    resources = {
        **NOTIFIED,
        **worker(make, "cloudwatch:PutMetricData", "*"),
        "Alarm": alarm("AWS/RDS", "CPUUtilization"),
    }

    assert make.check(resources).verdict == "loop-free"


@pytest.mark.parametrize(
    ("made", "verdict"),
    [
        ({"MetricNamespace": "Shop", "MetricName": "Orders"}, "loop"),
        ({"MetricNamespace": "Shop", "MetricName": "Returns"}, "loop-free"),
        ({"MetricNamespace": "Stock", "MetricName": "Orders"}, "loop-free"),
        ({"MetricNamespace": {"Ref": "Any"}, "MetricName": "Orders"}, "unproven"),
    ],
)
@pytest.mark.parametrize("group", [{"Ref": "Group"}, "/aws/lambda/worker"])
def test_a_metric_that_is_counted_in_the_log_of_a_function_sets_off_an_alarm(
    make: Make, made: Any, verdict: str, group: Any
) -> None:
    log = {"LoggingConfig": {"LogGroup": group}} if isinstance(group, dict) else {"FunctionName": "worker"}
    resources = {
        **NOTIFIED,
        **worker(make, "logs:PutLogEvents", "*", **log),
        "Group": body("AWS::Logs::LogGroup"),
        "Filter": body("AWS::Logs::MetricFilter", LogGroupName=group, MetricTransformations=[made]),
        "Alarm": alarm("Shop", "Orders"),
    }

    report = make.check(resources, Parameters={"Any": {"Type": "String"}})

    assert report.verdict == verdict
    if verdict == "loop":
        between = "Group" if isinstance(group, dict) else group
        assert loops(report) == [(f"Worker > {between} > Alarm > Topic > Worker", "slow")]


def test_an_alarm_composed_of_others_hears_of_them(make: Make) -> None:
    resources = own(make, "Errors")
    resources["Alarm"]["Properties"]["AlarmActions"] = []
    resources["All"] = body(
        "AWS::CloudWatch::CompositeAlarm",
        AlarmRule={"Fn::Sub": 'ALARM("${Alarm}") OR ALARM(arn:aws:cloudwatch:eu-west-1:123456789012:alarm:another)'},
        AlarmActions=[{"Ref": "Topic"}],
    )

    assert loops(make.check(resources)) == [("Worker > Alarm > All > Topic > Worker", "failure-only")]


@pytest.mark.parametrize(
    ("query", "verdict"),
    [
        ({"MetricStat": {"Metric": {"Namespace": "AWS/Lambda", "MetricName": "Errors"}}}, "loop"),
        ({"MetricStat": {"Metric": {"Namespace": "AWS/RDS", "MetricName": "CPUUtilization"}}}, "loop-free"),
        ({"Expression": "errors / invocations"}, "loop-free"),
        ({"Expression": "SEARCH('{AWS/Lambda,FunctionName} Errors', 'Sum')"}, "unproven"),
        ({"Expression": {"Ref": "Any"}}, "unproven"),
    ],
)
def test_an_alarm_on_a_computed_metric_watches_all_in_it(make: Make, query: Any, verdict: str) -> None:
    resources = own(make, "Errors")
    resources["Alarm"] = body("AWS::CloudWatch::Alarm", Metrics=[query], AlarmActions=[{"Ref": "Topic"}])

    assert make.check(resources, Parameters={"Any": {"Type": "String"}}).verdict == verdict


@pytest.mark.parametrize(
    ("policy", "verdict"),
    [
        ({"NewStateValue": ["ALARM"]}, "loop"),
        ({"NewStateValue": ["OK"]}, "loop-free"),
        ({"AlarmName": [{"prefix": "other"}]}, "loop-free"),
    ],
)
def test_a_filter_on_what_an_alarm_says_counts(make: Make, policy: Any, verdict: str) -> None:
    resources = own(make, "Errors", AlarmName="errors")
    resources["Subscription"] = body(
        "AWS::SNS::Subscription",
        **NOTIFIED["Subscription"]["Properties"],
        FilterPolicyScope="MessageBody",
        FilterPolicy=json.dumps(policy),
    )

    assert make.check(resources).verdict == verdict


def test_an_alarm_whose_metric_is_not_known_may_be_on_anything(make: Make) -> None:
    resources = own(make, "Errors", Namespace={"Ref": "Any"})

    (finding,) = make.check(resources, Parameters={"Any": {"Type": "String"}}).findings

    assert finding.reasons == ("which metrics an alarm watches is known at deployment only",)


def test_what_fails_in_a_queue_sets_off_the_alarm_that_wakes_its_function(make: Make) -> None:
    watched = dimensions(QueueName={"Fn::GetAtt": ["Dead", "QueueName"]})
    redrive = {"deadLetterTargetArn": arn("Dead"), "maxReceiveCount": 3}
    resources = {
        **worker(make, "sqs:SendMessage", arn("Queue")),
        "Reader": make.function("Plain"),
        "Plain": make.role(),
        "Queue": body("AWS::SQS::Queue", RedrivePolicy=redrive),
        "Dead": body("AWS::SQS::Queue"),
        "Mapping": body("AWS::Lambda::EventSourceMapping", EventSourceArn=arn("Queue"), FunctionName={"Ref": "Reader"}),
        "Alarm": alarm("AWS/SQS", "ApproximateNumberOfMessagesVisible", arn("Worker"), **watched),
    }

    assert loops(make.check(resources)) == [("Worker > Queue > Dead > Alarm > Worker", "failure-only")]


def test_a_fix_takes_the_action_from_the_alarm(make: Make) -> None:
    (finding,) = make.check(own(make, "Errors")).findings

    assert finding.helps[0] == "let `Alarm` act without `Topic`"
    assert finding.witness == "setting off `Alarm` invokes `Worker` again"
    assert [(change.at, change.value) for change in finding.fixes[0].changes] == [
        (("Resources", "Alarm", "Properties", "AlarmActions"), [])
    ]


@pytest.mark.parametrize(
    ("watched", "verdict"),
    [({"ApiName": "orders"}, "loop"), ({"ApiName": "others"}, "loop-free"), ({"ApiId": {"Ref": "Api"}}, "loop")],
)
def test_an_alarm_on_an_api_hears_of_its_requests(make: Make, watched: Any, verdict: str) -> None:
    called = {"Fn::Sub": "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*"}
    resources = {
        **NOTIFIED,
        **worker(make, "execute-api:Invoke", called),
        "Api": body("AWS::ApiGateway::RestApi", Name="orders"),
        "Alarm": alarm("AWS/ApiGateway", "Count", **dimensions(**watched)),
    }

    assert make.check(resources).verdict == verdict


ALARMS = "lambda.alarms.cloudwatch.amazonaws.com"


@pytest.mark.parametrize(
    ("principal", "name", "verdict"),
    [
        (ALARMS, {"Ref": "Worker"}, "unproven"),
        (ALARMS, {"Ref": "Any"}, "unproven"),
        (ALARMS, "another", "loop-free"),
        ("sns.amazonaws.com", {"Ref": "Worker"}, "loop-free"),
    ],
)
def test_an_alarm_whose_action_is_a_parameter_may_invoke_those_that_let_alarms(
    make: Make, principal: Any, name: Any, verdict: str
) -> None:
    resources = {
        "Worker": make.function(),
        "Role": make.role(),
        "Alarm": alarm("AWS/Lambda", "Errors", {"Ref": "Any"}),
        "Permission": body("AWS::Lambda::Permission", Principal=principal, FunctionName=name, Action="lambda:*"),
    }

    report = make.check(resources, Parameters={"Any": {"Type": "String"}})

    assert report.verdict == verdict
    reasons = [finding.reasons for finding in report.findings]
    assert reasons == ([("the parameter `Any` may be anything",)] if verdict == "unproven" else [])


def test_an_alarm_whose_action_is_a_parameter_may_tell_any_topic(make: Make) -> None:
    resources = own(make, "Errors")
    resources["Alarm"]["Properties"]["AlarmActions"] = [{"Ref": "Any"}]

    (finding,) = make.check(resources, Parameters={"Any": {"Type": "String"}}).findings

    assert finding.reasons == ("the parameter `Any` may be anything",)
