"""Roles that lead to other roles, and policies that are known by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.loops.managed import managed_statements

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make


def system(make: Make, grants: list[dict[str, Any]], trust: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """A function that may not write into its bucket, and a role that may."""
    document = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": trust}]}
    return {
        "Photos": make.bucket(make.notify("Resize")),
        "Role": make.role(*grants, RoleName="resize"),
        "Resize": make.function(),
        "Writer": make.role(make.allow("s3:PutObject", make.objects("Photos")), AssumeRolePolicyDocument=document),
    }


USUAL = "all jobs of Glue are allowed to start jobs as a rule; only the code tells whether one does"
WRITER = {"Fn::GetAtt": ["Writer", "Arn"]}
OWN = {"AWS": {"Fn::GetAtt": ["Role", "Arn"]}}
ACCOUNT = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
SCHEDULER = {"Service": "scheduler.amazonaws.com"}


@pytest.mark.parametrize(
    ("actions", "trust", "verdict"),
    [
        (["sts:AssumeRole"], OWN, "loop"),
        (["sts:AssumeRole"], ACCOUNT, "loop"),
        (["sts:AssumeRole"], {"Service": "lambda.amazonaws.com"}, "loop-free"),
        (["sts:AssumeRole"], {"AWS": "arn:aws:iam::123456789012:role/other"}, "loop-free"),
        (["sts:AssumeRole"], {"AWS": "arn:aws:iam::123456789012:role/resize"}, "loop"),
        (["sts:AssumeRole"], {"AWS": "arn:aws:sts::123456789012:assumed-role/resize/resize"}, "loop"),
        (["sts:AssumeRole"], {"AWS": {"Fn::ImportValue": "Trusted"}}, "unproven"),
        ([], OWN, "loop"),
        ([], ACCOUNT, "loop-free"),
        ([], {"AWS": "arn:aws:iam::123456789012:role/other"}, "loop-free"),
        (["iam:PassRole", "scheduler:CreateSchedule"], SCHEDULER, "loop"),
        (["iam:PassRole", "mediaconvert:CreateJob"], {"Service": "mediaconvert.amazonaws.com"}, "loop"),
        (["iam:PassRole", "textract:Start*"], {"Service": "textract.amazonaws.com"}, "loop"),
        (["iam:PassRole", "rds:StartExportTask"], {"Service": "export.rds.amazonaws.com"}, "loop"),
        (["iam:PassRole", "mediaconvert:CreateJob"], {"Service": "textract.amazonaws.com"}, "loop-free"),
        (["iam:PassRole", "mediaconvert:GetJob"], {"Service": "mediaconvert.amazonaws.com"}, "loop-free"),
        (["iam:PassRole"], SCHEDULER, "loop-free"),
        (["scheduler:CreateSchedule"], SCHEDULER, "loop-free"),
        (["iam:PassRole", "scheduler:CreateSchedule"], {"Service": "states.amazonaws.com"}, "loop-free"),
    ],
)
def test_a_role_lends_what_it_may_to_whom_it_trusts(
    make: Make, actions: list[str], trust: dict[str, Any], verdict: str
) -> None:
    grants = [make.allow(action, WRITER if "Role" in action else "*") for action in actions]

    assert make.check(system(make, grants, trust)).verdict == verdict


@pytest.mark.parametrize(
    ("policy", "verdict"),
    [
        ("arn:aws:iam::aws:policy/AmazonS3FullAccess", "loop"),
        ("arn:aws:iam::aws:policy/AdministratorAccess", "loop"),
        ("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess", "loop-free"),
        ("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole", "loop-free"),
        ("arn:aws:iam::aws:policy/NobodyKnowsThis", "unproven"),
        ({"Ref": "Somewhere"}, "unproven"),
    ],
)
def test_a_managed_policy_allows_what_its_document_says(make: Make, policy: Any, verdict: str) -> None:
    resources = {
        "Photos": make.bucket(make.notify("Resize")),
        "Role": make.role(ManagedPolicyArns=[policy]),
        "Resize": make.function(),
    }

    assert make.check(resources, Parameters={"Somewhere": {"Type": "String"}}).verdict == verdict


@pytest.mark.parametrize(
    ("action", "pattern"),
    [
        ("sqs:SendMessage", "arn:aws:sqs:eu-west-1:123456789012:*"),
        ("sqs:SendMessage", "arn:aws:sqs:*"),
        ("lambda:InvokeFunction", "arn:aws:lambda:*:*:function:*"),
        ("lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:123456789012:*"),
        ("dynamodb:PutItem", "arn:aws:dynamodb:*:*:table/*"),
        ("states:StartExecution", "arn:aws:states:*:*:stateMachine:*"),
        ("events:PutEvents", "arn:aws:events:*:*:event-bus/*"),
        ("s3:PutObject", "arn:aws:s3:::*"),
    ],
)
def test_a_pattern_that_ends_before_the_name_names_all(make: Make, action: str, pattern: str) -> None:
    arn = {"Fn::GetAtt": ["Work", "Arn"]}
    stream = {"Fn::GetAtt": ["Items", "StreamArn"]}
    mapping = {"Type": "AWS::Lambda::EventSourceMapping"}
    state = {"Type": "Task", "Resource": arn, "End": True}
    report = make.check(
        {
            "Role": make.role(make.allow(action, pattern)),
            "Work": make.function(),
            "Photos": make.bucket(make.notify("Work")),
            "Jobs": {"Type": "AWS::SQS::Queue"},
            "Poll": {**mapping, "Properties": {"EventSourceArn": {"Fn::GetAtt": ["Jobs", "Arn"]}, "FunctionName": arn}},
            "Items": {"Type": "AWS::DynamoDB::Table"},
            "Read": {**mapping, "Properties": {"EventSourceArn": stream, "FunctionName": arn}},
            "Flow": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {"Definition": {"StartAt": "Do", "States": {"Do": state}}},
            },
            "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "orders"}},
            "Rule": {
                "Type": "AWS::Events::Rule",
                "Properties": {
                    "EventBusName": "orders",
                    "EventPattern": {"source": ["orders"]},
                    "Targets": [{"Id": "it", "Arn": arn}],
                },
            },
        }
    )

    assert report.verdict == "loop"


WRITE = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::photos/*"}


def writing(make: Make, *policies: Any, **more: Any) -> dict[str, dict[str, Any]]:
    return {
        "Photos": make.bucket(make.notify("Resize"), BucketName="photos"),
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyDocument": p} for p in policies]}},
        "Resize": make.function(),
        **more,
    }


@pytest.mark.parametrize(
    ("policy", "verdict"),
    [
        ('{"Statement": {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::photos/*"}}', "loop"),
        (
            '{"Statement": {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::other/*"}}',
            "loop-free",
        ),
        ({"Fn::Sub": '{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "${Photos.Arn}/*"}}'}, "loop"),
        ("no policy", "unproven"),
        ({"Ref": "Somewhere"}, "unproven"),
        ({"Statement": {"Ref": "Somewhere"}}, "unproven"),
        ({"Statement": [{"Fn::FindInMap": ["Policies", "Of", "Nobody"]}]}, "unproven"),
        ({"Statement": [{}]}, "unproven"),
        ({"Statement": []}, "loop-free"),
    ],
)
def test_a_policy_may_be_a_text_or_unknown(make: Make, policy: Any, verdict: str) -> None:
    assert make.check(writing(make, policy)).verdict == verdict


@pytest.mark.parametrize(
    ("resource", "verdict"),
    [
        ("arn:aws:s3:::photos/*", "loop-free"),
        ("arn:*:s3:::photos/*", "loop-free"),
        ("arn:aws:s3:*:*:photos/*", "loop-free"),
        ("arn:aws:*:*:*:*", "loop-free"),
        ({"Fn::Sub": "arn:${AWS::Partition}:s3:::photos/*"}, "loop-free"),
        ("arn:aws:s3:*", "loop-free"),
        ("*", "loop-free"),
        ("arn:aws-cn:s3:::photos/*", "unproven"),
        ({"Fn::Sub": "arn:${Somewhere}:s3:::photos/*"}, "unproven"),
        ("arn:aws:*:us-east-1:*:*", "unproven"),
        ("arn:aws:s3:*thumbs", "unproven"),
    ],
)
def test_a_denial_counts_only_where_the_system_is(make: Make, resource: Any, verdict: str) -> None:
    policy = {"Statement": [WRITE, {"Effect": "Deny", "Action": "s3:*", "Resource": resource}]}

    assert make.check(writing(make, policy), Parameters={"Somewhere": {"Type": "String"}}).verdict == verdict


@pytest.mark.parametrize(
    ("place", "verdict"),
    [
        ("${AWS::Region}:${AWS::AccountId}", "loop-free"),
        ("*:*", "loop-free"),
        ("${AWS::Region}:*", "loop-free"),
        ("eu-west-1:${AWS::AccountId}", "unproven"),
        ("${AWS::Region}:123456789012", "unproven"),
        (":", "unproven"),
    ],
)
def test_a_denial_in_another_region_or_account_is_another_queues(make: Make, place: str, verdict: str) -> None:
    queue = {"Fn::Sub": f"arn:aws:sqs:{place}:jobs"}
    role = make.role(make.allow("sqs:*", "*"), {"Effect": "Deny", "Action": "sqs:*", "Resource": queue})
    poll = {"EventSourceArn": {"Fn::GetAtt": ["Jobs", "Arn"]}, "FunctionName": {"Ref": "Work"}}
    resources = {
        "Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs"}},
        "Role": role,
        "Work": make.function(),
        "Poll": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": poll},
    }

    assert make.check(resources).verdict == verdict


@pytest.mark.parametrize(
    ("roles", "verdict"),
    [
        ([{"Ref": "Role"}], "loop-free"),
        ([{"Fn::GetAtt": ["Role", "Arn"]}], "loop-free"),
        ([{"Ref": "Somewhere"}], "loop"),
        ([{"Fn::Sub": "role-${Somewhere}"}], "loop"),
        ([{"Fn::ImportValue": "role"}], "loop"),
        (["other"], "loop"),
    ],
)
def test_a_denial_is_for_the_role_only_that_it_is_attached_to_for_certain(
    make: Make, roles: list[Any], verdict: str
) -> None:
    document = {"Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}
    denial = {"Type": "AWS::IAM::Policy", "Properties": {"PolicyDocument": document, "Roles": roles}}
    resources = writing(make, {"Statement": [WRITE]}, Denial=denial)

    assert make.check(resources, Parameters={"Somewhere": {"Type": "String"}}).verdict == verdict


def test_a_denial_for_a_role_named_by_a_parameter_reaches_the_role_that_has_this_name(make: Make) -> None:
    document = {"Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}
    denial = {"Type": "AWS::IAM::Policy", "Properties": {"PolicyDocument": document, "Roles": [{"Ref": "Name"}]}}
    resources = writing(make, {"Statement": [WRITE]}, Denial=denial)
    resources["Role"]["Properties"]["RoleName"] = {"Ref": "Name"}

    assert make.check(resources, Parameters={"Name": {"Type": "String"}}).verdict == "loop-free"


def test_a_grant_for_a_role_that_nobody_knows_may_be_for_any(make: Make) -> None:
    grant = {
        "Type": "AWS::IAM::Policy",
        "Properties": {"PolicyDocument": {"Statement": [WRITE]}, "Roles": [{"Ref": "Somewhere"}]},
    }

    assert make.check(writing(make, Grant=grant), Parameters={"Somewhere": {"Type": "String"}}).verdict != "loop-free"


STAGES = {"Stage": {"Type": "String", "AllowedValues": ["dev", "prod"]}}
DENY = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
PROD = {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/prod-role"}


@pytest.mark.parametrize(
    ("denial", "when"),
    [
        ({"Type": "AWS::IAM::Policy", "Properties": {"Roles": [{"Ref": "Role"}]}}, []),
        ({"Type": "AWS::IAM::Policy", "Properties": {"Roles": ["prod-role"]}}, [("Stage is `dev`",)]),
        ({"Type": "AWS::S3::BucketPolicy", "Principal": {"AWS": {"Fn::GetAtt": ["Role", "Arn"]}}}, []),
        ({"Type": "AWS::S3::BucketPolicy", "Principal": {"AWS": PROD}}, [("Stage is `dev`",)]),
    ],
)
def test_a_denial_for_a_name_that_a_role_has_in_one_stage_only_excuses_in_this_stage_only(
    make: Make, denial: dict[str, Any], when: list[tuple[str, ...]]
) -> None:
    statement = {**DENY, "Principal": denial["Principal"]} if "Principal" in denial else DENY
    properties = {
        "PolicyDocument": {"Statement": statement},
        "Bucket": {"Ref": "Photos"},
        **denial.get("Properties", {}),
    }
    resources = writing(make, {"Statement": [WRITE]}, Denial={"Type": denial["Type"], "Properties": properties})
    resources["Role"]["Properties"]["RoleName"] = {"Fn::Sub": "${Stage}-role"}

    assert [found.when for found in make.check(resources, Parameters=STAGES).findings] == when


def test_a_managed_policy_that_has_the_attached_name_in_one_stage_only_excuses_nothing_in_the_others(
    make: Make,
) -> None:
    properties = {"PolicyDocument": {"Statement": DENY}, "ManagedPolicyName": {"Fn::Sub": "${Stage}-denial"}}
    denial = {"Type": "AWS::IAM::ManagedPolicy", "Properties": properties}
    resources = writing(make, {"Statement": [WRITE]}, Denial=denial)
    attached = {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:policy/prod-denial"}
    resources["Role"]["Properties"]["ManagedPolicyArns"] = [attached]

    assert make.check(resources, Parameters=STAGES).verdict == "loop"


@pytest.mark.parametrize(
    ("principal", "verdict"),
    [
        ({"Fn::GetAtt": ["Role", "Arn"]}, "loop-free"),
        ({"Fn::Sub": "arn:aws:sts::${AWS::AccountId}:assumed-role/${Role}/somebody"}, "loop"),
    ],
)
def test_a_denial_for_one_session_of_a_role_is_none_for_its_others(make: Make, principal: Any, verdict: str) -> None:
    properties = {
        "Bucket": {"Ref": "Photos"},
        "PolicyDocument": {"Statement": {**DENY, "Principal": {"AWS": principal}}},
    }
    denial = {"Type": "AWS::S3::BucketPolicy", "Properties": properties}

    assert make.check(writing(make, {"Statement": [WRITE]}, Denial=denial)).verdict == verdict


@pytest.mark.parametrize("kind", ["Resource", "NotResource"])
@pytest.mark.parametrize("denied", ["${aws:username}", "${aws:PrincipalTag/team}"])
def test_variables_of_two_statements_may_be_two_texts(make: Make, kind: str, denied: str) -> None:
    key = "/in/*" if kind == "Resource" else "/out/*"
    allowed = {**WRITE, "Resource": "arn:aws:s3:::photos/${aws:username}/in/*"}
    denial = {"Effect": "Deny", "Action": "s3:*", kind: f"arn:aws:s3:::photos/{denied}{key}"}
    found = make.check(writing(make, {"Statement": [allowed, denial]})).findings

    assert [(finding.verdict, finding.reasons) for finding in found] == [
        ("unproven", ("a policy variable may be anything",))
    ]


@pytest.mark.parametrize(
    ("resource", "verdict"),
    [
        ("arn:aws:s3:::photos/*", "loop"),
        ("arn:aws:s3:::others/*", "loop-free"),
        ("arn:aws-cn:s3:::photos/*", "unproven"),
    ],
)
def test_what_a_denial_leaves_out_counts_only_where_the_system_is(make: Make, resource: str, verdict: str) -> None:
    policy = {"Statement": [WRITE, {"Effect": "Deny", "Action": "s3:*", "NotResource": resource}]}

    assert make.check(writing(make, policy)).verdict == verdict


@pytest.mark.parametrize(
    ("resource", "verdict"),
    [
        ("arn:aws:s3:::photos/${aws:PrincipalTag/team}/*", "unproven"),
        ("arn:aws:s3:::photos/${*}", "loop"),
        ({"Fn::Sub": "arn:aws:s3:::photos/${!aws:username}/*"}, "unproven"),
        ({"Fn::Sub": "arn:aws:s3:::{{resolve:ssm:/${Stage}/bucket}}/*"}, "unproven"),
        ({"Fn::Join": ["", ["arn:aws:s3:::{{resolve:ssm:", {"Ref": "Stage"}, "}}/*"]]}, "unproven"),
    ],
)
def test_what_is_read_at_deployment_or_with_a_request_is_not_certain(make: Make, resource: Any, verdict: str) -> None:
    stage = {"Type": "String", "AllowedValues": ["dev", "prod"]}
    resources = writing(make, {"Statement": [{**WRITE, "Resource": resource}]})

    assert make.check(resources, Parameters={"Stage": stage}).verdict == verdict


@pytest.mark.parametrize(
    ("policy", "action", "expected"),
    [
        ("AmazonSESFullAccess", "ses:SendEmail", [""]),
        ("AWSIoTDataAccess", "iot:Publish", [""]),
        ("PowerUserAccess", "codebuild:StartBuild", [""]),
        ("PowerUserAccess", "iam:PutRolePolicy", []),
        ("AmazonEC2ReadOnlyAccess", "ec2:DescribeTags", [""]),
        ("AmazonEC2ReadOnlyAccess", "ec2:CreateTags", []),
        ("service-role/AWSGlueServiceRole", "glue:StartJobRun", [USUAL]),
        ("AWSGlueServiceRole", "s3:PutObject", [""]),
        ("AWSGlueServiceRol", "s3:PutObject", None),
        ("", "s3:PutObject", None),
    ],
)
def test_the_policies_of_aws_are_known(policy: str, action: str, expected: list[str] | None) -> None:
    found = managed_statements(f"arn:aws:iam::aws:policy/{policy}", unknown="x")
    doubts = None if found is None else sorted({one.doubt for one in found if one.actions.covers(action)})

    assert doubts == expected
