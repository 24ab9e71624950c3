"""Install what the demo and the tests need and is not there: `python3 -m tools.setup`. Standard library only.

Each part looks at what is really there, installs only what is missing, and notes itself as done last of all, so an
interrupted setup is repaired by the next one.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from tools import console, environment
from tools.environment import ROOT, Diagnostic, errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

TARGET = "aarch64-unknown-linux-gnu"
OLDEST_NODE = 20
X86 = platform.machine() == "x86_64"
RUST_PACKAGES = ("rustc-web", "cargo-web", *(("libstd-rust-web-dev:arm64",) if X86 else ()))
QEMU_PACKAGES = ("qemu-user-static", "libc6:arm64")
NO_NETWORK = re.compile(
    r"name resolution|Name or service not known|failure resolving|could not resolve|not resolve host|lookup address"
    r"|getaddrinfo|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|NewConnectionError|ConnectTimeoutError"
    r"|Max retries exceeded|unreachable|Unable to connect|Could not connect|Connection refused|Connection timed out"
    r"|ProxyError",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Part:
    """One thing to have: `install` returns whether there was something to do."""

    name: str
    install: Callable[[], bool]


# Programs


def failure(what: str, command: Sequence[str], lines: Sequence[str]) -> errors.ConstructsLibError:
    """Tell a missing network from any other failure of an installer, with its last lines either way."""
    telling = [line[:200] for line in lines if not line.startswith("Ignoring ")]  # pip's word on markers
    evidence = "\n".join((f"$ {' '.join(command)}", *telling[-8:]))
    if NO_NETWORK.search(evidence):
        return errors.ConstructsLibError(
            Diagnostic(
                reference="no-network",
                headline=f"cannot download {what}: there is no way to its registry",
                evidence=evidence,
                notes=("what is installed already is kept: the next run goes on from there",),
                helps=("check the network, the proxy and the index that the tool above is set to, and run it again",),
            )
        )
    return errors.ConstructsLibError(
        Diagnostic(
            reference="setup-failed",
            headline=f"installing {what} failed",
            evidence=evidence,
            helps=("mend what the output above names and run it again: what is installed already is kept",),
        )
    )


def run(what: str, command: Sequence[str]) -> None:
    """Run an installer quietly, and show its last lines if it fails."""
    variables = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    try:
        ran = console.run(what, command, folder=ROOT, variables=variables)
    except FileNotFoundError as error:
        raise failure(what, command, [str(error)]) from error
    if ran.status:
        raise failure(what, command, ran.lines)


def answer(*command: str) -> str:
    """Return what a program prints, or nothing if it is not there or fails."""
    try:
        done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


# Debian packages


def root_prefix() -> list[str] | None:
    """Return what makes a command run as root without a question, or None if nothing does."""
    if os.geteuid() == 0:
        return []
    if (
        shutil.which("sudo")
        and subprocess.run(("sudo", "-n", "true"), check=False, capture_output=True).returncode == 0
    ):
        return ["sudo", "-n"]
    return None


def apt_commands(packages: Sequence[str]) -> list[list[str]]:
    """Return the commands that install Debian packages, foreign ones included."""
    foreign = any(package.endswith(":arm64") for package in packages)
    return [
        *([["dpkg", "--add-architecture", "arm64"]] if foreign and X86 else []),
        ["apt-get", "update"],
        ["apt-get", "install", "--yes", "--no-install-recommends", *packages],
    ]


def missing(what: str, packages: Sequence[str], *helps: str) -> errors.ConstructsLibError:
    """Return the error for a part that cannot be installed from here, with the commands that do it by hand."""
    by_hand = " && ".join(f"sudo {' '.join(command)}" for command in apt_commands(packages))
    return errors.ConstructsLibError(
        Diagnostic(
            reference="toolchain-missing",
            headline=f"there is no {what}, and it cannot be installed from here",
            notes=("on Debian it is installed by itself for root, and for a user with sudo without a password",),
            helps=(*helps, f"on Debian: {by_hand}"),
        )
    )


def apt(what: str, packages: Sequence[str], *helps: str) -> None:
    """Install Debian packages, or fail with what to do by hand.

    Raises:
        ConstructsLibError: `toolchain-missing` where there is no apt or no root; else as `failure`.
    """
    prefix = root_prefix()
    if prefix is None or not shutil.which("apt-get"):
        raise missing(what, packages, *helps)
    for command in apt_commands(packages):
        run(what, [*prefix, *command])


# Python


def digest(*paths: Path) -> str:
    """Return one hash of files' contents."""
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()


