"""The loop guard: reads every synthesized template of an app, and stops a synthesis that would deploy a loop.

It is a CDK validation plugin, registered once per app by the first function of ours, or by `guard(app)`. The context
key `constructs-lib:guard` set to false keeps it out.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import aws_cdk as cdk
import jsii

from constructs_lib import loops
from constructs_lib.declarations import Declarations
from constructs_lib.errors import ConstructsLibError, Diagnostic, remember, show_errors_without_traceback
from constructs_lib.finish import identity
from constructs_lib.templates import Template, dependency_cycle, read
from constructs_lib.templates.cycles import references
from constructs_lib.templates.policy_sizes import MAX_INLINE, LargeRole, large_roles

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import constructs

    from constructs_lib.declarations import Line

__all__ = ["CONTEXT_KEY", "FAILED", "Guard", "guard", "guard_of"]

_FINGERPRINT = re.compile(r"(?<=`)[0-9a-f]{12}(?=`)")
_NESTED = ".NestedStack"
_NESTED_RESOURCE = f"{_NESTED}Resource"
CONTEXT_KEY = "constructs-lib:guard"
FAILED = "ValidationFailed: Validation failed. A copy of this report"  # what CDK raises when it has shown the report


def guard(scope: constructs.IConstruct) -> None:
    """Have the app that `scope` is in checked for loops at every synthesis, and for what a deployment would refuse.

    Functions of this library do so themselves; call it for an app that has none, e.g. `guard(app)`. Calling it again
    changes nothing. A proven loop, resources that wait for each other, and roles with more inline policies than IAM
    takes fail the synthesis for good; what cannot be decided fails it too, unless it is acknowledged by its name:
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
    """The plugin.

    Attributes:
        diagnostics: what it found in the last synthesis.
        summary: a line for each stage, about a synthesis that passes: then CDK took what was found as acknowledged.
    """

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
        """Check the templates of each stage as one system, and those of the stacks that are in no stage."""
        paths = {Path(stack.template_path): stack.stack_construct_path for stack in context.stack_templates}
        declarations = Declarations(context.app_construct, map(_metadata, paths))
        # Each stage has an assembly, which is a folder, of its own.
        folders: dict[Path, dict[Path, str]] = {}
        for path, name in paths.items():
            folders.setdefault(path.parent, {})[path] = name
        stages = [list(_read(some)) for some in folders.values()]
        reports = loops.check_stages(stages, acknowledgements=[()] * len(stages))
        findings: list[_Finding] = []
        summaries = []
        for templates, report in zip(stages, reports, strict=True):
            findings += _dependency_cycles(templates, declarations)
            findings += _large_roles(templates, declarations)
            findings += [_loop(found, templates[0], declarations) for found in report.findings]
            stage = templates[0].name.rpartition("/")[0] if len(stages) > 1 else ""
            summaries.append(f"{stage}: {_summary(report)}" if stage else _summary(report))
        self.summary = "\n".join(summaries)
        self.diagnostics = tuple(finding.diagnostic for finding in findings)
        if findings:
            # Unless a test runs, CDK writes the report to stderr and keeps it out of what it raises.
            error = ConstructsLibError(*self.diagnostics)
            error.shown = True
            remember(error, FAILED)
        return cdk.PolicyValidationPluginReport(
            success=not findings, violations=[_violation(finding) for finding in findings]
        )


def _summary(report: loops.Report) -> str:
    verdict, colon, counts = report.summary.partition(":")
    in_cdk = f", {len(report.findings)} acknowledged in CDK" if report.findings else ""
    return f"{verdict}{in_cdk}{colon}{counts}"


