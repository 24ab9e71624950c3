"""The local files that a template names: nested templates, includes, definitions.

Nothing is fetched, and nothing is read from outside of the folder that the template belongs to: the repository that it
is in, or its own folder if it is in none. Whoever may change the template may change the files there as well, so
reading them tells nothing new; a template from elsewhere cannot make the check read `/etc` or a home folder.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from constructs_lib.errors import ConstructsLibError
from constructs_lib.templates.documents import parse, read_text

__all__ = ["Files"]

MAX_ASSETS = 10_000


class Files:
    """What a template may name.

    Args:
        path: the template.
        root: the folder to stay in; by default the repository of the template, or else its folder.
        assets: the files of a cloud assembly by the key under which they are uploaded; by default as the manifest of
            the template's stack has them, `Photos.assets.json` beside `Photos.template.json`.
    """

    def __init__(self, path: Path, root: Path | None = None, assets: Mapping[str, str] | None = None) -> None:
        self._path = path
        self._folder = path.parent
        self._given = root, assets
        self._parsed: dict[Path, Any] = {}

    @cached_property
    def _root(self) -> Path:
        return self._given[0] or _root(self._path)

    @cached_property
    def _assets(self) -> Mapping[str, str]:
        return _assets(self._path) if self._given[1] is None else self._given[1]

    def beside(self, path: Path) -> Files:
        """The files that a nested template may name, with the same root and assets."""
        if path.parent == self._folder:
            return self
        return Files(path, self._root, self._assets)

    def find(self, location: Any) -> Path | None:
        """The local file that a location means; None if it means none, or one that is not there to be read."""
        if isinstance(location, str) and location and "://" not in location and "\0" not in location:
            return self._inside(location)
        key = self._asset_key(location)
        return None if key is None else self._inside(self._assets[key])

    def parse(self, path: Path) -> Any:
        """What a file holds.

        Raises:
            ConstructsLibError: `template-unreadable`.
        """
        if path not in self._parsed:
            self._parsed[path] = parse(read_text(path), name=str(path))
        return self._parsed[path]

    def _inside(self, location: str) -> Path | None:
        path = self._folder / location
        try:
            resolved = path.resolve()
            is_inside = resolved.is_relative_to(self._root) and resolved.is_file()
        except (OSError, RuntimeError, ValueError):  # a link to itself, a name that is too long
            return None
        return path if is_inside else None

    def _asset_key(self, location: Any) -> str | None:
        """The asset whose key a URL ends with, or that is the `Key` of an object."""
        if not self._assets or not isinstance(location, Mapping):
            return None
        key = location.get("Key", location.get("S3Key"))
        last = key if isinstance(key, str) else _last_text(location)
        return next((name for name in (last, last.rpartition("/")[2]) if name in self._assets), None)


def _root(path: Path) -> Path:
    folder = Path(os.path.realpath(path.parent))
    return next((above for above in (folder, *folder.parents) if (above / ".git").exists()), folder)


def _assets(path: Path) -> dict[str, str]:
    if not path.name.endswith(".template.json"):
        return {}
    try:
        manifest = parse(read_text(path.with_name(path.name.replace(".template.json", ".assets.json"))), name="")
    except ConstructsLibError:
        return {}
    found: dict[str, str] = {}
    for file in _entries(_mapping(manifest).get("files")):
        source = _mapping(file.get("source")).get("path")
        for destination in _entries(file.get("destinations")):
            key = destination.get("objectKey")
            if isinstance(source, str) and isinstance(key, str) and len(found) < MAX_ASSETS:
                found[key] = source
    return found


def _last_text(value: Any) -> str:
    """The last text of a `Fn::Join` or `Fn::Sub`, in which the key of an asset stands."""
    text = json.dumps(value, default=str)
    return next((part for part in reversed(text.split('"')) if part.strip(" ,]}[{:")), "")


def _entries(value: Any) -> Iterator[Mapping[str, Any]]:
    return (entry for entry in _mapping(value).values() if isinstance(entry, Mapping))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
