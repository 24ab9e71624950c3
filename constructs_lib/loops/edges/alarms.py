"""CloudWatch: what moves a metric may set off its alarm, which publishes, invokes a function and tells the default bus.

An alarm acts only when its state changes, so it is a slow way round. Which metrics a role puts no policy says, only
the code. "Using Amazon CloudWatch alarms" and "Alarm events and EventBridge" in the CloudWatch user guide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from constructs_lib.loops.absence import may_be_absent
from constructs_lib.loops.directory import Directory
from constructs_lib.loops.edges.base import ANY_MESSAGE, Channel, Deposit, EdgeKind, Listener, Message, Put, addresses
from constructs_lib.loops.edges.calls import STATE_MACHINE
from constructs_lib.loops.edges.events import BUS, arn_of_default_bus
from constructs_lib.loops.edges.lambdas import FUNCTION, functions_named
from constructs_lib.loops.edges.logs import LOG_GROUP, METRIC_FILTER
from constructs_lib.loops.edges.queues import QUEUE
from constructs_lib.loops.edges.s3 import BUCKET
from constructs_lib.loops.edges.streams import FIREHOSE, STREAM
from constructs_lib.loops.edges.tables import TABLES
from constructs_lib.loops.edges.tasks import BUILD
from constructs_lib.loops.edges.topics import TOPIC
from constructs_lib.loops.edges.urls import APIS
from constructs_lib.loops.keys import STAR, literal
from constructs_lib.loops.languages import Language
from constructs_lib.templates.grouped import Grouped
from constructs_lib.templates.structures import is_plain
from constructs_lib.templates.symbols import has_symbols
from constructs_lib.templates.template import Resource

if TYPE_CHECKING:
    from constructs_lib.templates.system import Node, System
    from constructs_lib.templates.template import Template

__all__ = ["ACTIONS", "ALARMS", "METRIC", "Alarms"]

_ALARM = "AWS::CloudWatch::Alarm"
_COMPOSITE = "AWS::CloudWatch::CompositeAlarm"
ALARMS = (_ALARM, _COMPOSITE)
METRIC = "metric"
"""The type of a metric that is not AWS's own, which no template declares."""
ACTIONS = {"AlarmActions": "ALARM", "OKActions": "OK", "InsufficientDataActions": "INSUFFICIENT_DATA"}
"""The properties of an alarm that say what it does, and the state in which it does so."""
_ACTED_ON = ("arn:aws:sns:", "arn:aws:lambda:")
_PRINCIPAL = "lambda.alarms.cloudwatch.amazonaws.com"
_OF_AWS = "AWS/"
_SET = (Deposit("cloudwatch:SetAlarmState"),)
_PUT = (Deposit("cloudwatch:PutMetricData", rest="metric"),)
_DOUBT = "which metrics are put only the code tells"
_UNKNOWN = "which metrics an alarm watches is known at deployment only"
_OWN: Mapping[str, tuple[str, tuple[str, ...]]] = {  # by namespace: the dimension that names a resource, and its types
    "AWS/Lambda": ("FunctionName", (FUNCTION,)),
    "AWS/States": ("StateMachineArn", (STATE_MACHINE,)),
    "AWS/CodeBuild": ("ProjectName", (BUILD,)),
    "AWS/SQS": ("QueueName", (QUEUE,)),
    "AWS/SNS": ("TopicName", (TOPIC,)),
    "AWS/DynamoDB": ("TableName", TABLES),
    "AWS/Kinesis": ("StreamName", (STREAM,)),
    "AWS/Firehose": ("DeliveryStreamName", (FIREHOSE,)),
    "AWS/S3": ("BucketName", (BUCKET,)),
    "AWS/Logs": ("LogGroupName", (LOG_GROUP,)),
    "AWS/ApiGateway": ("ApiId", APIS),
}
_WATCHED: WeakKeyDictionary[System, list[tuple[Node, _Metric]]] = WeakKeyDictionary()
_APIS: WeakKeyDictionary[System, Grouped[str, Node]] = WeakKeyDictionary()
_ACTORS = {FUNCTION, STATE_MACHINE, BUILD}
_FAILURES = re.compile("Error|Throttle|Fail|TimedOut|Aborted|Dropped")
_SEARCHES = re.compile(r"\b(SEARCH|SELECT)\b", re.IGNORECASE)
_OPERAND = re.compile(r"(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*[\"']?([^\"')]+?)[\"']?\s*\)")


