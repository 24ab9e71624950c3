"""Event patterns: EventBridge rules, filter criteria of event source mappings and pipes, SNS filter policies.

"Content filtering in Amazon EventBridge event patterns" and "Amazon SNS subscription filter policies". A pattern
becomes alternatives, each with a language for every field it names. What cannot be told lets everything through.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.absence import all_may_be_absent, may_be_absent
from constructs_lib.loops.keys import ANY, STAR, compiled, literal
from constructs_lib.loops.languages import ANYTHING, Language
from constructs_lib.loops.messages import ABSENT, NOT_TEXT, Message
from constructs_lib.loops.policies import always, listed
from constructs_lib.templates.texts import resolved

if TYPE_CHECKING:
    from collections.abc import Callable

    from constructs_lib.templates.system import System
    from constructs_lib.templates.template import Template

__all__ = ["criteria", "pattern"]

MAX_ALTERNATIVES = 48
MAX_DEPTH = 30
_CASES = 64
_EVERYTHING = (Message(),)
_ANY_TEXT = Language(((STAR,),), (ABSENT, NOT_TEXT))


def criteria(system: System, value: Any, template: Template) -> tuple[Message, ...]:
    """What `FilterCriteria` lets through: what any of its filters does."""
    found: list[Message] = []
    if may_be_absent(system, value, template):
        return _EVERYTHING
    for choice in system.mapping(value, template):
        if all_may_be_absent(system, choice.get("Filters"), template):
            return _EVERYTHING
        for entry in system.items(choice.get("Filters") or [], template):
            text = entry.get("Pattern") if isinstance(entry, Mapping) else None
            found += pattern(system, text, template)
    return tuple(found) or _EVERYTHING


def pattern(system: System, value: Any, template: Template, *, under: str = "") -> tuple[Message, ...]:
    """What a pattern lets through, as alternatives.

    Args:
        system: for the intrinsics in it.
        value: the pattern, as a mapping or as JSON text.
        template: where it stands.
        under: what to put before the names of its fields.
    """
    found: list[Message] = []
    for document in _documents(system, value, template):
        if not isinstance(document, Mapping):
            return _EVERYTHING
        alternatives = _alternatives(system, document, template, under, 0)
        if alternatives is None or len(found) + len(alternatives) > MAX_ALTERNATIVES:
            return _EVERYTHING
        found += alternatives
    return tuple(found) or _EVERYTHING


def _documents(system: System, value: Any, template: Template) -> Iterator[Any]:
    for choice in system.choices(value, template):
        if isinstance(choice, Mapping) and not (len(choice) == 1 and str(next(iter(choice))).startswith("Fn::")):
            yield choice
        else:
            yield from map(_parsed, system.texts(choice, template))


def _parsed(text: str) -> Any:
    try:
        return resolved(json.loads(text))
    except (ValueError, RecursionError):
        return None


def _alternatives(
    system: System, document: Mapping[str, Any], template: Template, under: str, depth: int
) -> list[Message] | None:
    """The alternatives of a level of a pattern; None if there are too many."""
    if depth > MAX_DEPTH:
        return None
    found = [Message()]
    for name, value in document.items():
        if name == "$or" and isinstance(value, list):
            parts: list[Message] | None = []
            for entry in value:
                inner = _alternatives(system, entry, template, under, depth + 1) if isinstance(entry, Mapping) else None
                if inner is None:
                    return None
                parts = [*parts, *inner] if parts is not None else None
        elif not isinstance(value, list) and isinstance(value, Mapping) and not _is_intrinsic(value):
            parts = _alternatives(system, value, template, f"{under}{name}.", depth + 1)
        else:
            parts = [Message({f"{under}{name}": language}) for language in _leaf(system, value, template)]
            if may_be_absent(system, value, template):
                parts.append(Message())
        if parts is None or len(found) * len(parts) > MAX_ALTERNATIVES:
            return None
        found = [one & other for one in found for other in parts]
    return found


def _is_intrinsic(value: Mapping[str, Any]) -> bool:
    name = next(iter(value), "")
    return len(value) == 1 and (name == "Ref" or name.startswith("Fn::"))


def _leaf(system: System, value: Any, template: Template) -> list[Language]:
    """What a field may be: one language for all that are equal, one more for each that is excluded."""
    equal: list[str] = []
    others: list[Language] = []
    for item in system.items(value, template):
        if isinstance(item, str):
            equal += map(literal, system.texts(item, template))
        elif isinstance(item, Mapping) and len(item) == 1 and not _is_intrinsic(item):
            language = _matcher(system, *next(iter(item.items())), template)
            if len(language.all_of) == 1 and not language.none_of:
                equal += language.all_of[0]
            else:
                others.append(language)
        elif isinstance(item, (bool, int, float)) or item is None:
            equal.append(NOT_TEXT)
        else:
            equal += map(literal, system.texts(item, template))
    return [*([Language((tuple(dict.fromkeys(equal)),))] if equal else []), *others]


def _matcher(system: System, name: str, value: Any, template: Template) -> Language:
    if name == "exists":
        return Language(((ABSENT,),)) if value is False else Language((), (ABSENT,))
    if name in {"numeric", "cidr"}:
        return Language(((NOT_TEXT,),)) if name == "numeric" else _ANY_TEXT
    if name == "anything-but":
        nested = value if isinstance(value, Mapping) and not _is_intrinsic(value) else None
        if nested is not None and len(nested) == 1:
            inner_name, inner = next(iter(nested.items()))
            excluded = _globs(inner_name, inner, lambda texts: always(system, texts, template), exact=True)
            return ANYTHING if excluded is None else Language((), (*excluded, ABSENT))
        texts = [item for item in listed(value) if not isinstance(item, (bool, int, float))]
        return Language((), (*map(literal, always(system, texts, template)), ABSENT))
    return _of_texts(system, name, value, template)


def _of_texts(system: System, name: str, value: Any, template: Template) -> Language:
    def ever(inner: Any) -> list[str]:
        return [text for item in system.items(inner, template) for text in system.texts(item, template)]

    found = _globs(name, value, ever)
    if not found:
        return ANYTHING
    language = Language((tuple(found),))
    return language & _ANY_TEXT if any(compiled(glob).matches(ABSENT) for glob in found) else language


def _globs(name: str, value: Any, read: Callable[[Any], list[str]], *, exact: bool = False) -> list[str] | None:
    """The globs of a matcher, or only such as it has for certain; None if it is not known."""
    if isinstance(value, Mapping) and set(value) == {"equals-ignore-case"}:  # within prefix or suffix
        value, folded = value["equals-ignore-case"], True
    else:
        folded = name == "equals-ignore-case"
    forms = {"prefix": "{}" + STAR, "suffix": STAR + "{}", "wildcard": "{}", "equals-ignore-case": "{}"}
    if name not in forms:
        return None
    found: list[str] = []
    for text in map(literal, read(value)):
        plain = _wildcard(text) if name == "wildcard" else text
        found += [forms[name].replace("{}", case) for case in (_cases(plain, exact=exact) if folded else [plain])]
    return found


def _wildcard(text: str) -> str:
    pieces = text.replace("\\\\", "\x04").replace("\\*", "\x05")
    return pieces.replace("*", STAR).replace("\x05", "*").replace("\x04", "\\")


def _cases(text: str, *, exact: bool) -> list[str]:
    """A text in all cases; past a few letters any character may stand for a letter, or none is exact."""
    found = [""]
    for character in text:
        cases = dict.fromkeys((character.lower(), character.upper()))
        if len(found) * len(cases) > _CASES:
            return [] if exact else ["".join(ANY if c.lower() != c.upper() else c for c in text)]
        found = [start + case for start in found for case in cases if len(case) == 1]
    return found
