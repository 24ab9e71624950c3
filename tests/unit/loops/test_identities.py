"""What a role may do for certain, and what only if what nobody knows turns out so."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.loops.keys import STAR, show_glob
from constructs_lib.loops.permissions import Identity, Permissions
from constructs_lib.templates import Template
from constructs_lib.templates.system import System

Body = dict[str, Any]
SECTIONS: Body = {
    "Parameters": {
        "Which": {"Type": "String"},
        "Stage": {"Type": "String", "AllowedValues": ["dev", "prod"]},
    },
    "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
}
ACCOUNT_ROLE = "arn:aws:iam::${AWS::AccountId}:role/"
TWO_ROLES = ("Prod", "Dev")


def only_if(value: Any, otherwise: Any) -> Body:
    return {"Fn::If": ["IsProd", value, otherwise]}


def statement(key: str, effect: str = "Allow", **more: Any) -> Body:
    """A statement on one key, which names it in what is compared."""
    return {"Effect": effect, "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::photos/{key}", **more}


def document(*keys: str, effect: str = "Allow", **more: Any) -> Body:
    return {"Statement": [statement(key, effect, **more) for key in keys]}


def role(*keys: str, denied: str = "", **properties: Any) -> Body:
    policies = [{"PolicyDocument": document(*keys)}]
    policies += [{"PolicyDocument": document(key, effect="Deny")} for key in denied.split()]
    return {"Type": "AWS::IAM::Role", "Properties": {"Policies": policies, **properties}}


def attached(roles: Any, *keys: str, effect: str = "Allow", type_: str = "AWS::IAM::Policy", **more: Any) -> Body:
    return {"Type": type_, "Properties": {"Roles": roles, "PolicyDocument": document(*keys, effect=effect)}, **more}


def bucket_policy(*statements: Body) -> Body:
    return {"Type": "AWS::S3::BucketPolicy", "Properties": {"PolicyDocument": {"Statement": list(statements)}}}


def identity(given: Any = None, **resources: Body) -> Identity:
    """What the function's role may do: `Role`, or what is given."""
    function: Body = {"Type": "AWS::Lambda::Function", "Properties": {"Role": given or {"Fn::GetAtt": ["Role", "Arn"]}}}
    system = System([Template.of({"Resources": {"Resize": function, **resources}, **SECTIONS}, name="Stack")])
    [node] = system.nodes("AWS::Lambda::Function")
    return Permissions(system, ["s3:PutObject"]).of(node.get("Role"), node)


def allowed(found: Identity) -> list[str]:
    return [show_glob(allow.resource).removeprefix("s3:photos/") for allow in found.allows]


def denied(found: Identity) -> list[str]:
    return [show_glob(glob).removeprefix("s3:photos/") for deny in found.denies for glob in deny.resources]


def test_what_a_role_holds_itself_counts_whole() -> None:
    found = identity(Role=role("a", "b", denied="c d"))

    assert (found.name, allowed(found), denied(found), found.unknown) == ("Role", ["a", "b"], ["c", "d"], ())


@pytest.mark.parametrize(
    "roles",
    [[{"Ref": "Role"}], {"Ref": "Role"}, ["prefix/writer"], ["writer"], [{"Fn::GetAtt": ["Role", "Arn"]}, "other"]],
)
def test_what_is_attached_to_a_role_by_name_or_arn_is_its_own(roles: Any) -> None:
    writer = role("a", RoleName="writer")
    found = identity(
        Role=writer, Grant=attached(roles, "b"), Denial=attached(roles, "c", effect="Deny"), Other=role("x")
    )

    assert (allowed(found), denied(found)) == (["a", "b"], ["c"])


def test_a_role_policy_names_one_role() -> None:
    policy = attached(None, "b", type_="AWS::IAM::RolePolicy")
    policy["Properties"]["RoleName"] = {"Ref": "Role"}

    assert allowed(identity(Role=role("a"), Policy=policy)) == ["a", "b"]


