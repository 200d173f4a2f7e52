"""The floor of the command line: a typer program of two commands that does nothing."""

from __future__ import annotations

import typer

app = typer.Typer()


@app.command()
def one(name: str) -> None:
    """Do one thing."""


@app.command()
def two(name: str) -> None:
    """Do another thing."""


def main() -> None:
    """Run it."""
    app()
