"""Roles that IAM refuses, because their inline policies have too many characters."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.templates import Template
from constructs_lib.templates.policy_sizes import MAX_INLINE, LargeRole, large_roles

Body = dict[str, Any]
OF_DOCUMENT = len('{"Statement":[]}')
OF_STATEMENT = len('{"Effect":"Allow","Action":"s3:GetObject","Resource":""}')
UNIQUE = {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}
NAME = {"Fn::Join": ["", ["photos-", {"Fn::Select": [4, {"Fn::Split": ["-", UNIQUE]}]}]]}  # as stable_name() has it
NAMED = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": NAME}}


def statement(resource: Any, **others: Any) -> Body:
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": resource, **others}


def role(*statements: Any) -> Body:
    policy = {"PolicyName": "Access", "PolicyDocument": {"Statement": list(statements)}}
    return {"Type": "AWS::IAM::Role", "Properties": {"Policies": [policy]}}


def found(**resources: Any) -> list[LargeRole]:
    return list(large_roles(Template.of({"Resources": resources})))


def filler(resource: str, missing: int = 0) -> str:
    """What makes a policy of one statement on `resource` just as large as it may be, or some characters less."""
    return "k" * (MAX_INLINE - OF_DOCUMENT - OF_STATEMENT - len(resource) - missing)


def test_a_policy_may_have_as_many_characters_as_iam_takes_and_no_more() -> None:
    most = "arn:aws:s3:::photos/" + filler("arn:aws:s3:::photos/")

    assert found(Role=role(statement(most))) == []
    assert found(Role=role(statement(most + "k"))) == [
        LargeRole("Role", 10_241, (("s3:GetObject", 1, 10_241 - OF_DOCUMENT),))
    ]


def test_white_space_does_not_count() -> None:
    resource = "arn:aws:s3:::photos/"

    assert found(Role=role(statement(resource + filler(resource) + " " * 9_000))) == []


@pytest.mark.parametrize(
    ("resource", "shortest"),
    [
        ({"Ref": "Parameter"}, ""),
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Fn::GetAtt": ["Photos", "Arn"]}, "arn:aws:s3:::xyz"),
        ({"Fn::GetAtt": "Photos.Arn"}, "arn:aws:s3:::xyz"),
        ({"Fn::GetAtt": ["Table", "StreamArn"]}, ""),
        ({"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":s3:::", {"Ref": "Photos"}]]}, "arn:aws:s3:::"),
        ({"Fn::Join": ["/", ["a", "b", "c"]]}, "a/b/c"),
        ({"Fn::Join": ["/", {"Ref": "List"}]}, ""),
        ({"Fn::Sub": "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:${Name}"}, "arn:aws:sqs:us-east-1:123456789012:"),
        ({"Fn::Sub": ["${Photos}/in/${!aws:username}", {}]}, "/in/${aws:username}"),
        ({"Fn::Sub": ["${Named.Arn}/${AWS::Region}", {"AWS::Region": "eu"}]}, "arn:aws:s3:::photos-456789abcdef/eu"),
        ({"Fn::Sub": ["${Named}", {"Named": {"Ref": "Parameter"}}]}, ""),
        ({"Fn::GetAtt": ["Named", "Arn"]}, "arn:aws:s3:::photos-456789abcdef"),
        ({"Fn::Join": ["", [{"Ref": "Named"}, "/*"]]}, "photos-456789abcdef/*"),
        (UNIQUE, "01234567-89ab-cdef-0123-456789abcdef"),
        ({"Fn::Select": [1, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}, ""),
        ({"Fn::Select": [7, {"Fn::Split": ["-", UNIQUE]}]}, ""),
        ({"Fn::If": ["IsProd", "arn:aws:s3:::photos/*", "arn:aws:s3:::p/*"]}, "arn:aws:s3:::p/*"),
        ({"Fn::ImportValue": "photos"}, ""),
    ],
)
def test_what_is_not_known_counts_as_short_as_it_can_be(resource: Any, shortest: str) -> None:
    # A second statement fills the policy up.
    rest = filler(shortest, missing=OF_STATEMENT + 1)
    named = {"Named": NAMED, "Photos": {"Type": "AWS::S3::Bucket"}}

    assert found(Role=role(statement(resource), statement(rest)), **named) == []
    assert [large.size for large in found(Role=role(statement(resource), statement(rest + "k")), **named)] == [10_241]


@pytest.mark.parametrize(
    "optional", [{"Ref": "AWS::NoValue"}, {"Fn::If": ["C", "k" * 20_000, {"Ref": "AWS::NoValue"}]}]
)
def test_what_may_be_left_out_does_not_count(optional: Any) -> None:
    assert found(Role=role(optional, statement(["arn:aws:s3:::photos/*", optional], Condition=optional))) == []


def test_policies_of_a_role_and_those_that_are_attached_to_it_count_together() -> None:
    half = statement("k" * 6_000)
    attached = {"PolicyName": "More", "Roles": [{"Ref": "Role"}], "PolicyDocument": {"Statement": [half]}}
    policy = {"Type": "AWS::IAM::Policy", "Properties": attached}

    assert [large.logical_id for large in found(Policy=policy, Role=role(half))] == ["Role"]
    assert found(Policy=policy) == found(Role=role(half)) == []
    assert found(Policy={**policy, "Condition": "IsProd"}, Role=role(half)) == []
    assert found(Policy={**policy, "Type": "AWS::IAM::ManagedPolicy"}, Role=role(half)) == []


def test_what_is_largest_is_told_first() -> None:
    writes = {"Effect": "Allow", "Action": ["s3:PutObject", "s3:PutObjectTagging"], "Resource": "w" * 6_000}
    (large,) = found(Role=role(statement("r" * 2_000), writes, statement(["r" * 1_000, "r" * 2_000])))

    assert large.grants == (
        ("s3:PutObject, s3:PutObjectTagging", 1, 6_000 + OF_STATEMENT + len('["s3:PutObjectTagging",]')),
        ("s3:GetObject", 3, 5_000 + 2 * OF_STATEMENT + len('["",]')),
    )


@pytest.mark.parametrize("wrong", [None, 7, "text", [], [7], {}, {"Fn::If": "C"}, {"Fn::If": []}, {"Fn::Join": 1}])
def test_values_of_any_type_are_read(wrong: Any) -> None:
    resources = {
        "A": {"Type": "AWS::IAM::Role", "Properties": {"Policies": wrong}},
        "B": {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyDocument": wrong}]}},
        "C": role(wrong, {"Action": wrong, "Resource": "k" * MAX_INLINE}),
        "D": {"Type": "AWS::IAM::Policy", "Properties": {"Roles": wrong, "PolicyDocument": wrong}},
    }

    assert [large.logical_id for large in found(**resources)] == ["C"]
