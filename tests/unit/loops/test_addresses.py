"""Which resources a policy's pattern names, where neither name is wholly known."""

from __future__ import annotations

import pytest

from constructs_lib.loops.addresses import Rest, address, is_here, looks_made_up, rest_of
from constructs_lib.loops.keys import ANY, STAR, show_glob
from constructs_lib.templates.symbols import Symbols

SYMBOLS = Symbols()
FREE = SYMBOLS.character("free", "${Free}", "free")
MADE_UP = SYMBOLS.character("made up", "${Bucket}", "generated")
OTHER = SYMBOLS.character("other", "${Other}", "generated")
ACCOUNT = SYMBOLS.character("account", "${AWS::AccountId}", "twelve")
REGION = SYMBOLS.character("region", "${AWS::Region}", "region")
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
        (f"s3:photos-{REGION}/*", "s3:photos-eu-west-1/"),
        (f"s3:photos-{ACCOUNT}/*", f"s3:photos-{FIXED}/"),
        (f"s3:photos-{FIXED}/in/*", "s3:photos-prod/"),
        (f"s3:photos-{ACCOUNT}*", "s3:photos-prod/"),
        (f"s3:photos-?-{ACCOUNT}/*".replace("?", ANY), "s3:photos-1-123456789012/"),
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
    ("pattern", "target", "left"),
    [
        (f"s3:photos-{FIXED}/out/*", "s3:photos-a/", ["out/*"]),
        (f"s3:{FIXED}*/out/*", "s3:photos-a/", ["*/out/*", "out/*"]),
        (f"s3:photos-{FREE}/out/*", "s3:photos-a/", ["*/out/*", "out/*"]),
        (f"s3:photos-a/{FIXED}/*", f"s3:photos-{FREE}/", ["*/*", "*"]),
    ],
)
def test_a_name_that_is_made_at_deployment_ends_where_names_end(pattern: str, target: str, left: list[str]) -> None:
    assert [show_glob(glob) for glob in rest(pattern, target).may] == left


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
        (f"s3:photos-{ACCOUNT}/*", "s3:photos-prod/"),
        ("s3:photos-prod/in/*", f"s3:photos-{ACCOUNT}/"),
        (f"s3:{ACCOUNT}-in/*", "s3:thumbs/"),
        (f"s3:photos-{REGION}/in/*", "s3:photos-prod/"),
        (f"s3:photos-{REGION}-{ACCOUNT}/in/*", "s3:photos-eu-west-1/"),
        (f"sqs:{ACCOUNT}", "sqs:jobs"),
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
        ("stack-photos-1A2B3C4D5E6X/", True),
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
        (f"{MADE_UP}/*", None),
        (f"{FREE}/*", FREE),
        ("*photos*", "*"),
    ],
)
def test_an_arn_names_a_resource_by_its_service_and_name(arn: str, named: str | None) -> None:
    found = address(arn, unknown=FREE)

    assert (None if found is None else show_glob(found)) == named


