"""The rules for cfn-lint, in process."""

from __future__ import annotations

import json
import subprocess
import sys

import cfnlint.helpers
import pytest
from cfnlint.api import lint
from cfnlint.decode import decode_str
from cfnlint.rules import Rules, RulesCollection
from cfnlint.template import Template

from constructs_lib import cfn_lint

HEAD = """\
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Runtime: provided.al2023
    Handler: bootstrap
    CodeUri: .
"""
LOOPING = """\
Resources:
  Photos:
    Type: AWS::S3::Bucket
  Resize:
    Type: AWS::Serverless::Function
    Properties:
      Policies:
        - Statement:
            - Effect: Allow
              Action: s3:PutObject
              Resource: !Sub arn:${AWS::Partition}:s3:::${Photos}/in/*
      Events:
        Uploaded:
          Type: S3
          Properties:
            Bucket: !Ref Photos
            Events: s3:ObjectCreated:*
            Filter: {S3Key: {Rules: [{Name: prefix, Value: in/}]}}
"""
UNPROVEN = "Parameters:\n  Folder: {Type: String}\n" + LOOPING.replace("}/in/*", "}/${Folder}/*")
OVERLAPPING = f"""\
{LOOPING.replace("}/in/*", "}/out/*")}\
        Copied:
          Type: S3
          Properties:
            Bucket: !Ref Photos
            Events: s3:ObjectCreated:Copy
            Filter: {{S3Key: {{Rules: [{{Name: prefix, Value: in/a}}]}}}}
"""
STALE = LOOPING.replace("}/in/*", "}/out/*") + "      RecursiveLoop: Allow\n"


def rules(ignore: tuple[str, ...] = ()) -> RulesCollection:
    """Ours alone, without those that are ignored."""
    collection = RulesCollection(ignore_rules=list(ignore))
    collection.create_from_module("constructs_lib.cfn_lint")
    return collection


def found(template: str, *, ignore: tuple[str, ...] = ()) -> list[tuple[str, int, int, str]]:
    """Rule, line, column and message of what our rules find."""
    matches = lint(HEAD + template, rules(ignore))
    return [(match.rule.id, match.linenumber, match.columnnumber, match.message) for match in matches]


def test_a_proven_loop_is_an_error_at_the_statement_that_lets_it_write() -> None:
    ((rule, line, column, message),) = found(LOOPING)

    assert (rule, line, column) == ("E99001", 15, 15)
    assert message == (
        "`Resize` can invoke itself through `Photos`: Resize -- s3:PutObject `in/*` --> Photos;"
        " Photos -- s3:ObjectCreated:* `in/*` --> Resize; writing key `in/a` invokes `Resize` again;"
        " help: write where the trigger does not match, e.g. s3:PutObject on `resize-output/*` of `Photos`"
    )


def test_a_loop_under_a_condition_says_when_it_happens() -> None:
    head = "Parameters:\n  Stage: {Type: String, AllowedValues: [dev, test, prod]}\n"
    head += "Conditions:\n  IsLive: !Not [!Equals [!Ref Stage, dev]]\n"
    write = "arn:${AWS::Partition}:s3:::${Photos}/in/*"
    staged = LOOPING.replace(f"!Sub {write}", f'!If [IsLive, !Sub "{write}", "arn:aws:s3:::x/*"]')
    ((rule, line, column, message),) = found(head + staged)

    assert (rule, line, column) == ("E99001", 19, 15)
    assert message == (
        "`Resize` can invoke itself through `Photos`: Resize -- s3:PutObject `in/*` --> Photos;"
        " Photos -- s3:ObjectCreated:* `in/*` --> Resize; writing key `in/a` invokes `Resize` again;"
        " happens when Stage is `test` or `prod`;"
        " help: write where the trigger does not match, e.g. s3:PutObject on `resize-output/*` of `Photos`"
    )


def test_what_cannot_be_excluded_is_a_warning() -> None:
    ((rule, line, column, message),) = found(UNPROVEN)

    assert (rule, line, column) == ("W99002", 17, 15)
    assert "`Resize` may invoke itself through `Photos`: " in message
    assert "; not proven, because the parameter `Folder` may be anything; " in message