def _read(paths: Mapping[Path, str]) -> Iterator[Template]:
    """The templates of the stacks, with their nested stacks in them, which CDK leaves out: they are assets.

    They are called as in the assembly's manifest, for fingerprints that are those of `constructs-lib check cdk.out`. A
    nested stack whose own resource is not recognised is read beside the others all the same.
    """
    for path, name in paths.items():
        template = _with_construct_paths(read(path, name=name))
        yield template
        known = {child.path for child in template.with_nested()}
        manifest = path.with_name(path.name.replace(".template.json", ".assets.json"))
        files = json.loads(manifest.read_text()).get("files", {}).values() if manifest.exists() else ()
        sources = sorted({file["source"].get("path", "") for file in files})
        nested = [path.parent / source for source in sources if source.endswith(".nested.template.json")]
        yield from (read(source) for source in nested if source not in known)


def _with_construct_paths(template: Template) -> Template:
    """The template with `aws:cdk:path` on each resource, which CDK writes only when its CLI asks for it.

    The assembly's metadata has the paths too, those in nested stacks included.
    """
    path = template.path
    if path is None or any(resource.construct_path for resource in template.resources.values()):
        return template
    metadata = _metadata(path)
    if metadata == path or not metadata.exists():
        return template
    paths = {
        construct_path.removeprefix("/"): entry["data"]
        for construct_path, entries in json.loads(metadata.read_text()).items()
        for entry in entries
        if entry.get("type") == "aws:cdk:logicalId"
    }
    return _named(template, paths)


def _named(template: Template, paths: Mapping[str, str]) -> Template:
    """A template with the paths of its own constructs and those of its nested stacks."""
    of_nested: dict[str, dict[str, str]] = {}
    for path, logical_id in paths.items():
        if logical_id in template.nested and path.endswith(_NESTED_RESOURCE):
            # `Data/Files.NestedStack/Files.NestedStackResource` is the resource of the nested stack `Data/Files`.
            scope = path.rpartition("/")[0].removesuffix(_NESTED)
            of_nested[logical_id] = {one: paths[one] for one in paths if one.startswith(f"{scope}/")}
    inside = {path for nested in of_nested.values() for path in nested}
    resources = dict(template.resources)
    for path, logical_id in paths.items():
        if path not in inside and logical_id in resources:
            resource = resources[logical_id]
            metadata = {"aws:cdk:path": path, **resource.body.get("Metadata", {})}
            resources[logical_id] = replace(resource, body={**resource.body, "Metadata": metadata})
    nested = {key: _named(child, of_nested.get(key, {})) for key, child in template.nested.items()}
    return replace(template, resources=resources, nested=nested)


def _metadata(template: Path) -> Path:
    return template.with_name(template.name.replace(".template.json", ".metadata.json"))


def _dependency_cycles(templates: Iterable[Template], declarations: Declarations) -> Iterator[_Finding]:
    for template in itertools.chain.from_iterable(one.with_nested() for one in templates):
        cycle = dependency_cycle(template)
        if cycle:
            diagnostic = _cycle(template, cycle)
            declared = _declared([(_name(template, key), template, key) for key in cycle], declarations)
            diagnostic = replace(diagnostic, notes=(*diagnostic.notes, *declared))
            yield _Finding(diagnostic, proven=True, template=template, logical_id=cycle[0])


def _large_roles(templates: Iterable[Template], declarations: Declarations) -> Iterator[_Finding]:
    for template in itertools.chain.from_iterable(one.with_nested() for one in templates):
        for large in large_roles(template):
            diagnostic = _large_role(_name(template, large.logical_id), large)
            of = [key for key, one in template.resources.items() if large.logical_id in references(one)]
            declared = _declared([(_name(template, key), template, key) for key in of], declarations)
            diagnostic = replace(diagnostic, notes=(*diagnostic.notes, *declared))
            yield _Finding(diagnostic, proven=True, template=template, logical_id=large.logical_id)


