"""One template: its sections and resources, checked for shape once, so that later code need not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from constructs_lib.templates.documents import parse, read_text, unreadable

__all__ = ["Resource", "Template", "read"]

_SECTIONS = frozenset({"AWSTemplateFormatVersion", "Transform", "Parameters", "Rules", "Conditions", "Outputs"})
_HIDDEN_IDS = ("/Resource", "/Default")


@dataclass(frozen=True)
class Resource:
    """One resource of a template.

    Args:
        logical_id: its name inside the template.
        type: e.g. `AWS::S3::Bucket`.
        properties: its `Properties`, intrinsics unresolved.
        body: the whole entry.
        at: where in the document stands what makes it, if that is not its own entry, e.g. a SAM event.
    """

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    body: Mapping[str, Any] = field(repr=False)
    at: tuple[str | int, ...] = ()

    @property
    def construct_path(self) -> str | None:
        """The CDK construct's path, e.g. `Thumbnails/Photos`, if the template carries it."""
        metadata = self.body.get("Metadata")
        path = metadata.get("aws:cdk:path") if isinstance(metadata, Mapping) else None
        if not isinstance(path, str):
            return None
        for hidden in _HIDDEN_IDS:
            path = path.removesuffix(hidden)
        return path


@dataclass(frozen=True)
class Template:
    """A CloudFormation or SAM template.

    Args:
        name: what to call it: the stack's name, or the file's.
        document: the whole document; short tags in their long form.
        resources: by logical id.
        path: the file, if it is one.
    """

    name: str
    document: Mapping[str, Any] = field(repr=False)
    resources: Mapping[str, Resource] = field(repr=False)
    path: Path | None = None

    @classmethod
    def of(cls, document: Mapping[str, Any], *, name: str = "template", path: Path | None = None) -> Template:
        """The template that a document stands for.

        Raises:
            ConstructsLibError: `template-unreadable` if it has not the shape of a template.

        >>> Template.of({"Resources": {"Photos": {"Type": "AWS::S3::Bucket"}}}).resources["Photos"].type
        'AWS::S3::Bucket'
        """
        shown = str(path or name)
        if not isinstance(document, Mapping):
            raise unreadable(shown, "the document is not a mapping")
        resources = document.get("Resources")
        if resources is None and not _SECTIONS.isdisjoint(document):  # CDK writes such a template for an empty stack
            resources = {}
        if not isinstance(resources, Mapping):
            reason = "it has no `Resources`" if resources is None else "`Resources` is not a mapping"
            raise unreadable(shown, reason)
        for section in ("Parameters", "Mappings", "Conditions", "Outputs", "Globals", "Metadata"):
            if not isinstance(document.get(section) or {}, Mapping):
                raise unreadable(shown, f"`{section}` is not a mapping")
        return cls(name, document, {key: _resource(key, body, shown) for key, body in resources.items()}, path)

    def section(self, name: str) -> Mapping[str, Any]:
        """A top-level section, empty if it is not there."""
        return self.document.get(name) or {}


def _resource(logical_id: Any, body: Any, shown: str) -> Resource:
    if not isinstance(logical_id, str):
        raise unreadable(shown, f"the logical id `{logical_id}` is not a string")
    if isinstance(body, list) and logical_id.startswith("Fn::ForEach::"):
        return Resource(logical_id, "Fn::ForEach", {}, {"Fn::ForEach": body})
    if not isinstance(body, Mapping):
        raise unreadable(shown, f"the resource `{logical_id}` is not a mapping")
    type_ = body.get("Type")
    if not isinstance(type_, str):
        raise unreadable(shown, f"the resource `{logical_id}` has no `Type`")
    properties = body.get("Properties") or {}
    if not isinstance(properties, Mapping):
        raise unreadable(shown, f"the `Properties` of `{logical_id}` are not a mapping")
    return Resource(logical_id, type_, properties, body)


def read(path: Path | str) -> Template:
    """The template in a JSON or YAML file, named after the file.

    Raises:
        ConstructsLibError: `template-unreadable`, with line and column where there is one.
    """
    file = Path(path)
    name = file.name
    for ending in (".json", ".yaml", ".yml", ".template", ".nested"):
        name = name.removesuffix(ending)
    return Template.of(parse(read_text(file), name=str(file)), name=name, path=file)
