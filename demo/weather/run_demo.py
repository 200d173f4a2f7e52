"""Run the weather flow as a user would, and say what was made: python3 run_demo.py [--source FILE]."""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "out"
COMMAND = Path(sys.executable).with_name("aetherflow")


def main() -> int:
    """Run the flow and tell; answers the command's own exit code."""
    arguments = read_arguments()
    command = [str(COMMAND), "run", str(HERE / "flow.yaml"), "--param", f"results={RESULTS}"]
    if arguments.source:
        command += ["--param", f"source={arguments.source}"]
    print("$", *command, flush=True)
    finished = subprocess.run([*command, "--json"], stdout=subprocess.PIPE, text=True, check=False)
    run = json.loads(finished.stdout or "{}")
    print(flush=True)
    if finished.returncode == 0:
        tell(run)
    elif "run_id" in run:
        print("The run failed. When what it said is mended, it goes on where it stopped with:")
        print("$", *command, "--run-id", run["run_id"])
    return finished.returncode


def read_arguments() -> argparse.Namespace:
    """Read what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", help="another file of days than seattle-weather.csv")
    return parser.parse_args()


def tell(run: dict[str, Any]) -> None:
    """Say in a few lines what was made and where, or why nothing was."""
    load = next(job for job in run["jobs"] if job["job_id"] == "load")
    if run["status"] == "SKIPPED":
        print(f"The run was SKIPPED: {load['reason']}.")
        print("Nothing was done twice: the table and the files are as an earlier run left them.")
        print(f"For a fresh start, delete {RESULTS}.")
        return
    outputs = load["outputs"]
    print(f"The run was a {run['status']}: {outputs['days']} days read, {outputs['new_days']} of them new.")
    print(f"  {RESULTS / 'weather.db'}: the days, in SQLite")
    with (RESULTS / "months.csv").open(newline="", encoding="utf-8") as file:
        months = sum(1 for _ in csv.DictReader(file))
    print(f"  {RESULTS / 'months.csv'} and {RESULTS / 'months.parquet'}: {months} months")
    print(f"  {RESULTS / 'summary.txt'}:")
    for line in (RESULTS / "summary.txt").read_text(encoding="utf-8").splitlines():
        print(f"    {line}")
    print("Run the same command again: nothing is new then, and nothing is done twice.")


if __name__ == "__main__":
    sys.exit(main())
