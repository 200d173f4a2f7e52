"""A statement that takes too long is broken off in the database, where no Python is asked whether to stop."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing

import apsw
import pytest

pytestmark = pytest.mark.acceptance

FLOW = """
version: 1
flow: {id: endless}
resources:
  shop: {kind: db, driver: sqlite3, config: {path: shop.sqlite}}
jobs:
  - id: a
    steps:
      - id: s
        type: db_fetch_small
        inputs: {resource: shop, sql: "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT max(n) AS m FROM c"}
        timeout_seconds: 1
"""


def test_an_endless_statement_ends_with_its_step(tmp_path):
    (tmp_path / "flow.yaml").write_text(FLOW)
    with closing(apsw.Connection(str(tmp_path / "shop.sqlite"))) as shop:
        shop.execute("CREATE TABLE t (x)")
    done = subprocess.run(
        [sys.executable, "-m", "aetherflow.kernel", "run", "flow.yaml", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    step = json.loads(done.stdout)["jobs"][0]["steps"][0]
    assert step["status"] == "TIMED_OUT", step
    # One that had to be left behind says so.
    assert step["reason"] == "its time was over after 1 s"
