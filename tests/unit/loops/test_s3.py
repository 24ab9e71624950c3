"""Loops through S3 notifications, in templates as CDK and people write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.loops import check

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make

ACCOUNT_NAME = {"Fn::Sub": "photos-${AWS::AccountId}-${AWS::Region}"}
STACK_ID_END = {
    "Fn::Select": [4, {"Fn::Split": ["-", {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}]}]
}
STABLE_NAME = {"Fn::Join": ["", ["photos-", STACK_ID_END]]}


def system(
    make: Make, *statements: dict[str, Any], prefix: Any = "in/", suffix: Any = "", **bucket: Any
) -> dict[str, dict[str, Any]]:
    return {
        "Photos": make.bucket(make.notify("Resize", prefix, suffix), **bucket),
        "Role": make.role(*statements),
        "Resize": make.function(),
    }


def test_a_proven_loop_reads_as_the_design_says(make: Make) -> None:
    resources = system(
        make, make.allow("s3:PutObject", make.objects("Photos", "photos/*")), prefix="photos/", suffix=".jpg"
    )
    for name in ("Photos", "Resize"):
        resources[name]["Metadata"] = {"aws:cdk:path": f"Thumbnails/{name}/Resource"}

    assert str(make.check(resources).findings[0].diagnostic()) == (
        """\
