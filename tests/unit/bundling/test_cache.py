"""What the cache keeps, and for how long."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from constructs_lib.bundling import CargoBinary, build
from constructs_lib.bundling.cache import Cache

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.bundling.conftest import FakeCargoLambda

DAY = 24 * 3600


def unused(path: Path, days: float) -> Path:
    """A folder with something in it that was last used that long ago."""
    path.mkdir(parents=True, exist_ok=True)
    (path / "bootstrap").write_text("a file")
    os.utime(path, (time.time() - days * DAY,) * 2)
    return path


@pytest.mark.parametrize("place", ["binaries", "index", "new", "target"])
def test_what_nobody_used_for_a_month_is_dropped(cache: Path, place: str) -> None:
    pruned = Cache()
    old, recent = unused(cache / place / "old", 31), unused(cache / place / "recent", 29)

    pruned.prune()

    assert (old.exists(), recent.exists()) == (False, True)


def test_a_target_folder_is_used_by_whoever_asks_for_it(tmp_path: Path) -> None:
    target = unused(Cache().target(tmp_path / "functions"), 31)

    assert Cache().target(tmp_path / "functions") == target
    Cache().prune()

    assert target.exists()


def test_a_target_folder_in_which_something_is_built_stays(tmp_path: Path) -> None:
    target = unused(Cache().target(tmp_path / "functions"), 31)
    waited: list[str] = []

    with Cache().lock(tmp_path / "functions", lambda: waited.append("for it")):
        Cache().prune()
    assert target.exists()
    Cache().prune()

    assert not target.exists()
    assert waited == []


def test_a_build_drops_what_others_left(fake: FakeCargoLambda, cache: Path, workspace: Path) -> None:
    gone = unused(Cache().target(workspace.parent / "gone"), 31)
    build([CargoBinary(workspace, "one", "one")])

    assert not gone.exists()
    assert [path.name for path in (cache / "target").iterdir()] == [Cache().target(workspace).name]
    assert len(fake.runs) == 1


def test_a_build_that_finds_everything_uses_the_target_folder_too(
    fake: FakeCargoLambda, cache: Path, workspace: Path
) -> None:
    one = CargoBinary(workspace, "one", "one")
    build([one])
    target = unused(next((cache / "target").iterdir()), 31)
    assert build([one])[one].hit is True

    Cache().prune()

    assert target.exists()
    assert len(fake.runs) == 1
