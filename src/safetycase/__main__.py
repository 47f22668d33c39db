"""`python -m safetycase` is the command `safetycase`."""

from safetycase.cli.main import main

if __name__ == "__main__":
    main()
