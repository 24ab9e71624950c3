"""Glue: triggers and workflows start jobs and crawlers, and hear of how these went.

"AWS Glue triggers", "Starting an AWS Glue workflow with an Amazon EventBridge event" in the AWS Glue developer guide: a
conditional trigger fires only for what a trigger has started.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.edges.base import Actor, Channel, Deposit, EdgeKind, Listener, Message, Put, addresses
from constructs_lib.loops.edges.events import BUS, arn_of_default_bus
from constructs_lib.loops.edges.tasks import CRAWLER, GLUE_JOB, WORKFLOW
from constructs_lib.loops.keys import literal
from constructs_lib.loops.languages import Language

if TYPE_CHECKING:
    from constructs_lib.templates.system import Node, System

__all__ = ["TRIGGER", "Workflows"]

TRIGGER = "AWS::Glue::Trigger"
_STARTED = {
    CRAWLER: ("glue:crawler/", (Deposit("glue:StartCrawler"),)),
    WORKFLOW: ("glue:workflow/", (Deposit("glue:StartWorkflowRun"), Deposit("glue:ResumeWorkflowRun"))),
}
_FIRE = (Deposit("glue:StartTrigger"),)
_NAMED = (("JobName", GLUE_JOB, "job"), ("CrawlerName", CRAWLER, "crawler"))
_DOUBT = "what a trigger waits for is known at deployment only"


class Workflows(EdgeKind):
    """Triggers, workflows and crawlers; jobs are in `jobs`."""

    def actors(self, system: System) -> Iterator[Actor]:
        """Crawlers, which run no code of the system."""
        for node in system.nodes(CRAWLER):
            yield Actor(node, by_role=False)

    def channels(self, system: System) -> Iterator[Channel]:
        """What a grant is enough to start; a trigger that waits for something is only activated."""
        for type_, (address, deposits) in _STARTED.items():
            for node in system.nodes(type_):
                yield Channel(node, addresses(system, node, address), deposits)
        for node in system.nodes(TRIGGER):
            if system.text(node.get("Type"), node.template) in {"ON_DEMAND", None}:
                yield Channel(node, addresses(system, node, "glue:trigger/"), _FIRE)

    def listeners(self, system: System) -> Iterator[Listener]:
        """The triggers that a workflow begins with, and what triggers start."""
        for node in system.nodes(TRIGGER):
            if system.text(node.get("Type"), node.template) != "CONDITIONAL" and node.get("WorkflowName") is not None:
                for name in system.texts(node.get("WorkflowName"), node.template):
                    workflows: list[Node | None] = [*system.named(WORKFLOW, name)]
                    for workflow in [*workflows, None] if system.may_be_others(name, workflows) else workflows:
                        for arn in system.arns(node):
                            yield Listener(workflow, WORKFLOW, arn, "workflow", (TRIGGER,), by=node)
            for action in system.items(node.get("Actions") or [], node.template):
                for key, type_, word in _NAMED if isinstance(action, Mapping) else ():
                    for name in system.texts(action[key], node.template) if key in action else ():
                        yield Listener(
                            node, TRIGGER, f"arn:aws:glue:::{word}/{name}", "trigger", (type_,), entry=action
                        )

    def puts(self, system: System) -> Iterator[Put]:
        """What jobs and crawlers tell triggers, if a trigger starts them, and what crawlers tell the default bus."""
        triggers = list(system.nodes(TRIGGER))
        started = {node for trigger in triggers for _, node, _ in _meant(system, trigger, trigger.get("Actions"))}
        for trigger in triggers:
            for predicate in system.mapping(trigger.get("Predicate"), trigger.template):
                for entry, node, doubt in _meant(system, trigger, predicate.get("Conditions")):
                    state = system.text(entry.get("State", entry.get("CrawlState")), trigger.template)
                    failure = state is not None and state != "SUCCEEDED"
                    for arn in system.arns(trigger) if node in started else ():
                        yield Put(node, arn, "completion", doubt=doubt, failure=failure, by=trigger, entry=entry)
        for node in system.nodes(CRAWLER):
            event = {
                "source": Language((("aws.glue",),)),
                "detail-type": Language((("Glue Crawler State Change",),)),
                "detail.crawlerName": Language((tuple(map(literal, system.names(node))),)),
            }
            yield Put(node, arn_of_default_bus(system), "state changes", Message(event), (BUS,))


def _meant(system: System, trigger: Node, entries: Any) -> Iterator[tuple[Mapping[str, Any], Node, str]]:
    """The jobs and crawlers that entries of a trigger name, each with why that is not certain."""
    for entry in system.items(entries or [], trigger.template):
        for key, type_, _ in _NAMED if isinstance(entry, Mapping) else ():
            for name in system.texts(entry[key], trigger.template) if key in entry else ():
                known = system.named(type_, name)
                yield from ((entry, node, "") for node in known)
                if system.may_be_others(name, known):
                    yield from ((entry, node, _DOUBT) for node in system.nodes(type_) if node not in known)
