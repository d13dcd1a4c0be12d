"""Runs the command line in a process of its own."""

from kubesched.cli import main

main()
