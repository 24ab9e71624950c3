"""What statements of policies say: each by its polarity, where a part of it is not known or hangs on a condition."""

from __future__ import annotations

import json
from typing import Any

import pytest

from constructs_lib.loops.keys import ANY, STAR
from constructs_lib.loops.policies import Actions, Allow, Deny, Statement, always, is_conditional, listed, statements
from constructs_lib.templates import Template
from constructs_lib.templates.system import System

Body = dict[str, Any]
SECTIONS: Body = {
    "Parameters": {
        "Free": {"Type": "String"},
        "Stage": {"Type": "String", "AllowedValues": ["dev", "prod"]},
    },
    "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
    "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
}
NO_VALUE = {"Ref": "AWS::NoValue"}
WRITE: Body = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::photos/*"}
PUT = Actions(("s3:PutObject",))
EVERY = Actions(("*",))
FIRST_FREE = chr(0x70000)
"""The symbol of the first text that may be anything."""
UNKNOWN_DOCUMENT = Statement(("*",), (Allow(EVERY, STAR, doubt="a policy document is not in the template"),))
UNKNOWN_STATEMENT = Statement(("*",), (Allow(EVERY, STAR, doubt="a statement of a policy is not in the template"),))
UNKNOWN_EFFECT = "a statement's `Effect` is known at deployment only"
UNKNOWN_ACTION = "an action is known at deployment only"


def only_if(value: Any, otherwise: Any = NO_VALUE) -> Body:
    return {"Fn::If": ["IsProd", value, otherwise]}


def glob(text: str) -> str:
    return text.replace("*", STAR).replace("?", ANY)


PHOTOS = glob("s3:photos/*")


def read(document: Any, *, certain: bool = True) -> list[Statement]:
    template = Template.of(SECTIONS)
    return list(statements(System([template]), document, template, certain=certain))


def rules(**changed: Any) -> list[tuple[Any, ...]]:
    """The rules of the statement that writes photos, with changes; what is changed to None is left out."""
    statement = {key: value for key, value in {**WRITE, **changed}.items() if value is not None}
    return [found.rules for found in read({"Statement": statement})]


def denied(**changed: Any) -> list[tuple[Any, ...]]:
    return rules(**{"Effect": "Deny", **changed})


@pytest.mark.parametrize(
    ("changed", "allowed"),
    [
        ({}, [Allow(PUT, PHOTOS)]),
        ({"Action": ["s3:Put*", "s3:Get*", "s3:Put*"]}, [Allow(Actions(("s3:Put*", "s3:Get*")), PHOTOS)]),
        (
            {"Resource": ["arn:aws:s3:::photos/*", "arn:aws:sqs:*:*:jobs", "arn:aws:s3:*:*:photos/*", "nothing"]},
            [Allow(PUT, PHOTOS), Allow(PUT, "sqs:jobs")],
        ),
        ({"Resource": None}, [Allow(PUT, STAR)]),
        ({"Action": None}, [Allow(Actions(()), PHOTOS)]),
        ({"Action": None, "NotAction": "s3:Get*"}, [Allow(Actions(("s3:Get*",), inverted=True), PHOTOS)]),
        ({"Resource": None, "NotResource": "arn:aws:s3:::photos/*"}, [Allow(PUT, STAR, (PHOTOS,))]),
        ({"NotResource": "arn:aws:s3:::photos/*"}, [Allow(PUT, PHOTOS)]),  # AWS refuses both
        ({"NotAction": "s3:Put*"}, [Allow(PUT, PHOTOS)]),
        ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, [Allow(PUT, PHOTOS)]),
        (
            {"Resource": "arn:aws:s3:eu-west-1:123456789012:accesspoint/point/object/in/*"},
            [Allow(PUT, glob("s3:accesspoint:point/in/*")), Allow(PUT, glob(f"s3:{FIRST_FREE}/in/*"))],
        ),
        (
            {"Resource": {"Fn::Sub": "arn:aws:s3:::${Stage}/*"}},
            [Allow(PUT, glob("s3:dev/*")), Allow(PUT, glob("s3:prod/*"))],
        ),
        ({"Action": {"Fn::Sub": "s3:${Stage}*"}}, [Allow(Actions(("s3:dev*", "s3:prod*")), PHOTOS)]),
        (
            {"Resource": "arn:aws:s3:::photos/${aws:username}/*"},
            [Allow(PUT, f"s3:photos/{FIRST_FREE}/{STAR}", doubt="a policy variable may be anything")],
        ),
    ],
)
def test_what_a_statement_allows(changed: Body, allowed: list[Allow]) -> None:
    assert rules(**changed) == [tuple(allowed)]


@pytest.mark.parametrize(
    ("changed", "denies"),
    [
        ({}, Deny(PUT, (PHOTOS,))),
        ({"Condition": {}}, Deny(PUT, (PHOTOS,))),
        ({"Resource": None}, Deny(PUT, (STAR,))),
        (
            {"Resource": {"Fn::Sub": "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:jobs"}},
            Deny(PUT, ("sqs:jobs",)),
        ),
        ({"Resource": "jobs*"}, Deny(PUT, (FIRST_FREE,))),
        ({"Resource": "arn:aws-cn:logs:::log-group:jobs"}, Deny(PUT, (f"{FIRST_FREE}:log-group:jobs",))),
        ({"Resource": ["arn:aws:s3:::photos/*", "*"]}, Deny(PUT, (PHOTOS, STAR))),
        ({"Resource": None, "NotResource": "arn:aws:s3:::photos/*"}, Deny(PUT, (PHOTOS,), inverted=True)),
        ({"Action": None, "NotAction": "s3:Get*"}, Deny(Actions(("s3:Get*",), inverted=True), (PHOTOS,))),
        ({"Resource": "arn:aws-cn:s3:::photos/*"}, Deny(PUT, (glob(f"{FIRST_FREE}:photos/*"),))),
        (
            {
                "Resource": None,
                "NotResource": "arn:aws-cn:s3:::photos/*",
            },  # is left by it elsewhere, so perhaps nothing here
            Deny(PUT, (glob(f"{FIRST_FREE}:photos/*"),), inverted=True),
        ),
    ],
)
def test_what_a_statement_denies(changed: Body, denies: Deny) -> None:
    assert denied(**changed) == [(denies,)]


@pytest.mark.parametrize(
    "changed",
    [
        {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"NotPrincipal": {"AWS": "arn:aws:iam::123456789012:role/other"}},
    ],
)
def test_a_denial_that_is_not_for_all_requests_excuses_nothing(changed: Body) -> None:
    assert denied(**changed) == []


def test_a_statement_whose_effect_is_not_known_may_allow() -> None:
    assert rules(Effect={"Ref": "Free"}) == [(Allow(PUT, PHOTOS, doubt=UNKNOWN_EFFECT),)]
    assert rules(Effect=None) == [(Allow(PUT, PHOTOS, doubt=UNKNOWN_EFFECT),)]
    assert rules(Effect=only_if("Deny", "Allow")) == [(Allow(PUT, PHOTOS, doubt=UNKNOWN_EFFECT),)]


def test_an_action_that_is_not_known_is_every_action_where_it_allows() -> None:
    actions = ["s3:PutObject", {"Ref": "Free"}]

    assert rules(Action=actions) == [(Allow(EVERY, PHOTOS, doubt=UNKNOWN_ACTION),)]
    assert rules(Action=actions, Resource=None, NotResource="arn:aws:s3:::photos/*") == [
        (Allow(EVERY, STAR, (PHOTOS,), UNKNOWN_ACTION),)
    ]
    assert rules(Action={"Fn::Sub": "s3:${Free}"}) == [(Allow(EVERY, PHOTOS, doubt=UNKNOWN_ACTION),)]
    assert denied(Action=None, NotAction=actions) == [(Deny(Actions(("*",), inverted=True), (PHOTOS,)),)]


def test_an_action_that_is_not_known_is_none_where_it_takes_away() -> None:
    actions = ["s3:PutObject", {"Ref": "Free"}, only_if("s3:GetObject")]

    assert denied(Action=actions) == [(Deny(PUT, (PHOTOS,)),)]
    assert rules(Action=None, NotAction=actions) == [(Allow(Actions(("s3:PutObject",), inverted=True), PHOTOS),)]


def test_an_action_under_a_condition_counts_where_it_allows() -> None:
    actions = [only_if("s3:PutObject", "s3:GetObject")]
    both = ("s3:PutObject", "s3:GetObject")

    assert rules(Action=actions) == [(Allow(Actions(both), PHOTOS),)]
    assert denied(Action=None, NotAction=actions) == [(Deny(Actions(both, inverted=True), (PHOTOS,)),)]


def test_a_resource_under_a_condition_counts_where_it_allows_only() -> None:
    resources = ["arn:aws:s3:::photos/*", only_if("arn:aws:s3:::thumbs/*")]
    both = (PHOTOS, glob("s3:thumbs/*"))

    assert rules(Resource=resources) == [tuple(Allow(PUT, one) for one in both)]
    assert rules(Resource=None, NotResource=resources) == [(Allow(PUT, STAR, (PHOTOS,)),)]
    assert denied(Resource=resources) == [(Deny(PUT, (PHOTOS,)),)]
    assert denied(Resource=None, NotResource=resources) == [(Deny(PUT, both, inverted=True),)]


def test_variables_are_one_symbol_in_a_statement_and_another_in_the_next() -> None:
    variable = {**WRITE, "Resource": ["arn:aws:s3:::photos/${aws:username}/*", "arn:aws:s3:::photos/${aws:userid}"]}
    found = [
        rule.resource
        for one in read({"Statement": [variable, dict(variable)]})
        for rule in one.rules
        if isinstance(rule, Allow)
    ]

    assert found == [f"s3:photos/{chr(0x70000 + n)}{end}" for n in (0, 1) for end in (f"/{STAR}", "")]


def test_what_a_policy_is_part_of_is_kept_with_each_grant() -> None:
    template = Template.of(SECTIONS)
    system = System([template])
    [holder] = system.nodes("AWS::SQS::Queue")
    excluding = {key: value for key, value in WRITE.items() if key != "Resource"} | {"NotResource": "*"}
    document = {"Statement": [WRITE, excluding, {}]}
    found = [*statements(system, document, template, holder=holder), *statements(system, {}, template, holder=holder)]

    assert [(rule.holder, rule.statement) for one in found for rule in one.rules if isinstance(rule, Allow)] == [
        (holder, WRITE),
        (holder, excluding),
        (holder, None),
        (holder, None),
    ]


def test_a_place_that_is_not_known_is_one_symbol_of_its_own() -> None:
    resource = {"Fn::Sub": "arn:aws:s3:::photos-${Free}/*"}
    named = f"s3:photos-{FIRST_FREE}/{STAR}"

    assert rules(Resource=resource) == [(Allow(PUT, named),)]
    assert denied(Resource=resource) == [(Deny(PUT, (named,)),)]


def principals(given: Any, **changed: Any) -> tuple[str, ...] | None:
    statement = {**WRITE, "Principal": given, **changed}
    [found] = read({"Statement": {key: value for key, value in statement.items() if value is not None}})
    return found.principals


ROLE = "arn:aws:iam::123456789012:role/one"
OTHER = "arn:aws:iam::123456789012:role/other"


@pytest.mark.parametrize(
    ("given", "allowed", "denied"),
    [
        (None, None, None),
        ("*", ("*",), ("*",)),
        ({"AWS": "*"}, ("*",), ("*",)),
        ({"AWS": ROLE}, (ROLE,), (ROLE,)),
        ({"AWS": [ROLE, OTHER, ROLE]}, (ROLE, OTHER), (ROLE, OTHER)),
        ({"AWS": [ROLE, only_if(OTHER)]}, (ROLE, OTHER), (ROLE,)),
        ({"AWS": ROLE, "Service": "s3.amazonaws.com"}, (ROLE,), (ROLE,)),
        ({"Service": "s3.amazonaws.com"}, (), ()),
        (only_if({"AWS": ROLE}, {"AWS": OTHER}), (ROLE, OTHER), ()),
        (only_if("*", ROLE), ("*", ROLE), ()),
        ({"Fn::Sub": ROLE}, (ROLE,), (ROLE,)),
        ({"Ref": "Stage"}, ("dev", "prod"), ()),
        ({"AWS": {"Ref": "Stage"}}, ("dev", "prod"), ()),
    ],
)
def test_who_a_statement_is_for(given: Any, allowed: tuple[str, ...] | None, denied: tuple[str, ...] | None) -> None:
    assert (principals(given), principals(given, Effect="Deny")) == (allowed, denied)


def test_a_grant_to_all_but_some_is_one_to_everyone() -> None:
    assert principals(None, NotPrincipal={"AWS": ROLE}) == ("*",)
    assert principals({"AWS": ROLE}, Resource=None, NotResource="arn:aws:s3:::photos/*") == (ROLE,)


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ({"Statement": [WRITE]}, [Statement(None, (Allow(PUT, PHOTOS),))]),
        ({"Statement": WRITE}, [Statement(None, (Allow(PUT, PHOTOS),))]),
        (json.dumps({"Statement": WRITE}), [Statement(None, (Allow(PUT, PHOTOS),))]),
        ({"Statement": []}, []),
        ({"Statement": [NO_VALUE, WRITE]}, [Statement(None, (Allow(PUT, PHOTOS),))]),
        (None, []),
        (NO_VALUE, []),
        ({}, [UNKNOWN_DOCUMENT]),
        ({"Statements": []}, [UNKNOWN_DOCUMENT]),
        ("no JSON", [UNKNOWN_DOCUMENT]),
        ("[1]", [UNKNOWN_DOCUMENT]),
        ('["Statement"]', [UNKNOWN_DOCUMENT]),
        (only_if({}, {"Statement": WRITE}), [UNKNOWN_DOCUMENT, Statement(None, (Allow(PUT, PHOTOS),))]),
        ("[" * 100_000, [UNKNOWN_DOCUMENT]),
        ({"Ref": "Free"}, [UNKNOWN_DOCUMENT]),
        ({"Statement": {"Ref": "Free"}}, [UNKNOWN_STATEMENT]),
        ({"Statement": [{}, WRITE]}, [UNKNOWN_STATEMENT, Statement(None, (Allow(PUT, PHOTOS),))]),
        ({"Statement": ["text"]}, [UNKNOWN_STATEMENT]),
        ({"Statement": [{"Fn::GetAtt": ["Queue", "Arn"]}]}, [UNKNOWN_STATEMENT]),
    ],
)
def test_a_policy_document_is_what_it_may_be(document: Any, found: list[Statement]) -> None:
    assert read(document) == found


DENIAL = {**WRITE, "Effect": "Deny"}
DENIES = Statement(None, (Deny(PUT, (PHOTOS,)),))
ALLOWS = Statement(None, (Allow(PUT, PHOTOS),))


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ({"Statement": [DENIAL, WRITE]}, [DENIES, ALLOWS]),
        ({"Statement": DENIAL}, [DENIES]),
        ({"Statement": [only_if(DENIAL), only_if(WRITE)]}, [ALLOWS]),
        ({"Statement": only_if([DENIAL, WRITE])}, [ALLOWS]),
        (only_if({"Statement": [DENIAL, WRITE]}), [ALLOWS]),
        (json.dumps({"Statement": [DENIAL, WRITE]}), [ALLOWS]),
    ],
)
def test_a_denial_counts_only_where_no_condition_chooses_it(document: Any, found: list[Statement]) -> None:
    assert read(document) == found


def test_a_denial_in_what_is_not_always_there_excuses_nothing() -> None:
    assert read({"Statement": [DENIAL, WRITE]}, certain=False) == [ALLOWS]


@pytest.mark.parametrize("statement", [WRITE, DENIAL, {**WRITE, "NotResource": "*"}])
def test_a_statement_knows_where_it_stands(statement: Body) -> None:
    statement = {key: value for key, value in statement.items() if key != "Resource" or "NotResource" not in statement}
    [found] = read({"Statement": [statement]})

    assert found.origin is statement


@pytest.mark.parametrize(
    ("patterns", "inverted", "action", "covering"),
    [
        (("s3:Get*", "s3:Put*"), False, "s3:PutObject", "s3:Put*"),
        (("s3:put*",), False, "s3:PutObject", "s3:put*"),
        (("s3:P?tObject",), False, "s3:PutObject", "s3:P?tObject"),
        (("s3:Put",), False, "s3:PutObject", None),
        (("Put*",), False, "s3:PutObject", None),
        (("s3.PutObject",), False, "s3:PutObject", None),
        (("*",), False, "s3:PutObject", "*"),
        ((), False, "s3:PutObject", None),
        ((), True, "s3:PutObject", "*"),
        (("s3:Get*",), True, "s3:PutObject", "*"),
        (("s3:Get*", "s3:Put*"), True, "s3:PutObject", None),
    ],
)
def test_the_pattern_that_covers_an_action_is_named(
    patterns: tuple[str, ...],
    inverted: bool,  # noqa: FBT001
    action: str,
    covering: str | None,
) -> None:
    assert Actions(patterns, inverted).covers(action) == covering
    assert Actions(patterns, inverted).covered((action, action)) == (() if covering is None else (action, action))


@pytest.mark.parametrize(
    ("patterns", "inverted", "action", "touching"),
    [
        (("ec2:Run*",), False, "ec2:RunInstances", "ec2:Run*"),
        (("s3:*", "ec2:RunInstances"), False, "ec2:*", "ec2:RunInstances"),
        (("EC2:runinstances",), False, "ec2:R*", "EC2:runinstances"),
        (("ec2:?unInstances",), False, "ec2:Ru*", "ec2:?unInstances"),
        (("*",), False, "ec2:*", "*"),
        (("s3:*",), False, "ec2:*", None),
        (("ec2:Describe*", "ec2:GetX", "ec2:List*"), False, "ec2:*", None),
        (("ec2:describe*",), False, "ec2:*", None),
        (("ec2:Describe*",), False, "ec2:Describe*", "ec2:Describe*"),
        (("ec2:*",), False, "ec2:Describe*", "ec2:*"),
        (("s3:*",), True, "ec2:*", "*"),
        (("ec2:*",), True, "ec2:*", None),
        (("ec2:RunInstances",), True, "ec2:*", "*"),
    ],
)
def test_the_pattern_that_has_an_action_in_common_is_named(
    patterns: tuple[str, ...],
    inverted: bool,  # noqa: FBT001
    action: str,
    touching: str | None,
) -> None:
    assert Actions(patterns, inverted).touches(action) == touching


def test_what_a_list_has_always_is_what_neither_a_condition_nor_a_parameter_chooses() -> None:
    template = Template.of(SECTIONS)
    value = ["a", only_if("b"), {"Ref": "Stage"}, {"Fn::Sub": "c-${AWS::Partition}"}, {"Fn::Join": ["", ["d", "e"]]}]

    assert always(System([template]), value, template) == ["a", "c-aws", "de"]
    assert always(System([template]), "a", template) == ["a"]
    assert (listed("a"), listed(["a"]), listed(None)) == (["a"], ["a"], [None])
    assert (is_conditional(only_if("a")), is_conditional({"Ref": "Stage"}), is_conditional("Fn::If")) == (
        True,
        False,
        False,
    )
