"""`Fn::ForEach`, written out."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from cfnlint.template import Template as Linted
from cfnlint.template.transforms._language_extensions import language_extension

from constructs_lib.errors import ConstructsLibError
from constructs_lib.loops import check
from constructs_lib.templates import Template, read
from constructs_lib.templates.documents import parse

if TYPE_CHECKING:
    from pathlib import Path

KNOWN = """
Transform: AWS::LanguageExtensions
Mappings: {Names: {All: {Queues: [In, Out]}}}
Conditions:
  Fn::ForEach::Conditions: [Kind, [In, Out], {'Is${Kind}': !Equals [!Ref 'AWS::Region', !Ref Kind]}]
Resources:
  Fn::ForEach::Topics:
    - Name
    - [a-b, c]
    - Topic&{Name}:
        Type: AWS::SNS::Topic
        Properties: {TopicName: !Sub 'news-${Name}-${AWS::Region}', DisplayName: !Ref Name}
      Fn::ForEach::Queues:
        - Kind
        - !FindInMap [Names, All, Queues]
        - '${Kind}Queue&{Name}':
            Type: AWS::SQS::Queue
            Properties: {QueueName: !Sub '${Kind}-${Name}-${AWS::Region}'}
  Photos:
    Type: AWS::S3::Bucket
    Properties:
      Fn::ForEach::Properties: [Key, [BucketName, AccessControl], {'${Key}': !Sub '${Key} of ${AWS::Region}'}]
Outputs:
  Fn::ForEach::Outputs: [Name, [x, y], {'Out${Name}': {Value: !Ref Name}}]
"""


def parsed(text: str) -> Any:
    return parse(text, name="template.yaml")


def test_what_loops_make_is_what_cfn_lint_makes() -> None:
    template = Template.of(parsed(KNOWN))
    failures, expected = language_extension(Linted("template.yaml", copy.deepcopy(parsed(KNOWN)), ["us-east-1"]))

    assert failures == []
    assert {name: template.section(name) for name in ("Conditions", "Resources", "Outputs")} == {
        name: expected[name] for name in ("Conditions", "Resources", "Outputs")
    }
    assert template.resources["InQueueab"].at == (
        "Resources",
        "Fn::ForEach::Topics",
        2,
        "Fn::ForEach::Queues",
        2,
        "${Kind}Queue&{Name}",
    )


def test_identifiers_in_plain_texts_and_in_names_are_replaced() -> None:
    """As AWS documents it; cfn-lint leaves these as they are."""
    properties = {"QueueName": "${Name}.fifo", "KmsMasterKeyId": {"Fn::GetAtt": "Key&{Name}.Arn"}}
    body = {"Type": "AWS::SQS::Queue", "Condition": "Is&{Name}", "DependsOn": ["Key&{Name}"], "Properties": properties}
    fragment = {"Queue&{Name}": body}
    template = Template.of({"Resources": {"Fn::ForEach::Queues": ["Name", ["a-b"], fragment]}})

    assert template.resources["Queueab"].body == {
        "Type": "AWS::SQS::Queue",
        "Condition": "Isab",
        "DependsOn": ["Keyab"],
        "Properties": {"QueueName": "a-b.fifo", "KmsMasterKeyId": {"Fn::GetAtt": "Keyab.Arn"}},
    }


LOOPING = """
Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
Parameters: {Names: {Type: CommaDelimitedList, Default: 'a,b'}}
Resources:
  Fn::ForEach::Workers:
    - Name
    - COLLECTION
    - Queue${Name}: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub 'orders-${Name}'}}
      Worker${Name}:
        Type: AWS::Serverless::Function
        Properties:
          Policies:
            - Statement: {Effect: Allow, Action: sqs:SendMessage, Resource: !Sub 'arn:aws:sqs:*:*:TARGET'}
          Events: {Orders: {Type: SQS, Properties: {Queue: !GetAtt 'Queue${Name}.Arn'}}}
"""


@pytest.mark.parametrize(
    ("collection", "target", "verdict"),
    [
        ("[a, b]", "orders-${Name}", "loop"),
        ("[a, b]", "done-${Name}", "loop-free"),
        ("!Ref Names", "orders-${Name}", "loop"),
        ("!Ref Names", "done-${Name}", "loop-free"),
        ("!Ref Names", "orders-x", "unproven"),
        ("!Split [',', !ImportValue Names]", "orders-x", "unproven"),
        ("[!Ref 'AWS::Region', b]", "orders-b", "loop"),
    ],
)
def test_a_loop_through_what_a_loop_makes_is_found(collection: str, target: str, verdict: str) -> None:
    text = LOOPING.replace("COLLECTION", collection).replace("TARGET", target)

    assert check([Template.of(parsed(text))]).verdict == verdict


def test_the_arrows_of_what_a_loop_makes_stand_in_the_loop() -> None:
    text = LOOPING.replace("COLLECTION", "[a]").replace("TARGET", "orders-${Name}")
    within = ("Resources", "Fn::ForEach::Workers", 2, "Worker${Name}", "Properties")

    assert [step.at for step in check([Template.of(parsed(text))]).findings[0].path] == [
        (*within, "Policies", 0, "Statement"),
        (*within, "Events", "Orders"),
    ]


def test_items_of_an_unknown_collection_may_wake_each_other() -> None:
    deny = "{Effect: Deny, Action: sqs:SendMessage, Resource: !Sub 'arn:aws:sqs:*:*:orders-${Name}'}"
    allow = "{Effect: Allow, Action: sqs:SendMessage, Resource: '*'}"
    statements = f"Statement: [{allow}, {deny}]"
    text = LOOPING.replace("COLLECTION", "!Ref Names").split("            - Statement")[0]
    text += f"            - {statements}\n" + LOOPING.splitlines()[-1]

    assert check([Template.of(parsed(text))]).verdict != "loop-free"


@pytest.mark.parametrize(
    ("loop", "reason"),
    [
        ("[Name, [a]]", "is not a list of an identifier, a collection and a fragment"),
        ("[Name, [a], b]", "the fragment of `Fn::ForEach::Loop` is not a mapping"),
        ("[Name, [a, b], {Same: {Type: AWS::SQS::Queue}}]", "`Same` is made twice, by `Fn::ForEach`"),
    ],
)
def test_what_is_no_loop_is_refused(loop: str, reason: str) -> None:
    with pytest.raises(ConstructsLibError, match=reason):
        Template.of(parsed(f"Resources: {{'Fn::ForEach::Loop': {loop}}}"))


def test_loops_in_loops_are_refused_when_they_make_too_much() -> None:
    fragment: Any = {"Q${A}x${B}x${C}x${D}": {"Type": "AWS::SQS::Queue"}}
    for name in "DCBA":
        fragment = {f"Fn::ForEach::{name}": [name, [str(number) for number in range(100)], fragment]}

    with pytest.raises(ConstructsLibError, match="makes more than 200,000 values"):
        Template.of({"Resources": fragment})


@pytest.mark.parametrize("key", ["Fn::ForEach::Queues", "\\u0046n::ForEach::Queues", "Fn\\u003A:For\\u0045ach::Queues"])
def test_a_loop_is_written_out_however_json_spells_it(tmp_path: Path, key: str) -> None:
    loop = '["Name", ["In", "Out"], {"${Name}Queue": {"Type": "AWS::SQS::Queue"}}]'
    (tmp_path / "a.json").write_text(f'{{"Resources": {{"{key}": {loop}}}}}', "utf-8")

    assert list(read(tmp_path / "a.json").resources) == ["InQueue", "OutQueue"]
