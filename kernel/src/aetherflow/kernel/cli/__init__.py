"""The command line; one file per group of commands."""

from __future__ import annotations


def main() -> None:
    """Run the command line of this process; the console script's target."""
    from .program import run_program

    run_program()
