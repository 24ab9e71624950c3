"""Proof that no function can wake itself in a circle, over any CloudFormation templates; pure Python."""

from constructs_lib.loops.changes import Change, Fix, Flow
from constructs_lib.loops.check import check
from constructs_lib.loops.report import Acknowledged, Acknowledgement, Finding, Report, Step
from constructs_lib.loops.stages import check_stages

__all__ = [
    "Acknowledged",
    "Acknowledgement",
    "Change",
    "Finding",
    "Fix",
    "Flow",
    "Report",
    "Step",
    "check",
    "check_stages",
]
