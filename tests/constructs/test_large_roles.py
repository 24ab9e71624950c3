"""Policies that IAM would refuse for their size fail the synthesis."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from aws_cdk import assertions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from constructs_lib import GetObject, RustFunction, stable_name
from constructs_lib.validation import guard_of

if TYPE_CHECKING:
    import aws_cdk as cdk

    from tests.constructs.conftest import Declare

FOUND = """\
error[role-policies-too-large]: the inline policies of `Thumbnails/ResizeRole` have 11,067 characters or more, \
IAM takes 10,240

  10,925  s3:GetObject on 180 resources
     102  logs:CreateLogStream, logs:PutLogEvents on 1 resource

  note: CloudFormation would refuse the deployment: maximum policy size exceeded
  note: `Thumbnails/Resize` is declared at LINE
  help: grant once what is granted often, e.g. on the prefix that many keys share
  help: or attach a managed policy: role.add_managed_policy(iam.ManagedPolicy(stack, id, statements=[…]))
  help: or let several functions do the work, each with what it needs
  see: constructs-lib explain role-policies-too-large"""


def declared(stack: cdk.Stack, declare: Declare, customers: int) -> RustFunction:
    photos = s3.Bucket(stack, "Photos", bucket_name=stable_name("photos"))
    prefixes = [f"customers/{number}/originals/" for number in range(customers)]
    return declare(stack, "Resize", access=[GetObject(photos, prefix=prefix) for prefix in prefixes])


def test_a_role_that_is_granted_too_much_fails_the_synthesis(app: cdk.App, stack: cdk.Stack, declare: Declare) -> None:
    declared(stack, declare, 180)

    with pytest.raises(RuntimeError) as raised:
        app.synth()

    assert re.sub(r"\S+\.py:\d+", "LINE", str(raised.value)).count(FOUND) == 1
    guard = guard_of(app)
    assert guard
    assert [found.reference for found in guard.diagnostics] == ["role-policies-too-large"]


def test_managed_policies_count_apart(stack: cdk.Stack, declare: Declare) -> None:
    function = declared(stack, declare, 160)
    statement = iam.PolicyStatement(actions=["s3:GetObject"], resources=["arn:aws:s3:::archive/" + "k" * 900])
    assert function.role
    function.role.add_managed_policy(iam.ManagedPolicy(stack, "Archive", statements=[statement]))

    resources = assertions.Template.from_stack(stack).to_json()["Resources"]

    (role,) = (one for one in resources.values() if one["Type"] == "AWS::IAM::Role")
    assert len(json.dumps(role["Properties"]["Policies"])) > 10_000
    assert role["Properties"]["ManagedPolicyArns"] == [{"Ref": "ArchiveDA4CB258"}]
