"""What conditions of a statement leave of what it allows, where they say what is put.

Only what a condition leaves for certain is a limit. A value that is not known, or that may be left out, limits nothing,
and neither do `...IfExists`, `ForAnyValue:` and what is denied under a condition.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.keys import ANY, STAR, literal
from constructs_lib.loops.languages import Language
from constructs_lib.templates.texts import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.templates.system import System
    from constructs_lib.templates.template import Template

__all__ = ["Limits", "limits_of", "metrics_of"]

Limits = tuple[tuple[str, Language], ...]
"""The fields of an event that conditions limit, and what they leave of each."""
_FIELDS = {"events:source": "source", "events:detail-type": "detail-type"}
_NAMESPACE = "cloudwatch:namespace"
_NAMING = ("StringEquals", "StringLike")
_EACH = "ForAllValues:"


def limits_of(system: System, statement: Mapping[str, Any], template: Template) -> Limits:
    """What conditions leave of the events that a statement lets put; all of them hold.

    Each event of a request is looked at by itself, and has both a source and a type, so that `ForAllValues:` limits
    them too ("PutEventsRequestEntry" and "PutEventsResultEntry" in the EventBridge API reference).
    """
    found: dict[str, Language] = {}
    for operator, key, value in _conditions(statement):
        globs = _globs(system, operator.removeprefix(_EACH), value, template) if key in _FIELDS else ()
        if globs:
            found[_FIELDS[key]] = found.get(_FIELDS[key], Language()) & Language((globs,))
    return tuple(found.items())


def metrics_of(system: System, statement: Mapping[str, Any], template: Template) -> tuple[str, ...]:
    """The metrics that conditions let put, which is what no resource says; nothing if there is no such condition.

    "Using condition keys to limit access to CloudWatch namespaces" in the CloudWatch user guide.
    """
    named = [(operator, value) for operator, key, value in _conditions(statement) if key == _NAMESPACE]
    globs = [glob for operator, value in named for glob in _globs(system, operator, value, template)]
    return tuple(f"cloudwatch:metric/{glob}/{STAR}" for glob in dict.fromkeys(globs))


def _conditions(statement: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Operators with their keys, which have no case, and the values of these."""
    conditions = statement.get("Condition")
    for operator, keys in conditions.items() if isinstance(conditions, Mapping) else ():
        for key, value in keys.items() if isinstance(keys, Mapping) else ():
            yield str(operator), str(key).lower(), value


def _globs(system: System, operator: str, value: Any, template: Template) -> tuple[str, ...]:
    """What an operator lets a key be; nothing if it limits nothing for certain."""
    if operator not in _NAMING or any(choice is MISSING for choice in system.choices(value, template)):
        return ()
    texts = [text for item in system.items(value, template) for text in system.texts(item, template)]
    if any("${" in text for text in texts):  # a policy's variable may be anything
        return ()
    globs = [literal(text) for text in texts]
    return tuple(glob.replace("*", STAR).replace("?", ANY) if operator == "StringLike" else glob for glob in globs)
