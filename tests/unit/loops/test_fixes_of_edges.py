"""For every loop of the tests of edge kinds: what is offered, applied to the template, leaves no loop."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.loops import check
from tests.unit.loops import edges

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make

WITHOUT: dict[str, str] = {}
"""Loops for which a program can change nothing, with the reason."""


def loops() -> dict[str, Any]:
    """The builders of all systems that are one loop."""
    modules = [importlib.import_module(f"{edges.__name__}.{one.name}") for one in pkgutil.iter_modules(edges.__path__)]
    members = {name: member for module in modules for name, member in vars(module).items()}
    return {name: member for name, member in members.items() if name.endswith("_loop") and not name.startswith("test_")}


LOOPS = loops()


def test_there_is_a_loop_of_every_family() -> None:
    assert len(LOOPS) >= 27
    assert set(WITHOUT) <= set(LOOPS)


@pytest.mark.parametrize("name", sorted(LOOPS))
def test_what_is_offered_leaves_no_loop(make: Make, name: str) -> None:
    template = make.template(LOOPS[name](make))
    (finding,) = check([template]).findings
    assert bool(finding.fixes) is (name not in WITHOUT)
    for fix in finding.fixes:
        assert (fix.text, check([fix.applied_to(template)]).verdict) == (fix.text, "loop-free")
