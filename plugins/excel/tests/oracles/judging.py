"""What a filled workbook is held against: the template it was made of, and what was written down by hand."""

from __future__ import annotations

from typing import Any

from plugins.excel.tests.oracles.comparing import compare
from plugins.excel.tests.oracles.facts import facts_of
from plugins.excel.tests.oracles.opc import Package
from plugins.excel.tests.oracles.soundness import complaints
from plugins.excel.tests.templates.record import Template


def faults_of_parts(template: Template, before: Package, after: Package, way: str) -> list[str]:
    """Parts that vanished, or changed and should not have; and what is unsound that was sound."""
    expected = template.expected(way)
    difference = compare(before, after)
    may_change = set(expected.changed) | {before.workbook, *before.related(before.workbook, "styles")}
    may_change |= {before.sheets[target.sheet] for target in template.targets}
    faults = [f"{part} is lost" for part in sorted(difference.lost - expected.gone)]
    faults += [f"{part} was added" for part in sorted(difference.added)]
    faults += [f"{part} changed" for part in sorted((difference.changed | difference.rewritten) - may_change)]
    faults += [f"{part} was packed anew" for part in sorted(difference.same - may_change)]
    return faults + sorted(set(complaints(after)) - set(complaints(before)))


def faults_of_facts(template: Template, before: Package, after: Package, way: str) -> list[str]:
    """Everything that refers to rows and does not say what a person expects."""
    told: dict[str, Any] = {**facts_of(before), **template.expected(way).facts}
    expected = {section: facts for section, facts in told.items() if facts}
    found = facts_of(after)
    return [
        f"{section}: {found.get(section)} and not {expected.get(section)}"
        for section in sorted({*expected, *found})
        if expected.get(section) != found.get(section)
    ]
