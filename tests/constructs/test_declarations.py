"""Findings name the lines that declared what takes part; templates do not know them."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING

import aws_cdk as cdk
import pytest
from aws_cdk import assertions
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_notifications as s3n
from aws_cdk import aws_sqs as sqs

import constructs_lib
from constructs_lib import GetObject, HttpApiTrigger, PutObject, RustFunction, S3Trigger, stable_name
from constructs_lib.declarations import Line, users_line
from constructs_lib.validation import guard_of

if TYPE_CHECKING:
    from tests.constructs.conftest import Declare

FILE = Path(__file__)


def bucket(stack: cdk.Stack, name: str = "photos") -> s3.Bucket:
    return s3.Bucket(stack, name.title(), bucket_name=stable_name(name))


def placed(app: cdk.App) -> str:
    """The arrows and notes of the only finding that have a line, with the code of that line."""
    with pytest.raises(RuntimeError):
        app.synth()
    guard = guard_of(app)
    assert guard
    [found] = guard.diagnostics
    lines = FILE.read_text().splitlines()

    def code(line: re.Match[str]) -> str:
        return lines[int(line[1]) - 1].strip()

    shown = [*found.evidence.splitlines(), *(note for note in found.notes if "declared" in note)]
    return re.sub(rf"\S*{re.escape(FILE.name)}:(\d+)", code, "\n".join(shown))


def test_a_finding_names_the_lines_of_trigger_grant_and_function(
    app: cdk.App, stack: cdk.Stack, workspace: Path
) -> None:
    photos = bucket(stack)
    triggers = [
        S3Trigger(photos, prefix="in/"),
        S3Trigger(photos, prefix="late/"),
    ]
    access = [
        GetObject(photos, prefix="late/"),
        PutObject(photos, prefix="out/"),
        PutObject(photos, prefix="late/"),
    ]
    RustFunction(
        stack,
        "Resize",
        workspace=workspace,
        binary="resize",
        triggers=triggers,
        access=access,
    )
    assert (
        placed(app)
        == """\
