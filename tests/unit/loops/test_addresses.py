"""Which resources a policy's pattern names, where neither name is wholly known."""

from __future__ import annotations

import pytest

from constructs_lib.loops.addresses import Rest, address, looks_made_up, rest_of
from constructs_lib.loops.keys import ANY, STAR, show_glob
from constructs_lib.templates.symbols import Symbols

SYMBOLS = Symbols()
FREE = SYMBOLS.character("free", "${Free}", "free")
MADE_UP = SYMBOLS.character("made up", "${Bucket}", "generated")
OTHER = SYMBOLS.character("other", "${Other}", "generated")
ACCOUNT = SYMBOLS.character("account", "${AWS::AccountId}", "twelve")
FIXED = SYMBOLS.character("fixed", "${AWS::StackName}", "fixed")


def rest(pattern: str, target: str) -> Rest:
    return rest_of(pattern.replace("*", STAR), target)


@pytest.mark.parametrize(
    ("pattern", "target", "left"),
    [
        ("s3:photos/in/*", "s3:photos/", ["in/*"]),
        (f"s3:{FREE}/in/*", f"s3:{FREE}/", ["in/*"]),
        (f"s3:{MADE_UP}/in/*", f"s3:{MADE_UP}/", ["in/*"]),
        ("s3:*/in/*", "s3:photos/", ["*/in/*", "in/*"]),
        ("s3:*/in/*", f"s3:{MADE_UP}/", ["*/in/*", "in/*"]),
    ],
)
def test_the_same_name_is_the_same_resource_whatever_it_stands_for(pattern: str, target: str, left: list[str]) -> None:
    assert [show_glob(glob) for glob in rest(pattern, target).sure] == left


@pytest.mark.parametrize(
    ("pattern", "target"),
    [
        (f"s3:{FREE}/*", "s3:photos/"),
        ("s3:photos/*", f"s3:{FREE}/"),
        (f"s3:{FREE}/*", f"s3:{MADE_UP}/"),
        (f"s3:{FIXED}-photos/*", "s3:my-photos/"),
        (f"s3:photos-{ACCOUNT}/*", "s3:photos-123456789012/"),
        (f"s3:{MADE_UP}/*", "s3:stack-photos-1a2b3c4d5e6f7/"),
        ("s3:stack-photos-1a2b3c4d5e6f7/*", f"s3:{MADE_UP}/"),
        ("s3:stack-*/in/*", f"s3:{MADE_UP}/"),
        ("s3:stack-photos-????????????/in/*".replace("?", ANY), f"s3:{MADE_UP}/"),
    ],
)
def test_a_name_that_is_not_known_may_be_another(pattern: str, target: str) -> None:
    found = rest(pattern, target)

    assert found.sure == ()
    assert found.may != ()


@pytest.mark.parametrize(
    ("pattern", "target"),
    [
        ("s3:photos/*", "s3:thumbs/"),
        ("s3:photos/*", "s3:photos-2/"),
        (f"s3:{MADE_UP}/*", f"s3:{OTHER}/"),
        (f"s3:{MADE_UP}/*", "s3:photos/"),
        ("s3:photos/*", f"s3:{MADE_UP}/"),
        (f"s3:a-{FREE}/*", "s3:b-photos/"),
        (f"s3:{FREE}", f"s3:{FREE}/"),
        (f"s3:photos-{ACCOUNT}-in/*", f"s3:photos-{ACCOUNT}-out/"),
    ],
)
def test_names_that_cannot_be_the_same_are_two_resources(pattern: str, target: str) -> None:
    assert rest(pattern, target) == Rest((), ())


@pytest.mark.parametrize(
    ("name", "made_up"),
    [
        ("stack-photos-1a2b3c4d5e6f", True),
        ("stack-photos-1A2B3C4D5E6F7G/", True),
        ("stack-photos-1A2B3C4D5E6F7:", True),
        ("stack-photos-1a2b3c4d5e6f7g8", False),
        ("photos", False),
        ("stack-photos-1a2b3c4d5e6f/in", False),
    ],
)
def test_a_name_that_ends_as_cloudformation_makes_them_up_may_be_one(name: str, made_up: bool) -> None:  # noqa: FBT001
    assert looks_made_up(name) is made_up


@pytest.mark.parametrize(
    ("arn", "named"),
    [
        ("arn:aws:s3:::photos/in/*", "s3:photos/in/*"),
        ("arn:aws:s3:*:*:photos/in/*", "s3:photos/in/*"),
        ("arn:*:s3:*::photos/?", "s3:photos/?"),
        ("arn:aws:s3:eu-west-1:*:photos/*", None),
        ("arn:aws:s3:*:*:*", "s3:*"),
        ("arn:aws:sqs:eu-west-1:123456789012:jobs", "sqs:jobs"),
        ("arn:aws:sqs:*", "sqs:*"),
        ("jobs", None),
    ],
)
def test_an_arn_names_a_resource_by_its_service_and_name(arn: str, named: str | None) -> None:
    found = address(arn, unknown=FREE)

    assert (None if found is None else show_glob(found)) == named
