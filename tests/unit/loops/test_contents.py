"""What a grant lets into a resource, in both readings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from constructs_lib.loops.contents import content, permits
from constructs_lib.loops.keys import STAR
from constructs_lib.loops.permissions import Identity
from constructs_lib.loops.policies import Actions, Allow, Deny
from constructs_lib.templates.symbols import Symbols

FREE = Symbols().character("free", "${Free}", "free")
PUT = "s3:PutObject"
PHOTOS = "s3:photos/"
EVERY = Actions(("s3:*",))
ALLOW = Allow(EVERY, f"s3:photos/{STAR}")


def key(allow: Allow, *denies: Deny, certain: bool = True) -> str | None:
    language = content(allow, denies, PUT, PHOTOS, certain=certain, exact=False)
    return None if language is None else language.sure() if certain else language.may()


def denies(*resources: str, inverted: bool = False, actions: Actions = EVERY) -> Deny:
    return Deny(actions, resources, inverted)


@pytest.mark.parametrize(
    ("denied", "sure", "may"),
    [
        (denies(f"s3:photos/{STAR}"), False, False),
        (denies(f"s3:photos/in/{STAR}"), True, True),
        (denies(f"s3:{FREE}/{STAR}"), False, True),
        (denies(f"s3:photos/{FREE}{STAR}"), False, True),
        (denies(f"s3:thumbs/{STAR}"), True, True),
        (denies(f"s3:photos/{STAR}", actions=Actions(("s3:GetObject",))), True, True),
        (denies(f"s3:thumbs/{STAR}", inverted=True), False, False),
        (denies(f"s3:photos/{STAR}", inverted=True), True, True),
        (denies(f"s3:{FREE}/{STAR}", inverted=True), False, True),
    ],
)
def test_a_denial_excuses_for_certain_or_not_or_perhaps(denied: Deny, sure: bool, may: bool) -> None:  # noqa: FBT001
    assert (key(ALLOW, denied) is not None, key(ALLOW, denied, certain=False) is not None) == (sure, may)


def test_what_is_excluded_from_a_grant_counts_for_certain_only() -> None:
    known = replace(ALLOW, resource=STAR, excluded=(f"s3:photos/{STAR}",))
    unknown = replace(ALLOW, resource=STAR, excluded=(f"s3:{FREE}/{STAR}",))

    assert (key(known), key(known, certain=False)) == (None, None)
    assert key(unknown) is None
    assert key(unknown, certain=False) is not None


@pytest.mark.parametrize(
    ("allows", "reason"),
    [
        ([], None),
        ([replace(ALLOW, actions=Actions(("s3:GetObject",)))], None),
        ([replace(ALLOW, resource=f"s3:thumbs/{STAR}")], None),
        ([ALLOW], ""),
        ([replace(ALLOW, doubt="nobody knows")], "nobody knows"),
        ([replace(ALLOW, doubt="nobody knows"), ALLOW], ""),
        ([replace(ALLOW, doubt="one"), replace(ALLOW, doubt="two")], "one"),
        ([replace(ALLOW, resource=f"s3:{FREE}/{STAR}")], "it is not certain that `Role` allows s3:PutObject"),
        ([replace(ALLOW, resource=f"s3:thumbs/{STAR}", doubt="nobody knows"), ALLOW], ""),
    ],
)
def test_a_role_may_do_something_for_certain_or_for_a_reason_or_not(allows: list[Allow], reason: str | None) -> None:
    assert permits(Identity("Role", allows), PUT, PHOTOS, exact=False) == reason


def test_a_denial_takes_a_permission_away_only_if_it_is_certain() -> None:
    certain = Identity("Role", [ALLOW], (denies(f"s3:photos/{STAR}"),))
    perhaps = Identity("Role", [ALLOW], (denies(f"s3:{FREE}/{STAR}"),))

    assert permits(certain, PUT, PHOTOS, exact=False) is None
    assert permits(perhaps, PUT, PHOTOS, exact=False) == "it is not certain that `Role` allows s3:PutObject"


def test_what_lies_in_a_resource_is_not_the_resource() -> None:
    role = Identity("Role", [Allow(EVERY, f"s3:photos/in/{STAR}")])

    assert permits(role, PUT, PHOTOS, exact=False) == ""
    assert permits(role, PUT, PHOTOS, exact=True) is None
    assert permits(Identity("Role", [ALLOW]), PUT, PHOTOS, exact=True) == ""
