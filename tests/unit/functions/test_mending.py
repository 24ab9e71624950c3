from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.functions.mending import without_references

SUFFIX = {"Fn::Select": [4, {"Ref": "AWS::StackId"}]}
NAME = {"Fn::Join": ["", ["photos-", SUFFIX]]}
NAMES = {"Photos": {"Ref": NAME, "Arn": {"Fn::Join": ["", ["arn:aws:s3:::photos-", SUFFIX]]}}}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"Ref": "Photos"}, NAME),
        ({"Fn::GetAtt": ["Photos", "Arn"]}, NAMES["Photos"]["Arn"]),
        ({"Fn::GetAtt": "Photos.Arn"}, NAMES["Photos"]["Arn"]),
        ({"A": [{"Ref": "Photos"}]}, {"A": [NAME]}),
        (
            {"Fn::Join": ["", ["s3://", {"Ref": "Photos"}, "/", {"Ref": "Key"}]]},
            {"Fn::Join": ["", ["s3://photos-", SUFFIX, "/", {"Ref": "Key"}]]},
        ),
        ({"Fn::Join": [",", ["a", {"Ref": "Photos"}]]}, {"Fn::Join": [",", ["a", NAME]]}),
        ({"Fn::Join": ["", {"Ref": "List"}]}, {"Fn::Join": ["", {"Ref": "List"}]}),
        ({"Fn::Sub": "s3://${Photos}/${Key}"}, {"Fn::Sub": ["s3://${PhotosRef}/${Key}", {"PhotosRef": NAME}]}),
        (
            {"Fn::Sub": ["${Photos.Arn}/${Key}", {"Key": {"Ref": "Photos"}}]},
            {"Fn::Sub": ["${PhotosArn}/${Key}", {"Key": NAME, "PhotosArn": NAMES["Photos"]["Arn"]}]},
        ),
        ({"Fn::If": ["Big", {"Ref": "Photos"}, "none"]}, {"Fn::If": ["Big", NAME, "none"]}),
    ],
)
def test_a_reference_becomes_the_name(before: Any, after: Any) -> None:
    assert without_references(before, NAMES) == after


@pytest.mark.parametrize(
    "value",
    [
        "Photos",
        {"Ref": "Films"},
        {"Fn::GetAtt": ["Photos", "WebsiteURL"]},
        {"Fn::Sub": "${!Photos} ${Films} ${Photos.WebsiteURL}"},
        {"Fn::Sub": ["${Photos}", {"Photos": "mine"}]},
        [1, None, True],
    ],
)
def test_anything_else_stays(value: Any) -> None:
    assert without_references(value, NAMES) == value
