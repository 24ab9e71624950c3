"""What IAM policies say, as far as it matters who may wake what.

What a policy leaves open is read so that the proof stays sound: an unknown text in an `Allow` may be anything, one in
a `Deny` excludes nothing. Conditions of an `Allow` are taken as satisfied, but for those in `limits`; a `Deny` with
conditions excuses nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from constructs_lib.loops.access_points import through_access_points
from constructs_lib.loops.addresses import address, is_here
from constructs_lib.loops.keys import ANY, STAR
from constructs_lib.loops.languages import Language
from constructs_lib.loops.limits import limits_of, metrics_of
from constructs_lib.templates.structures import is_plain
from constructs_lib.templates.symbols import has_symbols
from constructs_lib.templates.texts import MISSING, resolved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from constructs_lib.loops.limits import Limits
    from constructs_lib.templates.system import Node, System
    from constructs_lib.templates.template import Template

__all__ = [
    "Actions",
    "Allow",
    "Deny",
    "Statement",
    "always",
    "documents",
    "ever",
    "is_conditional",
    "listed",
    "service_of",
    "statements",
]


_READS = re.compile(r"[^:]*:(Describe|Get|List)", re.IGNORECASE)

_ANY = "policy variable"
_VARIABLE = "a policy variable may be anything"
_STR = {str}
_TEXTS = {"Fn::GetAtt", "Fn::ImportValue", "Fn::Join", "Fn::Sub"}
"""Functions that never make a list, and by which nearly all policies name resources."""


class Actions(NamedTuple):
    """A set of IAM actions; a tuple, because grants are looked up by it all the time.

    Args:
        patterns: as written, e.g. `s3:Put*`.
        inverted: whether it is a `NotAction`.
    """

    patterns: tuple[str, ...]
    inverted: bool = False

    def covers(self, action: str) -> str | None:
        """The pattern that covers an action, or None."""
        return _covering(self.patterns, self.inverted, action)

    def covered(self, actions: tuple[str, ...]) -> tuple[str, ...]:
        """Those of some actions that are in the set."""
        return _covered(self.patterns, self.inverted, actions)

    @property
    def services(self) -> frozenset[str] | None:
        """The services of which it has actions; None if these may be all."""
        return None if self.inverted else _services(self.patterns)

    def touches(self, action: str) -> str | None:
        """The pattern that covers an action; or, if that has a `*`, one of its actions, reads apart from others."""
        return next(iter(self.touching(action)), None)

    def touching(self, action: str) -> tuple[str, ...]:
        """All patterns that do, if the action has a `*`; each may be denied apart from the others."""
        if "*" in action and not self.inverted:
            return tuple(pattern for pattern in self.patterns if _meet(pattern, action))
        found = self.covers(action)
        return () if found is None else (found,)

    def contains(self, action: str) -> bool:
        """Whether an action is in the set; or, if that has a `*`, all that it stands for."""
        if "*" in action and self.inverted:
            return not any(_meet(pattern, action) for pattern in self.patterns)
        return self.covers(action) is not None


def service_of(action: str) -> str:
    """The service of an action: services have no case."""
    return action.partition(":")[0].lower()


@lru_cache(maxsize=4096)
def _services(patterns: tuple[str, ...]) -> frozenset[str] | None:
    found = frozenset(map(service_of, patterns))
    return None if any("*" in service or "?" in service for service in found) else found


@lru_cache(maxsize=16384)
def _covering(patterns: tuple[str, ...], inverted: bool, action: str) -> str | None:  # noqa: FBT001
    found = next((pattern for pattern in patterns if _matches(pattern, action)), None)
    if inverted:
        return None if found else "*"
    return found


@lru_cache(maxsize=16384)
def _meet(pattern: str, action: str) -> bool:
    """Whether two patterns have an action in common; one that names reads has none with one that does not."""
    globs = [text.lower().replace("*", STAR).replace("?", ANY) for text in (pattern, action)]
    if _READS.match(pattern) and not _READS.match(action):
        return False
    return Language(tuple((glob,) for glob in globs)).may() is not None


@lru_cache(maxsize=16384)
def _covered(patterns: tuple[str, ...], inverted: bool, actions: tuple[str, ...]) -> tuple[str, ...]:  # noqa: FBT001
    return tuple([action for action in actions if _covering(patterns, inverted, action) is not None])


def _matches(pattern: str, action: str) -> bool:
    """Whether an action is one of a pattern's; actions have no case."""
    head, star, tail = pattern.lower().partition("*")
    if "*" in tail or "?" in pattern:
        return _matcher(pattern).fullmatch(action) is not None
    action = action.lower()
    if not star:
        return action == head
    return len(action) >= len(head) + len(tail) and action.startswith(head) and action.endswith(tail)


