"""What is installed brings its pages: the wheel, also one that is made from the source distribution."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[3]
PAGES = {page.name: page.read_text() for page in (ROOT / "docs" / "errors").glob("*.md")}
EXPLAIN = "from constructs_lib.cli import main; main()"


def build(kind: str, source: Path, target: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(target)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    [built] = target.iterdir()
    return built


def explained(wheel: Path, folder: Path) -> str:
    shutil.unpack_archive(wheel, folder / "site", "zip")
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, 'site'); {EXPLAIN}", "explain", "no-templates"]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def test_a_wheel_explains_every_error(tmp_path: Path) -> None:
    wheel = build("wheel", ROOT, tmp_path / "wheel")

    with zipfile.ZipFile(wheel) as archive:
        prefix = "constructs_lib/cli/pages/"
        pages = {name.removeprefix(prefix) for name in archive.namelist() if name.startswith(prefix)}
    assert pages == set(PAGES)
    assert explained(wheel, tmp_path) == PAGES["no-templates.md"]


def test_a_wheel_from_the_source_distribution_does_too(tmp_path: Path) -> None:
    with tarfile.open(build("sdist", ROOT, tmp_path / "sdist")) as archive:
        archive.extractall(tmp_path, filter="data")
    [source] = tmp_path.glob("constructs_lib-*")

    wheel = build("wheel", source, tmp_path / "wheel")

    assert explained(wheel, tmp_path) == PAGES["no-templates.md"]
