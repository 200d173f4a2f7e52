"""What the docstrings of the checks say of each code: what is wrong, a flow that shows it, and the mend.

A docstring goes on, after its summary, with a paragraph for each code that the function or class tells of::

    AF-ENV-MISSING: a template names a key that the environment does not have.

    Example:
        flow: {id: report}
        jobs: […]

    Mend: give a default.
        command: [echo, "{{env.DAY:today}}"]

The lines below `Mend:` stand in for the line that the message is about; with `jobs:` in them, for the whole flow.
`Project:` in front of `Mend:` holds the `aetherflow.yaml` that the example needs; without `Example:`, what is wrong is
in that file, beside any flow.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tests.docs.pages import ROOT

KERNEL = ROOT / "kernel" / "src" / "aetherflow" / "kernel"
#: The packages that tell what is wrong with a flow and its project before it runs.
PACKAGES = ("check", "spec", "policy")
#: Beside an `aetherflow.yaml` that shows a mistake.
ANY_FLOW = """\
flow: {id: report}
jobs:
  - {id: show, steps: [{id: today, type: external.process, inputs: {command: [date]}}]}
"""

_CODE = re.compile(r"(AF-[A-Z]+(?:-[A-Z]+)*): (.*)")
_OF_DOCSTRINGS = (ast.Module, ast.ClassDef, ast.FunctionDef)


@dataclass(frozen=True, slots=True)
class Explained:
    """One code as its docstring explains it."""

    code: str
    #: The file that the docstring stands in, and its line, for messages.
    place: str
    what: str
    #: The flow; empty where the mistake is in the project's file.
    example: str
    mend: str
    #: Lines that stand in for the one that is told of, or a whole flow; empty where the mend is said in words only.
    mended: str
    #: The `aetherflow.yaml` beside the flow; empty where there is none.
    project: str

    @property
    def is_mended_as_a_whole(self) -> bool:
        """Whether the mended lines are the whole flow."""
        return re.search(r"^jobs:", self.mended, re.MULTILINE) is not None

    @property
    def flow(self) -> str:
        """The flow that is checked."""
        return self.example or ANY_FLOW

    def mended_file(self, line: int) -> str:
        """The file that shows the mistake, without it, where it is told at a line; which keeps its indentation."""
        if self.is_mended_as_a_whole:
            return self.mended
        lines = (self.example or self.project).splitlines()
        indent = re.match(r" *", lines[line - 1])
        lines[line - 1 : line] = [f"{indent.group() if indent else ''}{each}" for each in self.mended.splitlines()]
        return "\n".join(lines) + "\n"


def sources() -> list[Path]:
    """The modules of the checks."""
    return [path for package in PACKAGES for path in sorted((KERNEL / package).glob("*.py"))]


def explained_codes() -> list[Explained]:
    """Every code that a docstring explains, by its name.

    Raises:
        ValueError: a docstring is not in the form, or a code is explained twice.
    """
    found = sorted((each for source in sources() for each in _explained_in(source)), key=lambda each: each.code)
    for first, second in pairwise(found):
        if first.code == second.code:
            message = f"{first.code} is explained twice: {first.place}, {second.place}"
            raise ValueError(message)
    return found


def literal_codes() -> set[str]:
    """Every code that stands as a text in these modules."""
    trees = (ast.parse(source.read_text(encoding="utf-8")) for source in sources())
    texts = (node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {text for text in texts if isinstance(text, str) and re.fullmatch(r"AF(-[A-Z]+)+", text)}


def _explained_in(source: Path) -> Iterator[Explained]:
    tree = ast.parse(source.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        docstring = ast.get_docstring(node) if isinstance(node, _OF_DOCSTRINGS) else None
        if docstring is not None:
            line = getattr(node, "lineno", 1)
            yield from explained_by(docstring, f"{source.relative_to(ROOT).as_posix()}:{line}")


def explained_by(docstring: str, place: str) -> Iterator[Explained]:
    """The codes that a docstring explains, in their order.

    Raises:
        ValueError: what is said of one is not in the form.
    """
    lines = docstring.splitlines()
    starts = [number for number, line in enumerate(lines) if _CODE.match(line)]
    for start, end in pairwise([*starts, len(lines)]):
        yield _explained(lines[start:end], place)


def _explained(lines: list[str], place: str) -> Explained:
    head = _CODE.match(lines[0])
    code, first = (head[1], head[2]) if head else ("", "")
    parts = _parts([f"What: {first}", *lines[1:]])
    shown = {"Example", "Project"} & parts.keys()
    if not shown or parts.keys() - shown != {"What", "Mend"}:
        message = f"{place}: {code} needs what is wrong, then `Example:` or `Project:` or both, and `Mend:`"
        raise ValueError(message)
    what, (mend, mended) = parts["What"][0], parts["Mend"]
    example, project = (parts.get(name, ("", ""))[1] for name in ("Example", "Project"))
    return Explained(code, place, what, example, mend, mended, project)


def _parts(lines: list[str]) -> dict[str, tuple[str, str]]:
    """The words and the indented block of each part, by its name."""
    words: dict[str, list[str]] = {}
    blocks: dict[str, list[str]] = {}
    name = ""
    for line in lines:
        head = re.fullmatch(r"([A-Z][a-z]+):(?: (.*))?", line)
        if head is not None and head[1] in ("Args", "Raises"):
            break
        if head is not None:
            name = head[1]
            words[name], blocks[name] = [head[2] or ""], []
        elif line.startswith(" ") or (not line and blocks[name]):
            blocks[name].append(line[4:])
        elif line:
            words[name].append(line)
    return {name: (" ".join(words[name]).strip(), _block(blocks[name])) for name in words}


def _block(lines: list[str]) -> str:
    text = "\n".join(lines).rstrip()
    return f"{text}\n" if text else ""
