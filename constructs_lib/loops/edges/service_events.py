"""Services that tell the default bus how it went what they were asked to do: queries, jobs, instances, snapshots.

The events of each service in the EventBridge events reference. Only those count that a rule asks for by their source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.loops.edges.base import Channel, Deposit, EdgeKind, Listener, Message
from constructs_lib.loops.edges.events import BUS, arn_of_default_bus, asked_by_rules
from constructs_lib.loops.languages import Language
from constructs_lib.templates.template import Resource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from constructs_lib.templates.system import System

__all__ = ["ServiceEvents"]

SERVICES = "AWS services"
"""The type of what stands for all services, of which each account has one."""
_STATE = "detail.state"
_INSTANCE = "EC2 Instance State-change Notification"
_SNAPSHOTS = ("RDS DB Snapshot Event", "RDS DB Cluster Snapshot Event")
_FINDINGS = ("Security Hub Findings - Imported", "Findings Imported V2")
_PIPELINE = tuple(f"CodePipeline {part} Execution State Change" for part in ("Pipeline", "Stage", "Action"))
_STACK = ("CloudFormation Stack Status Change", "CloudFormation Resource Status Change")
# By the service's name in policies: the source of its events, and by action what they are called.
_TOLD: Mapping[str, tuple[str, Mapping[str, tuple[str, ...]]]] = {
    "athena": ("aws.athena", {"StartQueryExecution": ("Athena Query State Change",)}),
    "backup": (
        "aws.backup",
        {
            "StartBackupJob": ("Backup Job State Change", "Recovery Point State Change"),
            "StartCopyJob": ("Copy Job State Change", "Recovery Point State Change"),
            "StartRestoreJob": ("Restore Job State Change",),
            "DeleteRecoveryPoint": ("Recovery Point State Change",),
        },
    ),
    "bedrock": ("aws.bedrock", {"CreateModelInvocationJob": ("Batch Inference Job State Change",)}),
    "cloudformation": (
        "aws.cloudformation",
        dict.fromkeys(("CreateStack", "UpdateStack", "DeleteStack", "ExecuteChangeSet"), _STACK),
    ),
    "codedeploy": ("aws.codedeploy", {"CreateDeployment": ("CodeDeploy Deployment State-change Notification",)}),
    "codepipeline": ("aws.codepipeline", {"StartPipelineExecution": _PIPELINE, "RetryStageExecution": _PIPELINE}),
    "datasync": ("aws.datasync", {"StartTaskExecution": ("DataSync Task Execution State Change",)}),
    "ec2": (
        "aws.ec2",
        {
            **dict.fromkeys(("RunInstances", "StartInstances", "StopInstances", "TerminateInstances"), (_INSTANCE,)),
            **dict.fromkeys(("CreateSnapshot", "CreateSnapshots", "CopySnapshot"), ("EBS Snapshot Notification",)),
        },
    ),
    "elasticmapreduce": (
        "aws.emr",
        {
            "AddJobFlowSteps": ("EMR Step Status Change",),
            "RunJobFlow": ("EMR Cluster State Change", "EMR Step Status Change"),
            "TerminateJobFlows": ("EMR Cluster State Change",),
        },
    ),
    "emr-serverless": ("aws.emr-serverless", {"StartJobRun": ("EMR Serverless Job Run State Change",)}),
    "mediaconvert": ("aws.mediaconvert", {"CreateJob": ("MediaConvert Job State Change",)}),
    "rds": (
        "aws.rds",
        {f"{verb}DB{kind}Snapshot": _SNAPSHOTS for verb in ("Create", "Copy", "Delete") for kind in ("", "Cluster")},
    ),
    "sagemaker": (
        "aws.sagemaker",
        {
            "CreateProcessingJob": ("SageMaker Processing Job State Change",),
            "CreateTrainingJob": ("SageMaker Training Job State Change",),
            "CreateTransformJob": ("SageMaker Transform Job State Change",),
            "StartPipelineExecution": ("SageMaker Model Building Pipeline Execution Status Change",),
        },
    ),
    "securityhub": ("aws.securityhub", dict.fromkeys(("BatchImportFindings", "BatchUpdateFindings"), _FINDINGS)),
    "ssm": (
        "aws.ssm",
        {
            "SendCommand": tuple(f"EC2 Command {part}Status-change Notification" for part in ("", "Invocation ")),
            "StartAutomationExecution": ("EC2 Automation Execution Status-change Notification",),
        },
    ),
    "transcribe": (
        "aws.transcribe",
        {
            "StartCallAnalyticsJob": ("Call Analytics Job State Change",),
            "StartMedicalTranscriptionJob": ("Transcribe Job State Change",),
            "StartTranscriptionJob": ("Transcribe Job State Change",),
        },
    ),
    "translate": ("aws.translate", {"StartTextTranslationJob": ("Translate TextTranslationJob State Change",)}),
}
_OF_CALLS = ("detail.eventSource",)
"""What only events of API calls have."""
# The states that follow; of other actions the same ones follow whatever was asked for.
_STATES = {
    "ec2:RunInstances": ("pending", "running", "shutting-down", "terminated"),
    "ec2:StartInstances": ("pending", "running"),
    "ec2:StopInstances": ("stopping", "stopped"),
    "ec2:TerminateInstances": ("shutting-down", "terminated"),
}


class ServiceEvents(EdgeKind):
    """Calls of services that tell how they went."""

    def prepare(self, system: System) -> None:
        """What stands for the services, if a rule asks for events of one."""
        if next(_asked(system), None) is not None:
            body = {"Metadata": {"aws:cdk:path": SERVICES}}
            system.add(system.templates[0], Resource(SERVICES, SERVICES, {}, body))

    def channels(self, system: System) -> Iterator[Channel]:
        """The services that a rule asks for, by all that may be called of them."""
        for node in system.nodes(SERVICES):
            for service in _asked(system):
                source, told = _TOLD[service]
                deposits = (
                    Deposit(action, _event(source, action, kinds), "resource")
                    for action, kinds in ((f"{service}:{name}", kinds) for name, kinds in told.items())
                )
                yield Channel(node, (f"{service}:",), tuple(deposits))

    def listeners(self, system: System) -> Iterator[Listener]:
        """The default bus."""
        for node in system.nodes(SERVICES):
            bus = arn_of_default_bus(system)
            yield Listener(node, SERVICES, bus, "state changes", (BUS,))


def _asked(system: System) -> Iterator[str]:
    """The services whose events rules ask for."""
    asked = asked_by_rules(system)
    return (service for service, (source, _) in _TOLD.items() if f"{source}'" in asked)


def _event(source: str, action: str, kinds: tuple[str, ...]) -> Message:
    fields = {"source": Language(((source,),)), "detail-type": Language((kinds,))}
    states = _STATES.get(action)
    return Message({**fields, _STATE: Language((states,))} if states else fields, _OF_CALLS)
