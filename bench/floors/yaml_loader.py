"""The floor of reading: PyYAML's C loader, plainly or with the garbage collector paused.

`yaml_loader.py plain|paused FLOW.yaml`: values only, without their places; nothing is checked.
"""

from __future__ import annotations

import gc
import sys

import yaml


def main(collector: str, flow_file: str) -> None:
    """Read a flow."""
    if collector == "paused":
        gc.disable()
    with open(flow_file, "rb") as source:  # noqa: PTH123 -- pathlib would have to be imported
        flow = yaml.load(source, Loader=yaml.CSafeLoader)
    print(sum(len(job["steps"]) for job in flow["jobs"]), "steps")


if __name__ == "__main__":
    main(*sys.argv[1:])
