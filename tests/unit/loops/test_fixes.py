"""What a fix changes in the template: writes, triggers and grants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.loops import check
from tests.unit.loops.fixing import (
    APART,
    ARN,
    FILTER,
    KEYS,
    NO_VALUE,
    STATEMENTS,
    changes,
    deny,
    looping,
    policy,
    polling,
)

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Body, Make


def test_a_write_is_narrowed_or_goes_to_another_bucket_or_the_trigger_is_narrowed(make: Make) -> None:
    written = make.allow("s3:PutObject", make.objects("Photos", "photos/*"), Sid="Write")

    def onto(arn: Any, keys: str) -> Body:
        return {**written, "Resource": {"Fn::Join": ["", [arn, keys]]}}

    output = {"Fn::GetAtt": ["PhotosOutput", "Arn"]}
    assert changes(make, looping(make, written)) == {
        "write where the trigger does not match, e.g. s3:PutObject on `resize-output/*` of `Photos`": [
            (STATEMENTS, [onto({"Fn::GetAtt": ["Photos", "Arn"]}, "/resize-output/*")])
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
        "write where the trigger does not match, e.g. s3:PutObject on `resize-output/*` of `Photos`"
    ]
    assert narrowed == [
        (
            STATEMENTS,
            [
                other,
                {**statement, "Resource": "arn:aws:s3:::logs/*"},
                {"Effect": "Allow", "Action": "s3:GetObject", "Resource": {"Fn::Sub": "${Photos.Arn}/*"}},
                {"Effect": "Allow", "Action": "s3:PutObject", "Resource": {"Fn::Sub": "${Photos.Arn}/resize-output/*"}},
            ],
        )
    ]


def test_all_that_writes_on_the_same_way_is_narrowed(make: Make) -> None:
    statements = [make.allow("s3:PutObject", make.objects("Photos", keys)) for keys in ("photos/a/*", "photos/b/*")]
    (narrowed, *_) = changes(make, looping(make, *statements)).values()
    assert narrowed == [(STATEMENTS, [make.allow("s3:PutObject", make.objects("Photos", "resize-output/*"))] * 2)]


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


def test_where_everything_wakes_and_everything_is_written_both_are_narrowed(make: Make) -> None:
    resources = looping(make, make.allow("s3:PutObject", make.objects("Photos")), prefix="")
    assert changes(make, resources)[APART + "s3:PutObject on `resize-output/*`"] == [
        FILTER,
        (STATEMENTS, [make.allow("s3:PutObject", make.objects("Photos", "resize-output/*"))]),
    ]


def test_of_all_actions_what_reads_stays_where_it_was(make: Make) -> None:
    resources = looping(make, make.allow("s3:*", make.objects("Photos")), prefix="in/")
    (narrowed, *_) = changes(make, resources).values()
    stays = ["s3:AbortMultipartUpload", "s3:Delete*", "s3:Get*", "s3:List*", "s3:PutObjectAcl", "s3:PutObjectTagging"]
    assert narrowed == [
        (
            STATEMENTS,
            [
                make.allow(stays, make.objects("Photos")),
                make.allow("s3:*", make.objects("Photos", "resize-output/*")),
            ],
        )
    ]


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param([{"Effect": "Allow", "NotAction": "s3:Get*", "Resource": "arn:aws:s3:::*"}], id="inverted"),
        pytest.param([{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}] * 2, id="granted twice"),
        pytest.param([{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::*"}], id="everything"),
        pytest.param([{"Effect": "Allow", "Action": "s3:*Object", "Resource": "*"}], id="several that read and write"),
    ],
)
def test_what_cannot_be_narrowed_is_denied(make: Make, statements: list[Body]) -> None:
    resources = looping(make, *statements, prefix="in/")
    inline = resources["Role"]["Properties"]["Policies"]
    refused = deny("s3:PutObject", make.objects("Photos", "in/*"))
    assert changes(make, resources)["deny `Resize` s3:PutObject on `in/*` of `Photos`"] == [
        ("Role/Properties/Policies", [*inline, policy(refused)])
    ]


def chosen(then: Any, otherwise: Any = NO_VALUE) -> Body:
    return {"Fn::If": ["Big", then, otherwise]}


@pytest.mark.parametrize("where", ["statement", "statements", "resource", "one of two"])
def test_what_a_condition_chooses_is_narrowed_where_it_stands(make: Make, where: str) -> None:
    def granted(keys: str, actions: Any = "s3:PutObject") -> Any:
        objects = make.objects("Photos", keys)
        logs = "arn:aws:s3:::logs/*"
        if where == "resource":
            return [make.allow(actions, [chosen(objects), logs])]
        if where == "one of two":
            return [make.allow(actions, chosen(objects, logs))]
        statement = make.allow(actions, objects)
        return [chosen(statement)] if where == "statement" else chosen([statement], [make.allow("s3:List*", "*")])

    resources = looping(make, prefix="in/")
    document = {"Statement": granted("*")}
    resources["Role"] = make.role(Policies=[{"PolicyName": "inline", "PolicyDocument": document}])
    template = make.template(resources, Conditions={"Big": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}})
    (finding,) = check([template]).findings
    (change,) = finding.fixes[0].changes

    assert check([finding.fixes[0].applied_to(template)]).verdict == "loop-free"
    assert finding.when == ("AWS::Region is `eu-west-1`",)
    new = granted("resize-output/*")
    assert change.value == (new if where != "statements" else new["Fn::If"][1])


def test_of_a_statement_under_a_condition_each_part_is_under_it(make: Make) -> None:
    statement = make.allow(["s3:GetObject", "s3:PutObject"], make.objects("Photos"))
    (narrowed, *_) = changes(make, looping(make, chosen(statement), prefix="in/")).values()
    assert narrowed == [
        (
            STATEMENTS,
            [
                chosen(make.allow("s3:GetObject", make.objects("Photos"))),
                chosen(make.allow("s3:PutObject", make.objects("Photos", "resize-output/*"))),
            ],
        )
    ]


def test_a_prefix_of_a_trigger_becomes_longer(make: Make) -> None:
    written = [make.allow("s3:PutObject", make.objects("Photos", keys)) for keys in ("photos/small/*", "photos/big/*")]
    assert changes(make, looping(make, *written))["let `Photos` tell `Resize` only of the prefix `photos/in/`"] == [
        (FILTER[0], {"S3Key": {"Rules": [{"Name": "prefix", "Value": "photos/in/"}]}})
    ]


def test_all_notifications_that_take_part_are_narrowed(make: Make) -> None:
    resources = looping(make, make.allow("s3:PutObject", make.objects("Photos", "out/*")))
    kinds = [make.notify("Resize", suffix=suffix) for suffix in (".jpg", ".png")]
    resources["Photos"] = make.bucket(*kinds)
    at, _ = FILTER
    assert changes(make, resources)["let `Photos` tell `Resize` only of the prefix `in/`"] == [
        (at, {"S3Key": {"Rules": [{"Name": "prefix", "Value": "in/"}, {"Name": "suffix", "Value": ".jpg"}]}}),
        (
            at.replace("/0/", "/1/"),
            {"S3Key": {"Rules": [{"Name": "prefix", "Value": "in/"}, {"Name": "suffix", "Value": ".png"}]}},
        ),
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([{"suffix": ".jpg"}], [{"wildcard": "in/*.jpg"}]),
        ([{"prefix": "out/"}], [{"prefix": "out/in/"}]),
        ([{"wildcard": "*.jpg"}], None),
        ([{"prefix": "out/a"}, {"prefix": "out/b"}], None),
    ],
)
def test_a_rules_pattern_of_keys_is_narrowed_if_it_is_plain(make: Make, before: Any, after: Any) -> None:
    resources = {
        "Photos": make.bucket(NotificationConfiguration={"EventBridgeConfiguration": {}}),
        "Created": {
            "Type": "AWS::Events::Rule",
            "Properties": {"EventPattern": {"detail": {"object": {"key": before}}}, "Targets": [{"Arn": ARN}]},
        },
        "Resize": make.function(),
        "Role": make.role(make.allow("s3:PutObject", make.objects("Photos", "out/?.jpg"))),
    }
    keys = "Created/Properties/EventPattern/detail/object/key"
    found = [value for made in changes(make, resources).values() for at, value in made if at == keys]
    assert found == ([] if after is None else [after])


def test_what_several_have_is_changed_for_the_one_alone(make: Make) -> None:
    statement = make.allow("s3:PutObject", make.objects("Photos", "photos/*"))
    attached = {
        "Type": "AWS::IAM::Policy",
        "Properties": {
            "PolicyName": "more",
            "PolicyDocument": {"Statement": [statement]},
            "Roles": [{"Ref": "Role"}],
        },
    }
    resources = looping(make, make.allow("s3:GetObject", "*")) | {"Upload": make.function(), "Attached": attached}
    resources["Role"]["Properties"]["RoleName"] = "shared"
    resources["Role"]["DependsOn"] = "Photos"
    (text, narrowed), *_ = changes(make, resources).items()
    assert text.endswith("s3:PutObject on `resize-output/*` of `Photos`, with a role of its own")
    inline = make.role(make.allow("s3:GetObject", "*"))["Properties"]["Policies"]
    new = make.allow("s3:PutObject", make.objects("Photos", "resize-output/*"))
    assert narrowed == [
        (
            "ResizeRole",
            {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "Policies": [*inline, {"PolicyName": "more", "PolicyDocument": {"Statement": [new]}}],
                },
            },
        ),
        ("Resize/Properties/Role", {"Fn::GetAtt": ["ResizeRole", "Arn"]}),
    ]


def test_a_shared_role_that_others_name_is_left_to_people(make: Make) -> None:
    resources = looping(make, make.allow("s3:PutObject", make.objects("Photos", "photos/*")))
    statement = make.allow("s3:GetObject", "*", Principal={"AWS": {"Fn::GetAtt": ["Role", "Arn"]}})
    held = {"Type": "AWS::S3::BucketPolicy", "Properties": {"PolicyDocument": {"Statement": [statement]}}}
    (finding,) = make.check(resources | {"Upload": make.function(), "Held": held}).findings
    narrowed = "write where the trigger does not match, e.g. s3:PutObject on `resize-output/*` of `Photos`"
    assert finding.helps[0] == narrowed
    assert narrowed not in [fix.text for fix in finding.fixes]
