"""API calls that CloudTrail records: EventBridge tells of them on the default bus, and rules that ask for them hear.

"AWS service events delivered via AWS CloudTrail" in the EventBridge user guide. Only rules count that ask for this type
of event by name, and for a service: others hear of every call in the account. Calls that only read are told of only if
the rule's state says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from constructs_lib.loops.edges.base import Channel, Deposit, EdgeKind, Listener, Message
from constructs_lib.loops.edges.events import BUS, arn_of_default_bus, asked_by_rules
from constructs_lib.loops.edges.s3 import BUCKET, bucket_addresses
from constructs_lib.loops.keys import ANY, STAR, literal
from constructs_lib.loops.languages import ANYTHING, Language
from constructs_lib.loops.patterns import pattern
from constructs_lib.templates.template import Resource
from constructs_lib.templates.texts import MISSING

if TYPE_CHECKING:
    from constructs_lib.templates.system import Node, System

__all__ = ["NO_TRAIL", "RECORDER", "ApiCalls"]

_CALL = "AWS API Call via CloudTrail"
_WITH_READS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
RECORDER = "CloudTrail"
"""The type of what records API calls, of which each account has one."""
NO_TRAIL = "no trail that records API calls is in these templates"
"""Why it is not certain that calls are told of."""
# Where the name in events is not that of IAM.
_SERVICES = {"monitoring": "cloudwatch", "email": "ses"}
_VERSION = re.compile(r"20\d{6}(v\d+)?$")
_OBJECTS = {
    "PutObject": "s3:PutObject",
    "CopyObject": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "DeleteObject": "s3:DeleteObject",
    "DeleteObjects": "s3:DeleteObject",
    "GetObject": "s3:GetObject",
    "HeadObject": "s3:GetObject",
    "PutObjectTagging": "s3:PutObjectTagging",
    "DeleteObjectTagging": "s3:DeleteObjectTagging",
    "PutObjectAcl": "s3:PutObjectAcl",
    "RestoreObject": "s3:RestoreObject",
}


class ApiCalls(EdgeKind):
    """Calls of any service, as far as rules ask for them."""

    def prepare(self, system: System) -> None:
        """Add what records calls, if rules ask for any; each account has one."""
        if any(True for rule in _rules(system) for _ in _asked(system, rule)):
            body = {"Metadata": {"aws:cdk:path": RECORDER}}
            system.add(system.templates[0], Resource(RECORDER, RECORDER, {}, body))

    def channels(self, system: System) -> Iterator[Channel]:
        """What records the calls that rules ask for."""
        recorder = system.node(system.templates[0], RECORDER) if system.templates else None
        if recorder is None:
            return
        asked = dict.fromkeys(call for rule in _rules(system) for call in _asked(system, rule))
        for service in dict.fromkeys(service for service, _ in asked):
            names = [name for other, name in asked if other == service]
            prefix = _SERVICES.get(service, service)
            others = [name for name in names if service != "s3" or name not in _OBJECTS]
            calls = tuple(Deposit(_action(prefix, name), _event(service, name), rest="resource") for name in others)
            yield Channel(recorder, (f"{prefix}:",), calls)
            if others != names:
                yield from _on_objects(system, recorder, [name for name in names if name in _OBJECTS])

    def listeners(self, system: System) -> Iterator[Listener]:
        """The default bus."""
        for recorder in system.nodes(RECORDER):
            doubt = "" if next(system.nodes("AWS::CloudTrail::Trail"), None) else NO_TRAIL
            bus = arn_of_default_bus(system)
            yield Listener(recorder, RECORDER, bus, "API calls", (BUS,), doubt=doubt)

    def left_out(self, system: System) -> Iterator[str]:
        """Rules that ask for the calls of all services."""
        for rule in _rules(system):
            if not all(map(_services, _patterns(system, rule))):
                yield f"the calls of all services, which `{system.label(rule)}` asks for"


def _services(message: Message) -> list[str]:
    return _texts(message, "detail.eventSource") or _texts(message, "source")


def _rules(system: System) -> Iterator[Node]:
    """The rules that ask for API calls by name."""
    for node in system.nodes("AWS::Events::Rule") if _CALL in asked_by_rules(system) else ():
        asked = node.get("EventPattern")
        kinds = asked.get("detail-type", asked) if isinstance(asked, Mapping) else asked
        if _CALL in str(kinds) and system.text(node.get("State"), node.template) != "DISABLED":
            yield node


def _patterns(system: System, rule: Node) -> Iterator[Message]:
    """What a rule lets through; what one branch of a condition asks for counts, whatever another one asks for."""
    for choice in system.choices(rule.get("EventPattern"), rule.template):
        yield from pattern(system, choice, rule.template) if choice is not MISSING else ()


def _asked(system: System, rule: Node) -> Iterator[tuple[str, str]]:
    """The services and calls that a rule asks for; names may have `*`."""
    for message in _patterns(system, rule):
        if (message.fields.get("detail-type", ANYTHING) & Language(((_CALL,),))).may() is None:
            continue
        for service in _services(message):
            name = service.removesuffix(".amazonaws.com").removeprefix("aws.")
            yield from ((name, call) for call in _texts(message, "detail.eventName") or ["*"])
            if not _texts(message, "detail.eventName") and system.text(rule.get("State"), rule.template) == _WITH_READS:
                yield from ((name, f"{verb}*") for verb in ("Describe", "Get", "List"))


def _texts(message: Message, field: str) -> list[str]:
    """The texts that a field is asked for, if it is asked for certain texts."""
    for group in message.fields.get(field, ANYTHING).all_of:
        if not any(STAR in glob or ANY in glob for glob in group):
            return list(group)
    return []


def _action(prefix: str, name: str) -> str:
    # API Gateway's actions are those of HTTP; Lambda's events bear the version of the call.
    return f"{prefix}:{'*' if prefix == 'apigateway' else _VERSION.sub('', name)}"


def _event(service: str, name: str) -> Message:
    fields = {
        "source": Language(((f"aws.{service}",),)),
        "detail-type": Language(((_CALL,),)),
        "detail.eventSource": Language(((f"{service}.amazonaws.com",),)),
    }
    if "*" not in name:
        fields["detail.eventName"] = Language(((literal(name),),))
    return Message(fields)


def _on_objects(system: System, recorder: Node, names: list[str]) -> Iterator[Channel]:
    """Calls on the objects of each bucket, whose names and keys rules may ask for."""
    for bucket in system.nodes(BUCKET):
        of_bucket = Message({"detail.requestParameters.bucketName": Language((system.names(bucket),))})
        deposits = tuple(
            Deposit(_OBJECTS[name], _event("s3", name) & of_bucket, rest="detail.requestParameters.key")
            for name in names
        )
        yield Channel(recorder, bucket_addresses(system, bucket), deposits)
