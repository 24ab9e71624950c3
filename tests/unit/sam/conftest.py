from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib import sam
from constructs_lib.sam import assembly as assemblies
from constructs_lib.sam.draft import Draft

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@pytest.fixture
def draft() -> Callable[[Mapping[str, Any]], Draft]:
    """A draft of a template with these resources, in a stack without assets."""

    def make(resources: Mapping[str, Any]) -> Draft:
        document = {"Resources": dict(resources)}
        stack = assemblies.Stack(
            id="Stack",
            name="Stack",
            region=None,
            document=document,
            template=Path("Stack.template.json"),
            tags={},
            parameters={},
            notifications=(),
            protected=False,
            files={},
            images=("hash-of-image",),
        )
        return Draft(stack=stack, document=document, folder=Path("sam/Stack"), sources={})

    return make


@pytest.fixture
def assembly(tmp_path: Path) -> Callable[..., Path]:
    """A cloud assembly with one stack of these resources and these file assets, object key to path."""

    def make(
        resources: Mapping[str, Any],
        *,
        files: Mapping[str, Mapping[str, Any]] | None = None,
        template: Mapping[str, Any] | None = None,
        **properties: Any,
    ) -> Path:
        folder = tmp_path / "cdk.out"
        folder.mkdir()
        assets = {
            key: {"source": source, "destinations": {"here": {"bucketName": "assets", "objectKey": key}}}
            for key, source in (files or {}).items()
        }
        documents = {
            "manifest.json": {
                "artifacts": {
                    "Stack.assets": {"type": "cdk:asset-manifest", "properties": {"file": "Stack.assets.json"}},
                    "Stack": {
                        "type": "aws:cloudformation:stack",
                        "environment": "aws://unknown-account/unknown-region",
                        "properties": {"templateFile": "Stack.template.json", **properties},
                        "dependencies": ["Stack.assets"],
                    },
                }
            },
            "Stack.template.json": {"Resources": resources, **(template or {})},
            "Stack.assets.json": {"files": assets, "dockerImages": {}},
        }
        for name, document in documents.items():
            (folder / name).write_text(json.dumps(document))
        return folder

    return make


@pytest.fixture
def written(assembly: Callable[..., Path]) -> Callable[..., sam.Emitted]:
    """What is emitted for such an assembly."""

    def make(resources: Mapping[str, Any], **properties: Any) -> sam.Emitted:
        (one,) = sam.write(assembly(resources, **properties), {})
        return one

    return make
