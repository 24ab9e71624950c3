"""A function's own role: exactly what was granted, inline, and nothing managed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from constructs_lib.access import Statement
from constructs_lib.declarations import note_grant, users_line
from constructs_lib.names import PARTITION, replace_references

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import constructs

    from constructs_lib.declarations import Line

__all__ = ["InlineRole", "policy_statement"]


class InlineRole(iam.Role):
    """A role that keeps every statement in one inline policy of its own resource.

    CDK's role makes a policy resource apart, and the function has to wait for it; with the statements in the role
    itself the function's reference to the role is all the order there is. Grants by hand
    (`photos.grants.read(function)`) and event sources end up here too.

    Args:
        scope: where the role is declared.
        id: its construct id.
        references: references that would close a dependency cycle, each with what to write instead.
    """

    def __init__(self, scope: constructs.Construct, id: str, *, references: Mapping[str, str]) -> None:  # noqa: A002
        super().__init__(scope, id, assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self._references = references
        self._document = iam.PolicyDocument(minimize=True)
        resource = self.node.default_child
        # With iam.Role.customize_roles() there is no resource, and CDK reports the statements instead.
        self._inline = isinstance(resource, iam.CfnRole)
        if isinstance(resource, iam.CfnRole):
            resource.policies = [iam.CfnRole.PolicyProperty(policy_name="Access", policy_document=self._document)]

    def add_to_principal_policy(self, statement: iam.PolicyStatement) -> iam.AddToPrincipalPolicyResult:
        """Add to the inline policy, without references that would close a dependency cycle."""
        if not self._inline:
            return super().add_to_principal_policy(statement)
        statement = _without(self._references, statement)
        note_grant(self, statement, users_line())
        self._document.add_statements(statement)
        return iam.AddToPrincipalPolicyResult(statement_added=True, policy_dependable=self)

    def add_managed_policy(self, policy: iam.IManagedPolicy) -> None:
        """Attach a managed policy; what CDK attaches for Lambda Insights becomes the statement that it needs."""
        if self._inline and policy.managed_policy_arn.endswith("/CloudWatchLambdaInsightsExecutionRolePolicy"):
            self.allow([_insights(cdk.Stack.of(self))], users_line())
        else:
            super().add_managed_policy(policy)

    def attach_inline_policy(self, policy: iam.Policy) -> None:
        """Attach a policy; what CDK makes of `function.add_to_role_policy()` by a feature flag is taken apart again.

        With the flag each statement is a resource of its own, which may come later than the function that needs it.
        """
        scope = policy.node.scope
        if not (self._inline and scope and policy.node.id.startswith("inlinePolicyAddedToExecutionRole-")):
            super().attach_inline_policy(policy)
            return
        scope.node.try_remove_child(policy.node.id)
        for statement in policy.document.to_json()["Statement"]:
            self.add_to_principal_policy(iam.PolicyStatement.from_json(statement))

    def allow(self, statements: Iterable[Statement], line: Line | None) -> None:
        """Add statements of ours, which a line of the user's code asks for."""
        converted = [policy_statement(statement, self._references) for statement in statements]
        for statement in converted:
            note_grant(self, statement, line)
        if self._inline:
            self._document.add_statements(*converted)
        else:
            for statement in converted:
                super().add_to_principal_policy(statement)


def _insights(stack: cdk.Stack) -> Statement:
    # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/CloudWatchLambdaInsightsExecutionRolePolicy.html
    group = f"arn:{PARTITION}:logs:{stack.region}:{stack.account}:log-group:/aws/lambda-insights:*"
    return Statement(actions=["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], resources=[group])


def policy_statement(statement: Statement, references: Mapping[str, str]) -> iam.PolicyStatement:
    """A statement of ours as CDK knows it."""
    condition = {"StringEquals": {"kms:ViaService": statement.via_service}} if statement.via_service else None
    return iam.PolicyStatement(
        actions=list(statement.actions),
        resources=replace_references(list(statement.resources), references),
        conditions=condition,
    )


def _without(references: Mapping[str, str], statement: iam.PolicyStatement) -> iam.PolicyStatement:
    if not references:
        return statement
    before = {
        "resources": statement.resources,
        "not_resources": statement.not_resources,
        "conditions": statement.conditions,
    }
    after = replace_references(before, references)
    changed = {name: value for name, value in after.items() if value != before[name]}
    return statement.copy(**changed) if changed else statement
