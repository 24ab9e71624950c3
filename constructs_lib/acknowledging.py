"""Loops that are meant, acknowledged in code: kept in the template's metadata, where every check finds them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk

from constructs_lib.declarations import note, users_line
from constructs_lib.errors import ConstructsLibError, Diagnostic

if TYPE_CHECKING:
    import constructs

__all__ = ["acknowledge"]

_FORM = re.compile(r"[0-9a-f]{12}")
_KEY = "constructs-lib"


def acknowledge(construct: constructs.IConstruct, *, fingerprint: str, reason: str, bound: str) -> None:
    """Tell that an invocation loop is meant, with the reason and what bounds it.

    It is for this one loop: if its edges or what flows over them change, it is another loop, and is reported again.
    An acknowledgement without its loop is an error of its own. A loop over Lambda, SQS, SNS and S3 alone is dropped by
    AWS after about 16 rounds unless its functions have `recursive_loop=lambda_.RecursiveLoop.ALLOW`.

    Args:
        construct: what the loop leads through, e.g. its function, of this library or any other; or a stack.
        fingerprint: the loop's, as the finding tells it.
        reason: why it is meant.
        bound: what ends it, e.g. a counter in the message.

    Raises:
        ConstructsLibError: `acknowledgement-invalid`.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
    """
    path = construct.node.path
    if not _FORM.fullmatch(fingerprint):
        raise _invalid(path, f"`{fingerprint}` is no fingerprint, which has 12 digits from 0 to f")
    for name, text in (("reason", reason), ("bound", bound)):
        if not text.strip():
            raise _invalid(path, f"its `{name}` is empty")
    entry = {"fingerprint": fingerprint, "reason": reason, "bound": bound}
    if isinstance(construct, cdk.Stack):
        note(construct, users_line(), "acknowledge", fingerprint)
        options = construct.template_options
        options.metadata = _with(dict(options.metadata or {}), entry)
        return
    resource: Any = construct if isinstance(construct, cdk.CfnResource) else construct.node.default_child
    if not isinstance(resource, cdk.CfnResource):
        raise _invalid(path, f"`{path}` declares no resource that could hold it")
    note(resource, users_line(), "acknowledge", fingerprint)
    resource.add_metadata(_KEY, _with({_KEY: resource.get_metadata(_KEY)}, entry)[_KEY])


def _with(metadata: dict[str, Any], entry: dict[str, str]) -> dict[str, Any]:
    own = metadata.get(_KEY) or {}
    return {**metadata, _KEY: {**own, "acknowledge": [*own.get("acknowledge", ()), entry]}}


def _invalid(path: str, problem: str) -> ConstructsLibError:
    return ConstructsLibError(
        Diagnostic(
            reference="acknowledgement-invalid",
            headline=f"an acknowledgement of `{path}` cannot be taken: {problem}",
            helps=('e.g. acknowledge(function, fingerprint="0a1b2c3d4e5f", reason="one rewrite", bound="a marker")',),
        )
    )
