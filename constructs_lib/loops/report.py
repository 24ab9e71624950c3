"""What a check found, as data and as text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from constructs_lib.errors import Diagnostic
from constructs_lib.loops.changes import Fix
from constructs_lib.loops.patches import operations

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from constructs_lib.loops.changes import Flow
    from constructs_lib.templates import Template

__all__ = ["Acknowledged", "Acknowledgement", "Finding", "Report", "Severity", "Step", "Verdict", "through", "worst"]

Verdict = Literal["loop-free", "loop", "unproven"]
Severity = Literal["endless", "stopped-by-aws", "failure-only", "slow", "rejected", "misconfigured"]

_SEVERITY_NOTES: dict[Severity, tuple[str, ...]] = {
    "endless": ("nothing stops this loop: AWS's recursion detection does not cover it, or is told to allow it",),
    "stopped-by-aws": (),
    "failure-only": ("only events that fail take this path",),
    "slow": ("each round takes long, but nothing stops it",),
    "rejected": (),
    "misconfigured": (),
}


@dataclass(frozen=True)
class Step:
    """One arrow of a path.

    Args:
        source: what people call where it starts, a construct's path or a logical id.
        via: what flows.
        target: where it ends.
        source_id: the logical id of where it starts.
        target_id: the logical id of where it ends.
        template: the template that holds where it starts.
        at: where in a template's document stands what makes the arrow, e.g. a policy statement; empty if not known.
        at_template: that template, if it is another one.
        granted: if a policy statement makes the arrow: the action, and which of the statement's resources, as the
            template has it.
        is_arrow: false for something that one resource says, which leads nowhere.
    """

    source: str
    via: str
    target: str
    source_id: str
    target_id: str
    template: Template = field(repr=False)
    at: tuple[str | int, ...] = ()
    at_template: Template | None = field(default=None, repr=False)
    granted: tuple[str, Any] | None = field(default=None, repr=False)
    is_arrow: bool = True

    def __str__(self) -> str:
        return f"{self.source} -- {self.via} --> {self.target}" if self.is_arrow else f"{self.source}: {self.via}"


@dataclass(frozen=True)
class Finding:
    """A path by which a function wakes itself, or may.

    Args:
        reference: which page of `docs/errors` explains it.
        verdict: `loop` if it is certain, `unproven` if it cannot be excluded.
        severity: what stops it, or what AWS does with it.
        headline: one line.
        path: the arrows; the last one ends where the first one starts.
        witness: what flows, as a sentence.
        reasons: why it is not certain.
        helps: fixes, best first, each of which was checked to break this path.
        fingerprint: names this very loop, its edges and what flows, for an acknowledgement; any change voids it.
        when: what parameters and conditions have to be, each line alone; empty if they do not matter.
        fixes: those of the fixes that a program can apply.
        flows: the witness as data: what flows, in order.
    """

    reference: str
    verdict: Verdict
    severity: Severity
    headline: str
    path: tuple[Step, ...]
    witness: str = ""
    reasons: tuple[str, ...] = ()
    helps: tuple[str, ...] = ()
    fingerprint: str = ""
    fixes: tuple[Fix, ...] = field(default=(), repr=False)
    flows: tuple[Flow, ...] = ()
    when: tuple[str, ...] = ()

    @property
    def occasion(self) -> str:
        """When it happens, as a sentence; empty if that does not hang on conditions or parameters."""
        return f"happens when {'; or when '.join(self.when)}" if self.when else ""

    @property
    def offered(self) -> tuple[Fix, ...]:
        """All fixes, best first; those in words only have no changes."""
        words = self.helps[:-1] if self.fingerprint else self.helps  # the last one of a loop acknowledges it
        known = {fix.text: fix for fix in self.fixes}
        return tuple(known.get(text) or Fix(text) for text in words)

    def diagnostic(self, places: Sequence[object] = ()) -> Diagnostic:
        """The finding as an error to show.

        Args:
            places: where each arrow is written, or None.
        """
        return Diagnostic(
            reference=self.reference,
            headline=self.headline,
            evidence=_shown(self.path, places or [None] * len(self.path)) if self.path else "",
            witness=self.witness,
            notes=(
                *([self.occasion] if self.when else []),
                *(f"not proven, because {reason}" for reason in self.reasons),
                *_SEVERITY_NOTES[self.severity],
            ),
            helps=self.helps[:1],
        )

    def as_json(self) -> dict[str, Any]:
        """The finding as plain values."""
        return {
            "reference": self.reference,
            "verdict": self.verdict,
            "severity": self.severity,
            "path": [{"from": step.source_id, "via": step.via, "to": step.target_id} for step in self.path],
            "witness": self.witness,
            "when": list(self.when),
            "help": list(self.helps),
            "fixes": [
                {"text": fix.text, "changes": [operation.as_json() for operation in operations(fix)]}
                for fix in self.offered
            ],
            **({"fingerprint": self.fingerprint} if self.fingerprint else {}),
        }


@dataclass(frozen=True)
class Acknowledgement:
    """That a loop is meant.

    Args:
        fingerprint: the loop's.
        reason: why it is meant.
        bound: what ends it.
        where: where this is written, for people.
    """

    fingerprint: str
    reason: str
    bound: str
    where: str = ""


@dataclass(frozen=True)
class Acknowledged:
    """A loop that is meant.

    Args:
        finding: the loop.
        by: what acknowledges it.
    """

    finding: Finding
    by: Acknowledgement

    def as_json(self) -> dict[str, Any]:
        """The loop and what acknowledges it, as plain values."""
        by = self.by
        where = {"where": by.where} if by.where else {}
        return {"finding": self.finding.as_json(), "reason": by.reason, "bound": by.bound, **where}


@dataclass(frozen=True)
class Report:
    """What a check of one system found.

    The numbers are those of the templates, whatever conditions make of them: of two functions of which a deployment has
    only one, both are counted, with all that they may do.

    Args:
        findings: loops and what could not be proven to be none, worst first.
        read: how many resources the templates have.
        actors: how many of them act by themselves, by what they are: functions, state machines.
        resources: how many others are on the ways from one that acts to one that acts.
        edges: how many arrows these ways have.
        approximations: where the reading of the templates was wider than what they say.
        not_modelled: what is outside the proof.
        acknowledged: loops that are meant.
    """

    findings: tuple[Finding, ...] = ()
    read: int = 0
    actors: Mapping[str, int] = field(default_factory=dict)
    resources: int = 0
    edges: int = 0
    approximations: tuple[str, ...] = ()
    not_modelled: tuple[str, ...] = ()
    acknowledged: tuple[Acknowledged, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst of all findings."""
        return worst(finding.verdict for finding in self.findings)

    @property
    def summary(self) -> str:
        """One line: the verdict, what was read, and how much of it was found to wake something or be woken.

        >>> Report(read=9, actors={"function": 1, "state machine": 1}, resources=2, edges=3).summary
        'loop-free: 9 resources read; graph: 1 function, 1 state machine, 2 other resources, 3 edges'
        """
        graph = {"function": 0, **self.actors, "other resource": self.resources, "edge": self.edges}
        parts = ", ".join(_counted(count, word) for word, count in graph.items())
        counts = f"{_counted(self.read, 'resource')} read; graph: {parts}"
        outside = f"; not modelled: {', '.join(self.not_modelled)}" if self.not_modelled else ""
        meant = f", {len(self.acknowledged)} acknowledged" if self.acknowledged else ""
        return f"{self.verdict}{meant}: {counts}{outside}"

    def __str__(self) -> str:
        return "\n\n".join([*(str(finding.diagnostic()) for finding in self.findings), self.summary])


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of several verdicts: `loop`, then `unproven`, then `loop-free`."""
    found = set(verdicts)
    return "loop" if "loop" in found else "unproven" if "unproven" in found else "loop-free"


def _shown(path: tuple[Step, ...], places: Sequence[object]) -> str:
    if not path[0].is_arrow:
        return "\n".join(
            f"{step.source}  {step.via}  {place or ''}".rstrip() for step, place in zip(path, places, strict=True)
        )
    sources = _padded([step.source for step in path])
    arrows = _padded([f"{source}  -- {step.via} -->" for source, step in zip(sources, path, strict=True)])
    steps = _padded([f"{arrow} {step.target}" for arrow, step in zip(arrows, path, strict=True)])
    return "\n".join(f"{step}  {place or ''}".rstrip() for step, place in zip(steps, places, strict=True))


def _padded(texts: list[str]) -> list[str]:
    width = max(map(len, texts))
    return [f"{text:<{width}}" for text in texts]


def through(path: tuple[Step, ...], *, certain: bool) -> str:
    """The headline of a loop."""
    first = path[0].source
    between = list(dict.fromkeys(step.target for step in path[:-1] if step.target != first))
    return f"`{first}` {'can' if certain else 'may'} invoke itself" + (f" through {_and(between)}" if between else "")


def _and(names: list[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
