"""One run for each fault: met, looked at, and gone on with when the fault is gone."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .injection import Fault, Record, read_record, tracing
from .inspection import Findings, after_fault, after_resume
from .project import Answer, Content, Project, content_of

#: A run waits for its disk half of the time.
AT_ONCE = 3


@dataclass(frozen=True, slots=True)
class Harness:
    """A project to copy for each fault, what a run without one makes of it, and the calls of that run."""

    folder: Path
    template: Project
    golden: Content
    record: Record

    def new_project(self) -> Project:
        """A copy of the project, in a folder of its own."""
        return self.template.copy_to(Path(tempfile.mkdtemp(dir=self.folder)) / "project")

    def inject(self, faults: Iterable[Fault]) -> Findings:
        """Run into each of the faults once."""
        findings = Findings()
        self.each(list(faults), lambda fault: self._inject(fault, findings))
        return findings

    def each(self, things: Sequence[object], try_one: Callable[..., None]) -> None:
        """Do something with each of some things, some at a time."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(try_one, things))

    def _inject(self, fault: Fault, findings: Findings) -> None:
        project = self.new_project()
        path = project.folder.parent / "record"
        answer = project.start(before=fault.command(path))
        record = read_record(path)
        if record.times_hit:
            self.judge(str(fault), project, answer, findings, record=record)
        else:
            findings.missed += 1
        shutil.rmtree(project.folder.parent)

    def judge(
        self,
        name: str,
        project: Project,
        answer: Answer,
        findings: Findings,
        *,
        record: Record | None = None,
        remove: Callable[[], None] = lambda: None,
    ) -> None:
        """Look at what a start with a fault left, take the fault away by `remove`, and go on."""
        # Copies: to look at a database may mend it.
        home = Path(tempfile.mkdtemp(dir=self.folder))
        snapshot = project.copy_to(home / "snapshot")
        wrong = list(after_fault(answer, snapshot, self.golden, record))
        remove()
        resumed = project.start("--json")
        wrong += after_resume(resumed.without(project.folder), project.copy_to(home / "end"), self.golden, snapshot)
        findings.injections += 1
        findings.harmless += answer.code == 0
        findings.clear += answer.code not in {0, None} and not any(kind == "unclear" for kind, _ in wrong)
        for kind, what in wrong:
            findings.add(kind, f"{name}: {what}")
        shutil.rmtree(home)


def make_harness(folder: Path, compiled: Path, *, has_ledger: bool = False, **environment: str) -> Harness:
    """Prepare a project and run a copy of it without a fault; twice, so that Python has compiled all that is used.

    With a ledger that is there already, the main thread calls little before the jobs begin: a fault at the n-th
    call of a thread comes to the threads of the jobs then, and not to the one that makes the ledger.
    """
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    given = {**kept, **environment, "PYTHONPYCACHEPREFIX": str(compiled)}
    first = Project(folder=folder / "first", view=folder / "first", environment=given)
    first.prepare()
    first.start()
    # From now on it compiles nothing: a file of Python's own that was written in part would break all later runs.
    given = {**given, "PYTHONDONTWRITEBYTECODE": "1"}
    template = Project(folder=folder / "template", view=folder / "template", environment=given)
    template.prepare()
    if has_ledger:
        template.write("other.yaml", "version: 1\nflow: {id: other}\njobs: []\n")
        other = template.start(flow="other.yaml")
        assert other.code == 0, other
    golden, record = template.copy_to(folder / "golden"), folder / "record"
    answer = golden.start("--json", before=tracing(record))
    assert answer.code == 0, answer
    return Harness(folder, template, content_of(golden, answer.without(golden.folder)), read_record(record))
