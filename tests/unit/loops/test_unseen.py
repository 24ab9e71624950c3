"""What nobody can see before the deployment is unproven where it may make a loop, until it is acknowledged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.loops import Acknowledgement, check

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make

Body = dict[str, Any]
MACRO = {"Name": "Expand"}
INCLUDE = {"Name": "AWS::Include", "Parameters": {"Location": "s3://snippets/part.yaml"}}


def system(make: Make, bucket: Body) -> dict[str, Body]:
    return {
        "Photos": {"Type": "AWS::S3::Bucket", "Properties": bucket},
        "Role": make.role(make.allow("s3:GetObject", "*")),
        "Resize": make.function(),
    }


@pytest.mark.parametrize("transform", ["Expand", ["AWS::Serverless-2016-10-31", "Expand"], MACRO])
def test_a_macro_of_the_whole_template_may_make_a_loop(make: Make, transform: Any) -> None:
    report = make.check(system(make, {}), Transform=transform)

    assert report.verdict == "unproven"
    assert [(found.headline, found.reasons) for found in report.findings] == [
        (
            "nobody can tell what the macro `Expand` makes in `Stack`: it may make a loop",
            ("what the macro `Expand` makes is known at deployment only",),
        )
    ]
    assert report.not_modelled == ("what the macro `Expand` makes",)


@pytest.mark.parametrize(
    "transform",
    [
        "AWS::Serverless-2016-10-31",
        ["AWS::LanguageExtensions", "AWS::CodeDeployBlueGreen"],
        "AWS::SecretsManager-2024-09-16",
    ],
)
def test_a_macro_of_aws_that_is_known_makes_none(make: Make, transform: Any) -> None:
    report = make.check(system(make, {}), Transform=transform)

    assert (report.verdict, report.not_modelled) == ("loop-free", ())


@pytest.mark.parametrize(
    ("properties", "verdict"),
    [
        ({"Fn::Transform": MACRO}, "unproven"),
        ({"Fn::Transform": [INCLUDE]}, "unproven"),
        ({"NotificationConfiguration": {"Fn::Transform": INCLUDE}}, "unproven"),
        ({"Tags": {"Fn::Transform": INCLUDE}}, "loop-free"),
        ({"BucketEncryption": {"Fn::Transform": MACRO}}, "loop-free"),
    ],
)
def test_a_macro_inside_of_a_resource_counts_where_it_may_matter(make: Make, properties: Body, verdict: str) -> None:
    report = make.check(system(make, properties))

    assert report.verdict == verdict
    assert len(report.not_modelled) == 1


@pytest.mark.parametrize(
    ("more", "verdict"),
    [
        ({"Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"Fn::Transform": MACRO}}}, "loop-free"),
        ({"Topic": {"Type": "AWS::SNS::Topic", "Metadata": {"Fn::Transform": MACRO}}}, "loop-free"),
        ({"Topic": {"Type": "AWS::SNS::Topic", "Fn::Transform": MACRO}}, "unproven"),
        ({"Fn::Transform": MACRO}, "unproven"),
    ],
)
def test_a_macro_beside_of_what_wakes_things_does_not_matter(make: Make, more: Body, verdict: str) -> None:
    assert make.check({**system(make, {}), **more}).verdict == verdict


def test_a_loop_in_properties_over_what_is_not_known_may_make_anything(make: Make) -> None:
    loop = ["Key", {"Ref": "Keys"}, {"${Key}": "x"}]
    sections = {"Parameters": {"Keys": {"Type": "CommaDelimitedList"}}, "Transform": "AWS::LanguageExtensions"}

    configuration = make.check(system(make, {"NotificationConfiguration": {"Fn::ForEach::Keys": loop}}), **sections)
    tags = make.check(system(make, {"Tags": {"Fn::ForEach::Keys": loop}}), **sections)

    assert (configuration.verdict, tags.verdict) == ("unproven", "loop-free")


@pytest.mark.parametrize(
    "api",
    [
        {"Body": {"Fn::Transform": INCLUDE}},
        {"Body": {"paths": {"Fn::Transform": INCLUDE}}},
        {"BodyS3Location": {"Bucket": "apis", "Key": "api.yaml"}},
    ],
)
def test_an_api_whose_definition_is_elsewhere_may_wake_any_function_of_who_may_call_it(make: Make, api: Body) -> None:
    resources = {**system(make, {}), "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": api}}
    assert make.check(resources).verdict == "loop-free"

    resources["Role"] = make.role(make.allow("execute-api:Invoke", "*"))
    report = make.check(resources)
    assert (report.verdict, report.findings[0].path[0].target) == ("unproven", "Api")


def test_what_nobody_can_see_is_acknowledged_by_its_fingerprint(make: Make) -> None:
    resources = system(make, {"Fn::Transform": MACRO})
    template = make.template(resources)
    (found,) = check([template]).findings
    known = Acknowledgement(found.fingerprint, "adds tags", "no trigger among them")

    report = check([template], acknowledgements=[known])

    assert (report.verdict, report.findings, len(report.acknowledged)) == ("loop-free", (), 1)
    entry = {"fingerprint": known.fingerprint, "reason": known.reason, "bound": known.bound}
    inside = {"constructs-lib": {"acknowledge": [entry]}}
    assert make.check(resources, Metadata=inside).findings == ()
    resources["Photos"] = {"Type": "AWS::S3::Bucket", "Metadata": inside}
    assert [one.reference for one in make.check(resources).findings] == ["acknowledgement-stale"]