Thumbnails/Resize  -- s3:PutObject `late/*` -->       Thumbnails/Photos  PutObject(photos, prefix="late/"),
Thumbnails/Photos  -- s3:ObjectCreated:* `late/*` --> Thumbnails/Resize  S3Trigger(photos, prefix="late/"),
`Thumbnails/Resize` is declared at RustFunction("""
    )


def test_a_trigger_for_several_events_has_one_line(app: cdk.App, stack: cdk.Stack, declare: Declare) -> None:
    photos = bucket(stack)
    first = S3Trigger(photos, prefix="other/", events=["s3:ObjectTagging:Put", "s3:ObjectTagging:Delete"])
    second = S3Trigger(photos, prefix="in/", events=["s3:ObjectRemoved:*", "s3:ObjectCreated:*"])
    declare(stack, "Resize", triggers=[first, second], access=[PutObject(photos, prefix="in/")])
    assert (
        placed(app)
        .splitlines()[1]
        .endswith('second = S3Trigger(photos, prefix="in/", events=["s3:ObjectRemoved:*", "s3:ObjectCreated:*"])')
    )


def test_grants_of_one_prefix_on_two_buckets_are_told_apart(app: cdk.App, stack: cdk.Stack, declare: Declare) -> None:
    photos, others = bucket(stack), bucket(stack, "others")
    access = [
        PutObject(others),
        PutObject(photos),
    ]
    declare(stack, "Resize", triggers=[S3Trigger(photos)], access=access)
    assert placed(app).splitlines()[0].endswith("  PutObject(photos),")


def test_a_grant_by_hand_has_its_line(app: cdk.App, stack: cdk.Stack, declare: Declare) -> None:
    photos = bucket(stack)
    function = declare(stack, "Resize", triggers=[S3Trigger(photos)], access=[GetObject(photos)])
    photos.grant_delete(function)
    photos.grant_put(function, "in/*")
    assert placed(app).splitlines()[0].endswith('  photos.grant_put(function, "in/*")')


def test_a_grant_to_a_role_that_was_given_has_the_line_of_the_access(
    app: cdk.App, stack: cdk.Stack, declare: Declare
) -> None:
    photos = bucket(stack)
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    access = [
        PutObject(photos),
    ]
    declare(stack, "Resize", triggers=[S3Trigger(photos)], access=access, role=role)
    assert placed(app).splitlines()[0].endswith("  PutObject(photos),")


def test_a_route_has_the_line_of_its_trigger(app: cdk.App, stack: cdk.Stack, declare: Declare) -> None:
    api = apigatewayv2.HttpApi(stack, "Api")
    triggers = [
        HttpApiTrigger(api, method="GET", path="/", public=True),
    ]
    function = declare(stack, "List", triggers=triggers)
    invoke = iam.PolicyStatement(actions=["execute-api:Invoke"], resources=["*"])
    function.add_to_role_policy(invoke)
    assert placed(app).startswith("""\
Thumbnails/List  -- execute-api:Invoke --> Thumbnails/Api   function.add_to_role_policy(invoke)
Thumbnails/Api   -- integration -->        Thumbnails/List  HttpApiTrigger(api, method="GET", path="/", public=True),
""")


def test_constructs_of_others_have_lines_if_cdk_notes_them(
    app: cdk.App, stack: cdk.Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JSII_HOST_STACK_TRACES", "1")
    jobs = sqs.Queue(stack, "Jobs")
    function = lambda_.Function(
        stack,
        "Work",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(event, context): ..."),
    )
    source = event_sources.SqsEventSource(jobs)
    function.add_event_source(source)
    jobs.grant_send_messages(function)
    constructs_lib.guard(app)
    assert (
        placed(app)
        == """\
Thumbnails/Work  -- sqs:SendMessage -->      Thumbnails/Jobs
Thumbnails/Jobs  -- event source mapping --> Thumbnails/Work  function.add_event_source(source)
`Thumbnails/Work` is declared at function = lambda_.Function(
`Thumbnails/Jobs` is declared at jobs = sqs.Queue(stack, "Jobs")"""
    )


def test_the_only_grant_to_a_role_of_cdks_own_has_the_line_of_its_policy(
    app: cdk.App, stack: cdk.Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JSII_HOST_STACK_TRACES", "1")
    photos = bucket(stack)
    function = lambda_.Function(
        stack,
        "Work",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(event, context): ..."),
    )
    photos.grant_put(function)
    photos.add_event_notification(s3.EventType.OBJECT_CREATED, s3n.LambdaDestination(function))
    constructs_lib.guard(app)
    assert placed(app).splitlines()[0].endswith("  photos.grant_put(function)")


def test_an_acknowledgement_of_a_stack_without_its_loop_has_its_line(
    app: cdk.App, stack: cdk.Stack, declare: Declare
) -> None:
    declare(stack, "Resize")
    constructs_lib.acknowledge(stack, fingerprint="0a1b2c3d4e5f", reason="one rewrite", bound="a marker")
    assert (
        placed(app)
        == """\
Thumbnails  acknowledges `0a1b2c3d4e5f`: one rewrite  \
constructs_lib.acknowledge(stack, fingerprint="0a1b2c3d4e5f", reason="one rewrite", bound="a marker")"""
    )


def test_an_acknowledgement_without_its_loop_has_its_line(app: cdk.App, stack: cdk.Stack, declare: Declare) -> None:
    function = declare(stack, "Resize")
    constructs_lib.acknowledge(function, fingerprint="0a1b2c3d4e5f", reason="one rewrite", bound="a marker")
    assert (
        placed(app)
        .splitlines()[0]
        .endswith(
            '  constructs_lib.acknowledge(function, fingerprint="0a1b2c3d4e5f", reason="one rewrite", bound="a marker")'
        )
    )


def test_a_dependency_cycle_names_lines_too(app: cdk.App, stack: cdk.Stack, workspace: Path) -> None:
    photos = bucket(stack)
    triggers = [S3Trigger(photos)]
    function = RustFunction(
        stack,
        "Resize",
        workspace=workspace,
        binary="resize",
        triggers=triggers,
    )
    function.node.add_dependency(photos)
    assert (
        placed(app)
        == """\
Thumbnails/Photos  waits for  Thumbnails/Resize
Thumbnails/Resize  waits for  Thumbnails/Photos
`Thumbnails/Resize` is declared at function = RustFunction("""
    )


def test_the_line_is_that_of_the_users_own_helper(stack: cdk.Stack) -> None:
    trigger, here = S3Trigger(bucket(stack)), users_line()
    other, there = dataclasses.replace(trigger, prefix="in/"), users_line()
    assert here != there
    assert (trigger.declared_at, other.declared_at) == (here, there)


def test_the_line_makes_no_difference(stack: cdk.Stack) -> None:
    photos = bucket(stack)
    one = PutObject(photos)
    other = PutObject(photos)
    assert one.declared_at != other.declared_at
    assert (one, hash(one), repr(one)) == (other, hash(other), repr(other))


def test_templates_do_not_hold_lines(stack: cdk.Stack, declare: Declare) -> None:
    photos = bucket(stack)
    triggers = [S3Trigger(photos, prefix="in/")]
    declare(stack, "Resize", triggers=triggers, access=[PutObject(photos, prefix="out/")])
    assert FILE.name not in str(assertions.Template.from_stack(stack).to_json())


def test_a_line_is_told_relative_to_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert str(Line(str(tmp_path / "infra" / "app.py"), 3)) == "infra/app.py:3"
    assert str(Line("/elsewhere/app.py", 3)) == "/elsewhere/app.py:3"


def test_code_that_is_in_no_file_has_no_line() -> None:
    found: dict[str, Line] = {}
    here = users_line()
    exec("line = users_line()", {"users_line": users_line}, found)  # noqa: S102
    assert here
    assert found["line"] == Line(here.file, here.number + 1)
