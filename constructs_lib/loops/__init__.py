"""Proof that no function can wake itself in a circle, over any CloudFormation templates; pure Python."""

from constructs_lib.loops.check import check
from constructs_lib.loops.report import Finding, Report, Step

__all__ = ["Finding", "Report", "Step", "check"]