def distributions(folder: Path) -> list[str]:
    """Return the distributions of a virtual environment with their versions, as their folders say."""
    return sorted(
        path.name.removesuffix(".dist-info") for path in folder.glob("lib/python3*/site-packages/*.dist-info")
    )


def stamp(folder: Path, lock: Path) -> dict[str, object]:
    """Return what a finished environment looks like, by its contents."""
    return {
        "lock": digest(lock),
        "python": ".".join(platform.python_version_tuple()[:2]),
        "distributions": distributions(folder),
    }


def read(path: Path) -> object:
    """Return a JSON document, or None if there is none."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None


def python_environment(what: str, folder: Path, lock: Path) -> bool:
    """Make a virtual environment that holds exactly what its lock file says."""
    noted = folder / "constructs-lib.json"
    if (folder / "bin" / "python").exists() and read(noted) == stamp(folder, lock):
        return False
    if find_spec("ensurepip") is None:  # Debian ships it apart
        apt("Python's venv module", ("python3-venv",), "use a Python that has it: make setup PYTHON=/path/to/python3")
    shutil.rmtree(folder, ignore_errors=True)
    run(what, [sys.executable, "-m", "venv", str(folder)])
    # The lock is whole, so there is nothing to resolve.
    run(what, [*pip(folder), "install", "--no-deps", "--requirement", str(lock)])
    noted.write_text(json.dumps(stamp(folder, lock)), "utf-8")
    return True


def pip(folder: Path) -> list[str]:
    """Return how to call an environment's own pip."""
    return [str(folder / "bin" / "python"), "-m", "pip", "--no-input", "--retries", "2"]


