"""Work that has to wait until the whole app is declared: once per stack, just before its template is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import constructs
import jsii

from constructs_lib.errors import ConstructsLibError, remember

if TYPE_CHECKING:
    from collections.abc import Callable

    import aws_cdk as cdk

__all__ = ["at_synthesis", "identity"]


def identity(construct: constructs.IConstruct) -> str:
    """A name for the construct that is unique in this process.

    A construct that was made on the other side of jsii has no lasting Python object, so objects cannot serve as keys.
    """
    reference: Any = construct
    return str(reference.__jsii_ref__.ref)


def at_synthesis(stack: cdk.Stack, work: Callable[[], None]) -> None:
    """Call `work` at each synthesis of `stack`, after references are resolved and before the template is written.

    A validation of the stack's node is the only hook that comes so late; one per stack keeps the calls across jsii few.
    """
    finish = _of_stack.get(identity(stack))
    if finish is None:
        finish = _of_stack[identity(stack)] = _Finish()
        stack.node.add_validation(finish)
    finish.work.append(work)


@jsii.implements(constructs.IValidation)
class _Finish:
    def __init__(self) -> None:
        self.work: list[Callable[[], None]] = []

    def validate(self) -> list[str]:
        try:
            for work in self.work:
                work()
        except ConstructsLibError as error:
            raise remember(error) from None
        return []


_of_stack: dict[str, _Finish] = {}
