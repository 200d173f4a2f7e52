"""APScheduler, with everything in memory: `apscheduler_jobs.py hold SCHEDULE.yaml` or `late JOBS SECONDS`.

`hold` reads the items of a schedule, adds a job for each, says as a service does that it is ready, and waits.
`late` adds jobs that are all due at each full second, and tells how late they were called.
"""

from __future__ import annotations

import math
import os
import signal
import socket
import statistics
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import yaml
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger


def hold(file: str) -> None:
    """Hold a job for each item until SIGTERM."""
    with open(file, "rb") as source:  # noqa: PTH123 -- pathlib would have to be imported
        schedule = yaml.load(source, Loader=yaml.CSafeLoader)
    scheduler = BackgroundScheduler(timezone=schedule["timezone"])
    for item in schedule["items"]:
        trigger = CronTrigger.from_crontab(item["cron"], timezone=schedule["timezone"])
        scheduler.add_job(print, trigger, id=item["id"], args=(item["id"],), max_instances=1, coalesce=True)
    scheduler.start()
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as service:
        service.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
    ended.wait()
    scheduler.shutdown(wait=False)


def late(jobs: int, seconds: int) -> None:
    """Tell how late jobs are called, in milliseconds, and how many were not called at all."""
    called: list[float] = []
    first = datetime.fromtimestamp(math.ceil(time.time()) + 2, UTC)

    def call() -> None:
        called.append(time.time())

    scheduler = BackgroundScheduler(timezone="UTC")
    for _ in range(jobs):
        trigger = IntervalTrigger(seconds=1, start_date=first, end_date=first + timedelta(seconds=seconds - 1))
        scheduler.add_job(call, trigger, max_instances=1, coalesce=True, misfire_grace_time=300)
    scheduler.start()
    time.sleep(first.timestamp() + seconds + 1 - time.time())
    scheduler.shutdown()
    # Each is called in the second in which it is due, as long as the machine is not hopelessly busy.
    lateness = sorted(1000 * (moment % 1) for moment in called)
    print(f"figure p50 ms = {statistics.median(lateness):.3f}")
    print(f"figure p99 ms = {lateness[int(len(lateness) * 0.99)]:.3f}")
    print(f"{len(called)} called")


if __name__ == "__main__":
    kind, *arguments = sys.argv[1:]
    if kind == "hold":
        hold(*arguments)
    else:
        late(*map(int, arguments))
