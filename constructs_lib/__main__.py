"""`python -m constructs_lib`: the command line, where its script is not on the path."""

from constructs_lib.cli import main

main()
