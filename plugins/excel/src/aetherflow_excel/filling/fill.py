"""A template filled: a new package beside it, in which only what had to be is another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aetherflow.kernel.api import StepError

from ..package.package import Package
from ..package.writing import PackageWriter
from ..workbook.book import Workbook
from .fidelity import Fidelity, verify
from .output import FilledPackage
from .planning import plan_fill
from .regions import Filling
from .sheet_plan import PlacedRegion

_SIGNATURE = "digital-signature"


@dataclass(frozen=True, slots=True)
class Filled:
    """What was filled."""

    places: list[PlacedRegion]
    fidelity: Fidelity


def fill(template: Path, output: Path, suffix: str, fillings: Sequence[Filling]) -> Filled:
    """Write a template with its rows to a new file, for an output whose name ends in `suffix`.

    Raises:
        StepError: something can't be filled, or a value can't be written; the file is of no use then.
    """
    with Package(template) as package:
        book = Workbook(package)
        _refuse_signed(package)
        plan = plan_fill(book, fillings)
        with output.open("wb") as file:
            filled = FilledPackage(plan, PackageWriter(file, package.file_name), suffix)
            filled.write()
        verify(package, output, filled.fidelity)
        return Filled(plan.places, filled.fidelity)


def _refuse_signed(package: Package) -> None:
    if any(_SIGNATURE in package.content_type(part) for part in package.members):
        raise StepError(
            f"{package.file_name} is digitally signed, and filling it would break the signature",
            code="AF-EXCEL-SIGNED",
            help="save the template without the signature",
        )
