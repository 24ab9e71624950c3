"""Custom-runtime functions: declared with what wakes them and what they may touch."""

from constructs_lib.functions.options import FunctionOptions
from constructs_lib.functions.rust import RustFunction

__all__ = ["FunctionOptions", "RustFunction"]
