"""What is left of a set of texts without one of its own globs, where texts hold symbols."""

from __future__ import annotations

import pytest

from constructs_lib.loops.keys import STAR
from constructs_lib.loops.languages import Language
from constructs_lib.templates.symbols import Symbols

SYMBOLS = Symbols()
MADE_UP = SYMBOLS.character("a", "${Machine}", "generated")
ACCOUNT = SYMBOLS.character("b", "${AWS::AccountId}", "twelve")
FREE = SYMBOLS.character("c", "${Parameter}", "free")


@pytest.mark.parametrize(
    ("all_of", "none_of", "is_possible"),
    [
        pytest.param(((f"arn:{ACCOUNT}:{MADE_UP}",),), (f"arn:{ACCOUNT}:{MADE_UP}",), False, id="itself"),
        pytest.param(((f"{MADE_UP}/{STAR}",),), (f"{MADE_UP}/{STAR}",), False, id="a glob"),
        pytest.param(((MADE_UP, ACCOUNT),), (MADE_UP,), True, id="one of two"),
        pytest.param(((MADE_UP, ACCOUNT),), (ACCOUNT, MADE_UP), False, id="both of two"),
        pytest.param(((MADE_UP,), (STAR,)), (MADE_UP,), False, id="of one group"),
        pytest.param(((FREE,),), (FREE,), False, id="a parameter"),
        pytest.param(((MADE_UP,),), (f"{MADE_UP}/{STAR}",), True, id="a part"),
    ],
)
def test_a_glob_without_itself_is_nothing(
    all_of: tuple[tuple[str, ...], ...], none_of: tuple[str, ...], *, is_possible: bool
) -> None:
    assert (Language(all_of, none_of).may() is not None) is is_possible
