"""Rules for cfn-lint: `cfn-lint --append-rules constructs_lib.cfn_lint template.yaml`.

cfn-lint reads one template at a time, so a loop over several is not seen here; `constructs-lib check` sees it.
`docs/cfn-lint.md` tells how to use them. They need no CDK.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cfnlint.rules import CloudFormationLintRule, RuleMatch

from constructs_lib.errors import ConstructsLibError
from constructs_lib.loops import check
from constructs_lib.templates import Template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.loops import Finding

__all__ = ["Acknowledgement", "InvocationLoop", "NotificationOverlap", "UnprovenInvocationLoop"]


class InvocationLoop(CloudFormationLintRule):  # type: ignore[misc]  # cfn-lint has no types
    """A function that can invoke itself: certain, with a witness. It does the checking for the rules below too."""

    id = "E99001"
    shortdesc = "A function can invoke itself in a circle"
    description = (
        "What the function writes wakes it again, directly or through others: each round costs money until somebody"
        " notices. The message names the path and a key or event that goes round."
    )
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html"
    tags = ("resources", "lambda", "recursion", "cost")

    def __init__(self) -> None:
        super().__init__()
        others = (UnprovenInvocationLoop, NotificationOverlap, Acknowledgement)
        self.child_rules: dict[str, CloudFormationLintRule | None] = {rule.id: None for rule in others}

    def match(self, cfn: Any) -> list[RuleMatch]:
        """Check the template, and hand out each finding to its rule."""
        try:
            findings = check([Template.of(cfn.template)]).findings
        except ConstructsLibError as error:
            # cfn-lint has its own rules for a template's shape, but a check that did not happen has to be told.
            reason = error.diagnostics[0].evidence
            message = f"the template was not checked for invocation loops: {reason}"
            return list(self._matches(UnprovenInvocationLoop.id, [], message))
        return [match for finding in findings for match in self._matches(*_sorted(finding))]

    def _matches(self, id_: str, route: list[str | int], message: str) -> Iterator[RuleMatch]:
        rule = self if id_ == self.id else self.child_rules[id_]
        if rule is not None:
            yield RuleMatch(route, message, rule=rule)


class UnprovenInvocationLoop(CloudFormationLintRule):  # type: ignore[misc]  # cfn-lint has no types
    """A function that may invoke itself: the template does not tell.

    A warning, for that is cfn-lint's word for what is not certain; it fails cfn-lint all the same unless
    `--non-zero-exit-code error` is given.
    """

    id = "W99002"
    shortdesc = "A function may be able to invoke itself in a circle"
    description = (
        "The template does not tell: a text is known at deployment only, or a role or policy is not in the template."
        " What is not known counts as allowed."
    )
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html"
    tags = ("resources", "lambda", "recursion", "cost")


class NotificationOverlap(CloudFormationLintRule):  # type: ignore[misc]  # cfn-lint has no types
    """Two notifications of one bucket that match the same key and event."""

    id = "E99003"
    shortdesc = "Two notifications of a bucket overlap"
    description = (
        "S3 refuses a notification configuration in which one event of one key matches twice, so the deployment fails."
        " The message names such a key and event."
    )
    source_url = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html"
    tags = ("resources", "s3", "notifications")


class Acknowledgement(CloudFormationLintRule):  # type: ignore[misc]  # cfn-lint has no types
    """An acknowledgement of a loop, or a function's `RecursiveLoop`, that does not fit the loops that there are."""

    id = "W99004"
    shortdesc = "An acknowledged loop is not as it says"
    description = (
        "An acknowledgement matches no loop, or a function's RecursiveLoop contradicts it: AWS stops loops over S3, SQS"
        " and SNS unless it is set to Allow, and Allow without a loop takes a protection away."
    )
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html"
    tags = ("resources", "lambda", "recursion")


def _sorted(finding: Finding) -> tuple[str, list[str | int], str]:
    """Which rule a finding belongs to, where it is and what it says."""
    ids = {"loop": InvocationLoop.id, "unproven": UnprovenInvocationLoop.id}
    other = NotificationOverlap.id if finding.severity == "rejected" else Acknowledgement.id
    first = finding.path[0] if finding.path else None
    route = list(first.at or ("Resources", first.source_id)) if first else []
    return ids.get(finding.verdict, other), route, _message(finding)


def _message(finding: Finding) -> str:
    """The finding in one line, as cfn-lint's formats want it."""
    path = "; ".join(map(str, finding.path))
    sentences = [
        f"{finding.headline}: {path}" if path else finding.headline,
        *([finding.witness] if finding.witness else []),
        *([finding.occasion] if finding.when else []),
        *(f"not proven, because {reason}" for reason in finding.reasons),
        *(f"help: {help_}" for help_ in finding.helps[:1]),
    ]
    return "; ".join(sentences).replace("\n", " ")
