"""`constructs-lib doctor`: what it prints, and how it ends."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

import constructs_lib.bundling
from constructs_lib.bundling import Check
from constructs_lib.cli import app

CARGO = Check("cargo", found=True, detail="1.90.0 in /usr/bin", purpose="builds the binaries")
ZIG = Check(
    "zig", found=False, detail="", purpose="links for arm64", commands=("pip install ziglang", "apt install zig")
)
SAM = Check(
    "sam", found=False, detail="", purpose="deploys the SAM template", commands=("pip install x",), required=False
)


@pytest.mark.parametrize(
    ("checks", "code", "output"),
    [
        ([CARGO], 0, "ok       cargo  1.90.0 in /usr/bin\n"),
        (
            [CARGO, ZIG, SAM],
            1,
            """\
ok       cargo  1.90.0 in /usr/bin
missing  zig    links for arm64
                pip install ziglang
                apt install zig
absent   sam    deploys the SAM template
                pip install x
""",
        ),
        (
            [CARGO, SAM],
            0,
            """\
ok       cargo  1.90.0 in /usr/bin
absent   sam    deploys the SAM template
                pip install x
""",
        ),
    ],
)
def test_what_is_missing_is_told_with_its_commands(
    monkeypatch: pytest.MonkeyPatch, checks: list[Check], code: int, output: str
) -> None:
    monkeypatch.setattr(constructs_lib.bundling, "doctor", lambda: checks)

    result = CliRunner().invoke(app, ["doctor"])

    assert (result.exit_code, result.output) == (code, output)
