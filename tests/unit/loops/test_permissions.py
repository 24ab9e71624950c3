"""Roles that lead to other roles, and policies that are known by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make


def system(make: Make, grants: list[dict[str, Any]], trust: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """A function that may not write into its bucket, and a role that may."""
    document = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": trust}]}
    return {
        "Photos": make.bucket(make.notify("Resize")),
        "Role": make.role(*grants),
        "Resize": make.function(),
        "Writer": make.role(make.allow("s3:PutObject", make.objects("Photos")), AssumeRolePolicyDocument=document),
    }


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
        ([], OWN, "loop-free"),
        (["iam:PassRole", "scheduler:CreateSchedule"], SCHEDULER, "loop"),
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
