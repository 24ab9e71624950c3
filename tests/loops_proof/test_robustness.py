"""Whatever a template holds, the answer is a report or an error of ours, at a cost that is bounded."""

from __future__ import annotations

import json
import os
import random
import socket
import sys
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from constructs_lib.errors import ConstructsLibError
from constructs_lib.loops import check
from constructs_lib.templates import read
from constructs_lib.templates.documents import parse
from tests.loops_proof.hostile import deep, mutations, outcome, places, spent
from tests.loops_proof.systems import MODELLED, build, draw_loop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.loops_proof.builder import Body

OUTCOMES = {"loop-free", "loop", "unproven", "template-unreadable"}
MAX_CALLS = 1_000_000
MAX_BYTES = 128 * 1024 * 1024


@cache
def documents() -> tuple[Body, ...]:
    """A system for each link, every third of them with SAM's functions."""
    found = []
    for index, link in enumerate(MODELLED):
        choose = random.Random(index)  # noqa: S311 - test data
        found.append(build(draw_loop(choose, link, 1), seed=index, serverless=index % 3 == 2).document)
    return tuple(found)


def crashes_of_mutations(*, every: int) -> tuple[int, list[str]]:
    """How many mutations were tried, and those that end neither with a verdict nor with an error of ours."""
    count, crashes = 0, []
    for number, document in enumerate(documents()):
        for way, value, mutated in mutations(document, first=-number % every, every=every):
            count += 1
            try:
                found = outcome(mutated)
            except Exception as error:  # noqa: BLE001 - what this looks for
                crashes.append(f"{type(error).__name__}: {error} at {way} = {value!r}")
            else:
                assert found in OUTCOMES
    return count, crashes


def test_wrong_types_in_any_place_never_crash() -> None:
    count, crashes = crashes_of_mutations(every=997)

    assert crashes == []
    assert count > 100


@pytest.mark.integration
def test_wrong_types_in_every_place_never_crash() -> None:
    count, crashes = crashes_of_mutations(every=7)  # there are more types than that: no place is left out

    assert crashes == []
    assert count > 5_000


def read_outcome(text: str) -> str:
    try:
        return outcome(parse(text, name="template.yaml"))
    except ConstructsLibError as error:
        return error.diagnostics[0].reference


@pytest.mark.parametrize("dump", [yaml.safe_dump, json.dumps])
def test_a_truncated_template_is_read_or_refused(dump: Any) -> None:
    text = dump(documents()[0])

    assert {read_outcome(text[:length]) for length in range(len(text))} <= OUTCOMES


ATOMS = [
    "Resources",
    "Type",
    "AWS::Lambda::Function",
    "Properties",
    "Fn::Sub",
    "!Sub",
    "!GetAtt",
    "&a",
    "*a",
    "<<",
    "|",
]
PIECES = st.one_of(
    st.sampled_from([*ATOMS, ": ", "- ", "\n", "\n  ", "{", "}", "[", "]", ",", '"', "'", "#", "%", "\t"])
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(PIECES, max_size=60).map("".join))
def test_text_made_of_yaml_is_read_or_refused(text: str) -> None:
    assert read_outcome(text) in OUTCOMES


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert read_outcome(text) in OUTCOMES


@settings(max_examples=100, deadline=None, derandomize=True)
@given(content=st.one_of(st.binary(max_size=300), st.text(max_size=100).map(lambda text: text.encode("utf-16"))))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "template.yaml"
    file.write_bytes(content)
    try:
        found = check([read(file)]).verdict
    except ConstructsLibError as error:
        found = error.diagnostics[0].reference  # type: ignore[assignment]

    assert found in OUTCOMES


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.sampled_from(ATOMS)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(
                [*ATOMS, "Ref", "Fn::GetAtt", "Fn::If", "Fn::Join", "Fn::Select", "Fn::Split", "Fn::FindInMap"]
            ),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.data())
def test_intrinsics_of_any_shape_in_any_place_never_crash(data: st.DataObject) -> None:
    document = data.draw(st.sampled_from(documents()))
    ways = [way for way in places(document) if "Properties" in way]
    *way, last = data.draw(st.sampled_from(ways))
    mutated = json.loads(json.dumps(document))
    node = mutated
    for step in way:
        node = node[step]
    node[last] = data.draw(VALUES)

    assert outcome(mutated) in OUTCOMES


def laughs(levels: int) -> str:
    """Aliases that double what they stand for at each level."""
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, levels))]
    return "\n".join([*lines, f"Resources: {{A: {{Type: 'AWS::S3::Bucket', Properties: *a{levels - 1}}}}}"])