def test_overlapping_notifications_are_an_error_at_the_first_of_them() -> None:
    ((rule, line, column, message),) = found(OVERLAPPING)

    assert (rule, line, column) == ("E99003", 19, 9)
    assert "; key `in/a` with s3:ObjectCreated:Copy matches both; " in message


def test_recursion_that_is_allowed_without_a_loop_is_a_warning() -> None:
    ((rule, _, _, message),) = found(STALE)

    assert rule == "W99004"
    assert message.startswith("`Resize` allows recursion, but no acknowledged loop goes through it")


@pytest.mark.parametrize(
    ("template", "rule"),
    [(LOOPING, "E99001"), (UNPROVEN, "W99002"), (OVERLAPPING, "E99003"), (STALE, "W99004")],
)
def test_each_rule_can_be_ignored(template: str, rule: str) -> None:
    assert found(template, ignore=(rule,)) == []


def test_a_rule_can_be_ignored_in_the_metadata_of_the_function() -> None:
    ignored = "    Metadata: {cfn-lint: {config: {ignore_checks: [E99001]}}}\n    Properties:\n      Policies"
    template = LOOPING.replace("    Properties:\n      Policies", ignored)

    assert found(template) == []


def test_a_template_without_loops_has_no_findings() -> None:
    assert found(LOOPING.replace("}/in/*", "}/out/*")) == []


def test_a_template_that_cannot_be_checked_is_told() -> None:
    messages = [(rule, message) for rule, _, _, message in found("Resources:\n  Photos:\n    Properties: {}\n")]

    assert messages == [
        (
            "W99002",
            "the template was not checked for invocation loops: template: the resource `Photos` has no `Type`",
        )
    ]


def test_the_ids_are_of_this_package_only() -> None:
    own = {rule.id for rule in cfnlint.helpers.create_rules(cfn_lint)}
    builtin = set(Rules.create_from_directory(f"{next(iter(cfnlint.__path__))}/rules"))

    assert own == {"E99001", "W99002", "E99003", "W99004"}
    assert own & builtin == set()


def test_the_rules_tell_what_they_are_for() -> None:
    for rule in cfnlint.helpers.create_rules(cfn_lint):
        assert rule.shortdesc
        assert rule.description.endswith(".")
        assert rule.source_url.startswith("https://docs.aws.amazon.com/")
        assert rule.tags


def test_the_rules_load_without_cdk() -> None:
    code = "import sys, constructs_lib.cfn_lint; print({'aws_cdk', 'jsii', 'typer'} & set(sys.modules))"

    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "set()\n"


@pytest.mark.parametrize("template", [LOOPING, UNPROVEN, OVERLAPPING, STALE])
def test_the_rules_leave_the_template_as_it_is_for_the_other_rules(template: str) -> None:
    document, _ = decode_str(HEAD + template)
    before = json.dumps(document)

    cfn_lint.InvocationLoop().match(Template("template.yaml", document))

    assert json.dumps(document) == before


def test_what_for_each_makes_is_seen_and_placed() -> None:
    each = """\
Transform: AWS::LanguageExtensions
Resources:
  Fn::ForEach::Buckets:
    - Name
    - [Photos, Scans]
    - "${Name}":
        Type: AWS::S3::Bucket
        Properties:
          NotificationConfiguration:
            LambdaConfigurations:
              - {Event: s3:ObjectCreated:*, Function: !GetAtt Resize.Arn}
  Resize:
    Type: AWS::Lambda::Function
    Properties:
      Role: !GetAtt Role.Arn
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyDocument:
            Statement: {Effect: Allow, Action: s3:PutObject, Resource: !Sub "${Scans.Arn}/*"}
"""
    matches = lint(each, rules())

    assert [(match.rule.id, match.message.partition(":")[0], match.linenumber) for match in matches] == [
        ("E99001", "`Resize` can invoke itself through `Scans`", 21)
    ]
