"""One spelling for every way to write the same CloudFormation value."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from constructs_lib.sam.references import PLACEHOLDER, own_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["spelled"]


def spelled(node: Any, name: Callable[[str, str | None], str | None] = lambda _id, _attribute: None) -> Any:
    """Spell a value so that equal meanings are equal.

    Text with references becomes one string with `${Id}` and `${Id.Attribute}`, whether it was joined, substituted or a
    lone reference; a literal `${` becomes `${!`, as in `Fn::Sub`. Any other function inside such a text stands there
    as JSON. `name` may give another text for a reference.
    """
    if isinstance(node, str):
        return node.replace("${", "${!")
    if isinstance(node, list):
        return [spelled(item, name) for item in node]
    if not isinstance(node, dict):
        return node
    text = _as_text(node, name)
    return {key: spelled(value, name) for key, value in node.items()} if text is None else text


def _as_text(node: Mapping[str, Any], name: Callable[[str, str | None], str | None]) -> str | None:
    own = own_reference(node)
    if own is not None:
        return _reference(*own, name)
    match node:
        case {"Fn::Join": [str(delimiter), list(parts)], **others} if not others:
            return delimiter.replace("${", "${!").join(_text(spelled(part, name)) for part in parts)
        case {"Fn::Sub": str(text), **others} if not others:
            return _substituted(text, {}, name)
        case {"Fn::Sub": [str(text), dict(variables)], **others} if not others:
            return _substituted(text, {key: spelled(inner, name) for key, inner in variables.items()}, name)
    return None


def _reference(logical_id: str, attribute: str | None, name: Callable[[str, str | None], str | None]) -> str:
    given = name(logical_id, attribute)
    if given is not None:
        return given
    return f"${{{logical_id}.{attribute}}}" if attribute else f"${{{logical_id}}}"


def _substituted(text: str, variables: Mapping[str, Any], name: Callable[[str, str | None], str | None]) -> str:
    def replace(key: str) -> str:
        if key in variables:
            return _text(variables[key])
        logical_id, _, attribute = key.partition(".")
        return _reference(logical_id, attribute or None, name)

    return PLACEHOLDER.sub(lambda match: replace(match.group(1)), text)


def _text(part: Any) -> str:
    return part if isinstance(part, str) else f"${{{json.dumps(part, sort_keys=True)}}}"