HOSTILE_TEXTS = {
    "a million laughs": laughs(40),
    "an alias of itself": "Resources: &a {A: {Type: T, Properties: *a}}",
    "merges of merges": "\n".join(
        ["a0: &a0 {x: 1}", *(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 40))]
    ),
    "deep lists": "Resources: " + "[" * 100_000,
    "deep mappings": "Resources: " + "{a: " * 100_000,
    "deep blocks": "\n".join(" " * n + "a:" for n in range(2_000)),
    "deep json": '{"Resources": ' * 100_000,
    "deep json that ends": '{"a": ' * 5_000 + "1" + "}" * 5_000,
    "deep tags": "Resources: " + "!Sub [" * 50_000,
    "a huge number": '{"Resources": ' + "9" * 100_000 + "}",
    "a huge float": "Resources: 1e999999999",
    "a python object": "Resources: !!python/object/apply:os.system ['true']",
    "two documents": "Resources: {}\n---\nResources: {}",
    "a zero byte": "Resources: {\x00}",
    "lone surrogates": '{"Resources": {"\\ud800": {"Type": "AWS::S3::Bucket"}}}',
    "very many keys": "Resources: {" + ", ".join(f"a{n}: 1" for n in range(10_000)) + "}",
}


@pytest.mark.parametrize("name", HOSTILE_TEXTS)
def test_a_hostile_text_is_refused_at_a_bounded_cost(name: str) -> None:
    text = HOSTILE_TEXTS[name]

    effort = spent(lambda: read_outcome(text))

    assert effort.result == ("loop-free" if name == "lone surrogates" else "template-unreadable")
    assert (effort.calls < MAX_CALLS, effort.bytes < MAX_BYTES) == (True, True), effort


def test_of_a_file_of_fifty_megabytes_only_the_beginning_is_read(tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    with file.open("wb") as stream:
        stream.truncate(50 * 1024 * 1024)

    def work() -> str:
        with pytest.raises(ConstructsLibError) as raised:
            read(file)
        return str(raised.value)

    effort = spent(work)
    assert effort.result == (
        f"error[template-unreadable]: cannot read `{file}` as a CloudFormation or SAM template\n"
        "\n"
        f"  {file}: it is larger than 8 MB; CloudFormation takes at most 1 MB\n"
        "\n"
        "  help: split it into several stacks\n"
        "  see: constructs-lib explain template-unreadable"
    )
    assert (effort.calls < 1_000, effort.bytes < 10 * 1024 * 1024) == (True, True), effort


def system(resource: Any, *others: Any, action: Any = "s3:PutObject", **sections: Any) -> Body:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    notification = {"Event": "s3:ObjectCreated:*", "Function": {"Fn::GetAtt": ["F", "Arn"]}}
    role = {"Policies": [{"PolicyDocument": {"Statement": [statement, *others]}}]}
    return {
        "Resources": {
            "B": {
                "Type": "AWS::S3::Bucket",
                "Properties": {
                    "BucketName": "photos",
                    "NotificationConfiguration": {"LambdaConfigurations": [notification]},
                },
            },
            "R": {"Type": "AWS::IAM::Role", "Properties": role},
            "F": {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["R", "Arn"]}}},
        },
        **sections,
    }


def doubling_exports(count: int) -> Body:
    exports = {
        f"O{n}": {
            "Export": {"Name": f"e{n}"},
            "Value": {"Fn::Join": ["", [{"Fn::ImportValue": f"e{n + 1}"}, {"Fn::ImportValue": f"e{n + 1}"}]]},
        }
        for n in range(count)
    }
    return system({"Fn::ImportValue": "e0"}, Outputs=exports)


def doubling_branches(levels: int) -> Any:
    value: Any = "arn:aws:s3:::photos/*"
    for _ in range(levels):
        value = {"Fn::If": ["C", value, value]}  # shared, as aliases make them
    return value


def denies(count: int) -> list[Body]:
    patterns = [f"arn:aws:s3:::photos/*{'ab' * (n % 7)}?*{n}*b?a*" for n in range(count)]
    return [{"Effect": "Deny", "Action": "s3:*", "Resource": pattern} for pattern in patterns]


