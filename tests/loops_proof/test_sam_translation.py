"""What our reader of SAM says of a template is what the check says of the translation by SAM's own translator."""

from __future__ import annotations

import json
import random
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from samtranslator.model.exceptions import InvalidDocumentException

from constructs_lib.errors import ConstructsLibError
from constructs_lib.templates import Template
from constructs_lib.templates.documents import parse
from tests.loops_proof.systems import MODELLED, build, draw_loop, misses, near_miss
from tests.loops_proof.translation import claims, translated
from tools.environment import PUBLIC_TEMPLATES
from tools.public_templates import public_templates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.loops_proof.builder import Body

UNTRANSLATED = {  # what SAM's translator refuses, mostly templates that are meant to be wrong
    "cfn-lint/bad/resources/serverless/ignore_globals_typo.yaml",
    "cfn-lint/bad/transform/auto_publish_alias.yaml",
    "cfn-lint/bad/transform/no_properties.yaml",
    "cfn-lint/bad/transform_serverless_template.yaml",
    "cfn-lint/good/resources/lambda/sam_required_properties.yaml",
    "cfn-lint/good/transform/auto_publish_alias.yaml",
    "cfn-lint/good/transform/auto_publish_code_sha256.yaml",
    "cfn-lint/good/transform/function_using_image.yaml",
    "cfn-lint/good/transform/language_extension.yaml",
    "cfn-lint/good/transform/list_transform.yaml",
}


@pytest.fixture(autouse=True)
def _region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")


def arn(name: str) -> Body:
    return {"Fn::GetAtt": [name, "Arn"]}


def ref(name: str) -> Body:
    return {"Ref": name}


RESOURCES: Body = {
    "Queue": {"Type": "AWS::SQS::Queue"},
    "Topic": {"Type": "AWS::SNS::Topic"},
    "Photos": {"Type": "AWS::S3::Bucket"},
    "Table": {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
        },
    },
    "Stream": {"Type": "AWS::Kinesis::Stream"},
    "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "orders"}},
}
POLICIES: dict[str, list[Body]] = {
    "Queue": [{"SQSSendMessagePolicy": {"QueueName": {"Fn::GetAtt": ["Queue", "QueueName"]}}}],
    "Topic": [
        {"SNSPublishMessagePolicy": {"TopicName": {"Fn::GetAtt": ["Topic", "TopicName"]}}},
        {"SNSCrudPolicy": {"TopicName": {"Fn::GetAtt": ["Topic", "TopicName"]}}},
    ],
    "Photos": [{name: {"BucketName": ref("Photos")}} for name in ("S3CrudPolicy", "S3WritePolicy")],
    "Table": [{name: {"TableName": ref("Table")}} for name in ("DynamoDBCrudPolicy", "DynamoDBWritePolicy")],
    "Stream": [{"KinesisCrudPolicy": {"StreamName": ref("Stream")}}],
    "Bus": [{"EventBridgePutEventsPolicy": {"EventBusName": ref("Bus")}}],
}
READING: dict[str, Body] = {
    "Queue": {"SQSPollerPolicy": {"QueueName": {"Fn::GetAtt": ["Queue", "QueueName"]}}},
    "Photos": {"S3ReadPolicy": {"BucketName": ref("Photos")}},
    "Table": {"DynamoDBReadPolicy": {"TableName": ref("Table")}},
}
START = {"StartingPosition": "LATEST"}
PATTERN = {"source": ["shop"]}
EVENTS: dict[str, list[Body]] = {
    "Queue": [{"Type": "SQS", "Properties": {"Queue": arn("Queue")}}],
    "Topic": [
        {"Type": "SNS", "Properties": {"Topic": ref("Topic")}},
        {"Type": "SNS", "Properties": {"Topic": ref("Topic"), "SqsSubscription": True}},
    ],
    "Photos": [{"Type": "S3", "Properties": {"Bucket": ref("Photos"), "Events": ["s3:ObjectCreated:*"]}}],
    "Table": [{"Type": "DynamoDB", "Properties": {"Stream": {"Fn::GetAtt": ["Table", "StreamArn"]}, **START}}],
    "Stream": [{"Type": "Kinesis", "Properties": {"Stream": arn("Stream"), **START}}],
    "Bus": [
        {"Type": kind, "Properties": {"EventBusName": ref("Bus"), "Pattern": PATTERN}}
        for kind in ("EventBridgeRule", "CloudWatchEvent")
    ],
}


