"""The flows of the corpus: what is written at their tops, and what the check says of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from aetherflow.kernel.check.preparation import prepare_flow
from aetherflow.kernel.errors import AetherFlowError, Problem

HERE = Path(__file__).resolve().parent

_EXPECTED = re.compile(r"# expect: (?P<codes>AF-[A-Z-]+(?:\|AF-[A-Z-]+)*) (?P<line>[0-9]+)")
_NEAR = re.compile(r"# near: (?P<name>\S+)")
_SET = re.compile(r"# env: (?P<key>[A-Za-z_][A-Za-z0-9_]*)=(?P<value>.*)")


@dataclass(frozen=True, slots=True)
class Entry:
    """A flow of the corpus; without a mistake, no code and no line are expected."""

    file: Path
    codes: frozenset[str]
    line: int
    environ: Mapping[str, str]
    #: The right name, where a name is wrong that comes near to it.
    near: str | None = None

    @property
    def name(self) -> str:
        """Its path in the corpus."""
        return self.file.relative_to(HERE).as_posix()

    @property
    def area(self) -> str:
        """What its mistake is about: the folder that it stands in."""
        return self.file.parent.name


@dataclass(frozen=True, slots=True)
class Said:
    """A problem as far as the corpus goes by it; the line is 0 where the problem has no place."""

    code: str
    line: int
    help: str

    def __str__(self) -> str:
        return f"{self.code} {self.line}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was said of an entry."""

    entry: Entry
    said: tuple[Said, ...]

    @property
    def has_code(self) -> bool:
        """Whether the kind of the mistake was told, wherever."""
        return any(each.code in self.entry.codes for each in self.said)

    @property
    def has_line(self) -> bool:
        """Whether the place of the mistake was told, whatever was said of it."""
        return any(each.line == self.entry.line for each in self.said)

    @property
    def is_caught(self) -> bool:
        """Whether the kind of the mistake was told at its place."""
        return any(each.code in self.entry.codes and each.line == self.entry.line for each in self.said)

    @property
    def names_the_right_one(self) -> bool:
        """Whether the mend of the mistake names what was meant."""
        near = self.entry.near or ""
        return any(near in each.help for each in self.said if each.line == self.entry.line)

    @property
    def is_alone(self) -> bool:
        """Whether nothing was said but of the mistake."""
        return len(self.said) == 1

    def __str__(self) -> str:
        expected = f"{'|'.join(sorted(self.entry.codes))} {self.entry.line}" if self.entry.codes else "nothing"
        return f"{self.entry.name}: expected {expected}, found {', '.join(map(str, self.said)) or 'nothing'}"


def entries_in(folder: str) -> list[Entry]:
    """The flows below `broken` or `correct`, in the order of their names.

    Raises:
        ValueError: a broken flow does not say what its mistake is, or a correct one says that it has one.
    """
    files = sorted((HERE / folder).glob("*/*.yaml"))
    return [_read(file, is_broken=folder == "broken") for file in files if file.name != "aetherflow.yaml"]


def _read(file: Path, *, is_broken: bool) -> Entry:
    lines = file.read_text(encoding="utf-8").splitlines()
    first = lines[0] if lines else ""
    expected = _EXPECTED.fullmatch(first)
    if (expected is not None) != is_broken:
        message = f"{file}: the first line should{'' if is_broken else ' not'} be '# expect: CODE LINE'"
        raise ValueError(message)
    environ = {found["key"]: found["value"] for line in lines if (found := _SET.fullmatch(line))}
    near = next((found["name"] for line in lines if (found := _NEAR.fullmatch(line))), None)
    if expected is None:
        return Entry(file, frozenset(), 0, environ)
    line = int(expected["line"])
    if not 1 < line <= len(lines):
        message = f"{file}: there is no line {line}"
        raise ValueError(message)
    return Entry(file, frozenset(expected["codes"].split("|")), line, environ, near)


def judge(entry: Entry, environ: Mapping[str, str]) -> Outcome:
    """What the check says of an entry, in this process.

    Args:
        entry: the flow.
        environ: the environment that every flow has.
    """
    return Outcome(entry, said_of(problems_of(entry.file, {**environ, **entry.environ})))


def problems_of(file: Path, environ: Mapping[str, str]) -> tuple[Problem, ...]:
    """Everything that is wrong with a flow, warnings as well."""
    try:
        return prepare_flow(file, environ=environ).problems
    except AetherFlowError as error:
        return error.problems


def said_of(problems: Iterable[Problem]) -> tuple[Said, ...]:
    """The errors and warnings, as far as the corpus goes by them; a note says that nothing is wrong."""
    told = [each for each in problems if each.severity != "note"]
    return tuple(Said(each.code, each.where.line if each.where else 0, each.help) for each in told)
