"""Makes and cleans up workspaces for some seconds: run by path, with the root, the place outside and the seconds."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from pathlib import Path

from aetherflow.kernel.contracts.events import Status
from aetherflow.kernel.errors import AetherFlowError
from aetherflow.kernel.files.workspace import Workspace

MARKER = "0123456789abcdef"


def main() -> None:
    """Do it, and say how often it could be done."""
    root, seconds = Path(sys.argv[1]), float(sys.argv[2])
    layout = {"artifacts": "artifacts", "scratch": "scratch", "manifests": "manifests"}
    counts = {"tries": 0, "made": 0, "removed": 0}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        counts["tries"] += 1
        workspace = Workspace(
            root=root, flow_id="flow", run_id="run", layout=layout, cleanup_policy="always", marker=MARKER
        )
        with contextlib.suppress(AetherFlowError, OSError):
            workspace.of_job("job").make()
            counts["made"] += 1
        workspace.clean_up(("job",), Status.SUCCESS)
        with contextlib.suppress(OSError):
            counts["removed"] += not (root / "flow" / "job" / "run").exists()
    print(json.dumps(counts), flush=True)


if __name__ == "__main__":
    main()
