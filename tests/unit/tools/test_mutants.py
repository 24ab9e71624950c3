"""What `make mutants` tries, without trying it."""

from __future__ import annotations

from tools import mutants
from tools.environment import ROOT


def test_each_module_and_each_of_its_tests_is_there() -> None:
    modules = [ROOT / "constructs_lib" / "loops" / f"{module}.py" for module in mutants.TESTS]
    tests = [ROOT / "tests" / "unit" / "loops" / path for paths in mutants.TESTS.values() for path in paths]

    assert [str(path) for path in (*modules, *tests) if not path.is_file()] == []


def test_what_caches_is_taken_away_so_that_what_it_decorates_is_tried() -> None:
    text = "import cache\n\n\n@lru_cache(maxsize=4)\ndef one(): ...\n\n\n@cache\ndef two(): ...\n"

    assert mutants.CACHES.sub("", text) == "import cache\n\n\ndef one(): ...\n\n\ndef two(): ...\n"