def test_a_managed_policy_may_name_its_roles() -> None:
    policy = attached([{"Ref": "Role"}], "b", type_="AWS::IAM::ManagedPolicy")

    assert allowed(identity(Role=role("a"), Policy=policy)) == ["a", "b"]


def test_a_role_is_known_by_an_arn_with_a_path_too() -> None:
    given = {"Fn::Sub": ACCOUNT_ROLE + "service/writer"}

    assert allowed(identity(given, Role=role("a", RoleName="writer"))) == ["a"]


@pytest.mark.parametrize("holder", ["Prod", "Dev"])
@pytest.mark.parametrize(
    "given",
    [
        {"Fn::Sub": f"{ACCOUNT_ROLE}writer"},
        {"Fn::Sub": f"{ACCOUNT_ROLE}service/writer"},
        only_if({"Fn::GetAtt": ["Prod", "Arn"]}, {"Fn::GetAtt": ["Dev", "Arn"]}),
    ],
)
def test_roles_of_one_name_under_conditions_are_all_that_their_name_means(holder: str, given: Any) -> None:
    roles = {name: role("a", RoleName="writer") if name == holder else role(RoleName="writer") for name in TWO_ROLES}

    assert allowed(identity(given, **roles)) == ["a"]


@pytest.mark.parametrize("named", ["Prod", "Dev"])
def test_what_is_for_a_name_is_for_all_roles_of_this_name(named: str) -> None:
    policies = {
        "Grant": attached([{"Ref": named}], "a"),
        "Denial": attached("writer", "b", effect="Deny"),
        "Shared": bucket_policy(
            statement("c", Principal={"AWS": {"Fn::GetAtt": [named, "Arn"]}}),
            statement("d", effect="Deny", Principal={"AWS": {"Fn::GetAtt": [named, "Arn"]}}),
        ),
    }
    roles = {name: role(RoleName="writer") for name in TWO_ROLES}

    for one in TWO_ROLES:
        found = identity({"Fn::GetAtt": [one, "Arn"]}, **roles, **policies)

        assert (allowed(found), denied(found)) == (["a", "c"], ["b", "d"])
        assert not any(allow.doubt for allow in found.allows)


@pytest.mark.parametrize(
    ("attached_to", "name", "expected"),
    [
        ("writer", {"Ref": "Which"}, ["a"]),
        ("writer", {"Fn::Sub": "${Which}-er"}, []),
        ("writer", {"Fn::Sub": "${Which}ter"}, ["a"]),
        ("writer", "other", []),
        ("writer-eu-west-1", {"Fn::Sub": "writer-${AWS::Region}"}, ["a"]),
        ("reader-eu-west-1", {"Fn::Sub": "writer-${AWS::Region}"}, []),
        ("writer", None, []),
        ("Stack-Role-1ABCDEFGHIJKL", None, ["a"]),
    ],
)
@pytest.mark.parametrize("path", [{}, {"Path": "/service/"}])
def test_a_role_whose_name_may_turn_out_to_be_a_known_one_may_have_what_is_attached_to_it(
    attached_to: str, name: Any, expected: list[str], path: Body
) -> None:
    policies = {"Grant": attached([attached_to], "a"), "Denial": attached([attached_to], "b", effect="Deny")}
    found = identity(Role=role(**path) if name is None else role(RoleName=name, **path), **policies)

    assert (allowed(found), denied(found)) == (expected, [])
    assert all(allow.doubt for allow in found.allows)


def test_a_role_is_looked_at_once() -> None:
    elsewhere = "arn:aws:iam::123456789012:role/elsewhere"
    system = System([Template.of({"Resources": {"Role": role("a")}})])
    permissions = Permissions(system, ["s3:PutObject"])
    [node] = permissions.roles
    given = {"Fn::GetAtt": ["Role", "Arn"]}

    assert permissions.of(given, node) is permissions.of(given, node) is permissions.role(node)
    assert permissions.of(elsewhere, node) is permissions.of(elsewhere, node)


