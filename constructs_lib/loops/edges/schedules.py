"""Who may hand a role to a service has done what that role may: schedules, tasks of ECS, jobs that read and write.

"Granting a user permissions to pass a role to an AWS service" in the IAM user guide, and the roles that each service
asks for: a job of MediaConvert writes objects with one, one of Textract publishes with one that it is done.
"""

from __future__ import annotations

from constructs_lib.loops.edges.base import EdgeKind

__all__ = ["Schedules"]

_RECOGNITIONS = (
    *("CelebrityRecognition", "ContentModeration", "FaceDetection", "FaceSearch", "LabelDetection"),
    *("PersonTracking", "SegmentDetection", "TextDetection"),
)
_JOBS = {
    "bedrock": ("CreateModelInvocationJob",),
    "comprehend": tuple(f"Start{kind}DetectionJob" for kind in ("Entities", "KeyPhrases", "PiiEntities", "Sentiment")),
    "ec2": ("RunInstances",),
    "elasticmapreduce": ("RunJobFlow",),
    "emr-serverless": ("StartJobRun",),
    "mediaconvert": ("CreateJob",),
    "omics": ("StartRun",),
    "rekognition": tuple(f"Start{kind}" for kind in _RECOGNITIONS),
    "sagemaker": ("CreateLabelingJob", "CreateProcessingJob", "CreateTrainingJob"),
    "ssm": ("StartAutomationExecution",),
    "textract": tuple(f"Start{kind}" for kind in ("DocumentAnalysis", "DocumentTextDetection", "ExpenseAnalysis")),
    "transcribe": ("StartCallAnalyticsJob", "StartMedicalTranscriptionJob", "StartTranscriptionJob"),
    "translate": ("StartTextTranslationJob",),
}


class Schedules(EdgeKind):
    """Actions that hand a role over to a service."""

    handovers = (
        ("scheduler:CreateSchedule", "scheduler:schedule/", "scheduler.amazonaws.com"),
        ("scheduler:UpdateSchedule", "scheduler:schedule/", "scheduler.amazonaws.com"),
        ("ecs:StartTask", "ecs:task-definition/", "ecs-tasks.amazonaws.com"),
        ("s3:CreateJob", "s3:job/", "batchoperations.s3.amazonaws.com"),
        ("ecs:RunTask", "ecs:task-definition/", "ecs-tasks.amazonaws.com"),
        ("rds:StartExportTask", "rds:", "export.rds.amazonaws.com"),
        *(
            (f"{service}:{action}", f"{service}:", f"{service}.amazonaws.com")
            for service, actions in _JOBS.items()
            for action in actions
        ),
    )
