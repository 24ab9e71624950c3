"""Where the tools are, and the environment they run in: the one place that the Makefile, the demo and the tests use.

Run as a program it starts a command in that environment: `python3 -m tools.environment cdk ls`.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_lib import errors

__all__ = [
    "LINKS",
    "MINISTACK",
    "NODE_MODULES",
    "PUBLIC_TEMPLATES",
    "ROOT",
    "SAM",
    "TOOLS",
    "VENV",
    "Diagnostic",
    "errors",
    "variables",
]

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
NODE_MODULES = ROOT / "node_modules"
TOOLS = ROOT / ".tools"
SAM = TOOLS / "sam"
MINISTACK = TOOLS / "ministack"
PUBLIC_TEMPLATES = TOOLS / "public-templates"
LINKS = TOOLS / "bin"
"""Links to single programs (`sam`, a Rust toolchain apart), so that nothing else of their folders gets onto PATH."""


def variables(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return `base` (the process's own environment by default) with our tools first on PATH."""
    result = dict(os.environ if base is None else base)
    ours = [str(folder) for folder in (VENV / "bin", NODE_MODULES / ".bin", LINKS)]
    before = [entry for entry in result.get("PATH", os.defpath).split(os.pathsep) if entry and entry not in ours]
    result["PATH"] = os.pathsep.join([*ours, *before])
    # Node 20 is past its end of life: without this jsii prints a banner on every start.
    result["JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION"] = "20"
    # What they would leave in the user's home.
    result["CDK_HOME"] = str(TOOLS / "cdk")
    result["__SAM_CLI_APP_DIR"] = str(TOOLS / "sam-home")
    result["JSII_RUNTIME_PACKAGE_CACHE_ROOT"] = str(TOOLS / "jsii")
    result["SAM_CLI_TELEMETRY"] = "0"
    result["CDK_DISABLE_CLI_TELEMETRY"] = "true"
    return result


if not TYPE_CHECKING:
    # By path: importing the package imports aws_cdk, which is not there before the setup has run.
    _spec = importlib.util.spec_from_file_location("constructs_lib.errors", ROOT / "constructs_lib" / "errors.py")
    errors = sys.modules.get(_spec.name)
    if errors is None:
        errors = sys.modules[_spec.name] = importlib.util.module_from_spec(_spec)
        _spec.loader.exec_module(errors)


class Diagnostic(errors.Diagnostic):
    """What a tool of this checkout reports; it may run before there is a `constructs-lib` that could explain it."""

    @property
    def see(self) -> str:
        """The page of its reference."""
        return f"docs/errors/{self.reference}.md"


def main(command: list[str]) -> None:
    """Become `command`, found on the PATH of our environment."""
    environment = variables()
    os.environ["PATH"] = environment["PATH"]
    try:
        os.execvpe(command[0], command, environment)  # noqa: S606 - a list, no shell
    except FileNotFoundError:
        sys.exit(f"`{command[0]}` is not installed: run `make setup`")


if __name__ == "__main__":
    main(sys.argv[1:])
