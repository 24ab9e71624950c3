"""What all tests share: the tools on PATH, and Ctrl-C."""

from __future__ import annotations

import os
import signal

from tools import environment

# Also where pytest was not started by `make`.
os.environ.update(environment.variables())

# Started in the background of a script, it would let the programs that it starts ignore Ctrl-C.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
