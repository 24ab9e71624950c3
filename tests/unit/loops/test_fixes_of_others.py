"""What a fix changes in SAM, in invokes and destinations, by name; and where a program cannot tell what to change."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.loops import check, trials
from tests.unit.loops.fixing import APART, IN, PHOTOS, STATEMENTS, changes, deny, looping, policy, polling

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Body, Make


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


@pytest.mark.parametrize(
    ("action", "code"),
    [
        ("s3:PutObject", 'photos.grant_put(resize, "resize/*")'),
        ("s3:DeleteObject", 'photos.grant_delete(resize, "resize/*")'),
        ("s3:PutObjectTagging", "s3:PutObjectTagging on `resize/*`"),
    ],
)
def test_of_an_app_without_constructs_of_ours_the_help_is_as_cdk_has_it(make: Make, action: str, code: str) -> None:
    events = {"s3:DeleteObject": "s3:ObjectRemoved:*", "s3:PutObjectTagging": "s3:ObjectTagging:*"}
    event = events.get(action, "s3:ObjectCreated:*")
    arn = {"Fn::GetAtt": ["Resize", "Arn"]}
    configured = {"LambdaFunctionConfigurations": [{"Events": [event], "LambdaFunctionArn": arn}]}
    statement = make.allow(action, make.objects("Photos"))
    policy = {"Roles": [{"Ref": "Role"}], "PolicyDocument": {"Statement": [statement]}}
    resources = {
        "Photos": make.bucket(),
        "Notifications": {
            "Type": "Custom::S3BucketNotifications",
            "Properties": {"BucketName": {"Ref": "Photos"}, "NotificationConfiguration": configured},
        },
        "Resize": make.function(),
        "Role": make.role(),
        "Policy": {"Type": "AWS::IAM::Policy", "Properties": policy},
    }
    for name in ("Photos", "Resize"):
        resources[name]["Metadata"] = {"aws:cdk:path": f"App/{name}/Resource"}
    (apart, *_) = changes(make, resources)
    assert apart == f'keep input and output in `App/Photos` apart: s3.NotificationKeyFilter(prefix="in/"), {code}'


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