@lru_cache(maxsize=4096)
def _matcher(pattern: str) -> re.Pattern[str]:
    expression = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.compile(expression, re.IGNORECASE)


@dataclass(unsafe_hash=True, slots=True)
class Allow:
    """One resource pattern of one statement that allows.

    Args:
        actions: what it allows.
        resource: a glob over addresses.
        excluded: with `NotResource`, the addresses that it does not cover.
        doubt: why it is not certain that it is granted; empty if it is.
        holder: the resource that grants it; None if it is not in the templates.
        statement: the statement as the template has it; None if there is none.
        limits: what conditions leave of what is put.
    """

    actions: Actions
    resource: str
    excluded: tuple[str, ...] = field(default=(), hash=False)
    doubt: str = field(default="", hash=False)
    holder: Node | None = field(default=None, compare=False, repr=False)
    statement: Any = field(default=None, compare=False, repr=False)
    limits: Limits = field(default=(), hash=False)


@dataclass(frozen=True)
class Deny:
    """One statement that denies.

    Args:
        actions: what it denies.
        resources: globs over addresses.
        inverted: whether it denies everything but them.
    """

    actions: Actions
    resources: tuple[str, ...]
    inverted: bool = False


@dataclass(slots=True)
class Statement:
    """A statement's principals and what it says.

    Args:
        principals: ARNs, `*` for everyone, None in an identity's own policy.
        rules: what it allows or denies.
        origin: the statement as the template has it.
    """

    principals: tuple[str, ...] | None
    rules: tuple[Allow | Deny, ...]
    origin: Any = field(default=None, compare=False, repr=False)

    @property
    def denies(self) -> bool:
        """Whether it takes away, which is all that it says then."""
        return bool(self.rules) and isinstance(self.rules[0], Deny)


def statements(
    system: System,
    document: Any,
    template: Template,
    *,
    certain: bool = True,
    holder: Node | None = None,
    asked: Callable[[Actions], bool] | None = None,
) -> Iterator[Statement]:
    """The statements of a policy document, unknown parts by their polarity.

    Args:
        system: for the intrinsics in it.
        document: the policy document.
        template: where it stands.
        certain: whether it is in force under all conditions; if not, what it denies excuses nothing.
        holder: the resource that has it.
        asked: whether anybody asks for what allows some actions, so that it need be read; all is, if it is not given.
    """
    for choice in documents(system, document, template):
        if choice is None or "Statement" not in choice:
            yield _unknown("a policy document is not in the template", holder)
            continue
        always = listed(choice["Statement"]) if certain and choice is document else ()
        for statement in system.items(choice["Statement"], template):
            if not isinstance(statement, (dict, Mapping)) or not statement or _is_intrinsic(statement):
                yield _unknown("a statement of a policy is not in the template", holder)
                continue
            found = _statement(system, statement, template, holder, asked)
            if found is not None and (not found.denies or any(item is statement for item in always)):
                yield found


def documents(system: System, value: Any, template: Template) -> Iterator[Mapping[str, Any] | None]:
    """The policies that a value may be, as mappings or as JSON texts; None for what nobody can tell."""
    for choice in (value,) if is_plain(value) else system.choices(value, template):
        if isinstance(choice, (dict, Mapping)) and not _is_intrinsic(choice):
            yield choice
        elif choice is not None and choice is not MISSING:
            for text in system.texts(choice, template):
                try:
                    found = resolved(json.loads(text))
                except (ValueError, RecursionError):
                    found = None
                yield found if isinstance(found, dict) else None


def _unknown(doubt: str, holder: Node | None) -> Statement:
    """What nobody can tell may allow everything to everyone."""
    return Statement(("*",), (Allow(_ALL, STAR, doubt=doubt, holder=holder),))


def listed(value: Any) -> list[Any]:
    """The items of a list property; a single value is a list of one."""
    return value if isinstance(value, list) else [value]


def is_conditional(value: Any) -> bool:
    """Whether a condition chooses a value."""
    return isinstance(value, (dict, Mapping)) and "Fn::If" in value


