"""The same flow for doit: `doit_steps.py STEPS`. Its state goes into SQLite, once, at the end."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from doit.cmd_base import ModuleTaskLoader
from doit.doit_cmd import DoitMain

STEPS = int(sys.argv[1])


def check_items(items: list[str], min_count: int) -> dict[str, Any] | bool:
    """Do what the step check_items does."""
    return len(items) >= min_count and {"has_data": True, "count": len(items)}


def task_steps() -> Iterator[dict[str, Any]]:
    """Give each step as a task after the one before."""
    for number in range(STEPS):
        yield {
            "name": f"s{number}",
            "actions": [(check_items, [["a", "b", "c"], 1])],
            "task_dep": [f"steps:s{number - 1}"] if number else [],
        }


if __name__ == "__main__":
    loader = ModuleTaskLoader({"task_steps": task_steps})
    code = DoitMain(loader).run(["run", "--backend", "sqlite3", "--db-file", "doit.db"])
    print(STEPS, "steps")
    sys.exit(code)
