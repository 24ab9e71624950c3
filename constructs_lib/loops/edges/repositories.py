"""Repositories and parameters: what is pushed or put tells the default bus, and repositories their triggers.

"Amazon ECR events", "Monitoring CodeCommit events" and "Parameter Store Change" in the EventBridge events reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from constructs_lib.loops.edges.base import Channel, Deposit, EdgeKind, Listener, Message, always, anew
from constructs_lib.loops.edges.events import BUS, default_bus
from constructs_lib.loops.keys import literal
from constructs_lib.loops.languages import Language

if TYPE_CHECKING:
    from constructs_lib.templates.system import Node, System

__all__ = ["Repositories"]

_CODE = "AWS::CodeCommit::Repository"
_COMMITS = ("GitPush", "CreateCommit", "PutFile", "DeleteFile", "CreateBranch", "DeleteBranch")
_MERGES = ("MergeBranchesByFastForward", "MergeBranchesBySquash", "MergeBranchesByThreeWay")
# By type: what policies call it, what changes it, and the event that tells of that, with the field that has its name.
_TOLD = {
    "AWS::ECR::Repository": (
        "ecr:repository/",
        ("ecr:PutImage", "ecr:BatchDeleteImage"),
        ("aws.ecr", "ECR Image Action", "detail.repository-name"),
    ),
    _CODE: (
        "codecommit:",
        tuple(f"codecommit:{action}" for action in (*_COMMITS, *_MERGES)),
        ("aws.codecommit", "CodeCommit Repository State Change", "detail.repositoryName"),
    ),
    "AWS::SSM::Parameter": (
        "ssm:parameter/",
        ("ssm:PutParameter", "ssm:DeleteParameter", "ssm:DeleteParameters", "ssm:LabelParameterVersion"),
        ("aws.ssm", "Parameter Store Change", "detail.name"),
    ),
}


class Repositories(EdgeKind):
    """Repositories of images and code, and parameters, as far as they are declared."""

    def channels(self, system: System) -> Iterator[Channel]:
        """All of them."""
        for type_, (address, actions, _) in _TOLD.items():
            deposits = tuple(map(Deposit, actions))
            for node in system.nodes(type_):
                yield Channel(node, tuple(f"{address}{name.lstrip('/')}" for name in system.names(node)), deposits)

    def listeners(self, system: System) -> Iterator[Listener]:
        """The default bus, and the triggers of repositories."""
        for type_, (_, _, (source, kind, field)) in _TOLD.items():
            for node in system.nodes(type_):
                event = {
                    "source": Language(((source,),)),
                    "detail-type": Language(((kind,),)),
                    field: Language((tuple(map(literal, system.names(node))),)),
                }
                bus = next(iter(system.arns(default_bus(system))))
                yield Listener(node, type_, bus, "changes", (BUS,), carry=always(Message(event)))
        for node in system.nodes(_CODE):
            for trigger in system.items(node.get("Triggers") or [], node.template):
                yield from _triggered(system, node, trigger)


def _triggered(system: System, node: Node, trigger: object) -> Iterator[Listener]:
    if isinstance(trigger, Mapping):
        for arn in system.texts(trigger.get("DestinationArn"), node.template):
            yield Listener(node, _CODE, arn, "trigger", carry=anew, entry=trigger)
