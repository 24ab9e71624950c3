"""The template under work: what every fold reads, changes and reports."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from constructs_lib.errors import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from constructs_lib.sam.assembly import FileAsset, Stack

__all__ = ["CargoSource", "Delta", "Draft", "Plain"]


@dataclass(frozen=True)
class CargoSource:
    """Where a function's binary is built from.

    Args:
        root: the Cargo workspace's root folder.
        binary: the name of the binary target.
    """

    root: Path
    binary: str


@dataclass(frozen=True)
class Plain:
    """A resource that SAM has a form of its own for, but that stays CloudFormation, and why."""

    logical_id: str
    reason: str


@dataclass(frozen=True)
class Delta:
    """A difference between what `cdk deploy` and `sam deploy` make of one resource."""

    logical_id: str
    text: str


@dataclass(kw_only=True)
class Draft:
    """A copy of one stack's template on its way to SAM.

    Folds change `document` in place. What cannot be expressed goes to `refusals`; if there is one, nothing is written.
    """

    stack: Stack
    document: dict[str, Any]
    folder: Path
    """Where the template will lie: relative paths in it start here."""
    sources: Mapping[str, CargoSource]
    folded: list[str] = field(default_factory=list)
    plain: list[Plain] = field(default_factory=list)
    deltas: list[Delta] = field(default_factory=list)
    refusals: list[Diagnostic] = field(default_factory=list)
    children: dict[str, Draft] = field(default_factory=dict)
    """The stacks nested in this one, by the logical id of their resource."""

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """The resources of the document, by logical id."""
        resources: dict[str, dict[str, Any]] = self.document.setdefault("Resources", {})
        return resources

    def paths(self, path: str = "") -> Iterator[tuple[str, Draft]]:
        """This draft and those nested in it, each with the path that its logical ids go under."""
        yield path, self
        for name, child in self.children.items():
            yield from child.paths(f"{path}{name}/")

    def family(self) -> Iterator[Draft]:
        """This draft and those nested in it."""
        return (draft for _, draft in self.paths())

    def of_type(self, *types: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each resource of one of these types with its logical id, safe against changes on the way."""
        return ((name, res) for name, res in list(self.resources.items()) if res.get("Type") in types)

    def relative(self, path: Path) -> str:
        """A path as the template writes it, from its own folder."""
        # By real paths: `..` after a symbolic link leads elsewhere than the text suggests.
        return os.path.relpath(os.path.realpath(path), os.path.realpath(self.folder))

    def asset(self, key: Any) -> FileAsset | None:
        """The file behind an object key, if this app's assembly holds it."""
        return self.stack.files.get(key) if isinstance(key, str) else None

    def refuse(self, logical_id: str, subject: str, fix: str, *, note: str = "") -> None:
        """Note that a part of a resource has no SAM form; `subject` names the property."""
        resource = self.stack.document.get("Resources", {}).get(logical_id)
        kind = resource.get("Type", "") if isinstance(resource, dict) else ""
        self.refusals.append(
            Diagnostic(
                reference="sam-cannot-express",
                headline=f"SAM cannot express `{subject}` of `{logical_id}` in stack `{self.stack.id}`",
                evidence=f"{logical_id}  {kind}".rstrip(),
                notes=(note,) if note else (),
                helps=(fix,),
            )
        )
