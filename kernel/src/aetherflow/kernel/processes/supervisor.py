"""Run one command and end its whole process tree: a program of its own, started by path.

The runner has many threads and may be killed at any moment; this program has one thread, adopts
every process that the command leaves behind, and stays until the last of them is gone. It imports
the standard library only, and little of that: every external process waits for its start.

It talks with `spawn.py` over two pipes:

- file descriptor 0, control: first the request (eight bytes of length, then fields separated by
  NUL, see `Request`); after it, any byte means "stop the command", the end of the pipe means that
  the runner died.
- file descriptor 1, report: lines. `started PID`, or `refused STAGE ERRNO` and the end; at last
  `survivor NAME` for each process that even SIGKILL did not end, and `ended STATUS REASON`.

Where there is no `prctl` or no /proc (anything but Linux), only the command's process group is
ended: a child that made a session of its own escapes there.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time

CONTROL, REPORT = 0, 1

#: How long what the command left behind may take to obey SIGTERM.
LEFTOVER_GRACE = 1.0
#: The same where the runner died: nobody waits for the result any more.
ORPHAN_GRACE = 0.5
#: How long SIGKILL is repeated before the survivors are reported.
KILL_SECONDS = 5.0
#: Between two looks at a tree that is being ended.
LOOK_AGAIN = 0.02
#: poll() takes milliseconds in an int; longer waits are made of several.
LONGEST_WAIT = 3600.0

EXITED, TIMED_OUT, CANCELLED, ORPHANED = "exited", "timed_out", "cancelled", "orphaned"

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


class Request:
    """What to run, as the runner asked for it; texts are bytes, as the system takes them."""

    def __init__(self, fields: list[bytes]) -> None:
        self.timeout, self.grace = float(fields[0]), float(fields[1])
        self.runner = int(fields[2])
        #: What becomes standard input, output and error of the command.
        self.streams = (int(fields[3]), int(fields[4]), int(fields[5]))
        #: Stays open as long as this program runs: a lock that says so, for one. The command does not get it.
        self.held = [int(number) for number in fields[6].split()]
        self.cwd = fields[7]
        end = 9 + int(fields[8])
        self.arguments = fields[9:end]
        self.environment = {key: value for key, _, value in (entry.partition(b"=") for entry in fields[end:])}


class Refused(Exception):
    """The command could not be started; holds the stage and the error number."""


class Runner:
    """The process that asked: what it says, and whether it still lives."""

    def __init__(self, pid: int) -> None:
        #: When it was seen to be gone; null while it lives.
        self.gone_since = None if os.getppid() == pid else time.monotonic()
        self.said_stop = False
        self._poll = select.poll()
        self._poll.register(CONTROL, select.POLLIN)
        self._wake_up = self._watch_children()
        # The control pipe does not end while a fork of the runner still holds it: watch the process itself too.
        handle = process_handle(pid) if self.gone_since is None else None
        if handle is not None:
            self._poll.register(handle, select.POLLIN)

    def _watch_children(self) -> int:
        wake_up, tell = os.pipe()
        os.set_blocking(wake_up, False)
        os.set_blocking(tell, False)
        signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._poll.register(wake_up, select.POLLIN)
        return wake_up

    def wait(self, seconds: float) -> None:
        """Sleep until a child ends, the runner speaks or dies, or the time is over."""
        milliseconds = int(max(0.0, min(seconds, LONGEST_WAIT)) * 1000) + 1
        for descriptor, _ in self._poll.poll(milliseconds):
            if descriptor == CONTROL:
                self._listen()
            elif descriptor == self._wake_up:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wake_up, 4096)
            else:
                self._note_end(descriptor)

    def _listen(self) -> None:
        if os.read(CONTROL, 64):
            self.said_stop = True
        else:
            self._note_end(CONTROL)

    def _note_end(self, descriptor: int) -> None:
        self._poll.unregister(descriptor)
        self.gone_since = self.gone_since or time.monotonic()


class Tree:
    """The command's process and everything that descends from it."""

    def __init__(self, root: int, *, adopts: bool) -> None:
        self.root = root
        #: The exit code of the command, or its signal as a negative number.
        self.status: int | None = None
        self.is_gone = False
        self._adopts = adopts

    def reap(self) -> None:
        """Take in whatever has ended."""
        while not self.is_gone:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                self.is_gone = self._adopts or not self._has_group()
                return
            if pid == 0:
                return
            if pid == self.root:
                self.status = os.waitstatus_to_exitcode(status)

    def send(self, number: int) -> None:
        """Signal every process of the tree, once."""
        has_group = self.status is None or not self._adopts
        # Held first: as soon as the first of them ends, the others change parents.
        held = [Held(pid, parent) for pid, parent in self._descendants() if not has_group or group_of(pid) != self.root]
        if has_group:
            with contextlib.suppress(OSError):
                os.killpg(self.root, number)
        for process in held:
            process.send(number)

    def names(self) -> list[str]:
        """What the processes are called that are still there."""
        return [name_of(pid) for pid, _ in self._descendants()]

    def _descendants(self) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        parents = [os.getpid()]
        while parents:
            parent = parents.pop()
            children = children_of(parent)
            found += [(child, parent) for child in children]
            parents += children
        return found

    def _has_group(self) -> bool:
        try:
            os.killpg(self.root, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True


class Held:
    """A process that was the child of `parent`, held so that no later one of its number is taken for it."""

    def __init__(self, pid: int, parent: int) -> None:
        self._pid = pid
        self._handle = process_handle(pid)
        self._is_right = pid in children_of(parent)

    def send(self, number: int) -> None:
        """Signal it, and let go."""
        # It may be gone, or belong to somebody else (sudo): reported as a survivor in the end.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._is_right and self._handle is not None:
                signal.pidfd_send_signal(self._handle, number)
            elif self._is_right:
                os.kill(self._pid, number)
        if self._handle is not None:
            os.close(self._handle)


def children_of(pid: int) -> list[int]:
    """List the children of a process, of all its threads."""
    found: list[int] = []
    try:
        tasks = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 - pathlib would be half of the start
    except OSError:
        return found
    for task in tasks:
        # A thread may end between the list and the look.
        with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{task}/children", "rb") as children:  # noqa: PTH123
            found += [int(child) for child in children.read().split()]
    return found


def group_of(pid: int) -> int:
    """Tell the process group of a process; 0 where it is gone."""
    try:
        return os.getpgid(pid)
    except OSError:
        return 0


def name_of(pid: int) -> str:
    """Tell what a process is called."""
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as comm:  # noqa: PTH123
            name = comm.read().strip()
    except OSError:
        name = "?"
    return "".join(letter if letter.isprintable() else "?" for letter in name)


def process_handle(pid: int) -> int | None:
    """Open a descriptor that stands for this process and no later one of its number; null where there are none."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def set_process_option(option: int, value: int) -> bool:
    """Call Linux's prctl(); answers whether it worked."""
    try:
        import ctypes

        return bool(ctypes.CDLL(None).prctl(option, value, 0, 0, 0) == 0)
    except (ImportError, AttributeError, OSError):
        return False


def start(request: Request) -> int:
    """Start the command in a session of its own.

    Raises:
        Refused: the folder, the program or the system did not let us.
    """
    failure, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        become_command(request, tell)
    for descriptor in {tell, *request.streams}:
        os.close(descriptor)
    problem = os.read(failure, 64)
    os.close(failure)
    if problem:
        os.waitpid(pid, 0)
        raise Refused(problem.decode())
    return pid


def become_command(request: Request, tell: int) -> None:
    """Turn this process, a fresh fork, into the command; never returns."""
    stage = b"start"
    try:
        os.setsid()
        # If somebody kills the supervisor, the command does not stay alone.
        set_process_option(PR_SET_PDEATHSIG, signal.SIGKILL)
        restore_signals()
        for target, stream in enumerate(request.streams):
            os.dup2(stream, target)
        stage = b"cwd"
        os.chdir(request.cwd)
        stage = b"program"
        os.execvpe(request.arguments[0], request.arguments, request.environment)  # noqa: S606 - what we are for
    except OSError as error:
        os.write(tell, b"%b %d" % (stage, error.errno or 0))
    finally:
        os._exit(127)


def ignore_signals() -> None:
    """Leave it to the runner when to stop: signals to all processes of a service reach us too."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def restore_signals() -> None:
    """Give the command the signals as a program expects them, whatever Python and we have ignored."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)


def await_command(request: Request, tree: Tree, runner: Runner) -> str:
    """Wait for the command's end, or for a reason to end it; answers which."""
    deadline = time.monotonic() + request.timeout
    while True:
        tree.reap()
        remaining = deadline - time.monotonic()
        if tree.status is not None:
            return EXITED
        if runner.gone_since is not None:
            return ORPHANED
        if runner.said_stop:
            return CANCELLED
        if remaining <= 0:
            return TIMED_OUT
        runner.wait(remaining)


def end_tree(tree: Tree, runner: Runner, grace: float) -> list[str]:
    """End every process: SIGTERM, a grace, SIGKILL until there is none; answers the survivors' names."""
    tree.reap()
    if not tree.is_gone:
        tree.send(signal.SIGTERM)
        await_end(tree, runner, grace)
    deadline = time.monotonic() + KILL_SECONDS
    while not tree.is_gone and time.monotonic() < deadline:
        tree.send(signal.SIGKILL)
        runner.wait(LOOK_AGAIN)
        tree.reap()
    return [] if tree.is_gone else tree.names()


def await_end(tree: Tree, runner: Runner, grace: float) -> None:
    """Give the tree time to end by itself; less of it once the runner is gone."""
    deadline = time.monotonic() + grace
    while not tree.is_gone and time.monotonic() < deadline:
        if runner.gone_since is not None:
            deadline = min(deadline, runner.gone_since + ORPHAN_GRACE)
        runner.wait(min(LOOK_AGAIN, deadline - time.monotonic()))
        tree.reap()


def read_request() -> Request:
    """Read what the runner asks for.

    Raises:
        EOFError: it died before it had said it all.
    """
    length = int.from_bytes(read_exactly(8), "big")
    return Request(read_exactly(length).split(b"\0"))


def read_exactly(length: int) -> bytes:
    """Read so many bytes of the control pipe."""
    parts: list[bytes] = []
    while length:
        part = os.read(CONTROL, length)
        if not part:
            raise EOFError
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def report(line: str) -> None:
    """Tell the runner, if there is one."""
    with contextlib.suppress(BrokenPipeError):
        os.write(REPORT, line.encode(errors="replace") + b"\n")


def supervise() -> None:
    """Run the request that stands on the control pipe."""
    request = read_request()
    for descriptor in (*request.streams, *request.held):
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - Python's own signature
    adopts = set_process_option(PR_SET_CHILD_SUBREAPER, 1) and os.path.exists("/proc/thread-self/children")  # noqa: PTH110
    runner = Runner(request.runner)
    try:
        tree = Tree(start(request), adopts=adopts)
    except Refused as refused:
        report(f"refused {refused}")
        return
    report(f"started {tree.root}")
    reason = await_command(request, tree, runner)
    grace = min(request.grace, LEFTOVER_GRACE) if reason == EXITED else request.grace
    for name in end_tree(tree, runner, grace):
        report(f"survivor {name}")
    report(f"ended {'?' if tree.status is None else tree.status} {reason}")


if __name__ == "__main__":
    ignore_signals()
    try:
        supervise()
    except EOFError:
        sys.exit(1)
