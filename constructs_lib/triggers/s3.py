"""S3 notifications, declared natively on the bucket: no helper function, no dependency cycle."""

from __future__ import annotations

import difflib
import itertools
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any

from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3

from constructs_lib.declarations import note
from constructs_lib.errors import ConstructsLibError, Diagnostic
from constructs_lib.finish import at_synthesis, identity
from constructs_lib.names import KnownBucket
from constructs_lib.triggers.base import Trigger, relative_path
from constructs_lib.triggers.s3_filters import EVENTS, event_name, events_overlap, overlap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import aws_cdk as cdk

__all__ = ["S3Trigger", "buckets_with_triggers"]

_LONGEST_KEY = 1024  # bytes


@dataclass(frozen=True)
class S3Trigger(Trigger):
    """S3 invokes the function for each object event whose key begins with `prefix` and ends with `suffix`.

    The event's payload is S3's own notification message; delivery is asynchronous and at least once.

    Args:
        bucket: a bucket of this app whose name is known without it: a literal, or `stable_name("photos")`.
        prefix: the beginning of the keys; by default all. No wildcards.
        suffix: the end of the keys, e.g. `.jpg`; by default all. No wildcards.
        events: S3 event types as strings or as `s3.EventType`; by default `s3:ObjectCreated:*`.

    Raises:
        ConstructsLibError: `trigger-wrong-resource`, `s3-filter-wildcard`, `s3-event-unknown`; and when a function
            takes it `s3-trigger-imported-bucket`, `s3-trigger-bucket-name-unknown`, `stable-name-other-stack`,
            `s3-trigger-overlap`, `s3-notification-conflict`.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
    """

    bucket: s3.IBucket
    _: KW_ONLY
    prefix: str = ""
    suffix: str = ""
    events: Sequence[str | s3.EventType] = (EVENTS[0],)

    def __post_init__(self) -> None:
        if not hasattr(self.bucket, "add_event_notification"):
            raise _wrong_bucket(self.bucket)
        for name in ("prefix", "suffix"):
            _check_filter(name, getattr(self, name))
        given = [self.events] if isinstance(self.events, str | s3.EventType) else self.events
        object.__setattr__(self, "events", tuple(map(event_name, given)))
        unknown = [event for event in self.event_types if event not in EVENTS]
        if unknown or not self.event_types:
            raise _unknown_event(unknown)
        for one, other in itertools.combinations(self.event_types, 2):
            if events_overlap(one, other):
                raise _overlapping_events(one, other)

    @property
    def event_types(self) -> tuple[str, ...]:
        """The S3 event types as S3 spells them, e.g. `s3:ObjectCreated:*`."""
        return tuple(map(event_name, self.events))

    def references(self, stack: cdk.Stack) -> Mapping[str, str]:
        """The bucket waits for the function, so the function must not refer to the bucket."""
        return _known(self.bucket, stack).references

    def bind(self, function: lambda_.Function) -> None:
        """Declare the notification on the bucket, and once per bucket the permission."""
        bucket = _known(self.bucket, function.stack)
        notifications = _of_bucket.get(identity(bucket.resource))
        if notifications is None:
            notifications = _of_bucket[identity(bucket.resource)] = _Notifications(bucket)
            at_synthesis(bucket.stack, notifications.check)
        notifications.add(function, self)


