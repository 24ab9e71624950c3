"""`make demo`: the sample app on a local AWS, by CDK and by SAM, with a real photo. Six steps, told as they go.

Started by any Python, it first makes the project's own environment whole, and goes on in that.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tools import console, environment, setup
from tools.environment import ROOT, Diagnostic, errors
from tools.local_aws import ACCOUNT, REGION, LocalAws

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tools.job import Deployment

FOLDER = ROOT / "demo"
ASSEMBLY = ROOT / "cdk.out"
STACKS = ("Thumbnails", "Hello")
SAM_SUFFIX = "-by-sam"
REAL_ACCOUNT = """
The same on your own account, with its credentials in the environment:
  python3 -m tools.environment cdk bootstrap
  python3 -m tools.environment cdk deploy --all
  python3 -m tools.environment sh -c 'cd cdk.out/sam/Thumbnails && sam build && sam deploy'"""


@contextlib.contextmanager
def step(number: int, name: str) -> Iterator[None]:
    """Tell what is done now, and then how long it took."""
    print(f"\n{number} {name}", flush=True)
    started = time.monotonic()
    yield
    print(f"  {time.monotonic() - started:.1f} s", flush=True)


def run(*command: str, variables: Mapping[str, str], folder: Path = ROOT, shown: bool = False) -> None:
    """Run a program of a step, and tell its time.

    Raises:
        ConstructsLibError: `demo-failed` with the program's last lines.
    """
    name = " ".join(command[:2])
    started = time.monotonic()
    ran = console.run(name, command, folder=folder, variables=variables, shown=shown)
    if ran.status:
        raise errors.ConstructsLibError(
            Diagnostic(
                reference="demo-failed",
                headline=f"`{name}` failed",
                evidence="\n".join((f"$ {' '.join(command)}", *ran.lines[-25:])),
                helps=("mend what the output above names and run it again",),
            )
        )
    print(f"  {name:15} {time.monotonic() - started:6.1f} s", flush=True)


def synthesize(assembly: Path) -> None:
    """Synthesize the sample; the library tells what it built and found."""
    # What an earlier `sam build` left in it would be taken for this app's.
    shutil.rmtree(assembly, ignore_errors=True)
    run("cdk", "synth", "--quiet", "--output", str(assembly), variables=environment.variables(), shown=True)


def deploy_by_cdk(aws: LocalAws, assembly: Path) -> None:
    """Deploy what was synthesized."""
    app = ("--app", str(assembly), "--no-notices")
    run("cdk", "bootstrap", f"aws://{ACCOUNT}/{REGION}", *app, variables=aws.variables)
    run("cdk", "deploy", "--all", "--require-approval", "never", *app, variables=aws.variables)


def deploy_by_sam(aws: LocalAws, assembly: Path) -> None:
    """Build and deploy the emitted SAM templates under other stack names."""
    variables = {**aws.variables, **library_build()}
    for stack in STACKS:
        folder = assembly / "sam" / stack
        name = ("--stack-name", stack + SAM_SUFFIX)
        run("sam", "validate", "--lint", variables=variables, folder=folder)
        with one_build():
            run("sam", "build", variables=variables, folder=folder)
        run("sam", "deploy", *name, "--no-confirm-changeset", variables=variables, folder=folder)


@contextlib.contextmanager
def one_build() -> Iterator[None]:
    """Keep other builds of the sample out: cargo-lambda moves binaries out of the folder that they share."""
    from constructs_lib.bundling.cache import Cache  # noqa: PLC0415 - needs what step 1 installs

    with Cache().lock(ROOT / "sample_app" / "functions", lambda: None):
        yield


def library_build() -> dict[str, str]:
    """Return what makes the SAM CLI build where the library has built: less to compile, no file elsewhere."""
    from constructs_lib.bundling import paths  # noqa: PLC0415 - needs what step 1 installs
    from constructs_lib.bundling.cache import Cache  # noqa: PLC0415
    from constructs_lib.bundling.toolchain import find_toolchain  # noqa: PLC0415

    workspace, cache = ROOT / "sample_app" / "functions", Cache()
    variables = find_toolchain(workspace).environment(cache.root)
    names = ("PATH", "CARGO_ZIGBUILD_ZIG_PATH", "CARGO_ZIGBUILD_CACHE_DIR", "ZIG_GLOBAL_CACHE_DIR")
    target = cache.target(workspace)
    flags = paths.flags(target)
    if any(" " in flag for flag in flags):  # cargo would take it for several; SAM then compiles for itself
        flags = []
    return {
        **{name: variables[name] for name in names},
        "CARGO_TARGET_DIR": str(target),
        "CARGO_BUILD_RUSTFLAGS": " ".join(flags),
    }


def destroy(aws: LocalAws, assembly: Path) -> None:
    """Destroy the stacks of both deployments."""
    run("cdk", "destroy", "--all", "--force", "--app", str(assembly), "--no-notices", variables=aws.variables)
    for stack in STACKS:
        run(
            "sam",
            "delete",
            "--stack-name",
            stack + SAM_SUFFIX,
            "--no-prompts",
            variables=aws.variables,
            folder=assembly,
        )


def see_gone(aws: LocalAws) -> None:
    """See that no stack of the sample is left.

    Raises:
        ConstructsLibError: `demo-failed`, with those that are.
    """
    stacks = aws.client("cloudformation").describe_stacks()["Stacks"]
    left = [stack for stack in stacks if stack["StackName"].removesuffix(SAM_SUFFIX) in STACKS]
    if left:
        raise errors.ConstructsLibError(
            Diagnostic(
                reference="demo-failed",
                headline="not every stack was destroyed",
                evidence="\n".join(f"{stack['StackName']}: {stack['StackStatus']}" for stack in left),
            )
        )


def show(deployment: Deployment, photo: Path, thumbnail: Path) -> None:
    """Send the photo through a deployment and tell what came of it."""
    result = deployment.send_photo(photo, thumbnail)
    pixels = f"{result.size[0]} x {result.size[1]} pixels"
    item = ", ".join(f"{key} {value}" for key, value in sorted(result.item.items()))
    print(f"  thumbnail    {thumbnail.relative_to(ROOT)}: {pixels}, {result.bytes:,} bytes, upright", flush=True)
    print(f"               {result.seconds:.1f} s after the upload; the function ran {times(result.runs)}")
    print(f"  index        {item}")
    print(f"  GET /?message=Hello → {deployment.say('Hello')}")
    print(f"  GET /               → {deployment.say(None).splitlines()[0]}", flush=True)
    if result.runs != 1:
        raise errors.ConstructsLibError(
            Diagnostic(
                reference="demo-failed",
                headline=f"the function ran {times(result.runs)} for one photo",
                evidence="\n".join(deployment.log()[-30:]),
            )
        )


def times(count: int) -> str:
    """Return a count in words."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def find(photo: Path) -> None:
    """See that there is a photo, before anything is installed.

    Raises:
        ConstructsLibError: `photo-not-found`.
    """
    if not photo.is_file():
        raise errors.ConstructsLibError(
            Diagnostic(
                reference="photo-not-found",
                headline=f"there is no photo at `{photo}`",
                helps=("give the path of a JPEG or PNG file", "or none: `make demo` draws a photo by itself"),
            )
        )


