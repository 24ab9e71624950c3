"""Fold a layer that CDK made from a folder or file of this app into `AWS::Serverless::LayerVersion`.

A layer whose content is in S3 already stays plain: nothing of it has to be uploaded.
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-layerversion.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.sam.draft import Delta
from constructs_lib.sam.references import depends_on

if TYPE_CHECKING:
    from constructs_lib.sam.draft import Draft

__all__ = ["fold"]

_SAME = frozenset({"CompatibleArchitectures", "CompatibleRuntimes", "Description", "LayerName", "LicenseInfo"})


def fold(draft: Draft) -> None:
    """Fold each layer with an asset."""
    for name, resource in draft.of_type("AWS::Lambda::LayerVersion"):
        given = dict(resource.get("Properties", {}))
        content = given.pop("Content", {})
        asset = draft.asset(content.get("S3Key"))
        if asset is None or asset.executable:
            continue
        for key in sorted(given.keys() - _SAME):
            draft.refuse(name, key, "remove the property, or deploy this stack by `cdk deploy`")
        if any(name in depends_on(other) for other in draft.resources.values()):
            draft.refuse(
                name,
                "DependsOn",
                "refer to the layer's version instead of only depending on it",
                note="SAM gives a layer another logical id with each version",
            )
        # SAM retains a layer unless told otherwise; CloudFormation deletes it.
        retention = resource.get("DeletionPolicy", "Delete")
        resource["Type"] = "AWS::Serverless::LayerVersion"
        resource["Properties"] = {"ContentUri": draft.relative(asset.path), **given, "RetentionPolicy": retention}
        draft.folded.append(name)
        draft.deltas.append(Delta(name, "SAM adds a hash of the layer's properties to its logical id"))
        if "LayerName" not in given:
            draft.deltas.append(Delta(name, f"SAM names the layer `{name}`"))
