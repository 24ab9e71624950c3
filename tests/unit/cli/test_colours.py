"""Colours on a terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from constructs_lib.cli.colours import coloured

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Folder

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def test_what_to_look_at_stands_out() -> None:
    assert coloured("error[a-b]: `A` can\n\n  A  -- x --> B\n\n  help: do") == (
        "\x1b[1;31merror[a-b]:\x1b[0m\x1b[1m `A` can\x1b[0m\n\n  A  -- x --> B\n\n\x1b[36m  help:\x1b[0m do"
    )
    assert coloured("a: b.yaml: loop-free, 1 acknowledged: 1 resource read; graph: 0 functions") == (
        "a: b.yaml: \x1b[1;32mloop-free\x1b[0m, 1 acknowledged: 1 resource read; graph: 0 functions"
    )
    assert coloured("b.yaml: loop: 1 resource read; graph: 0 functions") == (
        "b.yaml: \x1b[1;31mloop\x1b[0m: 1 resource read; graph: 0 functions"
    )


@pytest.mark.parametrize("variables", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_only_a_terminal_gets_them_and_only_if_they_are_wanted(folder: Folder, variables: dict[str, str]) -> None:
    folder.write("safe.yaml", folder.safe)
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    screen, terminal = pty.openpty()
    subprocess.run(
        [sys.executable, "-m", "constructs_lib", "check", "safe.yaml"],
        stdout=terminal,
        env={**environment, "TERM": "xterm", "PYTHONPATH": os.pathsep.join(sys.path), **variables},
        check=True,
    )
    os.close(terminal)
    shown = os.read(screen, 10_000).decode().replace("\r\n", "\n")
    os.close(screen)

    assert (ESCAPE.sub("", shown), bool(ESCAPE.search(shown))) == (folder.check("safe.yaml")[1], not variables)