@pytest.mark.parametrize(
    ("arn", "named"),
    [
        ("*", "*"),
        ("**", "*"),
        ("arn:*", "*"),
        ("jobs*", "*"),
        ("arn:aws:*:eu-west-1:*", "*"),
        ("arn:aws:*:*:*:jobs", "*:jobs"),
        ("arn:aws:sqs", None),
        ("arn:aws:sqs*", "*"),
        ("arn:aws:sqs:eu-west-1:*", "sqs:*"),
        ("arn:aws:sqs:eu-west-1:123456789012", None),
        ("xrn:aws:sqs:eu-west-1:123456789012:jobs", None),
        ("xrn:aws:sqs:*", "*"),
        ("arn:aws:logs:eu-west-1:123456789012:log-group:/x:*", "logs:log-group:/x:*"),
        ("arn:aws:sqs:eu-west-1:123456789012:jobs-**", "sqs:jobs-*"),
        ("arn:aws:s3:::photos/${aws:username}/*/${*}${?}${$}", "s3:photos/${Free}/*/*?$"),
        ("arn:aws:s3:::${a}${b}?", "s3:${Free}${Free}?"),
        # Only an access point has objects and a region.
        ("arn:aws:s3:eu-west-1:123456789012:photos/in/*", None),
        ("arn:aws:s3:eu-west-1::photos/in/*", None),
        ("arn:aws:s3::123456789012:photos/in/*", None),
        ("arn:aws:s3:eu-west-1:123456789012:accesspoint/point", None),
        ("arn:aws:s3:eu-west-1:123456789012:accesspoint/point/object/in/*", "s3:accesspoint:point/in/*"),
        ("arn:aws:s3:eu-west-1:123456789012:accesspoint/point/object/a", "s3:accesspoint:point/a"),
        ("arn:aws:s3:eu-west-1:123456789012:accesspoint/point/object/in/object/a", "s3:accesspoint:point/in/object/a"),
        ("arn:aws:s3::123456789012:accesspoint/point.mrap/object/a", "s3:accesspoint:point.mrap/a"),
        ("arn:aws:s3:*:*:accesspoint/point/object/a", "s3:accesspoint:point/a"),
        ("arn:aws:s3:eu-west-1:*:accesspoint/point*", "s3:accesspoint:point*/*"),
        ("arn:aws:s3:eu-west-1:*:accesspoint/point/*", "s3:accesspoint:point/*"),
        ("arn:aws:s3:eu-west-1:*:accesspoint/point/x/object/y", None),
        ("arn:aws:s3:eu-west-1:*:accesspoint/point/x/object/*", "s3:accesspoint:point/*"),
        ("arn:aws:s3:eu-west-1:*:*", "s3:${Free}/*"),
        ("arn:aws:s3:eu-west-1:*:access*/in/*", "s3:${Free}/*"),
        ("arn:aws:s3:eu-west-1:*:access?oint/point", "s3:${Free}/*"),
        ("arn:aws:s3:eu-west-1:*:photo*", None),
        (f"arn:aws:s3:eu-west-1:*:{FREE}", "s3:${Free}/*"),
        # What is not known may name anything, as far as its service is not written before it.
        (FREE, "${Free}"),
        (f"{FREE}*", "${Free}"),
        (f"jobs-{FREE}", "${Free}"),
        (f"arn:aws:sqs:{FREE}", "sqs:${Free}"),
        (f"arn:aws:sqs:{FREE}:*", "sqs:${Free}"),
        (f"arn:aws:{FREE}:x", "${Free}"),
        (f"arn:aws:{FREE}", "${Free}"),
        (f"arn:aws:sqs:{FREE}:123456789012:jobs", "sqs:jobs"),
        (ACCOUNT, None),
        (f"{ACCOUNT}*", "*"),
        (f"arn:aws:sqs:{ACCOUNT}*", "sqs:*"),
    ],
)
def test_what_a_pattern_of_a_policy_names(arn: str, named: str | None) -> None:
    found = address(arn, unknown=FREE)

    assert (None if found is None else SYMBOLS.show(show_glob(found))) == named


def test_a_star_in_a_policy_is_a_wildcard_and_one_that_a_variable_stands_for_is_none() -> None:
    assert address("arn:aws:s3:::a*?${x}*?${*}${?}", unknown=FREE) == f"s3:a{STAR}{ANY}{FREE}{STAR}{ANY}*?"
    assert address(f"x{MADE_UP}", unknown=FREE) is None


