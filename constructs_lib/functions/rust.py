"""A Lambda function written in Rust."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import aws_cdk as cdk
import jsii
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs

from constructs_lib.access import Access, Statement
from constructs_lib.access.base import key_statement
from constructs_lib.bundling import CargoCode, find_binary
from constructs_lib.declarations import note, note_grant, users_line
from constructs_lib.errors import ConstructsLibError, Diagnostic, show_errors_without_traceback
from constructs_lib.finish import at_synthesis, identity
from constructs_lib.functions.mending import mend_environment, mend_role, names_of
from constructs_lib.functions.options import FunctionOptions, refuse_keywords
from constructs_lib.functions.role import InlineRole, policy_statement
from constructs_lib.names import PARTITION, replace_references
from constructs_lib.triggers import Trigger
from constructs_lib.triggers.s3 import buckets_with_triggers
from constructs_lib.validation import guard

if TYPE_CHECKING:
    from pathlib import Path

    import constructs
    from typing_extensions import Unpack

    from constructs_lib.declarations import Line

__all__ = ["RustFunction"]

_EXAMPLES = {"triggers": "[S3Trigger(photos)]", "access": "[GetObject(photos)]"}


class RustFunction(lambda_.Function):
    """A binary of a Cargo workspace as a Lambda function: `provided.al2023`, arm64, `bootstrap`.

    At synthesis one cargo run builds all binaries that the app needs. The function has

    - a role of its own, `<id>Role` beside it, with one inline policy: logs, the declared access, what is granted by
      hand, and no managed policy;
    - a log group of its own, `<id>Logs` beside it;
    - for each trigger exactly the permission and the configuration that it needs.

    Args:
        scope: where the function is declared.
        id: its construct id.
        workspace: the folder of the Cargo workspace; relative to the current directory, as CDK's assets are.
        manifest: a member's `Cargo.toml`, instead of `workspace`.
        binary: the name of the binary; may be left out if there is exactly one.
        triggers: what wakes the function.
        access: what the function may touch.
        environment: environment variables. References to a bucket that triggers the function are replaced by its
            name, as they would close a dependency cycle.
        on_failure: where an event goes that the function failed to handle when it was invoked asynchronously: a queue
            or any CDK destination.
        log_retention: how long the logs are kept; by default one month.
        log_removal_policy: what becomes of the logs when the stack is destroyed; by default they go with it.
        options: every other keyword of `aws_lambda.Function`. With `role` the statements are added to that role; with
            `log_group` the logs go there, and its retention is its own.

    Raises:
        ConstructsLibError: `workspace-not-found`, `binary-not-found`, `binary-ambiguous`, `function-keyword-refused`,
            `function-part-misplaced`, and what the triggers raise.
    """

    def __init__(
        self,
        scope: constructs.Construct,
        id: str,  # noqa: A002  (CDK's name)
        *,
        workspace: str | Path | None = None,
        manifest: str | Path | None = None,
        binary: str | None = None,
        triggers: Sequence[Trigger] = (),
        access: Sequence[Access] = (),
        environment: Mapping[str, str] | None = None,
        on_failure: sqs.IQueue | lambda_.IDestination | None = None,
        log_retention: logs.RetentionDays | None = None,
        log_removal_policy: cdk.RemovalPolicy | None = None,
        **options: Unpack[FunctionOptions],
    ) -> None:
        show_errors_without_traceback()
        guard(scope)
        line = users_line()
        path = f"{scope.node.path}/{id}"
        own_logs = {"log_retention": log_retention, "log_removal_policy": log_removal_policy}
        refuse_keywords({**options, **{keyword: value for keyword, value in own_logs.items() if value}}, path)
        wakes = [_part(given, Trigger, "triggers", path) for given in _listed(triggers)]
        touches = [_part(given, Access, "access", path) for given in _listed(access)]
        source = find_binary(workspace=workspace, manifest=manifest, binary=binary)
        stack = cdk.Stack.of(scope)
        self._references = {key: value for trigger in wakes for key, value in trigger.references(stack).items()}

        role = options.pop("role", None) or InlineRole(scope, f"{id}Role", references=self._references)
        log_group = options.pop("log_group", None) or logs.LogGroup(
            scope,
            f"{id}Logs",
            retention=log_retention or logs.RetentionDays.ONE_MONTH,
            removal_policy=log_removal_policy or cdk.RemovalPolicy.DESTROY,
        )
        self._allow(role, [_write_logs(log_group), *_of_options(stack, options)], line)
        for part in touches:
            self._allow(role, part.statements(), part.declared_at)
        destination: Any = on_failure
        if hasattr(on_failure, "grant_send_messages"):
            queue = cast("sqs.IQueue", on_failure)
            self._allow(role, _send_to(queue), line)
            destination = _Queue(queue)
        arguments: dict[str, Any] = {**options}
        super().__init__(
            scope,
            id,
            runtime=lambda_.Runtime.PROVIDED_AL2023,
            architecture=lambda_.Architecture.ARM_64,
            handler="bootstrap",
            code=CargoCode(source),
            role=role,
            log_group=log_group,
            environment=replace_references(dict(environment or {}), self._references),
            on_failure=destination,
            **arguments,
        )
        # An override of the method would be called back by CDK's constructor, before this object exists.
        self.add_environment = self._add_environment  # type: ignore[method-assign]
        note(self, line)
        _note(self, stack)
        for trigger in wakes:
            trigger.bind(self)

    def _allow(self, role: iam.IRole, statements: Sequence[Statement], line: Line | None) -> None:
        if isinstance(role, InlineRole):
            role.allow(statements, line)
            return
        for statement in statements:
            converted = policy_statement(statement, self._references)
            note_grant(role, converted, line)
            role.add_to_principal_policy(converted)

    def _add_environment(self, key: str, value: str, *, remove_in_edge: bool | None = None) -> lambda_.Function:
        value = replace_references(value, self._references)
        return lambda_.Function.add_environment(self, key, value, remove_in_edge=remove_in_edge)


_of_stack: dict[str, list[RustFunction]] = {}


def _note(function: RustFunction, stack: cdk.Stack) -> None:
    functions = _of_stack.setdefault(identity(stack), [])
    if not functions:
        at_synthesis(stack, lambda: _finish(functions, stack))
    functions.append(function)


def _finish(functions: Sequence[RustFunction], stack: cdk.Stack) -> None:
    """Drop what makes a function wait: for its role twice, and for a bucket that waits for the function."""
    names = {stack.resolve(one.resource.logical_id): names_of(one) for one in buckets_with_triggers(stack)}
    for function in functions:
        resource, role = function.node.default_child, function.role and function.role.node.default_child
        if isinstance(resource, lambda_.CfnFunction) and names:
            mend_environment(resource, stack, names)
        if isinstance(role, iam.CfnRole) and isinstance(resource, lambda_.CfnFunction):
            # CDK adds it to every function, although the reference to the role orders them (cfn-lint W3005).
            resource.remove_resource_dependency(role)
            if names:
                mend_role(role, stack, names)


@jsii.implements(lambda_.IDestination)
class _Queue:
    """A queue as destination; unlike CDK's `SqsDestination` it grants nothing: the exact statements are there."""

    def __init__(self, queue: sqs.IQueue) -> None:
        self._arn = queue.queue_arn

    def bind(
        self,
        scope: constructs.Construct,  # noqa: ARG002
        fn: lambda_.IFunction,  # noqa: ARG002
        *,
        type: lambda_.DestinationType,  # noqa: A002, ARG002
    ) -> lambda_.DestinationConfig:
        return lambda_.DestinationConfig(destination=self._arn)