MANY = {"P": {"Type": "String", "AllowedValues": [f"v{n}" for n in range(1_000)]}}
HOSTILE_SYSTEMS = {
    "exports that double": doubling_exports(60),
    "exports of each other": system(
        {"Fn::ImportValue": "a"},
        Outputs={
            "A": {"Export": {"Name": "a"}, "Value": {"Fn::ImportValue": "b"}},
            "B": {"Export": {"Name": "b"}, "Value": {"Fn::ImportValue": "a"}},
        },
    ),
    "branches that double": system(doubling_branches(11)),
    "allowed values multiplied": system({"Fn::Sub": "arn:aws:s3:::photos/${P}${P}${P}${P}${P}"}, Parameters=MANY),
    "an endless glob": system("arn:aws:s3:::photos/" + "*a?" * 3_000),
    "an endless action": system("*", action="s3:" + "*u" * 300),
    "stars": system("arn:aws:s3:::" + "*" * 100_000),
    "denies that intersect": system("arn:aws:s3:::photos/*", *denies(40)),
    "an endless key": system("arn:aws:s3:::photos/" + "k" * 200_000),
    "nested intrinsics": system(deep(900)),
    "nested branches": system({"Fn::If": ["C", deep(150, {"Fn::If": ["C", "a", "b"]}), "*"]}),
    "very many parts": system({"Fn::Join": ["", ["arn:aws:s3:::photos/", *["x"] * 30_000]]}),
    "a map of maps": system(
        {"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, {"Ref": "AWS::AccountId"}]},
        Mappings={"M": {f"r{n}": {f"a{m}": f"arn:aws:s3:::b{n}{m}/*" for m in range(60)} for n in range(60)}},
    ),
}


@pytest.mark.parametrize("name", HOSTILE_SYSTEMS)
def test_a_hostile_system_is_decided_at_a_bounded_cost(name: str) -> None:
    effort = spent(lambda: outcome(HOSTILE_SYSTEMS[name]))

    assert effort.result in OUTCOMES
    assert (effort.calls < MAX_CALLS, effort.bytes < MAX_BYTES) == (True, True), effort


WATCHED = ("compile", "ctypes.", "exec", "http.", "import", "open", "os.", "pty.", "socket.", "subprocess.", "urllib.")


@cache
def listeners() -> list[list[tuple[str, object]]]:
    """Who is told what the interpreter does: an audit hook cannot be taken off again."""
    lists: list[list[tuple[str, object]]] = []

    def listen(event: str, arguments: tuple[object, ...]) -> None:
        if event.startswith(WATCHED):
            for listener in lists:
                listener.append((event, arguments[0]))

    sys.addaudithook(listen)
    return lists


@contextmanager
def what_is_done() -> Iterator[list[tuple[str, object]]]:
    """All that is opened, started, compiled, imported or connected to in the meantime."""
    done: list[tuple[str, object]] = []
    listeners().append(done)
    try:
        yield done
    finally:
        listeners().clear()


SECRETIVE = """
Resources:
  Nested:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: "https://example.com/template.yaml"}
  Application:
    Type: AWS::Serverless::Application
    Properties: {Location: ../outside.yaml}
  Link:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: link.yaml}
  Passwords:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: "file:///etc/passwd"}
  Included:
    Type: AWS::S3::Bucket
    Properties:
      Fn::Transform: {Name: AWS::Include, Parameters: {Location: "s3://bucket/secret.yaml"}}
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties: {DefinitionUri: /etc/passwd}
  Api:
    Type: AWS::Serverless::Function
    Properties: {InlineCode: "__import__('os').system('true')", CodeUri: "https://example.com/code.zip"}
"""


def test_nothing_in_a_template_is_executed_or_fetched_nor_read_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    folder.mkdir()
    (tmp_path / "outside.yaml").write_text("Resources: {}", "utf-8")
    (folder / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    template = folder / "template.yaml"
    template.write_text(SECRETIVE, "utf-8")
    assert str(check([read(template)]))  # whatever is imported late is imported now

    with what_is_done() as done:
        report = check([read(template)])

    assert done == [("open", str(template))]
    assert [finding.reasons for finding in report.findings] == [
        ("what `AWS::Include` of `s3://bucket/secret.yaml` adds is known at deployment only",)
    ]
    assert report.not_modelled == (
        "what `AWS::Include` of `s3://bucket/secret.yaml` adds",
        "the definition of `Machine`",
        "the template of the stack `Nested`",
        "the template of the stack `Link`",
        "the template of the stack `Passwords`",
        "the template of the stack `Application`",
    )


def test_what_is_done_would_be_noticed(tmp_path: Path) -> None:
    with what_is_done() as done:
        os.listdir(tmp_path)  # noqa: PTH208 - one event, whatever pathlib does
        exec("1")  # noqa: S102
        with socket.socket():
            pass

    assert [event for event, _ in done] == ["os.listdir", "compile", "exec", "socket.__new__"]
