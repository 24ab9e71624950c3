"""One cargo run: started with a list of arguments, watched, and ended with all its children if we are interrupted."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from constructs_lib.bundling.toolchain import RUST_TARGET

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from types import FrameType

    from constructs_lib.bundling.progress import Progress
    from constructs_lib.bundling.toolchain import Toolchain

__all__ = ["ARGUMENTS", "Ran", "cargo_lambda", "clean"]

# All members take part in resolving features, whichever binaries are asked for. So a binary's content does not depend
# on which others are built with it, and a function more in the app leaves the others' code as it was. The target names
# no glibc, as with `sam build`: zig's own default is old enough, which the gate in `elf` sees to, and with another
# linker than SAM's each would make cargo compile every crate anew where they share a target folder.
ARGUMENTS = (
    "lambda", "build", "--release", "--locked", "--workspace", "--target", RUST_TARGET, "--compiler", "cargo-zigbuild",
    "--skip-target-check", "--output-format", "binary", "--color", "never",
)  # fmt: skip

_BAR = re.compile(rb"\s*Building \[[=> ]*\] (\d+)/(\d+)(?:: (.*))?")
_GRACE = 5.0  # seconds that cargo has to end by itself


@dataclass(frozen=True)
class Ran:
    """How a cargo run ended, and all it said but its progress bar."""

    status: int
    said: str


def cargo_lambda(
    *, manifest: Path, binaries: Iterable[str], into: Path, target: Path, flags: Sequence[str], cache: Path,
    toolchain: Toolchain, progress: Progress,
) -> Ran:  # fmt: skip
    """Build binaries with flags for rustc; `into` then holds `<binary>/bootstrap` for each."""
    command = [str(toolchain.cargo_lambda), *ARGUMENTS, "--manifest-path", str(manifest), "--lambda-dir", str(into)]
    # Of the places for such flags this is the one to which cargo-lambda adds the processor's; a list of TOML.
    command += ["--config", f"build.rustflags={json.dumps(flags, ensure_ascii=False)}"]
    for binary in binaries:
        command += ["--bin", binary]
    environment = toolchain.environment(cache) | {
        "CARGO_TARGET_DIR": str(target),
        "CARGO_TERM_PROGRESS_WHEN": "always",
        "CARGO_TERM_PROGRESS_WIDTH": "120",
    }
    # A session of its own, so that a signal to its group ends cargo, the compilers and the linkers, and nobody else.
    with subprocess.Popen(
        command, cwd=manifest.parent, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, start_new_session=True,
    ) as process, _ended_by_signals():  # fmt: skip
        try:
            said = _watch(process, progress)
        except BaseException:
            _end(process)
            raise
        finally:
            progress.finished()
    return Ran(process.returncode, said)


def clean(packages: Iterable[str], *, manifest: Path, target: Path, toolchain: Toolchain) -> None:
    """Make cargo forget what it built of these packages; what that fails to mend, the build reports."""
    command = [str(toolchain.cargo), "clean", "--release", "--locked", "--target", RUST_TARGET, "--quiet"]
    command += ["--manifest-path", str(manifest), "--target-dir", str(target)]
    for package in packages:
        command += ["--package", package]
    subprocess.run(command, cwd=manifest.parent, capture_output=True, check=False)


def _watch(process: subprocess.Popen[bytes], progress: Progress) -> str:
    assert process.stdout  # noqa: S101  (it is a pipe)
    pipe = process.stdout.fileno()
    said: list[bytes] = []
    rest = b""
    so_far = (0, 0, "")
    progress.compiling(*so_far)
    while True:
        if not select.select([pipe], [], [], 1.0)[0]:
            progress.compiling(*so_far)
            continue
        chunk = os.read(pipe, 65536)
        *pieces, rest = re.split(rb"(?<=[\r\n])", rest + chunk)
        if not chunk:
            pieces.append(rest)
        for piece in pieces:
            if bar := _BAR.match(piece):
                so_far = (int(bar[1]), int(bar[2]), (bar[3] or b"").decode("utf-8", "replace").strip())
                progress.compiling(*so_far)
            else:
                said.append(piece)
        if not chunk:
            process.wait()
            return b"".join(said).decode("utf-8", "replace")


def _end(process: subprocess.Popen[bytes]) -> None:
    for kind in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, kind)
        except ProcessLookupError:
            return
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            continue


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind as Ctrl-C does, else they would end Python and leave cargo running."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def unwind(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {kind: signal.getsignal(kind) for kind in (signal.SIGTERM, signal.SIGHUP)}
    for kind, handler in before.items():
        if handler is signal.SIG_DFL:
            signal.signal(kind, unwind)
    try:
        yield
    finally:
        for kind, handler in before.items():
            if handler is signal.SIG_DFL:
                signal.signal(kind, handler)
