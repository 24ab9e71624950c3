"""What a condition may leave out: a filter that is not there lets everything through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_lib.templates.structures import is_plain
from constructs_lib.templates.texts import MISSING

if TYPE_CHECKING:
    from constructs_lib.templates.system import System
    from constructs_lib.templates.template import Template

__all__ = ["all_may_be_absent", "may_be_absent"]


def may_be_absent(system: System, value: Any, template: Template) -> bool:
    """Whether a value may turn out to be `AWS::NoValue`."""
    if is_plain(value):
        return value is MISSING
    return any(choice is MISSING for choice in system.choices(value, template))


def all_may_be_absent(system: System, value: Any, template: Template) -> bool:
    """Whether a list may turn out to be empty or `AWS::NoValue`."""
    return any(
        choice is MISSING or (isinstance(choice, list) and all(may_be_absent(system, i, template) for i in choice))
        for choice in system.choices(value, template)
    )
