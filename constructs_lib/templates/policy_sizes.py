"""Roles whose inline policies are larger than IAM takes, which CloudFormation finds out at deployment only.

"IAM and AWS STS quotas" in the IAM user guide: the inline policies of a role may have 10,240 characters together, white
space not counted. What is not known before the deployment is taken for as short as it can be, so a finding is certain.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from constructs_lib.templates.template import Template

__all__ = ["MAX_INLINE", "LargeRole", "large_roles"]

MAX_INLINE = 10_240
_SHORTEST = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::URLSuffix": "amazonaws.com",
}
_SHORTEST_NAME = "xyz"  # of a bucket; the ARNs of all else are longer, as they have a region or an account
_UNIQUE = {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}
_UUID = "01234567-89ab-cdef-0123-456789abcdef"
_SUBSTITUTION = re.compile(r"\$\{(!?)([^}]*)\}")


@dataclass(frozen=True)
class LargeRole:
    """A role whose inline policies are too large.

    Args:
        logical_id: of the role.
        size: how many characters its policies have at least.
        grants: actions that are granted together, on how many resources, and the size of that; the largest first.
    """

    logical_id: str
    size: int
    grants: tuple[tuple[str, int, int], ...]


def large_roles(template: Template) -> Iterator[LargeRole]:
    """The roles of a template that cannot be made, because their inline policies are too large.

    Args:
        template: its nested stacks are not looked at.
    """
    policies: dict[str, list[Any]] = {}
    for key, resource in template.resources.items():
        if resource.type == "AWS::IAM::Role":
            policies.setdefault(key, []).extend(_listed(resource.properties.get("Policies")))
        elif resource.type == "AWS::IAM::Policy" and "Condition" not in resource.body:
            for role in _listed(resource.properties.get("Roles")):
                if isinstance(role, Mapping) and isinstance(role.get("Ref"), str):
                    policies.setdefault(role["Ref"], []).append(resource.properties)
    texts = _Texts(_bucket_names(template))
    for key, given in policies.items():
        documents = [texts.shortest(policy.get("PolicyDocument")) for policy in given if isinstance(policy, Mapping)]
        size = sum(map(_size, documents))
        if size > MAX_INLINE and key in template.resources:
            yield LargeRole(key, size, tuple(_grants(documents)))


def _grants(documents: list[Any]) -> Iterator[tuple[str, int, int]]:
    resources: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    statements = [
        one for document in documents if isinstance(document, dict) for one in _listed(document.get("Statement"))
    ]
    for statement in statements:
        if isinstance(statement, dict):
            actions = ", ".join(map(str, _listed(statement.get("Action"))))
            resources[actions] += len(_listed(statement.get("Resource")))
            sizes[actions] += _size(statement)
    return ((actions, resources[actions], size) for actions, size in sizes.most_common())


def _size(value: Any) -> int:
    """The characters of its JSON."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return len("".join(text.split()))


def _bucket_names(template: Template) -> dict[str, str]:
    texts = _Texts({})
    buckets = {key: one.properties for key, one in template.resources.items() if one.type == "AWS::S3::Bucket"}
    names = {key: texts.shortest(properties.get("BucketName")) for key, properties in buckets.items()}
    return {key: name for key, name in names.items() if isinstance(name, str) and len(name) > len(_SHORTEST_NAME)}


class _Texts:
    """How short values can be when they are deployed.

    Args:
        names: what is known of the names of buckets, by their logical ids.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._known = {**_SHORTEST, **names}
        self._names = names

    def shortest(self, value: Any) -> Any:
        """The value as short as it can be; None if it may be left out."""
        if isinstance(value, list):
            return [short for inner in value if (short := self.shortest(inner)) is not None]
        if not isinstance(value, Mapping):
            return value
        name, argument = next(iter(value.items()), ("", None))
        if len(value) > 1 or not (name == "Ref" or name.startswith("Fn::")):
            return {key: short for key, inner in value.items() if (short := self.shortest(inner)) is not None}
        if name == "Fn::If" and isinstance(argument, list):
            branches = [self.shortest(branch) for branch in argument[1:]]
            return None if None in branches else min(branches, key=_size, default=None)
        return None if argument == "AWS::NoValue" else self._text(name, argument)

    def _text(self, function: str, argument: Any) -> str:
        text = ""
        match function, argument:
            case "Ref", str():
                text = self._known.get(argument, "")
            case "Fn::GetAtt", [str() as logical_id, "Arn"]:
                text = f"arn:aws:s3:::{self._names.get(logical_id, _SHORTEST_NAME)}"
            case "Fn::GetAtt", str() if "." in argument:
                text = self._text("Fn::GetAtt", argument.split(".", 1))
            case "Fn::Join", [str() as delimiter, list() as parts]:
                text = delimiter.join(part for part in map(self.shortest, parts) if isinstance(part, str))
            case "Fn::Select", _ if {function: argument} == _UNIQUE:
                text = _UUID
            case "Fn::Select", [0 | 1 | 2 | 3 | 4 as index, {"Fn::Split": ["-", unique]}] if unique == _UNIQUE:
                text = _UUID.split("-")[index]
            case "Fn::Sub", str():
                text = self._substituted(argument, {})
            case "Fn::Sub", [str() as template, dict() as variables]:
                text = self._substituted(template, variables)
        return text

    def _substituted(self, text: str, variables: Mapping[str, Any]) -> str:
        def value(found: re.Match[str]) -> str:
            literal, name = found.groups()
            if literal:
                return f"${{{name}}}"
            if name in variables:
                given = self.shortest(variables[name])
                return given if isinstance(given, str) else ""
            return self._text("Fn::GetAtt" if "." in name else "Ref", name)

        return _SUBSTITUTION.sub(value, text)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
