"""Logs: what a function logs goes to its log group, and from there to the group's subscriptions.

Only a function's own group counts, and grants that name a group: that a role could write into any group, as the usual
managed policy lets it, is no way that code takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from constructs_lib.loops.absence import may_be_absent
from constructs_lib.loops.edges.base import ANY_MESSAGE, Channel, Deposit, EdgeKind, Listener, Put, addresses
from constructs_lib.loops.edges.calls import STATE_MACHINE
from constructs_lib.loops.edges.lambdas import FUNCTION
from constructs_lib.loops.edges.streams import FIREHOSE, STREAM
from constructs_lib.loops.policies import documents
from constructs_lib.templates.template import Resource
from constructs_lib.templates.texts import MISSING, Resolved

if TYPE_CHECKING:
    from constructs_lib.templates.system import Node, System

__all__ = ["GROUP_FILTERS", "LOG_GROUP", "METRIC_FILTER", "Logs"]

LOG_GROUP = "AWS::Logs::LogGroup"
_SUBSCRIPTION = "AWS::Logs::SubscriptionFilter"
METRIC_FILTER = "AWS::Logs::MetricFilter"
GROUP_FILTERS = (_SUBSCRIPTION, METRIC_FILTER)
"""What hears of a log group, or counts in it."""
_POLICY = "AWS::Logs::AccountPolicy"
_UNKNOWN = {"DestinationArn": {"Fn::GetAtt": ["", "DestinationArn"]}}
_ALL_BUT = re.compile(r"\s*LogGroupName\s+NOT\s+IN\s*\[[^\]]*\]\s*$", re.IGNORECASE)
_WRITES = (Deposit("logs:PutLogEvents", rest="stream"),)
_READERS = (FUNCTION, STREAM, FIREHOSE)


class Logs(EdgeKind):
    """Functions that log, and who is subscribed to their log groups."""

    needs = ("logs:PutLogEvents",)

    def prepare(self, system: System) -> None:
        """Add the groups that are subscribed to, or counted in, without being declared."""
        known = {name for node in system.nodes(LOG_GROUP) for name in system.names(node)}
        for node in list(system.nodes(*GROUP_FILTERS)):
            for name in system.texts(node.get("LogGroupName"), node.template):
                # A group that nobody can tell may be that of any function.
                is_any = bool(system.symbols.free_in(name))
                own = [(one, f) for f in system.nodes(FUNCTION) for one in _log_groups(system, f)] if is_any else []
                for added, near in [(name, node), *own]:
                    if added not in known:
                        known.add(added)
                        shown = system.symbols.show(added)
                        body = {"Metadata": {"aws:cdk:path": shown}}
                        properties = {"LogGroupName": Resolved(added)}
                        system.add(near.template, Resource(shown, LOG_GROUP, properties, body))

    def channels(self, system: System) -> Iterator[Channel]:
        """The groups that are subscribed to, or counted in."""
        for node in {group: None for filter_ in system.nodes(*GROUP_FILTERS) for group in _groups(system, filter_)}:
            yield Channel(node, addresses(system, node, "logs:log-group:", ":"), _WRITES, is_named=True)

    def puts(self, system: System) -> Iterator[Put]:
        """The log group of each function, and those that state machines log to."""
        known = {name for node in system.nodes(LOG_GROUP) for name in system.names(node)}
        for node in system.nodes(FUNCTION) if known else ():
            for name in known.intersection(_log_groups(system, node)):
                yield Put(
                    node,
                    f"arn:aws:logs:::log-group:{name}:*",
                    "logs",
                    needs=(("logs:PutLogEvents", f"logs:log-group:{name}:"),),
                    property="LoggingConfig",
                )
        for node in system.nodes(STATE_MACHINE) if known else ():
            yield from _executions(system, node)
        yield from _by_policy(system)

    def listeners(self, system: System) -> Iterator[Listener]:
        """The destinations of all subscriptions."""
        for node in system.nodes(_SUBSCRIPTION):
            for name in system.texts(node.get("LogGroupName"), node.template):
                groups: list[Node | None] = [*system.named(LOG_GROUP, name)]
                for group in [*groups, None] if system.may_be_others(name, groups) else groups:
                    for arn in system.texts(node.get("DestinationArn"), node.template):
                        yield Listener(group, LOG_GROUP, arn, "log subscription", _READERS, carry=ANY_MESSAGE, by=node)


def _groups(system: System, filter_: Node) -> Iterator[Node]:
    """The groups that a filter is for."""
    for name in system.texts(filter_.get("LogGroupName"), filter_.template):
        known = system.named(LOG_GROUP, name)
        yield from system.nodes(LOG_GROUP) if system.may_be_others(name, known) else known


def _executions(system: System, node: Node) -> Iterator[Put]:
    """The logs of a state machine's executions; they are off by default."""
    for logging in system.mapping(node.get("LoggingConfiguration"), node.template):
        level = system.text(logging.get("Level", "OFF"), node.template)
        for destination in system.items(logging.get("Destinations") or [], node.template):
            group = destination.get("CloudWatchLogsLogGroup") if isinstance(destination, Mapping) else None
            if level != "OFF" and isinstance(group, Mapping):
                for arn in system.texts(group.get("LogGroupArn"), node.template):
                    failed = level in {"ERROR", "FATAL"}
                    yield Put(node, arn, "logs", expects=(LOG_GROUP,), failure=failed, entry=group)


def _log_groups(system: System, node: Node) -> Iterator[str]:
    """The groups that a function may log to: the one that is set, or the one that Lambda makes."""
    given = node.get("LoggingConfig")
    if given is None:
        yield from [f"/aws/lambda/{name}" for name in system.names(node)]
        return
    configured = [logging.get("LogGroup") for logging in system.mapping(given, node.template)]
    is_open = may_be_absent(system, given, node.template)
    for group in configured:
        for choice in system.choices(group, node.template):
            if choice is None or choice is MISSING:
                is_open = True
            else:
                yield from system.texts(choice, node.template)
    if is_open:
        yield from (f"/aws/lambda/{name}" for name in system.names(node))


def _by_policy(system: System) -> Iterator[Put]:
    """What functions log, to whom a policy of the account sends the logs of all groups but those that it names."""
    for policy in system.nodes(_POLICY):
        if system.text(policy.get("PolicyType"), policy.template) in {"SUBSCRIPTION_FILTER_POLICY", None}:
            for document in documents(system, policy.get("PolicyDocument"), policy.template):
                arns = system.texts(
                    (document or {}).get("DestinationArn", {"Fn::GetAtt": ["", "DestinationArn"]}), policy.template
                )
                for node in system.nodes(FUNCTION):
                    for name in _log_groups(system, node):
                        if not _is_excluded(system, policy, name):
                            needs = (("logs:PutLogEvents", f"logs:log-group:{name}:"),)
                            yield from (
                                Put(node, arn, "logs", expects=_READERS, needs=needs, by=policy) for arn in arns
                            )


def _is_excluded(system: System, policy: Node, name: str) -> bool:
    """Whether a policy leaves a group out for certain: `LogGroupName NOT IN ["/aws/lambda/mine"]`."""
    criteria = policy.get("SelectionCriteria")
    found = system.texts(criteria, policy.template) if criteria is not None else ()
    return len(found) == 1 and bool(_ALL_BUT.match(found[0])) and f'"{name}"' in found[0]
