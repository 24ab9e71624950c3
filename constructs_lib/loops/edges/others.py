"""What is not followed, though something of the system may be woken by it: it is named.

Whatever refers to a function or a state machine may wake it; what is known not to is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.loops.edges.base import EdgeKind
from constructs_lib.loops.edges.calls import STATE_MACHINE
from constructs_lib.loops.edges.lambdas import FUNCTION
from constructs_lib.templates.variables import references_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from constructs_lib.templates.system import System

__all__ = ["WAKES_NOBODY", "Others"]

_SPOKEN_OF: Mapping[str, str] = {
    "AWS::DMS::ReplicationTask": "what the replication `{}` writes",
    "AWS::KinesisAnalytics::Application": "what the application `{}` reads and writes",
    "AWS::KinesisAnalyticsV2::Application": "what the application `{}` reads and writes",
    "AWS::StepFunctions::Activity": "who works on the activity `{}`",
    "AWS::Transfer::Workflow": "who uploads what the workflow `{}` works on",
}
_ACTING = {FUNCTION, STATE_MACHINE}
WAKES_NOBODY = (
    *("AWS::ApplicationAutoScaling::", "AWS::CloudFormation::", "AWS::CodeDeploy::", "AWS::IAM::"),
    *("AWS::Lambda::", "AWS::CloudWatch::Dashboard", "AWS::Logs::", "AWS::Scheduler::", "AWS::Synthetics::"),
    "AWS::StepFunctions::StateMachine",
)
"""The beginnings of types that refer to functions, and do not wake them, or by the clock, or as edge kinds say."""


class Others(EdgeKind):
    """All types that no edge kind reads."""

    def left_out(self, system: System) -> Iterator[str]:
        """Those that refer to what acts, and those that read or write by themselves."""
        for template in system.templates:
            unread = {type_ for type_ in template.types - system.types_asked_for if type_.startswith("AWS::")}
            unread = {type_ for type_ in unread if not type_.startswith(WAKES_NOBODY)}
            for key, type_, properties, _ in template.entries() if unread else ():
                node = system.node(template, key)
                if type_ not in unread or node is None:
                    continue
                if type_ in _SPOKEN_OF:
                    yield _SPOKEN_OF[type_].format(system.label(node))
                    continue
                for name in dict.fromkeys(references_in(dict(properties))):
                    target = system.node(template, name)
                    if target is not None and target.type in _ACTING:
                        yield f"when `{system.label(node)}` wakes `{system.label(target)}`"