def _loop(found: loops.Finding, any_template: Template, declarations: Declarations) -> _Finding:
    lines = [_line(found, step, declarations) for step in found.path]
    ends = [(step.source, step.template, step.source_id) for step in found.path]
    declared = _declared(ends, declarations)
    if found.verdict != "loop-free" and not any((*lines, *declared)):
        declared = ["`cdk synth --debug` tells the lines that declare it"]
    diagnostic = found.diagnostic(lines)
    diagnostic = replace(diagnostic, notes=(*diagnostic.notes, *declared))
    if found.fingerprint:
        meant = f'constructs_lib.acknowledge(function, fingerprint="{found.fingerprint}", reason="…", bound="…")'
        diagnostic = replace(diagnostic, helps=(*diagnostic.helps, f"if it is meant: {meant}"))
    if not found.path:
        return _Finding(diagnostic, proven=found.verdict == "loop", template=any_template)
    first = found.path[0]
    logical_id = first.source_id if first.source_id in first.template.resources else ""
    return _Finding(diagnostic, proven=found.verdict == "loop", template=first.template, logical_id=logical_id)


def _line(found: loops.Finding, step: loops.Step, declarations: Declarations) -> Line | None:
    """Where the user declared what makes an arrow: the grant, the trigger, or a construct of its own."""
    if found.reference == "acknowledgement-stale":
        named = _FINGERPRINT.search(found.headline)
        path = _path(step.template, step.source_id) or step.template.name
        return declarations.of_part(path, ("acknowledge", named[0] if named else ""))
    logical_id = str(step.at[1]) if len(step.at) > 1 else ""
    template = step.at_template or step.template
    path = _path(template, logical_id)
    if step.granted:
        line = declarations.of_grant(path, *step.granted)
        # A policy that CDK makes for a role is made by the first grant.
        return declarations.of(path) if line is None and _is_one_grant(template, logical_id) else line
    line = declarations.of_part(path, step.at[3:])  # behind `Resources`, the logical id and `Properties`
    is_end = logical_id in {step.source_id, step.target_id}
    return line if line or is_end else declarations.of(path)


def _is_one_grant(template: Template, logical_id: str) -> bool:
    resource = template.resources.get(logical_id)
    if resource is None or resource.type != "AWS::IAM::Policy":
        return False
    document = resource.properties.get("PolicyDocument")
    return (
        isinstance(document, Mapping)
        and isinstance(document.get("Statement"), list)
        and len(document["Statement"]) == 1
    )


def _declared(constructs: Iterable[tuple[str, Template, str]], declarations: Declarations) -> list[str]:
    """Where the user declared what takes part, as notes."""
    paths = {name: _path(template, logical_id) for name, template, logical_id in constructs}
    lines = {name: declarations.of(path) for name, path in paths.items() if path}
    return [f"`{name}` is declared at {line}" for name, line in lines.items() if line]


def _path(template: Template, logical_id: str) -> str:
    resource = template.resources.get(logical_id)
    return resource.construct_path or "" if resource else ""


def _name(template: Template, logical_id: str) -> str:
    return template.resources[logical_id].construct_path or logical_id


def _cycle(template: Template, cycle: Sequence[str]) -> Diagnostic:
    names = {key: _name(template, key) for key in cycle}
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


def _large_role(name: str, large: LargeRole) -> Diagnostic:
    rows = [(f"{size:,}", actions, resources) for actions, resources, size in large.grants]
    width = max((len(size) for size, *_ in rows), default=0)
    return Diagnostic(
        reference="role-policies-too-large",
        headline=f"the inline policies of `{name}` have {large.size:,} characters or more, IAM takes {MAX_INLINE:,}",
        evidence="\n".join(
            f"{size:>{width}}  {actions} on {resources} resource{'s' * (resources != 1)}"
            for size, actions, resources in rows
        ),
        notes=("CloudFormation would refuse the deployment: maximum policy size exceeded",),
        helps=(
            "grant once what is granted often, e.g. on the prefix that many keys share",
            "or attach a managed policy: role.add_managed_policy(iam.ManagedPolicy(stack, id, statements=[…]))",
            "or let several functions do the work, each with what it needs",
        ),
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
