"""SAM's own translator, as the oracle of our reader."""

from __future__ import annotations

import copy
import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from constructs_lib.loops import check
from constructs_lib.templates import Template

if TYPE_CHECKING:
    from constructs_lib.loops import Report
    from tests.loops_proof.builder import Body

__all__ = ["claims", "translated"]

_FUNCTION = "AWS::Serverless::Function"
_CODE = {"CodeUri": "s3://packages/code", "Handler": "index.handler", "Runtime": "python3.12"}
_SAM = "AWS::Serverless-2016-10-31"
_LOCAL = ("ContentUri", "DefinitionUri")


def translated(document: Body) -> Body:
    """The template in plain CloudFormation; where it lacks code, as if `sam package` had uploaded some."""
    document = copy.deepcopy(document)
    shared = document.get("Globals", {}).get("Function", {})
    for resource in document["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == _FUNCTION:
            properties = resource.setdefault("Properties", {})
            properties.update({key: value for key, value in _CODE.items() if key not in {**shared, **properties}})
            if "InlineCode" in properties:
                del properties["CodeUri"]
            else:
                properties["CodeUri"] = _CODE["CodeUri"]
        for key in _LOCAL:
            if isinstance(properties.get(key), str):
                properties[key] = _CODE["CodeUri"]
        if resource["Type"] == "AWS::Serverless::Application":
            properties["Location"] = "https://packages.s3.amazonaws.com/template"
    transforms = document.get("Transform", [])
    found: Body = json.loads(json.dumps(Translator(_managed_policies(), Parser()).translate(document, {})))
    # Other macros are still to come.
    others = [name for name in transforms if name != _SAM] if isinstance(transforms, list) else []
    return {**found, "Transform": others} if others else found


@cache
def _managed_policies() -> dict[str, str]:
    names = json.loads(files("constructs_lib.loops").joinpath("managed_policies.json").read_text("utf-8"))
    return {name.rpartition("/")[2]: f"arn:aws:iam::aws:policy/{name}" for name in names}


def claims(document: Any) -> tuple[str, list[tuple[str, tuple[str, ...]]]]:
    """What the check says of a template: the verdict, and of each finding the verdict and the path."""
    report: Report = check([Template.of(document)])
    found = {(finding.verdict, tuple(step.source_id for step in finding.path)) for finding in report.findings}
    return report.verdict, sorted(found)
