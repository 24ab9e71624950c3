"""What the graph is made of: what roles allow, who listens to what nobody knows, and what is left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.loops.edges.base import Actor, Channel, Deposit, EdgeKind, Listener, Message, Put
from constructs_lib.loops.graph import Graph
from constructs_lib.loops.keys import show_glob
from constructs_lib.loops.languages import Language
from constructs_lib.loops.network import FEW
from constructs_lib.loops.passages import Stretch
from constructs_lib.templates import Template
from constructs_lib.templates.system import System

if TYPE_CHECKING:
    from collections.abc import Iterator

Body = dict[str, Any]
ACCOUNT = "arn:aws:iam::123456789012"


def arn(name: str) -> Body:
    return {"Fn::GetAtt": [name, "Arn"]}


def role(*statements: Body, **properties: Any) -> Body:
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"Policies": [{"PolicyDocument": {"Statement": list(statements)}}], **properties},
    }


def allow(action: Any, resource: Any, effect: str = "Allow") -> Body:
    return {"Effect": effect, "Action": action, "Resource": resource}


def function(role_: str = "Role") -> Body:
    return {"Type": "AWS::Lambda::Function", "Properties": {"Role": arn(role_)}}


def graph_of(resources: dict[str, Body], *kinds: EdgeKind) -> Graph:
    parameters = {"Which": {"Type": "String"}}
    template = Template.of({"Resources": resources, "Parameters": parameters}, name="Stack")
    return Graph(System([template]), kinds) if kinds else Graph(System([template]))


def granted(graph: Graph, name: str) -> list[tuple[str, str, list[str]]]:
    """What an actor may do: the resource, why that is not certain, and what is denied."""
    node = next(node for node in graph.actors if node.id == name)
    return [
        (
            show_glob(grant.allow.resource),
            grant.allow.doubt,
            [show_glob(g) for d in grant.denies for g in d.resources],
        )
        for grant in graph.granted(node)
    ]


def test_what_a_role_allows_and_what_it_is_lent_come_each_with_the_denials_of_the_role_that_they_are_from() -> None:
    trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"{ACCOUNT}:root"}}]}
    resources = {
        "Work": function(),
        "Role": role(
            allow("s3:PutObject", "arn:aws:s3:::one/*"),
            allow("s3:PutObject", "arn:aws:s3:::one/*"),
            allow("sts:AssumeRole", arn("Lending")),
            allow("s3:PutObject", "arn:aws:s3:::one/not", "Deny"),
        ),
        "Lending": role(
            allow("s3:PutObject", "arn:aws:s3:::two/*"),
            allow("s3:PutObject", "arn:aws:s3:::two/not", "Deny"),
            AssumeRolePolicyDocument=trust,
            RoleName="lending",
        ),
    }

    assert granted(graph_of(resources), "Work") == [
        ("s3:one/*", "", ["s3:one/not"]),
        ("iam:role/lending", "", ["s3:one/not"]),
        ("s3:two/*", "", ["s3:two/not"]),
    ]


def test_what_an_unknown_role_allows_is_left_out_and_everything() -> None:
    resources = {"Work": {"Type": "AWS::Lambda::Function", "Properties": {"Role": f"{ACCOUNT}:role/elsewhere"}}}
    graph = graph_of(resources)

    assert [(resource, denied) for resource, _, denied in granted(graph, "Work")] == [("*", [])]
    assert list(graph.not_modelled.items()) == [(f"what the role `{ACCOUNT}:role/elsewhere` allows", None)]


@dataclass(frozen=True)
class Kind(EdgeKind):
    """Functions without roles, queues that may be sent to, and what listens, given by logical ids."""

    needs = ("logs:PutLogEvents",)

    heard: tuple[tuple[str, str, str], ...] = ()
    put: tuple[tuple[str, str], ...] = ()
    roles: tuple[str, ...] = ()
    needed: tuple[tuple[str, str], ...] = ()

    def actors(self, system: System) -> Iterator[Actor]:
        for node in system.nodes("AWS::Lambda::Function"):
            yield Actor(node, node.get("Role"), by_role=node.id in self.roles, only=("sqs:SendMessage",))
            if node.get("OtherRole"):
                yield Actor(node, node.get("OtherRole"))

    def channels(self, system: System) -> Iterator[Channel]:
        for node in system.nodes("AWS::SQS::Queue"):
            yield Channel(node, tuple(f"sqs:{name}" for name in system.names(node)), (Deposit("sqs:SendMessage"),))

    def listeners(self, system: System) -> Iterator[Listener]:
        nodes = {node.id: node for node in system.addressed()}
        for source, target, doubt in self.heard:
            known = nodes.get(source)
            unknown = system.texts({"Ref": "Which"}, system.templates[0])[0] if target == "?" else target
            ends = system.arns(nodes[target])[0] if target in nodes else unknown
            yield Listener(known, "AWS::SQS::Queue", ends, "wakes", ("AWS::Lambda::Function",), doubt=doubt)

    def puts(self, system: System) -> Iterator[Put]:
        nodes = {node.id: node for node in system.addressed()}
        for source, target in self.put:
            yield Put(nodes[source], system.arns(nodes[target])[0], "puts", needs=self.needed)


QUEUES = {"Q": {"Type": "AWS::SQS::Queue"}, "R": {"Type": "AWS::SQS::Queue"}, "T": {"Type": "AWS::SNS::Topic"}}


@pytest.mark.parametrize(
    ("source", "given", "doubt"),
    [
        ("Q", "", ()),
        ("Q", "why", ("why",)),
        ("?", "", ("what is listened to is known at deployment only",)),
        ("?", "why", ("why",)),
        ("R", "", None),
    ],
)
def test_who_listens_to_what_is_not_known_listens_to_all_of_its_type(
    source: str, given: str, doubt: tuple[str, ...] | None
) -> None:
    graph = graph_of({"Work": function(), **QUEUES}, Kind(((source, "Work", given),), (("Work", "Q"),)))
    puts = graph.outlets.of(graph.actors[0])

    assert [passage.doubts for put in puts for passage in graph.passages(put)] == ([] if doubt is None else [doubt])


def test_what_listens_and_is_not_in_the_templates_is_left_out() -> None:
    graph = graph_of({"Work": function(), **QUEUES}, Kind((("Q", f"{ACCOUNT}:nowhere", ""),)))

    assert list(graph.not_modelled.items()) == [(f"what `{ACCOUNT}:nowhere` does", None)]


def test_of_a_role_only_the_actions_count_that_an_actor_takes() -> None:
    statements = [allow("sqs:*", "arn:aws:sqs:*:*:one"), allow("s3:PutObject", "arn:aws:s3:::two/*")]
    kind = Kind((("Q", "Work", ""),), roles=("Work",))
    graph = graph_of({"Work": function(), "Role": role(*statements), **QUEUES}, kind)

    assert granted(graph, "Work") == [("sqs:one", "", [])]


@pytest.mark.parametrize(
    ("actions", "read"),
    [
        ("sqs:*", ["*"]),
        ("SQS:send*", ["*"]),
        ("*", ["*"]),
        (["logs:Put*", "sqs:SendMessage"], ["*"]),
        ({"Ref": "Which"}, ["*"]),
        ("sqs:ReceiveMessage", []),
        (["dynamodb:GetItem", "sns:*"], []),
        ([], []),
    ],
)
def test_a_statement_is_read_if_anybody_asks_for_what_it_allows(actions: Any, read: list[str]) -> None:
    work = function()
    work["Properties"]["OtherRole"] = arn("Role")
    graph = graph_of({"Work": work, "Role": role(allow(actions, "*")), **QUEUES}, Kind((("Q", "Work", ""),)))

    assert [resource for resource, _, _ in granted(graph, "Work")] == read


def test_what_is_read_of_objects_tells_which_prefixes_are_taken() -> None:
    reading = allow(["s3:GetObject"], "arn:aws:s3:::photos/in/*")

    assert granted(graph_of({"Work": function(), "Role": role(reading)}), "Work") == [("s3:photos/in/*", "", [])]


def test_each_actor_has_what_its_roles_allow_whatever_others_have() -> None:
    other = function()
    other["Properties"]["OtherRole"] = arn("More")
    resources = {
        "None": function(),
        "One": function(),
        "Both": other,
        "Role": role(allow("sqs:SendMessage", "arn:aws:sqs:*:*:one")),
        "More": role(allow("sqs:SendMessage", "arn:aws:sqs:*:*:more")),
        **QUEUES,
    }
    graph = graph_of(resources, Kind((("Q", "One", ""),), roles=("One", "Both")))

    assert {name: [resource for resource, _, _ in granted(graph, name)] for name in ("None", "One", "Both")} == {
        "None": [],
        "One": ["sqs:one"],
        "Both": ["sqs:one", "sqs:more"],
    }


def test_what_wakes_somebody_who_is_not_known_may_wake_each_of_those_that_it_expects() -> None:
    graph = graph_of({"One": function(), "Other": function(), **QUEUES}, Kind((("Q", "?", ""),), (("One", "Q"),)))
    [put] = graph.outlets.of(graph.actors[0])

    assert [(way.target.id, bool(way.doubts)) for way in graph.passages(put)] == [("One", True)]
    assert graph.not_modelled == {}


@pytest.mark.parametrize(
    ("statement", "doubts"),
    [
        (allow("logs:PutLogEvents", "arn:aws:logs:*:*:log-group:one:*"), [()]),
        (allow("logs:PutLogEvents", "arn:aws:logs:*:*:log-stream:one"), []),
        (allow("logs:CreateLogGroup", "*"), []),
        (
            allow("logs:PutLogEvents", {"Ref": "Which"}),
            [("it is not certain that `Role` allows logs:PutLogEvents",)],
        ),
    ],
)
def test_what_an_actor_puts_by_itself_may_need_a_grant(statement: Body, doubts: list[tuple[str, ...]]) -> None:
    work = function()
    work["Properties"]["OtherRole"] = arn("Role")
    kind = Kind((("Q", "Work", ""),), (("Work", "Q"),), needed=(("logs:PutLogEvents", "logs:log-group:"),))
    graph = graph_of({"Work": work, "Role": role(statement), **QUEUES}, kind)
    puts = [outlet for outlet in graph.outlets.of(graph.actors[0]) if isinstance(outlet, Put)]

    assert [way.doubts for put in puts for way in graph.passages(put)] == doubts


def test_behind_a_filter_is_left_what_it_lets_through_for_certain_and_perhaps() -> None:
    def message(*texts: str) -> Message:
        return Message({"a": Language((texts,))})

    [node] = graph_of({"Work": function()}, Kind()).actors
    [through, none] = [
        Stretch(node, message("x", "y"), certain).through(message("y", "z")) for certain in (message("x"), None)
    ]

    assert (through.message, through.certain) == (
        message("x", "y") & message("y", "z"),
        message("x") & message("y", "z"),
    )
    assert (none.message, none.certain) == (through.message, None)


def test_resources_are_crowded_to_which_many_listen() -> None:
    heard = [("Q", "Work", "")] * FEW + [("R", "Work", "")] * (FEW - 1)
    graph = graph_of({"Work": function(), **QUEUES}, Kind(tuple(heard)))

    assert {node.id for node in graph.network.crowded} == {"Q"}
    assert {node.id for node in graph.leads_on} == {"Q", "R", "Work"}
    assert [len(graph.network.of(node)) for node in graph.system.nodes("AWS::SQS::Queue")] == [FEW, FEW - 1]


def test_a_permission_has_an_origin_if_its_statement_is_in_the_templates_and_is_one() -> None:
    twice = allow("s3:PutObject", "arn:aws:s3:::twice/*")
    once = allow("s3:PutObject", "arn:aws:s3:::once/*")
    graph = graph_of({"Work": function(), "Role": role(twice, dict(twice), once)})
    [work] = graph.actors
    found = [grant.allow for grant in graph.granted(work)]

    assert [origin and (origin[0].id, origin[1]) for origin in (graph.origin(work, one) for one in found)] == [
        ("Role", twice),
        ("Role", once),
    ]
    assert [origin and origin[1] for origin in (graph.only_origin(work, one) for one in found)] == [None, once]
