"""What all tests share: the tools on PATH, and one worker for each folder of slow tests."""

from __future__ import annotations

import os
import signal

import pytest

from tools import environment

# Also where pytest was not started by `make`.
os.environ.update(environment.variables())

# Started in the background of a script, it would let the programs that it starts ignore Ctrl-C.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep slow tests of one folder on one worker: they share what their folder's fixtures built or deployed."""
    for item in items:
        if any(item.iter_markers("integration")) or any(item.iter_markers("e2e")):
            item.add_marker(pytest.mark.xdist_group(str(item.path.parent.relative_to(item.config.rootpath))))
