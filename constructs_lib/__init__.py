"""AWS CDK constructs for custom-runtime Lambda functions, Rust first.

The names below are imported when they are first used: importing CDK takes a second, and what reads templates only
(the command line, the cfn-lint rules) does without.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from constructs_lib.access import Access, GetObject, PutItem, PutObject
    from constructs_lib.acknowledging import acknowledge
    from constructs_lib.app import synth
    from constructs_lib.functions import RustFunction
    from constructs_lib.names import stable_name
    from constructs_lib.triggers import HttpApiTrigger, S3Trigger, Trigger
    from constructs_lib.validation import guard

__all__ = [
    "Access",
    "GetObject",
    "HttpApiTrigger",
    "PutItem",
    "PutObject",
    "RustFunction",
    "S3Trigger",
    "Trigger",
    "acknowledge",
    "guard",
    "stable_name",
    "synth",
]

# No module may have the name of what it gives: importing it would hide the other.
_MODULES = ("access", "acknowledging", "app", "functions", "names", "triggers", "validation")

if not TYPE_CHECKING:  # a type checker knows these names, and that there are no others

    def __getattr__(name: str) -> object:
        if name in __all__:
            for module in (import_module(f"{__name__}.{module}") for module in _MODULES):
                if name in module.__all__:
                    return globals().setdefault(name, getattr(module, name))
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