@dataclass(unsafe_hash=True, slots=True)
class _Metric:
    """A metric that an alarm watches, or that a filter of a log group makes.

    Args:
        namespaces: the texts that its namespace may be.
        names: likewise its name.
        dimensions: the texts that each may be; None if nobody can tell which there are.
    """

    namespaces: tuple[str, ...] = (STAR,)
    names: tuple[str, ...] = (STAR,)
    dimensions: Mapping[str, tuple[str, ...]] | None = None

    def why_not_certain(self, other: _Metric) -> str | None:
        """Why it is not certain that another one is the same; empty if it is; None if it is not."""
        pairs = [(self.namespaces, other.namespaces), (self.names, other.names)]
        both = [Language((one,)) & Language((another,)) for one, another in pairs if one is not another]
        if any(language.may() is None for language in both):
            return None
        return "" if STAR not in self.names and all(language.sure() is not None for language in both) else _UNKNOWN

    def label(self, system: System) -> str:
        """What to call it."""
        known = len(self.names) == 1 and STAR not in self.names
        return f"metric {system.symbols.show(self.names[0])}" if known else "a metric"


class Alarms(EdgeKind):
    """Alarms, what moves the metrics that they watch, and what they do."""

    def prepare(self, system: System) -> None:
        """Add the metrics that may be put, which no template declares."""
        for alarm, metric in _watched(system):
            if _may_be_put(metric):
                _custom(system, alarm, metric)

    def channels(self, system: System) -> Iterator[Channel]:
        """All alarms, whose state may be set, and the metrics that may be put."""
        for node in system.nodes(*ALARMS):
            yield Channel(node, addresses(system, node, "cloudwatch:alarm:"), _SET)
        custom: dict[Node, dict[str, None]] = {}
        for alarm, metric in _watched(system):
            if _may_be_put(metric):
                custom.setdefault(_custom(system, alarm, metric), {}).update(dict.fromkeys(metric.namespaces))
        for node, namespaces in custom.items():
            names = (f"cloudwatch:metric/{text}/" if text != STAR else "cloudwatch:metric/" for text in namespaces)
            yield Channel(node, tuple(names), _PUT)

    def puts(self, system: System) -> Iterator[Put]:
        """The metrics of what acts."""
        for alarm, metric in _watched(system):
            failure = all(map(_FAILURES.search, metric.names))
            for node, doubt in _owners(system, metric):
                for arn in system.arns(alarm) if node.type in _ACTORS else ():
                    yield Put(node, arn, metric.label(system), doubt=doubt, failure=failure, by=alarm)

    def listeners(self, system: System) -> Iterator[Listener]:
        """Alarms listen to what moves their metrics, others to them."""
        filters: Directory[tuple[Node, _Metric]] = Directory()
        for node, made in _filters(system):
            for name in made.names:
                filters.add(f"metric:{name}", (node, made))
        for alarm, metric in _watched(system):
            for source, type_, label, doubt in _moving(system, alarm, metric, filters):
                for arn in system.arns(alarm):
                    yield Listener(source, type_, arn, label, carry=ANY_MESSAGE, doubt=doubt, slow=True, by=alarm)
        invoked = _invoked_by_alarms(system) if next(system.nodes(*ALARMS), None) else []
        for node in system.nodes(*ALARMS):
            yield from _acting(system, node, invoked)
        for node in system.nodes(_COMPOSITE):
            yield from _composed(system, node)


def _watched(system: System) -> list[tuple[Node, _Metric]]:
    """All alarms, with the metrics that each watches."""
    known = _WATCHED.get(system)
    if known is None:
        known = _WATCHED[system] = list(_watching(system))
    return known