def project() -> bool:
    """Have the project itself, editable, in its environment."""
    folder, pyproject = environment.VENV, ROOT / "pyproject.toml"
    fresh = python_environment("the Python environment", folder, ROOT / "constraints" / "dev.txt")
    noted = folder / "project"
    command = folder / "bin" / "constructs-lib"
    if not fresh and command.exists() and noted.exists() and noted.read_text("utf-8") == digest(pyproject):
        return False
    # Its build backend is in the lock, so nothing is downloaded.
    run("the project", [*pip(folder), "install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
    run("the project", [*pip(folder), "check"])
    # The project's own distribution belongs to what the environment holds.
    (folder / "constructs-lib.json").write_text(json.dumps(stamp(folder, ROOT / "constraints" / "dev.txt")), "utf-8")
    noted.write_text(digest(pyproject), "utf-8")
    return True


def sam() -> bool:
    """Have the SAM CLI in an environment of its own, and on PATH alone."""
    installed = python_environment("the SAM CLI", environment.SAM, ROOT / "constraints" / "sam.txt")
    return link("sam", environment.SAM / "bin" / "sam") or installed


def ministack() -> bool:
    """Have the local AWS in an environment of its own."""
    return python_environment("the local AWS", environment.MINISTACK, ROOT / "constraints" / "ministack.txt")


def public_templates() -> bool:
    """Have the archives whose templates the tests read; none of them is installed."""
    folder, lock = environment.PUBLIC_TEMPLATES, ROOT / "constraints" / "public-templates.txt"
    noted = folder.with_suffix(".sha256")
    if folder.is_dir() and noted.exists() and noted.read_text("utf-8") == digest(lock):
        return False
    shutil.rmtree(folder, ignore_errors=True)
    kinds = ("--no-deps", "--only-binary", ":all:", "--no-binary", "cfn-lint")  # its wheel has no templates
    command = ["download", *kinds, "--require-hashes", "--requirement", str(lock), "--dest", str(folder)]
    run("the public templates", [*pip(environment.VENV), *command])
    noted.write_text(digest(lock), "utf-8")
    return True


def link(name: str, target: Path | None) -> bool:
    """Let a name in our folder on PATH point at a program, or at nothing."""
    path = environment.LINKS / name
    if (target is None and not path.is_symlink()) or (path.is_symlink() and target == path.readlink()):
        return False
    path.unlink(missing_ok=True)
    if target is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)
    return True


# Node


def cdk() -> bool:
    """Have Node, and the CDK CLI as the lock file says.

    Raises:
        ConstructsLibError: `node-too-old` if there is no Node of the supported versions or no npm.
    """
    version, npm = answer("node", "--version"), shutil.which("npm")
    found = re.match(r"v(\d+)\.", version)
    if found is None or int(found[1]) < OLDEST_NODE or not npm:
        has = f"Node {version} is too old" if found and int(found[1]) < OLDEST_NODE else "Node or npm is not installed"
        raise errors.ConstructsLibError(
            Diagnostic(
                reference="node-too-old",
                headline=f"{has}: the CDK needs Node {OLDEST_NODE} or newer, with npm",
                evidence=f"node: {shutil.which('node') or 'not found'} {version}\nnpm: {npm or 'not found'}",
                notes=("Debian 12's own package is Node 18",),
                helps=("install Node from https://nodejs.org/en/download and put it first on PATH",),
            )
        )
    lock = json.loads((ROOT / "package-lock.json").read_text("utf-8"))
    wanted = {path: entry["version"] for path, entry in lock["packages"].items() if path}
    there = {path: (read(ROOT / path / "package.json") or {}) for path in wanted}
    if (
        all(isinstance(found, dict) and found.get("version") == wanted[path] for path, found in there.items())
        and (environment.NODE_MODULES / ".bin" / "cdk").exists()
    ):
        return False
    run("the CDK CLI", ["npm", "ci", "--ignore-scripts", "--fetch-retries", "1"])
    return True


# Rust


def path_without_links() -> list[str]:
    """Return the folders on PATH that are not ours."""
    ours = str(environment.LINKS)
    return [entry for entry in os.environ.get("PATH", os.defpath).split(os.pathsep) if entry and entry != ours]


def rust_folder() -> Path | None:
    """Return the first folder on PATH (rustup's and Debian's own last) whose rustc has the arm64 standard library."""
    home = os.environ.get("CARGO_HOME", str(Path.home() / ".cargo"))
    for place in dict.fromkeys([*path_without_links(), f"{home}/bin", "/usr/bin"]):
        rustc, cargo = (shutil.which(name, path=place) for name in ("rustc", "cargo"))
        if rustc and cargo:
            library = answer(rustc, "--print", "target-libdir", "--target", TARGET)
            if library and any(Path(library).glob("libstd-*")):
                return Path(place)
    return None


def rust() -> bool:
    """Have cargo with the standard library for arm64, and a linker for build scripts."""
    installed = False
    if (folder := rust_folder()) is None:
        if rustup := shutil.which("rustup"):
            # On a machine with no way to Rust's own server Debian's packages are tried next.
            with contextlib.suppress(errors.ConstructsLibError):
                run("Rust's arm64 standard library", [rustup, "target", "add", TARGET])
        if (folder := rust_folder()) is None:
            apt("Rust with the standard library for arm64", RUST_PACKAGES, f"with rustup: rustup target add {TARGET}")
            folder = rust_folder()
        installed = True
    if shutil.which("cc") is None:
        apt("C linker for Rust's build scripts", ("gcc", "libc6-dev"))
        installed = True
    first = shutil.which("rustc", path=os.pathsep.join(path_without_links()))
    for name in ("cargo", "rustc"):
        # Only where another Rust, or none, would come first.
        apart = folder is not None and (first is None or Path(first).parent != folder)
        link(name, folder / name if folder and apart else None)
    return installed


def qemu() -> bool:
    """Have what runs arm64 programs on an x86-64 machine."""
    if shutil.which("qemu-aarch64-static") and Path("/lib/ld-linux-aarch64.so.1").exists():
        return False
    apt("arm64 emulation (qemu-user-static, libc6:arm64)", QEMU_PACKAGES)
    return True


PARTS = (
    Part("CDK CLI", cdk),
    Part("Python environment", project),
    Part("SAM CLI", sam),
    Part("local AWS", ministack),
    Part("public templates", public_templates),
    Part("Rust for arm64", rust),
    *([Part("arm64 emulation", qemu)] if X86 else []),
)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Keep a second setup of this checkout waiting."""
    environment.TOOLS.mkdir(exist_ok=True)
    with (environment.TOOLS / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another setup of this checkout is running: waiting for it", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main() -> int:
    """Install every part that is missing; a line for each with its time."""
    started = time.monotonic()
    installed = 0
    try:
        with alone():
            for part in PARTS:
                before = time.monotonic()
                news = part.install()
                installed += news
                print(
                    f"  {part.name:20} {'installed' if news else 'there':9} {time.monotonic() - before:6.1f} s",
                    flush=True,
                )
    except errors.ConstructsLibError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; the next setup goes on from here", file=sys.stderr)
        return 130
    summary = f"{installed} of {len(PARTS)} parts installed" if installed else "nothing to install, nothing to compile"
    print(f"setup: {summary} ({time.monotonic() - started:.1f} s)", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
