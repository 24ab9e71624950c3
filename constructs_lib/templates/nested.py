"""Templates from files, with those that are nested in them and the definitions that they keep in other files.

A nested stack's file is there in a CDK assembly, where it is an asset of its parent, and where a template is to be
packaged: `aws cloudformation package` and SAM take `TemplateURL: ./child.yaml` and `Location: ./child.yaml`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constructs_lib.errors import ConstructsLibError
from constructs_lib.templates.documents import parse, read_text, unreadable
from constructs_lib.templates.files import Files
from constructs_lib.templates.template import Template

if TYPE_CHECKING:
    from collections.abc import Iterable

    from constructs_lib.templates.template import Resource

__all__ = ["STACKS", "flattened", "read"]

MAX_NESTED = 500
MAX_RESOURCES = 100_000
"""With all nested stacks; CloudFormation takes 2,500 resources in one hierarchy of stacks."""
_ENDINGS = (".json", ".yaml", ".yml", ".template", ".nested")
_LOCATIONS = {"AWS::CloudFormation::Stack": "TemplateURL", "AWS::Serverless::Application": "Location"}
STACKS = frozenset(_LOCATIONS)
_MARKS = ("Fn::ForEach::", "Fn::Transform")
_ESCAPED = re.compile(r"\\u00(?:3[aA]|[4-7])")
"""A letter or a colon that JSON hides, perhaps in a mark."""
_DEFINITIONS = {
    "AWS::StepFunctions::StateMachine": ("DefinitionS3Location", "DefinitionString"),
    "AWS::Serverless::StateMachine": ("DefinitionUri", "DefinitionString"),
    "AWS::Serverless::Api": ("DefinitionUri", "DefinitionBody"),
    "AWS::Serverless::HttpApi": ("DefinitionUri", "DefinitionBody"),
    "AWS::ApiGateway::RestApi": ("BodyS3Location", "Body"),
    "AWS::ApiGatewayV2::Api": ("BodyS3Location", "Body"),
}
"""The property that says which file has a definition, and the one that it stands for."""
_WITH_FILES = {*_LOCATIONS, *_DEFINITIONS}


def read(path: Path | str, *, name: str | None = None) -> Template:
    """The template in a JSON or YAML file, and those of its nested stacks whose files are there.

    Args:
        path: the file.
        name: what to call it; by default as the file.

    Raises:
        ConstructsLibError: `template-unreadable`, with line and column where there is one.
    """
    file = Path(path)
    return _read(file, name or _name(file), _Around(Files(file), _Budget()))


def flattened(templates: Iterable[Template]) -> tuple[Template, ...]:
    """All templates in one list, each nested one with the number of its parent in the list."""
    found: list[Template] = []
    work: list[tuple[Template, tuple[int, str] | None]] = [(template, template.parent) for template in templates]
    if not any(template.nested for template, _ in work):
        return tuple(template for template, _ in work)
    for index, (template, parent) in enumerate(work):
        found.append(replace(template, nested={}, parent=parent))
        work += [(child, (index, logical_id)) for logical_id, child in template.nested.items()]
    return tuple(found)


@dataclass
class _Budget:
    """What is left to read."""

    templates: int = MAX_NESTED
    resources: int = MAX_RESOURCES
    documents: dict[Path, tuple[Any, bool]] = field(default_factory=dict)

    def document(self, path: Path) -> tuple[Any, bool]:
        """What a file holds, read once, and whether it is known to have neither loops nor macros inside."""
        if path not in self.documents:
            text = read_text(path)
            try:
                document = json.loads(text)
            except (ValueError, RecursionError):
                self.documents[path] = parse(text, name=str(path)), False
            else:
                hidden = "\\u00" in text and _ESCAPED.search(text)
                self.documents[path] = document, not (hidden or any(mark in text for mark in _MARKS))
        return self.documents[path]


@dataclass(frozen=True)
class _Around:
    """What is around a template.

    Args:
        files: the files that it may name.
        budget: what is left to read.
        above: the files in which it is nested.
    """

    files: Files
    budget: _Budget
    above: tuple[Path, ...] = ()


def _name(file: Path) -> str:
    name = file.name
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return name


def _read(path: Path, name: str, around: _Around, given: Mapping[str, str] | None = None) -> Template:
    budget = around.budget
    document, is_plain = budget.document(path)
    template = Template.of(document, name=name, path=path, files=around.files, given=given, is_plain=is_plain)
    budget.resources -= len(template.resources)
    if budget.resources < 0:
        raise unreadable(str(path), f"its nested stacks have more than {MAX_RESOURCES:,} resources")
    return _with_files(template, path, around)


def _with_files(template: Template, path: Path, around: _Around) -> Template:
    """The template with what its resources keep in other files."""
    if template.types.isdisjoint(_WITH_FILES):
        return template
    nested: dict[str, Template] = {}
    resources: dict[str, Resource] = {}
    outside: list[str] = []
    for key, type_, properties, _ in template.entries():
        if type_ in _LOCATIONS:
            inside = replace(around, above=(*around.above, path.resolve()))
            child = _child(template, template.resources[key], inside)
            if child is not None:
                nested[key] = child
        elif type_ in _DEFINITIONS and _DEFINITIONS[type_][0] in properties:
            found = _defined(template.resources[key], around.files)
            if found is None:
                outside.append(f"the definition of `{key}`")
            elif found is not template.resources[key]:
                resources[key] = found
    if not (nested or resources or outside):
        return template
    return replace(
        template,
        resources={**template.resources, **resources},
        nested=nested,
        not_modelled=(*template.not_modelled, *outside),
    )


def _child(template: Template, resource: Resource, around: _Around) -> Template | None:
    files = around.files
    metadata = resource.body.get("Metadata")
    asset = metadata.get("aws:asset:path") if isinstance(metadata, Mapping) else None
    path = files.find(asset) or files.find(resource.properties.get(_LOCATIONS[resource.type]))
    if path is None:
        return None
    if path.resolve() in around.above:
        raise unreadable(
            str(template.path), f"its nested stack `{resource.logical_id}` is a stack that it is nested in"
        )
    around.budget.templates -= 1
    if around.budget.templates < 0:
        raise unreadable(str(template.path), f"it has more than {MAX_NESTED:,} nested stacks")
    own = resource.properties.get("Parameters")
    given = {key: value for key, value in own.items() if isinstance(value, str)} if isinstance(own, Mapping) else {}
    return _read(path, f"{template.name}/{resource.logical_id}", replace(around, files=files.beside(path)), given)


def _defined(resource: Resource, files: Files) -> Resource | None:
    """The resource with its definition, if a file has it; None if the file is not there or cannot be read."""
    location, there = _DEFINITIONS[resource.type]
    here = ("Definition", there) if there == "DefinitionString" else ("Body", "DefinitionBody")
    value = resource.properties.get(location)
    if value is None or any(name in resource.properties for name in here):
        return resource
    path = files.find(value)
    if path is None:
        return None
    definition: Any
    try:
        definition = files.parse(path)
        if there == "DefinitionString":
            definition = json.dumps(definition, ensure_ascii=False)
    except ConstructsLibError:  # not JSON before its substitutions, e.g. `"Seconds": ${Pause}`
        if there != "DefinitionString":
            return None
        try:
            definition = read_text(path)
        except ConstructsLibError:
            return None
    except (ValueError, RecursionError):
        return None
    return replace(resource, properties={**resource.properties, there: definition})
