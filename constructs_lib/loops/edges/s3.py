"""S3: writing, deleting or changing an object wakes what the bucket notifies.

Events and their names: "Supported event types and destinations" in the S3 user guide. Read are the native
`NotificationConfiguration` and CDK's `Custom::S3BucketNotifications`, which has a form of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.access_points import access_points
from constructs_lib.loops.addresses import ACCESS_POINT
from constructs_lib.loops.edges.base import Channel, Deposit, EdgeKind, Listener, Message, addresses, unchanged
from constructs_lib.loops.edges.lifecycles import later
from constructs_lib.loops.keys import STAR, Filter, literal
from constructs_lib.loops.languages import Language
from constructs_lib.loops.policies import is_conditional

if TYPE_CHECKING:
    from constructs_lib.templates.system import Node, System
    from constructs_lib.templates.template import Template

__all__ = ["BUCKET", "CREATED", "S3Notifications", "bucket_addresses", "filter_language", "filters"]

CREATED = ("ObjectCreated:Put", "ObjectCreated:Post", "ObjectCreated:Copy", "ObjectCreated:CompleteMultipartUpload")
_EVENTS_OF_ACTIONS = {
    # IAM cannot tell the four ways apart in which an object comes to be.
    "s3:PutObject": CREATED,
    "s3:DeleteObject": ("ObjectRemoved:Delete", "ObjectRemoved:DeleteMarkerCreated"),
    "s3:DeleteObjectVersion": ("ObjectRemoved:Delete",),
    "s3:PutObjectTagging": ("ObjectTagging:Put",),
    "s3:PutObjectVersionTagging": ("ObjectTagging:Put",),
    "s3:DeleteObjectTagging": ("ObjectTagging:Delete",),
    "s3:DeleteObjectVersionTagging": ("ObjectTagging:Delete",),
    "s3:PutObjectAcl": ("ObjectAcl:Put",),
    "s3:PutObjectVersionAcl": ("ObjectAcl:Put",),
    "s3:RestoreObject": ("ObjectRestore:Post", "ObjectRestore:Completed", "ObjectRestore:Delete"),
    "s3:PutObjectRetention": ("ObjectRetention:Put",),
    "s3:PutObjectAnnotation": ("ObjectAnnotation:Put",),
    "s3:DeleteObjectAnnotation": ("ObjectAnnotation:Delete",),
}
_KNOWN_FAMILIES = {
    *(name.partition(":")[0] for events in _EVENTS_OF_ACTIONS.values() for name in events),
    "LifecycleExpiration",
    "LifecycleTransition",
    "IntelligentTiering",
    "Replication",
    "ReducedRedundancyLostObject",
}
_DEPOSITS = tuple(
    Deposit(action, Message({"event": Language((events,))}, ("attributes.",)), rest="key")
    for action, events in _EVENTS_OF_ACTIONS.items()
)
BUCKET = "AWS::S3::Bucket"
_EXPECTED = {
    "Function": ("AWS::Lambda::Function",),
    "LambdaFunction": ("AWS::Lambda::Function",),
    "Queue": ("AWS::SQS::Queue",),
    "Topic": ("AWS::SNS::Topic",),
}
_PLAIN = re.compile(rf"[A-Za-z0-9/._{STAR}-]*")
"""Keys that are the same when they are URL-encoded."""
_ALL_KEYS = Filter()
_NATIVE = (("LambdaConfigurations", "Function"), ("QueueConfigurations", "Queue"), ("TopicConfigurations", "Topic"))
_CUSTOM = (
    ("LambdaFunctionConfigurations", "LambdaFunctionArn"),
    ("QueueConfigurations", "QueueArn"),
    ("TopicConfigurations", "TopicArn"),
)


def bucket_addresses(system: System, node: Node) -> tuple[str, ...]:
    """What policies call the objects of a bucket: by its name, and by its access points."""
    through = [f"{ACCESS_POINT}{point}/" for name in system.names(node) for point in access_points(system, name)]
    return (*addresses(system, node, "s3:", "/"), *through)


class S3Notifications(EdgeKind):
    """Buckets and what they notify directly."""

    def channels(self, system: System) -> Iterator[Channel]:
        """All buckets."""
        for node in system.nodes(BUCKET):
            slow = tuple(later(system, node))
            yield Channel(node, bucket_addresses(system, node), (*_DEPOSITS, *slow) if slow else _DEPOSITS)

    def listeners(self, system: System) -> Iterator[Listener]:
        """The notifications of all buckets."""
        return self.notifying(system)

    def notifying(self, system: System, *, at_least: int = 1) -> Iterator[Listener]:
        """The notifications of configurations that have as many."""
        for node in system.nodes(BUCKET):
            for configuration in system.mapping(node.get("NotificationConfiguration"), node.template):
                yield from self._configured(system, node, configuration, node, _NATIVE, at_least=at_least)
        for custom in system.nodes("Custom::S3BucketNotifications"):
            names = system.texts(custom.get("BucketName"), custom.template)
            sources: list[Node | None] = [node for name in names for node in system.named(BUCKET, name)]
            if any(system.may_be_others(name, system.named(BUCKET, name)) for name in names):
                sources.append(None)
            for configuration in system.mapping(custom.get("NotificationConfiguration"), custom.template):
                for source in sources:
                    yield from self._configured(system, source, configuration, custom, _CUSTOM, at_least=at_least)

    def _configured(
        self,
        system: System,
        source: Node | None,
        configuration: Mapping[str, Any],
        by: Node,
        form: tuple[tuple[str, str], ...],
        *,
        at_least: int,
    ) -> Iterator[Listener]:
        entries = [
            (entry, target)
            for section, target in form
            if section in configuration
            for entry in system.items(configuration[section] or [], by.template)
            if isinstance(entry, (dict, Mapping))
        ]
        for entry, target in entries if len(entries) >= at_least else ():
            yield from self._listener(system, source, entry, by, target)

    def _listener(
        self, system: System, source: Node | None, entry: Mapping[str, Any], by: Node, target: str
    ) -> Iterator[Listener]:
        template = by.template
        shown = ", ".join(map(system.symbols.show, dict.fromkeys(_events(system, entry, template)))) or "any event"
        found = filters(system, entry.get("Filter"), template)
        keys = " or ".join(dict.fromkeys(system.symbols.show(str(one)) for one in found if one != _ALL_KEYS))
        label = f"{shown} {keys}".rstrip()
        carry = unchanged if target.startswith(("Function", "Lambda")) else _as_body
        for arn in system.texts(entry.get(target), template):
            expects = _EXPECTED[target.removesuffix("Arn")]
            yield Listener(source, BUCKET, arn, label, expects, _notified, carry, by=by, entry=entry)


def _events(system: System, entry: Mapping[str, Any], template: Template) -> list[str]:
    raw = entry.get("Event", entry.get("Events"))
    return [text for item in system.items(raw, template) for text in system.texts(item, template)]


def _notified(system: System, listener: Listener) -> tuple[Message, ...]:
    """What a notification is of."""
    by: Any = listener.by
    entry, template = listener.entry, by.template
    return _messages(tuple(_events(system, entry, template)), tuple(filters(system, entry.get("Filter"), template)))


@lru_cache(maxsize=4096)  # many ask for the same
def _messages(events: tuple[str, ...], asked: tuple[Filter, ...]) -> tuple[Message, ...]:
    language = Language((tuple(dict.fromkeys(map(_event_glob, events))) or (STAR,),))
    readings = [reading for found in asked for reading in found.readings()]
    return tuple(Message({"event": language, "key": filter_language(reading)}) for reading in readings)


def _as_body(message: Message) -> Message:
    """The event as the text of a message, for what filters on it; there the key is URL-encoded."""
    fields = dict(message.fields)
    if "event" in fields:
        fields["body.Records.eventName"] = fields["event"]
    key = fields.get("key")
    if key is not None and all(_PLAIN.fullmatch(glob) for group in key.all_of for glob in group):
        fields["body.Records.s3.object.key"] = Language(key.all_of)
    return Message(fields, ("attributes.",))


def _event_glob(event: str) -> str:
    """The events that a notification's event string means; one that nobody knows may mean any."""
    name = event.removeprefix("s3:")
    if name.partition(":")[0] not in _KNOWN_FAMILIES:
        return STAR
    return literal(name).replace("*", STAR)


