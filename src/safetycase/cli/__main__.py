"""`python -m safetycase.cli` is the command `safetycase`."""

from safetycase.cli.main import main

main()
