"""What a trigger is: an event source that binds itself to a function."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from constructs_lib.declarations import Declared

if TYPE_CHECKING:
    from collections.abc import Mapping

    import aws_cdk as cdk
    import constructs
    from aws_cdk import aws_lambda as lambda_

__all__ = ["Trigger", "relative_path"]


class Trigger(Declared, ABC):
    """Something that wakes a function; a subclass is a frozen dataclass that takes its source positionally."""

    @abstractmethod
    def bind(self, function: lambda_.Function) -> None:
        """Declare what makes the source invoke `function`: permission and configuration."""

    def references(self, stack: cdk.Stack) -> Mapping[str, str]:  # noqa: ARG002  (most sources close no cycle)
        """References that would close a dependency cycle in a function of `stack`, each with what to write instead."""
        return {}


def relative_path(source: constructs.IConstruct, stack: cdk.Stack) -> str:
    """The construct path of an event source as a function of `stack` would say it, for the ids of what binds them.

    The stage does not show, so that two stages get the same logical ids.
    """
    path = source.node.path
    own = f"{stack.node.path}/"
    if path.startswith(own):
        return path.removeprefix(own)
    outer = stack.node.path.rpartition("/")[0]
    return path.removeprefix(f"{outer}/") if outer else path
