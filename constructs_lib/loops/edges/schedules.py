"""EventBridge Scheduler and ECS: who may create a schedule or run a task with a role has done what that role may do."""

from __future__ import annotations

from constructs_lib.loops.edges.base import EdgeKind

__all__ = ["Schedules"]


class Schedules(EdgeKind):
    """Actions that hand a role over to a service."""

    handovers = (
        ("scheduler:CreateSchedule", "scheduler:schedule/", "scheduler.amazonaws.com"),
        ("scheduler:UpdateSchedule", "scheduler:schedule/", "scheduler.amazonaws.com"),
        ("ecs:RunTask", "ecs:task-definition/", "ecs-tasks.amazonaws.com"),
    )
