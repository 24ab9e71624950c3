"""The loop guard: reads every synthesized template of an app, and stops a synthesis that would deploy a loop.

It is a CDK validation plugin, registered once per app by the first function of ours, or by `guard(app)`. The context
key `constructs-lib:guard` set to false keeps it out.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import aws_cdk as cdk
import jsii

from constructs_lib import loops
from constructs_lib.errors import ConstructsLibError, Diagnostic, remember, show_errors_without_traceback
from constructs_lib.finish import identity
from constructs_lib.templates import Template, dependency_cycle, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import constructs

__all__ = ["CONTEXT_KEY", "FAILED", "Guard", "guard", "guard_of"]

CONTEXT_KEY = "constructs-lib:guard"
FAILED = "ValidationFailed: Validation failed. A copy of this report"  # what CDK raises when it has shown the report


def guard(scope: constructs.IConstruct) -> None:
    """Have the app that `scope` is in checked for loops and dependency cycles at every synthesis.

    Functions of this library do so themselves; call it for an app that has none, e.g. `guard(app)`. Calling it again
    changes nothing. A proven loop, or resources that wait for each other, fail the synthesis for good; what cannot be
    decided fails it too, unless it is acknowledged by its name:
    `Validations.of(scope).acknowledge(Acknowledgment(id="constructs-lib::<reference>", reason="…"))`.

    Args:
        scope: the app, or anything in it.
    """
    show_errors_without_traceback()
    root = scope.node.root
    if identity(root) in _guards or root.node.try_get_context(CONTEXT_KEY) in (False, "false"):
        return
    plugin = _guards[identity(root)] = Guard()
    cdk.Validations.of(root).add_plugins(plugin)


def guard_of(scope: constructs.IConstruct) -> Guard | None:
    """The guard of the app that `scope` is in, if there is one."""
    return _guards.get(identity(scope.node.root))


@dataclass(frozen=True)
class _Finding:
    diagnostic: Diagnostic
    proven: bool
    template: Template
    logical_id: str = ""


@jsii.implements(cdk.IPolicyValidationPlugin)
class Guard:
    """The plugin; after a synthesis it knows what it found."""

    def __init__(self) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = ()
        self.summary = ""

    @property
    def name(self) -> str:
        """How findings are named, and acknowledged."""
        return "constructs-lib"

    @property
    def version(self) -> str | None:
        """Nothing to tell."""
        return None

    @property
    def rule_ids(self) -> list[str] | None:
        """Each reference of `docs/errors` that the guard may report."""
        return None

    def validate(self, context: cdk.IPolicyValidationContext) -> cdk.PolicyValidationPluginReport:
        """Check all templates of the assembly as one system."""
        templates = list(_read(Path(stack.template_path) for stack in context.stack_templates))
        report = loops.check(templates)
        findings = [*_dependency_cycles(templates), *(_loop(found, templates[0]) for found in report.findings)]
        self.summary = report.summary
        self.diagnostics = tuple(finding.diagnostic for finding in findings)
        if findings:
            # Unless a test runs, CDK writes the report to stderr and keeps it out of what it raises.
            error = ConstructsLibError(*self.diagnostics)
            error.shown = True
            remember(error, FAILED)
        return cdk.PolicyValidationPluginReport(
            success=not findings, violations=[_violation(finding) for finding in findings]
        )


def _read(paths: Iterable[Path]) -> Iterator[Template]:
    """The templates of the stacks, with their nested stacks in them, which CDK leaves out: they are assets.

    A nested stack whose own resource is not recognised is read beside the others all the same.
    """
    for path in paths:
        template = _with_construct_paths(read(path))
        yield template
        known = {child.path for child in template.with_nested()}
        manifest = path.with_name(path.name.replace(".template.json", ".assets.json"))
        files = json.loads(manifest.read_text()).get("files", {}).values() if manifest.exists() else ()
        sources = sorted({file["source"].get("path", "") for file in files})
        nested = [path.parent / source for source in sources if source.endswith(".nested.template.json")]
        yield from (read(source) for source in nested if source not in known)


def _with_construct_paths(template: Template) -> Template:
    """The template with `aws:cdk:path` on each resource, which CDK writes only when its CLI asks for it.

    The assembly's metadata has the paths too, for stacks that are not nested.
    """
    path = template.path
    if path is None or any(resource.construct_path for resource in template.resources.values()):
        return template
    metadata = path.with_name(path.name.replace(".template.json", ".metadata.json"))
    if metadata == path or not metadata.exists():
        return template
    resources = dict(template.resources)
    for construct_path, entries in json.loads(metadata.read_text()).items():
        for entry in entries:
            resource = resources.get(entry["data"]) if entry.get("type") == "aws:cdk:logicalId" else None
            if resource is not None:
                own = {"aws:cdk:path": construct_path.removeprefix("/"), **resource.body.get("Metadata", {})}
                resources[resource.logical_id] = replace(resource, body={**resource.body, "Metadata": own})
    return replace(template, resources=resources)


def _dependency_cycles(templates: Iterable[Template]) -> Iterator[_Finding]:
    for template in itertools.chain.from_iterable(one.with_nested() for one in templates):
        cycle = dependency_cycle(template)
        if cycle:
            yield _Finding(_cycle(template, cycle), proven=True, template=template, logical_id=cycle[0])


def _loop(found: loops.Finding, any_template: Template) -> _Finding:
    diagnostic = found.diagnostic()
    if found.fingerprint:
        meant = f'acknowledge(function, fingerprint="{found.fingerprint}", reason="…", bound="…")'
        diagnostic = replace(diagnostic, helps=(*diagnostic.helps, f"if it is meant: {meant}"))
    if not found.path:
        return _Finding(diagnostic, proven=found.verdict == "loop", template=any_template)
    first = found.path[0]
    return _Finding(diagnostic, proven=found.verdict == "loop", template=first.template, logical_id=first.source_id)


def _cycle(template: Template, cycle: Sequence[str]) -> Diagnostic:
    names = {key: template.resources[key].construct_path or key for key in cycle}
    types = {template.resources[key].type for key in cycle}
    width = max(map(len, names.values()))
    evidence = "\n".join(f"{names[one]:{width}}  waits for  {names[other]}" for one, other in itertools.pairwise(cycle))
    return Diagnostic(
        reference="dependency-cycle",
        headline=f"{len(cycle) - 1} resources of `{template.name}` wait for each other, so none can be created",
        evidence=evidence,
        notes=("CloudFormation would refuse the deployment: circular dependency between resources",),
        helps=_ways_out(types),
    )


def _ways_out(types: set[str]) -> tuple[str, ...]:
    general = "take out one reference or `DependsOn` of the circle, or replace it by a name that is known beforehand"
    if "AWS::S3::Bucket" not in types:
        return (general,)
    return (
        'name the bucket, e.g. bucket_name=stable_name("photos"), and let the function know it by that name',
        "or let the bucket send its events to EventBridge, where everything may refer to everything",
        general,
    )


def _violation(finding: _Finding) -> cdk.PolicyViolation:
    template, logical_id = finding.template, finding.logical_id
    return cdk.PolicyViolation(
        rule_name=finding.diagnostic.reference,
        description=str(finding.diagnostic),
        # A finding that is `fatal` cannot be acknowledged by name alone.
        severity="fatal" if finding.proven else "error",
        # One, although more take part: CDK repeats the description for each.
        violating_resources=[
            cdk.PolicyViolatingResource(
                resource_logical_id=logical_id,
                construct_path=template.resources[logical_id].construct_path if logical_id else None,
                template_path=str(template.path),
                locations=[f"/Resources/{logical_id}" if logical_id else "/Metadata"],
            )
        ],
    )


_guards: dict[str, Guard] = {}
