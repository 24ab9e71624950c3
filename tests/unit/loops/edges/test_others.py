"""What is not followed is named where it may wake something of the system."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.loops.edges.parts import arn, body

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make


@pytest.mark.parametrize("refers", [arn("Worker"), {"Ref": "Worker"}, {"Fn::Sub": "${Worker.Arn}:live"}])
def test_what_refers_to_a_function_and_is_not_followed_is_named(make: Make, refers: dict[str, object]) -> None:
    checked = body("AWS::Config::ConfigRule", Source={"Owner": "CUSTOM_LAMBDA", "SourceIdentifier": refers})
    steps = body("AWS::SSM::Document", Content={"mainSteps": [{"inputs": {"FunctionName": refers}}]})
    resources = {"Worker": make.function(), "Role": make.role(), "Checked": checked, "Steps": steps}

    named = ("when `Checked` wakes `Worker`", "when `Steps` wakes `Worker`")
    assert make.check(resources).not_modelled == named


@pytest.mark.parametrize(
    "type_",
    [
        "AWS::Lambda::Permission",
        "AWS::Lambda::Version",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::CloudWatch::Dashboard",
        "AWS::Events::Rule",
        "AWS::Scheduler::Schedule",
        "AWS::SSM::Parameter",
        "AWS::IAM::ManagedPolicy",
        "Custom::Resource",
    ],
)
def test_what_wakes_nobody_or_is_followed_is_not_named(make: Make, type_: str) -> None:
    resources = {"Worker": make.function(), "Role": make.role(), "Other": body(type_, Name=arn("Worker"))}

    assert make.check(resources).not_modelled == ()


@pytest.mark.parametrize(
    ("type_", "phrase"),
    [
        ("AWS::DMS::ReplicationTask", "what the replication `It` writes"),
        ("AWS::KinesisAnalyticsV2::Application", "what the application `It` reads and writes"),
        ("AWS::StepFunctions::Activity", "who works on the activity `It`"),
        ("AWS::Transfer::Workflow", "who uploads what the workflow `It` works on"),
    ],
)
def test_what_reads_or_writes_by_itself_is_named(make: Make, type_: str, phrase: str) -> None:
    assert make.check({"It": body(type_)}).not_modelled == (phrase,)


def test_what_refers_to_nothing_that_acts_is_not_named(make: Make) -> None:
    resources = {"Queue": body("AWS::SQS::Queue"), "Other": body("AWS::Budgets::Budget", Name=arn("Queue"))}

    assert make.check(resources).not_modelled == ()
