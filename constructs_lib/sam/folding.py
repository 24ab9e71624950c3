"""From one stack's CloudFormation document to a draft of its SAM template.

1. strip: what only CDK's own deployment needs;
2. fold: each kind by its own module, in the order of `FOLDS`;
3. nest: each nested stack of this app becomes a template of its own, folded the same way;
4. check: an asset that nothing folded would be missing after `sam deploy`, so it is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.sam import assembly as assemblies
from constructs_lib.sam import functions, http_apis, layers, plain, tags
from constructs_lib.sam.draft import Delta, Draft
from constructs_lib.sam.references import without_implied_waits
from constructs_lib.sam.strip import stripped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from constructs_lib.sam.draft import CargoSource

__all__ = ["folded"]

FOLDS: tuple[Callable[[Draft], None], ...] = (functions.fold, layers.fold, http_apis.fold)

_NESTED = "AWS::CloudFormation::Stack"
_NESTED_SAME = frozenset({"NotificationARNs", "Parameters", "TimeoutInMinutes"})


def folded(stack: assemblies.Stack, folder: Path, sources: Mapping[str, Mapping[str, CargoSource]]) -> Draft:
    """Draft the SAM template of a stack, to lie in `folder`, with those of the stacks nested in it."""
    draft = Draft(stack=stack, document={}, folder=folder, sources=sources.get(stack.id, {}))
    _refuse_what_hides_resources(draft)
    if draft.refusals:
        return draft
    draft.document = stripped(stack.document)
    draft.resources.update({name: without_implied_waits(resource) for name, resource in draft.resources.items()})
    for fold in FOLDS:
        fold(draft)
    for name, resource in draft.of_type(_NESTED):
        asset = next((asset for key, asset in stack.files.items() if key in repr(resource)), None)
        if asset is not None:
            child = folded(assemblies.nested(stack, asset.path), folder / asset.path.name.partition(".")[0], sources)
            draft.children[name] = child
            _nest(draft, name, resource, child)
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


def _refuse_what_hides_resources(draft: Draft) -> None:
    for name in draft.stack.document.get("Parameters", {}):
        if name.startswith("AssetParameters"):
            draft.refuse(
                name,
                "Parameters",
                "use the `DefaultStackSynthesizer`, CDK's own choice since version 2",
                note="the legacy synthesizer has the CDK CLI upload assets and pass their place as parameters",
            )
    for name in draft.stack.document.get("Resources", {}):
        if name.startswith("Fn::"):
            draft.refuse(name, "Resources", "write the resources out", note="what such a loop makes is not known here")


def _nest(draft: Draft, name: str, resource: dict[str, Any], child: Draft) -> None:
    """Fold a nested stack into `AWS::Serverless::Application`, which `sam build` and `sam deploy` follow.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-application.html
    """
    properties: dict[str, Any] = {"Location": f"{child.folder.name}/template.yaml"}
    for key, value in resource["Properties"].items():
        if key in _NESTED_SAME:
            properties[key] = value
        elif key == "Tags":
            given = tags.as_map(value)
            if given is None:
                draft.refuse(name, "Tags", "tag with distinct literal keys, without a condition around them")
            else:
                properties["Tags"] = given
        elif key != "TemplateURL":
            draft.refuse(name, key, "remove the property, or deploy this stack by `cdk deploy`")
    resource["Type"] = "AWS::Serverless::Application"
    resource["Properties"] = properties
    draft.folded.append(name)
    draft.deltas.append(Delta(name, "SAM adds the tag `lambda:createdBy: SAM`"))


def _left_assets(draft: Draft) -> Iterator[tuple[str, assemblies.FileAsset]]:
    for name, resource in draft.resources.items():
        text = repr(resource)
        for key, asset in draft.stack.files.items():
            if key in text:
                yield name, asset
