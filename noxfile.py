"""The one way to work on this repository: ``python3 noxfile.py -l`` lists what there is.

Needs a Python 3.11 or later with its ``venv`` module and nothing else: where nox cannot be imported, this file first
makes an environment of its own under ``.nox/`` and starts again from there. It has to stay readable for Pythons that
are too old for it, so that they get a sentence and not a traceback: no ``from __future__ import annotations`` here.
"""

import os
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
BOOTSTRAP = ROOT / ".nox" / "bootstrap"
CANNOT_START = 2
VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"


def refuse(reason: str) -> NoReturn:
    """Say in one line why nothing can be started, and leave."""
    sys.stderr.write("noxfile.py: " + reason + "\n")
    sys.exit(CANNOT_START)


if sys.version_info < (3, 11):  # noqa: UP036 -- this is where the others are sent away
    refuse(f"Python 3.11 or later is needed, this is {VERSION}: run this file with another python3")

import subprocess  # noqa: E402 -- the version comes first
import tomllib  # noqa: E402

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def write_pins(folder: Path) -> Path:
    """Write the workspace's exact versions as a constraints file, which uv and pip read alike."""
    folder.mkdir(parents=True, exist_ok=True)
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(PYPROJECT["tool"]["uv"]["constraint-dependencies"]) + "\n", encoding="utf-8")
    return constraints


def start_nox(arguments: list[str]) -> None:
    """Become nox, with the arguments given to this file; make an environment for it first where there is none."""
    try:
        import nox  # noqa: F401 -- only to see whether it is there
    except ImportError:
        python = bootstrap()
    else:
        python = sys.executable
    sys.stdout.flush()
    os.execv(python, [python, "-m", "nox", "--noxfile", str(ROOT / "noxfile.py"), *arguments])  # noqa: S606


def bootstrap() -> str:
    """Make the environment that nox and uv live in, unless a finished one is there; answer its interpreter."""
    python = BOOTSTRAP / "bin" / "python"
    finished = BOOTSTRAP / "finished"
    wanted = "\n".join([sys.base_prefix, sys.version, *PYPROJECT["tool"]["uv"]["constraint-dependencies"]])
    if python.exists() and finished.exists() and finished.read_text(encoding="utf-8") == wanted:
        return str(python)
    make_environment()
    # Twice quiet: pip's warnings about the machine's own configuration are not about this repository; errors stay.
    install = [str(python), "-m", "pip", "install", "--quiet", "--quiet", "--disable-pip-version-check"]
    install += ["--constraint", str(write_pins(BOOTSTRAP))]
    if subprocess.run([*install, "nox", "uv"], check=False).returncode:  # noqa: S603
        sys.stderr.write("noxfile.py: uv cannot be installed here, going on without it (slower)\n")
        if subprocess.run([*install, "nox"], check=False).returncode:  # noqa: S603
            refuse("nox cannot be installed, pip said why above")
    finished.write_text(wanted, encoding="utf-8")
    return str(python)


def make_environment() -> None:
    """Make an empty environment in the bootstrap folder."""
    try:
        import ensurepip  # noqa: F401 -- some distributions ship venv without it
        import venv
    except ImportError as missing:
        refuse(
            f"this Python has no module {missing.name}: install it "
            f"(Debian, Ubuntu: apt-get install python3-venv or python{VERSION}-venv) and run the same command again"
        )
    sys.stderr.write(f"noxfile.py: making an environment for nox in {BOOTSTRAP.relative_to(ROOT)}\n")
    try:
        venv.create(BOOTSTRAP, clear=True, with_pip=True, symlinks=True)
    except (OSError, subprocess.CalledProcessError) as failure:
        refuse(f"cannot make an environment in {BOOTSTRAP}: {failure}")


if __name__ == "__main__":
    start_nox(sys.argv[1:])

# From here on this file is nox's: it is imported by the nox that was started above.

import shutil  # noqa: E402
import tempfile  # noqa: E402
from collections.abc import Iterator  # noqa: E402
from contextlib import contextmanager  # noqa: E402

import nox  # noqa: E402

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "types", "tests", "docs"]

STANDARD_PLUGINS = (
    "plugins/process",
    "plugins/control",
    "plugins/archive",
    "plugins/excel",
    "plugins/graph",
    "plugins/mail",
    "plugins/metrics",
    "plugins/sql",
)

#: Tests that wait for clocks and processes more than they compute.
WAITING_TESTS = ("scheduler/tests", "tests/torture/scheduler")

TORTURE_TESTS = (
    "plugins/archive/tests/test_fuzz.py",
    "plugins/archive/tests/test_kill.py",
    "plugins/excel/tests/reading/test_fuzz.py",
    "plugins/excel/tests/test_kill.py",
    "plugins/excel/tests/writing/test_names.py",
    "plugins/excel/tests/writing/test_round_trip.py",
    "plugins/sql/tests/test_kills.py",
    "plugins/sql/tests/test_round_trip.py",
    "tests/torture",
)
TORTURE_LENGTHS = {"AETHERFLOW_KILLS": "30", "AETHERFLOW_EXAMPLES": "2000", "AETHERFLOW_TORTURE": "1.0"}


def members() -> list[str]:
    """List the folders of the workspace's members."""
    patterns = PYPROJECT["tool"]["uv"]["workspace"]["members"]
    found = [path.parent for pattern in patterns for path in sorted(ROOT.glob(f"{pattern}/pyproject.toml"))]
    return [str(folder.relative_to(ROOT)) for folder in found]


def pins(session: nox.Session) -> Path:
    """Write the pins beside the session's environment; nox's own temporary folder would become that of the tests."""
    return write_pins(Path(session.virtualenv.location))