@pytest.mark.parametrize("policies", [[{"PolicyName": "inline"}], ["text"], {"Ref": "Which"}])
def test_a_policy_without_a_document_that_anyone_knows_may_allow_everything(policies: Any) -> None:
    broken: Body = {"Type": "AWS::IAM::Role", "Properties": {"Policies": policies}}

    assert allowed(identity(Role=broken)) == ["*"]


def test_each_grant_knows_what_holds_it() -> None:
    managed = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document("b")}}
    policy = bucket_policy(statement("d", Principal="*"))
    found = identity(
        Role=role("a", ManagedPolicyArns=[{"Ref": "Managed"}]),
        Managed=managed,
        Attached=attached([{"Ref": "Role"}], "c"),
        OfBucket=policy,
    )

    assert [(allow.holder.id, allow.statement["Resource"][-1]) for allow in found.allows if allow.holder] == [
        ("Role", "a"),
        ("Managed", "b"),
        ("Attached", "c"),
        ("OfBucket", "d"),
    ]


DENIAL = document("b", effect="Deny")
CONDITIONAL: list[tuple[str, Body]] = [
    ("an inline policy", {"Role": role("a", Policies=[only_if({"PolicyDocument": DENIAL}, {"Ref": "AWS::NoValue"})])}),
    ("an attached policy", {"Denial": attached([{"Ref": "Role"}], "b", effect="Deny", Condition="IsProd")}),
    (
        "an attachment",
        {"Denial": attached([only_if({"Ref": "Role"}, {"Ref": "AWS::NoValue"})], "b", effect="Deny")},
    ),
    ("one of two roles", {"Denial": attached([only_if({"Ref": "Role"}, "other")], "b", effect="Deny")}),
    ("a role's name", {"Denial": attached([{"Fn::Sub": "${Stage}-role"}], "b", effect="Deny")}),
    ("a bucket policy", {"Denial": {**bucket_policy(statement("b", "Deny", Principal="*")), "Condition": "IsProd"}}),
]


@pytest.mark.parametrize("resources", [pytest.param(resources, id=name) for name, resources in CONDITIONAL])
def test_a_denial_under_a_condition_is_none(resources: Body) -> None:
    assert denied(identity(**{"Role": role("a", RoleName="prod-role"), **resources})) == []


