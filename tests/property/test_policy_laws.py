"""What a role may write, against an evaluation of its policy by IAM's own rules, key by key.

"Policy evaluation logic" in the IAM user guide: what any statement allows and none denies is granted.
"""

from __future__ import annotations

import random
import re
from functools import cache, reduce
from itertools import product
from operator import or_
from typing import Any

from constructs_lib.loops.contents import content, permits
from constructs_lib.loops.permissions import Identity
from constructs_lib.loops.policies import Allow, Deny, statements
from constructs_lib.templates import Template
from constructs_lib.templates.system import System

ACTIONS = ["*", "s3:*", "s3:Put*", "s3:PutObject", "S3:putobject", "s3:P?tObject", "s3:GetObject", "s3:Get*", "sqs:*"]
KEYS = tuple(
    "".join([*letters, end]) for length in range(7) for letters in product("ab", repeat=length) for end in ("", "/")
)
# What stands for the parameter; IAM reads a star of it as it reads any other.
VALUES = ["", "a", "b", "ab", "ba", "*", "?"]
BUCKET = "arn:aws:s3:::photos/"


def drawn_statement(choose: random.Random, *, free: bool) -> dict[str, Any]:
    """A statement; with `free`, some of its resources hold a parameter."""
    letters = "ab*?" + ("P" if free else "")
    resources = [
        choose.choice([BUCKET, BUCKET, BUCKET, BUCKET, "arn:aws:s3:::other/", "arn:aws:s3:::pho*/"])
        + "".join(choose.choices(letters, k=choose.randint(0, 3)))
        for _ in range(choose.randint(1, 2))
    ]
    return {
        "Effect": choose.choice(["Allow", "Allow", "Deny"]),
        choose.choice(["Action", "Action", "NotAction"]): choose.sample(ACTIONS, choose.randint(1, 2)),
        choose.choice(["Resource", "Resource", "NotResource"]): choose.choice([resources, resources, ["*"]]),
    }


def granted(policy: list[dict[str, Any]], action: str, keys: tuple[str, ...] = KEYS) -> int:
    """IAM's evaluation of a request for each of the keys, as a bit set over them."""
    matching = {"Allow": 0, "Deny": 0}
    for statement in policy:
        if matches(statement, "Action", (action,)):
            matching[statement["Effect"]] |= matches(statement, "Resource", keys)
    return matching["Allow"] & ~matching["Deny"]


def matches(statement: dict[str, Any], kind: str, texts: tuple[str, ...]) -> int:
    patterns = statement[kind if kind in statement else f"Not{kind}"]
    found = reduce(or_, (members(pattern, texts, kind == "Action") for pattern in patterns))
    return found if kind in statement else ((1 << len(texts)) - 1) & ~found


@cache
def members(pattern: str, texts: tuple[str, ...], is_action: bool) -> int:  # noqa: FBT001
    expression = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern)
    compiled = re.compile(expression, re.IGNORECASE if is_action else 0)
    before = "" if is_action else BUCKET
    return sum(1 << index for index, text in enumerate(texts) if compiled.fullmatch(before + text))


def identity(system: System, template: Template, policy: list[dict[str, Any]]) -> Identity:
    document = {"Statement": [with_parameter(statement) for statement in policy]}
    rules = [rule for statement in statements(system, document, template) for rule in statement.rules]
    allows = [rule for rule in rules if isinstance(rule, Allow)]
    return Identity("Role", allows, tuple(rule for rule in rules if isinstance(rule, Deny)))


def with_parameter(statement: dict[str, Any]) -> dict[str, Any]:
    kind = "Resource" if "Resource" in statement else "NotResource"
    texts = [
        {"Fn::Sub": text.replace("P", "${P}")} if "P" in text.removeprefix("arn") else text for text in statement[kind]
    ]
    return {**statement, kind: texts}


def written(role: Identity, *, certain: bool) -> str | None:
    """A key that the role may write, in one of the two readings."""
    for allow in role.allows:
        if allow.actions.covers("s3:PutObject") is None:
            continue
        language = content(allow, role.denies, "s3:PutObject", "s3:photos/", certain=certain, exact=False)
        key = None if language is None else language.sure() if certain else language.may()
        if key is not None:
            return key
    return None


def new_system() -> tuple[System, Template]:
    template = Template.of({"Parameters": {"P": {"Type": "String"}}, "Resources": {"Q": {"Type": "AWS::SQS::Queue"}}})
    return System([template]), template


def test_a_role_may_write_exactly_what_iam_grants() -> None:
    choose = random.Random(1)  # noqa: S311 - test data
    system, template = new_system()
    wrong = []
    for _ in range(4_000):
        policy = [drawn_statement(choose, free=False) for _ in range(choose.randint(1, 4))]
        role = identity(system, template, policy)
        key = written(role, certain=True)
        found = granted(policy, "s3:PutObject", KEYS if key is None else (key,))
        right = found == (0 if key is None else 1)
        right = right and (written(role, certain=False) is None) == (key is None)
        right = right and permits(role, "s3:PutObject", "s3:photos/", exact=False) == (None if key is None else "")
        if not right:
            wrong.append((policy, key))

    assert wrong == []


def test_what_is_not_known_is_read_by_its_polarity() -> None:
    choose = random.Random(2)  # noqa: S311 - test data
    system, template = new_system()
    wrong = []
    for _ in range(1_500):
        policy = [drawn_statement(choose, free=True) for _ in range(choose.randint(1, 3))]
        role = identity(system, template, policy)
        deployments = [[substituted(statement, value) for statement in policy] for value in VALUES]
        grants = [granted(deployment, "s3:PutObject") for deployment in deployments]
        sure, may = (written(role, certain=certain) for certain in (True, False))
        # Not `all`: a denial that spells out what the parameter may stand for is taken for another text.
        if (any(grants) and may is None) or (sure is not None and not any(grants)):
            wrong.append((policy, grants, sure, may))

    assert wrong == []


def substituted(statement: dict[str, Any], value: str) -> dict[str, Any]:
    kind = "Resource" if "Resource" in statement else "NotResource"
    return {**statement, kind: [text.replace("P", value) for text in statement[kind]]}


def test_a_grant_of_a_resource_itself_is_none_of_what_lies_in_it() -> None:
    system, template = new_system()
    for resource, expected in (("sqs:jobs", ""), ("sqs:jobs-2", None), ("sqs:job*", ""), ("sqs:jobs/*", None)):
        arn = f"arn:aws:sqs:eu-west-1:123456789012:{resource.removeprefix('sqs:')}"
        role = identity(system, template, [{"Effect": "Allow", "Action": ["sqs:*"], "Resource": [arn]}])

        assert permits(role, "sqs:SendMessage", "sqs:jobs", exact=True) == expected
