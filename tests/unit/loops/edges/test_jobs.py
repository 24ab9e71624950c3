"""Builds, tasks and jobs, which act with roles of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.loops.edges.parts import arn, body, loops, mapping, queue_loop, rule, worker

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make
    from tests.unit.loops.edges.parts import Resources


def running(make: Make, target: Any, job: dict[str, Any], **parameters: Any) -> Resources:
    """A function sends events, whose rule runs a job that sends messages to the function."""
    entry = {"Id": "it", "Arn": target, **parameters}
    return {
        **worker(make, "events:PutEvents", arn("Orders")),
        "Orders": body("AWS::Events::EventBus", Name="orders"),
        "Rule": body("AWS::Events::Rule", EventBusName="orders", EventPattern={"source": ["shop"]}, Targets=[entry]),
        "Job": job,
        "JobRole": make.role(make.allow("sqs:SendMessage", arn("Queue"))),
        "Queue": body("AWS::SQS::Queue"),
        "Mapping": mapping(arn("Queue")),
    }


TASK = body("AWS::ECS::TaskDefinition", Family="resize", TaskRoleArn=arn("JobRole"))
BUILD = body("AWS::CodeBuild::Project", Name="resize", ServiceRole={"Ref": "JobRole"})
BATCH = body(
    "AWS::Batch::JobDefinition", JobDefinitionName="resize", ContainerProperties={"JobRoleArn": arn("JobRole")}
)
CLUSTER = "arn:aws:ecs:eu-west-1:123456789012:cluster/all"
JOBS = "arn:aws:batch:eu-west-1:123456789012:job-queue/all"


@pytest.mark.parametrize(
    ("job", "target", "parameters"),
    [
        (TASK, CLUSTER, {"EcsParameters": {"TaskDefinitionArn": {"Ref": "Job"}}}),
        (
            TASK,
            CLUSTER,
            {"EcsParameters": {"TaskDefinitionArn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/resize:7"}},
        ),
        (BUILD, arn("Job"), {}),
        (BATCH, JOBS, {"BatchParameters": {"JobDefinition": {"Ref": "Job"}, "JobName": "it"}}),
        (BATCH, JOBS, {"BatchParameters": {"JobDefinition": "resize", "JobName": "it"}}),
    ],
)
def test_a_rule_runs_a_job_that_acts_with_its_role(make: Make, job: Any, target: Any, parameters: Any) -> None:
    resources = running(make, target, job, **parameters)

    assert loops(make.check(resources)) == [("Worker > Orders > Job > Queue > Worker", "endless")]
    resources["JobRole"] = make.role()
    assert make.check(resources).verdict == "loop-free"


def test_a_task_without_a_role_does_nothing(make: Make) -> None:
    task = body("AWS::ECS::TaskDefinition", ExecutionRoleArn=arn("JobRole"))
    resources = running(make, CLUSTER, task, EcsParameters={"TaskDefinitionArn": {"Ref": "Job"}})

    assert make.check(resources).verdict == "loop-free"


@pytest.mark.parametrize(
    ("job", "action", "resource"),
    [
        (BUILD, "codebuild:StartBuild", arn("Job")),
        (BATCH, "batch:SubmitJob", {"Ref": "Job"}),
        (BATCH, "batch:SubmitJob", "arn:aws:batch:eu-west-1:123456789012:job-definition/resize"),
        (
            body("AWS::Glue::Job", Name="resize", Role={"Ref": "JobRole"}),
            "glue:StartJobRun",
            "arn:aws:glue:*:*:job/resize",
        ),
    ],
)
def test_a_function_that_starts_a_job_has_done_what_it_does(make: Make, job: Any, action: str, resource: Any) -> None:
    resources = {**queue_loop(make), "Job": job, "JobRole": make.role(make.allow("sqs:SendMessage", arn("Queue")))}

    resources["Role"] = make.role(make.allow(action, resource))

    assert loops(make.check(resources)) == [("Worker > Job > Queue > Worker", "endless")]


@pytest.mark.parametrize(
    ("job", "event"),
    [
        (BUILD, {"source": ["aws.codebuild"], "detail-type": ["CodeBuild Build State Change"]}),
        (BATCH, {"source": ["aws.batch"], "detail": {"jobDefinition": [{"Ref": "Job"}]}}),
    ],
)
def test_a_function_that_hears_of_a_job_and_starts_it_again_is_a_loop(make: Make, job: Any, event: Any) -> None:
    resources = {
        **worker(make, ["codebuild:StartBuild", "batch:SubmitJob"], "*"),
        "Job": job,
        "JobRole": make.role(),
        "Rule": rule(event),
    }

    assert loops(make.check(resources)) == [("Worker > Job > default event bus > Worker", "endless")]
    resources["Rule"] = rule({"source": ["aws.codebuild"], "detail": {"project-name": ["another"]}})
    assert make.check(resources).verdict == "loop-free"


def test_a_pipe_runs_a_task(make: Make) -> None:
    task = {"EcsTaskParameters": {"TaskDefinitionArn": {"Ref": "Job"}}}
    resources = {
        "Queue": body("AWS::SQS::Queue"),
        "Pipe": body("AWS::Pipes::Pipe", Source=arn("Queue"), Target=CLUSTER, TargetParameters=task),
        "Job": TASK,
        "JobRole": make.role(make.allow("sqs:SendMessage", arn("Queue"))),
    }

    assert loops(make.check(resources)) == [("Job > Queue > Job", "endless")]


def test_a_task_of_a_state_machine_runs_a_build(make: Make) -> None:
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::codebuild:startBuild.sync",
        "Parameters": {"ProjectName": "${Project}"},
        "End": True,
    }
    resources = {
        "Machine": body(
            "AWS::StepFunctions::StateMachine",
            Definition={"StartAt": "Call", "States": {"Call": call}},
            DefinitionSubstitutions={"Project": {"Ref": "Job"}},
        ),
        "Job": BUILD,
        "JobRole": make.role(make.allow("states:StartExecution", {"Ref": "Machine"})),
    }

    assert loops(make.check(resources)) == [("Machine > Job > Machine", "endless")]


def test_every_alternative_of_a_pipes_filter_counts(make: Make) -> None:
    def criteria(name: str) -> dict[str, Any]:
        return {"FilterCriteria": {"Filters": [{"Pattern": f'{{"eventName": ["{name}"]}}'}]}}

    table = {"Fn::GetAtt": ["Table", "StreamArn"]}
    parameters = {"Fn::If": ["IsProd", criteria("INSERT"), criteria("REMOVE")]}
    resources = {
        **worker(make, "dynamodb:PutItem", arn("Table")),
        "Table": body("AWS::DynamoDB::Table", StreamSpecification={"StreamViewType": "NEW_IMAGE"}),
        "Pipe": body("AWS::Pipes::Pipe", Source=table, Target=arn("Worker"), SourceParameters=parameters),
    }
    conditions = {"IsProd": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}}

    assert make.check(resources, Conditions=conditions).verdict == "loop"


def test_who_may_create_a_batch_operation_may_do_what_its_role_may(make: Make) -> None:
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "batchoperations.s3.amazonaws.com"}}]}
    resources = {
        **queue_loop(make),
        "Role": make.role(make.allow("s3:CreateJob", "*"), make.allow("iam:PassRole", arn("JobRole"))),
        "JobRole": make.role(make.allow("sqs:SendMessage", arn("Queue")), AssumeRolePolicyDocument=trust),
    }

    assert make.check(resources).verdict == "loop"
    resources["Role"] = make.role(make.allow("s3:CreateJob", "*"))
    assert make.check(resources).verdict == "loop-free"


STOPPED = {"source": ["aws.ecs"], "detail-type": ["ECS Task State Change"]}


@pytest.mark.parametrize("role", [{}, {"TaskRoleArn": arn("JobRole")}])
def test_a_function_that_hears_of_tasks_and_runs_them_again_is_a_loop(make: Make, role: Any) -> None:
    resources = {
        **worker(make, "ecs:RunTask", {"Ref": "Job"}),
        "Job": body("AWS::ECS::TaskDefinition", Family="resize", **role),
        "JobRole": make.role(),
        "Rule": rule(STOPPED),
    }

    assert loops(make.check(resources)) == [("Worker > tasks of Job > default event bus > Worker", "endless")]
    resources["Other"] = body("AWS::ECS::TaskDefinition", Family="other")
    resources["Rule"] = rule({**STOPPED, "detail": {"taskDefinitionArn": [{"Ref": "Other"}]}})
    assert make.check(resources).verdict == "loop-free"


def test_a_task_that_may_run_itself_is_a_loop(make: Make) -> None:
    run, handed = make.allow("ecs:RunTask", {"Ref": "Job"}), make.allow("iam:PassRole", arn("JobRole"))
    resources = {
        "Queue": body("AWS::SQS::Queue"),
        "Pipe": body(
            "AWS::Pipes::Pipe",
            Source=arn("Queue"),
            Target=CLUSTER,
            TargetParameters={"EcsTaskParameters": {"TaskDefinitionArn": {"Ref": "Job"}}},
        ),
        "Job": TASK,
        "JobRole": make.role(run, handed),
    }

    assert loops(make.check(resources)) == [("Job > Job", "endless")]
    resources["JobRole"] = make.role(run)
    assert make.check(resources).verdict == "loop-free"


def test_what_runs_all_the_time_is_named(make: Make) -> None:
    resources = {"Polling": body("AWS::ECS::Service"), "Release": body("AWS::CodePipeline::Pipeline")}

    named = ("what the service `Polling` polls", "what the pipeline `Release` runs")
    assert make.check(resources).not_modelled == named
