"""Cognito: what is done to the users of a pool wakes the pool's triggers.

"Customizing user pool workflows with Lambda triggers" in the Amazon Cognito developer guide. Only what takes a grant is
followed: users who sign up or in by themselves are no part of the system.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from constructs_lib.loops.edges.base import Channel, Deposit, EdgeKind, Listener, Message, addresses
from constructs_lib.loops.edges.lambdas import FUNCTION
from constructs_lib.loops.keys import literal
from constructs_lib.loops.languages import Language

if TYPE_CHECKING:
    from constructs_lib.templates.system import System

__all__ = ["UserPools"]

_POOL = "AWS::Cognito::UserPool"
_MESSAGES = ("CustomMessage", "CustomEmailSender", "CustomSMSSender")
_TOKENS = ("PreTokenGeneration", "PreTokenGenerationConfig")
_CHALLENGES = ("DefineAuthChallenge", "CreateAuthChallenge")
_TRIGGERS = {
    "AdminCreateUser": ("PreSignUp", *_MESSAGES),
    "AdminConfirmSignUp": ("PostConfirmation",),
    "AdminInitiateAuth": (
        *("PreAuthentication", "PostAuthentication", "UserMigration"),
        *(*_TOKENS, *_CHALLENGES, *_MESSAGES),
    ),
    "AdminRespondToAuthChallenge": (
        *("PostAuthentication", "VerifyAuthChallengeResponse"),
        *(*_TOKENS, *_CHALLENGES, *_MESSAGES),
    ),
    "AdminResetUserPassword": _MESSAGES,
    "AdminUpdateUserAttributes": _MESSAGES,
}
_DEPOSITS = tuple(
    Deposit(f"cognito-idp:{action}", Message({"trigger": Language((triggers,))}))
    for action, triggers in _TRIGGERS.items()
)


class UserPools(EdgeKind):
    """User pools and their triggers."""

    def channels(self, system: System) -> Iterator[Channel]:
        """All pools."""
        for node in system.nodes(_POOL):
            yield Channel(node, addresses(system, node, "cognito-idp:userpool/"), _DEPOSITS)

    def left_out(self, system: System) -> Iterator[str]:
        """The pools that the Serverless Framework looks up by name when it deploys."""
        for node in system.nodes("Custom::CognitoUserPool"):
            yield f"who changes users of the pool of `{system.label(node)}`"

    def listeners(self, system: System) -> Iterator[Listener]:
        """The functions of all triggers."""
        for node in system.nodes(_POOL):
            for config in system.mapping(node.get("LambdaConfig"), node.template):
                for trigger, value in config.items():
                    for given in system.choices(value, node.template):
                        is_pair = isinstance(given, Mapping) and "LambdaArn" in given
                        let_through = (Message({"trigger": Language(((literal(trigger),),))}),)
                        for arn in system.texts(given["LambdaArn"] if is_pair else given, node.template):
                            yield Listener(node, _POOL, arn, f"trigger {trigger}", (FUNCTION,), let_through)
