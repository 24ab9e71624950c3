"""Read a synthesized cloud assembly: its stacks, their templates, and the files their assets stand for.

The format is CDK's cloud assembly schema (`manifest.json`, `*.assets.json`), read without CDK, so that any app's
`cdk.out` serves.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from constructs_lib.errors import ConstructsLibError, Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["FileAsset", "Stack", "nested", "read"]


@dataclass(frozen=True, kw_only=True)
class FileAsset:
    """A file or folder that the CDK CLI uploads, as found beside the template."""

    key: str
    path: Path
    executable: tuple[str, ...] = ()
    """A command that makes the file when the CDK CLI publishes it; such a file is not there yet."""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One stack of an assembly: the CloudFormation document and what is known about it outside the document."""

    id: str
    name: str
    region: str | None
    document: dict[str, Any]
    template: Path
    tags: Mapping[str, str]
    parameters: Mapping[str, str]
    notifications: tuple[str, ...]
    protected: bool
    files: Mapping[str, FileAsset]
    """By object key."""
    images: tuple[str, ...]
    """The hashes by which image assets are named in URIs."""


def read(assembly: Path) -> list[Stack]:
    """Read every stack of an assembly and of the assemblies nested in it, sorted by artifact id.

    Raises:
        ConstructsLibError: `sam-no-assembly` if the folder holds no readable cloud assembly.
    """
    return sorted(_stacks(assembly), key=lambda stack: stack.id)


def nested(parent: Stack, template: Path) -> Stack:
    """Read a stack nested in another one; its assets are in the parent's manifest."""
    return replace(
        parent,
        id=template.name.partition(".")[0],
        document=_load(template),
        template=template,
        tags={},
        parameters={},
        notifications=(),
        protected=False,
    )


def _stacks(folder: Path) -> Iterator[Stack]:
    for name, artifact in _artifacts(_load(folder / "manifest.json")).items():
        properties = artifact.get("properties", {})
        if artifact.get("type") == "cdk:cloud-assembly":
            yield from _stacks(folder / properties["directoryName"])
        elif artifact.get("type") == "aws:cloudformation:stack":
            yield _stack(folder, name, artifact, properties)


def _stack(folder: Path, name: str, artifact: Mapping[str, Any], properties: Mapping[str, Any]) -> Stack:
    template = folder / properties["templateFile"]
    files, images = _assets(folder, artifact.get("dependencies", ()))
    region = artifact.get("environment", "").rpartition("/")[2]
    return Stack(
        id=name,
        name=properties.get("stackName", name),
        region=None if region in {"", "unknown-region"} else region,
        document=_load(template),
        template=template,
        tags=properties.get("tags", {}),
        parameters=properties.get("parameters", {}),
        notifications=tuple(properties.get("notificationArns", ())),
        protected=properties.get("terminationProtection", False),
        files=files,
        images=images,
    )


def _assets(folder: Path, dependencies: list[str]) -> tuple[dict[str, FileAsset], tuple[str, ...]]:
    files: dict[str, FileAsset] = {}
    images: list[str] = []
    artifacts = _artifacts(_load(folder / "manifest.json"))
    for dependency in dependencies:
        artifact = artifacts.get(dependency, {})
        if artifact.get("type") != "cdk:asset-manifest":
            continue
        manifest = _load(folder / artifact["properties"]["file"])
        for asset in manifest.get("files", {}).values():
            source = asset["source"]
            for destination in asset["destinations"].values():
                key = destination["objectKey"]
                path = folder / source.get("path", "")
                files[key] = FileAsset(key=key, path=path, executable=tuple(source.get("executable", ())))
        images += [
            destination["imageTag"]
            for asset in manifest.get("dockerImages", {}).values()
            for destination in asset["destinations"].values()
        ]
    return files, tuple(images)


def _artifacts(manifest: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    artifacts: dict[str, dict[str, Any]] = manifest.get("artifacts", {})
    return artifacts


def _load(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = f"`{path.name}` cannot be read: {error.strerror if isinstance(error, OSError) else error}"
    else:
        if isinstance(document, dict):
            return document
        reason = f"`{path.name}` holds no JSON object"
    raise ConstructsLibError(
        Diagnostic(
            reference="sam-no-assembly",
            headline=f"there is no cloud assembly in `{path.parent}`",
            notes=(reason,),
            helps=("synthesize the app first, with `cdk synth` or `app.synth()`",),
        )
    )
