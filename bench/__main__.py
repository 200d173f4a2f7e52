"""Measures the engine beside its floors and its peers, as whole processes in turn; never a verdict.

Where syncs are measured, the folder has to be on a disk: set TMPDIR where the system's temporary folder is not.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from .comparison import compare
from .comparisons import COMPARISONS
from .counting import count
from .counts import COUNTS, SLOW
from .measure import CommandFailed
from .report import Report, as_json, as_markdown, as_text
from .setting import Setting

NAMES = (*COMPARISONS, *COUNTS)


def main() -> int:
    """Measure, and print what was found; 1 where something of ours did not do its work."""
    arguments = read_arguments()
    if arguments.list:
        print("\n".join(NAMES))
        return 0
    with tempfile.TemporaryDirectory(prefix="aetherflow-bench-") as folder:
        setting = Setting(
            folder=Path(folder),
            peers=arguments.peers and arguments.peers.absolute(),
            steps=arguments.steps,
            plugins=arguments.plugins,
            rows=arguments.rows,
            megabytes=arguments.megabytes,
            workbook_rows=arguments.workbook_rows,
            items=arguments.items,
            seconds=arguments.seconds,
        )
        report = Report(runs=arguments.runs)
        failures = measure_all(setting, report, wanted_names(arguments))
    if arguments.json:
        arguments.json.write_text(json.dumps(as_json(report), indent=2) + "\n", encoding="utf-8")
    print(as_markdown(report) if arguments.markdown else as_text(report))
    return 1 if failures else 0


def read_arguments() -> argparse.Namespace:
    """Read what the command line says."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--list", action="store_true", help="say what there is to measure")
    parser.add_argument("--only", action="append", default=[], choices=NAMES, metavar="NAME", help="measure only this")
    parser.add_argument("--runs", type=_positive, default=5, help="counted rounds (default: 5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was found to a file as well")
    parser.add_argument("--markdown", action="store_true", help="print the tables of docs/performance.md")
    parser.add_argument("--instructions", action="store_true", help="count instructions too (valgrind; takes minutes)")
    parser.add_argument("--peers", type=Path, metavar="PYTHON", help="an interpreter that can import doit and luigi")
    parser.add_argument("--steps", type=_positive, default=1_000, help="steps and jobs of a flow (default: 1000)")
    parser.add_argument("--plugins", type=_positive, default=50, help="plugins for the start (default: 50)")
    parser.add_argument("--rows", type=_positive, default=2_000_000, help="rows of the tables (default: 2000000)")
    parser.add_argument("--megabytes", type=_positive, default=100, help="files to pack (default: 100)")
    parser.add_argument(
        "--workbook-rows", type=_positive, default=100_000, help="rows for a template (default: 100000)"
    )
    parser.add_argument("--items", type=_positive, default=10_000, help="items of a schedule (default: 10000)")
    parser.add_argument("--seconds", type=_positive, default=10, help="how long schedulers are watched (default: 10)")
    return parser.parse_args()


def wanted_names(arguments: argparse.Namespace) -> set[str]:
    """Choose what was asked for; without `--only`, all but what takes minutes."""
    asked = set(arguments.only) or set(NAMES) - {SLOW}
    return asked | {SLOW} if arguments.instructions else asked


def measure_all(setting: Setting, report: Report, names: set[str]) -> int:
    """Measure, and answer how many of ours failed; progress goes to standard error."""
    failures = 0
    for name in (name for name in COMPARISONS if name in names):
        _say(f"measuring {name}")
        try:
            comparison = COMPARISONS[name](setting)
            report.results.append(compare(comparison, setting.folder, runs=report.runs, tell=report.left_out.append))
        except CommandFailed as failure:
            failures += 1
            report.left_out.append(f"{name}: {failure}")
    for name in (name for name in COUNTS if name in names):
        _say(f"counting {name}")
        for each in COUNTS[name](setting):
            try:
                report.counts.append(count(each, setting.folder))
            except CommandFailed as failure:
                report.left_out.append(f"{each.name}, {each.side.name}: {failure}")
    if setting.peers is None:
        report.left_out.append("doit, Luigi, ADBC, XlsxWriter, openpyxl and APScheduler: no --peers given")
    return failures


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
