"""How much the tests notice: `make mutants`, or `make mutants MODULES="languages addresses"`.

mutmut changes one thing at a time in a module that decides, and runs the tests of that module: a change that no test
notices is a mutant that lives. It takes minutes to an hour for each module, so it is no part of `make test`. It works
on a copy in `.tools/mutants`, in which functions are decorated behind their definitions, or not at all if that is to
remember results: mutmut leaves decorated functions alone. docs/how-the-proof-works.md explains the mutants that are
known to live.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys

from tools import console, environment, setup
from tools.environment import ROOT, errors

PROGRAMS = environment.TOOLS / "mutmut"
COPIES = environment.TOOLS / "mutants"
KILLED = {1, 3, 24, -24, 36, 37, 152, 255}
"""The statuses of a mutant that made a test fail or run for ever: `status_by_exit_code` in mutmut."""

LAWS = "../../property/test_policy_laws.py"
_SYSTEMS = ("test_s3.py", "test_regions.py", "test_permissions.py")
TESTS = {
    "keys": ("test_keys.py", "test_languages.py"),
    "languages": ("test_languages.py", "test_keys.py"),
    "addresses": ("test_addresses.py",),
    "contents": ("test_contents.py", LAWS),
    "policies": ("test_policies.py", LAWS),
    "permissions": ("test_identities.py", "test_permissions.py"),
    "acknowledgements": ("test_acknowledgements.py", "test_acknowledged_neighbours.py", "test_unseen.py"),
    "overlaps": ("test_overlaps.py",),
    "worlds": ("test_world_names.py", "test_how_many_worlds.py", "test_worlds.py", "test_regions.py"),
    "hanging": (
        "test_hanging.py",
        "test_regions.py",
        "test_worlds.py",
        "test_denials_under_conditions.py",
        "test_filters_under_conditions.py",
    ),
    "cycles": ("test_cycles.py",),
    "messages": ("test_messages.py",),
    "patterns": ("test_patterns.py",),
    "directory": ("test_directory.py",),
    "audience": ("test_audience.py",),
    "chains": ("test_chains.py", "test_permissions.py", "test_resource_policies.py"),
    "circles": ("test_circles.py", "test_wires.py", *_SYSTEMS, "edges/test_event_buses.py"),
    "finder": (
        "test_finder.py",
        "test_acknowledged_neighbours.py",
        "test_acknowledgements.py",
        "test_caps.py",
        "test_fixes.py",
        *_SYSTEMS,
    ),
    **dict.fromkeys(
        ("graph", "network", "walks", "channels"),
        ("test_graph.py", "test_circles.py", "test_wires.py", "test_finder.py", "test_caps.py", *_SYSTEMS, "edges"),
    ),
}
"""The modules of `constructs_lib/loops` that decide, and the tests that are to notice a change in them."""

CONFIGURATION = """
[tool.mutmut]
source_paths = ["constructs_lib"]
only_mutate = ["constructs_lib/loops/{module}.py"]
also_copy = ["README.md", "tools"]
pytest_add_cli_args = ["-p", "no:cacheprovider", "-p", "no:xdist"]
pytest_add_cli_args_test_selection = {tests}
process_isolation = "forkserver" # what a mutated function returned must not be found in a cache
timeout_multiplier = 3.0
track_dependencies = false
"""
DIFFERENCES = """
import sys
from mutmut.mutation.diff_apply import get_diff_for_mutant
for name in sys.argv[1:]:
    print(f"# {name.rpartition('.')[2]}", get_diff_for_mutant(name), sep="\\n")
"""
CACHES = {"cache", "lru_cache"}
BEHIND = {"cached_property", "property"}


def main(modules: list[str]) -> int:
    """Try each module's mutants and print those that live."""
    unknown = [module for module in modules if module not in TESTS]
    if unknown:
        print(f"`{unknown[0]}` is none of: {', '.join(TESTS)}", file=sys.stderr)
        return 2
    try:
        setup.python_environment("mutmut", PROGRAMS, ROOT / "constraints" / "mutants.txt")
        for module in modules or TESTS:
            _report(module, _results(module))
    except errors.ConstructsLibError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def undecorated(text: str) -> str:
    """A module whose functions are not decorated where they are defined."""
    lines = text.splitlines(keepends=True)
    edits: list[tuple[int, list[str]]] = []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.FunctionDef):
            continue
        for decorator in node.decorator_list:
            name = ast.unparse(decorator).partition("(")[0]
            if name in CACHES | BEHIND:
                edits.append((decorator.lineno - 1, []))
            if name in BEHIND:
                edits.append((node.end_lineno or 0, [f"{' ' * node.col_offset}{node.name} = {name}({node.name})\n"]))
    for line, more in sorted(edits, reverse=True):
        lines[line : line if more else line + 1] = more
    return "".join(lines)


def _results(module: str) -> dict[str, int]:
    """How the tests ended with each mutant."""
    copy = COPIES / module
    shutil.rmtree(copy, ignore_errors=True)
    for name in ("constructs_lib", "tests", "tools"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, copy)
    source = copy / "constructs_lib" / "loops" / f"{module}.py"
    source.write_text(undecorated(source.read_text("utf-8")), "utf-8")
    tests = json.dumps([os.path.normpath(f"tests/unit/loops/{path}") for path in TESTS[module]])
    with (copy / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(CONFIGURATION.format(module=module, tests=tests))
    ran = console.run(
        f"mutants of {module}", [_python(), "-m", "mutmut", "run"], folder=copy, variables=environment.variables()
    )
    if ran.status:
        lines = [line for line in ran.lines if not "\u2800" <= line[:1] <= "\u28ff"]  # what turns while one waits
        sys.exit("\n".join([*lines[-30:], f"the tests of {module} have to pass without mutants first"]))
    meta = json.loads((copy / "mutants" / source.relative_to(copy)).with_suffix(".py.meta").read_text("utf-8"))
    return dict(meta["exit_code_by_key"])


def _report(module: str, results: dict[str, int]) -> None:
    living = [name for name, status in results.items() if status not in KILLED]
    print(f"{module}: {len(results)} mutants, {len(results) - len(living)} killed, {len(living)} live", flush=True)
    command = [_python(), "-c", DIFFERENCES, *living]
    shown = subprocess.run(command, cwd=COPIES / module, check=True, capture_output=True, text=True).stdout.splitlines()
    for line in shown:
        if line[:1] in {"#", "+", "-"} and line[:3] not in {"+++", "---"}:
            print(f"  {line}")


def _python() -> str:
    return str(PROGRAMS / "bin" / "python")


if __name__ == "__main__":
    console.interrupt_on_signals()
    sys.exit(main(sys.argv[1:]))
