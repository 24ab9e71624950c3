"""Long programs, run so that a person sees that they work and can end them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Ran", "end_group", "interrupt_on_signals", "members", "run"]

HEARTBEAT = 15.0  # seconds after which a long program is said to work still
GRACE = 10.0  # seconds that an interrupted program has to tidy up


@dataclass(frozen=True)
class Ran:
    """How a program ended, and what it printed."""

    command: Sequence[str]
    status: int
    lines: list[str]


def run(what: str, command: Sequence[str], *, folder: Path, variables: Mapping[str, str], shown: bool = False) -> Ran:
    """Run a program to its end, with all that it starts: nothing of it is left behind, not even by Ctrl-C.

    Args:
        what: what it does, for the line that says every few seconds that it still works.
        command: the program and its arguments.
        folder: the folder it runs in.
        variables: its environment.
        shown: let it print by itself rather than gather its lines.
    """
    gathered = None if shown else subprocess.PIPE
    # A group of its own, so that an interrupt ends what it started too.
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=gathered,
        stderr=None if shown else subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    lines: list[str] = []
    ended = threading.Event()
    started = time.monotonic()

    def pulse() -> None:
        while not ended.wait(HEARTBEAT):
            print(f"  … {what}, {time.monotonic() - started:.0f} s: {''.join(lines[-1:])[:80]}", flush=True)

    if not shown:
        threading.Thread(target=pulse, daemon=True).start()
    try:
        lines.extend(line.rstrip() for line in process.stdout or ())
        process.wait()
    except BaseException:
        end_group(process, signal.SIGINT, GRACE)
        raise
    finally:
        ended.set()
        if process.stdout:
            process.stdout.close()
    return Ran(command, process.returncode, lines)


def interrupt_on_signals() -> None:
    """Take any wish to end for Ctrl-C, but for what is ignored on purpose, as by nohup."""
    for sign in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(sign) != signal.SIG_IGN:
            signal.signal(sign, signal.default_int_handler)


def end_group(process: subprocess.Popen[str] | subprocess.Popen[bytes], sign: signal.Signals, grace: float) -> None:
    """End a program that leads a process group, and the group; wait until all of it is gone."""
    for attempt in (sign, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, attempt)
        deadline = time.monotonic() + grace
        while time.monotonic() < deadline:
            if process.poll() is not None and not members(process.pid):
                return
            time.sleep(0.05)


def members(group: int) -> list[int]:
    """Return the processes of a group that still run; an orphan that nobody has reaped yet does not."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            # pid (name) state parent group …; the name may hold anything
            state, _, its_group = stat.read_text("utf-8", errors="replace").rpartition(")")[2].split()[:3]
            if int(its_group) == group and state not in "ZX":
                found.append(int(stat.parent.name))
    return found
