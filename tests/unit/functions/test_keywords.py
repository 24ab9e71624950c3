"""Every keyword of CDK's function is one of ours, passes through, or is refused with a reason."""

from __future__ import annotations

import inspect

from aws_cdk import aws_lambda as lambda_

from constructs_lib import RustFunction
from constructs_lib.functions.options import REFUSED, FunctionOptions


def keywords(of: type) -> set[str]:
    parameters = inspect.signature(of.__init__).parameters.values()  # type: ignore[misc]
    return {parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY}


def test_none_is_forgotten() -> None:
    ours = keywords(RustFunction) | FunctionOptions.__annotations__.keys() | REFUSED.keys()
    assert keywords(lambda_.Function) - ours == set()


def test_none_that_passes_through_is_unknown_to_cdk() -> None:
    assert FunctionOptions.__annotations__.keys() - keywords(lambda_.Function) == set()


def test_none_is_two_things_at_once() -> None:
    assert keywords(RustFunction) & FunctionOptions.__annotations__.keys() == set()
    assert (keywords(RustFunction) | FunctionOptions.__annotations__.keys()) & REFUSED.keys() == set()
