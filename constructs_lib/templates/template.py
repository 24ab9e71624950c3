"""One template: its sections and resources, checked for shape once, so that later code need not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from constructs_lib.templates.documents import unreadable
from constructs_lib.templates.files import Files
from constructs_lib.templates.foreach import WrittenOut, loops_anywhere, written_out
from constructs_lib.templates.transforms import TRANSFORM, Transformed, transforms_anywhere

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from constructs_lib.templates.unseen import Unseen

__all__ = ["Resource", "Template", "construct_path"]

_SECTIONS = frozenset({"AWSTemplateFormatVersion", "Transform", "Parameters", "Rules", "Conditions", "Outputs"})
_NONE: Mapping[str, Any] = {}
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
        return construct_path(self.body)


def construct_path(body: Mapping[str, Any]) -> str | None:
    """The path of the CDK construct that a resource's entry is from, if it carries it."""
    metadata = body.get("Metadata")
    path = metadata.get("aws:cdk:path") if metadata and isinstance(metadata, Mapping) else None
    if not isinstance(path, str):
        return None
    for hidden in _HIDDEN_IDS:
        path = path.removesuffix(hidden)
    return path


class Resources(Mapping[str, Resource]):
    """The resources of a document, checked for shape, each made when it is asked for.

    Args:
        bodies: their entries.
        shown: what to call the template in errors.

    Attributes:
        types: all types that there are.
        attributes: all attributes that any resource has.
    """

    def __init__(self, bodies: Mapping[str, Any], shown: str) -> None:
        self.bodies = {key: body for key, body in bodies.items() if key != TRANSFORM} if TRANSFORM in bodies else bodies
        self._made: dict[str, Resource] = {}
        types: set[str] = set()
        attributes: set[str] = {"Type", "Properties"}
        for key, body in self.bodies.items():
            if not (
                isinstance(key, str)
                and isinstance(body, (dict, Mapping))
                and isinstance(type_ := body.get("Type"), str)
                and isinstance(body.get("Properties") or _NONE, (dict, Mapping))
            ):
                raise unreadable(shown, _misshapen(key, body))
            types.add(type_)
            if len(body) > 2 or "Properties" not in body:  # noqa: PLR2004 - it has not just a type and properties
                attributes.update(body)
        self.types = frozenset(types)
        self.attributes = frozenset(attributes)

    def __getitem__(self, logical_id: str) -> Resource:
        if logical_id not in self._made:
            body = self.bodies[logical_id]
            self._made[logical_id] = Resource(logical_id, body["Type"], body.get("Properties") or {}, body)
        return self._made[logical_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self.bodies)

    def __len__(self) -> int:
        return len(self.bodies)

    def __contains__(self, logical_id: object) -> bool:
        return logical_id in self.bodies


