"""Who may hand a role to a service has done what that role may: schedules, tasks of ECS, S3 Batch Operations."""

from __future__ import annotations

from constructs_lib.loops.edges.base import EdgeKind

__all__ = ["Schedules"]


class Schedules(EdgeKind):
    """Actions that hand a role over to a service."""

    handovers = (
        ("scheduler:CreateSchedule", "scheduler:schedule/", "scheduler.amazonaws.com"),
        ("scheduler:UpdateSchedule", "scheduler:schedule/", "scheduler.amazonaws.com"),
        ("ecs:StartTask", "ecs:task-definition/", "ecs-tasks.amazonaws.com"),
        ("s3:CreateJob", "s3:job/", "batchoperations.s3.amazonaws.com"),
        ("ecs:RunTask", "ecs:task-definition/", "ecs-tasks.amazonaws.com"),
    )