def _watching(system: System) -> Iterator[tuple[Node, _Metric]]:
    for node in system.nodes(_ALARM):
        if node.get("Namespace") is not None:
            yield node, _metric(system, node, node.properties)
        for query in system.items(node.get("Metrics") or [], node.template):
            given = query if isinstance(query, Mapping) else {"Expression": query}
            for stat in system.mapping(given.get("MetricStat"), node.template):
                for metric in system.mapping(stat.get("Metric"), node.template):
                    yield node, _metric(system, node, metric)
            expression = given.get("Expression")
            texts = system.texts(expression, node.template) if expression is not None else ()
            if any(_SEARCHES.search(text) or system.symbols.free_in(text) for text in texts):
                yield node, _Metric()


def _metric(system: System, node: Node, given: Mapping[str, Any]) -> _Metric:
    found = _named(system, node, given, "Namespace", "MetricName")
    dimensions: dict[str, tuple[str, ...]] = {}
    listed = given.get("Dimensions") or []
    if _may_lack_any(system, listed, node.template):
        return found
    for entry in system.items(listed, node.template):
        name = system.text(entry.get("Name"), node.template) if isinstance(entry, Mapping) else None
        if name is None:
            return found
        dimensions[name] = (*dimensions.get(name, ()), *system.texts(entry.get("Value"), node.template))
    return _Metric(found.namespaces, found.names, dimensions)


def _may_lack_any(system: System, listed: Any, template: Template) -> bool:
    """Whether a condition may leave a dimension out: without it, it is another metric."""
    entries = listed if isinstance(listed, list) else [listed]
    return not is_plain(listed) or any(may_be_absent(system, entry, template) for entry in entries)


def _named(system: System, node: Node, given: Mapping[str, Any], *keys: str) -> _Metric:
    """A metric by its namespace and its name."""
    namespaces, names = (tuple(map(literal, system.texts(given.get(key), node.template))) for key in keys)
    return _Metric(namespaces, names)


def _may_be_put(metric: _Metric) -> bool:
    """Whether a role may put a metric: AWS's own namespaces are refused."""
    return not all(text.startswith(_OF_AWS) for text in metric.namespaces)


def _custom(system: System, alarm: Node, metric: _Metric) -> Node:
    """A metric that is not AWS's own."""
    of = system.symbols.show(metric.namespaces[0]) if metric.namespaces != (STAR,) else "any namespace"
    shown = f"{metric.label(system)} of {of}"
    known = system.node(alarm.template, shown)
    body = {"Metadata": {"aws:cdk:path": shown}}
    return known or system.add(alarm.template, Resource(shown, METRIC, {}, body))


def _owners(system: System, metric: _Metric) -> Iterator[tuple[Node, str]]:
    """The resources whose own metric it is, each with why that is not certain; empty if it is."""
    is_known = not any(text == STAR or has_symbols(text) for text in metric.namespaces)
    for namespace, (dimension, types) in _OWN.items():
        if is_known and namespace not in metric.namespaces:
            continue
        why = metric.why_not_certain(_Metric((namespace,), metric.names))
        if why is None:
            continue
        given = metric.dimensions
        if not given:  # of the whole account, or nobody can tell
            doubt = _UNKNOWN if given is None else why
            yield from ((node, doubt) for node in system.nodes(*types))
        for name in (given or {}).get(dimension, ()):
            known = (
                system.by_arn(name) if name.startswith("arn:") else [n for t in types for n in system.named(t, name)]
            )
            yield from ((node, why) for node in known)
            if system.may_be_others(name, known):
                yield from ((node, _UNKNOWN) for node in system.nodes(*types) if node not in known)
        for name in (given or {}).get("ApiName", ()) if types is APIS else ():
            yield from ((node, why) for node in _apis(system).of(name))


def _apis(system: System) -> Grouped[str, Node]:
    """APIs by what their metrics call them."""
    known = _APIS.get(system)
    if known is None:
        known = _APIS[system] = Grouped()
        for node in system.nodes(*APIS):
            for name in system.texts(node.get("Name"), node.template):
                known.add(name, node)
    return known


