"""The sample's own tests: what needs no AWS, compiled for this machine."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from constructs_lib.bundling.cache import Cache
from constructs_lib.bundling.toolchain import find_toolchain

FUNCTIONS = Path(__file__).resolve().parents[3] / "sample_app" / "functions"

pytestmark = pytest.mark.integration


def test_what_the_functions_do_without_aws_is_tested_in_rust() -> None:
    ran = subprocess.run(
        [find_toolchain(FUNCTIONS).cargo, "test", "--locked", "--package", "photos", "--package", "hello"],
        cwd=FUNCTIONS,
        # Kept between runs, apart from what is built for Lambda.
        env={
            **os.environ,
            "CARGO_TARGET_DIR": str(Cache().target(FUNCTIONS / "tests")),
            "CARGO_PROFILE_DEV_DEBUG": "0",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    assert ran.stdout.count("test result: ok.") == 3  # hello, photos, and the examples of photos
