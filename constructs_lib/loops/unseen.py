"""What nobody can see before the deployment, where it may make a loop: unknown macros, and what is not included.

"Perform custom processing on CloudFormation templates with template macros" in the CloudFormation user guide: a macro
of the whole template may change all of it, one inside of a resource what stands beside it and below.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from constructs_lib.loops.hanging import BESIDE
from constructs_lib.loops.report import Finding, Step
from constructs_lib.templates.transforms import TRANSFORM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.templates import Template
    from constructs_lib.templates.system import System
    from constructs_lib.templates.unseen import Unseen

__all__ = ["unseen"]

_WHOLE = {"Transform", "Globals"}
_DEFINED = {"Body", "DefinitionBody"}
"""What an API calls is asked where its functions are looked for."""


def unseen(system: System) -> Iterator[Finding]:
    """What may make a loop that nobody can see, once the resources of a system have been read."""
    for template in system.templates:
        for one in template.unseen:
            if _matters(system, template, one):
                yield _finding(template, one)


def _matters(system: System, template: Template, one: Unseen) -> bool:
    section, *way = one.at
    if section != "Resources":
        return section in _WHOLE
    resource = template.resources.get(str(way[0]))
    if resource is None or resource.type not in system.types_asked_for:
        return resource is None
    holder, *below = way[1:]
    return holder == TRANSFORM or (holder == "Properties" and below[0] not in {*BESIDE, *_DEFINED})


def _finding(template: Template, one: Unseen) -> Finding:
    section, *way = one.at
    holder = str(way[0]) if section == "Resources" else str(section)
    resource = template.resources.get(holder)
    label = (resource.construct_path if resource else None) or (holder if section == "Resources" else template.name)
    name = hashlib.sha256(json.dumps([one.what, holder]).encode("utf-8", "replace")).hexdigest()[:12]
    return Finding(
        reference="invocation-loop-unproven",
        verdict="unproven",
        severity="misconfigured",
        headline=f"nobody can tell {one.what} in `{label}`: it may make a loop",
        path=(Step(label, one.what, label, holder, holder, template, one.at, is_arrow=False),),
        reasons=(f"{one.what} is known at deployment only",),
        helps=(
            "write into the template what it makes, or keep what is included in a file beside it",
            f"if it makes no loop, acknowledge `{name}` with a reason and what bounds it",
        ),
        fingerprint=name,
    )