@pytest.mark.parametrize(
    ("arn", "here"),
    [
        ("*", True),
        ("arn:aws:sqs:eu-west-1:123456789012:jobs", True),
        ("arn:*:sqs:*:*:jobs", True),
        ("arn:a?s:sqs:eu-????-1:1234*:jobs", True),
        ("arn:aws-cn:sqs:eu-west-1:123456789012:jobs", False),
        ("arn:aws:sqs:eu-west-2:123456789012:jobs", False),
        ("arn:aws:sqs:eu-west-1:123456789013:jobs", False),
        ("arn:aws:sqs:::jobs", False),
        ("arn:aws:sqs:eu-west-1::jobs", False),
        ("arn:aws:s3:::photos/*", True),
        ("arn:aws:s3:*:*:photos/*", True),
        ("arn:aws:s3:eu-west-1::photos/*", False),
        ("arn:aws:s3::123456789012:photos/*", False),
        ("arn:aws:s3:eu-west-1:123456789012:accesspoint/point/object/*", True),
        ("arn:aws:s3::123456789012:accesspoint/point.mrap/object/*", True),
        ("arn:aws:s3:::accesspoint/point/object/*", False),
        ("arn:aws:s3:eu-west-2:123456789012:accesspoint/point/object/*", False),
        ("arn:aws:s3:eu-west-1:123456789013:accesspoint/point/object/*", False),
        ("arn:aws:iam::123456789012:role/one", True),
        ("arn:aws:iam::*:role/one", True),
        ("arn:aws:iam::123456789013:role/one", False),
        ("arn:aws:iam:eu-west-1:123456789012:role/one", False),
        # What may be of any service has to be here whatever places its service has.
        ("arn:aws:*:*:*:*", True),
        ("arn:aws:s?s:*:*:*", True),
        ("arn:aws:*:eu-west-1:123456789012:*", False),
        ("arn:aws:*:*:123456789012:*", False),
        ("arn:aws:s?s:eu-west-1:*:*", False),
        # An ARN that ends early: IAM adds no stars.
        ("arn:aws:s3:*", True),
        ("arn:aws:s3:*:*", True),
        ("arn:aws:s3:eu-west-1:*", False),
        ("arn:aws:s3", False),
        ("arn:aws-cn:s3:*", False),
        ("xrn:aws:s3:*", False),
        ("arn:*", False),
        ("photos", False),
        ("arn:aws:logs:eu-west-1:123456789012:log-group:jobs:*", True),
        ("arn:aws:logs:eu-west-2:123456789012:log-group:jobs:*", False),
        ("arn:aws:s3:X", False),
        ("arn:aws:*::*:x", False),
        ("arn:aws:*:*:?*:x", False),
    ],
)
def test_what_a_policy_names_is_here_if_its_place_is_the_systems(arn: str, here: bool) -> None:  # noqa: FBT001
    assert is_here(arn, region="eu-west-1", account="123456789012") is here


@pytest.mark.parametrize(
    ("pattern", "target", "sure", "may"),
    [
        ("s3:photos/in/*", "s3:photos/", ["in/*"], ["in/*"]),
        ("s3:photos/", "s3:photos/", [""], [""]),
        ("s3:ph*", "s3:photos/", ["*"], ["*"]),
        ("s3:*s/in/?", "s3:photos/", ["*s/in/?", "in/?"], ["*s/in/?", "in/?"]),
        ("*", "s3:photos/", ["*"], ["*"]),
        ("*:jobs", "sqs:jobs", ["*:jobs", ""], ["*:jobs", ""]),
        (f"s3:{FREE}/in/*", f"s3:{FREE}/", ["in/*"], ["in/*"]),
        (f"s3:{FREE}/in/*", "s3:photos/", [], ["*/in/*", "in/*"]),
        (f"s3:a-{FREE}/in/*", "s3:a-photos/", [], ["*/in/*", "in/*"]),
        (f"s3:photos/{FREE}", "s3:photos/", [FREE], [FREE]),
        (f"s3:photos-{ACCOUNT}/*", "s3:photos-123456789012/", [], ["*"]),
        (f"s3:photos-{ACCOUNT}/*", "s3:photos-12345678901/", [], []),
        (f"sqs:{FREE}", "sqs:jobs", [], ["*"]),
        (f"sqs:{FREE}-in", "sqs:jobs-in", [], ["*-in", ""]),
        (f"sqs:{FREE}-in", "sqs:jobs-out", [], ["*-in"]),
        (f"sqs:{FREE}*", "sqs:jobs", [], ["*"]),
        ("sqs:jobs", f"sqs:{FREE}", [], ["jobs", "obs", "bs", "s", ""]),
        (f"s3:{FREE}/{MADE_UP}/*", "s3:photos/", [], ["*/*/*", "*/*"]),
        ("s3:photos-123456789012/*", f"s3:photos-{ACCOUNT}/", [], ["*"]),
    ],
)
def test_what_is_left_behind_an_address_in_both_readings(
    pattern: str, target: str, sure: list[str], may: list[str]
) -> None:
    found = rest(pattern.replace("?", ANY), target)

    assert ([SYMBOLS.show(show_glob(g)) for g in found.sure], [SYMBOLS.show(show_glob(g)) for g in found.may]) == (
        [SYMBOLS.show(g) for g in sure],
        [SYMBOLS.show(g) for g in may],
    )
