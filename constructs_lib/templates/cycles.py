"""Cycles that CloudFormation refuses: resources that wait for each other to be created."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from constructs_lib.templates.sam import expanded

if TYPE_CHECKING:
    from constructs_lib.templates.template import Resource, Template

__all__ = ["dependency_cycle", "references", "substitutions"]

_SUBSTITUTION = re.compile(r"\$\{([^!}][^}]*)\}")


def dependency_cycle(template: Template) -> list[str] | None:
    """The shortest circle of references and `DependsOn` in a template, or None.

    CloudFormation refuses such a template only at deployment ("Circular dependency between resources").

    Returns:
        the logical ids in order, each depending on the next, the first one repeated at the end.

    >>> from constructs_lib.templates import Template
    >>> photos = {"Type": "AWS::S3::Bucket", "DependsOn": "Resize"}
    >>> resize = {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Ref": "Photos"}}}
    >>> dependency_cycle(Template.of({"Resources": {"Photos": photos, "Resize": resize}}))
    ['Photos', 'Resize', 'Photos']
    """
    template = expanded(template)
    graph = {
        key: sorted(references(resource) & template.resources.keys()) for key, resource in template.resources.items()
    }
    shortest: list[str] | None = None
    for start in _on_cycles(graph):
        cycle = _shortest_from(start, graph, len(shortest) - 2 if shortest else len(graph))
        shortest = cycle or shortest
    return shortest


def references(resource: Resource) -> set[str]:
    """The names that a resource refers to: parameters, pseudo parameters, resources."""
    depends = resource.body.get("DependsOn", ())
    names = depends if isinstance(depends, list) else [depends]
    found = {name for name in names if isinstance(name, str)}
    apart = {"Type", "DependsOn", "Properties"}
    stack: list[Any] = [value for key, value in resource.body.items() if key not in apart]
    stack.append(resource.properties)
    while stack:
        value = stack.pop()
        if isinstance(value, Mapping):
            if len(value) == 1:
                found.update(_referred(value))
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)
    return found


def substitutions(text: str) -> Iterator[str]:
    """The names inside `${…}` of a `Fn::Sub` text, without `${!literal}`."""
    return (match[1].strip() for match in _SUBSTITUTION.finditer(text))


def _referred(value: Mapping[str, Any]) -> Iterator[str]:
    name, argument = next(iter(value.items()))
    if name == "Ref" and isinstance(argument, str):
        yield argument
    elif name == "Fn::GetAtt":
        target = argument.partition(".")[0] if isinstance(argument, str) else _first(argument)
        if isinstance(target, str):
            yield target
    elif name == "Fn::Sub":
        text: Any = argument
        names: Any = ()
        if isinstance(argument, list) and argument:
            text, names = argument[0], argument[1] if len(argument) > 1 else ()
        if isinstance(text, str):
            own = names if isinstance(names, Mapping) else ()
            yield from (found.partition(".")[0] for found in substitutions(text) if found not in own)


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else None


def _on_cycles(graph: Mapping[str, list[str]]) -> list[str]:
    """What is left after nodes without a way in or out are peeled off: cycles and the ways between them."""
    inward: dict[str, set[str]] = {key: set() for key in graph}
    outward = {key: set(targets) for key, targets in graph.items()}
    for key, targets in graph.items():
        for target in targets:
            inward[target].add(key)
    loose = [key for key in graph if not inward[key] or not outward[key]]
    gone: set[str] = set()
    while loose:
        key = loose.pop()
        if key in gone:
            continue
        gone.add(key)
        for near, far in ((inward, outward), (outward, inward)):
            for other in near[key]:
                far[other].discard(key)
                if not far[other] and other not in gone:
                    loose.append(other)
    return [key for key in graph if key not in gone]


def _shortest_from(start: str, graph: Mapping[str, list[str]], limit: int) -> list[str] | None:
    """The shortest way from a node back to itself in at most `limit` steps."""
    before: dict[str, str] = {}
    queue = deque([(start, 0)])
    while queue:
        node, steps = queue.popleft()
        if steps >= limit:
            return None
        for target in graph[node]:
            if target == start:
                path = [start, node]
                while path[-1] != start:
                    path.append(before[path[-1]])
                return path[::-1]
            if target not in before:
                before[target] = node
                queue.append((target, steps + 1))
    return None
