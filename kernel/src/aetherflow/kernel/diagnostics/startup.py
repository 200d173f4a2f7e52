"""Code that Python runs whenever it starts, before any runtime profile is read."""

from __future__ import annotations

import site
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.machinery import PathFinder
from pathlib import Path

from ..quick_dataclasses import dataclass
from .findings import Finding, fine

#: Modules that Python imports at every start where there are any.
_MODULES = ("sitecustomize", "usercustomize")
#: Such a line of a `.pth` file is code; the others name folders.
_CODE_LINES = ("import ", "import\t")
#: From this version on a `.start` file beside it names functions to call, and stands for its code (PEP 829).
_FIRST_WITH_START_FILES = (3, 15)


@dataclass(frozen=True, slots=True)
class StartupHook:
    """A place that Python runs code from at every start; line 0 stands for a whole file."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


def examine_startup() -> Iterator[Finding]:
    """A warning for each start-up hook: no rule of a runtime profile holds for it."""
    hooks = startup_hooks()
    if not hooks:
        yield fine("start-up", "no code is run when Python starts")
    for hook in hooks:
        yield Finding(
            group="start-up",
            level="warning",
            message=f"{hook} is code that every start of Python runs",
            code="AF-MACHINE-STARTUP",
            help="no runtime profile governs it: know where it comes from, or remove it",
        )


def startup_hooks(
    folders: Sequence[str] | None = None, *, version: tuple[int, ...] = sys.version_info[:2]
) -> tuple[StartupHook, ...]:
    """The lines of `.pth` and `.start` files that are code, and the modules for customising; none of it is run here.

    Args:
        folders: where the files are looked for; those in which Python does by default.
        version: of Python, which says what it reads.
    """
    reads_start_files = version >= _FIRST_WITH_START_FILES
    lines = [
        hook
        for folder in folders or _site_folders()
        for hook in _code_lines(Path(folder), reads_start_files=reads_start_files)
    ]
    return (*lines, *_customising_modules())


def _site_folders() -> list[str]:
    if sys.flags.no_site:
        return []
    own = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    return list(dict.fromkeys([*site.getsitepackages(), *own]))


def _code_lines(folder: Path, *, reads_start_files: bool) -> Iterator[StartupHook]:
    starting = sorted(folder.glob("*.start")) if reads_start_files else []
    for file in starting:
        yield from _hooks_in(file, lambda line: bool(line.strip()) and not line.lstrip().startswith("#"))
    for file in sorted(folder.glob("*.pth")):
        if file.with_suffix(".start") not in starting:
            yield from _hooks_in(file, lambda line: line.startswith(_CODE_LINES))


def _hooks_in(file: Path, is_code: Callable[[str], bool]) -> Iterator[StartupHook]:
    for number, line in enumerate(_lines_of(file), start=1):
        if is_code(line):
            yield StartupHook(str(file), number)


def _lines_of(file: Path) -> Iterable[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        # Python passes over what it can't read as well.
        return ()


def _customising_modules() -> Iterator[StartupHook]:
    # The first entry, the folder of the program or the current one, comes onto the path only afterwards.
    path = sys.path if sys.flags.safe_path else sys.path[1:]
    for name in _MODULES:
        is_looked_for = not sys.flags.no_site and (name != "usercustomize" or site.ENABLE_USER_SITE)
        spec = PathFinder.find_spec(name, path) if is_looked_for else None
        if spec is not None and spec.origin:
            yield StartupHook(spec.origin, 0)
