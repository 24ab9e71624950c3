"""What is published to things, sent by mail, and done to users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.loops.edges.parts import arn, body, loops, mapping, rule, worker

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make
    from tests.unit.loops.edges.parts import Resources

CLUSTER_NAME = {"Fn::Select": [1, {"Fn::Split": ["/", {"Ref": "Cluster"}]}]}
TO_WORKER = {"Lambda": {"FunctionArn": arn("Worker")}}


def topic(name: str) -> dict[str, str]:
    return {"Fn::Sub": f"arn:aws:iot:${{AWS::Region}}:${{AWS::AccountId}}:topic/{name}"}


def published(make: Make, name: str, source: str, *actions: Any, **payload: Any) -> Resources:
    sql = {"Fn::Join": ["'", ["SELECT * FROM ", source, " WHERE a > 1"]]}
    payload = {"Sql": sql, "Actions": list(actions) or [TO_WORKER], **payload}
    return {
        **worker(make, "iot:Publish", topic(name)),
        "OnTopic": body("AWS::IoT::TopicRule", RuleName="on_topic", TopicRulePayload=payload),
        "Queue": body("AWS::SQS::Queue"),
        "FromQueue": mapping(arn("Queue")),
        "Photos": make.bucket(make.notify("Worker", "in/")),
    }


@pytest.mark.parametrize(
    ("name", "source", "verdict"),
    [
        ("shop/orders", "shop/orders", "loop"),
        ("shop/orders", "shop/returns", "loop-free"),
        ("shop/orders", "shop/+", "loop"),
        ("shop/orders/new", "shop/+", "loop-free"),
        ("shop/*", "shop/+/new", "loop"),
        ("shop/orders", "shop/#", "loop"),
        ("shop", "shop/#", "loop"),
        ("shops", "shop/#", "loop-free"),
        ("*", "#", "loop"),
        ("$aws/things/a", "#", "loop-free"),
        ("$aws/rules/on_topic/orders", "shop", "loop"),
        ("$aws/rules/another/orders", "shop", "loop-free"),
    ],
)
def test_a_rule_hears_what_is_published_to_its_topics(make: Make, name: str, source: str, verdict: str) -> None:
    assert make.check(published(make, name, source)).verdict == verdict


@pytest.mark.parametrize(
    ("action", "path"),
    [
        ({"Sqs": {"QueueUrl": {"Ref": "Queue"}}}, "Worker > IoT message broker > Queue > Worker"),
        (
            {"S3": {"BucketName": {"Ref": "Photos"}, "Key": "in/${topic()}"}},
            "Worker > IoT message broker > Photos > Worker",
        ),
    ],
)
def test_a_rule_hands_over_to_services(make: Make, action: Any, path: str) -> None:
    assert loops(make.check(published(make, "shop", "shop", action))) == [(path, "endless")]


def test_a_rule_writes_only_the_keys_that_it_names(make: Make) -> None:
    action = {"S3": {"BucketName": {"Ref": "Photos"}, "Key": "out/${topic()}"}}

    assert make.check(published(make, "shop", "shop", action)).verdict == "loop-free"


def test_a_rule_may_publish_to_another_topic(make: Make) -> None:
    resources = published(make, "shop/a", "shop/a", {"Republish": {"Topic": "onward/${topic(2)}"}})

    assert make.check(resources).verdict == "loop-free"
    onward = {"Sql": "SELECT * FROM 'onward/+'", "Actions": [TO_WORKER]}
    resources["Onward"] = body("AWS::IoT::TopicRule", TopicRulePayload=onward)
    assert make.check(resources).verdict == "loop"


def test_an_action_on_errors_is_taken_on_failure_only(make: Make) -> None:
    resources = published(make, "shop", "shop", {"Sqs": {"QueueUrl": "elsewhere"}}, ErrorAction=TO_WORKER)

    assert [severity for _, severity in loops(make.check(resources))] == ["failure-only"]


def test_the_witness_names_the_topic(make: Make) -> None:
    report = make.check(published(make, "shop/a*", "shop/+"))

    witness = "publishing to the topic `shop/a` of `IoT message broker` invokes `Worker` again"
    assert report.findings[0].witness == witness


def test_a_disabled_rule_does_nothing(make: Make) -> None:
    assert make.check(published(make, "shop", "shop", RuleDisabled=True)).verdict == "loop-free"


def test_a_shadow_of_a_thing_is_published(make: Make) -> None:
    resources = published(make, "x", "$aws/things/+/shadow/update/accepted")

    assert make.check(resources).verdict == "loop-free"
    resources["Role"] = make.role(make.allow("iot:UpdateThingShadow", "*"))
    assert make.check(resources).verdict == "loop"


@pytest.mark.parametrize(
    "action",
    [
        {"LambdaAction": {"FunctionArn": arn("Worker")}},
        {"S3Action": {"BucketName": {"Ref": "Mails"}, "ObjectKeyPrefix": "in/"}},
    ],
)
def test_a_function_that_sends_mail_may_write_to_itself(make: Make, action: Any) -> None:
    resources = {
        **worker(make, "ses:SendRawEmail", "*"),
        "Receipt": body("AWS::SES::ReceiptRule", RuleSetName="all", Rule={"Actions": [action], "Enabled": True}),
        "Mails": make.bucket(make.notify("Worker", "in/")),
    }

    report = make.check(resources)

    assert (report.verdict, report.approximations) == ("unproven", ("to whom mail is sent only the code tells",))
    resources["Role"] = make.role()
    assert make.check(resources).verdict == "loop-free"


@pytest.mark.parametrize(
    ("destination", "verdict"),
    [
        ({"SnsDestination": {"TopicARN": {"Ref": "Topic"}}}, "unproven"),
        ({"SnsDestination": {"TopicARN": {"Ref": "Topic"}}, "Enabled": False}, "loop-free"),
        ({"CloudWatchDestination": {}}, "loop-free"),
        (
            {"EventBridgeDestination": {"EventBusArn": "arn:aws:events:eu-west-1:123456789012:event-bus/default"}},
            "unproven",
        ),
    ],
)
def test_a_function_that_sends_mail_may_hear_what_becomes_of_it(make: Make, destination: Any, verdict: str) -> None:
    resources = {
        **worker(make, "ses:SendEmail", "*"),
        "Told": body("AWS::SES::ConfigurationSetEventDestination", EventDestination=destination),
        "Topic": body("AWS::SNS::Topic", Subscription=[{"Protocol": "lambda", "Endpoint": arn("Worker")}]),
        "Rule": rule({"source": ["aws.ses"]}),
    }

    report = make.check(resources)

    doubts = ("with which configuration set mail is sent only the code tells",) if verdict == "unproven" else ()
    assert (report.verdict, report.approximations) == (verdict, doubts)


@pytest.mark.parametrize(
    ("action", "trigger", "verdict"),
    [
        ("AdminCreateUser", {"PreSignUp": arn("Worker")}, "loop"),
        ("AdminCreateUser", {"PostConfirmation": arn("Worker")}, "loop-free"),
        ("AdminAddUserToGroup", {"PostConfirmation": arn("Worker")}, "loop-free"),
        ("AdminInitiateAuth", {"PreTokenGenerationConfig": {"LambdaArn": arn("Worker")}}, "loop"),
        ("AdminUpdateUserAttributes", {"CustomEmailSender": {"LambdaArn": arn("Worker")}, "KMSKeyID": "a"}, "loop"),
    ],
)
def test_what_is_done_to_users_wakes_the_triggers_of_their_pool(
    make: Make, action: str, trigger: Any, verdict: str
) -> None:
    resources = {
        **worker(make, f"cognito-idp:{action}", arn("Pool")),
        "Pool": body("AWS::Cognito::UserPool", LambdaConfig=trigger),
    }

    assert make.check(resources).verdict == verdict


def fed(make: Make, topic_arn: Any, *topics: str, **cluster: Any) -> Resources:
    source = {"EventSourceArn": {"Ref": "Cluster"}, "FunctionName": {"Ref": "Worker"}, "StartingPosition": "LATEST"}
    named = {"Topics": list(topics)} if topics else {}
    return {
        **worker(make, "kafka-cluster:WriteData", topic_arn),
        "Cluster": body("AWS::MSK::ServerlessCluster", ClusterName="all", **cluster),
        "Mapping": body("AWS::Lambda::EventSourceMapping", **source, **named),
    }


@pytest.mark.parametrize(
    ("topic_arn", "verdict"),
    [
        ("arn:aws:kafka:eu-west-1:123456789012:topic/all/*", "loop"),
        ("arn:aws:kafka:eu-west-1:123456789012:topic/all/*/orders", "loop"),
        ("arn:aws:kafka:eu-west-1:123456789012:topic/all/*/returns", "loop-free"),
        ("arn:aws:kafka:eu-west-1:123456789012:topic/another/*", "loop-free"),
        ({"Fn::Sub": ["arn:aws:kafka:*:*:topic/${Name}/*", {"Name": CLUSTER_NAME}]}, "loop"),
    ],
)
def test_a_function_is_fed_from_the_topics_of_a_cluster(make: Make, topic_arn: Any, verdict: str) -> None:
    assert make.check(fed(make, topic_arn, "orders")).verdict == verdict


@pytest.mark.parametrize(
    ("source", "named"),
    [
        (
            {"EventSourceArn": "arn:aws:mq:eu-west-1:123456789012:broker:all:b-1"},
            "who writes to the source of `Mapping`",
        ),
        ({"SelfManagedEventSource": {"Endpoints": {}}}, "who writes to the cluster of `Mapping`"),
        ({"EventSourceArn": {"Ref": "Cluster"}}, "who writes to the source of `Mapping`"),
    ],
)
def test_sources_that_ask_for_no_role_are_named(make: Make, source: Any, named: str) -> None:
    resources = {
        **worker(make, "s3:GetObject", "*"),
        "Cluster": body("AWS::MSK::Cluster", ClusterName="all"),
        "Mapping": body("AWS::Lambda::EventSourceMapping", FunctionName={"Ref": "Worker"}, **source),
    }

    assert named in make.check(resources).not_modelled
