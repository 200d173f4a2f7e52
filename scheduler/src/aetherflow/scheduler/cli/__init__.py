"""The program aetherflow-scheduler."""

from __future__ import annotations


def main() -> None:
    """Run the program; the console script."""
    raise NotImplementedError