@pytest.mark.parametrize("found_by", ["Ref", "arn"])
def test_a_managed_policy_of_the_system_counts_where_a_role_names_it(found_by: str) -> None:
    managed = {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "ManagedPolicyName": "limits",
            "PolicyDocument": {"Statement": [statement("b"), statement("c", "Deny")]},
        },
    }
    arn = {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:policy/limits"}
    named = {"Ref": "Managed"} if found_by == "Ref" else arn
    found = identity(Role=role("a", ManagedPolicyArns=[named]), Managed=managed)
    perhaps = identity(Role=role("a", ManagedPolicyArns=[named]), Managed={**managed, "Condition": "IsProd"})
    chosen = identity(Role=role("a", ManagedPolicyArns=[only_if(named, {"Ref": "AWS::NoValue"})]), Managed=managed)

    assert (allowed(found), denied(found)) == (["a", "b"], ["c"])
    assert {allow.doubt for allow in found.allows} == {""}
    assert (allowed(perhaps), denied(perhaps)) == (["a", "b"], [])
    assert (allowed(chosen), denied(chosen)) == (["a", "b"], [])


def test_managed_policies_that_nobody_knows_are_named_each() -> None:
    arns = ["arn:aws:iam::aws:policy/One", "arn:aws:iam::aws:policy/Two"]
    found = identity(Role=role("a", ManagedPolicyArns=arns))

    assert found.unknown == tuple(f"the managed policy `{arn}`" for arn in arns)
    assert [allow.doubt for allow in found.allows] == [
        "",
        *(f"{what} is not in these templates" for what in found.unknown),
    ]


def test_a_managed_policy_of_aws_adds_to_what_a_role_has() -> None:
    found = identity(Role=role("a", ManagedPolicyArns=["arn:aws:iam::aws:policy/AmazonS3FullAccess"]))

    assert allowed(found)[0] == "a"
    assert len(found.allows) > 1


def test_one_of_two_roles_may_do_what_either_may_and_not_what_both_deny() -> None:
    either = only_if({"Fn::GetAtt": ["Role", "Arn"]}, {"Fn::GetAtt": ["Other", "Arn"]})
    found = identity(either, Role=role("a", denied="x y"), Other=role("b", denied="y z"))
    unknown = identity(only_if("arn:aws:iam::1:role/one", "arn:aws:iam::1:role/two"))

    assert (found.name, allowed(found), denied(found)) == ("Role or Other", ["a", "b"], ["y"])
    assert unknown.unknown == ("the role `arn:aws:iam::1:role/one`", "the role `arn:aws:iam::1:role/two`")


def test_a_branch_that_leaves_the_role_out_is_none() -> None:
    given = only_if({"Fn::GetAtt": ["Role", "Arn"]}, {"Ref": "AWS::NoValue"})

    assert allowed(identity(given, Role=role("a"))) == ["a"]


def test_a_role_elsewhere_may_do_anything_but_what_is_denied_to_its_name() -> None:
    given = "arn:aws:iam::123456789012:role/elsewhere"
    found = identity(given, Grant=attached(["elsewhere"], "a"), Denial=attached(["elsewhere"], "b", effect="Deny"))
    bare = identity(given)

    assert (found.name, found.unknown) == ("elsewhere", ("the role `elsewhere`",))
    assert (allowed(found), denied(found)) == (["*", "a"], ["b"])
    assert (bare.name, bare.unknown) == (given, (f"the role `{given}`",))


WHICH = "which role a policy is attached to is known at deployment only"
WHOM = "whom a policy is for is known at deployment only"


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_a_policy_for_a_role_that_nobody_knows_may_allow_but_excuses_nothing(effect: str) -> None:
    policy = attached([{"Ref": "Which"}], "b", effect=effect)
    own = identity(Role=role("a"), Policy=policy)
    elsewhere = identity("arn:aws:iam::123456789012:role/elsewhere", Named=attached(["elsewhere"], "a"), Policy=policy)

    assert (allowed(own), denied(own)) == (["a", "b"] if effect == "Allow" else ["a"], [])
    assert (allowed(elsewhere), denied(elsewhere)) == (["*", "a", "b"] if effect == "Allow" else ["*", "a"], [])
    assert [allow.doubt for allow in own.allows] == (["", WHICH] if effect == "Allow" else [""])


def test_a_grant_to_what_nobody_knows_may_be_to_another() -> None:
    policy = bucket_policy(statement("b", Principal={"AWS": {"Ref": "Which"}}), statement("c", Principal="*"))
    found = identity(Role=role("a"), Policy=policy)

    assert [allow.doubt for allow in found.allows] == ["", WHOM, ""]
    named = identity(Role=role("a"), Policy=bucket_policy(statement("b", Principal=OWN)))
    assert [allow.doubt for allow in named.allows] == ["", ""]


def test_a_doubt_about_a_statement_comes_before_one_about_whom_it_is_for() -> None:
    policy = attached([{"Ref": "Which"}])
    policy["Properties"]["PolicyDocument"] = document("b", Action={"Ref": "Which"})
    found = identity(Role=role("a"), Policy=policy)

    assert [allow.doubt for allow in found.allows] == ["", "an action is known at deployment only"]


OWN = {"AWS": {"Fn::GetAtt": ["Role", "Arn"]}}


@pytest.mark.parametrize(
    ("principal", "granted", "excused"),
    [
        (OWN, True, True),
        ("*", True, True),
        ({"AWS": "*"}, True, True),
        ({"AWS": ["arn:aws:iam::123456789012:role/other", {"Fn::GetAtt": ["Role", "Arn"]}]}, True, True),
        ({"AWS": {"Fn::GetAtt": ["Other", "Arn"]}}, False, False),
        ({"AWS": {"Ref": "Which"}}, True, False),
        ({"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/elsewhere"}}, False, False),
        ({"AWS": "arn:aws:iam::123456789012:role/writer"}, True, False),
        ({"AWS": "arn:aws:sts::123456789012:assumed-role/writer/resize"}, True, False),
        ({"AWS": "arn:aws:iam::123456789012:role/service/writer"}, False, False),
        ({"AWS": "arn:aws:iam::123456789012:root"}, False, False),
        ({"AWS": {"Fn::Sub": "arn:aws:sts::${AWS::AccountId}:assumed-role/writer/resize"}}, True, False),
        ({"AWS": {"Fn::Sub": "arn:aws:sts::${AWS::AccountId}:assumed-role/writer/a/b"}}, True, False),
        ({"AWS": {"Fn::Sub": "arn:aws:sts::${AWS::AccountId}:assumed-role/writer"}}, False, False),
        ({"AWS": {"Fn::Sub": "arn:aws:sts::${AWS::AccountId}:federated-user/writer/resize"}}, False, False),
        ({"Service": "s3.amazonaws.com"}, False, False),
        (None, False, False),
    ],
)
def test_a_policy_of_a_resource_is_for_those_that_it_names(
    principal: Any,
    granted: bool,  # noqa: FBT001
    excused: bool,  # noqa: FBT001
) -> None:
    more = {} if principal is None else {"Principal": principal}
    policy = bucket_policy(statement("b", **more), statement("c", "Deny", **more))
    found = identity(Role=role("a", RoleName="writer"), Other=role(), Policy=policy)

    assert (allowed(found), denied(found)) == (["a", "b"] if granted else ["a"], ["c"] if excused else [])


