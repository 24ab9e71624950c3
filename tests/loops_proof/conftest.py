"""What the proof's tests share."""

from __future__ import annotations

import pytest


@pytest.fixture
def verdicts_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No fix is tried, as in a system that is too large for it: where nobody looks at fixes, they take most time."""
    monkeypatch.setattr("constructs_lib.loops.trials.MAX_READ", 0)
