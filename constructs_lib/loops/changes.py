"""Fixes and witnesses as data, for programs that apply them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from constructs_lib.templates import Template

if TYPE_CHECKING:
    from constructs_lib.loops.provenance import Route

__all__ = ["Change", "Fix", "Flow"]


@dataclass(frozen=True)
class Change:
    """Another value in a template.

    Args:
        template: which one.
        at: where in its document, e.g. `("Resources", "Role", "Properties", …)`; mappings on the way that are not
            there are made.
        value: what is to stand there.
    """

    template: Template = field(repr=False)
    at: Route
    value: Any


@dataclass(frozen=True)
class Fix:
    """What breaks a loop.

    Args:
        text: what to do, for people.
        changes: the same for programs; empty where it takes more than the template tells.
    """

    text: str
    changes: tuple[Change, ...] = ()

    def applied_to(self, template: Template) -> Template:
        """A template of the check with what this fix changes in it; code that relies on it has to follow by hand.

        >>> old = Template.of({"Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}}})
        >>> new = Fix("…", (Change(old, ("Resources", "Jobs", "Type"), "AWS::SNS::Topic"),)).applied_to(old)
        >>> new.resources["Jobs"].type
        'AWS::SNS::Topic'
        """
        document: Any = template.document
        for change in self.changes:
            if change.template.document is template.document:
                document = _with(document, change.at, change.value)
        return Template.of(document, name=template.name, path=template.path)


@dataclass(frozen=True)
class Flow:
    """What goes round on one part of a loop's path, until something makes a new message of it.

    Args:
        into: the logical id of the resource that it is put into.
        fields: texts by field, e.g. `key` and `event` of an S3 object, `detail.state`, `attributes.kind`, `body.kind`;
            None for a value that is no text. Other fields may be anything.
    """

    into: str
    fields: Mapping[str, str | None]


def _with(value: Any, at: Route, new: Any) -> Any:
    """A copy of a value with another one inside; what is not changed is shared."""
    if not at:
        return new
    if isinstance(value, list):
        return [_with(item, at[1:], new) if index == at[0] else item for index, item in enumerate(value)]
    known = value if isinstance(value, Mapping) else {}
    return {**known, at[0]: _with(known.get(at[0]), at[1:], new)}
