"""Programs that the tools run end with all that they started."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools import console

ROOT = Path(__file__).parents[3]


def test_what_a_program_prints_is_gathered_with_its_status() -> None:
    ran = console.run("it", ["sh", "-c", "echo one; echo two >&2; exit 3"], folder=ROOT, variables=dict(os.environ))
    assert (ran.status, ran.lines) == (3, ["one", "two"])


def test_a_long_program_is_said_to_work_still(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "HEARTBEAT", 0.2)
    console.run("it", ["sh", "-c", "echo working; sleep 0.5"], folder=ROOT, variables=dict(os.environ))
    assert capsys.readouterr().out.splitlines()[0] == "  … it, 0 s: working"


@pytest.mark.parametrize("ignores", ["", "trap '' INT; "])
def test_an_interrupt_ends_the_program_and_what_it_started(ignores: str) -> None:
    script = (
        "import os, signal, threading; from pathlib import Path; from tools import console\n"
        "console.GRACE = 1.0\n"
        "threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()\n"
        "try:\n"
        f"    console.run('it', ['sh', '-c', \"{ignores}echo $$ >&2; sleep 60 & sleep 60\"],"
        " folder=Path(), variables=dict(os.environ), shown=True)\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=20
    )
    assert done.stdout == "interrupted\n"
    assert console.members(int(done.stderr)) == []
