"""The same flow for Luigi: `luigi_steps.py STEPS`. What is done is a file for each step; nothing is synced."""

from __future__ import annotations

import json
import sys

import luigi


class CheckItems(luigi.Task):
    """The step check_items, after the one before."""

    number = luigi.IntParameter()

    def requires(self) -> list[CheckItems]:
        """Name the step before."""
        return [CheckItems(number=self.number - 1)] if self.number else []

    def output(self) -> luigi.LocalTarget:
        """Say what is there when it is done."""
        return luigi.LocalTarget(f"s{self.number}.json")

    def run(self) -> None:
        """Count, and note it."""
        items = ["a", "b", "c"]
        with self.output().open("w") as target:
            json.dump({"has_data": True, "count": len(items)}, target)


if __name__ == "__main__":
    steps = int(sys.argv[1])
    is_done = luigi.build([CheckItems(number=steps - 1)], local_scheduler=True, log_level="WARNING")
    print(steps if is_done else 0, "steps")
