"""`constructs-lib.toml`: acknowledged loops of templates that are not to be edited, or not by hand.

    [[acknowledge]]
    path = "infra/photos.yaml"      # the template or the assembly, relative to this file
    fingerprint = "0a1b2c3d4e5f"    # as `constructs-lib check` tells it
    reason = "rewrites each photo once"
    bound = "the function leaves photos with a copyright alone"

An entry is for one system: it excuses nothing elsewhere, and it is stale only if that system was checked.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_lib.errors import ConstructsLibError, Diagnostic
from constructs_lib.loops import Acknowledgement

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["NAME", "Configuration"]

NAME = "constructs-lib.toml"
_KEYS = ("path", "fingerprint", "reason", "bound")


@dataclass(frozen=True)
class Configuration:
    """What the file says.

    Args:
        acknowledged: each with the system that it is for.
    """

    acknowledged: tuple[tuple[Path, Acknowledgement], ...] = ()

    @classmethod
    def read(cls, folder: Path) -> Configuration:
        """The configuration of a folder; an empty one if it has none.

        Raises:
            ConstructsLibError: `configuration-invalid`.
        """
        path = folder / NAME
        try:
            text = path.read_bytes().decode()
        except FileNotFoundError:
            return cls()
        except (OSError, UnicodeDecodeError) as error:
            raise _invalid(str(error)) from error
        document = _parsed(text)
        unknown = set(document) - {"acknowledge"}
        if unknown:
            raise _invalid(f"it has {_quoted(unknown)}, but only `acknowledge` means something")
        entries = document.get("acknowledge", [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise _invalid("`acknowledge` is a list of tables: begin each with `[[acknowledge]]`")
        return cls(tuple(_entry(folder, number, entry) for number, entry in enumerate(entries, 1)))

    def of(self, paths: Iterable[Path]) -> list[Acknowledgement]:
        """What is acknowledged of a system that was found at some paths."""
        places = {path.resolve() for path in paths}
        return [entry for path, entry in self.acknowledged if path in places]


def _parsed(text: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib  # noqa: PLC0415 - most runs have no such file
    else:
        import tomli as tomllib  # noqa: PLC0415 - as above
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _invalid(str(error)) from error


def _entry(folder: Path, number: int, entry: dict[str, Any]) -> tuple[Path, Acknowledgement]:
    where = f"entry {number} of `acknowledge`"
    unknown = set(entry) - set(_KEYS)
    if unknown:
        raise _invalid(f"{where} has {_quoted(unknown)}, but only {_quoted(_KEYS)} mean something")
    for key in _KEYS:
        value = entry.get(key)
        if not isinstance(value, str) or not value.strip():
            raise _invalid(f"{where} needs a `{key}`, a string that is not empty")
    acknowledgement = Acknowledgement(entry["fingerprint"], entry["reason"], entry["bound"], NAME)
    return (folder / entry["path"]).resolve(), acknowledgement


def _invalid(reason: str) -> ConstructsLibError:
    return ConstructsLibError(
        Diagnostic(
            reference="configuration-invalid",
            headline=f"cannot read `{NAME}`",
            evidence=f"{NAME}: {reason}",
            helps=("correct it there; until then nothing that it says counts",),
        )
    )


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))
