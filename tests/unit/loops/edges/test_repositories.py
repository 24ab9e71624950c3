"""Repositories and parameters, and what hears of their changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.loops.edges.parts import arn, body, loops, rule, worker

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make

IMAGES = body("AWS::ECR::Repository", RepositoryName="images")
CODE = body("AWS::CodeCommit::Repository", RepositoryName="code")
SETTING = body("AWS::SSM::Parameter", Name="/app/limit", Type="String", Value="1")
PARAMETER = {"Fn::Sub": "arn:aws:ssm:${AWS::Region}:${AWS::AccountId}:parameter/app/limit"}


@pytest.mark.parametrize(
    ("resource", "action", "granted", "pattern"),
    [
        (IMAGES, "ecr:PutImage", arn("It"), {"source": ["aws.ecr"], "detail": {"repository-name": ["images"]}}),
        (CODE, "codecommit:GitPush", arn("It"), {"detail-type": ["CodeCommit Repository State Change"]}),
        (SETTING, "ssm:PutParameter", PARAMETER, {"source": ["aws.ssm"], "detail": {"name": ["/app/limit"]}}),
    ],
)
def test_who_changes_what_he_hears_of_is_a_loop(
    make: Make, resource: Any, action: str, granted: Any, pattern: Any
) -> None:
    resources = {**worker(make, action, granted), "It": resource, "Rule": rule(pattern)}

    assert loops(make.check(resources)) == [("Worker > It > default event bus > Worker", "endless")]
    resources["Rule"] = rule({"source": ["aws.s3"]})
    assert make.check(resources).verdict == "loop-free"
    resources["Rule"] = rule({"source": pattern.get("source", ["aws.codecommit"]), "detail-type": ["Another"]})
    assert make.check(resources).verdict == "loop-free"


def test_a_repository_wakes_its_triggers(make: Make) -> None:
    trigger = {"Name": "all", "DestinationArn": arn("Worker"), "Events": ["all"]}
    resources = {
        **worker(make, "codecommit:PutFile", arn("It")),
        "It": body("AWS::CodeCommit::Repository", RepositoryName="code", Triggers=[trigger]),
    }

    assert loops(make.check(resources)) == [("Worker > It > Worker", "endless")]


def test_a_function_that_starts_failed_executions_anew_hears_of_their_failure_again(make: Make) -> None:
    executions = {"Fn::Sub": "arn:aws:states:${AWS::Region}:${AWS::AccountId}:execution:${Machine.Name}:*"}
    resources = {
        **worker(make, "states:RedriveExecution", executions),
        "Machine": body("AWS::StepFunctions::StateMachine", Definition={"StartAt": "It", "States": {}}),
        "Rule": rule({"source": ["aws.states"], "detail": {"status": ["FAILED"]}}),
    }

    assert loops(make.check(resources)) == [("Worker > Machine > default event bus > Worker", "endless")]
