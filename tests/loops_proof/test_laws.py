"""Laws of the check, on systems of all edge kinds and on random S3 patterns."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from constructs_lib.loops import check
from constructs_lib.templates import Template
from tests.loops_proof.split import split
from tests.loops_proof.strategies import SETTINGS, extras, loops, seeds
from tests.loops_proof.systems import build, truth

if TYPE_CHECKING:
    from collections.abc import Iterable

    from constructs_lib.loops import Report
    from tests.loops_proof.builder import Body
    from tests.loops_proof.systems import Hop, System

pytestmark = pytest.mark.usefixtures("verdicts_only")


def report_of(documents: Iterable[Body]) -> Report:
    return check([Template.of(document, name=f"Stack{index}") for index, document in enumerate(documents)])


def circles(report: Report, system: System) -> set[tuple[str, ...]]:
    """The functions of each finding, in order, from the first by name."""
    found = set()
    for finding in report.findings:
        functions = [step.source_id for step in finding.path if step.source_id in system.functions]
        first = functions.index(min(functions))
        found.add((finding.verdict, *functions[first:], *functions[:first]))
    return found


@SETTINGS
@given(hops=loops(), seed=seeds, data=st.data())
def test_removing_a_reported_edge_removes_the_loop(hops: tuple[Hop, ...], seed: int, data: st.DataObject) -> None:
    system = build(hops, seed=seed)
    finding = report_of([system.document]).findings[0]
    functions = [step.source_id for step in finding.path if step.source_id in system.functions]
    edge = data.draw(st.sampled_from(list(pairwise([*functions, functions[0]]))))
    left = [hop for hop in hops if (system.functions[hop.source], system.functions[hop.target]) != edge]

    assert len(left) < len(hops)
    assert not left or report_of([build(left, seed=seed).document]).verdict == "loop-free"


@SETTINGS
@given(hops=loops(), seed=seeds, data=st.data())
def test_adding_hops_never_removes_a_loop(hops: tuple[Hop, ...], seed: int, data: st.DataObject) -> None:
    more = data.draw(extras(1 + max(hop.source for hop in hops)))

    assert report_of([build((*hops, *more), seed=seed).document]).verdict == "loop"


@SETTINGS
@given(data=st.data(), seed=seeds)
def test_a_system_is_looping_exactly_if_its_hops_are(data: st.DataObject, seed: int) -> None:
    system = build(data.draw(extras(2)), seed=seed)
    report = report_of([system.document])

    assert report.verdict == ("loop" if truth(system.wakes) else "loop-free")
    for _, *functions in circles(report, system):
        assert set(pairwise([*functions, functions[0]])) <= system.wakes


ALLOWED = st.sampled_from(["*", "s3:*", "sqs:SendMessage", "sns:Publish", "lambda:InvokeFunction", "events:PutEvents"])


@SETTINGS
@given(hops=loops(), seed=seeds, action=ALLOWED, data=st.data())
def test_adding_a_grant_never_removes_a_loop(
    hops: tuple[Hop, ...], seed: int, action: str, data: st.DataObject
) -> None:
    system = build(hops, seed=seed)
    roles = [body for body in system.document["Resources"].values() if body["Type"] == "AWS::IAM::Role"]
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    policy = {"PolicyName": "more", "PolicyDocument": {"Statement": [statement]}}
    data.draw(st.sampled_from(roles))["Properties"].setdefault("Policies", []).append(policy)

    assert report_of([system.document]).verdict == "loop"


def shuffled(value: Any, choose: random.Random) -> Any:
    """The same document with its resources, statements and targets in another order."""
    resources = list(value["Resources"].items())
    choose.shuffle(resources)
    return {**value, "Resources": dict(resources)}


@SETTINGS
@given(hops=loops(), seed=seeds, data=st.data())
def test_the_order_of_resources_changes_nothing(hops: tuple[Hop, ...], seed: int, data: st.DataObject) -> None:
    system = build((*hops, *data.draw(extras(len(hops)))), seed=seed)
    before = report_of([system.document])
    after = report_of([shuffled(system.document, random.Random(seed))])  # noqa: S311 - test data

    assert circles(after, system) == circles(before, system)
    assert after.summary == before.summary


@SETTINGS
@given(hops=loops(), seed=seeds, count=st.integers(2, 4))
def test_taking_a_template_apart_changes_nothing(hops: tuple[Hop, ...], seed: int, count: int) -> None:
    system = build(hops, seed=seed)
    parts = split(system.document, count, random.Random(seed))  # noqa: S311 - test data
    whole, apart, turned = (report_of(documents) for documents in ([system.document], parts, parts[::-1]))

    assert circles(apart, system) == circles(whole, system)
    assert circles(turned, system) == circles(whole, system)
    assert (apart.summary, turned.summary) == (whole.summary, whole.summary)


# Random S3 patterns: a ring of buckets and functions, each with grants, denials and a filter of its own.

TEXTS = ["", "a", "b", "ab", "ba"]
globs = st.text("ab*?", max_size=4)
texts = st.sampled_from(TEXTS)
KEYS = ["".join(letters) for length in range(8) for letters in product("ab", repeat=length)]


@dataclass(frozen=True)
class Station:
    """What may be written to a bucket, and what it notifies of."""

    allows: tuple[str, ...]
    denies: tuple[str, ...]
    prefix: str
    suffix: str

    def lets_through(self, key: str) -> bool:
        allowed = any(matcher(glob).fullmatch(key) for glob in self.allows)
        denied = any(matcher(glob).fullmatch(key) for glob in self.denies)
        return allowed and not denied and key.startswith(self.prefix) and key.endswith(self.suffix)


@cache
def matcher(glob: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in glob), re.DOTALL)


stations = st.builds(
    Station,
    st.lists(globs, min_size=1, max_size=2).map(tuple),
    st.lists(globs, max_size=2).map(tuple),
    texts,
    texts,
)


def ring(stations: list[Station]) -> Body:
    resources: Body = {}
    for index, station in enumerate(stations):
        rules = [{"Name": "prefix", "Value": station.prefix}, {"Name": "suffix", "Value": station.suffix}]
        notification = {
            "Event": "s3:ObjectCreated:*",
            "Function": {"Fn::GetAtt": [f"F{(index + 1) % len(stations)}", "Arn"]},
            "Filter": {"S3Key": {"Rules": [rule for rule in rules if rule["Value"]]}},
        }
        statements = [
            {"Effect": effect, "Action": "s3:PutObject", "Resource": {"Fn::Sub": f"${{B{index}.Arn}}/{glob}"}}
            for effect, patterns in (("Allow", station.allows), ("Deny", station.denies))
            for glob in patterns
        ]
        configuration = {"LambdaConfigurations": [notification]}
        policy = {"PolicyName": "it", "PolicyDocument": {"Statement": statements}}
        resources |= {
            f"B{index}": {"Type": "AWS::S3::Bucket", "Properties": {"NotificationConfiguration": configuration}},
            f"R{index}": {"Type": "AWS::IAM::Role", "Properties": {"Policies": [policy]}},
            f"F{index}": {
                "Type": "AWS::Lambda::Function",
                "Properties": {"Role": {"Fn::GetAtt": [f"R{index}", "Arn"]}},
            },
        }
    return {"Resources": resources}


@settings(SETTINGS, max_examples=100)
@given(st.lists(stations, min_size=1, max_size=3))
def test_a_witness_is_in_every_language_on_the_path(stations: list[Station]) -> None:
    report = report_of([ring(stations)])
    assume(report.verdict == "loop")
    [finding] = report.findings
    buckets = [int(step.target_id[1:]) for step in finding.path if step.target_id.startswith("B")]
    keys = re.findall(r"writing key `([^`]*)`", finding.witness)

    assert len(keys) == len(buckets) == len(stations)
    assert all(stations[bucket].lets_through(key) for bucket, key in zip(buckets, keys, strict=True))


@settings(SETTINGS, max_examples=100)
@given(st.lists(stations, min_size=1, max_size=3))
def test_a_ring_is_a_loop_exactly_if_some_key_gets_through_everywhere(stations: list[Station]) -> None:
    through = all(any(map(station.lets_through, KEYS)) for station in stations)

    assert report_of([ring(stations)]).verdict == ("loop" if through else "loop-free")
