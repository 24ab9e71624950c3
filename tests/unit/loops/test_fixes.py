"""What a fix changes in the template, and where a program cannot tell what to change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

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


def test_a_write_is_narrowed_or_goes_to_another_bucket_or_the_trigger_is_narrowed(make: Make) -> None:
    written = make.allow("s3:PutObject", make.objects("Photos", "photos/*"), Sid="Write")

    def onto(arn: Any, keys: str) -> Body:
        return {**written, "Resource": {"Fn::Join": ["", [arn, keys]]}}

    output = {"Fn::GetAtt": ["PhotosOutput", "Arn"]}
    assert changes(make, looping(make, written)) == {
        "write where the trigger does not match, e.g. s3:PutObject on `resize/*` of `Photos`": [
            (STATEMENTS, [onto({"Fn::GetAtt": ["Photos", "Arn"]}, "/resize/*")])
        ],
        "let `Photos` tell `Resize` of less, e.g. only of the prefix `in/`": [
            (
                "Photos/Properties/NotificationConfiguration/LambdaConfigurations/0/Filter",
                {"S3Key": {"Rules": [{"Name": "prefix", "Value": "in/"}]}},
            )
        ],
        "write to another bucket than `Photos`": [
            ("PhotosOutput", {"Type": "AWS::S3::Bucket"}),
            (STATEMENTS, [onto(output, "/photos/*")]),
        ],
    }


def test_only_what_makes_the_loop_moves_and_the_rest_of_the_statement_stays(make: Make) -> None:
    statement = {
        "Sid": "All",
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:PutObject"],
        "Resource": ["arn:aws:s3:::logs/*", {"Fn::Sub": "${Photos.Arn}/*"}],
    }
    other = make.allow("s3:ListBucket", "*")
    narrowed = changes(make, looping(make, other, statement))[
        "write where the trigger does not match, e.g. s3:PutObject on `resize/*` of `Photos`"
    ]
    assert narrowed == [
        (
            STATEMENTS,
            [
                other,
                {**statement, "Resource": "arn:aws:s3:::logs/*"},
                {"Effect": "Allow", "Action": "s3:GetObject", "Resource": {"Fn::Sub": "${Photos.Arn}/*"}},
                {"Effect": "Allow", "Action": "s3:PutObject", "Resource": {"Fn::Sub": "${Photos.Arn}/resize/*"}},
            ],
        )
    ]


def test_all_that_writes_on_the_same_way_is_narrowed(make: Make) -> None:
    statements = [make.allow("s3:PutObject", make.objects("Photos", keys)) for keys in ("photos/a/*", "photos/b/*")]
    (narrowed, *_) = changes(make, looping(make, *statements)).values()
    assert narrowed == [(STATEMENTS, [make.allow("s3:PutObject", make.objects("Photos", "resize/*"))] * 2)]


@pytest.mark.parametrize(
    ("type_", "action", "text", "kinds"),
    [
        (
            "AWS::SQS::Queue",
            "sqs:SendMessage",
            "send to another queue than `Jobs`",
            ({"QueueName": "jobs", "VisibilityTimeout": 60, "RedrivePolicy": {}}, {"VisibilityTimeout": 60}),
        ),
        ("AWS::Kinesis::Stream", "kinesis:PutRecord", "put records into another stream than `Jobs`", ({}, None)),
        (
            "AWS::DynamoDB::Table",
            "dynamodb:PutItem",
            "write to another table than `Jobs`",
            ({**KEYS, "StreamSpecification": {"StreamViewType": "NEW_IMAGE"}}, KEYS),
        ),
    ],
)
def test_messages_go_to_a_twin_that_tells_nobody(
    make: Make, type_: str, action: str, text: str, kinds: tuple[Body, Body | None]
) -> None:
    properties, twin = kinds
    resources = polling(make, type_, action, {"Fn::GetAtt": ["Jobs", "Arn"]}, **properties)
    assert changes(make, resources)[text] == [
        ("JobsOutput", {"Type": type_, **({"Properties": twin} if twin else {})}),
        (STATEMENTS, [make.allow(action, {"Fn::GetAtt": ["JobsOutput", "Arn"]})]),
    ]


def test_a_topics_twin_is_called_by_its_ref(make: Make) -> None:
    resources = {
        "News": {"Type": "AWS::SNS::Topic", "Properties": {"Subscription": [{"Protocol": "lambda", "Endpoint": ARN}]}},
        "Resize": make.function(),
        "Role": make.role(make.allow("sns:Publish", {"Ref": "News"})),
    }
    assert changes(make, resources) == {
        "publish to another topic than `News`": [
            ("NewsOutput", {"Type": "AWS::SNS::Topic"}),
            (STATEMENTS, [make.allow("sns:Publish", {"Ref": "NewsOutput"})]),
        ]
    }


def test_events_go_to_a_bus_of_their_own(make: Make) -> None:
    resources = {
        "Orders": {
            "Type": "AWS::Events::Rule",
            "Properties": {"EventPattern": {"source": ["shop"]}, "Targets": [{"Arn": ARN}]},
        },
        "Resize": make.function(),
        "Role": make.role(make.allow("events:PutEvents", "*")),
    }
    name = "defaulteventbusOutput"
    assert changes(make, resources) == {
        "put events on another bus than `default event bus`": [
            (
                name,
                {"Type": "AWS::Events::EventBus", "Properties": {"Name": {"Fn::Sub": f"${{AWS::StackName}}-{name}"}}},
            ),
            (STATEMENTS, [make.allow("events:PutEvents", {"Fn::GetAtt": [name, "Arn"]})]),
        ]
    }


def test_a_stream_is_read_for_what_the_function_does_not_cause(make: Make) -> None:
    resources = polling(make, "AWS::DynamoDB::Table", "dynamodb:PutItem", {"Fn::GetAtt": ["Jobs", "Arn"]}, **KEYS)
    assert changes(make, resources)["read only `REMOVE` from the stream of `Jobs`"] == [
        ("Mapping/Properties/FilterCriteria", {"Filters": [{"Pattern": '{"eventName": ["REMOVE"]}'}]})
    ]


def test_a_rule_takes_fewer_keys(make: Make) -> None:
    resources = {
        "Photos": make.bucket(NotificationConfiguration={"EventBridgeConfiguration": {}}),
        "Created": {
            "Type": "AWS::Events::Rule",
            "Properties": {"EventPattern": {"source": ["aws.s3"]}, "Targets": [{"Arn": ARN}]},
        },
        "Resize": make.function(),
        "Role": make.role(make.allow("s3:PutObject", make.objects("Photos", "out/*"))),
    }
    assert changes(make, resources)["let `Created` take only keys with the prefix `in/`"] == [
        ("Created/Properties/EventPattern/detail/object/key", [{"prefix": "in/"}])
    ]


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param([{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::photos/*"}], id="reads as well"),
        pytest.param([{"Effect": "Allow", "NotAction": "s3:Get*", "Resource": "arn:aws:s3:::photos/*"}], id="inverted"),
        pytest.param([{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}] * 2, id="granted twice"),
        pytest.param(
            [
                {
                    "Fn::If": [
                        "Big",
                        {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"},
                        {"Ref": "AWS::NoValue"},
                    ]
                }
            ],
            id="under a condition",
        ),
    ],
)
def test_what_a_program_cannot_tell_is_left_to_people(make: Make, statements: list[Body]) -> None:
    resources = looping(make, *statements, prefix="")
    resources["Photos"]["Properties"]["BucketName"] = "photos"
    (finding,) = make.check(resources).findings
    assert (finding.helps[:-1], finding.fixes) == (("write to another bucket than `Photos`",), ())


def test_the_witness_is_told_as_data(make: Make) -> None:
    statement = make.allow("s3:PutObject", make.objects("Photos", "photos/*.jpg"))
    (finding,) = make.check(looping(make, statement)).findings
    assert [(flow.into, dict(flow.fields)) for flow in finding.flows] == [
        ("Photos", {"event": "ObjectCreated:Put", "key": "photos/a.jpg"})
    ]