@dataclass
class _Notifications:
    """The native notification configuration of one bucket."""

    bucket: KnownBucket
    triggers: list[tuple[str, S3Trigger]] = field(default_factory=list)
    configurations: list[s3.CfnBucket.LambdaConfigurationProperty] = field(default_factory=list)
    permitted: set[str] = field(default_factory=set)

    def add(self, function: lambda_.Function, trigger: S3Trigger) -> None:
        self.check()
        path, arn = function.node.path, function.function_arn
        for other_path, other in self.triggers:
            _check_overlap(self.bucket.bucket.node.path, (other_path, other), (path, trigger))
        if path not in self.permitted:
            self.permitted.add(path)
            self._permit(function, arn)
        rules = [
            s3.CfnBucket.FilterRuleProperty(name=name, value=value)
            for name, value in (("prefix", trigger.prefix), ("suffix", trigger.suffix))
            if value
        ]
        filter_ = s3.CfnBucket.NotificationFilterProperty(s3_key=s3.CfnBucket.S3KeyFilterProperty(rules=rules))
        self.triggers.append((path, trigger))
        for index in range(len(self.configurations), len(self.configurations) + len(trigger.event_types)):
            note(self.bucket.resource, trigger.declared_at, "NotificationConfiguration", "LambdaConfigurations", index)
        self.configurations += [
            s3.CfnBucket.LambdaConfigurationProperty(event=event, function=arn, filter=filter_ if rules else None)
            for event in trigger.event_types
        ]
        self.bucket.resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            lambda_configurations=self.configurations
        )

    def _permit(self, function: lambda_.Function, arn: str) -> None:
        permission = lambda_.CfnPermission(
            function,
            f"{relative_path(self.bucket.bucket, function.stack)}Permission",
            action="lambda:InvokeFunction",
            function_name=arn,
            principal="s3.amazonaws.com",
            source_account=self.bucket.stack.account,
            source_arn=self.bucket.arn,
        )
        # S3 checks at once that it may invoke the function, but nothing in the bucket refers to the permission.
        self.bucket.resource.add_resource_dependency(permission)

    def check(self) -> None:
        """Refuse a second author of the bucket's notifications: the last one written would erase the others."""
        bucket, resource = self.bucket.bucket, self.bucket.resource
        if bucket.node.try_find_child("Notifications") is not None:
            raise _conflict(bucket, "a helper function of `add_event_notification` or `event_bridge_enabled`")
        # The typed property would take a call for each of its parts.
        written: Any = resource._cfn_properties.get("notificationConfiguration")  # noqa: SLF001  (protected in CDK)
        only_functions = isinstance(written, dict) and written.keys() == {"lambdaConfigurations"}
        count = len(written["lambdaConfigurations"]) if only_functions else 0 if written is None else -1
        if count != len(self.configurations):
            raise _conflict(bucket, "an assignment to its `notification_configuration`")


_of_bucket: dict[str, _Notifications] = {}


def buckets_with_triggers(stack: cdk.Stack) -> list[KnownBucket]:
    """The buckets of `stack` that wait for a function."""
    of_stack = identity(stack)
    return [one.bucket for one in _of_bucket.values() if identity(one.bucket.stack) == of_stack]


_known_buckets: dict[str, KnownBucket] = {}


def _known(bucket: s3.IBucket, stack: cdk.Stack) -> KnownBucket:
    known = _known_buckets.get(identity(bucket)) or KnownBucket.of(bucket)
    if known is None:
        raise _unknown_name(bucket)
    _known_buckets[identity(bucket)] = known
    if not known.means_the_same_in(stack):
        raise _name_of_other_stack(known, stack)
    return known


def _unknown_name(bucket: s3.IBucket) -> ConstructsLibError:
    path = bucket.node.path
    if not isinstance(bucket.node.default_child, s3.CfnBucket):
        return ConstructsLibError(
            Diagnostic(
                reference="s3-trigger-imported-bucket",
                headline=f"`{path}` is an imported bucket, so this app cannot set its notifications",
                notes=("a bucket has one notification configuration; it belongs to the stack of the bucket",),
                helps=(
                    "declare the trigger in the app that declares the bucket",
                    "or let the bucket send its events to EventBridge and trigger the function by a rule",
                ),
            )
        )
    return ConstructsLibError(
        Diagnostic(
            reference="s3-trigger-bucket-name-unknown",
            headline=f"`{path}` triggers a function, but its name is not known before it is created",
            notes=(
                "the bucket waits for the function, so nothing of the function may wait for the bucket",
                "on a bucket that is deployed already a new name means a new, empty bucket",
            ),
            helps=(f'name it, e.g. s3.Bucket(self, "{bucket.node.id}", bucket_name=stable_name("photos"), …)',),
        )
    )


def _name_of_other_stack(known: KnownBucket, stack: cdk.Stack) -> ConstructsLibError:
    return ConstructsLibError(
        Diagnostic(
            reference="stable-name-other-stack",
            headline=f"the name of `{known.bucket.node.path}` means another bucket in the stack `{stack.node.path}`",
            notes=("a stable name ends with a part of `AWS::StackId`: every stack, nested or not, has another",),
            helps=(
                f"declare the function in the bucket's stack `{known.stack.node.path}`",
                'or give the bucket a name that every stack can tell, e.g. f"photos-{Aws.ACCOUNT_ID}-{Aws.REGION}"',
            ),
        )
    )


