"""The real `sam` on what we emit: it validates, lints, builds and would mount the routes, offline."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from constructs_lib import sam

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
CASES = sorted((ROOT / "tests" / "golden" / "cases").iterdir())
ARM64 = 183  # e_machine of an ELF file: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html


@pytest.fixture(scope="session")
def sam_cli() -> Path:
    found = shutil.which("sam", path=os.pathsep.join([os.environ["PATH"], str(ROOT / ".tools" / "sam" / "bin")]))
    if found is None:
        pytest.fail("the SAM CLI is missing: `make setup` installs it")
    return Path(found)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "AWS_DEFAULT_REGION": "eu-west-1",
        "CARGO_TARGET_DIR": str(tmp_path / "target"),
        "HOME": os.environ["HOME"],
        "SAM_CLI_TELEMETRY": "0",
    }


@pytest.fixture(params=CASES, ids=[case.name for case in CASES])
def templates(request: pytest.FixtureRequest, tmp_path: Path) -> list[Path]:
    assembly = tmp_path / "cdk.out"
    shutil.copytree(request.param / "assembly", assembly)
    shutil.copytree(request.param / "sam", assembly / "sam")
    return sorted(assembly.glob("sam/**/template.yaml"))


def run(*command: str | Path, at: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(  # noqa: PLW1510
        list(map(str, command)), cwd=at, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_sam_validates_and_lints_every_golden_template(
    sam_cli: Path, templates: list[Path], environment: dict[str, str]
) -> None:
    for template in templates:
        said = run(sam_cli, "validate", "--lint", at=template.parent, environment=environment)
        assert "is a valid SAM Template" in said


def test_sam_build_builds_the_named_binary_of_a_workspace(
    sam_cli: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    workspace(tmp_path / "functions", "hello", "other")
    assembly = Path(shutil.copytree(ROOT / "tests/golden/cases/hello/assembly", tmp_path / "cdk.out"))
    (one,) = sam.write(assembly, {"Hello": {"Hello4A628BD4": sam.CargoSource(tmp_path / "functions", "hello")}})

    run(sam_cli, "build", at=one.template.parent, environment=environment)

    built = one.template.parent / ".aws-sam" / "build" / "Hello4A628BD4"
    assert [path.name for path in built.iterdir()] == ["bootstrap"]
    program = (built / "bootstrap").read_bytes()
    assert (program[:4], int.from_bytes(program[18:20], "little")) == (b"\x7fELF", ARM64)
    assert b"this is hello" in program
    assert not (tmp_path / "functions" / "target").exists()


def test_sam_build_takes_what_cdk_packed_as_it_is(sam_cli: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    assembly = Path(shutil.copytree(ROOT / "tests/golden/cases/functions/assembly", tmp_path / "cdk.out"))
    (one,) = sam.write(assembly, {})

    run(sam_cli, "build", at=one.template.parent, environment=environment)

    build = one.template.parent / ".aws-sam" / "build"
    assert sorted(path.name for path in build.iterdir()) == ["template.yaml"]
    uris = [line.split()[-1] for line in (build / "template.yaml").read_text().splitlines() if "CodeUri: " in line]
    assert [(build / uri / "bootstrap").read_text() for uri in uris] == ["a package that CDK made\n"]


def test_sam_build_follows_nested_stacks(sam_cli: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    assembly = Path(shutil.copytree(ROOT / "tests/golden/cases/nested/assembly", tmp_path / "cdk.out"))
    (one,) = sam.write(assembly, {})

    run(sam_cli, "build", at=one.template.parent, environment=environment)

    build = one.template.parent / ".aws-sam" / "build"
    templates = sorted(build.rglob("template.yaml"))
    packages = [
        (template.parent / line.split()[-1] / "bootstrap").read_text()
        for template in templates
        for line in template.read_text().splitlines()
        if "CodeUri: " in line or "ContentUri: " in line
    ]
    assert (len(templates), packages) == (3, ["a package that CDK made\n"] * 4)


def test_start_api_would_mount_the_folded_routes(sam_cli: Path, environment: dict[str, str]) -> None:
    # `sam local start-api` itself wants Docker; what it mounts is what its own provider reads.
    script = (
        "from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider as S\n"
        "from samcli.lib.providers.api_provider import ApiProvider\n"
        "for r in ApiProvider(S.get_stacks('template.yaml')[0], cwd='.').api.routes:\n"
        "    print(r.path, ','.join(sorted(r.methods)), r.function_name, r.payload_format_version, r.authorizer_name)\n"
    )
    at = ROOT / "tests/golden/cases/api/sam/Api"
    said = run(sam_cli.resolve().parent / "python", "-c", script, at=at, environment=environment)
    every = "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT"
    assert sorted(said.splitlines()) == [
        f"$default {every} Items5C12978B 2.0 None",
        f"/checked {every} Items5C12978B 1.0 Checked",
        "/iam OPTIONS,POST Items5C12978B 2.0 None",
        "/items/{id} DELETE,GET,OPTIONS Items5C12978B 2.0 None",
    ]


def workspace(root: Path, *binaries: str) -> None:
    """A Cargo workspace without dependencies whose programs say their name."""
    for binary in binaries:
        source = root / binary / "src" / "main.rs"
        source.parent.mkdir(parents=True)
        source.write_text(f'fn main() {{\n    println!("this is {binary}");\n}}\n')
        (root / binary / "Cargo.toml").write_text(
            f'[package]\nname = "{binary}"\nversion = "0.1.0"\nedition = "2021"\n'
        )
    members = ", ".join(f'"{binary}"' for binary in binaries)
    quick = '[profile.release]\nlto = "off"\nopt-level = 0\n'
    (root / "Cargo.toml").write_text(f'[workspace]\nmembers = [{members}]\nresolver = "2"\n\n{quick}')