def filters(system: System, value: Any, template: Template) -> Iterator[Filter]:
    """The filters that a configuration may have: every choice of its conditions and parameters."""
    for choice in system.choices(value, template):
        key = _member(choice, "S3Key", "Key")
        for rules in system.choices(_member(key, "Rules", "FilterRules") or [], template):
            yield from _filters(system, rules, template)


def _filters(system: System, rules: Any, template: Template) -> Iterator[Filter]:
    prefixes: list[str] = []
    suffixes: list[str] = []
    for entry in rules if isinstance(rules, list) else [rules]:
        for rule in system.choices(entry, template):
            if isinstance(rule, (dict, Mapping)):
                name = (system.text(rule.get("Name"), template) or "").lower()
                values = system.texts(rule.get("Value", ""), template)
                if name in {"prefix", "suffix"}:
                    (prefixes if name == "prefix" else suffixes).extend(values)
        if is_conditional(entry):  # in another branch it may be no rule, or one for the other end
            prefixes.append("")
            suffixes.append("")
    for prefix, suffix in dict.fromkeys(product(prefixes or [""], suffixes or [""])):
        yield Filter(literal(prefix), literal(suffix))


def _member(value: Any, *names: str) -> Any:
    if isinstance(value, (dict, Mapping)):
        return next((value[name] for name in names if name in value), None)
    return None


def filter_language(reading: Filter) -> Language:
    """The keys that a filter lets through."""
    groups = []
    if reading.prefix:
        groups.append((reading.prefix + STAR,))
    if reading.suffix:
        groups.append((STAR + reading.suffix,))
    return Language(tuple(groups))
