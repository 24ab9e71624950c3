"""`make demo` from its second step on: to its end, and interrupted."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tools.environment import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e


def start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tools.demo", "--assembly", str(folder / "cdk.out")],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def listens(endpoint: str) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", int(endpoint.rpartition(":")[2]))) == 0


def left_behind(demo: subprocess.Popen[str]) -> list[Path]:
    return list((ROOT / ".tools").glob(f"local-aws-{demo.pid}-*"))


def test_the_demo_does_its_job_both_ways_and_leaves_nothing(tmp_path: Path) -> None:
    with start(tmp_path) as demo:
        said, _ = demo.communicate()
    assert demo.returncode == 0, said
    steps = re.findall(r"^(\d) (.*)$", said, re.MULTILINE)
    assert [number for number, _ in steps] == ["2", "3", "4", "5", "6"]
    thumbnails = re.findall(r"thumbnail +(\S+): 192 x 256 pixels, [\d,]+ bytes, upright", said)
    assert thumbnails == ["demo/thumbnail.jpg", "demo/thumbnail-sam.jpg"]
    assert said.count("the function ran once") == 2
    assert said.count("GET /?message=Hello → HELLO\n") == 2
    endpoint = re.search(r"http://127\.0\.0\.1:\d+", said)
    assert endpoint
    assert not listens(endpoint[0])
    assert left_behind(demo) == []


def test_the_demo_ends_all_it_started_when_it_is_interrupted(tmp_path: Path) -> None:
    with start(tmp_path) as demo:
        assert demo.stdout
        for line in demo.stdout:
            if "http://127.0.0.1:" in line:
                break
        endpoint = line.strip()
        assert (listens(endpoint), len(left_behind(demo))) == (True, 1)
        os.kill(demo.pid, signal.SIGINT)
        rest = demo.stdout.read()
    assert (demo.returncode, rest.splitlines()[-1]) == (130, "stopped; everything that was started has ended")
    assert not listens(endpoint)
    assert left_behind(demo) == []