def demonstrate(given: Path | None, port: int | None, assembly: Path) -> None:
    """Do steps 2 to 6."""
    from tools import photo as photos  # noqa: PLC0415 - needs what step 1 installs
    from tools.job import Deployment  # noqa: PLC0415

    if given:
        photos.check(given)
    aws = LocalAws(port=port)
    with step(2, "Synth: one build for the whole app, the loop proof, CloudFormation and SAM templates"):
        synthesize(assembly)
    with contextlib.ExitStack() as stack:
        with step(3, "Local AWS, cdk bootstrap, cdk deploy"):
            stack.enter_context(aws)
            print(f"  {aws.endpoint}", flush=True)
            deploy_by_cdk(aws, assembly)
        with step(4, "A photo, on what CDK deployed"):
            photo = given or FOLDER / "photo.jpg"
            if not given:
                photos.draw(photo)
            width, height = photos.size_upright(photo)
            print(f"  photo        {photo}: {width} x {height} pixels, {photo.stat().st_size:,} bytes", flush=True)
            by_cdk = Deployment(aws, *STACKS)
            show(by_cdk, photo, FOLDER / "thumbnail.jpg")
        with step(5, "The same from the emitted SAM templates"):
            deploy_by_sam(aws, assembly)
            by_sam = Deployment(aws, *(name + SAM_SUFFIX for name in STACKS))
            show(by_sam, photo, FOLDER / "thumbnail-sam.jpg")
        with step(6, "Destroy and stop everything"):
            for deployment in (by_cdk, by_sam):
                deployment.empty()  # CloudFormation deletes no bucket with something in it
            destroy(aws, assembly)
            see_gone(aws)
            stack.close()
    print(REAL_ACCOUNT, flush=True)


def main(arguments: list[str]) -> int:
    """Run the demo; whatever happens, end what it started."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--photo", type=Path, help="a JPEG or PNG file; one is drawn if it is left out")
    parser.add_argument("--port", type=int, help="the local AWS's port on 127.0.0.1; a free one by default")
    parser.add_argument("--assembly", type=Path, default=ASSEMBLY, help="where to synthesize to")
    options = parser.parse_args(arguments)
    console.interrupt_on_signals()
    try:
        if options.photo:
            find(options.photo)
        if Path(sys.prefix) == environment.VENV:
            os.environ.update(environment.variables())
            demonstrate(options.photo, options.port, options.assembly)
            return 0
        print("1 Toolchain", flush=True)
        status = setup.main()
        if status == 0:
            # The rest needs what was just installed.
            python = environment.VENV / "bin" / "python"
            os.execve(python, [str(python), "-m", "tools.demo", *arguments], environment.variables())  # noqa: S606
    except errors.ConstructsLibError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; everything that was started has ended", file=sys.stderr)
        return 130
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
