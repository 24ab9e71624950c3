"""Fold `AWS::Lambda::Function` into `AWS::Serverless::Function` with its own explicit role.

A `Role` keeps SAM from adding any policy, so grants stay what CDK made of them:
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_lib.errors import ConstructsLibError, Diagnostic
from constructs_lib.sam import tags
from constructs_lib.sam.draft import Delta

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_lib.sam.draft import Draft

__all__ = ["fold"]

_SAME = frozenset(
    [
        "Architectures",
        "CodeSigningConfigArn",
        "Description",
        "DurableConfig",
        "Environment",
        "EphemeralStorage",
        "FileSystemConfigs",
        "FunctionName",
        "FunctionScalingConfig",
        "Handler",
        "ImageConfig",
        "KmsKeyArn",
        "Layers",
        "LoggingConfig",
        "MemorySize",
        "PackageType",
        "PublishToLatestPublished",
        "RecursiveLoop",
        "ReservedConcurrentExecutions",
        "Role",
        "Runtime",
        "RuntimeManagementConfig",
        "SnapStart",
        "TenancyConfig",
        "Timeout",
        "VpcConfig",
    ]
)
"""Properties of the same name and shape in both."""

_ZIP_CODE = frozenset({"S3Bucket", "S3Key", "S3ObjectVersion", "SourceKMSKeyArn"})
_ATTRIBUTES = frozenset({"Type", "Properties", "Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy"}) | {
    "Metadata"
}


def fold(draft: Draft) -> None:
    """Fold every function of the template."""
    functions = dict(draft.of_type("AWS::Lambda::Function"))
    for name in draft.sources:
        if name not in functions:
            raise ConstructsLibError(
                Diagnostic(
                    reference="sam-source-without-function",
                    headline=f"there is no function `{name}` in stack `{draft.stack.id}` to build a binary for",
                    notes=(f"its functions: {', '.join(f'`{id_}`' for id_ in functions) or 'none'}",),
                    helps=("pass the logical id that the synthesized template has",),
                )
            )
    for name, resource in functions.items():
        _Function(draft, name, resource).fold()


class _Function:
    """One function on its way: reads the CloudFormation properties, fills the SAM ones, refuses the rest."""

    def __init__(self, draft: Draft, name: str, resource: dict[str, Any]) -> None:
        self.draft, self.name, self.resource = draft, name, resource
        self.properties: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}

    def fold(self) -> None:
        given: Mapping[str, Any] = self.resource.get("Properties", {})
        for key in self.resource.keys() - _ATTRIBUTES:
            self.refuse(key, "remove the attribute, or deploy this stack by `cdk deploy`")
        if "Role" not in given:
            self.refuse("Role", "give the function a role; without one SAM makes a broader role of its own")
        self._code(given.get("Code", {}))
        shaped = {
            "DeadLetterConfig": self._dead_letters,
            "Tags": self._tags,
            "TracingConfig": self._tracing,
            "CapacityProviderConfig": self._capacity,
        }
        for key, value in given.items():
            if key in _SAME:
                self.properties[key] = value
            elif key in shaped:
                shaped[key](value)
            elif key != "Code":
                self.refuse(key, "remove the property, or deploy this stack by `cdk deploy`")
        self.resource["Type"] = "AWS::Serverless::Function"
        self.resource["Properties"] = self.properties
        if self.metadata:
            self.resource["Metadata"] = {**self.resource.get("Metadata", {}), **self.metadata}
        self.draft.folded.append(self.name)
        self.draft.deltas.append(Delta(self.name, "SAM adds the tag `lambda:createdBy: SAM`"))

    def refuse(self, subject: str, fix: str, *, note: str = "") -> None:
        self.draft.refuse(self.name, subject, fix, note=note)

    def _code(self, code: Mapping[str, Any]) -> None:
        source = self.draft.sources.get(self.name)
        if source is not None:
            self.properties["CodeUri"] = self.draft.relative(source.root)
            self.metadata = {"BuildMethod": "rust-cargolambda", "BuildProperties": {"Binary": source.binary}}
        elif code.keys() == {"ZipFile"}:
            self.properties["InlineCode"] = code["ZipFile"]
        elif code.keys() == {"ImageUri"}:
            self._image(code["ImageUri"])
        elif {"S3Bucket", "S3Key"} <= code.keys() <= _ZIP_CODE:
            self._zip(code)
        else:
            unknown = sorted(code.keys() - _ZIP_CODE - {"ZipFile", "ImageUri"})
            self.refuse(
                f"Code.{unknown[0]}" if unknown else "Code", "give the function an asset, inline code or an image"
            )
        if "SourceKMSKeyArn" in code:
            self.properties["SourceKMSKeyArn"] = code["SourceKMSKeyArn"]

    def _zip(self, code: Mapping[str, Any]) -> None:
        asset = self.draft.asset(code["S3Key"])
        if asset is None:
            location = {"Bucket": code["S3Bucket"], "Key": code["S3Key"], "Version": code.get("S3ObjectVersion")}
            self.properties["CodeUri"] = {key: value for key, value in location.items() if value is not None}
        elif asset.executable:
            self.refuse(
                "Code",
                "make the package at synthesis, as a file or folder asset",
                note=f"the CDK CLI makes it when it publishes, by `{' '.join(asset.executable)}`",
            )
        else:
            self.properties["CodeUri"] = self.draft.relative(asset.path)
            # The asset is what CDK bundled: a second build by sam would be another artefact.
            self.metadata = {"SkipBuild": True}

    def _image(self, uri: Any) -> None:
        text = str(uri)
        if any(tag in text for tag in self.draft.stack.images):
            self.refuse(
                "Code.ImageUri",
                "push the image yourself and refer to it with `DockerImageCode.from_ecr`, or use a zip package",
                note="the image is built and pushed by the CDK CLI only",
            )
        self.properties["ImageUri"] = uri

    def _dead_letters(self, value: Any) -> None:
        if not (isinstance(value, dict) and value.keys() == {"TargetArn"}):
            self.refuse(
                "DeadLetterConfig", "give `DeadLetterConfig` as `TargetArn` alone, without a condition around it"
            )
            return
        # `Type` only feeds the role that SAM would make; ours is explicit, so a guess changes nothing.
        target = value["TargetArn"]
        kind = "SNS" if self._is_topic(target) else "SQS"
        self.properties["DeadLetterQueue"] = {"Type": kind, "TargetArn": target}

    def _is_topic(self, target: Any) -> bool:
        if isinstance(target, dict):
            owner = target.get("Ref") or (target.get("Fn::GetAtt") or [""])[0]
            return bool(self.draft.resources.get(str(owner), {}).get("Type") == "AWS::SNS::Topic")
        return ":sns:" in str(target)

    def _tags(self, value: Any) -> None:
        given = tags.as_map(value)
        if given is None:
            self.refuse("Tags", "tag with distinct literal keys, without a condition around them")
        else:
            self.properties["Tags"] = given

    def _tracing(self, value: Any) -> None:
        if not (isinstance(value, dict) and value.keys() == {"Mode"}):
            self.refuse("TracingConfig", "give `TracingConfig` as `Mode` alone, without a condition around it")
            return
        self.properties["Tracing"] = value["Mode"]

    def _capacity(self, value: Any) -> None:
        names = {
            "CapacityProviderArn": "Arn",
            "PerExecutionEnvironmentMaxConcurrency": "PerExecutionEnvironmentMaxConcurrency",
            "ExecutionEnvironmentMemoryGiBPerVCpu": "ExecutionEnvironmentMemoryGiBPerVCpu",
        }
        inner = value.get("LambdaManagedInstancesCapacityProviderConfig") if isinstance(value, dict) else None
        if not isinstance(inner, dict) or len(value) != 1 or not inner.keys() <= names.keys():
            self.refuse("CapacityProviderConfig", "give it literally, without a condition around it")
            return
        self.properties["CapacityProviderConfig"] = {names[key]: inner[key] for key in inner}
