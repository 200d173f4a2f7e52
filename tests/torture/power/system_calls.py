"""Records every system call that may change the disk, of a program and of all that it starts, in their order."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

#: What changes the disk, and what says where in a file the next write goes.
_RECORDED = (
    "open,openat,creat,dup,dup2,dup3,fcntl,lseek,"
    "write,pwrite64,writev,pwritev,pwritev2,ftruncate,truncate,fallocate,copy_file_range,sendfile,splice,mmap,"
    "fsync,fdatasync,syncfs,sync,"
    "mkdir,mkdirat,rmdir,unlink,unlinkat,link,linkat,symlink,symlinkat,rename,renameat,renameat2"
)
#: More than anybody writes at once: what is cut off could not be replayed.
_LONGEST_WRITE = 64 * 2**20
_LINE = re.compile(r"(?P<thread>\d+) +(?:<\.\.\. \w+ resumed>(?P<rest>.*)|(?P<name>\w+)\((?P<first>.*))", re.DOTALL)
_UNFINISHED = " <unfinished ...>"
_ENDED = re.compile(r"(?P<arguments>.*?)\) += (?P<result>-?\d+|\?)(?:<(?P<path>[^>]*)>)?.*", re.DOTALL)
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_OPEN = re.compile(r"(AT_FDCWD|\d+)<([^>]*)>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A system call that succeeded; `begun` and `ended` are places in the record, in which the calls overlap."""

    name: str
    arguments: tuple[str, ...]
    result: int
    #: What the descriptor stands for that the call gave.
    result_path: str
    begun: int
    ended: int

    def text(self, place: int) -> bytes:
        """The argument as the bytes that were written."""
        return _bytes_of(self.arguments[place])

    def number(self, place: int) -> int:
        """The argument as a number; a descriptor without what it stands for."""
        return int(self.arguments[place].partition("<")[0], 0)

    def flags(self, place: int) -> frozenset[str]:
        """The argument as the names of flags."""
        return frozenset(self.arguments[place].split("|")) if place < len(self.arguments) else frozenset()

    def opened(self, place: int) -> str:
        """The path that the argument, a descriptor, stands for."""
        found = _OPEN.match(self.arguments[place])
        return _decoded(found[2]) if found else ""

    def path(self, place: int, *, beside: int | None = None) -> str:
        """The argument as an absolute path; `beside` is the descriptor that it starts at."""
        name = self.text(place).decode("utf-8", "surrogateescape")
        if name.startswith("/") or beside is None:
            return name
        return f"{self.opened(beside)}/{name}"


def record(command: list[str], *, cwd: Path, environment: Mapping[str, str], events: Path, log: Path) -> int:
    """Run a command, its standard error appended to `events`; answers its exit code."""
    # Everything in hexadecimal digits: no name and no content can look like the record's own marks.
    tracing = ["strace", "-f", "-y", "-xx", "--seccomp-bpf", "-s", str(_LONGEST_WRITE), "-o", str(log)]
    with events.open("ab") as told:
        done = subprocess.run(
            [*tracing, "-e", f"trace={_RECORDED}", "-e", "signal=none", *command],
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=told,
            check=False,
        )
    return done.returncode


def read_calls(log: Path, *, about: tuple[Path, ...]) -> list[Call]:
    """The calls of a record that name something below one of these paths, by their end."""
    wanted = [_encoded(str(path)) for path in about]
    return [call for call in _calls(log) if any(_names(call, path) for path in wanted)]


def _calls(log: Path) -> Iterator[Call]:
    begun: dict[str, tuple[int, str, str]] = {}
    with log.open(encoding="ascii") as lines:
        for place, line in enumerate(lines):
            found = _LINE.match(line.rstrip("\n"))
            if found is None:
                continue
            thread = found["thread"]
            if found["name"] is None:
                start, name, first = begun.pop(thread)
                text = first + found["rest"]
            else:
                start, name, text = place, found["name"], found["first"]
                if text.endswith(_UNFINISHED):
                    begun[thread] = (start, name, text.removesuffix(_UNFINISHED))
                    continue
            if (call := _call(name, text, start, place)) is not None:
                yield call


def _call(name: str, text: str, begun: int, ended: int) -> Call | None:
    found = _ENDED.fullmatch(text)
    if found is None or found["result"] == "?" or int(found["result"]) < 0:
        return None
    return Call(
        name=name,
        arguments=tuple(found["arguments"].split(", ")),
        result=int(found["result"]),
        result_path=_decoded(found["path"] or ""),
        begun=begun,
        ended=ended,
    )


def _names(call: Call, path: str) -> bool:
    return any(path in argument for argument in call.arguments) or (call.name == "sync")


def _bytes_of(argument: str) -> bytes:
    """What one or, of a vector, several texts hold."""
    if '"...' in argument:
        message = "a write was recorded in part: the harness must allow longer ones"
        raise ValueError(message)
    return b"".join(bytes.fromhex(text.replace("\\x", "")) for text in _TEXT.findall(argument))


def _decoded(path: str) -> str:
    return bytes.fromhex(path.replace("\\x", "")).decode("utf-8", "surrogateescape") if path.startswith("\\") else path


def _encoded(path: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in path.encode("utf-8", "surrogateescape"))
