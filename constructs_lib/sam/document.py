"""Write a CloudFormation document as YAML that people read: short tags, `!Sub` for joined text, a fixed order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["joined_as_sub", "render"]

# The functions that every reader of a template (CloudFormation, sam, cfn-lint) knows by a short tag.
_TAGS = {
    f"Fn::{name}": f"!{name}"
    for name in [
        "And",
        "Base64",
        "Cidr",
        "Equals",
        "FindInMap",
        "GetAZs",
        "GetAtt",
        "If",
        "ImportValue",
        "Join",
        "Length",
        "Not",
        "Or",
        "Select",
        "Split",
        "Sub",
        "ToJsonString",
    ]
} | {"Ref": "!Ref"}
_SECTIONS = [
    "AWSTemplateFormatVersion",
    "Transform",
    "Description",
    "Metadata",
    "Parameters",
    "Mappings",
    "Conditions",
    "Rules",
    "Globals",
    "Resources",
    "Outputs",
    "Hooks",
]
_RESOURCE = [
    "Type",
    "Condition",
    "DependsOn",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "CreationPolicy",
    "UpdatePolicy",
    "Metadata",
    "Properties",
]


class _Intrinsic:
    """A function in its short form: `tag value`."""

    def __init__(self, tag: str, value: Any) -> None:
        self.tag, self.value = tag, value


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _represent_intrinsic(dumper: Any, data: _Intrinsic) -> yaml.Node:
    if isinstance(data.value, str):
        return yaml.ScalarNode(data.tag, data.value, style=None if _plain(data.value) else '"')
    node: yaml.Node = dumper.represent_data(data.value)
    node.tag = data.tag
    _put_on_one_line(node)
    return node


def _put_on_one_line(node: yaml.Node) -> bool:
    """Write nested lists of a function as `!Select [1, !Split ["-", …]]`, unless there is a mapping in them."""
    if isinstance(node, yaml.ScalarNode):
        return "\n" not in node.value
    if not isinstance(node, yaml.SequenceNode):
        return False
    fits = [_put_on_one_line(item) for item in node.value]
    node.flow_style = all(fits)
    return node.flow_style


def _represent_text(dumper: Any, data: str) -> yaml.Node:
    node: yaml.Node = dumper.represent_scalar("tag:yaml.org,2002:str", data, style="|" if "\n" in data else None)
    return node


_Dumper.add_representer(_Intrinsic, _represent_intrinsic)
_Dumper.add_representer(str, _represent_text)


def render(document: Mapping[str, Any], *, comment: str) -> str:
    """Render a template as YAML; the same document always gives the same bytes.

    Args:
        document: the template, with long-form functions (`{"Ref": …}`, `{"Fn::GetAtt": […]}`).
        comment: lines that go on top, each after a `#`.
    """
    ordered = _ordered(document, _SECTIONS)
    ordered["Resources"] = {name: _ordered(value, _RESOURCE) for name, value in document.get("Resources", {}).items()}
    body = yaml.dump(_shortened(ordered), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=2**20)
    return "".join(f"# {line}\n" for line in comment.splitlines()) + body


def joined_as_sub(node: Any) -> Any:
    """Turn `Fn::Join` with an empty delimiter over text, `Ref` and `Fn::GetAtt` into the `Fn::Sub` people would write.

    Only outside other functions than `Fn::If`: some of them take a `Fn::Join` but no `Fn::Sub`.
    """
    if isinstance(node, list):
        return [joined_as_sub(item) for item in node]
    if not isinstance(node, dict):
        return node
    if len(node) == 1:
        (name, value) = next(iter(node.items()))
        if name == "Fn::Join":
            return _sub_of(value) or node
        if name.startswith("Fn::") and name != "Fn::If":
            return node
    return {key: joined_as_sub(value) for key, value in node.items()}


def _sub_of(join: Any) -> dict[str, Any] | None:
    if not (isinstance(join, list) and len(join) == 2 and join[0] == "" and isinstance(join[1], list)):  # noqa: PLR2004
        return None
    text = ""
    for part in join[1]:
        piece = part.replace("${", "${!") if isinstance(part, str) else _placeholder(part)
        if piece is None or text.endswith("$"):
            return None
        text += piece
    return {"Fn::Sub": text} if "${" in text else None


def _placeholder(part: Any) -> str | None:
    if not (isinstance(part, dict) and len(part) == 1):
        return None
    if isinstance(part.get("Ref"), str):
        return f"${{{part['Ref']}}}"
    attribute = part.get("Fn::GetAtt")
    if isinstance(attribute, list) and all(isinstance(name, str) for name in attribute):
        return f"${{{'.'.join(attribute)}}}"
    return None


def _ordered(mapping: Mapping[str, Any], first: list[str]) -> dict[str, Any]:
    return {key: mapping[key] for key in [*(k for k in first if k in mapping), *(k for k in mapping if k not in first)]}


def _shortened(node: Any) -> Any:
    if isinstance(node, list):
        return [_shortened(item) for item in node]
    if not isinstance(node, dict):
        return node
    if len(node) == 1:
        (name, value) = next(iter(node.items()))
        if name in _TAGS and not (name == "Ref" and not isinstance(value, str)):
            short = _short_value(name, value)
            # YAML allows one tag on a value, so a function directly inside a function keeps its long form outside.
            return {name: short} if isinstance(short, _Intrinsic) else _Intrinsic(_TAGS[name], short)
    return {key: _shortened(value) for key, value in node.items()}


def _short_value(name: str, value: Any) -> Any:
    if name == "Fn::GetAtt" and isinstance(value, list) and all(isinstance(part, str) for part in value):
        return ".".join(value)
    return _shortened(value)


def _plain(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z][\w.]*(::\w+)*", text) is not None
