"""Where in the user's code something was declared: noted at once, which costs next to nothing, and told in findings.

What is noted stays in this process: templates and snapshots do not change when a line moves. What CDK notes itself of
all constructs, when asked to (`cdk synth --debug`, or `JSII_HOST_STACK_TRACES=1`), is in the assembly's metadata.
"""

from __future__ import annotations

import inspect
import json
import os
import re
import sysconfig
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk

from constructs_lib.finish import identity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import constructs
    from aws_cdk import aws_iam as iam
    from typing_extensions import Self

__all__ = ["Declarations", "Declared", "Line", "note", "note_grant", "users_line"]

Route = tuple["str | int", ...]

_PATHS = sysconfig.get_paths()
_LIBRARIES = (
    *(f"{_PATHS[name]}{os.sep}" for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    f"{Path(__file__).parent}{os.sep}",
    "<",  # code that was never in a file, such as the constructor of a dataclass
)
_FRAME = re.compile(r".* \((.+):(\d+)\)")
_RESOURCES = ("", "/Resource", "/Default")  # how CDK calls the resource of a construct


@dataclass(frozen=True)
class Line:
    """A line of a file; as text it is relative to the current folder, if it is in there."""

    file: str
    number: int

    def __str__(self) -> str:
        relative = os.path.relpath(self.file)
        return f"{self.file if relative.startswith(os.pardir) else relative}:{self.number}"


class Declared:
    """Something that knows the line that made it."""

    _declared_at: Line | None

    def __new__(cls, *_arguments: object, **_keywords: object) -> Self:
        """Note the line here, so that the constructor of a subclass need not know of it."""
        made = super().__new__(cls)
        object.__setattr__(made, "_declared_at", users_line())
        return made

    @property
    def declared_at(self) -> Line | None:
        """The line of the user's code that made it, if there is one."""
        return self._declared_at


def users_line() -> Line | None:
    """The innermost line outside of all libraries that is being run."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_filename.startswith(_LIBRARIES):
        frame = frame.f_back
    return Line(frame.f_code.co_filename, frame.f_lineno) if frame else None


def note(construct: constructs.IConstruct, line: Line | None, *route: str | int) -> None:
    """Note where a construct was declared, or what stands at a route inside of its resource's properties."""
    if line is not None:
        _lines.setdefault(identity(construct), {})[route] = line


def note_grant(role: constructs.IConstruct, statement: iam.PolicyStatement, line: Line | None) -> None:
    """Note where a statement of a role was granted."""
    if line is not None:
        _grants.setdefault(identity(role), []).append((statement, line))


_lines: dict[str, dict[Route, Line]] = {}
_grants: dict[str, list[tuple[iam.PolicyStatement, Line]]] = {}


class Declarations:
    """What was noted of an app.

    Args:
        root: the app.
        metadata: the files with CDK's own notes.
    """

    def __init__(self, root: constructs.IConstruct, metadata: Iterable[Path]) -> None:
        self._root = root
        self._metadata = tuple(metadata)

    def of(self, path: str) -> Line | None:
        """Where a construct was declared."""
        known = self._noted(path).get(())
        return known or next((line for end in _RESOURCES if (line := self._by_cdk.get(path + end))), None)

    def of_part(self, path: str, route: Route) -> Line | None:
        """Where a part of a resource's properties was declared; None if only the resource itself was noted."""
        noted = {route: line for end in _RESOURCES for route, line in self._noted(path + end).items()}
        return next((noted[route[:end]] for end in range(len(route), 0, -1) if route[:end] in noted), None)

    def of_grant(self, path: str, action: str, resource: Any) -> Line | None:
        """Where an action was granted.

        Args:
            path: the role, or a policy below it.
            action: e.g. `s3:PutObject`.
            resource: what it is granted on, as the template has it; None if that is not known.
        """
        exact, alike = [], []
        for role, statement, line in self._granted(path):
            written = cdk.Stack.of(role).resolve(statement.to_statement_json())
            if any(fnmatchcase(action.lower(), pattern.lower()) for pattern in _listed(written.get("Action", []))):
                alike.append(line)
                if resource in _listed(written.get("Resource", [])):
                    exact.append(line)
        if exact:
            return exact[0]
        return alike[0] if len(set(alike)) == 1 else None

    def _noted(self, path: str) -> dict[Route, Line]:
        *_, found = self._way(path)
        return {} if found is None else _lines.get(identity(found), {})

    def _granted(self, path: str) -> Iterator[tuple[constructs.IConstruct, iam.PolicyStatement, Line]]:
        for construct in filter(None, self._way(path)):
            for statement, line in _grants.get(identity(construct), ()):
                yield construct, statement, line

    def _way(self, path: str) -> Iterator[constructs.IConstruct | None]:
        """The constructs from the root to a path; None behind the last one that is there."""
        found: constructs.IConstruct | None = self._root
        for name in path.split("/"):
            found = found.node.try_find_child(name) if found else None
            yield found

    @cached_property
    def _by_cdk(self) -> dict[str, Line]:
        found = {}
        for file in self._metadata:
            for path, entries in json.loads(file.read_text()).items() if file.exists() else ():
                stacks = (entry["data"] for entry in entries if entry.get("type") == "aws:cdk:creationStack")
                frames = (match for stack in stacks for frame in stack if (match := _FRAME.fullmatch(frame)))
                users = (Line(match[1], int(match[2])) for match in frames if not match[1].startswith(_LIBRARIES))
                line = next(users, None)
                if line:
                    found[path.removeprefix("/")] = line
        return found


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