def serverless(resources: Body, **worker: Any) -> Body:
    """A template with a function."""
    attributes = {"Connectors": worker.pop("Connectors")} if "Connectors" in worker else {}
    function = {"Type": "AWS::Serverless::Function", "Properties": worker, **attributes}
    return {"Transform": "AWS::Serverless-2016-10-31", "Resources": {**resources, "Worker": function}}


def forms() -> Iterator[tuple[str, Body, str]]:
    """Each form of SAM in a loop, or in what nearly is one, with the verdict."""
    for name in RESOURCES:
        resources = {name: RESOURCES[name]}
        for (i, event), (j, policy) in product(enumerate(EVENTS[name]), enumerate(POLICIES[name])):
            yield f"{name} {i} {j}", serverless(resources, Events={"On": event}, Policies=[policy]), "loop"
        event = EVENTS[name][0]
        if name in READING:
            yield f"{name} read", serverless(resources, Events={"On": event}, Policies=[READING[name]]), "loop-free"
        if name != "Stream":  # no destination of connectors
            to = {"Permissions": ["Write"], "Destination": {"Id": name}}
            yield (
                f"{name} embedded connector",
                serverless(resources, Events={"On": event}, Connectors={"To": {"Properties": to}}),
                "loop",
            )
            connector = {"Type": "AWS::Serverless::Connector", "Properties": {**to, "Source": {"Id": "Worker"}}}
            document = serverless({**resources, "To": connector}, Events={"On": event})
            yield f"{name} connector", document, "loop"
        if name in {"Queue", "Topic", "Bus"}:
            config = {
                "DestinationConfig": {
                    "OnSuccess": {
                        "Type": {"Queue": "SQS", "Topic": "SNS", "Bus": "EventBridge"}[name],
                        "Destination": ref(name) if name == "Topic" else arn(name),
                    }
                }
            }
            own = (
                {**event, "Properties": {**event["Properties"], "Pattern": {"source": ["lambda"]}}}
                if name == "Bus"
                else event
            )
            yield f"{name} destination", serverless(resources, Events={"On": own}, EventInvokeConfig=config), "loop"
    machine: Body = {
        "Type": "AWS::Serverless::StateMachine",
        "Properties": {
            "Definition": {
                "StartAt": "Call",
                "States": {"Call": {"Type": "Task", "Resource": "${Worker}", "End": True}},
            },
            "DefinitionSubstitutions": {"Worker": arn("Worker")},
            "Policies": [{"LambdaInvokePolicy": {"FunctionName": ref("Worker")}}],
        },
    }
    starts = [{"StepFunctionsExecutionPolicy": {"StateMachineName": {"Fn::GetAtt": ["Machine", "Name"]}}}]
    yield "machine", serverless({"Machine": machine}, Policies=starts), "loop"
    started = {"Type": "EventBridgeRule", "Properties": {"Pattern": PATTERN}}
    machine = {**machine, "Properties": {**machine["Properties"], "Events": {"On": started}}}
    puts = [{"EventBridgePutEventsPolicy": {"EventBusName": "default"}}]
    yield "machine by event", serverless({"Machine": machine}, Policies=puts), "loop"
    invoke = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
    for kind in ("Api", "HttpApi"):
        request = {"Type": kind, "Properties": {"Path": "/", "Method": "post"}}
        yield kind, serverless({}, Events={"On": request}, Policies=[{"Statement": [invoke]}]), "loop"
    url = {"Effect": "Allow", "Action": "lambda:InvokeFunctionUrl", "Resource": "*"}
    yield "url", serverless({}, FunctionUrlConfig={"AuthType": "AWS_IAM"}, Policies=[{"Statement": [url]}]), "loop"
    topic = {"Type": "IoTRule", "Properties": {"Sql": "SELECT * FROM 'shop'"}}
    publish = {"Effect": "Allow", "Action": "iot:Publish", "Resource": "*"}
    yield "IoT", serverless({}, Events={"On": topic}, Policies=[{"Statement": [publish]}]), "loop"
    user = {"Type": "Cognito", "Properties": {"UserPool": ref("Pool"), "Trigger": ["PreSignUp", "CustomMessage"]}}
    create = {"Effect": "Allow", "Action": "cognito-idp:AdminCreateUser", "Resource": arn("Pool")}
    pool = {"Pool": {"Type": "AWS::Cognito::UserPool", "Properties": {}}}
    yield "Cognito", serverless(pool, Events={"On": user}, Policies=[{"Statement": [create]}]), "loop"
    source = {"Stream": ref("Cluster"), "StartingPosition": "LATEST", "Topics": ["orders"]}
    write = {"Effect": "Allow", "Action": "kafka-cluster:WriteData", "Resource": "*"}
    cluster = {"Cluster": {"Type": "AWS::MSK::ServerlessCluster", "Properties": {"ClusterName": "all"}}}
    records = {"Type": "MSK", "Properties": source}
    yield "MSK", serverless(cluster, Events={"On": records}, Policies=[{"Statement": [write]}]), "loop"
    yield (
        "managed",
        serverless({"Queue": RESOURCES["Queue"]}, Events={"On": EVENTS["Queue"][0]}, Policies=["AmazonSQSFullAccess"]),
        "loop",
    )
    yield (
        "managed, reading",
        serverless(
            {"Queue": RESOURCES["Queue"]}, Events={"On": EVENTS["Queue"][0]}, Policies="AmazonSQSReadOnlyAccess"
        ),
        "loop-free",
    )


