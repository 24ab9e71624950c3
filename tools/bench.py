"""How fast the loop check is, always as a ratio to something that is measured in the same run: `make bench`.

Times are CPU times, so that what else the machine does matters little; each is the least of some runs, every run of a
large system in a process of its own. The status is 1 if a ratio is over its limit.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.environment import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LARGE, LARGER = 10_000, 50_000
GIVE_UP = 240  # seconds
SYNTHESIZED = 100


@dataclass(frozen=True)
class Result:
    """A measured ratio.

    Args:
        name: what was measured.
        ours: seconds of ours, or of the larger system.
        peer: seconds of what it is compared with; None if it is only named.
        limit: the largest ratio that is allowed.
        unit: of the two numbers.
    """

    name: str
    ours: float
    peer: float | None = None
    limit: float | None = None
    unit: str = "s"

    @property
    def is_over(self) -> bool:
        """Whether it is too slow."""
        if self.peer is None or self.limit is None:
            return False
        return self.ours == float("inf") or self.ours > self.limit * self.peer

    def __str__(self) -> str:
        if self.peer is None:
            return f"{self.name:64} {self.ours:9.3f} {self.unit}"
        verdict = f"{self.ours / self.peer:7.3f}  at most {self.limit}{'  OVER' if self.is_over else ''}"
        return f"{self.name:64} {self.ours:9.3f} {self.unit} {self.peer:9.3f} {self.unit} {verdict}"


# What is run in a process of its own, and prints seconds


def load(folder: Path) -> float:
    """Read the files of a folder as JSON and nothing else."""
    started = time.process_time()
    documents = [json.loads(path.read_text("utf-8")) for path in sorted(folder.iterdir())]
    spent = time.process_time() - started
    if not documents:
        sys.exit("no templates")
    return spent


def check(folder: Path) -> float:
    """Read the files of a folder as templates and check them as one system."""
    from constructs_lib import loops, templates  # noqa: PLC0415 - not a part of what `load` measures

    started = time.process_time()
    report = loops.check([templates.read(path) for path in sorted(folder.iterdir())])
    spent = time.process_time() - started
    print(report.summary[:100], file=sys.stderr)
    return spent


def synthesize(_folder: Path) -> tuple[float, float]:
    """Synthesize a CDK app, and how much of it the guard takes."""
    import aws_cdk as cdk  # noqa: PLC0415 - seconds
    from aws_cdk import aws_lambda as lambda_  # noqa: PLC0415
    from aws_cdk import aws_s3 as s3  # noqa: PLC0415
    from aws_cdk import aws_s3_notifications as s3n  # noqa: PLC0415

    import constructs_lib  # noqa: PLC0415
    from constructs_lib import validation  # noqa: PLC0415

    app = cdk.App(outdir=tempfile.mkdtemp())
    stacks = [cdk.Stack(app, f"Stack{index}") for index in range(SYNTHESIZED // 50)]  # at most 500 resources in each
    for index in range(SYNTHESIZED):
        stack = stacks[index // 50]
        function = lambda_.Function(
            stack,
            f"Function{index}",
            runtime=lambda_.Runtime.PROVIDED_AL2023,
            handler="bootstrap",
            code=lambda_.Code.from_bucket(s3.Bucket.from_bucket_name(stack, f"Code{index}", "code"), "code.zip"),
        )
        bucket = s3.Bucket(stack, f"Bucket{index}")
        bucket.add_event_notification(
            s3.EventType.OBJECT_CREATED, s3n.LambdaDestination(function), s3.NotificationKeyFilter(prefix="in/")
        )
        bucket.grant_put(function, "out/*")
    constructs_lib.guard(app)
    spent = 0.0
    validate = validation.Guard.validate

    def timed(*arguments: object) -> object:
        nonlocal spent
        started = time.perf_counter()
        try:
            return validate(*arguments)  # type: ignore[arg-type]
        finally:
            spent += time.perf_counter() - started

    validation.Guard.validate = timed  # type: ignore[method-assign, assignment]
    started = time.perf_counter()
    app.synth()
    return spent, time.perf_counter() - started


MEASURES: dict[str, Callable[[Path], float | tuple[float, float]]] = {
    "load": load,
    "check": check,
    "synthesize": synthesize,
}


# Measuring


def apart(measure: str, folder: Path, runs: int = 2) -> list[float]:
    """The least of some runs of a measure, each in a process of its own; what takes minutes is given up."""
    found = []
    for _ in range(runs):
        command = [sys.executable, "-m", "tools.bench", measure, str(folder)]
        try:
            done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, timeout=GIVE_UP)
        except subprocess.TimeoutExpired:
            return [float("inf")]
        found.append([float(number) for number in done.stdout.splitlines()[-1].split()])
    return min(found)


def process(command: Sequence[str], runs: int = 3) -> float:
    """The least CPU time of some runs of a whole program."""
    found = []
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
        if "Traceback" in done.stderr:
            sys.exit(done.stderr)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(found)


def least(work: Callable[[], object], runs: int = 5) -> float:
    """The least CPU time of some calls, the first one not counted: it fills caches on both sides."""
    work()
    found = []
    for _ in range(runs):
        started = time.process_time()
        work()
        found.append(time.process_time() - started)
    return min(found)


def one_template(folder: Path) -> list[Result]:
    """Against cfn-lint, on the same template, in process and as whole programs."""
    from cfnlint.api import lint_file  # noqa: PLC0415 - a second

    from constructs_lib import loops, templates  # noqa: PLC0415
    from tests.loops_proof.systems import build, draw_background  # noqa: PLC0415

    choose = random.Random(0)  # noqa: S311 - test data
    document = build(draw_background(choose, 0, 8, 8), seed=1).document
    path = folder / "template.json"
    path.write_text(json.dumps(document, indent=1), "utf-8")
    with contextlib.redirect_stdout(io.StringIO()):
        ours = least(lambda: loops.check([templates.read(path)]))
        peer = least(lambda: lint_file(path), runs=3)
    python = [sys.executable, "-c"]
    whole = process([*python, "from constructs_lib.cli import main; main()", "check", str(path)])
    lint = process([*python, "import sys; from cfnlint.runner import main; sys.exit(main())", str(path)])
    size = f"{len(document['Resources'])} resources"
    return [
        Result(f"one template of {size}, in process / cfn-lint", ours, peer, 0.05),
        Result(f"one template of {size}, whole process / cfn-lint", whole, lint, 0.4),
    ]


def large_systems(folder: Path) -> list[Result]:
    """Against reading the same files as JSON, and against a smaller system."""
    from tools.bench_systems import write_mixed, write_stars  # noqa: PLC0415

    folders = {name: folder / name for name in ("mixed", "more", "stars")}
    for path in folders.values():
        path.mkdir()
    write_mixed(folders["mixed"], LARGE)
    write_mixed(folders["more"], LARGER)
    write_stars(folders["stars"], LARGE)
    loaded = apart("load", folders["mixed"], runs=3)[0]
    checked = apart("check", folders["mixed"], runs=3)[0]
    more_loaded = apart("load", folders["more"])[0]
    more_checked = apart("check", folders["more"])[0]
    stars = apart("check", folders["stars"])[0]
    # Of five times as many, each is dearer to read as well: memory is slower, and the collector has more to look at.
    dearer = max(1.0, more_loaded / loaded / (LARGER / LARGE))
    return [
        Result(f"{LARGE:,} functions of all edge kinds / json.load", checked, loaded, 4),
        Result(f"{LARGER:,} functions of all edge kinds / json.load", more_checked, more_loaded, 4),
        Result(f"{LARGER:,} / {LARGE:,}, by how much dearer json.load gets", more_checked / checked, dearer, 5.5, "x"),
        Result(f"{LARGE:,} functions that all write `*`", stars),
    ]


def plugin(folder: Path) -> list[Result]:
    """The guard's share of a synthesis."""
    spent, whole = apart("synthesize", folder)
    return [Result(f"the guard's share of synthesizing {SYNTHESIZED} functions", spent, whole, 0.05)]


def main() -> int:
    """Measure everything."""
    if sys.argv[1:]:
        found = MEASURES[sys.argv[1]](Path(sys.argv[2]))
        print(*(found if isinstance(found, tuple) else (found,)))
        return 0
    os.environ["PYTHONHASHSEED"] = "0"
    results: list[Result] = []
    print(f"{'':64} {'ours':>11} {'peer':>11}   ratio")
    with tempfile.TemporaryDirectory() as name:
        for compare in (one_template, large_systems, plugin):
            compared = compare(Path(name))
            print(*compared, sep="\n", flush=True)
            results += compared
    over = sum(result.is_over for result in results)
    print(f"{len(results)} measured, {over} over the limit")
    return over > 0


if __name__ == "__main__":
    sys.exit(main())
