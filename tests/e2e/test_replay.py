"""Loops that the check finds turn on the local AWS, and no longer after the fix that it offers.

The function is a process on the Lambda runtime API, so this is about the wiring: triggers, filters and grants.
"""

from __future__ import annotations

import io
import json
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.loops import check
from constructs_lib.templates import Template
from tests.e2e.replay import apps, bootstrap

if TYPE_CHECKING:
    from constructs_lib.loops import Finding, Flow
    from tools.local_aws import LocalAws

pytestmark = pytest.mark.e2e

PATIENCE = 60.0  # seconds
NOT_REFUSED = "sns"  # the local AWS lets a role publish to a topic that its policy no longer names
CODE = {"S3Bucket": "replay-code", "S3Key": "bootstrap.zip"}


@pytest.fixture(scope="module")
def _code(aws: LocalAws) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, f"#!{sys.executable}\n{Path(bootstrap.__file__).read_text()}")
    client = aws.client("s3")
    client.create_bucket(Bucket=CODE["S3Bucket"])
    client.put_object(Bucket=CODE["S3Bucket"], Key=CODE["S3Key"], Body=content.getvalue())


@dataclass(frozen=True)
class Deployed:
    """A stack with one function."""

    aws: LocalAws
    service: str

    def deploy(self, template: Template, *, update: bool = False) -> None:
        document = json.loads(json.dumps(template.document))
        for resource in document["Resources"].values():
            if resource["Type"] == "AWS::Lambda::Function":
                resource["Properties"]["Code"] = CODE
        client = self.aws.client("cloudformation")
        act = client.update_stack if update else client.create_stack
        act(StackName=template.name, TemplateBody=json.dumps(document), Capabilities=["CAPABILITY_IAM"])
        waiter: Any = client.get_waiter("stack_update_complete" if update else "stack_create_complete")
        waiter.wait(StackName=template.name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})

    def physical(self, template: Template, logical_id: str) -> str:
        client = self.aws.client("cloudformation")
        found: Any = client.describe_stack_resource(StackName=template.name, LogicalResourceId=logical_id)
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def send(self, template: Template, flow: Flow, name: str) -> None:
        message = {"id": name, "round": 0}
        apps.put(self.aws, self.service, self.physical(template, flow.into), flow.fields, message)

    def log(self, template: Template, function: str) -> list[str]:
        name = self.physical(template, function)
        configuration = self.aws.client("lambda").get_function_configuration(FunctionName=name)
        group = configuration["LoggingConfig"]["LogGroup"]
        pages = self.aws.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
        return [event["message"] for page in pages for event in page["events"]]

    def runs(self, template: Template, function: str, *, until: tuple[str, str | None]) -> list[tuple[str, int, str]]:
        """What each run handed on, once a message was handed on as `until` says."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            log = self.log(template, function)
            lines = [json.loads(line) for line in log if line.startswith('{"id"')]
            starts = sum(line.startswith("START ") for line in log)
            seen = [(line["id"], line["round"], line["sent"]) for line in lines]
            if len(seen) == starts and any(name == until[0] and until[1] in (None, sent) for name, _, sent in seen):
                return sorted(seen)
            time.sleep(0.1)
        raise AssertionError("\n".join(log))


def fixed(template: Template, finding: Finding) -> Template:
    """The template with the fix that is offered first."""
    (fix,) = (fix for fix in finding.fixes if fix.text == finding.helps[0])
    return fix.applied_to(template)


def followed(template: Template, finding: Finding) -> Template:
    """The template with an environment that names where the function's role lets it write."""
    document = json.loads(json.dumps(template.document))
    step = finding.path[0]
    function = document["Resources"][step.source_id]["Properties"]
    role = document["Resources"][function["Role"]["Fn::GetAtt"][0]]["Properties"]
    statements = [s for policy in role["Policies"] for s in policy["PolicyDocument"]["Statement"]]
    (granted,) = (s["Resource"] for s in statements if step.via.partition(" ")[0] in s["Action"])
    function["Environment"]["Variables"]["TARGET"] = granted
    return Template.of(document, name=template.name)


@pytest.mark.usefixtures("_code")
@pytest.mark.parametrize("service", apps.SERVICES)
def test_a_witness_wakes_its_function_again_and_after_the_fix_once(aws: LocalAws, service: str) -> None:
    looping = Template.of(apps.template(service), name=f"Replay-{service}")
    (finding,) = check([looping]).findings
    assert finding.verdict == "loop"
    function, flow = finding.path[0].source_id, finding.flows[0]  # where something is put first
    app = Deployed(aws, service)

    app.deploy(looping)
    app.send(looping, flow, "witness")
    seen = app.runs(looping, function, until=("witness", "no more"))
    rounds = bootstrap.ROUNDS
    assert seen == [*(("witness", number, "yes") for number in range(rounds)), ("witness", rounds, "no more")]

    narrower = fixed(looping, finding)
    stages = [("same code", narrower, "refused"), ("code that follows", followed(narrower, finding), "yes")]
    for name, template, sent in stages[service == NOT_REFUSED :]:
        assert check([template]).verdict == "loop-free"
        app.deploy(template, update=True)
        for message in (name, f"{name}, later"):  # the later one is behind all that the first one caused
            app.send(template, flow, message)
            after = app.runs(template, function, until=(message, None))
        assert [run for run in after if run[0].startswith(name)] == [(name, 0, sent), (f"{name}, later", 0, sent)]
    sys.stdout.write(f"{service}: {len(seen)} runs before, 1 with the fix ({finding.helps[0]})\n")
