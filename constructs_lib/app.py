"""Synthesis of an app, CloudFormation and SAM at once."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import aws_cdk as cdk

from constructs_lib import sam
from constructs_lib.bundling import plan
from constructs_lib.errors import ConstructsLibError, recall, show_errors_without_traceback
from constructs_lib.validation import FAILED, guard_of

if TYPE_CHECKING:
    from aws_cdk import cx_api

__all__ = ["synth"]

_BUNDLED_STACKS = "aws:cdk:bundling-stacks"
_REPORT = "validation-report.json"


def synth(app: cdk.App) -> cx_api.CloudAssembly:
    """Synthesize the app, then write a SAM template and `samconfig.toml` for each stack.

    Use it instead of `app.synth()`. The SAM templates are in the assembly, `cdk.out/sam/<Stack>/template.yaml`. None
    is written when a validation fails (the ones of an earlier run are removed), nor when CDK asks for templates only,
    as `cdk ls` does.

    Args:
        app: the app; all stacks are synthesized, those in stages included.

    Returns:
        The cloud assembly, as `app.synth()` does.

    Raises:
        ConstructsLibError: what was found at synthesis, whole: a loop, a dependency cycle, a build that failed, or
            something that SAM cannot express. Under the CDK CLI a failed validation raises nothing here: CDK has the
            CLI report it and fail.
    """
    show_errors_without_traceback()
    if app.node.try_get_context(_BUNDLED_STACKS) == []:
        return _synthesized(app)
    # What an earlier synthesis wrote would outlive a failure of this one.
    shutil.rmtree(Path(app.outdir) / "sam", ignore_errors=True)
    assembly = _synthesized(app)
    if not _validation_failed(Path(assembly.directory)):
        _report(app, assembly, sam.write(Path(assembly.directory), _sources(app)))
    return assembly


def _synthesized(app: cdk.App) -> cx_api.CloudAssembly:
    try:
        return app.synth()
    except RuntimeError as error:
        guard = guard_of(app)
        if "ValidationFailed" in str(error) and guard and guard.diagnostics:
            found = ConstructsLibError(*guard.diagnostics)
            found.shown = FAILED in str(error)
            raise found from None
        ours = recall(error)
        if ours is None:
            raise
        # A new one: the traceback of the first goes through jsii.
        raise ConstructsLibError(*ours.diagnostics) from None


def _validation_failed(assembly: Path) -> bool:
    """Whether some plugin failed the synthesis; under the CLI only this file tells."""
    report = assembly / _REPORT
    if not report.exists():
        return False
    plugins = json.loads(report.read_text()).get("pluginReports", [])
    return any(plugin.get("conclusion") == "failure" for plugin in plugins)


def _sources(app: cdk.App) -> dict[str, dict[str, sam.CargoSource]]:
    sources: dict[str, dict[str, sam.CargoSource]] = {}
    for function, binary in plan(app).functions:
        stack = cdk.Stack.of(function)
        resource = function.node.default_child
        if isinstance(resource, cdk.CfnElement):
            logical_id = stack.resolve(resource.logical_id)
            source = sam.CargoSource(root=binary.root, binary=binary.name)
            sources.setdefault(stack.artifact_id, {})[logical_id] = source
    return sources


def _report(app: cdk.App, assembly: cx_api.CloudAssembly, emitted: list[sam.Emitted]) -> None:
    """Tell the person at the CDK CLI what was found and where it is; a program reads the assembly."""
    if "CDK_OUTDIR" not in os.environ:
        return
    guard = guard_of(app)
    lines = [f"Loops: {line}" for line in guard.summary.splitlines()] if guard else []
    lines += [f"CloudFormation: {_shown(Path(stack.template_full_path))}" for stack in assembly.stacks_recursively]
    lines += [f"SAM: {_shown(one.template)}" for one in emitted]
    sys.stderr.write("\n".join(lines) + "\n")


def _shown(path: Path) -> str:
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
