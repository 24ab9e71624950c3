"""What all tests share: the tools on PATH, a folder for what programs leave behind, and Ctrl-C."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import tempfile

from tools import environment

# Also where pytest was not started by `make`.
os.environ.update(environment.variables())

# CDK's process makes a folder for each app, and has no time to take them away if it is slow to end.
os.environ["TMPDIR"] = tempfile.mkdtemp(prefix="constructs-lib-tests-")
atexit.register(shutil.rmtree, os.environ["TMPDIR"], ignore_errors=True)

# Started in the background of a script, it would let the programs that it starts ignore Ctrl-C.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
