"""What counts as a fix: the loop is gone, and no other one is there that was not possible before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.loops import Change, trials
from constructs_lib.loops.finder import Finder
from constructs_lib.loops.graph import Graph
from constructs_lib.loops.trials import Trials, way_of
from constructs_lib.templates.system import System
from tests.unit.loops.edges.parts import Resources, arn, body

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make

RESOURCE = ("Resources", "Role", "Properties", "Policies", 0, "PolicyDocument", "Statement", 0, "Resource")


def fed(*queues: str) -> Resources:
    return {
        f"From{name}": body("AWS::Lambda::EventSourceMapping", EventSourceArn=arn(name), FunctionName=arn("Worker"))
        for name in queues
    }


def tried(make: Make, resource: Any, value: Any, *at: str | int) -> bool | None:
    """Whether a change breaks the loop over `Queue`, of a function that `Queue` and `Other` feed."""
    resources = {
        "Worker": make.function(),
        "Role": make.role(make.allow("sqs:SendMessage", resource)),
        "Queue": body("AWS::SQS::Queue"),
        "Other": body("AWS::SQS::Queue"),
        "Silent": body("AWS::SQS::Queue"),
        **fed("Queue", "Other"),
    }
    template = make.template(resources)
    graph = Graph(System([template]))
    (edges,) = (edges for edges in Finder(graph).find() if edges[0].passage.first.id == "Queue")
    return Trials([template], graph).breaks(way_of(graph, edges), [Change(template, at or RESOURCE, value)])


@pytest.mark.parametrize(
    ("resource", "value", "breaks"),
    [
        pytest.param(arn("Queue"), arn("Silent"), True, id="nothing hears it"),
        pytest.param(arn("Queue"), arn("Other"), False, id="another loop"),
        pytest.param([arn("Queue"), arn("Other")], arn("Other"), True, id="a loop that was there before"),
        pytest.param(arn("Queue"), [arn("Queue"), arn("Silent")], False, id="the same loop"),
        pytest.param(arn("Queue"), {"Ref": "Unknown"}, False, id="perhaps the same loop"),
    ],
)
def test_a_change_breaks_a_loop_if_it_makes_no_other(make: Make, resource: Any, value: Any, *, breaks: bool) -> None:
    assert tried(make, resource, value) is breaks


def test_what_makes_no_template_is_no_fix(make: Make) -> None:
    assert tried(make, arn("Queue"), 7, "Resources", "Worker") is False


def test_a_system_that_is_too_large_is_not_tried(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "MAX_READ", 7)
    assert tried(make, arn("Queue"), arn("Silent")) is None
