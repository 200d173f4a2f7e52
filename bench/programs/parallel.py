"""`parallel.py COUNTS.json KIND JOBS SLOTS MILLISECONDS`: jobs that wait, so many at a time, beside their ideal time.

The ideal is that of the waits alone, spread over the slots. `KIND` is `aetherflow` for a run, of which the duration
counts that it tells itself, or `threads` for nothing but as many threads that wait as often.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from queue import Empty, SimpleQueue

NAPS = Path(__file__).with_name("naps")


def milliseconds_of_run(jobs: int, slots: int, milliseconds: int) -> float:
    """How long a run takes from its first job to its last."""
    flow = Path("parallel.yaml")
    step = f"{{id: s, type: nap, inputs: {{milliseconds: {milliseconds}}}}}"
    written = "".join(f"  - {{id: j{number}, steps: [{step}]}}\n" for number in range(jobs))
    head = f"version: 1\nflow: {{id: parallel, concurrency: {{max_parallel_jobs: {slots}}}}}\njobs:\n"
    flow.write_text(head + written, encoding="utf-8")
    command = (str(Path(sys.executable).with_name("aetherflow")), "run", flow.name)
    environment = {**os.environ, "AETHERFLOW_PLUGIN_PATHS": str(NAPS), "AETHERFLOW_LOG_FORMAT": "json"}
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    print(told.stdout)
    return float(json.loads(told.stderr.splitlines()[-1])["duration_ms"])


def milliseconds_of_threads(jobs: int, slots: int, milliseconds: int) -> float:
    """How long threads take that wait as often, and do nothing else."""
    waits: SimpleQueue[float] = SimpleQueue()
    for _ in range(jobs):
        waits.put(milliseconds / 1000)
    threads = [threading.Thread(target=_wait_for_all, args=(waits,)) for _ in range(slots)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("SUCCESS")
    return (time.perf_counter() - began) * 1000


def _wait_for_all(waits: SimpleQueue[float]) -> None:
    while True:
        try:
            time.sleep(waits.get_nowait())
        except Empty:
            return


if __name__ == "__main__":
    counts_file, kind, *numbers = sys.argv[1:]
    jobs, slots, milliseconds = map(int, numbers)
    measured = (milliseconds_of_run if kind == "aetherflow" else milliseconds_of_threads)(jobs, slots, milliseconds)
    share = 100 * jobs * milliseconds / slots / measured
    Path(counts_file).write_text(json.dumps({"percent of the ideal": round(share)}), encoding="utf-8")
