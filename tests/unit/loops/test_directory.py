"""What a pattern may name is found by how addresses begin: never less than an exact trial finds."""

from __future__ import annotations

from constructs_lib.loops.addresses import rest_of
from constructs_lib.loops.directory import Directory
from constructs_lib.loops.keys import ANY, STAR
from constructs_lib.loops.languages import widened
from constructs_lib.templates.symbols import Symbols

SYMBOLS = Symbols()
MADE_UP, OTHER = (SYMBOLS.character(name, name, "generated") for name in ("one", "other"))
ACCOUNT = SYMBOLS.character("account", "${AWS::AccountId}", "twelve")
FREE = SYMBOLS.character("free", "${P}", "free")
NAMES = [
    "in",
    "in-put",
    "in-012345678901",
    f"in-{ACCOUNT}",
    f"out-{ACCOUNT}",
    f"{FREE}",
    f"in-{FREE}",
    MADE_UP,
    OTHER,
    "stack-in-0123456789abc",
    f"{ACCOUNT}-in",
]
ADDRESSES = [*(f"sqs:{name}" for name in NAMES), *(f"iam:role/path/{name}" for name in NAMES)]
BUCKETS = [f"s3:{name}/" for name in NAMES]
ENDINGS = ["", STAR, f"{ANY}", f"{STAR}put"]
INSIDE = [f"/{STAR}", "/a", f"/{FREE}"]


def directory(addresses: list[str]) -> Directory[str]:
    found: Directory[str] = Directory()
    for address in addresses:
        found.add(address, address)
    return found


def names(pattern: str, address: str) -> bool:
    """Whether a pattern may name a thing itself, or anything inside of a bucket."""
    head, slash, _ = pattern.partition("/")
    if slash and address.endswith("/") and STAR not in head:
        return names(head, address.rstrip("/"))
    rests = rest_of(pattern, address).may
    return any(address.endswith("/") or widened(rest).strip(STAR) == "" for rest in rests)


def test_nothing_is_left_out_that_a_pattern_may_name() -> None:
    addresses = ADDRESSES + BUCKETS
    known = directory(addresses)
    heads = [*addresses, "sqs:", f"sqs:{STAR}", "sqs:i", "iam:role/", "iam:role/path/", "s3:", "s3:in", STAR, "sqs:o"]
    patterns = [head.rstrip("/") + ending for head in heads for ending in ENDINGS]
    patterns += [head + ending for head in ("s3:in", *(bucket.rstrip("/") for bucket in BUCKETS)) for ending in INSIDE]
    for pattern in patterns:
        exact = {address for address in addresses if names(pattern, address)}
        assert exact - set(known.of(pattern)) == set(), pattern


def test_what_cannot_be_the_same_name_is_not_tried() -> None:
    known = directory(ADDRESSES)

    assert known.of("sqs:in-put") == [
        "sqs:in-put",
        f"sqs:in-{ACCOUNT}",
        f"sqs:{FREE}",
        f"sqs:in-{FREE}",
        f"sqs:{ACCOUNT}-in",
    ]
    assert sorted(known.of(f"sqs:{MADE_UP}"), key=ADDRESSES.index) == [
        "sqs:in-012345678901",
        f"sqs:{FREE}",
        f"sqs:in-{FREE}",
        f"sqs:{MADE_UP}",
        "sqs:stack-in-0123456789abc",
    ]
    assert known.of(f"sqs:o{STAR}") == [
        f"sqs:out-{ACCOUNT}",
        f"sqs:{FREE}",
        f"sqs:{MADE_UP}",
        f"sqs:{OTHER}",
        f"sqs:{ACCOUNT}-in",
    ]


def test_a_pattern_for_everything_finds_each_thing_once() -> None:
    assert directory([*NAMES, *NAMES]).of(STAR) == NAMES


def test_a_glob_is_found_by_all_that_it_may_match() -> None:
    known = directory(["text:in", f"text:i{STAR}", f"text:{STAR}n", "text:out"])

    assert known.of("text:in") == ["text:in", f"text:i{STAR}", f"text:{STAR}n"]
    assert known.of(f"text:{MADE_UP}") == [f"text:i{STAR}", f"text:{STAR}n"]


NESTED = [
    "lambda:function:resize",
    "lambda:function:resize:",
    f"lambda:function:{MADE_UP}",
    f"lambda:function:{MADE_UP}:",
    f"lambda:function:{FREE}:",
    "batch:job-definition/a:",
    "batch:job-definition/a:1",
    "execute-api:abc/",
    "execute-api:abc/prod/",
    "execute-api:abc/prod/GET/x",
    f"execute-api:{MADE_UP}/",
    "iot:topic/",
    f"kafka:topic/c-{ACCOUNT}/t/",
    f"text:in-{ACCOUNT}x{STAR}",
    f"text:in-{STAR}x{ACCOUNT}",
]
"""What is inside of others is found by theirs, which end in a border."""
WITHIN = [
    "",
    "1",
    ":1",
    "/",
    "a/b",
    ":1:2",
    "/a",
    STAR,
    f"1{STAR}",
    f"{ANY}",
    f"/{FREE}/x",
    f"a:{STAR}/",
    "in-012345678901xy",
]


def test_nothing_is_left_out_that_lies_around_or_below_of_what_a_pattern_names() -> None:
    known = directory(NESTED)
    borders = {address[:end] for address in NESTED for end in range(1, len(address)) if address[end - 1] in ":/"}
    heads = sorted({*NESTED, *borders, *(border[:-1] for border in borders)})
    for pattern in [head + ending for head in heads for ending in WITHIN]:
        tails = {address: [widened(rest).strip(STAR) for rest in rest_of(pattern, address).may] for address in NESTED}
        exact = {a for a in NESTED if (tails[a] and a[-1] in ":/") or "" in tails[a]}

        assert exact - set(known.of(pattern)) == set(), pattern


def test_what_lies_elsewhere_is_not_tried() -> None:
    known = directory([*NESTED, *BUCKETS])

    assert known.of("lambda:function:resize:1") == ["lambda:function:resize:", f"lambda:function:{FREE}:"]
    assert known.of(f"lambda:function:resize:{STAR}") == ["lambda:function:resize:", f"lambda:function:{FREE}:"]
    assert known.of("execute-api:abc/prod/GET/y") == ["execute-api:abc/prod/", "execute-api:abc/"]
    assert known.of(f"execute-api:abc/prod/PUT/{STAR}") == ["execute-api:abc/prod/", "execute-api:abc/"]
    for key in ("", "x", f"{FREE}/x", f"a:{FREE}", f"a/{STAR}"):
        assert known.of(f"s3:in/{key}") == ["s3:in/", f"s3:{FREE}/", f"s3:{ACCOUNT}-in/"]


def test_what_has_two_addresses_is_found_once() -> None:
    known: Directory[str] = Directory()
    for address in ("sqs:one", "sqs:other"):
        known.add(address, "queue")

    assert known.of(f"sqs:o{STAR}") == ["queue"]
