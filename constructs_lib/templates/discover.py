"""From paths to systems: files, folders, and CDK's cloud assemblies."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constructs_lib.errors import ConstructsLibError
from constructs_lib.templates.documents import parse, read_text, unreadable
from constructs_lib.templates.nested import read

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from constructs_lib.templates.template import Template

__all__ = ["Found", "apart", "assembly", "discover", "looks_like_template"]

_ENDINGS = {".json", ".yaml", ".yml", ".template"}
_SKIPPED = {"node_modules", "__pycache__", "target", "site-packages"}
_LOOKS_LIKE_TEMPLATE = re.compile(r"""^Resources\s*:|["']Resources["']\s*:""", re.MULTILINE)
_HAS_TYPES = re.compile(r"""["']?Type["']?\s*:\s*["']?(?:AWS|Custom|Alexa)::""")
_HEAD = 1024 * 1024


@dataclass(frozen=True)
class Found:
    """Templates that are one system, or why they cannot be read.

    Args:
        path: the file or assembly.
        templates: what it holds.
        error: why it cannot be read; None if it can.
        app: the assembly of the app that it is an assembly of; None for a file.
    """

    path: Path
    templates: tuple[Template, ...] = ()
    error: ConstructsLibError | None = None
    app: Path | None = None


def discover(paths: Iterable[Path]) -> Iterator[Found]:
    """The systems under some paths: each assembly one, every other file one of its own.

    A folder is searched for what looks like a template; a file that is named is read whatever it looks like. A
    template that is nested in another one of these belongs to the system of its parent alone.
    """
    found: list[Found] = []
    for path in paths:
        found += _in_folder(path) if path.is_dir() else [_file(path)]
    yield from apart(found)


def apart(found: Sequence[Found]) -> list[Found]:
    """The systems without those whose template is nested in another one of them."""
    nested = {
        os.path.realpath(child.path)  # `Path.resolve` raises on links that lead to themselves
        for one in found
        for template in one.templates
        for child in template.with_nested()
        if child is not template and child.path is not None
    }
    return [one for one in found if os.path.realpath(one.path) not in nested]


def assembly(folder: Path) -> tuple[Template, ...]:
    """The templates of a CDK cloud assembly, named after their stacks; those of nested stacks are in their parents.

    Raises:
        ConstructsLibError: `template-unreadable` if the manifest or a template cannot be read.
    """
    found: list[Template] = []
    for name, artifact in _artifacts(folder / "manifest.json").items():
        if artifact.get("type") != "aws:cloudformation:stack":
            continue
        file = _properties(artifact).get("templateFile")
        if not isinstance(file, str):
            raise unreadable(str(folder / "manifest.json"), f"the artifact `{name}` names no template")
        found.append(read(folder / file, name=str(artifact.get("displayName") or name)))
    return tuple(found)


def _in_folder(folder: Path) -> Iterator[Found]:
    for parent, folders, files in os.walk(folder):
        here = Path(parent)
        if "manifest.json" in files and _is_assembly(here / "manifest.json"):
            yield from _assembly(here, here)
            folders[:] = []
            continue
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and not name.startswith("."))
        for name in sorted(files):
            path = here / name
            if path.suffix in _ENDINGS and looks_like_template(path):
                yield _file(path)


def _assembly(folder: Path, app: Path) -> Iterator[Found]:
    """An assembly and those nested in it: each stage is deployed on its own."""
    try:
        templates = assembly(folder)
        artifacts = _artifacts(folder / "manifest.json")
    except ConstructsLibError as error:
        yield Found(folder, error=error)
        return
    if templates:
        yield Found(folder, templates, app=app)
    for name, artifact in artifacts.items():
        nested = _properties(artifact).get("directoryName")
        if artifact.get("type") != "cdk:cloud-assembly" or not isinstance(nested, str):
            continue
        if _is_within(folder / nested, folder):
            yield from _assembly(folder / nested, app)
        else:
            reason = f"the artifact `{name}` names `{nested}`, which is not within the folder"
            yield Found(folder, error=unreadable(str(folder / "manifest.json"), reason))


def _is_within(path: Path, folder: Path) -> bool:
    """Whether a path leads deeper, so that to follow it comes to an end."""
    return Path(os.path.realpath(folder)) in Path(os.path.realpath(path)).parents


def _file(path: Path) -> Found:
    try:
        return Found(path, (read(path),))
    except ConstructsLibError as error:
        return Found(path, error=error)


def looks_like_template(path: Path) -> bool:
    """Whether a file says `Resources` and names types of resources; it may be broken all the same."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD).decode("utf-8", "replace")
    except OSError:
        return False
    return bool(_LOOKS_LIKE_TEMPLATE.search(head) and _HAS_TYPES.search(head))


def _is_assembly(manifest: Path) -> bool:
    try:
        document = json.loads(manifest.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(document, dict) and isinstance(document.get("version"), str) and "artifacts" in document


def _artifacts(manifest: Path) -> Mapping[str, Mapping[str, Any]]:
    document = parse(read_text(manifest), name=str(manifest))
    artifacts = document.get("artifacts") if isinstance(document, Mapping) else None
    return {key: value for key, value in _mapping(artifacts).items() if isinstance(value, Mapping)}


def _properties(artifact: Mapping[str, Any]) -> Mapping[str, Any]:
    return _mapping(artifact.get("properties"))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
