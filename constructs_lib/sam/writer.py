"""From a cloud assembly to one SAM template per stack.

1. read: each stack's CloudFormation document and what its assets stand for (`assembly`);
2. strip: what only CDK's own deployment needs;
3. fold: each kind by its own module, in the order of `FOLDS` (`functions`, `http_apis`);
4. check: an asset that nothing folded would be missing after `sam deploy`, so it is refused;
5. write: all stacks into a folder beside, which then takes the place of `sam/` at once. A refusal writes nothing.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from constructs_lib.errors import ConstructsLibError, Diagnostic
from constructs_lib.sam import assembly as assemblies
from constructs_lib.sam import functions, http_apis, plain, samconfig
from constructs_lib.sam.document import joined_as_sub, render
from constructs_lib.sam.draft import CargoSource, Delta, Draft, Plain
from constructs_lib.sam.references import without_implied_waits
from constructs_lib.sam.strip import stripped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

__all__ = ["Emitted", "write"]

FOLDS: tuple[Callable[[Draft], None], ...] = (functions.fold, http_apis.fold)
_TRANSFORM = "AWS::Serverless-2016-10-31"


@dataclass(frozen=True, kw_only=True)
class Emitted:
    """What was written for one stack.

    Args:
        stack: the stack's artifact id in the assembly.
        template: the SAM template.
        samconfig: the settings for `sam` beside it.
        folded: logical ids that became SAM resources or part of one.
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
        sources: the Cargo binaries to build, by stack artifact id and by the function's logical id; other functions
            keep the package that CDK made of them.

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
    _check_stacks(sources, [stack.id for stack in stacks])
    drafts = [_fold(stack, target / stack.id, sources.get(stack.id, {})) for stack in stacks]
    refusals = [refusal for draft in drafts for refusal in draft.refusals]
    if refusals:
        raise ConstructsLibError(*refusals)
    beside = Path(tempfile.mkdtemp(dir=assembly, prefix=".sam-"))
    try:
        for draft in drafts:
            _write(draft, beside / draft.stack.id)
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


def _fold(stack: assemblies.Stack, folder: Path, sources: Mapping[str, CargoSource]) -> Draft:
    draft = Draft(stack=stack, document=stripped(stack.document), folder=folder, sources=sources)
    draft.resources.update({name: without_implied_waits(resource) for name, resource in draft.resources.items()})
    for fold in FOLDS:
        fold(draft)
    plain.note(draft)
    for name, asset in _left_assets(draft):
        draft.refuse(
            name,
            asset.path.name,
            "put the file where the resource can read it without CDK, or deploy this stack by `cdk deploy`",
            note="the CDK CLI uploads this asset, `sam deploy` does not",
        )
    if stack.protected:
        draft.deltas.append(Delta(stack.id, "`sam deploy` sets no termination protection"))
    return draft


def _left_assets(draft: Draft) -> Iterator[tuple[str, assemblies.FileAsset]]:
    for name, resource in draft.resources.items():
        text = repr(resource)
        for key, asset in draft.stack.files.items():
            if key in text:
                yield name, asset


def _write(draft: Draft, folder: Path) -> None:
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
    comment = (
        f"Made by constructs-lib from {draft.stack.template.name}; the next synthesis replaces it.\n"
        "Build and deploy from this folder: sam build && sam deploy"
    )
    folder.mkdir(parents=True)
    (folder / "template.yaml").write_text(render(document, comment=comment), encoding="utf-8")
    (folder / "samconfig.toml").write_text(samconfig.render(draft, comment=comment), encoding="utf-8")


def _emitted(draft: Draft) -> Emitted:
    return Emitted(
        stack=draft.stack.id,
        template=draft.folder / "template.yaml",
        samconfig=draft.folder / "samconfig.toml",
        folded=tuple(draft.folded),
        plain=tuple(draft.plain),
        deltas=tuple(draft.deltas),
    )