def install_group(session: nox.Session, group: str) -> None:
    """Install one of pyproject.toml's dependency groups at the pinned versions."""
    session.install("-c", str(pins(session)), *nox.project.dependency_groups(PYPROJECT, group))


def install_members(session: nox.Session, *folders: str) -> None:
    """Install members from their folders, all in one go: pip would look for the others on the index."""
    editable = [argument for folder in folders for argument in ("-e", f"./{folder}")]
    session.install("-c", str(pins(session)), *editable)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format and layers."""
    install_group(session, "lint")
    # --fix and the like: nox -s lint -- --fix
    session.run("ruff", "check", *session.posargs, ".")
    session.run("ruff", "format", "--check", ".")
    # The layers are read from the sources without running them, so nothing has to be installed.
    sources = os.pathsep.join(str(ROOT / folder / "src") for folder in members())
    session.run("lint-imports", "--no-cache", env={"PYTHONPATH": sources})


@nox.session
def types(session: nox.Session) -> None:
    """Check the types of all distributions."""
    install_members(session, *members())
    install_group(session, "types")
    session.run("mypy", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests; arguments after -- go to pytest."""
    install_members(session, *members())
    install_group(session, "test")
    if session.posargs:
        session.run("python", "-m", "pytest", *session.posargs)
        return
    # The documentation has a session of its own. What is named is run, be it ignored or not.
    named = [
        folder for folder in PYPROJECT["tool"]["pytest"]["ini_options"]["testpaths"] if folder not in WAITING_TESTS
    ]
    ignored = [f"--ignore={folder}" for folder in ("tests/docs", *WAITING_TESTS)]
    with tests_beside(session, WAITING_TESTS):
        session.run("python", "-m", "pytest", *named, *ignored)


@contextmanager
def tests_beside(session: nox.Session, folders: tuple[str, ...]) -> Iterator[None]:
    """Run the tests of some folders while the block runs, and tell what became of them after it."""
    folder = Path(session.bin)
    environment = {**os.environ, "PATH": os.pathsep.join((session.bin, os.environ.get("PATH", "")))}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as told:
        command = [str(folder / "python"), "-m", "pytest", *folders]
        session.log(f"beside it: {' '.join(command)}")
        beside = subprocess.Popen(command, env=environment, stdout=told, stderr=subprocess.STDOUT)  # noqa: S603 - as said
        try:
            yield
        finally:
            beside.wait()
            told.seek(0)
            print(told.read(), flush=True)  # noqa: T201 - as pytest would
        if beside.returncode:
            session.error(f"tests beside it failed: {', '.join(folders)}")


@nox.session
def docs(session: nox.Session) -> None:
    """Run every block of code in the documentation; -- --write makes the parts anew that come from the code."""
    if not (ROOT / "tests" / "docs").is_dir():
        session.skip("there are no tests of the documentation yet (tests/docs)")
    install_members(session, *members())
    install_group(session, "docs")
    if "--write" in session.posargs:
        session.run("python", "-m", "tests.docs.error_sections", "--write")
    arguments = [each for each in session.posargs if each != "--write"]
    session.run("python", "-m", "pytest", "tests/docs", *arguments)


@nox.session(default=False)
def torture(session: nox.Session) -> None:
    """Try hard to break runs: kills, power cuts, full disks, storms on locks; arguments after -- go to pytest."""
    install_members(session, *members())
    install_group(session, "test")
    # The same tests as in `tests`, there in a short form; they print their figures.
    lengths = {name: os.environ.get(name, usual) for name, usual in TORTURE_LENGTHS.items()}
    session.run("python", "-m", "pytest", "-s", "--timeout=7200", *(session.posargs or TORTURE_TESTS), env=lengths)


@nox.session(default=False)
def demo(session: nox.Session) -> None:
    """Run all demos; -- --report or -- --schedule runs that one alone, other arguments go to the weather demo."""
    install_members(session, "kernel", "scheduler", *STANDARD_PLUGINS)
    alone = next((name for name in ("report", "schedule") if f"--{name}" in session.posargs), None)
    arguments = [each for each in session.posargs if each != f"--{alone}"]
    for name in ("weather", "report", "schedule"):
        # Arguments without a name are the first one's, which then runs alone as well.
        if name == (alone or ("weather" if arguments else name)):
            session.run("python", f"demo/{name}/run_demo.py", *arguments)


@nox.session(default=False)
def build(session: nox.Session) -> None:
    """Build the wheels of all distributions into dist/."""
    # uv builds the whole workspace with one command, whichever tool made this environment.
    session.install("-c", str(pins(session)), "uv")
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    session.run("python", "-m", "uv", "build", "--quiet", "--all-packages", "--wheel", "--out-dir", "dist")
    for wheel in sorted((ROOT / "dist").glob("*.whl")):
        session.log(f"built dist/{wheel.name}")


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure the engine beside its floors and peers; what follows -- goes to bench (--list, --only NAME, --runs N)."""
    # As users have it: from wheels, built anew each time.
    folders = [f"./{folder}" for folder in members()]
    session.install("-c", str(pins(session)), *folders)
    session.install("--no-deps", "--force-reinstall", *folders)
    peers = Path(session.virtualenv.location) / "peers"
    if not (peers / "bin" / "python").exists():
        session.run("python", "-m", "venv", str(peers))
    python = str(peers / "bin" / "python")
    wanted = nox.project.dependency_groups(PYPROJECT, "peers")
    session.run(python, "-m", "pip", "install", "-qq", "-c", str(pins(session)), *wanted, external=True)
    session.run("python", "-m", "bench", "--peers", python, *session.posargs)
