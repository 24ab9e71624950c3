"""SAM's own translator, the judge of what we emit."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Translate = Callable[[Path], dict[str, Any]]


@pytest.fixture
def translate(monkeypatch: pytest.MonkeyPatch) -> Translate:
    """SAM's own translation of a template file; local code paths stand for packages that `sam package` uploaded."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")

    def run(path: Path) -> dict[str, Any]:
        template = copy.deepcopy(yaml_parse(path.read_text()))
        for resource in template["Resources"].values():
            properties = resource.get("Properties", {})
            for key in ("CodeUri", "ContentUri"):
                if isinstance(properties.get(key), str):
                    properties[key] = "s3://packages/code"
            if resource["Type"] == "AWS::Serverless::Application":
                properties["Location"] = "https://packages.s3.amazonaws.com/template"
        try:
            translated = Translator({}, Parser()).translate(template, {})
        except InvalidDocumentException as error:
            pytest.fail("; ".join(cause.message for cause in error.causes))
        document: dict[str, Any] = json.loads(json.dumps(translated))
        return document

    return run
