"""Stages of one app: each is deployed alone, so each is a system of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from constructs_lib.loops.check import check

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from constructs_lib.loops.report import Acknowledgement, Report
    from constructs_lib.templates import Template

__all__ = ["check_stages"]

_BETWEEN = "what one stage of the app may do to another"


def check_stages(
    stages: Sequence[Iterable[Template]], *, acknowledgements: Sequence[Iterable[Acknowledgement]]
) -> list[Report]:
    """Check each stage as a system of its own.

    Stages are often copies of each other in several accounts, and no template tells in which: taken together, names
    that are the same in all of them, or are made at deployment, would make loops that cannot be. CDK lets no stage
    refer to another. Where one uses another's resources by their names, `check` takes the templates of both.

    Args:
        stages: the templates of each.
        acknowledgements: loops of each that are meant, besides those that the templates' metadata acknowledge.
    """
    reports = [check(one, acknowledgements=meant) for one, meant in zip(stages, acknowledgements, strict=True)]
    if len(reports) == 1:
        return reports
    return [replace(report, not_modelled=(*report.not_modelled, _BETWEEN)) for report in reports]
