"""Fixes and witnesses as data, for programs that apply them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from constructs_lib.loops.provenance import Route
    from constructs_lib.templates import Template

__all__ = ["Change", "Fix", "Flow", "changed", "changed_document", "with_value"]


@dataclass(frozen=True)
class Change:
    """Another value in a template.

    Args:
        template: which one.
        at: where in its document, e.g. `("Resources", "Role", "Properties", …)`; mappings on the way that are not
            there are made.
        value: what is to stand there; None to take away what does.
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

        >>> from constructs_lib.templates import Template
        >>> old = Template.of({"Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}}})
        >>> new = Fix("…", (Change(old, ("Resources", "Jobs", "Type"), "AWS::SNS::Topic"),)).applied_to(old)
        >>> new.resources["Jobs"].type
        'AWS::SNS::Topic'
        """
        return changed(template, self.changes)


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


def changed(template: Template, changes: Iterable[Change]) -> Template:
    """A template after changes of it and of those nested in it; resources that do not change stay as they were read."""
    nested = {key: changed(child, changes) for key, child in template.nested.items()}
    own = [change for change in changes if change.template.document is template.document]
    if not own:
        return replace(template, nested=nested) if nested else template
    new = template.with_document(changed_document(template, own), [change.value for change in own])
    known = template.resources
    resources = {
        key: known[key] if key in known and known[key].body is resource.body else resource
        for key, resource in new.resources.items()
    }
    return replace(new, resources=resources, nested=nested, not_modelled=template.not_modelled)


def changed_document(template: Template, changes: Iterable[Change]) -> Any:
    """The document of a template after changes of it."""
    document: Any = template.document
    for change in changes:
        document = with_value(document, change.at, change.value)
    return document


def with_value(value: Any, at: Route, new: Any) -> Any:
    """A copy of a value with another one inside, or without it; what is not changed is shared."""
    if not at:
        return new
    if isinstance(value, list):
        items = [with_value(item, at[1:], new) if index == at[0] else item for index, item in enumerate(value)]
        return [item for item in items if item is not None]
    known = value if isinstance(value, Mapping) else {}
    inner = with_value(known.get(at[0]), at[1:], new)
    if inner is None:
        return {key: item for key, item in known.items() if key != at[0]}
    return {**known, at[0]: inner}
