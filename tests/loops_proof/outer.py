"""Topics of IoT, users of Cognito and repositories, and what they wake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.loops_proof.link import Link, wire_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.loops_proof.builder import Builder, Station

__all__ = ["outer"]


def outer() -> Iterator[Link]:
    """Ways of a function that begin with a topic, a user or a repository."""
    for kind in ("function", "queue", "topic", "stream", "firehose", "table"):
        yield Link("function", kind, "iot", ("Iot",), _iot, ("no grant", "another topic", "disabled"))
    yield Link(
        "function", "function", "user pool", ("UserPools",), _user, ("no grant", "another trigger"), wakes="sync"
    )
    yield Link(
        "function", "function", "rotation", ("Secrets",), _rotation, ("no grant", "another secret"), wakes="sync"
    )
    misses = ("no grant", "another topic", "another cluster")
    yield Link("function", "function", "kafka", ("Clusters",), _kafka, misses, wakes="sync")
    for kind in ("function", "queue"):
        yield Link("function", kind, "push", ("Repositories",), _push, ("no grant", "another repository"))


def _push(b: Builder, source: Station, target: Station, miss: str) -> None:
    type_, action, asked, field = b.choose.choice(
        [
            ("AWS::ECR::Repository", "ecr:PutImage", "aws.ecr", "repository-name"),
            ("AWS::CodeCommit::Repository", "codecommit:GitPush", "aws.codecommit", "repositoryName"),
        ]
    )
    name = b.fresh("Repository")
    b.add(name, type_, {"RepositoryName": f"{b.names}-{name.lower()}"})
    heard = "acme-another" if miss == "another repository" else f"{b.names}-{name.lower()}"
    pattern = {"source": [asked], "detail": {field: [heard]}}
    entry = {"Id": "it", "Arn": b.target(target)}
    b.add(b.fresh("Rule"), "AWS::Events::Rule", {"EventPattern": pattern, "Targets": [entry]})
    if miss != "no grant":
        b.allow(source, [action], {"Fn::GetAtt": [name, "Arn"]})


def _kafka(b: Builder, source: Station, target: Station, miss: str) -> None:
    name, known = b.fresh("Cluster"), b.unique("acme")
    b.add(name, "AWS::MSK::ServerlessCluster", {"ClusterName": known})
    fed = {"EventSourceArn": {"Ref": name}, "FunctionName": {"Ref": target.id}, "StartingPosition": "LATEST"}
    heard = {} if b.chance(0.3) and miss != "another topic" else {"Topics": ["orders"]}
    b.add(b.fresh("Mapping"), "AWS::Lambda::EventSourceMapping", {**fed, **heard})
    cluster = "acme-another" if miss == "another cluster" else known
    topic = "returns" if miss == "another topic" else b.choose.choice(["orders", "*"])
    arn = f"arn:${{AWS::Partition}}:kafka:${{AWS::Region}}:${{AWS::AccountId}}:topic/{cluster}/*/{topic}"
    if miss != "no grant":
        b.allow(source, ["kafka-cluster:Connect", "kafka-cluster:WriteData"], {"Fn::Sub": arn})


def _rotation(b: Builder, source: Station, target: Station, miss: str) -> None:
    secret = b.fresh("Secret")
    b.add(secret, "AWS::SecretsManager::Secret", {"Name": b.unique("acme/db")} if b.chance(0.3) else {})
    of = b.add(b.fresh("Secret"), "AWS::SecretsManager::Secret", {}) if miss == "another secret" else secret
    properties = {"SecretId": {"Ref": of}, "RotationLambdaARN": b.target(target)}
    b.add(b.fresh("Rotation"), "AWS::SecretsManager::RotationSchedule", properties)
    if miss != "no grant":
        b.allow(source, ["secretsmanager:RotateSecret"], {"Ref": secret})


def _iot(b: Builder, source: Station, target: Station, miss: str) -> None:
    topic = f"{b.names}/{b.fresh('orders')}"
    role = wire_by(b, "iot", target)
    name = {"Ref": target.id}
    action: dict[str, Any] = {
        "function": {"Lambda": {"FunctionArn": b.target(target)}},
        "queue": {"Sqs": {"QueueUrl": name, "RoleArn": role}},
        "topic": {"Sns": {"TargetArn": b.spelled_arn(target), "RoleArn": role}},
        "stream": {"Kinesis": {"StreamName": name, "RoleArn": role}},
        "firehose": {"Firehose": {"DeliveryStreamName": name, "RoleArn": role}},
        "table": {"DynamoDBv2": {"PutItem": {"TableName": name}, "RoleArn": role}},
    }[target.kind]
    heard = b.choose.choice([f"{topic}/new", f"{topic}/+", f"{topic}/#"])
    sql = {"Fn::Join": ["'", ["SELECT * FROM ", heard, ""]]}
    payload = {"Sql": sql, "Actions": [action], "RuleDisabled": miss == "disabled"}
    b.add(b.fresh("Heard"), "AWS::IoT::TopicRule", {"TopicRulePayload": payload})
    written = f"{topic}s/new" if miss == "another topic" else b.choose.choice([f"{topic}/new", f"{topic}/*"])
    if miss != "no grant":
        arn = f"arn:${{AWS::Partition}}:iot:${{AWS::Region}}:${{AWS::AccountId}}:topic/{written}"
        b.allow(source, ["iot:Publish"], {"Fn::Sub": arn})


def _user(b: Builder, source: Station, target: Station, miss: str) -> None:
    trigger = "PostConfirmation" if miss == "another trigger" else b.choose.choice(["PreSignUp", "CustomMessage"])
    pool = b.add(b.fresh("Pool"), "AWS::Cognito::UserPool", {"LambdaConfig": {trigger: b.target(target)}})
    if miss != "no grant":
        b.allow(source, ["cognito-idp:AdminCreateUser"], {"Fn::GetAtt": [pool, "Arn"]})
