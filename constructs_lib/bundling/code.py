"""Code of a Lambda function that is built at synthesis, together with that of every other function of the app.

Functions only note what they need. At synthesis CDK asks for the first function's asset; by then the plan knows all of
them, and builds all at once. So a function costs nothing until then, and `cdk ls` costs nothing at all.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import aws_cdk as cdk
import jsii
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3

from constructs_lib.bundling.builds import BuiltBinary, build
from constructs_lib.errors import ConstructsLibError, remember, show_errors_without_traceback

if TYPE_CHECKING:
    from collections.abc import Callable

    from constructs import Construct, IConstruct

    from constructs_lib.bundling.cargo import CargoBinary

__all__ = ["NOT_BUNDLED", "CargoCode", "Plan", "plan"]

# Stands for the code of a stack that CDK does not want bundled. Nobody can own a bucket of this name (capital letters),
# so a deployment of such a template fails and never runs a stranger's code.
NOT_BUNDLED = "NOT-BUNDLED"
_MOMENT = 315532800  # 1980-01-01, the first that a zip archive can hold


class CargoCode(lambda_.Code):
    """Code from a binary of a Cargo workspace; may be shared by functions.

    Args:
        binary: what `find_binary` found.
    """

    def __init__(self, binary: CargoBinary) -> None:
        super().__init__()
        self.binary = binary

    @property
    def is_inline(self) -> bool:
        """Whether it is part of the template: no."""
        return False

    def bind(self, scope: Construct) -> lambda_.CodeConfig:
        """Note that the function `scope` needs the binary."""
        return plan(scope).note(scope, self.binary)


class Plan:
    """What the functions of one construct tree need, and, once built, where it is."""

    def __init__(self) -> None:
        self.functions: list[tuple[IConstruct, CargoBinary]] = []
        self._assets: dict[tuple[str, CargoBinary], _Asset] = {}
        self._built: dict[CargoBinary, BuiltBinary] = {}

    def note(self, function: Construct, binary: CargoBinary) -> lambda_.CodeConfig:
        """Note a function; functions of one stack with the same binary share the asset."""
        self.functions.append((function, binary))
        stack = cdk.Stack.of(function)
        key = (stack.node.addr, binary)
        if key not in self._assets:
            self._assets[key] = _Asset(self, stack, binary)
        return self._assets[key].config

    def built(self, binary: CargoBinary) -> BuiltBinary:
        """A binary; the first call builds all that stacks which must be bundled need."""
        if binary not in self._built:
            wanted = {asset.binary for asset in self._assets.values() if asset.required} - self._built.keys()
            self._built.update(build(wanted))
        return self._built[binary]


class _Asset:
    """The asset that one stack makes of one binary, registered when CDK first asks for it."""

    def __init__(self, plan: Plan, stack: cdk.Stack, binary: CargoBinary) -> None:
        self.binary = binary
        self._plan, self._stack = plan, stack
        self._placed: tuple[str, str] | None = None
        self.config = lambda_.CodeConfig(
            s3_location=s3.Location(
                bucket_name=cdk.Lazy.string(_Later(lambda: self._location()[0])),
                object_key=cdk.Lazy.string(_Later(lambda: self._location()[1])),
            )
        )

    @property
    def required(self) -> bool:
        """Whether CDK wants this stack bundled; only known for good at synthesis."""
        return self._stack.bundling_required

    def _location(self) -> tuple[str, str]:
        if self._placed is None:
            self._placed = self._place() if self.required else (NOT_BUNDLED, f"{NOT_BUNDLED}/{self.binary.name}")
        return self._placed

    def _place(self) -> tuple[str, str]:
        built = self._plan.built(self.binary)
        stage = cdk.Stage.of(self._stack)
        assert stage  # noqa: S101  (every stack is in an app, at least in one that CDK made for it)
        staged = _stage(built, Path(stage.asset_outdir))
        location = self._stack.synthesizer.add_file_asset(
            source_hash=built.sha256,
            # Relative to the assembly, which may be carried elsewhere; that of a Stage is a folder deeper.
            file_name=os.path.relpath(staged, stage.outdir),
            packaging=cdk.FileAssetPackaging.ZIP_DIRECTORY,
        )
        return location.bucket_name, location.object_key


@jsii.implements(cdk.IStableStringProducer)
class _Later:
    """A value that CDK asks for at synthesis."""

    def __init__(self, value: Callable[[], str]) -> None:
        self._value = value

    def produce(self) -> str:
        """The value."""
        try:
            return self._value()
        except ConstructsLibError as error:
            raise remember(error) from None


_plans: dict[str, Plan] = {}


def plan(scope: IConstruct) -> Plan:
    """The plan of the construct tree that `scope` is in.

    One per tree, by the root's reference in jsii: the app that CDK makes for a stack without one has no lasting object
    in Python.
    """
    show_errors_without_traceback()
    return _plans.setdefault(scope.node.root.__jsii_ref__.ref, Plan())  # type: ignore[attr-defined]


def _stage(built: BuiltBinary, outdir: Path) -> Path:
    """Copy a binary to where CDK expects an asset; equal content makes equal files, times and modes included."""
    folder = outdir / f"asset.{built.sha256}"
    if not folder.exists():
        made = Path(tempfile.mkdtemp(dir=outdir, prefix=".asset."))
        bootstrap = made / "bootstrap"
        shutil.copyfile(built.path, bootstrap)
        made.chmod(0o755)
        bootstrap.chmod(0o755)
        os.utime(bootstrap, (_MOMENT, _MOMENT))
        made.rename(folder)
    return folder
