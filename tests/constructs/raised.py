"""The text of what is raised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import assertions

from constructs_lib.errors import ConstructsLibError, recall

if TYPE_CHECKING:
    from collections.abc import Callable

    import aws_cdk as cdk

__all__ = ["text_at_synthesis", "text_of"]


def text_of(action: Callable[[], Any]) -> str:
    with pytest.raises(ConstructsLibError) as raised:
        action()
    return str(raised.value)


def text_at_synthesis(stack: cdk.Stack) -> str:
    """What remains of an error that crossed jsii."""
    with pytest.raises(RuntimeError) as raised:
        assertions.Template.from_stack(stack)
    ours = recall(raised.value)
    assert ours
    return str(ours)
