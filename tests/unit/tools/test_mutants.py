"""What `make mutants` tries, without trying it."""

from __future__ import annotations

from tools import mutants
from tools.environment import ROOT


def test_each_module_and_each_of_its_tests_is_there() -> None:
    modules = [ROOT / "constructs_lib" / "loops" / f"{module}.py" for module in mutants.TESTS]
    tests = [ROOT / "tests" / "unit" / "loops" / path for paths in mutants.TESTS.values() for path in paths]

    assert [str(path) for path in (*modules, *tests) if not path.exists()] == []


def test_functions_are_decorated_behind_their_definitions_or_not_at_all_if_that_caches() -> None:
    text = """\
import cache


@lru_cache(maxsize=4)
def one(): ...


class Two:
    @cached_property
    def three(self):
        return 3

    @property
    def four(self):
        @cache
        def five(): ...
        return five

    @staticmethod
    def six(): ...
"""

    assert (
        mutants.undecorated(text)
        == """\
import cache


def one(): ...


class Two:
    def three(self):
        return 3
    three = cached_property(three)

    def four(self):
        def five(): ...
        return five
    four = property(four)

    @staticmethod
    def six(): ...
"""
    )
