"""Runs the command line: `python -m kubesched`."""

from kubesched.cli import main

main()