error[s3-invocation-loop]: `Thumbnails/Resize` can invoke itself through `Thumbnails/Photos`

  Thumbnails/Resize  -- s3:PutObject `photos/*` -->               Thumbnails/Photos
  Thumbnails/Photos  -- s3:ObjectCreated:* `photos/` + `.jpg` --> Thumbnails/Resize

  witness: writing key `photos/a.jpg` invokes `Thumbnails/Resize` again
  help: write where the trigger does not match, e.g. PutObject(photos, prefix="thumbnails/")
  see: constructs-lib explain s3-invocation-loop"""
    )


def test_a_report_is_plain_values_too(make: Make) -> None:
    report = make.check(system(make, make.allow("s3:PutObject", make.objects("Photos"))))

    assert (report.verdict, report.summary) == (
        "loop",
        "loop: 3 resources read; graph: 1 function, 1 other resource, 2 edges",
    )
    assert report.findings[0].as_json() == {
        "reference": "s3-invocation-loop",
        "verdict": "loop",
        "severity": "stopped-by-aws",
        "path": [
            {"from": "Resize", "via": "s3:PutObject `*`", "to": "Photos"},
            {"from": "Photos", "via": "s3:ObjectCreated:* `in/*`", "to": "Resize"},
        ],
        "witness": "writing key `in/a` invokes `Resize` again",
        "when": [],
        "help": [
            "write where the trigger does not match, e.g. s3:PutObject on `resize-output/*` of `Photos`",
            "write to another bucket than `Photos`",
            "if it is meant, acknowledge `c3a0092b5838` with a reason and what bounds it",
        ],
        "fixes": [
            {
                "text": "write where the trigger does not match, e.g. s3:PutObject on `resize-output/*` of `Photos`",
                "changes": [
                    {
                        "op": "replace",
                        "path": "/Resources/Role/Properties/Policies/0/PolicyDocument/Statement/0/Resource",
                        "value": make.objects("Photos", "resize-output/*"),
                        "old": make.objects("Photos"),
                    }
                ],
            },
            {
                "text": "write to another bucket than `Photos`",
                "changes": [
                    {
                        "op": "replace",
                        "path": "/Resources/Role/Properties/Policies/0/PolicyDocument/Statement/0/Resource",
                        "value": make.objects("PhotosOutput"),
                        "old": make.objects("Photos"),
                    },
                    {"op": "add", "path": "/Resources/PhotosOutput", "value": {"Type": "AWS::S3::Bucket"}},
                ],
            },
        ],
        "fingerprint": "c3a0092b5838",
    }


@pytest.mark.parametrize(
    "pattern",
    ["*", "in/*", "in*", "*.jpg", "?n/*", "i*/b", "in/a.jpg"],
)
def test_a_write_that_meets_the_trigger_is_a_loop(make: Make, pattern: str) -> None:
    report = make.check(system(make, make.allow("s3:PutObject", make.objects("Photos", pattern))))

    assert report.verdict == "loop"


@pytest.mark.parametrize("pattern", ["out/*", "in", "i?/", "/in/*", "IN/*", ""])
def test_a_write_that_misses_the_trigger_is_none(make: Make, pattern: str) -> None:
    resources = system(make, make.allow("s3:PutObject", make.objects("Photos", pattern)), prefix="in/", suffix=".jpg")

    assert make.check(resources).verdict == "loop-free"


def test_a_filter_is_prefix_and_suffix_and_not_one_after_the_other(make: Make) -> None:
    resources = system(make, make.allow("s3:PutObject", make.objects("Photos", "abc")), prefix="ab", suffix="bc")

    assert make.check(resources).findings[0].witness == "writing key `abc` invokes `Resize` again"


@pytest.mark.parametrize(
    ("action", "event", "verdict"),
    [
        ("s3:PutObject", "s3:ObjectCreated:CompleteMultipartUpload", "loop"),
        ("s3:Put*", "s3:ObjectCreated:Copy", "loop"),
        ("*", "s3:ObjectRemoved:*", "loop"),
        ("s3:DeleteObject", "s3:ObjectCreated:*", "loop-free"),
        ("s3:DeleteObject", "s3:ObjectRemoved:DeleteMarkerCreated", "loop"),
        ("s3:PutObject", "s3:ObjectRemoved:*", "loop-free"),
        ("s3:PutObjectTagging", "s3:ObjectTagging:Put", "loop"),
        ("s3:PutObjectTagging", "s3:ObjectTagging:Delete", "loop-free"),
        ("s3:RestoreObject", "s3:ObjectRestore:*", "loop"),
        ("s3:GetObject", "s3:ObjectCreated:*", "loop-free"),
        ("S3:PUTOBJECT", "s3:ObjectCreated:Put", "loop"),
        ("s3:PutObject", "s3:SomethingNew:*", "loop"),
    ],
)
def test_an_action_causes_the_events_of_its_family(make: Make, action: str, event: str, verdict: str) -> None:
    resources = {
        "Photos": make.bucket(make.notify("Resize", event=event)),
        "Role": make.role(make.allow(action, make.objects("Photos"))),
        "Resize": make.function(),
    }

    assert make.check(resources).verdict == verdict


def test_an_unconditional_deny_excuses(make: Make) -> None:
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": make.objects("Photos", "in/*")}

    assert make.check(system(make, make.allow("s3:*", "*"), deny)).verdict == "loop-free"


def test_a_deny_of_a_part_leaves_a_witness_outside_of_it(make: Make) -> None:
    deny = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": make.objects("Photos", "in/a*")}
    report = make.check(system(make, make.allow("s3:PutObject", "*"), deny))

    assert report.findings[0].witness == "writing key `in/` invokes `Resize` again"


def test_a_deny_with_conditions_does_not_excuse(make: Make) -> None:
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": condition}

    assert make.check(system(make, make.allow("s3:*", "*"), deny)).verdict == "loop"


def test_a_deny_of_everything_but_some_keys_excuses_all_others(make: Make) -> None:
    deny = {"Effect": "Deny", "Action": "s3:PutObject", "NotResource": make.objects("Photos", "out/*")}

    assert make.check(system(make, make.allow("s3:PutObject", "*"), deny)).verdict == "loop-free"


def test_not_resource_grants_all_else(make: Make) -> None:
    narrow = {"Effect": "Allow", "Action": "s3:PutObject", "NotResource": make.objects("Photos", "in/*")}
    other = {"Effect": "Allow", "Action": "s3:PutObject", "NotResource": make.objects("Photos", "in/a*")}

    assert make.check(system(make, narrow)).verdict == "loop-free"
    assert make.check(system(make, other)).verdict == "loop"


def test_not_action_grants_all_else(make: Make) -> None:
    reads = {"Effect": "Allow", "NotAction": "s3:Put*", "Resource": make.objects("Photos")}
    writes = {"Effect": "Allow", "NotAction": "s3:Get*", "Resource": make.objects("Photos")}

    assert make.check(system(make, reads)).verdict == "loop-free"
    assert make.check(system(make, writes)).verdict == "loop"


def test_another_bucket_is_no_loop(make: Make) -> None:
    resources = system(make, make.allow("s3:PutObject", make.objects("Thumbs")))
    resources["Thumbs"] = make.bucket()

    assert make.check(resources).verdict == "loop-free"


@pytest.mark.parametrize("name", [ACCOUNT_NAME, STABLE_NAME, "photos"])
def test_a_bucket_is_known_by_an_equal_name(make: Make, name: Any) -> None:
    arn = {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":s3:::", name, "/in/*"]]}
    inside = make.check(system(make, make.allow("s3:PutObject", arn), BucketName=name))
    arn = {"Fn::Join": ["", ["arn:aws:s3:::", name, "/out/*"]]}
    outside = make.check(system(make, make.allow("s3:PutObject", arn), BucketName=name))

    assert (inside.verdict, outside.verdict) == ("loop", "loop-free")


def test_the_same_stack_id_expression_in_another_stack_is_another_bucket(make: Make) -> None:
    arn = {"Fn::Join": ["", ["arn:aws:s3:::", STABLE_NAME, "/in/*"]]}
    importing = {"Fn::ImportValue": "resize-role"}
    bucket = {"Photos": make.bucket(make.notify({"Fn::ImportValue": "resize"}, "in/"), BucketName=STABLE_NAME)}
    function = {"Resize": make.function(), "Role": make.role(make.allow("s3:PutObject", arn))}
    outputs = {
        "Resize": {"Value": {"Fn::GetAtt": ["Resize", "Arn"]}, "Export": {"Name": "resize"}},
        "Role": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}, "Export": importing},
    }
    templates = [make.template(bucket, name="Data"), make.template(function, name="Code", Outputs=outputs)]

    assert check(templates).verdict == "unproven"


def test_exports_and_imports_join_templates(make: Make) -> None:
    data = make.template(
        {"Photos": make.bucket(make.notify({"Fn::ImportValue": "resize"}, "in/"))},
        name="Data",
        Outputs={"Photos": {"Value": {"Fn::GetAtt": ["Photos", "Arn"]}, "Export": {"Name": "photos"}}},
    )
    objects = {"Fn::Join": ["", [{"Fn::ImportValue": "photos"}, "/*"]]}
    code = make.template(
        {"Resize": make.function(), "Role": make.role(make.allow("s3:PutObject", objects))},
        name="Code",
        Outputs={"Resize": {"Value": {"Fn::GetAtt": ["Resize", "Arn"]}, "Export": {"Name": "resize"}}},
    )

    report = check([code, data])

    assert report.findings[0].headline == "`Code/Resize` can invoke itself through `Data/Photos`"
    assert report.verdict == "loop"


def test_cdk_custom_resource_notifications_count(make: Make) -> None:
    resources = {
        "Photos": make.bucket(),
        "Notifications": {
            "Type": "Custom::S3BucketNotifications",
            "Properties": {
                "ServiceToken": {"Fn::GetAtt": ["Handler", "Arn"]},
                "BucketName": {"Ref": "Photos"},
                "NotificationConfiguration": {
                    "LambdaFunctionConfigurations": [
                        {
                            "Events": ["s3:ObjectCreated:*"],
                            "Filter": {"Key": {"FilterRules": [{"Name": "suffix", "Value": ".jpg"}]}},
                            "LambdaFunctionArn": {"Fn::GetAtt": ["Resize", "Arn"]},
                        }
                    ]
                },
                "Managed": True,
            },
        },
        "Role": make.role(make.allow("s3:PutObject", make.objects("Photos"))),
        "Resize": make.function(),
    }

    report = make.check(resources)

    assert report.findings[0].witness == "writing key `a.jpg` invokes `Resize` again"


def test_policies_attached_from_outside_count(make: Make) -> None:
    document = {"Statement": make.allow("s3:PutObject", make.objects("Photos"))}
    for attached in (
        {"Type": "AWS::IAM::Policy", "Properties": {"PolicyDocument": document, "Roles": [{"Ref": "Role"}]}},
        {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document, "Roles": [{"Ref": "Role"}]}},
        {"Type": "AWS::IAM::RolePolicy", "Properties": {"PolicyDocument": document, "RoleName": {"Ref": "Role"}}},
    ):
        assert make.check({**system(make), "Policy": attached}).verdict == "loop"


def test_a_managed_policy_of_the_system_counts_where_it_is_attached(make: Make) -> None:
    document = {"Statement": make.allow("s3:PutObject", make.objects("Photos"))}
    resources = system(make)
    resources["Policy"] = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}
    resources["Role"] = make.role(ManagedPolicyArns=[{"Ref": "Policy"}])

    assert make.check(resources).verdict == "loop"


def test_a_bucket_policy_grants_and_denies(make: Make) -> None:
    def policy(effect: str, principal: Any) -> dict[str, Any]:
        statement = {
            "Effect": effect,
            "Action": "s3:PutObject",
            "Resource": make.objects("Photos"),
            "Principal": principal,
        }
        document = {"Statement": [statement]}
        return {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {"Bucket": {"Ref": "Photos"}, "PolicyDocument": document},
        }

    role = {"AWS": {"Fn::GetAtt": ["Role", "Arn"]}}
    other = {"AWS": "arn:aws:iam::123456789012:role/other"}
    writing = system(make, make.allow("s3:PutObject", make.objects("Photos")))

    assert make.check({**system(make), "Policy": policy("Allow", role)}).verdict == "loop"
    assert make.check({**system(make), "Policy": policy("Allow", "*")}).verdict == "loop"
    assert make.check({**system(make), "Policy": policy("Allow", other)}).verdict == "loop-free"
    assert make.check({**writing, "Policy": policy("Deny", role)}).verdict == "loop-free"
    assert make.check({**writing, "Policy": policy("Deny", "*")}).verdict == "loop-free"
    assert make.check({**writing, "Policy": policy("Deny", other)}).verdict == "loop"


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ({"Fn::Sub": "${Photos.Arn}/${Folder}*"}, "the parameter `Folder` may be anything"),
        ({"Ref": "Folder"}, "the parameter `Folder` may be anything"),
        (
            {"Fn::ImportValue": "elsewhere"},
            "the export `elsewhere` is not in these templates",
        ),
        (
            {"Fn::Sub": "${Photos.Arn}/{{resolve:ssm:folder}}"},
            "`{{resolve:ssm:folder}}` is read at deployment",
        ),
    ],
)
def test_what_is_not_known_is_unproven_with_the_reason(make: Make, pattern: Any, reason: str) -> None:
    parameters = {"Folder": {"Type": "String", "Default": "out/"}}
    report = make.check(system(make, make.allow("s3:PutObject", pattern)), Parameters=parameters)

    assert (report.verdict, report.findings[0].reasons) == ("unproven", (reason,))


def test_a_parameter_with_allowed_values_is_bounded(make: Make) -> None:
    parameters = {"Folder": {"Type": "String", "AllowedValues": ["out/", "thumbs/"]}}
    statement = make.allow("s3:PutObject", {"Fn::Sub": "${Photos.Arn}/${Folder}*"})

    assert make.check(system(make, statement), Parameters=parameters).verdict == "loop-free"


def test_the_same_parameter_on_both_sides_is_a_loop_whatever_it_is(make: Make) -> None:
    parameters = {"Folder": {"Type": "String"}}
    statement = make.allow("s3:PutObject", {"Fn::Sub": "${Photos.Arn}/${Folder}/*"})
    prefix = {"Fn::Sub": "${Folder}/"}

    assert make.check(system(make, statement, prefix=prefix), Parameters=parameters).verdict == "loop"


def test_beginnings_that_are_the_same_parameter_cancel_out(make: Make) -> None:
    parameters = {"Folder": {"Type": "String"}}
    statement = make.allow("s3:PutObject", {"Fn::Sub": "${Photos.Arn}/${Folder}/out/*"})
    prefix = {"Fn::Sub": "${Folder}/in/"}

    assert make.check(system(make, statement, prefix=prefix), Parameters=parameters).verdict == "loop-free"


def test_a_role_outside_of_the_system_may_do_anything(make: Make) -> None:
    resources = system(make)
    resources["Resize"]["Properties"]["Role"] = "arn:aws:iam::123456789012:role/elsewhere"

    report = make.check(resources)

    assert report.verdict == "unproven"
    assert report.findings[0].reasons == (
        "the role `arn:aws:iam::123456789012:role/elsewhere` is not in these templates",
    )
    assert report.not_modelled == ("what the role `arn:aws:iam::123456789012:role/elsewhere` allows",)


def test_both_branches_of_a_condition_count(make: Make) -> None:
    resource = {"Fn::If": ["Wide", make.objects("Photos"), make.objects("Photos", "out/*")]}

    assert make.check(system(make, make.allow("s3:PutObject", resource))).verdict == "loop"


def test_a_chain_of_functions_is_one_loop(make: Make) -> None:
    resources = {
        "In": make.bucket(make.notify("First")),
        "Out": make.bucket(make.notify("Second", suffix=".json")),
        "FirstRole": make.role(make.allow("s3:PutObject", make.objects("Out"))),
        "SecondRole": make.role(make.allow("s3:PutObject", make.objects("In", "*/done"))),
        "First": make.function("FirstRole"),
        "Second": make.function("SecondRole"),
    }

    report = make.check(resources)

    assert str(report) == (
        """\
error[s3-invocation-loop]: `First` can invoke itself through `Out`, `Second` and `In`

  First   -- s3:PutObject `*` -->            Out
  Out     -- s3:ObjectCreated:* `*.json` --> Second
  Second  -- s3:PutObject `*/done` -->       In
  In      -- s3:ObjectCreated:* -->          First

  witness: writing key `a.json` invokes `Second`, then writing key `/done` invokes `First` again
  help: write to another bucket than `Out`
  see: constructs-lib explain s3-invocation-loop

loop: 6 resources read; graph: 2 functions, 2 other resources, 4 edges"""
    )
