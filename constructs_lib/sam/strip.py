"""Take from a template what only CDK reads."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["stripped"]


def stripped(document: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a document without what only CDK reads: paths, asset notes, its own metadata resource, bootstrap checks."""
    result = copy.deepcopy(dict(document))
    resources = result.get("Resources", {})
    for name, resource in list(resources.items()):
        if resource.get("Type") == "AWS::CDK::Metadata":
            del resources[name]
            continue
        metadata = resource.get("Metadata", {})
        # sam would take `aws:asset:path` for the code of the function.
        kept = {key: value for key, value in metadata.items() if not key.startswith(("aws:cdk:", "aws:asset:"))}
        if kept:
            resource["Metadata"] = kept
        else:
            resource.pop("Metadata", None)
    for section, name in (
        ("Parameters", "BootstrapVersion"),
        ("Rules", "CheckBootstrapVersion"),
        ("Conditions", "CDKMetadataAvailable"),
    ):
        if name in result.get(section, {}):
            del result[section][name]
            if not result[section]:
                del result[section]
    return result
