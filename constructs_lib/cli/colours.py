"""Colours for a terminal: they say nothing that the words do not."""

from __future__ import annotations

import os
import re
import sys

__all__ = ["coloured", "wants_colours"]

_COLOURS = (
    (re.compile(r"^((?:error|warning)\[[^\]\n]*\]:)(.*)$", re.MULTILINE), "\x1b[1;31m\\1\x1b[0m\x1b[1m\\2\x1b[0m"),
    (re.compile(r"^(  (?:witness|note|help|see):)", re.MULTILINE), "\x1b[36m\\1\x1b[0m"),
    (re.compile(r"^(\S.*: )(loop-free)(?=[:,].* read; graph: )", re.MULTILINE), "\\1\x1b[1;32m\\2\x1b[0m"),
    (re.compile(r"^(\S.*: )(loop|unproven)(?=[:,].* read; graph: )", re.MULTILINE), "\\1\x1b[1;31m\\2\x1b[0m"),
)


def wants_colours() -> bool:
    """Whether a person reads the output, who does not mind colours: see https://no-color.org."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def coloured(text: str) -> str:
    """The text of findings and summaries with colours."""
    for pattern, replacement in _COLOURS:
        text = pattern.sub(replacement, text)
    return text