@pytest.mark.parametrize(
    ("condition", "granted"),
    [
        ({}, True),
        ({"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::photos"}}, False),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}}, False),
        ({"StringEquals": {"AWS:sourcearn": "arn:aws:s3:::photos"}}, False),
        ({"StringLike": {"aws:RequestedRegion": "*", "aws:SourceArn": "*"}}, False),
        ({"Bool": {"aws:SecureTransport": "true"}, "ArnLike": {"aws:SourceArn": "*"}}, False),
        ({"ArnLikeIfExists": {"aws:SourceArn": "*"}}, True),
        ({"StringNotLike": {"aws:SourceArn": "*"}}, True),
        ({"ArnLike": {"aws:PrincipalArn": "*"}}, True),
        ({"ArnLike": "aws:SourceArn"}, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
        ("aws:SourceArn", True),
    ],
)
def test_a_grant_to_a_service_on_behalf_of_a_resource_is_none_to_a_role(condition: Any, granted: bool) -> None:  # noqa: FBT001
    policy = bucket_policy(statement("b", Principal="*", Condition=condition), statement("c", Principal="*"))

    assert allowed(identity(Role=role("a"), Policy=policy)) == (["a", "b", "c"] if granted else ["a", "c"])


def test_a_denial_on_behalf_of_a_resource_hangs_on_a_condition_and_excuses_nothing() -> None:
    condition = {"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::photos"}}

    assert (
        denied(identity(Role=role(), Policy=bucket_policy(statement("b", "Deny", Principal="*", Condition=condition))))
        == []
    )


def test_what_nobody_knows_is_everything() -> None:
    found = identity({"Ref": "AWS::NoValue"})

    assert (allowed(found), found.unknown) == ([show_glob(STAR)], ("the role of `Resize`",))