FORMS = list(forms())


@pytest.mark.parametrize(("document", "verdict"), [pytest.param(d, v, id=name) for name, d, v in FORMS])
def test_each_form_of_sam_is_read_as_it_is_translated(document: Body, verdict: str) -> None:
    ours, theirs = claims(document), claims(translated(document))

    assert (ours[0], theirs[0]) == (verdict, verdict)
    assert ours == theirs


def generated(seed: int) -> Iterator[tuple[str, Body]]:
    for link in MODELLED:
        choose = random.Random(f"{link.name} {seed}")  # noqa: S311 - test data
        loop = draw_loop(choose, link, 2)
        yield link.name, build(loop, seed=seed, serverless=True).document
        for miss in misses(link):
            hops = near_miss(loop, link, miss)
            yield f"{link.name}, {miss}", build(hops, seed=seed, serverless=True).document


@pytest.mark.integration
@pytest.mark.parametrize("seed", [1, 2])
def test_generated_systems_are_read_as_they_are_translated(seed: int) -> None:
    different = [name for name, document in generated(seed) if claims(document) != claims(translated(document))]

    assert different == []


def test_public_templates_are_read_as_they_are_translated() -> None:
    if not PUBLIC_TEMPLATES.is_dir():
        pytest.fail("the public templates are not there: run `make setup`")
    same, different, refused = 0, [], set()
    for published in public_templates():
        try:
            document = json.loads(json.dumps(parse(published.content.decode("utf-8-sig"), name=published.name)))
            template = Template.of(document)
        except (UnicodeDecodeError, ConstructsLibError):
            continue
        if not any(resource.type.startswith("AWS::Serverless::") for resource in template.resources.values()):
            continue
        try:
            theirs = translated(document)
        except InvalidDocumentException:
            refused.add(published.name)
            continue
        if claims(document) == claims(theirs):
            same += 1
        else:
            different.append(published.name)

    assert (different, refused) == ([], UNTRANSLATED)
    assert same > len(UNTRANSLATED)
