"""What else comes of objects: replicas, access logs and trails; and access points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.loops.edges.parts import arn, body, loops, worker

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make
    from tests.unit.loops.edges.parts import Resources


def replication_loop(make: Make, status: str = "Enabled") -> Resources:
    rule_ = {"Status": status, "Filter": {"Prefix": "out/"}, "Destination": {"Bucket": arn("Copy")}}
    return {
        **worker(make, "s3:PutObject", make.objects("Photos", "out/*")),
        "Photos": make.bucket(ReplicationConfiguration={"Role": "r", "Rules": [rule_]}),
        "Copy": make.bucket(make.notify("Worker", "out/")),
    }


def access_log_loop(make: Make) -> Resources:
    logging = {"DestinationBucketName": {"Ref": "Logs"}, "LogFilePrefix": "access/"}
    return {
        **worker(make, "s3:GetObject", make.objects("Photos")),
        "Photos": make.bucket(LoggingConfiguration=logging),
        "Logs": make.bucket(make.notify("Worker", "access/")),
    }


def trail_loop(make: Make) -> Resources:
    selector = {"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}
    return {
        **worker(make, "s3:GetObject", make.objects("Trails")),
        "Trail": body("AWS::CloudTrail::Trail", S3BucketName={"Ref": "Trails"}, EventSelectors=[selector]),
        "Trails": make.bucket(make.notify("Worker", suffix=".json.gz")),
    }


def access_point_loop(make: Make, point: Any = None, pattern: str = "out/*") -> Resources:
    objects = {"Fn::Join": ["", [point or arn("Point"), f"/object/{pattern}"]]}
    return {
        **worker(make, "s3:PutObject", objects),
        "Photos": make.bucket(make.notify("Worker", "out/")),
        "Point": body("AWS::S3::AccessPoint", Bucket={"Ref": "Photos"}),
    }


def object_lambda_loop(make: Make, action: str = "GetObject") -> Resources:
    function = {"AwsLambda": {"FunctionArn": arn("Worker")}}
    transformation = {"Actions": [action], "ContentTransformation": function}
    configuration = {"SupportingAccessPoint": arn("Point"), "TransformationConfigurations": [transformation]}
    return {
        **worker(make, "s3-object-lambda:GetObject", arn("Transformed")),
        "Photos": make.bucket(),
        "Point": body("AWS::S3::AccessPoint", Bucket={"Ref": "Photos"}),
        "Transformed": body("AWS::S3ObjectLambda::AccessPoint", ObjectLambdaConfiguration=configuration),
    }


@pytest.mark.parametrize(
    ("resources", "path", "severity"),
    [
        (replication_loop, "Worker > Photos > Copy > Worker", "endless"),
        (access_log_loop, "Worker > Photos > Logs > Worker", "endless"),
        (trail_loop, "Worker > Trail > Trails > Worker", "endless"),
        (object_lambda_loop, "Worker > Transformed > Worker", "endless"),
        (access_point_loop, "Worker > Photos > Worker", "stopped-by-aws"),
    ],
)
def test_copies_make_loops(make: Make, resources: Any, path: str, severity: str) -> None:
    report = make.check(resources(make))

    assert (path, severity) in loops(report)
    assert len(report.findings) == 1


@pytest.mark.parametrize(
    "resources",
    [
        pytest.param(lambda make: replication_loop(make, "Disabled"), id="replication that is off"),
        pytest.param(lambda make: object_lambda_loop(make, "ListObjects"), id="another request"),
        pytest.param(lambda make: access_point_loop(make, pattern="in/*"), id="another key behind an access point"),
        pytest.param(
            lambda make: {
                **access_point_loop(make),
                "Point": body("AWS::S3::AccessPoint", Bucket={"Ref": "Other"}),
                "Other": make.bucket(),
            },
            id="another bucket's access point",
        ),
    ],
)
def test_copies_that_cannot_meet_are_no_loop(make: Make, resources: Any) -> None:
    assert str(make.check(resources(make))).startswith("loop-free")


def test_a_replica_is_not_replicated_again(make: Make) -> None:
    def bucket(other: str, *notifications: Any) -> dict[str, Any]:
        rule_ = {"Status": "Enabled", "Prefix": "", "Destination": {"Bucket": arn(other)}}
        return make.bucket(*notifications, ReplicationConfiguration={"Role": "r", "Rules": [rule_]})

    resources = {
        **worker(make, "s3:PutObject", make.objects("Here")),
        "Here": bucket("There"),
        "There": bucket("Third"),
        "Third": make.bucket(make.notify("Worker")),
    }

    assert make.check(resources).verdict == "loop-free"


@pytest.mark.parametrize(
    ("point", "verdict"),
    [
        ({"Fn::Sub": "arn:aws:s3:${AWS::Region}:${AWS::AccountId}:accesspoint/${Point}"}, "loop"),
        ("arn:aws:s3:eu-west-1:123456789012:accesspoint/*", "loop"),
        ("arn:aws:s3:eu-west-1:123456789012:accesspoint/of-somebody", "unproven"),
        ({"Fn::GetAtt": ["Regions", "Arn"]}, "loop"),
        ({"Fn::Sub": "arn:aws:s3::${AWS::AccountId}:accesspoint/${Regions.Alias}"}, "loop"),
        ({"Fn::GetAtt": ["Elsewhere", "Arn"]}, "unproven"),
        ("arn:aws:s3:eu-west-1:123456789012:job", "loop-free"),
    ],
)
def test_an_access_point_that_is_not_known_may_be_any_buckets(make: Make, point: Any, verdict: str) -> None:
    resources = {
        **access_point_loop(make, point),
        "Regions": body("AWS::S3::MultiRegionAccessPoint", Regions=[{"Bucket": {"Ref": "Photos"}}]),
        "Elsewhere": body("AWS::S3::AccessPoint", Bucket={"Fn::ImportValue": "bucket"}),
    }

    assert make.check(resources).verdict == verdict


def test_a_trail_records_what_is_done_through_an_access_point(make: Make) -> None:
    resources = trail_loop(make)
    resources["Trails"] = make.bucket(make.notify("Worker", "AWSLogs/"))
    resources["Point"] = body("AWS::S3::AccessPoint", Bucket={"Ref": "Trails"})
    objects = {"Fn::Join": ["", [arn("Point"), "/object/*"]]}
    resources["Role"] = make.role(make.allow("s3:GetObject", objects))

    assert make.check(resources).verdict == "loop"


def test_what_a_trail_logs_reaches_who_hears_of_its_log_group(make: Make) -> None:
    selector = {"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}
    logged = {"CloudWatchLogsLogGroupArn": arn("Group"), "S3BucketName": {"Ref": "Photos"}}
    resources = {
        **worker(make, "s3:GetObject", make.objects("Photos")),
        "Photos": make.bucket(),
        "Trail": body("AWS::CloudTrail::Trail", EventSelectors=[selector], **logged),
        "Group": body("AWS::Logs::LogGroup"),
        "Heard": body("AWS::Logs::SubscriptionFilter", LogGroupName={"Ref": "Group"}, DestinationArn=arn("Worker")),
    }

    report = make.check(resources)

    assert loops(report) == [("Worker > Trail > Group > Worker", "endless")]
    assert report.not_modelled == ("the calls that `Trail` logs, but for those on objects",)
    resources["Trail"] = body("AWS::CloudTrail::Trail", **logged)
    assert make.check(resources).verdict == "loop-free"
    del resources["Heard"]
    assert make.check(resources).not_modelled == ()
