"""References to a bucket that waits for the function, replaced in what CDK has resolved.

Most references are replaced as they are declared (`names.replace_references`). What remains hides inside intrinsic
functions, or names a bucket that got its trigger later; at synthesis nothing hides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_lambda as lambda_

    from constructs_lib.names import KnownBucket

__all__ = ["Names", "mend_environment", "mend_role", "names_of", "without_references"]

# By logical id, then by attribute (`Ref` included): what to write instead.
Names = Mapping[str, Mapping[str, Any]]

_SUBSTITUTION = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.([A-Za-z0-9.]+))?\}")


@cache
def names_of(bucket: KnownBucket) -> dict[str, Any]:
    """What each attribute of the bucket is, without the bucket."""
    stack, resource = bucket.stack, bucket.resource
    by_reference = bucket.references
    attributes = {
        "Ref": resource.ref,
        "Arn": resource.attr_arn,
        "DomainName": resource.attr_domain_name,
        "RegionalDomainName": resource.attr_regional_domain_name,
        "DualStackDomainName": resource.attr_dual_stack_domain_name,
    }
    resolved: dict[str, Any] = stack.resolve({name: by_reference[token] for name, token in attributes.items()})
    return resolved


def mend_environment(function: lambda_.CfnFunction, stack: cdk.Stack, names: Names) -> None:
    """Replace references in the function's environment variables."""
    before = stack.resolve(_property(function, "environment"))
    after = without_references(before, names)
    if after != before:
        function.environment = cdk.Token.as_any(after)


def mend_role(role: iam.CfnRole, stack: cdk.Stack, names: Names) -> None:
    """Replace references in the role's inline policies."""
    before = stack.resolve(_property(role, "policies"))
    after = without_references(before, names)
    if after != before:
        role.policies = cdk.Token.as_any(after)


def _property(resource: cdk.CfnResource, name: str) -> Any:
    """A property in one call; a typed one takes many, and cannot carry all that `aws_lambda.Function` keeps there."""
    return resource._cfn_properties.get(name)  # noqa: SLF001  (protected in CDK, not private)


def without_references(value: Any, names: Names) -> Any:
    """A resolved value with each reference to a named resource replaced, inside of intrinsic functions too.

    >>> without_references({"Fn::Join": ["", [{"Ref": "Photos"}, "/x"]]}, {"Photos": {"Ref": "photos-1"}})
    'photos-1/x'
    >>> without_references({"Fn::Sub": "s3://${Photos}/x"}, {"Photos": {"Ref": "photos-1"}})
    {'Fn::Sub': ['s3://${PhotosRef}/x', {'PhotosRef': 'photos-1'}]}
    """
    if isinstance(value, list):
        return [without_references(inner, names) for inner in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        function, argument = next(iter(value.items()))
        if function in _BY_FUNCTION:
            return _BY_FUNCTION[function](argument, names)
    return {key: without_references(inner, names) for key, inner in value.items()}


def _reference(logical_id: str, names: Names) -> Any:
    return names[logical_id]["Ref"] if logical_id in names else {"Ref": logical_id}


def _attribute(argument: str | list[Any], names: Names) -> Any:
    logical_id, _, attribute = (argument if isinstance(argument, str) else ".".join(argument)).partition(".")
    return names.get(logical_id, {}).get(attribute, {"Fn::GetAtt": argument})


def _joined(argument: list[Any], names: Names) -> Any:
    """`Fn::Join`; without a delimiter as flat as CDK writes it."""
    delimiter, parts = argument[0], without_references(argument[1], names)
    if delimiter or not isinstance(parts, list):
        return {"Fn::Join": [delimiter, parts]}
    flat: list[Any] = []
    for part in parts:
        inner = part.get("Fn::Join", [None, None]) if isinstance(part, dict) else [None, None]
        for piece in inner[1] if inner[0] == "" and isinstance(inner[1], list) else [part]:
            if flat and isinstance(piece, str) and isinstance(flat[-1], str):
                flat[-1] += piece
            else:
                flat.append(piece)
    return flat[0] if len(flat) == 1 else {"Fn::Join": ["", flat]}


def _substitution(argument: str | list[Any], names: Names) -> dict[str, Any]:
    text, variables = (argument, {}) if isinstance(argument, str) else argument
    variables = without_references(variables, names)
    added: dict[str, Any] = {}

    def renamed(match: re.Match[str]) -> str:
        logical_id, attribute = match[1], match[2] or "Ref"
        if logical_id in variables or attribute not in names.get(logical_id, {}):
            return match[0]
        name = f"{logical_id}{attribute}"
        added[name] = names[logical_id][attribute]
        return f"${{{name}}}"

    text = _SUBSTITUTION.sub(renamed, text)
    variables = {**variables, **added}
    return {"Fn::Sub": [text, variables] if variables else text}


_BY_FUNCTION: Mapping[str, Callable[[Any, Names], Any]] = {
    "Ref": _reference,
    "Fn::GetAtt": _attribute,
    "Fn::Join": _joined,
    "Fn::Sub": _substitution,
}
