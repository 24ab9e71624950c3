"""Repositories and parameters: what is pushed or put tells the default bus, and repositories their triggers.

"Amazon ECR events", "Monitoring CodeCommit events" and "Parameter Store Change" in the EventBridge events reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from constructs_lib.loops.edges.base import ANY_MESSAGE, Channel, Deposit, EdgeKind, Listener, Message
from constructs_lib.loops.edges.events import BUS, arn_of_default_bus, asked_by_rules
from constructs_lib.loops.keys import literal
from constructs_lib.loops.languages import ANYTHING, Language
from constructs_lib.templates.template import Resource

if TYPE_CHECKING:
    from constructs_lib.templates.system import Node, System

__all__ = ["Repositories"]

_CODE = "AWS::CodeCommit::Repository"
_PARAMETER = "AWS::SSM::Parameter"
_OTHERS = {
    "AWS::ECR::Repository": "other repositories of images",
    _CODE: "other repositories of code",
    _PARAMETER: "other parameters",
}
"""What stands for those that are not declared, of each type."""
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
    _PARAMETER: (
        "ssm:parameter/",
        ("ssm:PutParameter", "ssm:DeleteParameter", "ssm:DeleteParameters", "ssm:LabelParameterVersion"),
        ("aws.ssm", "Parameter Store Change", "detail.name"),
    ),
}


class Repositories(EdgeKind):
    """Repositories of images and code, and parameters; all that are not declared are one."""

    def prepare(self, system: System) -> None:
        """What stands for those that are not declared, where rules ask for their events."""
        asked = asked_by_rules(system)
        for type_, (_, _, (source, kind, _)) in _TOLD.items():
            if source in asked or kind in asked:
                shown = _OTHERS[type_]
                body = {"Metadata": {"aws:cdk:path": shown}}
                system.add(system.templates[0], Resource(shown, shown, {}, body))

    def channels(self, system: System) -> Iterator[Channel]:
        """All of them."""
        for type_, (address, actions, _) in _TOLD.items():
            deposits = tuple(map(Deposit, actions))
            for node in system.nodes(type_):
                yield Channel(node, tuple(f"{address}{name.lstrip('/')}" for name in system.names(node)), deposits)
            for node in system.nodes(_OTHERS[type_]):
                yield Channel(node, (address,), tuple(Deposit(action, rest="name") for action in actions))

    def listeners(self, system: System) -> Iterator[Listener]:
        """The default bus, and the triggers of repositories."""
        for type_, (_, _, (source, kind, field)) in _TOLD.items():
            for node in system.nodes(type_):
                event = {
                    "source": Language(((source,),)),
                    "detail-type": Language(((kind,),)),
                    field: Language((tuple(map(literal, system.names(node))),)),
                }
                bus = arn_of_default_bus(system)
                yield Listener(node, type_, bus, "changes", (BUS,), carry=Message(event))
            for node in system.nodes(_OTHERS[type_]):
                bus = arn_of_default_bus(system)
                declared = tuple(literal(name) for one in system.nodes(type_) for name in system.names(one))
                carry = partial(_changed, type_, declared)
                yield Listener(node, node.type, bus, "changes", (BUS,), carry=carry)
        for node in system.nodes(_CODE):
            for trigger in system.items(node.get("Triggers") or [], node.template):
                yield from _triggered(system, node, trigger)


def _changed(type_: str, declared: tuple[str, ...], message: Message) -> Message:
    """The event that tells of a change of what is not declared; a parameter's name may begin with a slash."""
    _, _, (source, kind, field) = _TOLD[type_]
    groups = message.fields.get("name", ANYTHING).all_of
    if type_ == _PARAMETER:
        groups = tuple((*group, *(f"/{glob}" for glob in group)) for group in groups)
    event = {"source": Language(((source,),)), "detail-type": Language(((kind,),)), field: Language(groups, declared)}
    return Message(event)


def _triggered(system: System, node: Node, trigger: object) -> Iterator[Listener]:
    if isinstance(trigger, Mapping):
        for arn in system.texts(trigger.get("DestinationArn"), node.template):
            yield Listener(node, _CODE, arn, "trigger", carry=ANY_MESSAGE, entry=trigger)
