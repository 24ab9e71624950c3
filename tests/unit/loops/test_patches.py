"""Fixes as JSON Patch: what another program makes of a template with them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonpatch
import pytest

from constructs_lib.loops import Change, Fix, check
from constructs_lib.loops.patches import operations
from constructs_lib.templates import Template
from tests.unit.loops.test_fixes_of_edges import LOOPS

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make


@pytest.mark.parametrize("name", sorted(LOOPS))
def test_a_patch_makes_what_the_fix_makes(make: Make, name: str) -> None:
    template = make.template(LOOPS[name](make))
    (finding,) = check([template]).findings

    assert finding.as_json()["fixes"]
    for fix, shown in zip(finding.offered, finding.as_json()["fixes"], strict=True):
        patched = jsonpatch.apply_patch(json.loads(json.dumps(template.document)), shown["changes"])
        assert patched == fix.applied_to(template).document


ROWS = {"a/b": [1, 2, 3], "c~d": {"Fn::Sub": "x"}, "If": {"Fn::If": ["C", {"e": 1, "f": 2}, []]}, "One": {"g": 1}}


@pytest.mark.parametrize(
    ("at", "value", "patch"),
    [
        (("a/b", 1), None, [{"op": "remove", "path": "/Rows/a~1b/1", "old": 2}]),
        (("a/b",), [1, 3], [{"op": "remove", "path": "/Rows/a~1b/1", "old": 2}]),
        (
            ("a/b",),
            [3],
            [
                {"op": "remove", "path": "/Rows/a~1b/1", "old": 2},
                {"op": "remove", "path": "/Rows/a~1b/0", "old": 1},
            ],
        ),
        (
            ("a/b",),
            [1, 0, 3, 4],
            [
                {"op": "replace", "path": "/Rows/a~1b/1", "value": 0, "old": 2},
                {"op": "add", "path": "/Rows/a~1b/3", "value": 4},
            ],
        ),
        (("a/b",), {}, [{"op": "replace", "path": "/Rows/a~1b", "value": {}, "old": [1, 2, 3]}]),
        (
            ("c~d", "Fn::Sub"),
            "y",
            [{"op": "replace", "path": "/Rows/c~0d", "value": {"Fn::Sub": "y"}, "old": {"Fn::Sub": "x"}}],
        ),
        (("If", "Fn::If", 1, "e"), 3, [{"op": "replace", "path": "/Rows/If/Fn::If/1/e", "value": 3, "old": 1}]),
        (("If", "Fn::If", 1, "e"), None, [{"op": "remove", "path": "/Rows/If/Fn::If/1/e", "old": 1}]),
        (("One", "h"), [], [{"op": "add", "path": "/Rows/One/h", "value": []}]),
        (("Two", "i", "j"), 1, [{"op": "add", "path": "/Rows/Two", "value": {"i": {"j": 1}}}]),
    ],
)
def test_a_patch_is_no_larger_than_it_has_to_be(at: Any, value: Any, patch: list[Any]) -> None:
    template = Template.of({"Resources": {}, "Rows": ROWS})
    fix = Fix("…", (Change(template, ("Rows", *at), value),))

    assert [one.as_json() for one in operations(fix)] == patch
    assert jsonpatch.apply_patch(template.document, patch) == fix.applied_to(template).document
