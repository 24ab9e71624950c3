"""What a fix changes in the template, and where a program cannot tell what to change."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.loops import check, trials

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


def sam(make: Make, **function: Any) -> dict[str, Body]:
    event = {"Bucket": {"Ref": "Photos"}, "Events": "s3:ObjectCreated:*"}
    return {
        "Photos": make.bucket(),
        "Resize": {
            "Type": "AWS::Serverless::Function",
            "Properties": {"Events": {"Uploaded": {"Type": "S3", "Properties": event}}, **function},
        },
    }


def test_in_sam_the_event_and_the_policy_of_the_function_change(make: Make) -> None:
    policies = ["AWSLambdaBasicExecutionRole", {"Statement": make.allow("s3:PutObject", make.objects("Photos"))}]
    assert changes(make, sam(make, Policies=policies))[APART + "s3:PutObject on `resize-output/*`"] == [
        ("Resize/Properties/Events/Uploaded/Properties/Filter", IN),
        (
            "Resize/Properties/Policies/1/Statement",
            [make.allow("s3:PutObject", make.objects("Photos", "resize-output/*"))],
        ),
    ]


def test_in_sam_a_policy_template_becomes_statements(make: Make) -> None:
    resources = sam(make, Policies=[{"S3WritePolicy": {"BucketName": {"Ref": "Photos"}}}])
    (at, event), (place, document) = changes(make, resources)[APART + "s3:PutObject on `resize-output/*`"]
    assert (at, event, place) == (
        "Resize/Properties/Events/Uploaded/Properties/Filter",
        IN,
        "Resize/Properties/Policies/0",
    )
    name = {"bucketName": {"Ref": "Photos"}}
    of_bucket, stays, written = document["Statement"]
    others = ["s3:PutObjectAcl", "s3:PutLifecycleConfiguration"]
    assert [one["Action"] for one in (of_bucket, stays, written)] == [["s3:PutObject", *others], others, "s3:PutObject"]
    assert written["Resource"] == {"Fn::Sub": ["arn:${AWS::Partition}:s3:::${bucketName}/resize-output/*", name]}


@pytest.mark.parametrize(
    ("given", "before"),
    [("AmazonS3FullAccess", ["AmazonS3FullAccess"]), (["AmazonS3FullAccess"], ["AmazonS3FullAccess"])],
)
def test_in_sam_a_denial_is_one_more_policy_of_the_function(make: Make, given: Any, before: list[str]) -> None:
    assert changes(make, sam(make, Policies=given))[APART + "and deny s3:PutObject there"] == [
        ("Resize/Properties/Events/Uploaded/Properties/Filter", IN),
        ("Resize/Properties/Policies", [*before, deny("s3:PutObject", make.objects("Photos", "in/*"))]),
    ]


def test_what_a_function_may_invoke_is_taken_from_it(make: Make) -> None:
    statement = make.allow(["lambda:InvokeFunction", "lambda:GetFunction"], [{"Fn::GetAtt": ["Me", "Arn"]}, "*"])
    resources = {"Me": make.function(), "Role": make.role(statement)}
    resources["Role"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0]["Resource"] = [
        {"Fn::GetAtt": ["Me", "Arn"]},
        "arn:aws:s3:::x",
    ]
    assert changes(make, resources) == {
        "take `lambda:InvokeFunction` on `Me` from `Me`": [
            (
                STATEMENTS,
                [
                    {**statement, "Resource": "arn:aws:s3:::x"},
                    make.allow("lambda:GetFunction", {"Fn::GetAtt": ["Me", "Arn"]}),
                ],
            )
        ]
    }


def test_policies_without_statements_go_the_last_one_first(make: Make) -> None:
    granted = [make.allow("lambda:InvokeFunction", {"Fn::GetAtt": ["Me", "Arn"]}, Sid=name) for name in "ab"]
    granted[1]["Action"] = "lambda:InvokeAsync"
    role = make.role(granted[0])
    role["Properties"]["Policies"] += make.role(granted[1])["Properties"]["Policies"]
    assert changes(make, {"Me": make.function(), "Role": role}) == {
        "take `lambda:InvokeFunction` on `Me` from `Me`": [
            ("Role/Properties/Policies/1", None),
            ("Role/Properties/Policies/0", None),
        ]
    }


def test_a_function_that_is_its_own_destination_loses_it(make: Make) -> None:
    config = {
        "Type": "AWS::Lambda::EventInvokeConfig",
        "Properties": {
            "FunctionName": {"Ref": "Me"},
            "DestinationConfig": {"OnSuccess": {"Destination": {"Fn::GetAtt": ["Me", "Arn"]}}},
        },
    }
    assert changes(make, {"Me": make.function(), "Role": make.role(), "Config": config}) == {
        "take the destination of results from `Me`": [("Config/Properties/DestinationConfig/OnSuccess", None)]
    }


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("ResizeFunction", "resize-output/"),
        ("CreateThumbnailsFn1A2B3C4D", "create-thumbnails-output/"),
        ("LambdaFunction", "output/"),
    ],
)
def test_a_prefix_is_called_as_the_function(make: Make, name: str, prefix: str) -> None:
    resources = looping(make, make.allow("s3:PutObject", make.objects("Photos", "photos/*")))
    resources[name] = resources.pop("Resize")
    resources["Photos"] = make.bucket(make.notify(name, "photos/"))
    (finding,) = make.check(resources).findings
    assert finding.helps[0] == f"write where the trigger does not match, e.g. s3:PutObject on `{prefix}*` of `Photos`"


def test_a_prefix_is_no_one_elses(make: Make) -> None:
    resources = looping(make, make.allow("s3:PutObject", make.objects("Photos", "photos/*")))
    read = make.allow("s3:GetObject", make.objects("Photos", "resize-output/2026/*"))
    resources |= {"Other": make.function("Theirs"), "Theirs": make.role(read)}
    (finding,) = make.check(resources).findings
    assert finding.helps[0].endswith("s3:PutObject on `output/*` of `Photos`")


def test_a_fix_that_would_make_another_loop_is_not_offered(make: Make) -> None:
    """Whatever comes into `out` goes to `photos`: to write there would only be the longer way round."""
    rule = {"Status": "Enabled", "Prefix": "", "Destination": {"Bucket": {"Fn::GetAtt": ["Photos", "Arn"]}}}
    resources = looping(make, make.allow("s3:PutObject", make.objects("Copies", "photos/*")))
    resources["Copies"] = make.bucket(ReplicationConfiguration={"Rules": [rule]})
    assert list(changes(make, resources)) == [
        "write where the trigger does not match, e.g. s3:PutObject on `resize-output/*` of `Copies`",
        "write to another bucket than `Copies`",
    ]


def test_in_a_large_system_fixes_are_words(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "MAX_READ", 3)
    (finding,) = make.check(looping(make, make.allow("s3:PutObject", make.objects("Photos", "photos/*")))).findings
    assert (finding.helps[:-1], finding.fixes) == (
        (
            "write where the trigger does not match, e.g. s3:PutObject on `resize-output/*` of `Photos`",
            "write to another bucket than `Photos`",
        ),
        (),
    )


def test_the_witness_is_told_as_data(make: Make) -> None:
    statement = make.allow("s3:PutObject", make.objects("Photos", "photos/*.jpg"))
    (finding,) = make.check(looping(make, statement)).findings
    assert [(flow.into, dict(flow.fields)) for flow in finding.flows] == [
        ("Photos", {"event": "ObjectCreated:Put", "key": "photos/a.jpg"})
    ]


def test_a_destination_and_the_grant_for_it_go_elsewhere_together(make: Make) -> None:
    queue = {"Fn::GetAtt": ["Jobs", "Arn"]}
    resources = polling(make, "AWS::SQS::Queue", "sqs:SendMessage", queue)
    target = {"OnSuccess": {"Destination": queue}}
    resources["Config"] = {
        "Type": "AWS::Lambda::EventInvokeConfig",
        "Properties": {"FunctionName": {"Ref": "Work"}, "DestinationConfig": target},
    }
    twin = {"Fn::GetAtt": ["WorkResults", "Arn"]}
    assert changes(make, resources) == {
        "send the results of `Work`, and what its role may send, to another queue than `Jobs`": [
            ("WorkResults", {"Type": "AWS::SQS::Queue"}),
            (STATEMENTS, [make.allow("sqs:SendMessage", twin)]),
            ("Config/Properties/DestinationConfig/OnSuccess/Destination", twin),
        ]
    }


def test_what_a_role_elsewhere_allows_is_to_be_said(make: Make) -> None:
    resources = looping(make)
    resources["Resize"]["Properties"]["Role"] = "arn:aws:iam::123456789012:role/elsewhere"
    findings = make.check(resources).findings
    help_ = "say in these templates what the role allows, or check them together with those that do"
    assert {finding.helps[:-1] for finding in findings} == {(help_,)}


def test_what_an_unknown_policy_may_allow_is_denied(make: Make) -> None:
    resources = {"Me": make.function(), "Role": make.role(ManagedPolicyArns=[{"Ref": "PolicyArn"}])}
    template = make.template(resources, Parameters={"PolicyArn": {"Type": "String"}})
    (finding,) = check([template]).findings
    (fix,) = finding.fixes
    assert fix.text == "deny `lambda:InvokeFunction` on `Me` to `Me`"
    assert check([fix.applied_to(template)]).verdict == "loop-free"


def test_a_nested_template_is_changed_in_its_parent(make: Make) -> None:
    child = make.template(looping(make, make.allow("s3:PutObject", make.objects("Photos", "photos/*"))), name="Child")
    stack = {"Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": {}}}
    parent = replace(make.template(stack), nested={"Inner": child})
    (finding,) = check([parent]).findings
    fixed = finding.fixes[0].applied_to(parent)
    assert check([fixed]).verdict == "loop-free"
    assert (fixed.document, fixed.nested["Inner"].document == child.document) == (parent.document, False)


def test_of_an_app_the_help_is_written_as_its_code_and_twins_have_plain_names(make: Make) -> None:
    resources = looping(make, make.allow("s3:PutObject", {"Fn::Join": ["", [PHOTOS, "/*"]]}), prefix="")
    resources["Photos1A2B3C4D"] = resources.pop("Photos")
    for name, path in (("Photos1A2B3C4D", "App/Photos/Resource"), ("Resize", "App/Resize/Resource")):
        resources[name]["Metadata"] = {"aws:cdk:path": path}
    found = changes(make, resources)
    apart = "keep input and output in `App/Photos` apart: "
    code = 'S3Trigger(photos, prefix="in/"), PutObject(photos, prefix="resize/")'
    assert list(found) == [apart + code, "write to another bucket than `App/Photos`"]
    assert found["write to another bucket than `App/Photos`"][0] == ("PhotosOutput", {"Type": "AWS::S3::Bucket"})


def test_the_way_to_a_role_that_lends_it_is_denied(make: Make) -> None:
    principal = {"AWS": {"Fn::GetAtt": ["Role", "Arn"]}}
    trust = {"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]}
    arn = {"Fn::GetAtt": ["Lent", "Arn"]}
    resources = {
        "Me": make.function(),
        "Role": make.role(make.allow("sts:AssumeRole", arn)),
        "Lent": make.role(
            make.allow("lambda:InvokeFunction", {"Fn::GetAtt": ["Me", "Arn"]}), AssumeRolePolicyDocument=trust
        ),
    }
    inline = resources["Role"]["Properties"]["Policies"]
    statement = {"Effect": "Deny", "Action": ["sts:AssumeRole", "iam:PassRole"], "Resource": arn}
    refused = policy({"Version": "2012-10-17", "Statement": [statement]})
    assert changes(make, resources)["deny `Me` to assume or pass `Lent`"] == [
        ("Role/Properties/Policies", [*inline, refused])
    ]


def test_what_is_written_through_an_access_point_is_denied_there_as_well(make: Make) -> None:
    point = {"Fn::GetAtt": ["Point", "Arn"]}
    resources = looping(make, {"Effect": "Allow", "NotAction": "s3:Get*", "Resource": "arn:aws:s3:::*"}, prefix="in/")
    resources["Point"] = {"Type": "AWS::S3::AccessPoint", "Properties": {"Bucket": {"Ref": "Photos"}}}
    through = {"Fn::Join": ["", [point, "/object/in/*"]]}
    ((_, policies),) = changes(make, resources)["deny `Resize` s3:PutObject on `in/*` of `Photos`"]
    (statement,) = policies[-1]["PolicyDocument"]["Statement"]
    assert statement["Resource"] == [make.objects("Photos", "in/*"), through]


@pytest.mark.parametrize("depends", [False, True])
def test_a_policy_that_says_nothing_more_goes_if_nothing_needs_it(make: Make, *, depends: bool) -> None:
    document = {"Statement": make.allow("lambda:InvokeFunction", {"Fn::GetAtt": ["Me", "Arn"]})}
    properties = {"PolicyName": "own", "PolicyDocument": document, "Roles": [{"Ref": "Role"}]}
    resources = {
        "Me": make.function(FunctionName="me"),
        "Role": make.role(),
        "Own": {"Type": "AWS::IAM::Policy", "Properties": properties},
        "Jobs": {"Type": "AWS::SQS::Queue", **({"DependsOn": ["Own"]} if depends else {})},
    }
    (found,) = changes(make, resources).values()
    assert [at for at, _ in found] == (["Role/Properties/Policies"] if depends else ["Own"])


URL = {"Fn::GetAtt": ["Jobs", "QueueUrl"]}
SENDING = '{"StartAt": "A", "States": {"A": {"Type": "Task", "End": true, "Parameters": {"QueueUrl": "${Jobs}"},'
SENDING += ' "Resource": "arn:aws:states:::sqs:sendMessage"}}}'


@pytest.mark.parametrize(
    ("definition", "changed"),
    [
        (
            {"DefinitionString": {"Fn::Sub": [SENDING, {"X": "y"}]}},
            ("DefinitionString", {"Fn::Sub": [SENDING.replace("Jobs", "New"), {"X": "y"}]}),
        ),
        ({"DefinitionString": {"Fn::Sub": SENDING}}, ("DefinitionString", {"Fn::Sub": SENDING.replace("Jobs", "New")})),
        (
            {"DefinitionString": SENDING, "DefinitionSubstitutions": {"Jobs": {"Ref": "Jobs"}}},
            ("DefinitionSubstitutions", {"Jobs": {"Ref": "New"}}),
        ),
        (
            {"Definition": json.loads(SENDING.replace('"${Jobs}"', json.dumps(URL)))},
            ("Definition", json.loads(SENDING.replace('"${Jobs}"', json.dumps({"Fn::GetAtt": ["New", "QueueUrl"]})))),
        ),
    ],
)
def test_a_state_machines_tasks_call_another_resource(make: Make, definition: Body, changed: tuple[str, Any]) -> None:
    jobs = {"Fn::GetAtt": ["Jobs", "Arn"]}
    resources = {
        "Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": definition},
        "Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 60}},
        "Pipe": {"Type": "AWS::Pipes::Pipe", "Properties": {"Source": jobs, "Target": {"Ref": "Machine"}}},
    }
    name, value = changed
    assert changes(make, resources) == {
        "let `Machine` send to another queue than `Jobs`": [
            ("JobsOutput", {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 60}}),
            (f"Machine/Properties/{name}", json.loads(json.dumps(value).replace("New", "JobsOutput"))),
        ]
    }
