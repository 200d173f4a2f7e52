"""Make the report as a user would, and say what is in it: python3 run_demo.py [--year YEAR]."""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
WORKBOOK = HERE / "out" / "weather.xlsx"
COMMAND = Path(sys.executable).with_name("aetherflow")


def main() -> int:
    """Run the flow and tell; answers the command's own exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--year", default="2015", help="the year that is told by month: 2012 to 2015")
    year = parser.parse_args().year
    command = [str(COMMAND), "run", str(HERE / "flow.yaml")]
    command += ["--param", f"workbook={WORKBOOK}", "--param", f"year={year}"]
    print("$", *command, flush=True)
    # Ctrl-C is for the command, which stops in good order; this program waits for it.
    signal.signal(signal.SIGINT, lambda *_: None)
    finished = subprocess.run([*command, "--json"], stdout=subprocess.PIPE, text=True, check=False)
    print(flush=True)
    if finished.returncode == 0:
        tell(json.loads(finished.stdout))
    return finished.returncode


def tell(run: dict[str, Any]) -> None:
    """Say in a few lines what was filled, and what became of the template."""
    outputs = run["jobs"][0]["outputs"]
    print(f"The run was a {run['status']}. The workbook is {outputs['workbook']}")
    for region in outputs["written"]:
        print(f"  {region['name']}: {region['rows']} rows on {region['sheet']}, from {region['start_cell']} on")
    fidelity = outputs["fidelity"]
    print(
        f"Of the template's parts {len(fidelity['kept'])} are the same bytes, {len(fidelity['changed'])} were edited:"
    )
    print("  " + ", ".join(fidelity["changed"]))
    print("Open it in a spreadsheet program: totals, charts, formats and the print area follow the rows.")


if __name__ == "__main__":
    sys.exit(main())
