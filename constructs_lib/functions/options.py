"""The keywords of `aws_lambda.Function` that pass through, and those that do not, each with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from constructs_lib.errors import ConstructsLibError, Diagnostic

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import aws_cdk as cdk
    from aws_cdk import aws_codeguruprofiler as codeguruprofiler
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_lambda as lambda_
    from aws_cdk import aws_sns as sns
    from aws_cdk import aws_sqs as sqs
    from aws_cdk.interfaces import aws_kms as kms_interfaces
    from aws_cdk.interfaces import aws_lambda as lambda_interfaces
    from aws_cdk.interfaces import aws_logs as logs_interfaces

__all__ = ["REFUSED", "FunctionOptions", "refuse_keywords"]


class FunctionOptions(TypedDict, total=False):
    """Keywords that mean here what they mean for `aws_lambda.Function`.

    https://docs.aws.amazon.com/cdk/api/v2/python/aws_cdk.aws_lambda/Function.html
    """

    adot_instrumentation: lambda_.AdotInstrumentationConfig | dict[str, Any] | None
    allow_all_ipv6_outbound: bool | None
    allow_all_outbound: bool | None
    allow_public_subnet: bool | None
    application_log_level: str | None
    application_log_level_v2: lambda_.ApplicationLogLevel | None
    code_signing_config: lambda_interfaces.ICodeSigningConfigRef | None
    current_version_options: lambda_.VersionOptions | dict[str, Any] | None
    dead_letter_queue: sqs.IQueue | None
    dead_letter_queue_enabled: bool | None
    dead_letter_topic: sns.ITopic | None
    description: str | None
    durable_config: lambda_.DurableConfig | dict[str, Any] | None
    environment_encryption: kms_interfaces.IKeyRef | None
    ephemeral_storage_size: cdk.Size | None
    events: Sequence[lambda_.IEventSource] | None
    filesystem: lambda_.FileSystem | None
    function_name: str | None
    initial_policy: Sequence[iam.PolicyStatement] | None
    insights_version: lambda_.LambdaInsightsVersion | None
    ipv6_allowed_for_dual_stack: bool | None
    layers: Sequence[lambda_.ILayerVersion] | None
    log_format: str | None
    log_group: logs_interfaces.ILogGroupRef | None
    logging_format: lambda_.LoggingFormat | None
    max_event_age: cdk.Duration | None
    memory_size: int | None
    on_success: lambda_.IDestination | None
    params_and_secrets: lambda_.ParamsAndSecretsLayerVersion | None
    profiling: bool | None
    profiling_group: codeguruprofiler.IProfilingGroup | None
    recursive_loop: lambda_.RecursiveLoop | None
    reserved_concurrent_executions: int | None
    retry_attempts: int | None
    role: iam.IRole | None
    runtime_management_mode: lambda_.RuntimeManagementMode | None
    security_groups: Sequence[ec2.ISecurityGroup] | None
    snap_start: lambda_.SnapStartConf | None
    system_log_level: str | None
    system_log_level_v2: lambda_.SystemLogLevel | None
    tenancy_config: lambda_.TenancyConfig | None
    timeout: cdk.Duration | None
    tracing: lambda_.Tracing | None
    vpc: ec2.IVpc | None
    vpc_subnets: ec2.SubnetSelection | dict[str, Any] | None


_OWN_LOG_GROUP = "the log group is a resource of the stack, so nothing has to set its retention later"

REFUSED: Mapping[str, str] = {
    "code": "the code is the binary that `workspace` or `manifest` and `binary` name",
    "handler": "a custom runtime has no handler: Lambda starts the file `bootstrap`",
    "runtime": "the binary is built for `provided.al2023`",
    "architecture": "the binary is built for arm64",
    "log_retention_role": _OWN_LOG_GROUP,
    "log_retention_retry_options": _OWN_LOG_GROUP,
}


def refuse_keywords(keywords: Collection[str], path: str) -> None:
    """Raise for a keyword of `aws_lambda.Function` whose value this library decides, or another keyword does."""
    refused = [
        Diagnostic(
            reference="function-keyword-refused",
            headline=f"`{path}` sets `{keyword}`, which RustFunction decides itself",
            notes=(REFUSED[keyword],),
            helps=(f"leave out `{keyword}`, or use aws_lambda.Function for code that is built elsewhere",),
        )
        for keyword in keywords
        if keyword in REFUSED
    ]
    refused += [
        Diagnostic(
            reference="function-keyword-refused",
            headline=f"`{path}` sets `{keyword}` and `log_group`",
            notes=("a log group that is given has a retention and a removal policy of its own",),
            helps=(f"leave out `{keyword}`, or leave out `log_group` to have one made",),
        )
        for keyword in ("log_retention", "log_removal_policy")
        if keyword in keywords and "log_group" in keywords
    ]
    if refused:
        raise ConstructsLibError(*refused)