def _filters(system: System) -> Iterator[tuple[Node, _Metric]]:
    """The metrics that filters of log groups make."""
    for node in system.nodes(METRIC_FILTER):
        for given in system.items(node.get("MetricTransformations") or [], node.template):
            if isinstance(given, Mapping):
                yield node, _named(system, node, given, "MetricNamespace", "MetricName")


def _moving(
    system: System, alarm: Node, metric: _Metric, filters: Directory[tuple[Node, _Metric]]
) -> Iterator[tuple[Node | None, str, str, str]]:
    """What moves a metric by what passes it: the resource, its type, what to show, and why it is not certain."""
    label = metric.label(system)
    yield from ((node, node.type, label, doubt) for node, doubt in _owners(system, metric) if node.type not in _ACTORS)
    if not _may_be_put(metric):
        return
    yield _custom(system, alarm, metric), METRIC, "alarm", _DOUBT
    for filter_, made in dict.fromkeys(one for name in metric.names for one in filters.of(f"metric:{name}")):
        doubt = metric.why_not_certain(made)
        for text in system.texts(filter_.get("LogGroupName"), filter_.template) if doubt is not None else ():
            groups: list[Node | None] = [*system.named(LOG_GROUP, text)]
            for group in [*groups, None] if system.may_be_others(text, groups) else groups:
                yield group, LOG_GROUP, label, doubt or ""


def _invoked_by_alarms(system: System) -> list[Node]:
    """The functions that let alarms invoke them, without which no alarm can."""
    found: dict[Node, None] = {}
    for node in system.nodes("AWS::Lambda::Permission"):
        principals = system.texts(node.get("Principal"), node.template)
        if any(name == _PRINCIPAL or system.symbols.free_in(name) for name in principals):
            for name in system.texts(node.get("FunctionName"), node.template):
                found.update(dict.fromkeys(function for function, _ in functions_named(system, name)))
    return list(found)


def _acting(system: System, node: Node, invoked: list[Node]) -> Iterator[Listener]:
    """What an alarm does when its state changes; by a parameter it may invoke those that let alarms invoke them."""
    names = tuple(map(literal, system.names(node)))
    if system.text(node.get("ActionsEnabled"), node.template) != "false":
        for key, state in ACTIONS.items():
            for item in system.items(node.get(key) or [], node.template):
                for arn in system.texts(item, node.template):
                    unknown = system.symbols.free_in(arn[:1])
                    if unknown or arn.startswith(_ACTED_ON):
                        carry = partial(_told, names, state)
                        yield Listener(node, node.type, arn, state, (TOPIC,), carry=carry, slow=True, entry=item)
                    for function in invoked if unknown else ():
                        own = next(iter(system.arns(function)))
                        yield Listener(node, node.type, own, state, doubt=unknown[0].why, slow=True, entry=item)
    bus = arn_of_default_bus(system)
    yield Listener(node, node.type, bus, "state changes", (BUS,), carry=partial(_changed, names), slow=True)


def _told(names: tuple[str, ...], state: str, _got: Message) -> Message:
    return Message(
        {"body.AlarmName": Language((names,)), "body.NewStateValue": Language(((state,),))}, ("attributes.",)
    )


def _changed(names: tuple[str, ...], _got: Message) -> Message:
    return Message(
        {
            "source": Language((("aws.cloudwatch",),)),
            "detail-type": Language((("CloudWatch Alarm State Change",),)),
            "detail.alarmName": Language((names,)),
        }
    )


def _composed(system: System, node: Node) -> Iterator[Listener]:
    """The alarms that an alarm is composed of."""
    for rule in system.texts(node.get("AlarmRule"), node.template):
        for operand in _OPERAND.findall(rule):
            known = [*system.by_arn(operand)] or [n for type_ in ALARMS for n in system.named(type_, operand)]
            others = system.nodes(*ALARMS) if system.may_be_others(operand, known) else ()
            for arn in system.arns(node):
                for source in known or others:
                    doubt = (
                        "" if source in known else "which alarms an alarm is composed of is known at deployment only"
                    )
                    yield Listener(source, source.type, arn, "composite alarm", doubt=doubt, slow=True, by=node)
