"""What must hold after a start that met a fault, and after the next one that met none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import apsw

from .injection import Record
from .project import BEFORE, FLOW_ID, RUN, Answer, Content, Project, content_of

#: Those of docs/cli.md that a fault may lead to.
EXIT_CODES = {0, 1, 2, 3, 4, 75}
#: A clear message says which fault it was, in the system's words or SQLite's. The dynamic loader looks for a library
#: in other folders as well, and then says of the last one that it is not there; SQLite opens a file that it can't open
#: for writing to read it.
REASONS = re.compile(
    r"No space left on device|File too large|Input/output error|Too many open files|cannot open shared object file"
    r"|can be opened only to read"
    r"|disk is full|disk I/O error|unable to open database file|SIGXFSZ",
    re.IGNORECASE,
)
_CODE = re.compile(r"\bAF-[A-Z][A-Z-]+\b")
_ENDED = re.compile(r"step_end job_id=(\S+) step_id=(\S+) .*?status=SUCCESS")
_LEDGER = ".aetherflow/state/ledger.sqlite"


@dataclass(slots=True)
class Findings:
    """What was found over many faults; `wrong` is by kind."""

    wrong: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)
    injections: int = 0
    clear: int = 0
    harmless: int = 0
    missed: int = 0

    def add(self, kind: str, what: str) -> None:
        """Note one thing that is wrong."""
        self.wrong[kind] += 1
        self.told.append(f"{kind}: {what}")

    def summary(self, name: str) -> str:
        """The figures in one line."""
        kinds = ("hangs", "unclear", "corrupt", "lost", "differences", "repeats")
        wrong = ", ".join(f"{self.wrong[kind]} {kind}" for kind in kinds)
        other = sum(self.wrong.values()) - sum(self.wrong[kind] for kind in kinds)
        return (
            f"{name}: {self.injections} injections, {self.clear} clear errors, {self.harmless} harmless, "
            f"{self.missed} never reached; {wrong}, {other} other"
        )


def steps_of(ledger: Path) -> Mapping[str, tuple[str, int]]:
    """Status and attempt of each step that the ledger knows, read from a copy of it.

    Raises:
        apsw.Error: it can't be read.
    """
    if not ledger.exists():
        return {}
    connection = apsw.Connection(str(ledger))
    try:
        if (checked := connection.execute("PRAGMA integrity_check").fetchall()) != [("ok",)]:
            raise apsw.CorruptError(str(checked))
        if not connection.table_exists("main", "steps"):
            return {}
        rows = connection.execute(
            "SELECT job_id, step_id, status, attempt FROM steps WHERE flow_id = ? AND run_id = ?", (FLOW_ID, RUN)
        )
        return {f"{job}.{step}": (status, attempt) for job, step, status, attempt in rows}
    finally:
        connection.close()


def after_fault(answer: Answer, snapshot: Project, golden: Content, record: Record | None) -> Iterator[tuple[str, str]]:
    """What is wrong after a start that met a fault: kind and sentence of each; `snapshot` is a copy of what it left."""
    told = answer.out + answer.err + (record.told if record else "")
    if answer.code is None:
        yield "hangs", f"told so far: {_end(told)}"
    elif answer.code not in EXIT_CODES:
        yield "unclear", f"exit code {answer.code}: {_end(told)}"
    if "Traceback" in told or "AF-BUG" in told:
        yield "unclear", _end(told)
    elif answer.code and not (_CODE.search(told) and REASONS.search(told)):
        yield "unclear", f"no code or reason in: {_end(told)}"
    yield from _unacknowledged(answer, snapshot)
    yield from _broken(snapshot, golden)
    if record is not None:
        yield from _syncs(answer, record)


def _unacknowledged(answer: Answer, snapshot: Project) -> Iterator[tuple[str, str]]:
    try:
        steps = steps_of(snapshot.view / _LEDGER)
    except apsw.Error as error:
        yield "corrupt", f"the ledger: {error}"
        return
    for job, step in _ENDED.findall(answer.err):
        if steps.get(f"{job}.{step}", ("", 0))[0] != "SUCCESS":
            yield "lost", f"{job}.{step} was told to have ended, and the ledger says {steps.get(f'{job}.{step}')}"
    if answer.code == 0 and any(status != "SUCCESS" for status, _ in steps.values()):
        yield "lost", f"the run ended well, and the ledger says {steps}"


def _broken(snapshot: Project, golden: Content) -> Iterator[tuple[str, str]]:
    try:
        content = content_of(snapshot)
        database = apsw.Connection(str(snapshot.view / "store.db"))
        checked = database.execute("PRAGMA integrity_check").fetchall()
        database.close()
    except apsw.Error as error:
        yield "corrupt", f"the database: {error}"
        return
    if checked != [("ok",)] or content.tables["rows"] not in (golden.tables["rows"], [(-1, "old")]):
        yield "corrupt", f"the database: {checked}"
    for name in BEFORE:
        if name not in content.files:
            yield "lost", f"out/{name}, which was there before, is gone"
    for name, found in content.files.items():
        if not _is_staged(name) and found not in (golden.files.get(name), BEFORE.get(name, "\0").encode()):
            yield "corrupt", f"out/{name} is neither old nor new: {found[:60]!r}"


def _syncs(answer: Answer, record: Record) -> Iterator[tuple[str, str]]:
    """A failed sync is never taken for one that went well, and never tried again."""
    failed: set[str] = set()
    again: set[str] = set()
    for path, has_failed in record.syncs():
        # The ledger's file itself is written anew where SQLite takes its first transaction back.
        if path in failed and ("/out/" in path or _LEDGER in path.removesuffix(_LEDGER)):
            again.add(path)
        if has_failed:
            failed.add(path)
    for path in again:
        yield "retried", f"{path} was synced again after it had failed"
    if answer.code == 0 and (ignored := [path for path in failed if "/out" in path]):
        yield "ignored", f"{ignored} could not be synced, and the run ended well"


def after_resume(answer: Answer, project: Project, golden: Content, snapshot: Project) -> Iterator[tuple[str, str]]:
    """What is wrong after the run went on without a fault."""
    if answer.code != 0:
        yield (
            ("hangs" if answer.code is None else "differences"),
            f"went on with {answer.code}: {_end(answer.err + answer.out)}",
        )
        return
    content = content_of(project, answer)
    if content != golden:
        yield "differences", f"{_difference(content, golden)}"
    yield from _repeats(snapshot, project)
    left = [str(path) for path in project.view.rglob(".aetherflow.*") if ".aetherflow/" not in str(path)]
    if left:
        yield "leftovers", f"{left}"


def _repeats(before: Project, after: Project) -> Iterator[tuple[str, str]]:
    try:
        ended = {step for step, (status, _) in steps_of(before.view / _LEDGER).items() if status == "SUCCESS"}
        attempts = [steps_of(found.view / _LEDGER) for found in (before, after)]
    except apsw.Error as error:
        yield "corrupt", f"the ledger: {error}"
        return
    lines = [_witness(found) for found in (before, after)]
    for step in ended:
        if attempts[0][step] != attempts[1].get(step) or lines[0][step] != lines[1][step]:
            yield "repeats", f"{step} ran again: {attempts[0][step]}, then {attempts[1].get(step)}"


def _witness(project: Project) -> Counter[str]:
    path = project.view / "witness"
    return Counter(path.read_text().split() if path.exists() else ())


def _end(text: str) -> str:
    """What was told of errors, else the end of all."""
    errors = [line for line in text.splitlines() if " ERROR " in line or "error AF-" in line]
    return "\n".join(errors)[:700] or text[-700:]


def _is_staged(name: str) -> bool:
    return any(part.startswith(".aetherflow.") for part in Path(name).parts)


def _difference(found: Content, wanted: Content) -> str:
    files = {name for name in {*found.files, *wanted.files} if found.files.get(name) != wanted.files.get(name)}
    return f"files {sorted(files)}, tables alike {found.tables == wanted.tables}, outputs {found.outputs}"
