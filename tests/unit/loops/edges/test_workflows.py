"""Triggers, workflows and crawlers of Glue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.loops.edges.parts import arn, body, loops, rule, worker

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make
    from tests.unit.loops.edges.parts import Resources


def trigger(kind: str, *started: str, of: Any = None, **awaited: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"Type": kind, "Actions": [{"JobName": {"Ref": name}} for name in started]}
    if awaited:
        given["Predicate"] = {"Conditions": [{"LogicalOperator": "EQUALS", **awaited}]}
    return body("AWS::Glue::Trigger", **given, **({"WorkflowName": of} if of else {}))


def named(kind: str, name: str) -> str:
    return f"arn:aws:glue:eu-west-1:123456789012:{kind}/{name}"


def job(name: str, role: str = "Plain") -> dict[str, Any]:
    return body("AWS::Glue::Job", Name=name, Role={"Ref": role})


def two_jobs(make: Make) -> Resources:
    return {"First": job("first"), "Second": job("second"), "Plain": make.role()}


def test_a_job_that_is_started_again_when_it_is_done_is_a_loop(make: Make) -> None:
    resources = {
        **two_jobs(make),
        "Nightly": trigger("SCHEDULED", "First"),
        "Then": trigger("CONDITIONAL", "Second", JobName={"Ref": "First"}, State="SUCCEEDED"),
        "Again": trigger("CONDITIONAL", "First", JobName={"Ref": "Second"}, State="SUCCEEDED"),
    }

    assert loops(make.check(resources)) == [("First > Then > Second > Again > First", "endless")]
    del resources["Again"]
    assert make.check(resources).verdict == "loop-free"


def test_a_job_that_is_started_again_when_it_fails_is_a_loop_of_failures(make: Make) -> None:
    retried = trigger("CONDITIONAL", "First", JobName={"Ref": "First"}, State="FAILED")

    assert loops(make.check({**two_jobs(make), "Retry": retried})) == [("First > Retry > First", "failure-only")]


def test_a_trigger_waits_only_for_what_triggers_start(make: Make) -> None:
    resources = {
        **two_jobs(make),
        "Plain": make.role(make.allow("glue:StartJobRun", named("job", "first"))),
        "Then": trigger("CONDITIONAL", "Second", JobName={"Ref": "First"}, State="SUCCEEDED"),
    }
    resources["First"] = job("first", "Other")
    resources["Other"] = make.role()

    assert make.check(resources).verdict == "loop-free"
    resources["Nightly"] = trigger("SCHEDULED", "First")
    assert loops(make.check(resources)) == [("First > Then > Second > First", "endless")]


@pytest.mark.parametrize(
    ("kind", "action", "resource", "verdict"),
    [
        ("ON_DEMAND", "glue:StartTrigger", "trigger/begin", "loop"),
        ("ON_DEMAND", "glue:StartTrigger", "trigger/another", "loop-free"),
        ("SCHEDULED", "glue:StartTrigger", "trigger/begin", "loop-free"),
        ("ON_DEMAND", "glue:StartWorkflowRun", "workflow/orders", "loop"),
        ("SCHEDULED", "glue:StartWorkflowRun", "workflow/orders", "loop"),
        ("CONDITIONAL", "glue:StartWorkflowRun", "workflow/orders", "loop-free"),
        ("ON_DEMAND", "glue:GetTrigger", "trigger/begin", "loop-free"),
    ],
)
def test_a_job_that_starts_its_workflow_is_a_loop(
    make: Make, kind: str, action: str, resource: str, verdict: str
) -> None:
    resources = {
        "First": job("first"),
        "Plain": make.role(make.allow(action, named(*resource.split("/")))),
        "Workflow": body("AWS::Glue::Workflow", Name="orders"),
        "Begin": trigger(kind, "First", of={"Ref": "Workflow"}),
    }
    resources["Begin"]["Properties"]["Name"] = "begin"

    assert make.check(resources).verdict == verdict


def test_an_event_starts_a_workflow(make: Make) -> None:
    resources = {
        **worker(make, "events:PutEvents", "*"),
        "First": job("first"),
        "Plain": make.role(make.allow("lambda:InvokeFunction", arn("Worker"))),
        "Workflow": body("AWS::Glue::Workflow", Name="orders"),
        "Begin": trigger("EVENT", "First", of="orders"),
        "Rule": rule(
            {"source": ["shop"]}, {"Fn::Sub": "arn:aws:glue:${AWS::Region}:${AWS::AccountId}:workflow/orders"}
        ),
    }

    path = "Worker > default event bus > Workflow > Begin > First > Worker"
    assert loops(make.check(resources)) == [(path, "endless")]


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        (rule({"source": ["aws.glue"], "detail": {"crawlerName": ["orders"]}}), "loop"),
        (rule({"source": ["aws.glue"], "detail": {"crawlerName": ["others"]}}), "loop-free"),
    ],
)
def test_a_function_that_hears_of_a_crawler_and_starts_it_again_is_a_loop(make: Make, told: Any, verdict: str) -> None:
    resources = {
        **worker(make, "glue:StartCrawler", named("crawler", "orders")),
        "Crawler": body("AWS::Glue::Crawler", Name="orders", Role="arn:aws:iam::123456789012:role/crawl"),
        "Rule": told,
    }

    assert make.check(resources).verdict == verdict


def test_a_crawler_that_a_trigger_starts_again_is_a_loop(make: Make) -> None:
    again = trigger("CONDITIONAL", CrawlerName="orders", CrawlState="SUCCEEDED")
    again["Properties"]["Actions"] = [{"CrawlerName": "orders"}]
    resources = {"Crawler": body("AWS::Glue::Crawler", Name="orders"), "Again": again}

    assert loops(make.check(resources)) == [("Crawler > Again > Crawler", "endless")]


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("startCrawler", {"Name": "orders"}),
        ("startWorkflowRun", {"Name": "orders"}),
        ("startTrigger", {"Name": "begin"}),
    ],
)
def test_a_state_machine_starts_what_glue_runs(make: Make, call: str, arguments: Any) -> None:
    task = {"Type": "Task", "Resource": f"arn:aws:states:::aws-sdk:glue:{call}", "Parameters": arguments, "End": True}
    begin = trigger("ON_DEMAND", of="orders")
    begin["Properties"] |= {"Name": "begin", "Actions": [{"CrawlerName": "orders"}]}
    target = {"Fn::Sub": "${Machine}"}
    resources = {
        "Machine": body("AWS::StepFunctions::StateMachine", Definition={"StartAt": "Go", "States": {"Go": task}}),
        "Crawler": body("AWS::Glue::Crawler", Name="orders"),
        "Workflow": body("AWS::Glue::Workflow", Name="orders"),
        "Begin": begin,
        "Rule": rule({"source": ["aws.glue"]}, target),
    }

    assert make.check(resources).verdict == "loop"


def test_a_trigger_whose_job_is_not_known_may_wait_for_any(make: Make) -> None:
    resources = {
        **two_jobs(make),
        "Nightly": trigger("SCHEDULED", "First"),
        "Again": trigger("CONDITIONAL", "First", JobName={"Ref": "Any"}, State="SUCCEEDED"),
    }

    (finding,) = make.check(resources, Parameters={"Any": {"Type": "String"}}).findings

    assert finding.reasons == ("what a trigger waits for is known at deployment only",)


def test_a_fix_takes_the_trigger_away_or_what_it_starts(make: Make) -> None:
    again = trigger("CONDITIONAL", "First", JobName={"Ref": "First"}, State="SUCCEEDED")
    alone, more = ({**two_jobs(make), "Again": one} for one in (again, trigger("CONDITIONAL", "First", "Second")))
    more["Again"]["Properties"]["Predicate"] = again["Properties"]["Predicate"]

    found = [make.check(resources).findings[0].fixes[0] for resources in (alone, more)]

    assert [fix.text for fix in found] == ["let `Again` not start `First`"] * 2
    assert [change.at for fix in found for change in fix.changes] == [
        ("Resources", "Again"),
        ("Resources", "Again", "Properties", "Actions", 0),
    ]
