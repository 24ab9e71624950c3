"""Conditions that compare a text which is put together: what is known of it decides where it can."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.loops.edges.parts import queue_loop

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make

STAGE, NAME = {"Ref": "Stage"}, {"Ref": "Name"}
JOINED = {"Fn::Join": ["-", [STAGE, NAME]]}
BEHIND = {"Fn::Sub": "${Name}-${Stage}"}
AROUND = {"Fn::Sub": "a${Name}z"}
CHOSEN = {"Stage": {"Type": "String", "AllowedValues": ["prod", "test"]}, "Name": {"Type": "String"}}
ANY = {"Stage": {"Type": "String"}, "Name": {"Type": "String"}}


@pytest.mark.parametrize(
    ("equal", "other", "verdict"),
    [
        ([JOINED, "prod-jobs"], [STAGE, "test"], "loop-free"),
        ([JOINED, "prod-jobs"], [STAGE, "prod"], "loop"),
        ([BEHIND, "jobs-prod"], [STAGE, "test"], "loop-free"),
        ([BEHIND, "jobs-prod"], [STAGE, "prod"], "loop"),
        ([JOINED, "prod-jobs"], [NAME, "tasks"], "loop-free"),
        ([JOINED, "prod-jobs"], [NAME, "jobs"], "loop"),
        ([AROUND, "b-z"], [STAGE, "prod"], "loop-free"),
        ([AROUND, "a-b"], [STAGE, "prod"], "loop-free"),
        ([AROUND, "a-z"], [STAGE, "prod"], "loop"),
        ([JOINED, {"Fn::Sub": "test-${Name}"}], [STAGE, "prod"], "loop-free"),
        ([JOINED, {"Fn::Sub": "prod-${Name}"}], [STAGE, "prod"], "loop"),
    ],
)
@pytest.mark.parametrize("parameters", [CHOSEN, ANY])
def test_what_is_known_of_a_text_decides_a_comparison(
    make: Make, equal: Any, other: Any, verdict: str, parameters: Any
) -> None:
    resources = queue_loop(make)
    resources["Queue"]["Condition"], resources["Mapping"]["Condition"] = "IsOne", "IsOther"
    conditions = {"IsOne": {"Fn::Equals": equal}, "IsOther": {"Fn::Equals": other}}

    assert make.check(resources, Conditions=conditions, Parameters=parameters).verdict == verdict