def _write_logs(log_group: Any) -> Statement:
    # The ARN ends with `:*`, as both actions are about the group's streams.
    arn = getattr(log_group, "log_group_arn", None) or log_group.log_group_ref.log_group_arn
    return Statement(actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[arn])


def _send_to(queue: sqs.IQueue) -> tuple[Statement, ...]:
    return (
        Statement(actions=["sqs:SendMessage"], resources=[queue.queue_arn]),
        *key_statement(queue.encryption_master_key, "sqs", queue, "kms:Decrypt", "kms:GenerateDataKey"),
    )


def _of_options(stack: cdk.Stack, options: FunctionOptions) -> list[Statement]:
    """What CDK grants by managed policies to the role it would make, as statements."""
    statements = []
    if options.get("vpc"):
        # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaVPCAccessExecutionRole.html
        interface = ["CreateNetworkInterface", "DeleteNetworkInterface", "DescribeNetworkInterfaces"]
        addresses = ["AssignPrivateIpAddresses", "UnassignPrivateIpAddresses"]
        actions = [f"ec2:{action}" for action in (*addresses, *interface, "DescribeSubnets")]
        statements.append(Statement(actions=actions, resources=["*"]))
    if options.get("durable_config"):
        # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaBasicDurableExecutionRolePolicy.html
        functions = f"arn:{PARTITION}:lambda:{stack.region}:{stack.account}:function:*"
        actions = ["lambda:CheckpointDurableExecution", "lambda:GetDurableExecutionState"]
        statements.append(Statement(actions=actions, resources=[functions]))
    return statements


def _listed(given: object) -> Sequence[Any]:
    """A single trigger or access counts as a list of one."""
    return given if isinstance(given, Sequence) else [given]


def _part(given: Any, kind: type[Any], keyword: str, path: str) -> Any:
    if isinstance(given, kind):
        return given
    belongs = isinstance(given, Trigger | Access)
    raise ConstructsLibError(
        Diagnostic(
            reference="function-part-misplaced",
            headline=f"`{path}` has a `{type(given).__name__}` among its {keyword}",
            evidence=f"{keyword}: `{given}`",
            helps=(
                f"move it to `{'access' if keyword == 'triggers' else 'triggers'}`"
                if belongs
                else f"write {keyword}={_EXAMPLES[keyword]}",
            ),
        )
    )
