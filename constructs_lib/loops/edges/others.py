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

    from constructs_lib.templates.system import Node, System

__all__ = ["WAKES_NOBODY", "Others", "unread"]

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
        for node in unread(system, WAKES_NOBODY):
            if node.type in _SPOKEN_OF:
                yield _SPOKEN_OF[node.type].format(system.label(node))
                continue
            for name in dict.fromkeys(references_in(dict(node.properties))):
                target = system.node(node.template, name)
                if target is not None and target.type in _ACTING:
                    yield f"when `{system.label(node)}` wakes `{system.label(target)}`"


def unread(system: System, but: tuple[str, ...]) -> Iterator[Node]:
    """Resources of types of AWS that no edge kind reads, but for types that begin as one of some texts."""
    unasked = system.types - system.types_asked_for
    types = {type_ for type_ in unasked if type_.startswith("AWS::") and not type_.startswith(but)}
    for template in system.templates if types else ():
        yield from system.declared(template, types)
