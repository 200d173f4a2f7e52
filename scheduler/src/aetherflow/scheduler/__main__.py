"""`python -m aetherflow.scheduler`: the same program as the console script."""

from __future__ import annotations

from .cli import main

main()