def _wrong_bucket(given: object) -> ConstructsLibError:
    return ConstructsLibError(
        Diagnostic(
            reference="trigger-wrong-resource",
            headline=f"`S3Trigger` needs an S3 bucket, but was given a `{type(given).__name__}`",
            evidence=f"given: `{given}`",
            helps=('pass the construct itself, e.g. S3Trigger(photos, prefix="originals/")',),
        )
    )


def _check_filter(name: str, value: str) -> None:
    wildcard = next((character for character in value if character in "*?"), None)
    if wildcard:
        plain = [part for part in value.replace("?", "*").split("*") if part]
        both = name == "prefix" and len(plain) == 2 and not value.startswith(("*", "?"))  # noqa: PLR2004
        literal = (plain or [""])[0 if name == "prefix" else -1]
        raise ConstructsLibError(
            Diagnostic(
                reference="s3-filter-wildcard",
                headline=f"the {name} `{value}` holds `{wildcard}`, which S3 takes literally",
                notes=("S3 filters know no wildcards; a prefix and a suffix are compared character by character",),
                helps=(
                    f'write prefix="{plain[0]}", suffix="{plain[1]}"'
                    if both
                    else f'write the plain {name}, e.g. {name}="{literal}"'
                    if literal
                    else f"leave the {name} out",
                ),
            )
        )
    if len(value.encode()) > _LONGEST_KEY:
        raise ConstructsLibError(
            Diagnostic(
                reference="s3-filter-too-long",
                headline=f"the {name} has {len(value.encode())} bytes, but no key has more than {_LONGEST_KEY}",
                helps=(f"shorten the {name}",),
            )
        )


def _unknown_event(unknown: Sequence[str]) -> ConstructsLibError:
    if not unknown:
        headline, helps = "an S3 trigger without an event never fires", [f'leave out `events`: it means "{EVENTS[0]}"']
    else:
        headline = f"S3 has no event `{unknown[0]}`"
        near = difflib.get_close_matches(unknown[0], EVENTS, n=3, cutoff=0.5)
        helps = [f"did you mean {' or '.join(f'`{event}`' for event in near)}?"] if near else []
        helps.append("or a member of `s3.EventType`, e.g. s3.EventType.OBJECT_CREATED")
    return ConstructsLibError(Diagnostic(reference="s3-event-unknown", headline=headline, helps=tuple(helps)))


def _overlapping_events(one: str, other: str) -> ConstructsLibError:
    return ConstructsLibError(
        Diagnostic(
            reference="s3-trigger-overlap",
            headline=f"the events `{one}` and `{other}` of one trigger overlap, which S3 refuses",
            helps=("keep the wider one",),
        )
    )


def _check_overlap(bucket: str, first: tuple[str, S3Trigger], second: tuple[str, S3Trigger]) -> None:
    (first_path, one), (second_path, other) = first, second
    witness = overlap(one, other)
    if witness is None:
        return
    width = max(len(first_path), len(second_path))
    lines = [f"{path:{width}}  {_describe(trigger)}" for path, trigger in (first, second)]
    same = first_path == second_path
    raise ConstructsLibError(
        Diagnostic(
            reference="s3-trigger-overlap",
            headline=f"two triggers of `{bucket}` match the same object and event, which S3 refuses",
            evidence="\n".join(lines),
            witness=f"key `{witness.key}` with event `{witness.event}` matches both",
            helps=(
                "make the prefixes or the suffixes differ, so that no key has both"
                if not same
                else "one trigger is enough: leave one of them out, or make their prefixes or suffixes differ",
                "or let the bucket send its events to EventBridge, where rules may overlap",
            ),
        )
    )


def _describe(trigger: S3Trigger) -> str:
    filters = [f"{name} `{value}`" for name in ("prefix", "suffix") if (value := getattr(trigger, name))]
    return f"{', '.join(trigger.event_types)} on {' and '.join(filters) or 'every key'}"


def _conflict(bucket: s3.IBucket, author: str) -> ConstructsLibError:
    return ConstructsLibError(
        Diagnostic(
            reference="s3-notification-conflict",
            headline=f"the notifications of `{bucket.node.path}` have two authors",
            evidence=f"an S3Trigger declares them on the bucket itself, {author} replaces them",
            notes=("a bucket has one notification configuration: what is written last erases the rest",),
            helps=("declare every function that the bucket invokes by S3Trigger, or none",),
        )
    )
