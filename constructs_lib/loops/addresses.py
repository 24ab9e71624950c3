"""ARNs as texts to compare: which resources a policy's pattern names, and what is left of it for their contents.

Region, account and partition are left out: one system has one of each, and a policy that spells them out means the
same resource. `arn:aws:s3:::photos/in/*` becomes `s3:photos/in/*`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from constructs_lib.loops.keys import ANY, STAR, compiled
from constructs_lib.loops.languages import Language, looks_made_up, widened
from constructs_lib.templates.symbols import FIRST_SYMBOL, has_symbols, kind_of, symbols_in

__all__ = ["ACCESS_POINT", "Rest", "address", "is_here", "looks_made_up", "rest_of"]

_FIELDS = 6
_STARS = STAR + STAR
_NAMES_SERVICE = 4
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_NAME_ENDS = re.compile("[/:]")
_BORDERS = {"/", ":"}
_UNKNOWN = re.compile(f"[{STAR}{ANY}{FIRST_SYMBOL}-\U0010ffff]")
_ACCESS_POINT = "accesspoint/"
ACCESS_POINT = "s3:accesspoint:"
"""What the addresses of objects behind an access point begin with."""


def address(arn: str, *, unknown: str) -> str | None:
    """The pattern of an ARN in a policy as a glob over addresses; None if it can name nothing.

    Args:
        arn: as the policy has it, with `*` and `?`.
        unknown: the symbol to put where the policy's own variables are.
    """
    text = _wildcards(arn, unknown)
    if text == STAR:
        return STAR
    fields = text.split(":", _FIELDS - 1)
    if len(fields) == _FIELDS and fields[0] == "arn":
        service, region, account, resource = fields[2:]
        place = region + account
        if service == "s3" and (place.strip(STAR) or (place and resource.startswith(_ACCESS_POINT))):
            return _regional_s3(resource, unknown)
        return f"{service}:{resource}"
    free = next((character for character in symbols_in(text) if kind_of(character) == "free"), None)
    is_other = has_symbols(text[:1]) and kind_of(text[0]) == "generated"  # an ARN of what receives nothing
    if free is None and (STAR not in text or is_other):
        return None
    anything = free or STAR
    if fields[0] == "arn" and len(fields) >= _NAMES_SERVICE and not has_symbols(fields[2]) and STAR not in fields[2]:
        return f"{fields[2]}:{anything}"
    return anything


def is_here(arn: str, *, region: str, account: str) -> bool:
    """Whether an ARN of a policy names what a system has, for certain; nobody can tell where it is deployed.

    Args:
        arn: as the policy has it.
        region: the system's.
        account: likewise.
    """
    if arn == "*":
        return True
    fields = arn.split(":", _FIELDS - 1)
    if len(fields) < _FIELDS:
        return fields[:2] == ["arn", "aws"] and len(fields) >= _NAMES_SERVICE and not "".join(fields[3:]).strip("*")
    service, resource = fields[2], fields[5]
    places = [(region, account)]
    if "*" in service or "?" in service:
        places += [("", ""), ("", account)]
    elif service == "s3":
        places = [(region if fields[3] else "", account) if resource.startswith(_ACCESS_POINT) else ("", "")]
    elif service == "iam":
        places = [("", account)]
    named = [compiled(field.replace("*", STAR).replace("?", ANY)) for field in (fields[1], *fields[3:5])]
    return all(glob.matches(text) for place in places for glob, text in zip(named, ("aws", *place), strict=True))


def _regional_s3(resource: str, unknown: str) -> str | None:
    """The objects behind an access point, the only thing in S3 with a region or account that has some."""
    if not resource.startswith(_ACCESS_POINT):
        known = _UNKNOWN.split(resource, maxsplit=1)[0]
        return f"s3:{unknown}/{STAR}" if known != resource and _ACCESS_POINT.startswith(known) else None
    resource = resource.removeprefix(_ACCESS_POINT)
    name, slash, rest = resource.partition("/")
    head, is_object, key = rest.partition("object/")
    if slash and is_object and not head:
        return f"{ACCESS_POINT}{name}/{key}"
    return f"{ACCESS_POINT}{name}/{STAR}" if STAR in resource else None


def _wildcards(text: str, unknown: str) -> str:
    if "$" not in text:  # as nearly always
        return _merged(text.replace("*", STAR).replace("?", ANY))
    plain = []
    end = 0
    for match in _VARIABLE.finditer(text):
        plain.append(text[end : match.start()].replace("*", STAR).replace("?", ANY))
        plain.append(match[1] if match[1] in {"*", "?", "$"} else unknown)
        end = match.end()
    plain.append(text[end:].replace("*", STAR).replace("?", ANY))
    return _merged("".join(plain))


def _merged(text: str) -> str:
    """A glob without stars behind stars."""
    while _STARS in text:
        text = text.replace(_STARS, STAR)
    return text


@dataclass(frozen=True)
class Rest:
    """What is left of a pattern behind a resource's address.

    Args:
        sure: globs for what follows if the pattern names the resource for certain.
        may: globs for what may follow; empty if the pattern does not name the resource.
    """

    sure: tuple[str, ...]
    may: tuple[str, ...]


_NOTHING = Rest((), ())


@lru_cache(maxsize=65536)
def rest_of(pattern: str, target: str) -> Rest:
    """What a pattern leaves over behind an address.

    >>> rest_of("s3:photos/in/" + STAR, "s3:photos/").sure == ("in/" + STAR,)
    True
    """
    if pattern.startswith(target):
        tail = (pattern[len(target) :],)
        return Rest(tail, tail)
    machine = compiled(pattern)
    sure = _tails(pattern, machine.read(machine.start, target))
    if not has_symbols(pattern) and not has_symbols(target):
        return Rest(sure, sure) if sure else _NOTHING
    if not sure and not _may_be_same(pattern, target):
        return _NOTHING
    shared = _shared(pattern, target)
    if _begin_with_made_up_names(pattern[shared:], target[shared:]):
        return Rest(sure, sure)
    may = _may_follow(pattern[shared:], target[shared:])
    return Rest(sure, tuple(dict.fromkeys((*sure, *may))))


def _begin_with_made_up_names(one: str, other: str) -> bool:
    """Whether two texts begin with different names that are made up, of which none is the beginning of another."""
    return all(has_symbols(text[:1]) and kind_of(text[0]) == "generated" for text in (one, other))


def _may_follow(pattern: str, target: str) -> tuple[str, ...]:
    """What may follow behind an address; names that are known at deployment only have neither slash nor colon."""
    wide = compiled(widened(pattern))
    if target[-1:] not in _BORDERS:
        return _tails(wide.text, wide.read(wide.start, widened(target)))
    before = wide.read(wide.start, widened(target[:-1]))
    for index in _names(pattern):
        before &= ~(1 << index)
    return _tails(wide.text, wide.read(before, target[-1]))


def _names(pattern: str) -> list[int]:
    """Where in a widened pattern its names stand, those that may be any text aside."""
    found = []
    for index, character in enumerate(pattern):
        if has_symbols(character) and kind_of(character) in {"fixed", "generated"}:
            found.append(len(widened(pattern[:index])))
    return found if len(compiled(widened(pattern)).text) == len(widened(pattern)) else []


def _tails(text: str, positions: int) -> tuple[str, ...]:
    found = []
    while positions:
        low = positions & -positions
        positions ^= low
        found.append(text[low.bit_length() - 1 :])
    # A tail that begins behind a star of another tail is a part of it.
    return tuple(tail for tail in found if STAR + tail not in found)


def _shared(pattern: str, target: str) -> int:
    length = 0
    for one, other in zip(pattern, target, strict=False):
        if one != other:
            break
        length += 1
    return length


def _may_be_same(pattern: str, target: str) -> bool:
    """Whether different texts may turn out to be the same name: a made-up name is like no other."""
    shared = _shared(pattern, target)
    named, name = (_NAME_ENDS.split(text[shared:], maxsplit=1)[0] for text in (pattern, target))
    if STAR in named or ANY in named:
        return True
    kinds = {kind_of(character) for character in symbols_in(named + name)}
    if "free" in kinds:
        return True
    if "generated" in kinds:
        others = [text for text in (named, name) if not has_symbols(text)]
        return any(map(looks_made_up, others))
    # No border of a name is in what is left.
    return Language(((widened(named),), (widened(name),))).may() is not None
