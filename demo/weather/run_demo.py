"""Run the weather flow as a user would, and say what was made: python3 run_demo.py [--source FILE] [--run-id ID]."""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zipfile import ZipFile

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "out"
COMMAND = Path(sys.executable).with_name("aetherflow")


def main() -> int:
    """Run the flow and tell; answers the command's own exit code."""
    command = command_for(read_arguments())
    print("$", *command, flush=True)
    # Ctrl-C is for the command, which stops in good order; this program waits for it.
    signal.signal(signal.SIGINT, lambda *_: None)
    finished = subprocess.run([*command, "--json"], stdout=subprocess.PIPE, text=True, check=False)
    print(flush=True)
    if finished.returncode == 0:
        tell(json.loads(finished.stdout))
    else:
        print("The run has not come to its end. It goes on where it stopped, when what was said above is mended, with:")
        print("$", *command)
    return finished.returncode


def read_arguments() -> argparse.Namespace:
    """Read what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", help="another file of days than seattle-weather.csv")
    parser.add_argument("--run-id", help="the run to go on with; a new one otherwise")
    return parser.parse_args()


def command_for(arguments: argparse.Namespace) -> list[str]:
    """The command as a user would type it; its run has a name that can be read, to go on with it."""
    run_id = (
        arguments.run_id or f"{datetime.now(UTC):%Y-%m-%d_%H%M%S_%f}"
    )  # the parts of a second: two demos may start in one
    command = [str(COMMAND), "run", str(HERE / "flow.yaml"), "--run-id", run_id, "--param", f"results={RESULTS}"]
    return [*command, "--param", f"source={arguments.source}"] if arguments.source else command


def tell(run: dict[str, Any]) -> None:
    """Say in a few lines what was made and where, or why nothing was."""
    jobs = {job["job_id"]: job for job in run["jobs"]}
    if run["status"] == "SKIPPED":
        print(f"The run was SKIPPED: {jobs['load']['reason']}.")
        print("Nothing was changed, and nothing was sent.")
        print(f"For a fresh start, delete {RESULTS}.")
        return
    loaded = jobs["load"]["outputs"]
    counts = f"{loaded['days']} days read, {loaded['new_days']} of them new, {loaded['changed_days']} changed"
    print(f"The run was a {run['status']}: {counts}. In {RESULTS}:")
    print("  weather.db: the days, in SQLite")
    print("  months.csv, months.parquet: figures of the months")
    print("  summary.txt: a line for each year")
    with ZipFile(RESULTS / "months.zip") as packed:
        print(f"  months.zip: {', '.join(packed.namelist())}")
    tell_message(jobs["deliver"]["outputs"]["message"])
    print("Run the demo again: nothing is new then, and nothing is done or sent twice.")


def tell_message(message_id: str) -> None:
    """Say what was sent to whom, and show its text."""
    for file in sorted((RESULTS / "mail").glob("*.eml")):
        message = message_from_bytes(file.read_bytes(), _class=EmailMessage, policy=policy.default)
        if message["Message-ID"] != message_id:
            continue
        attached = [part.get_filename() for part in message.iter_attachments()]
        print(f"  mail/{file.name}: to {message['To']}, with {', '.join(map(str, attached))}")
        print(f"    Subject: {message['Subject']}")
        text = message.get_body(("plain",))
        for line in text.get_content().splitlines() if text else []:
            print(f"    {line}".rstrip())


if __name__ == "__main__":
    sys.exit(main())
