"""The order of jobs: `depends_on` names what comes earlier in the same part of the flow."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from ..contracts.spelling import did_you_mean
from ..quick_dataclasses import dataclass
from .fields import Reading
from .misfits import shown
from .models import Job, SectionName

#: Code, message and mend.
Words = tuple[str, str, str]


def report_order(reading: Reading, sections: Mapping[SectionName, Iterable[Job]]) -> None:
    """Note every `depends_on` that can't be met.

    AF-UNKNOWN-JOB: `depends_on` names a job that the flow does not have.

    Example:
        flow: {id: report}
        jobs:
          - {id: extract, steps: [{id: today, type: external.process, inputs: {command: [date]}}]}
          - id: send
            depends_on: [extrakt]
            steps: [{id: month, type: external.process, inputs: {command: [cal]}}]

    Mend: write the id of the job as it stands there.
        depends_on: [extract]

    AF-JOB-ORDER: `depends_on` names a job that starts later: jobs start in the order of the file.

    Example:
        flow: {id: report}
        jobs:
          - id: send
            depends_on: [extract]
            steps: [{id: month, type: external.process, inputs: {command: [cal]}}]
          - {id: extract, steps: [{id: today, type: external.process, inputs: {command: [date]}}]}

    Mend: move the job that is waited for above the one that waits.
        flow: {id: report}
        jobs:
          - {id: extract, steps: [{id: today, type: external.process, inputs: {command: [date]}}]}
          - id: send
            depends_on: [extract]
            steps: [{id: month, type: external.process, inputs: {command: [cal]}}]

    AF-SELF-DEPENDENCY: a job names itself under `depends_on`: it would wait for ever.

    Example:
        flow: {id: report}
        jobs:
          - id: send
            depends_on: [send]
            steps: [{id: month, type: external.process, inputs: {command: [cal]}}]

    Mend: take it out.
        depends_on: []
    """
    order = list(sections)
    section_of = {job.id: section for section, jobs in sections.items() for job in jobs}
    for section, jobs in sections.items():
        earlier: set[str] = set()
        for job in jobs:
            for position, name in enumerate(job.depends_on):
                if name not in earlier or name == job.id:
                    code, message, mend = _Dependency(job.id, name, section, order, section_of).words()
                    reading.report(code, message, mend, (*job.path, "depends_on", position))
            earlier.add(job.id)


@dataclass(frozen=True, slots=True)
class _Dependency:
    """A name in `depends_on` that is of no earlier job of its part."""

    job_id: str
    name: str
    section: SectionName
    order: list[SectionName]
    section_of: Mapping[str, SectionName]

    def words(self) -> Words:
        if self.name == self.job_id:
            return "AF-SELF-DEPENDENCY", f"the job {shown(self.name)} waits for itself", "take it out of `depends_on`"
        other = self.section_of.get(self.name)
        if other is None:
            return "AF-UNKNOWN-JOB", f"there is no job {shown(self.name)}", did_you_mean(self.name, self._neighbours())
        if other != self.section:
            return "AF-JOB-ORDER", *self._words_across(other)
        mend = f"move {shown(self.name)} above {shown(self.job_id)}: jobs start in the order of the file"
        return "AF-JOB-ORDER", f"the job {shown(self.name)} comes later in the file", mend

    def _neighbours(self) -> Collection[str]:
        return [name for name, section in self.section_of.items() if section == self.section]

    def _words_across(self, other: SectionName) -> tuple[str, str]:
        if self.order.index(other) < self.order.index(self.section):
            message = f"the job {shown(self.name)} stands in `{other}`, which has ended by then in any case"
            return message, f"take it out of `depends_on`; how it ended is {{{{jobs.{self.name}.status}}}}"
        message = f"the job {shown(self.name)} stands in `{other}`, which runs after all of `{self.section}`"
        return message, "take it out of `depends_on`, or move one of the two jobs"
