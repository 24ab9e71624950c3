"""What an access is: IAM statements for one action on one resource."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import constructs

from constructs_lib.declarations import Declared
from constructs_lib.errors import ConstructsLibError, Diagnostic
from constructs_lib.names import URL_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Sequence

    import aws_cdk as cdk
    from aws_cdk import aws_kms as kms

__all__ = ["Access", "Statement", "key_statement", "wrong_resource"]


@dataclass(frozen=True, kw_only=True)
class Statement:
    """An IAM statement that allows actions on resources.

    Args:
        actions: IAM actions, e.g. `s3:GetObject`.
        resources: ARNs; they may hold tokens.
        via_service: the principal of the only service through which the actions are allowed (`kms:ViaService`);
            empty: no condition.
    """

    actions: Sequence[str]
    resources: Sequence[str]
    via_service: str = ""


class Access(Declared, ABC):
    """Something that a function may do; a subclass bears the IAM action's own name."""

    @abstractmethod
    def statements(self) -> Sequence[Statement]:
        """The exact statements that the action needs, its encryption key's included."""


def key_statement(key: kms.IKey | None, service: str, resource: cdk.IResource, *actions: str) -> tuple[Statement, ...]:
    """The use of a resource's own encryption key through its service only; nothing without a key.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
    """
    if key is None:
        return ()
    via = f"{service}.{resource.env.region}.{URL_SUFFIX}"
    return (Statement(actions=actions, resources=[key.key_arn], via_service=via),)


def wrong_resource(access: str, wanted: str, given: object, example: str) -> ConstructsLibError:
    """The error for an access that was given something else than the resource it is about."""
    given_text = f"`{given.node.path}`" if isinstance(given, constructs.Construct) else f"`{given}`"
    return ConstructsLibError(
        Diagnostic(
            reference="access-wrong-resource",
            headline=f"`{access}` is about {wanted}, but was given a `{type(given).__name__}`",
            evidence=f"given: {given_text}",
            helps=(f"pass the construct itself, not its name or ARN, e.g. {example}",),
        )
    )
