"""References inside a CloudFormation document: who refers to whom, and how to point a reference elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["PLACEHOLDER", "cycle_through", "depends_on", "found", "own_reference", "redirect", "without_implied_waits"]

PLACEHOLDER = re.compile(r"\$\{([^!}][^}]*)\}")


def found(node: Any) -> Iterator[tuple[str, str | None]]:
    """Yield (logical id or parameter, attribute) for each `Ref`, `Fn::GetAtt` and `Fn::Sub` placeholder in a node."""
    if isinstance(node, list):
        for item in node:
            yield from found(item)
    elif isinstance(node, dict):
        own = own_reference(node)
        if own is not None:
            yield own
        elif "Fn::Sub" in node and len(node) == 1:
            yield from _found_in_sub(node["Fn::Sub"])
        else:
            for value in node.values():
                yield from found(value)


def redirect(node: Any, target: Callable[[str, str | None], Any]) -> Any:
    """Copy a node with each reference replaced by what `target` gives for it; `None` leaves it as it is.

    Inside `Fn::Sub` text a replacement must be a `Ref` or a plain string.
    """
    if isinstance(node, list):
        return [redirect(item, target) for item in node]
    if not isinstance(node, dict):
        return node
    own = own_reference(node)
    if own is not None:
        replacement = target(*own)
        return node if replacement is None else replacement
    if "Fn::Sub" in node and len(node) == 1:
        return {"Fn::Sub": _redirect_in_sub(node["Fn::Sub"], target)}
    return {key: redirect(value, target) for key, value in node.items()}


def depends_on(resource: Mapping[str, Any]) -> list[str]:
    """Give the `DependsOn` of a resource as a list."""
    value = resource.get("DependsOn", [])
    return [value] if isinstance(value, str) else list(value)


def without_implied_waits(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a resource without the `DependsOn` that its own references already mean (cfn-lint: W3005)."""
    result = dict(resource)
    waits = depends_on(result)
    implied = {logical_id for logical_id, _ in found(result.get("Properties", {}))}
    needed = [name for name in waits if name not in implied]
    if needed != waits:
        del result["DependsOn"]
        if needed:
            result["DependsOn"] = needed
    return result


def cycle_through(resources: Mapping[str, Mapping[str, Any]], start: str) -> list[str] | None:
    """Find the shortest dependency cycle through one resource, as `[start, …, start]`, or `None`."""
    came_from: dict[str, str] = {}
    frontier = [start]
    while frontier:
        reached = []
        for owner in frontier:
            for target in _dependencies(resources[owner], resources):
                if target == start:
                    path = [owner]
                    while path[-1] != start:
                        path.append(came_from[path[-1]])
                    return [*reversed(path), start]
                if target not in came_from:
                    came_from[target] = owner
                    reached.append(target)
        frontier = reached
    return None


def _dependencies(resource: Mapping[str, Any], resources: Mapping[str, Any]) -> list[str]:
    referred = [logical_id.partition(".")[0] for logical_id, _ in found(resource.get("Properties", {}))]
    return [name for name in dict.fromkeys([*referred, *depends_on(resource)]) if name in resources]


def own_reference(node: Mapping[str, Any]) -> tuple[str, str | None] | None:
    """Give (logical id, attribute) if a node is itself a `Ref` or `Fn::GetAtt`."""
    if len(node) != 1:
        return None
    if isinstance(node.get("Ref"), str):
        return node["Ref"], None
    attribute = node.get("Fn::GetAtt")
    if isinstance(attribute, str):
        logical_id, _, name = attribute.partition(".")
        return logical_id, name
    if isinstance(attribute, list) and attribute and all(isinstance(part, str) for part in attribute):
        return attribute[0], ".".join(attribute[1:])
    return None


def _found_in_sub(value: Any) -> Iterator[tuple[str, str | None]]:
    text, variables = _sub_parts(value)
    for name in PLACEHOLDER.findall(text):
        if name not in variables:
            logical_id, dot, attribute = name.partition(".")
            yield logical_id, attribute if dot else None
    yield from found(list(variables.values()))


def _redirect_in_sub(value: Any, target: Callable[[str, str | None], Any]) -> Any:
    text, variables = _sub_parts(value)

    def replace(match: re.Match[str]) -> str:
        name = match.group(1)
        if name in variables:
            return match.group()
        logical_id, dot, attribute = name.partition(".")
        replacement = target(logical_id, attribute if dot else None)
        if replacement is None:
            return match.group()
        return replacement if isinstance(replacement, str) else f"${{{replacement['Ref']}}}"

    text = PLACEHOLDER.sub(replace, text)
    if isinstance(value, str):
        return text
    return [text, redirect(variables, target)]


def _sub_parts(value: Any) -> tuple[str, Mapping[str, Any]]:
    if isinstance(value, str):
        return value, {}
    if isinstance(value, list) and len(value) > 1 and isinstance(value[0], str) and isinstance(value[1], dict):
        return value[0], value[1]
    return (value[0], {}) if isinstance(value, list) and value and isinstance(value[0], str) else ("", {})
