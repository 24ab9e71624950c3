"""What roles lend each other: over how many roles, with which doubts, and from whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.loops import chains, permissions
from constructs_lib.loops.chains import LEADING, Chains
from constructs_lib.loops.keys import show_glob
from constructs_lib.loops.permissions import Permissions
from constructs_lib.templates import Template
from constructs_lib.templates.system import System

if TYPE_CHECKING:
    from constructs_lib.templates.system import Node

Body = dict[str, Any]
HANDOVERS = (
    ("scheduler:CreateSchedule", "scheduler:schedule/", "scheduler.amazonaws.com"),
    ("ecs:RunTask", "ecs:task-definition/", "ecs-tasks.amazonaws.com"),
)
ASKED = (*LEADING, *(action for action, _, _ in HANDOVERS))
ACCOUNT = {"AWS": "arn:aws:iam::123456789012:root"}
SCHEDULER = {"Service": "scheduler.amazonaws.com"}
UNKNOWN_TRUST = "whom the role `{}` trusts is known at deployment only"
UNKNOWN_EFFECT = "it is not certain that `{}` allows {}"


def arn(name: str) -> Body:
    return {"Fn::GetAtt": [name, "Arn"]}


def ref(name: str) -> Body:
    return {"Ref": name}


def role(*granted: tuple[str, Any], trusts: Any = None, **properties: Any) -> Body:
    """A role that may do something to something; it is told by the object that it may read."""
    statements = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in granted]
    if trusts is not None:
        trusting = [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": trusts}]
        properties["AssumeRolePolicyDocument"] = {"Statement": trusting}
    policies = [{"PolicyDocument": {"Statement": statements}}]
    return {"Type": "AWS::IAM::Role", "Properties": {"Policies": policies, **properties}}


def reads(name: str) -> tuple[str, str]:
    return "s3:GetObject", f"arn:aws:s3:::{name}/*"


def assumes(*names: str) -> tuple[str, Any]:
    return "sts:AssumeRole", [arn(name) for name in names]


def named(name: str) -> Body:
    return {"AWS": arn(name)}


def lent(roles: dict[str, Body], of: str = "Own") -> list[tuple[str, str, str]]:
    """What a role is lent of objects: by whom, what, and why that is not certain."""
    parameters = {"Which": {"Type": "String"}, "Everyone": {"Type": "String", "AllowedValues": ["*"]}}
    sections = {"Parameters": parameters, "Conditions": {"Is": {"Fn::Equals": ["a", "b"]}}}
    system = System([Template.of({**sections, "Resources": roles}, name="Stack")])
    all_ = Permissions(system, ASKED)
    own: Node = next(node for node in system.nodes("AWS::IAM::Role") if node.id == of)
    found = Chains(system, all_, HANDOVERS).lent(all_.role(own))
    return [
        (node.id, show_glob(allow.resource), allow.doubt)
        for allow, node in found
        if allow.actions.covers("s3:GetObject") and allow.holder is node
    ]


@pytest.mark.parametrize("kept", [1, 2, 64])
def test_a_role_is_lent_what_roles_behind_roles_allow_each_once(kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permissions, "MAX_KEPT", kept)
    roles = {
        "Own": role(assumes("One"), trusts=named("Two")),
        "One": role(assumes("Two"), reads("one"), reads("more"), trusts=named("Own")),
        "Two": role(assumes("Own", "One", "Two"), reads("two"), trusts=ACCOUNT),
        "Three": role(reads("three"), trusts=named("Other")),
        "Other": role(),
    }

    assert lent(roles) == [("One", "s3:one/*", ""), ("One", "s3:more/*", ""), ("Two", "s3:two/*", "")]
    assert lent(roles, of="Two") == [("One", "s3:one/*", ""), ("One", "s3:more/*", "")]
    assert lent(roles, of="Other") == [("Three", "s3:three/*", "")]


def test_a_doubt_is_handed_on_to_what_is_behind_it() -> None:
    unsure = {"Effect": ref("Which"), "Action": "s3:GetObject", "Resource": "arn:aws:s3:::own/*"}
    two = role(reads("two"), trusts=named("One"))
    two["Properties"]["Policies"].append({"PolicyDocument": {"Statement": [unsure]}})
    roles = {
        "Own": role(assumes("One")),
        "One": role(assumes("Two"), reads("one"), trusts={"AWS": ref("Which")}),
        "Two": two,
    }
    reason = UNKNOWN_TRUST.format("One")
    (*certain, last) = lent(roles)

    assert certain == [("One", "s3:one/*", reason), ("Two", "s3:two/*", reason)]
    assert last[:2] == ("Two", "s3:own/*")
    assert last[2] not in {"", reason}


@pytest.mark.parametrize(
    ("trusts", "doubt"),
    [
        (named("Own"), ""),
        ({"AWS": [arn("Other"), arn("Own")]}, ""),
        ({"AWS": "*"}, ""),
        ("*", ""),
        (ref("Everyone"), ""),
        (ref("Which"), UNKNOWN_TRUST.format("One")),
        ({"Fn::If": ["Free", ref("Everyone"), named("Other")]}, ""),
        ({"AWS": "123456789012"}, ""),
        ({"AWS": {"Ref": "AWS::AccountId"}}, ""),
        (ACCOUNT, ""),
        ({"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}}, ""),
        ({"AWS": ref("Which")}, UNKNOWN_TRUST.format("One")),
        ({"AWS": [ref("Which"), arn("Own")]}, ""),
        ({"AWS": [ref("Which"), "arn:aws:iam::123456789012:root"]}, ""),
        ({"Fn::If": ["Free", named("Own"), named("Other")]}, ""),
        ({"AWS": {"Fn::If": ["Free", arn("Own"), arn("Other")]}}, ""),
        (named("Other"), None),
        (SCHEDULER, None),
        ({"AWS": "arn:aws:iam::123456789012:role/others"}, None),
        ({"AWS": "arn:aws:iam::123456789012:user/root"}, None),
    ],
)
def test_a_role_lends_to_whom_it_trusts(trusts: Any, doubt: str | None) -> None:
    roles = {
        "Own": role(assumes("One"), RoleName="own"),
        "One": role(reads("one"), trusts=trusts),
        "Other": role(RoleName="other"),
    }

    assert lent(roles) == ([] if doubt is None else [("One", "s3:one/*", doubt)])


@pytest.mark.parametrize(
    ("statement", "is_lent"),
    [
        ({"Effect": "Allow", "Principal": named("Own")}, True),
        ({"Effect": "Allow"}, True),
        ({"Effect": "Deny", "Principal": named("Own")}, False),
        ({"Effect": "Allow", "Principal": named("Other")}, False),
    ],
)
def test_each_statement_of_a_trust_policy_counts_by_itself(statement: Body, is_lent: bool) -> None:  # noqa: FBT001
    statements = [
        {"Effect": "Deny", "Principal": "*", "Action": "sts:TagSession"},
        {"Action": "sts:AssumeRole", **statement},
    ]
    roles = {
        "Own": role(assumes("One")),
        "One": role(reads("one"), AssumeRolePolicyDocument={"Statement": statements}),
        "Other": role(),
    }

    assert lent(roles) == ([("One", "s3:one/*", "")] if is_lent else [])


CREATE = ("scheduler:CreateSchedule", "*")
CREATE_ONE = ("scheduler:CreateSchedule", "arn:aws:scheduler:eu-west-1:123456789012:schedule/default/one")
MAY_CREATE = ("scheduler:CreateSchedule", ref("Which"))
PASS = ("iam:PassRole", arn("One"))
MAY_PASS = ("iam:PassRole", ref("Which"))
BELOW = "arn:aws:iam::123456789012:role/one/below"


@pytest.mark.parametrize(
    ("granted", "trusts", "doubt"),
    [
        ([CREATE, PASS], SCHEDULER, ""),
        ([CREATE_ONE, PASS], SCHEDULER, ""),
        ([CREATE, PASS], {"Service": ["lambda.amazonaws.com", "scheduler.amazonaws.com"]}, ""),
        ([CREATE, PASS], "*", ""),
        ([PASS, ("ecs:RunTask", "*"), CREATE], SCHEDULER, ""),
        ([PASS, ("ecs:RunTask", "*")], SCHEDULER, None),
        ([CREATE, ("iam:PassRole", arn("Own"))], SCHEDULER, None),
        ([CREATE, ("iam:PassRole", BELOW)], SCHEDULER, None),
        ([CREATE, ("iam:PassRole", BELOW), assumes("One")], SCHEDULER, None),
        ([CREATE], SCHEDULER, None),
        ([PASS], SCHEDULER, None),
        ([PASS], ACCOUNT, None),
        ([CREATE, assumes("One")], SCHEDULER, None),
        ([("sts:AssumeRole", BELOW), PASS], ACCOUNT, None),
        ([CREATE, PASS], {"Service": "lambda.amazonaws.com"}, None),
        ([CREATE, PASS], named("Other"), None),
        ([CREATE, MAY_PASS], SCHEDULER, UNKNOWN_EFFECT.format("Own", "iam:PassRole")),
        ([MAY_CREATE, PASS], SCHEDULER, UNKNOWN_EFFECT.format("Own", "scheduler:CreateSchedule")),
        ([MAY_CREATE, MAY_PASS], SCHEDULER, UNKNOWN_EFFECT.format("Own", "iam:PassRole")),
        ([("sts:AssumeRole", ref("Which"))], ACCOUNT, UNKNOWN_EFFECT.format("Own", "sts:AssumeRole")),
        # One way is enough, and the shorter of two doubts is told.
        ([assumes("One"), CREATE, MAY_PASS], {**ACCOUNT, **SCHEDULER}, ""),
        ([assumes("One"), MAY_CREATE, PASS], {"AWS": ref("Which"), **SCHEDULER}, UNKNOWN_TRUST.format("One")),
    ],
)
def test_a_role_that_is_handed_to_a_service_lends_if_both_sides_say_so(
    granted: list[tuple[str, Any]], trusts: Any, doubt: str | None
) -> None:
    one = role(reads("one"), trusts=trusts, RoleName="one")
    roles = {"Own": role(*granted), "One": one, "Other": role()}

    assert lent(roles) == ([] if doubt is None else [("One", "s3:one/*", doubt)])


def test_a_role_that_everyone_may_assume_may_be_handed_over_by_one_to_whom_that_is_denied() -> None:
    own = role(CREATE, PASS)
    denied = {"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*"}
    own["Properties"]["Policies"].append({"PolicyDocument": {"Statement": [denied]}})

    assert lent({"Own": own, "One": role(reads("one"), trusts="*")}) == [("One", "s3:one/*", "")]
    assert lent({"Own": own, "One": role(reads("one"), trusts=ACCOUNT)}) == []


@pytest.mark.parametrize("few", [0, 8, 100])
def test_of_many_roles_those_that_trust_somebody_else_are_left_out(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chains, "FEW", few)
    trusting: dict[str, Any] = {
        "Me": named("Own"),
        "Free": {"AWS": ref("Which")},
        "Account": ACCOUNT,
        "Service": SCHEDULER,
        "Lambda": {"Service": "lambda.amazonaws.com"},
        "You": named("Other"),
        "Session": {"AWS": "arn:aws:sts::123456789012:assumed-role/own/session"},
        "Both": {"AWS": [arn("Other"), arn("Own")]},
        "All": "*",
    }
    lending = {name: role(reads(name.lower()), trusts=trusts) for name, trusts in trusting.items()}
    granted = [("sts:AssumeRole", "*"), CREATE, ("iam:PassRole", "*")]
    roles = {"Own": role(*granted, RoleName="own"), **lending, "Other": role(RoleName="other")}

    assert sorted(lent(roles)) == [
        ("Account", "s3:account/*", ""),
        ("All", "s3:all/*", ""),
        ("Both", "s3:both/*", ""),
        ("Free", "s3:free/*", UNKNOWN_TRUST.format("Free")),
        ("Me", "s3:me/*", ""),
        ("Service", "s3:service/*", ""),
        ("Session", "s3:session/*", ""),
    ]


def test_a_statement_of_another_resource_keeps_its_holder() -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::one/*"}
    policy = {"Roles": [{"Ref": "One"}], "PolicyDocument": {"Statement": [statement]}}
    resources = {
        "Own": role(assumes("One")),
        "One": role(trusts=named("Own"), ManagedPolicyArns=["arn:aws:iam::123456789012:policy/unknown"]),
        "Policy": {"Type": "AWS::IAM::Policy", "Properties": policy},
    }
    system = System([Template.of({"Resources": resources}, name="Stack")])
    permissions = Permissions(system, ASKED)
    [own, _] = permissions.roles
    found = list(Chains(system, permissions, HANDOVERS).lent(permissions.role(own)))

    assert [(node.id, allow.holder and allow.holder.id, show_glob(allow.resource)) for allow, node in found] == [
        ("One", "One", "*"),
        ("One", "Policy", "s3:one/*"),
    ]
