"""Writing as a whole: relative paths, what is stripped, refusals that write nothing, settings for sam."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from constructs_lib import sam
from constructs_lib.errors import ConstructsLibError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FUNCTION: dict[str, Any] = {
    "Type": "AWS::Lambda::Function",
    "Properties": {
        "Code": {"S3Bucket": "assets", "S3Key": "abc.zip"},
        "Handler": "bootstrap",
        "Role": "arn:aws:iam::111111111111:role/x",
        "Runtime": "provided.al2023",
    },
}
FOLDER = {"abc.zip": {"path": "asset.abc", "packaging": "zip"}}


def test_an_asset_that_only_the_cdk_cli_uploads_is_refused_and_nothing_is_written(
    assembly: Callable[..., Path],
) -> None:
    site = {"Type": "Custom::CDKBucketDeployment", "Properties": {"SourceObjectKeys": ["abc.zip"]}}
    folder = assembly({"Site": site, "F": FUNCTION}, files=FOLDER)
    (folder / "sam" / "Old").mkdir(parents=True)
    (folder / "sam" / "Old" / "template.yaml").write_text("of an earlier run")
    with pytest.raises(ConstructsLibError) as caught:
        sam.write(folder, {})
    assert str(caught.value) == (
        "error[sam-cannot-express]: SAM cannot express `asset.abc` of `Site` in stack `Stack`\n\n"
        "  Site  Custom::CDKBucketDeployment\n\n"
        "  note: the CDK CLI uploads this asset, `sam deploy` does not\n"
        "  help: put the file where the resource can read it without CDK, or deploy this stack by `cdk deploy`\n"
        "  see: constructs-lib explain sam-cannot-express"
    )
    assert sorted(path.name for path in folder.iterdir()) == [
        "Stack.assets.json",
        "Stack.template.json",
        "manifest.json",
    ]


def test_every_refusal_of_every_resource_is_told_at_once(assembly: Callable[..., Path]) -> None:
    bad = {**FUNCTION, "Properties": {**FUNCTION["Properties"], "New": 1, "Newer": 2}}
    with pytest.raises(ConstructsLibError) as caught:
        sam.write(assembly({"A": bad, "B": bad}, files=FOLDER), {})
    assert [diagnostic.headline for diagnostic in caught.value.diagnostics] == [
        "SAM cannot express `New` of `A` in stack `Stack`",
        "SAM cannot express `Newer` of `A` in stack `Stack`",
        "SAM cannot express `New` of `B` in stack `Stack`",
        "SAM cannot express `Newer` of `B` in stack `Stack`",
    ]


def test_a_package_that_is_made_when_cdk_publishes_is_refused(assembly: Callable[..., Path]) -> None:
    folder = assembly({"F": FUNCTION}, files={"abc.zip": {"executable": ["make", "zip"]}})
    with pytest.raises(ConstructsLibError, match=r"the CDK CLI makes it when it publishes, by `make zip`"):
        sam.write(folder, {})


@pytest.mark.parametrize(
    ("resources", "template", "message"),
    [
        (
            {},
            {"Parameters": {"AssetParametersabcS3Bucket": {"Type": "String"}}},
            "SAM cannot express `Parameters` of `AssetParametersabcS3Bucket` in stack `Stack`",
        ),
        (
            {"Fn::ForEach::Topics": ["Name", ["a"], {"Topic${Name}": {"Type": "AWS::SNS::Topic"}}]},
            {"Transform": "AWS::LanguageExtensions"},
            "SAM cannot express `Resources` of `Fn::ForEach::Topics` in stack `Stack`",
        ),
    ],
)
def test_a_template_that_hides_its_resources_is_refused(
    assembly: Callable[..., Path], resources: dict[str, Any], template: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConstructsLibError) as caught:
        sam.write(assembly(resources, template=template), {})
    assert [diagnostic.headline for diagnostic in caught.value.diagnostics] == [message]


def test_other_transforms_stay_before_sams(assembly: Callable[..., Path]) -> None:
    (one,) = sam.write(assembly({}, template={"Transform": "AWS::LanguageExtensions"}), {})
    assert yaml.safe_load(one.template.read_text())["Transform"] == [
        "AWS::LanguageExtensions",
        "AWS::Serverless-2016-10-31",
    ]


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ({"Stack": {"G": "g"}}, "there is no function `G` in stack `Stack` to build a binary for"),
        ({"Other": {"F": "f"}}, "there is no stack `Other` to build a binary for"),
    ],
)
def test_a_source_that_belongs_to_nothing_is_refused(
    assembly: Callable[..., Path], tmp_path: Path, sources: dict[str, dict[str, str]], message: str
) -> None:
    given = {
        stack: {function: sam.CargoSource(tmp_path, binary) for function, binary in functions.items()}
        for stack, functions in sources.items()
    }
    with pytest.raises(ConstructsLibError) as caught:
        sam.write(assembly({"F": FUNCTION}, files=FOLDER), given)
    assert [(d.reference, d.headline) for d in caught.value.diagnostics] == [("sam-source-without-function", message)]


@pytest.mark.parametrize("text", [None, "{", "[]"])
def test_a_folder_without_a_readable_manifest_is_no_assembly(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ConstructsLibError) as caught:
        sam.write(tmp_path, {})
    assert [d.reference for d in caught.value.diagnostics] == ["sam-no-assembly"]


def test_a_second_run_replaces_the_first_and_what_sam_built_of_it(assembly: Callable[..., Path]) -> None:
    folder = assembly({"F": FUNCTION}, files=FOLDER)
    (first,) = sam.write(folder, {})
    before = first.template.read_bytes()
    (first.template.parent / ".aws-sam").mkdir()
    (second,) = sam.write(folder, {})
    assert second.template.read_bytes() == before
    assert sorted(path.name for path in second.template.parent.iterdir()) == ["samconfig.toml", "template.yaml"]


def test_paths_hold_where_the_assembly_lies_behind_a_link(assembly: Callable[..., Path], tmp_path: Path) -> None:
    real = assembly({"F": FUNCTION}, files=FOLDER)
    deep = tmp_path / "a" / "b" / "c"
    deep.mkdir(parents=True)
    shutil.move(real, deep / "cdk.out")
    (tmp_path / "link").symlink_to(deep / "cdk.out")
    workspace = tmp_path / "functions"
    workspace.mkdir()
    (one,) = sam.write(tmp_path / "link", {"Stack": {"F": sam.CargoSource(workspace, "f")}})
    uri = yaml.safe_load(one.template.read_text())["Resources"]["F"]["Properties"]["CodeUri"]
    assert (one.template.resolve().parent / uri).resolve() == workspace.resolve()


def test_what_only_cdk_reads_is_stripped_and_the_rest_stays(written: Callable[..., sam.Emitted]) -> None:
    queue = {
        "Type": "AWS::SQS::Queue",
        "Metadata": {"aws:cdk:path": "Stack/Queue", "aws:asset:path": "x", "cfn-lint": {"config": {}}},
    }
    one = written({"Queue": queue, "CDKMetadata": {"Type": "AWS::CDK::Metadata", "Properties": {}}})
    assert yaml.safe_load(one.template.read_text()) == {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Metadata": {"cfn-lint": {"config": {}}}}},
    }


def test_settings_are_toml_that_names_the_stack_and_its_surroundings(written: Callable[..., sam.Emitted]) -> None:
    one = written(
        {"User": {"Type": "AWS::IAM::User", "Properties": {"UserName": "u"}}},
        stackName="Shop",
        tags={"team": "a+b", "cost centre": "é 1"},
        parameters={"Size": "1 2\\3"},
        notificationArns=["arn:aws:sns:eu-west-1:111111111111:t"],
    )
    settings = tomllib.loads(one.samconfig.read_text())
    assert settings["version"] == 0.1
    assert settings["default"] == {
        "global": {"parameters": {"stack_name": "Shop"}},
        "build": {"parameters": {"parallel": True}},
        "validate": {"parameters": {"lint": True}},
        "package": {"parameters": {"resolve_s3": True}},
        "deploy": {
            "parameters": {
                "resolve_s3": True,
                "capabilities": ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
                "tags": ['"cost centre"="é 1"', "team=a+b"],
                "parameter_overrides": {"Size": "1 2\\3"},
                "notification_arns": ["arn:aws:sns:eu-west-1:111111111111:t"],
            }
        },
        "sync": {"parameters": {"capabilities": ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]}},
    }


def test_nothing_of_the_machine_or_the_day_is_in_what_is_written(assembly: Callable[..., Path], tmp_path: Path) -> None:
    folder = assembly({"F": FUNCTION}, files=FOLDER)
    (one,) = sam.write(folder, {"Stack": {"F": sam.CargoSource(tmp_path / "functions", "f")}})
    assert str(tmp_path) not in one.template.read_text() + one.samconfig.read_text()
    assert json.loads((folder / "Stack.template.json").read_text()) == {"Resources": {"F": FUNCTION}}
