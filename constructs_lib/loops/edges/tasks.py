"""What rules and pipes run that is no function: containers of ECS and jobs of Batch, whose definitions act."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from constructs_lib.templates.system import System
    from constructs_lib.templates.template import Template

__all__ = ["BATCH_JOB", "BUILD", "CRAWLER", "GLUE_JOB", "TASK", "WORKFLOW", "run_by"]

TASK = "AWS::ECS::TaskDefinition"
BATCH_JOB = "AWS::Batch::JobDefinition"
BUILD = "AWS::CodeBuild::Project"
GLUE_JOB = "AWS::Glue::Job"
CRAWLER = "AWS::Glue::Crawler"
WORKFLOW = "AWS::Glue::Workflow"
_DEFINITIONS = {
    "EcsParameters": ("TaskDefinitionArn", "arn:aws:ecs:::task-definition/{}"),
    "EcsTaskParameters": ("TaskDefinitionArn", "arn:aws:ecs:::task-definition/{}"),
    "BatchParameters": ("JobDefinition", "arn:aws:batch:::job-definition/{}"),
    "BatchJobParameters": ("JobDefinition", "arn:aws:batch:::job-definition/{}"),
}


def run_by(system: System, arn: Any, parameters: Mapping[str, Any], template: Template) -> Iterator[str]:
    """The ARNs of what a target runs: what it names, or the definition of what a cluster or a queue of jobs runs."""
    for key, (property_, form) in _DEFINITIONS.items():
        if key in parameters:
            for given in system.mapping(parameters[key], template):
                for text in system.texts(given.get(property_), template):
                    yield text if text.startswith("arn:") or system.symbols.free_in(text[:1]) else form.format(text)
            return
    yield from system.texts(arn, template) if arn is not None else ()