@dataclass(frozen=True)
class Template:
    """A CloudFormation or SAM template.

    Args:
        name: what to call it: the stack's name, or the file's.
        document: the whole document as it is written; short tags in their long form.
        resources: by logical id, those that loops make and files add included.
        path: the file, if it is one.
        sections: what stands in for sections of the document, with what loops make and files add.
        nested: the templates of its nested stacks, by the logical id of the stack; those whose files are there.
        parent: in a list of templates of which some are nested in others, the number of its parent in the list and
            the logical id that it has there.
        not_modelled: what it makes that nobody can tell, for people.
        unseen: likewise, what may change the resources that stand here.
    """

    name: str
    document: Mapping[str, Any] = field(repr=False)
    resources: Mapping[str, Resource] = field(repr=False)
    path: Path | None = None
    sections: Mapping[str, Any] = field(default_factory=dict, repr=False)
    nested: Mapping[str, Template] = field(default_factory=dict, repr=False)
    parent: tuple[int, str] | None = None
    not_modelled: tuple[str, ...] = ()
    unseen: tuple[Unseen, ...] = ()

    @classmethod
    def of(
        cls,
        document: Mapping[str, Any],
        *,
        name: str = "template",
        path: Path | None = None,
        files: Files | None = None,
        given: Mapping[str, str] | None = None,
        is_plain: bool = False,
    ) -> Template:
        """The template that a document stands for, loops written out.

        Args:
            document: the template's document.
            name: what to call it.
            path: the file, if it is one.
            files: the files that it may include; by default none is read.
            given: the parameters whose values are known, as of a nested stack.
            is_plain: whether it is known to have neither loops nor macros inside.

        Raises:
            ConstructsLibError: `template-unreadable` if it has not the shape of a template.

        >>> Template.of({"Resources": {"Photos": {"Type": "AWS::S3::Bucket"}}}).resources["Photos"].type
        'AWS::S3::Bucket'
        """
        shown = str(path or name)
        if not isinstance(document, Mapping):
            raise unreadable(shown, "the document is not a mapping")
        whole = document
        unseen: tuple[Unseen, ...] = ()
        if not is_plain or "Transform" in document:
            transformed = Transformed(document, shown, files)
            whole, unseen = transformed.document, transformed.unseen
        resources = _checked(whole, shown)
        sections = {key: value for key, value in whole.items() if value is not document.get(key)}
        loops = WrittenOut({})
        if not is_plain and loops_anywhere(whole):
            loops = written_out(whole, name=shown, given=given)
            sections.update(loops.sections)
            resources = sections["Resources"]
        found: Mapping[str, Resource] = Resources(resources, shown)
        if resources is not document.get("Resources"):
            found = _placed(found, document.get("Resources") or {}, loops.at)
        unseen = (*unseen, *loops.unseen)
        named = tuple(dict.fromkeys(one.what for one in unseen))
        return cls(name, document, found, path, sections, not_modelled=named, unseen=unseen)

    def entries(self) -> Iterator[tuple[str, str, Mapping[str, Any], Mapping[str, Any]]]:
        """The logical id, the type, the properties and the whole entry of each resource."""
        if isinstance(self.resources, Resources):
            for key, body in self.resources.bodies.items():
                yield key, body["Type"], body.get("Properties") or _NONE, body
        else:
            for key, resource in self.resources.items():
                yield key, resource.type, resource.properties, resource.body

    @property
    def types(self) -> frozenset[str]:
        """The types of all resources."""
        resources = self.resources
        return (
            resources.types if isinstance(resources, Resources) else frozenset(type_ for _, type_, *_ in self.entries())
        )

    def has_attribute(self, name: str) -> bool:
        """Whether any resource has an attribute, e.g. `Metadata`."""
        resources = self.resources
        if isinstance(resources, Resources):
            return name in resources.attributes
        return any(name in body for *_, body in self.entries())

    def section(self, name: str) -> Mapping[str, Any]:
        """A top-level section, empty if it is not there."""
        return (self.sections[name] if name in self.sections else self.document.get(name)) or {}

    def with_sections(self, sections: Mapping[str, Mapping[str, Any]]) -> Template:
        """The template with other sections in place of its own."""
        return replace(self, sections={**self.sections, **sections})

    def with_nested(self) -> Iterator[Template]:
        """The template and those nested in it, at any depth."""
        yield self
        for child in self.nested.values():
            yield from child.with_nested()

    @cached_property
    def _is_plain(self) -> bool:
        return _are_plain([self.document])

    def with_document(self, document: Mapping[str, Any], new: Sequence[Any]) -> Template:
        """The same template with another document; what is nested in it stays.

        Args:
            document: the document.
            new: what is new in it.
        """
        files = Files(self.path) if self.path is not None else None
        is_plain = self._is_plain and _are_plain(new)
        changed = Template.of(document, name=self.name, path=self.path, files=files, is_plain=is_plain)
        return replace(changed, nested=self.nested, parent=self.parent)


def _are_plain(values: Sequence[Any]) -> bool:
    """Whether there are neither loops nor macros inside."""
    return not any(transforms_anywhere(value) or loops_anywhere(value) for value in values)


def _checked(document: Mapping[str, Any], shown: str) -> Mapping[str, Any]:
    """The resources of a document whose sections have the shape of sections."""
    resources = document.get("Resources")
    if resources is None and not _SECTIONS.isdisjoint(document):  # CDK writes such a template for an empty stack
        resources = {}
    if not isinstance(resources, Mapping):
        reason = "it has no `Resources`" if resources is None else "`Resources` is not a mapping"
        raise unreadable(shown, reason)
    for section in ("Parameters", "Mappings", "Conditions", "Outputs", "Globals", "Metadata"):
        if not isinstance(document.get(section) or {}, Mapping):
            raise unreadable(shown, f"`{section}` is not a mapping")
    return resources


def _placed(
    resources: Mapping[str, Resource], written: Mapping[str, Any], loops: Mapping[str, tuple[str | int, ...]]
) -> dict[str, Resource]:
    """The resources, with the loop or the macro that has added them as the place of those that are not written."""
    macro = ("Resources", TRANSFORM) if TRANSFORM in written else ("Transform",)
    return {
        key: replace(resource, at=loops.get(key) or (() if key in written else macro))
        for key, resource in resources.items()
    }


def _misshapen(logical_id: Any, body: Any) -> str:
    """What is wrong with the shape of a resource."""
    if not isinstance(logical_id, str):
        return f"the logical id `{logical_id}` is not a string"
    if not isinstance(body, Mapping):
        return f"the resource `{logical_id}` is not a mapping"
    if not isinstance(body.get("Type"), str):
        return f"the resource `{logical_id}` has no `Type`"
    return f"the `Properties` of `{logical_id}` are not a mapping"