def _statement(
    system: System,
    statement: Mapping[str, Any],
    template: Template,
    holder: Node | None,
    asked: Callable[[Actions], bool] | None,
) -> Statement | None:
    effect = statement.get("Effect")
    if effect != "Allow":
        effect = system.text(effect, template)
    allows = effect != "Deny"
    if not allows and (statement.get("Condition") or "NotPrincipal" in statement):
        return None
    actions = _actions(system, statement, template, allows=allows)
    if allows and asked is not None and not asked(actions):
        return None
    principals = _principals(system, statement, template, read=ever if allows else always)
    inverted = "Resource" not in statement and "NotResource" in statement
    # What takes away from the allowed counts only if it is so under all conditions.
    read = always if inverted == allows else ever
    texts = read(system, statement.get("NotResource" if inverted else "Resource", "*"), template)
    # Variables of two statements need not be the same text, even those of one name.
    own = _Own(statement) if "${" in "".join(texts) else _ANY
    unknown = system.symbols.character(own, "${…}", "free", _VARIABLE)
    globs = _globs(system, texts, unknown, taken_away=inverted or not allows)
    if not allows:
        return Statement(principals, (Deny(actions, globs, inverted),), statement)
    limits: Limits = ()
    if "Condition" in statement:
        limits = limits_of(system, statement, template)
        if named := metrics_of(system, statement, template):
            globs, inverted = named, False
    doubt = "" if effect == "Allow" else "a statement's `Effect` is known at deployment only"
    doubt = "an action is known at deployment only" if actions is _ALL else doubt
    if inverted:
        return Statement(principals, (Allow(actions, STAR, globs, doubt, holder, statement, limits),), statement)
    rules = tuple([Allow(actions, g, (), doubt or _why(g, own, unknown), holder, statement, limits) for g in globs])
    return Statement(principals, rules, statement)


class _Own:
    """What tells the variables of a statement from those of others, however often it is read."""

    __slots__ = ("_statement",)

    def __init__(self, statement: Mapping[str, Any]) -> None:
        self._statement = statement

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Own) and other._statement is self._statement

    def __hash__(self) -> int:
        return id(self._statement)


def _globs(system: System, texts: Iterable[str], unknown: str, *, taken_away: bool) -> tuple[str, ...]:
    """The addresses that resources of a statement may mean."""
    found: list[str] = []
    for text in texts:
        glob = address(text, unknown=unknown)
        if glob is None:
            continue
        # What takes away, or is left by it, counts only where it is certain to be.
        if taken_away and not is_here(text, region=system.region, account=system.account):
            glob = _elsewhere(glob, unknown)
        found += through_access_points(system, glob, unknown)
    return tuple(dict.fromkeys(found))


def _why(glob: str, own: object, unknown: str) -> str:
    """Why it is not certain that a pattern names what it may name: a variable may have no value as well."""
    return _VARIABLE if own is not _ANY and unknown in glob else ""


def _elsewhere(glob: str, unknown: str) -> str:
    """An address that may be somewhere else."""
    return unknown + glob[glob.find(":") :] if ":" in glob else unknown


def _actions(system: System, statement: Mapping[str, Any], template: Template, *, allows: bool) -> Actions:
    inverted = "Action" not in statement and "NotAction" in statement
    read = always if inverted == allows else ever
    patterns = tuple(dict.fromkeys(read(system, statement.get("NotAction" if inverted else "Action", []), template)))
    if inverted == allows:  # what takes away from the allowed: an unknown action takes away nothing
        patterns = tuple([pattern for pattern in patterns if not has_symbols(pattern)])
    elif any(map(has_symbols, patterns)):
        return _ALL if allows else _known_actions(("*",), inverted)
    return _known_actions(patterns, inverted)


_known_actions = lru_cache(maxsize=4096)(Actions)  # few, and the same in many statements
_ALL = Actions(("*",))
"""What actions that are not known may be."""


def _principals(
    system: System, statement: Mapping[str, Any], template: Template, *, read: Callable[..., Sequence[str]]
) -> tuple[str, ...] | None:
    if "NotPrincipal" in statement:
        return ("*",)
    if "Principal" not in statement:
        return None
    found: list[str] = []
    for choice in system.choices(statement["Principal"], template):
        if isinstance(choice, Mapping) and len(choice) >= 1 and not _is_intrinsic(choice):
            if "AWS" in choice and (read is ever or choice is statement["Principal"]):
                found += read(system, choice["AWS"], template)
        elif read is ever or choice is statement["Principal"]:
            found += read(system, choice, template)
    return tuple(dict.fromkeys(found))


def ever(system: System, value: Any, template: Template) -> Sequence[str]:
    """The texts that a list property may have."""
    if isinstance(value, str) or (isinstance(value, dict) and not _TEXTS.isdisjoint(value)):
        return system.texts(value, template)
    is_plain_list = isinstance(value, list) and _STR.issuperset(map(type, value))
    items = value if is_plain_list else system.items(value, template)
    return [text for item in items for text in system.texts(item, template)]


def always(system: System, value: Any, template: Template) -> list[str]:
    """The texts that a list property has whatever conditions and parameters turn out to be."""
    found = [system.texts(item, template) for item in listed(value) if not is_conditional(item)]
    return [texts[0] for texts in found if len(texts) == 1]


def _is_intrinsic(value: Mapping[str, Any]) -> bool:
    key = next(iter(value), "")
    return len(value) == 1 and (key == "Ref" or str(key).startswith("Fn::"))
