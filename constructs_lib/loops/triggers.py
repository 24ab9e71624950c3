"""What a bucket wakes somebody by, and how it is narrowed: its notifications, or rules on its events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from constructs_lib.loops.changes import Change
from constructs_lib.loops.edges.s3 import BUCKET
from constructs_lib.loops.keys import STAR, literal
from constructs_lib.loops.languages import Language
from constructs_lib.loops.messages import Message
from constructs_lib.loops.prefixes import meet, used, variable
from constructs_lib.loops.provenance import exact_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.loops.finder import Edge
    from constructs_lib.loops.graph import Graph
    from constructs_lib.loops.narrowing import Alike
    from constructs_lib.loops.passages import Hop

__all__ = ["Trigger"]

_BUS = "AWS::Events::EventBus"
_RULE = "AWS::Events::Rule"
_INPUTS = ("in/", "incoming/", "originals/")


class Trigger:
    """What a bucket wakes somebody by: its notifications, or rules on its events.

    Args:
        graph: the system.
        edge: from the bucket.
        hops: the arrows that a filter of their own lets through.

    Attributes:
        known: the prefix that they have already, empty if they have none.
        taken: the keys that they take, as policies write them; None if that is all keys, or not plain.
    """

    def __init__(self, graph: Graph, edge: Edge, hops: list[Hop]) -> None:
        self._graph = graph
        self._bucket = edge.passage.first
        self._hops = hops
        self._rules = [_rules(hop) for hop in hops]
        plain = [rules for rules in self._rules if rules is not None]
        prefixes = {text for rules in plain for text in _texts(rules, "prefix")}
        suffixes = {text for rules in plain for text in _texts(rules, "suffix")}
        self._is_plain = len(plain) == len(hops) and len(prefixes) == 1
        self.known = next(iter(prefixes)) if self._is_plain else ""
        suffix = next(iter(suffixes)) if self._is_plain and len(suffixes) == 1 else ""
        self.taken = f"{self.known}*" if self.known else f"*{suffix}" if suffix else None

    @classmethod
    def of(cls, graph: Graph, edge: Edge, alike: Alike) -> Trigger | None:
        """The trigger of an edge from a bucket."""
        if edge.passage.first.type != BUCKET or not edge.passage.hops:
            return None
        if any(passage.deposit is None for _, passage in alike):
            return None
        position = 1 if edge.passage.hops[0].target.type == _BUS else 0
        hops = {(id(h.by), id(h.entry)): h for _, passage in alike for h in passage.hops[position : position + 1]}
        tells = all(_is_rule(hop) if position else _is_notification(hop) for hop in hops.values())
        return cls(graph, edge, list(hops.values())) if tells and hops else None

    def prefixes(self) -> Iterator[str]:
        """What a person would choose, within the prefix that is there."""
        others = [] if self.known else used(self._graph, self._bucket)
        for prefix in _INPUTS:
            inner = f"{self.known.rstrip('/')}/{prefix}" if self.known else prefix
            if not meet(inner, others):
                yield inner

    def prefix(self, alike: Alike) -> str | None:
        """A prefix under which nothing of some passages is written."""
        for prefix in self.prefixes():
            keys = Message({"key": Language(((literal(prefix) + STAR,),))})
            if all((passage.put & keys).may() is None for _, passage in alike):
                return prefix
        return None

    def text(self, prefix: str) -> str:
        """What to do, for people."""
        label = self._graph.system.label
        hop = self._hops[0]
        if _is_rule(hop) and hop.by is not None:
            return f"let `{label(hop.by)}` take only keys with the prefix `{prefix}`"
        example = f", e.g. {self.example(prefix)}" if hop.target.resource.construct_path else ""
        return f"let `{label(self._bucket)}` tell `{label(hop.target)}` only of the prefix `{prefix}`{example}"

    def example(self, prefix: str) -> str:
        """How to say so."""
        if _is_rule(self._hops[0]) or not self._hops[0].target.resource.construct_path:
            return f"trigger on `{prefix}*`"
        by = self._hops[0].by
        if by is not None and by.type != BUCKET:
            return f's3.NotificationKeyFilter(prefix="{prefix}")'
        return f'S3Trigger({variable(self._graph, self._bucket)}, prefix="{prefix}")'

    def changes(self, prefix: str) -> tuple[Change, ...]:
        """The same for programs; none if the filters that are there are not plain."""
        found = [_filtered(hop, prefix, rules or []) for hop, rules in zip(self._hops, self._rules, strict=True)]
        changes = {change.at: change for change in found if change is not None}
        return tuple(changes.values()) if self._is_plain and None not in found else ()


def _is_rule(hop: Hop) -> bool:
    return hop.by is not None and hop.by.type == _RULE


def _is_notification(hop: Hop) -> bool:
    return hop.by is not None and isinstance(hop.entry, Mapping) and not {"Event", "Events"}.isdisjoint(hop.entry)


def _rules(hop: Hop) -> list[dict[str, str]] | None:
    """The rules of a filter, each as its kind and its text; None if they are not plain."""
    found: list[dict[str, str]] = []
    try:
        if _is_rule(hop) and hop.by is not None:
            found = list(hop.by.get("EventPattern").get("detail", {}).get("object", {}).get("key", []))
        else:
            given = hop.entry.get("Filter") or {}
            given = given.get("S3Key") or given.get("Key") or {}
            rules = given.get("Rules") or given.get("FilterRules") or []
            found = [{rule["Name"].lower(): rule["Value"]} for rule in rules]
        is_plain = all(len(rule) == 1 and isinstance(value, str) for rule in found for value in rule.values())
    except (KeyError, TypeError, AttributeError):
        return None
    return found if is_plain else None


def _texts(rules: list[dict[str, str]], kind: str) -> set[str]:
    return {rule[kind] for rule in rules if kind in rule} or {""}


def _filtered(hop: Hop, prefix: str, rules: list[dict[str, str]]) -> Change | None:
    """A filter with another prefix; None if it does not stand in a template, or cannot have one."""
    by = hop.by
    if by is None:
        return None
    if _is_rule(hop):
        at, new = exact_place(by, by.get("EventPattern")), _with_prefix(rules, prefix)
        return None if at is None or new is None else Change(by.template, (*at, "detail", "object", "key"), new)
    at = exact_place(by, hop.entry)
    if at is None:
        return None
    at = (*at, "Properties") if at[-2:-1] == ("Events",) else at  # of a function in SAM
    outer, inner = ("S3Key", "Rules") if by.type == BUCKET else ("Key", "FilterRules")
    others = [{"Name": name, "Value": value} for rule in rules for name, value in rule.items() if name != "prefix"]
    filter_ = {outer: {inner: [{"Name": "prefix", "Value": prefix}, *others]}}
    return Change(by.template, (*at, "Filter"), filter_)


def _with_prefix(rules: list[dict[str, str]], prefix: str) -> list[dict[str, str]] | None:
    """The matchers of a pattern, which are alternatives, with a prefix; None if they cannot have one."""
    if all("prefix" in rule for rule in rules):
        return [{"prefix": prefix}]
    if all("suffix" in rule for rule in rules):
        return [{"wildcard": f"{prefix}*{rule['suffix']}"} for rule in rules]
    return None
