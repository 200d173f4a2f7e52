"""The command line; one file per group of commands."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Run the command line of this process; the console script's target."""
    # Starting makes objects that stay: to look through them for garbage is a part of the time, and finds none.
    # What goes on for long turns it on again.
    gc.disable()
    try:
        from .program import run_program
    except OSError as error:
        # Too little of the program is there to say it in its own way.
        os.write(2, f"error AF-SYSTEM: the program can't be loaded: {error.strerror}\n".encode())
        sys.exit(1)
    run_program()
