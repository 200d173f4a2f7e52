"""The program aetherflow-scheduler; one module for each command."""

from __future__ import annotations


def main() -> None:
    """Run the program; the console script's target."""
    from aetherflow.kernel.api import run_command_program

    from .commands import COMMANDS

    run_command_program(
        name="aetherflow-scheduler",
        summary="Run flows at their times: every occurrence once, with a history that says what became of it.",
        distribution="aetherflow-scheduler",
        commands=COMMANDS,
    )
