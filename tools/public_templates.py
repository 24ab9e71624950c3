"""Public templates for the tests, read from the archives that `make setup` downloads.

Nothing of them is in this repository, and nothing of the packages is installed.
"""

from __future__ import annotations

import io
import tarfile
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.environment import PUBLIC_TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["PublicTemplate", "public_templates"]

_ENDINGS = (".expected.json", ".template.json")
_FIXTURES = "/test/fixtures/templates/"
_TEXTS = (".json", ".yaml", ".yml", ".template")


@dataclass(frozen=True)
class PublicTemplate:
    """A template as it was published.

    Args:
        name: the package and the path in it.
        content: the file.
    """

    name: str
    content: bytes


def public_templates(folder: Path = PUBLIC_TEMPLATES) -> Iterator[PublicTemplate]:
    """Yield every template of every archive, in a fixed order."""
    for archive in sorted(folder.iterdir()):
        package = archive.name.partition("-")[0].replace("_", "-").replace("aws-cdk.", "cdk-")
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel:
                for name in sorted(wheel.namelist()):
                    if name.endswith(".tgz"):  # the JavaScript package inside of a Python one
                        yield from _in_tar(package, wheel.read(name), "", _ENDINGS)
        elif archive.name.endswith(".tar.gz"):
            yield from _in_tar(package, archive.read_bytes(), _FIXTURES, _TEXTS)


def _in_tar(package: str, content: bytes, inside: str, endings: tuple[str, ...]) -> Iterator[PublicTemplate]:
    found = {}
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive:
            if member.isfile() and inside in member.name and member.name.endswith(endings):
                file = archive.extractfile(member)
                path = member.name.partition(inside)[2] if inside else member.name.partition("/")[2]
                found[f"{package}/{path}"] = file.read() if file else b""
    for name, text in sorted(found.items()):
        yield PublicTemplate(name, text)
