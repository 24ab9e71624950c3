"""What a grant lets into a resource: allowed globs without what is excluded and denied, in both readings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_lib.loops.addresses import rest_of
from constructs_lib.loops.languages import Language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_lib.loops.permissions import Identity
    from constructs_lib.loops.policies import Allow, Deny

__all__ = ["content", "permits"]


def content(
    allow: Allow, denies: Sequence[Deny], action: str, name: str, *, certain: bool, exact: bool, by: str = ""
) -> Language | None:
    """What a grant allows behind an address; None if nothing.

    Args:
        allow: what allows.
        denies: what denies.
        action: the action that is done.
        name: the resource's address.
        certain: whether to read what is certain, or what may be.
        exact: whether nothing may stand behind the address.
        by: if the action has a `*`, what of it is allowed; nothing is left if that is denied.
    """
    own = rest_of(allow.resource, name)
    globs = own.sure if certain else own.may
    if not globs:
        return None
    groups = [globs]
    excluded: list[str] = []
    for pattern in allow.excluded:
        rest = rest_of(pattern, name)
        excluded += rest.may if certain else rest.sure
    for deny in denies:
        if not (deny.actions.contains(action) or (by and deny.actions.contains(by))):
            continue
        rests = [rest_of(pattern, name) for pattern in deny.resources]
        denied = [glob for rest in rests for glob in (rest.may if certain != deny.inverted else rest.sure)]
        if not deny.inverted:
            excluded += denied
        elif denied:
            groups.append(tuple(denied))
        else:
            return None
    if exact:
        groups.append(("",))
    return Language(tuple(groups), tuple(dict.fromkeys(excluded)))


def permits(identity: Identity, action: str, name: str, *, exact: bool) -> str | None:
    """Why it is not certain that a role may do something to a resource; empty if it is; None if it may not."""
    found = None
    for allow in identity.allows:
        if allow.actions.covers(action) is None:
            continue
        sure = content(allow, identity.denies, action, name, certain=True, exact=exact)
        if not allow.doubt and sure is not None and sure.sure() is not None:
            return ""
        may = content(allow, identity.denies, action, name, certain=False, exact=exact)
        if found is None and may is not None and may.may() is not None:
            found = allow.doubt or f"it is not certain that `{identity.name}` allows {action}"
    return found
