"""From a cloud assembly to one SAM template per stack.

1. read: each stack's CloudFormation document and what its assets stand for (`assembly`);
2. fold: what SAM has a form of its own for (`folding`); nothing is left out silently;
3. write: all stacks into a folder beside, which then takes the place of `sam/` at once. A refusal writes nothing.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from constructs_lib.errors import ConstructsLibError, Diagnostic
from constructs_lib.sam import assembly as assemblies
from constructs_lib.sam import samconfig
from constructs_lib.sam.document import joined_as_sub, render
from constructs_lib.sam.folding import folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from constructs_lib.sam.draft import CargoSource, Delta, Draft, Plain

__all__ = ["Emitted", "write"]

_TRANSFORM = "AWS::Serverless-2016-10-31"


@dataclass(frozen=True, kw_only=True)
class Emitted:
    """What was written for one stack.

    Args:
        stack: the stack's artifact id in the assembly.
        template: the SAM template.
        samconfig: the settings for `sam` beside it.
        folded: logical ids that became SAM resources or part of one; in a nested stack as `<nested>/<id>`.
        plain: what stays CloudFormation although SAM has a form of its own for it, and why.
        deltas: where the two deployments differ, resource by resource.
    """

    stack: str
    template: Path
    samconfig: Path
    folded: tuple[str, ...]
    plain: tuple[Plain, ...]
    deltas: tuple[Delta, ...]


def write(assembly: Path, sources: Mapping[str, Mapping[str, CargoSource]]) -> list[Emitted]:
    """Write `sam/<stack>/template.yaml` and `samconfig.toml` into an assembly, for every stack in it.

    The folder `sam` is replaced as a whole, with what `sam build` left in it: a build of an older template would
    otherwise be deployed.

    Args:
        assembly: the folder of a synthesized cloud assembly, such as `cdk.out`.
        sources: the Cargo binaries to build, by artifact id of the stack (of a nested one its own) and by the
            function's logical id; other functions keep the package that CDK made of them.

    Returns:
        What was written, by stack artifact id.

    Raises:
        ConstructsLibError: `sam-cannot-express` for everything that SAM cannot express, of all stacks together;
            `sam-source-without-function` for a source that belongs to no function; `sam-no-assembly`. Nothing is
            written then, and what an earlier run wrote is gone.
    """
    target = assembly / "sam"
    shutil.rmtree(target, ignore_errors=True)
    stacks = assemblies.read(assembly)
    drafts = [folded(stack, target / stack.id, sources) for stack in stacks]
    _check_stacks(sources, [draft.stack.id for top in drafts for draft in top.family()])
    refusals = [refusal for top in drafts for draft in top.family() for refusal in draft.refusals]
    if refusals:
        raise ConstructsLibError(*refusals)
    beside = Path(tempfile.mkdtemp(dir=assembly, prefix=".sam-"))
    try:
        for draft in drafts:
            folder = beside / draft.stack.id
            _write(draft, folder)
            settings = samconfig.render(draft, comment=_comment(draft))
            (folder / "samconfig.toml").write_text(settings, encoding="utf-8")
        beside.chmod(0o755)
        beside.rename(target)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return [_emitted(draft) for draft in drafts]


def _check_stacks(sources: Iterable[str], stacks: list[str]) -> None:
    for name in sources:
        if name not in stacks:
            raise ConstructsLibError(
                Diagnostic(
                    reference="sam-source-without-function",
                    headline=f"there is no stack `{name}` to build a binary for",
                    notes=(f"the stacks of the assembly: {', '.join(f'`{id_}`' for id_ in stacks) or 'none'}",),
                    helps=("pass the artifact id of the stack, `stack.artifact_id`",),
                )
            )


def _write(draft: Draft, folder: Path, *, nested: bool = False) -> None:
    document = draft.document
    transforms = document.get("Transform", [])
    transforms = [transforms] if isinstance(transforms, str) else list(transforms)
    if _TRANSFORM not in transforms:
        transforms.append(_TRANSFORM)
    document = {
        "AWSTemplateFormatVersion": "2010-09-09",
        **document,
        "Transform": transforms[0] if len(transforms) == 1 else transforms,
        **{section: joined_as_sub(document[section]) for section in ("Resources", "Outputs") if section in document},
    }
    folder.mkdir(parents=True)
    (folder / "template.yaml").write_text(render(document, comment=_comment(draft, nested=nested)), encoding="utf-8")
    for child in draft.children.values():
        _write(child, folder / child.folder.name, nested=True)


def _comment(draft: Draft, *, nested: bool = False) -> str:
    how = "It is part of ../template.yaml" if nested else "Build and deploy from this folder: sam build && sam deploy"
    return f"Made by constructs-lib from {draft.stack.template.name}; the next synthesis replaces it.\n{how}"


def _emitted(draft: Draft) -> Emitted:
    drafts = list(draft.paths())
    return Emitted(
        stack=draft.stack.id,
        template=draft.folder / "template.yaml",
        samconfig=draft.folder / "samconfig.toml",
        folded=tuple(path + name for path, one in drafts for name in one.folded),
        plain=tuple(replace(note, logical_id=path + note.logical_id) for path, one in drafts for note in one.plain),
        deltas=tuple(replace(note, logical_id=path + note.logical_id) for path, one in drafts for note in one.deltas),
    )
