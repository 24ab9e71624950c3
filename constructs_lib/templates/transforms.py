"""Macros: what `AWS::Include` adds where its file is there, and the names of those that nobody can see through.

"AWS::Include transform" and "Perform custom processing on CloudFormation templates with template macros" in the
CloudFormation user guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from constructs_lib.templates.derived import Derived
from constructs_lib.templates.documents import unreadable
from constructs_lib.templates.unseen import Unseen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.templates.files import Files

__all__ = ["TRANSFORM", "Transformed", "transforms_anywhere"]

TRANSFORM = "Fn::Transform"
MAX_INCLUDES = 1_000
MAX_DEPTH = 150
_INCLUDE = "AWS::Include"
_READ_OTHERWISE = {
    "AWS::CodeDeployBlueGreen",
    "AWS::LanguageExtensions",
    "AWS::SecretsManager-2020-07-23",
    "AWS::SecretsManager-2024-09-16",
    "AWS::Serverless-2016-10-31",
    _INCLUDE,
}
"""`Fn::ForEach` and the like, and SAM's resources, have readers of their own; what deploys tasks of ECS and rotates
secrets makes nothing that anything else wakes. "Transform reference" in the CloudFormation template reference."""

Route = tuple["str | int", ...]


def transforms_anywhere(document: Any) -> bool:
    """Whether a macro is called in any place but the top."""
    work = [document]
    while work:
        value = work.pop()
        if isinstance(value, (dict, Mapping)):
            if TRANSFORM in value:
                return True
            work += [part for part in value.values() if not isinstance(part, str)]
        elif isinstance(value, list):
            work += value
    return False


class Transformed:
    """A document with what its includes add.

    Args:
        document: the template.
        name: what to call it in errors.
        files: the files that it may name; None if it is no file, or is not to read any.

    Attributes:
        document: with what is included; parts that nothing is added to are those of the template.
        unseen: what nobody can tell.
    """

    def __init__(self, document: Mapping[str, Any], name: str, files: Files | None) -> None:
        self._shown = name
        self._files = files
        self._included = 0
        self._unseen: dict[Unseen, None] = {}
        try:
            made = self._copy(document, ()) if transforms_anywhere(document) else document
            self.document: Mapping[str, Any] = self._of_all(document, made)
        except RecursionError as error:
            raise unreadable(name, "it is nested too deeply") from error
        self.unseen = tuple(self._unseen)

    def _of_all(self, document: Mapping[str, Any], made: Any) -> Mapping[str, Any]:
        """With what the macros at the top of the template do."""
        for name, parameters in _calls(document.get("Transform")):
            content = self._include(name, parameters, ("Transform", name))
            if isinstance(content, Mapping):
                made = {**content, **made}
                for section, value in content.items():
                    if isinstance(value, Mapping) and isinstance(document.get(section), Mapping):
                        made[section] = {**value, **made[section]}
        return made if isinstance(made, Mapping) else document

    def _copy(self, value: Any, at: Route, depth: int = 0) -> Any:
        if depth > MAX_DEPTH:
            raise unreadable(self._shown, f"it is nested deeper than {MAX_DEPTH} levels")
        if isinstance(value, list):
            items = [self._copy(item, (*at, index), depth + 1) for index, item in enumerate(value)]
            return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
        if not isinstance(value, Mapping):
            return value
        made = {key: self._copy(inner, (*at, key), depth + 1) for key, inner in value.items() if key != TRANSFORM}
        if TRANSFORM in value:
            here = (*at, TRANSFORM)
            contents = [self._include(name, given, here, depth) for name, given in _calls(value[TRANSFORM])]
            if not made and len(contents) == 1 and contents[0] is not None and not isinstance(contents[0], Mapping):
                return contents[0]
            for content in contents:
                made.update(content if isinstance(content, Mapping) else {})
            if None in contents:
                made[TRANSFORM] = value[TRANSFORM]
            return Derived(made, value)
        return value if all(made[key] is inner for key, inner in value.items()) else Derived(made, value)

    def _include(self, name: str, parameters: Any, at: Route, depth: int = 0) -> Any:
        """What a macro gives; None if nobody can tell."""
        if name != _INCLUDE:
            if name not in _READ_OTHERWISE:
                self._unseen[Unseen(f"what the macro `{name}` makes", at)] = None
            return None
        location = parameters.get("Location") if isinstance(parameters, Mapping) else None
        path = self._files.find(location) if self._files is not None else None
        if self._files is None or path is None:
            shown = f"of `{location}` " if isinstance(location, str) else ""
            self._unseen[Unseen(f"what `AWS::Include` {shown}adds", at)] = None
            return None
        self._included += 1
        if self._included > MAX_INCLUDES:
            raise unreadable(self._shown, f"it includes more than {MAX_INCLUDES:,} files")
        return self._copy(self._files.parse(path), at, depth + 1)


def _calls(value: Any) -> Iterator[tuple[str, Any]]:
    """The macros that a `Transform` or `Fn::Transform` names, with their parameters."""
    for call in value if isinstance(value, list) else [value]:
        if isinstance(call, str):
            yield call, None
        elif isinstance(call, Mapping) and isinstance(call.get("Name"), str):
            yield call["Name"], call.get("Parameters")
