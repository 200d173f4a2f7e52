"""What became of the parts of a template, and that none is lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from aetherflow.kernel.api import StepError

from ..package.package import Package


@dataclass(slots=True)
class Fidelity:
    """What became of the parts of a template."""

    kept: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def verify(template: Package, output: Path, fidelity: Fidelity) -> None:
    """Hold the new package against the template: each part must be there, and the kept ones must be the same.

    Raises:
        StepError: one is not.
    """
    with Package(output) as written:
        for part, member in template.members.items():
            now = written.members.get(part)
            is_same = now is not None and (now.CRC, now.file_size) == (member.CRC, member.file_size)
            if part not in fidelity.dropped and (now is None or (part in fidelity.kept and not is_same)):
                raise StepError(
                    f"{template.file_name}: the part {part!r} would be lost or damaged",
                    code="AF-EXCEL-FIDELITY",
                    help="report this together with the template: it is a mistake of the plugin",
                )
