"""The package's own names: imported when they are first used."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import constructs_lib


def test_every_public_name_is_there() -> None:
    assert [name for name in constructs_lib.__all__ if not callable(getattr(constructs_lib, name))] == []
    assert set(constructs_lib.__all__) <= set(dir(constructs_lib))


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'constructs_lib' has no attribute 'PutObjects'"):
        getattr(constructs_lib, "PutObjects")  # noqa: B009 - mypy knows that it is not there


def test_importing_a_module_hides_no_public_name() -> None:
    for module in constructs_lib._MODULES:
        importlib.import_module(f"constructs_lib.{module}")
    assert set(constructs_lib._MODULES).isdisjoint(constructs_lib.__all__)


def test_what_reads_templates_does_not_import_cdk() -> None:
    code = (
        "import sys, constructs_lib.loops, constructs_lib.cli, constructs_lib.sam; "
        "print({'aws_cdk', 'jsii', 'constructs'} & set(sys.modules))"
    )

    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "set()\n"
