"""What the supervisor is told: a command checked, and written as bytes."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import TYPE_CHECKING

from ..errors import NothingDone

if TYPE_CHECKING:
    from ..contracts.processes import Command

#: A program's name that is longer is no name: somebody put a whole command line, or a value, in its place.
LONGEST_NAME = 64


def program_name(command: Command) -> str:
    """The name that errors and logs may tell: without folder and arguments, which may hold secrets."""
    return PurePath(command.arguments[0]).name[:LONGEST_NAME] if command.arguments else ""


def encode_request(command: Command, *, streams: tuple[int, int, int], held: tuple[int, ...] = ()) -> bytes:
    """Write a command as `supervisor.Request` reads it, with its length in front.

    `held` are descriptors that the supervisor keeps open until it ends, and the command does not get.

    Raises:
        NothingDone: it holds what no program can be given.
    """
    _check(command)
    fields = [
        str(float("inf") if command.timeout_seconds is None else command.timeout_seconds).encode(),
        str(command.grace_seconds).encode(),
        str(os.getpid()).encode(),
        *(str(stream).encode() for stream in streams),
        " ".join(map(str, held)).encode(),
        os.fsencode(command.cwd),
        str(len(command.arguments)).encode(),
        *(os.fsencode(argument) for argument in command.arguments),
        *(os.fsencode(f"{key}={value}") for key, value in command.environment.items()),
    ]
    message = b"\0".join(fields)
    return len(message).to_bytes(8, "big") + message


def _check(command: Command) -> None:
    if not program_name(command):
        raise _unusable("the command is empty", "name a program")
    name = program_name(command)
    for number, argument in enumerate(command.arguments):
        _check_text(argument, f"argument {number} of {name}" if number else "the program's name")
    for key, value in command.environment.items():
        _check_text(key, f"the name of an environment variable for {name}")
        _check_text(value, f"the environment variable {key} for {name}")
        if not key or "=" in key:
            raise _unusable(f"an environment variable for {name} has no usable name", "names hold no = and no NUL")
    _check_text(str(command.cwd), f"the folder in which {name} is to run")


def _check_text(text: str, what: str) -> None:
    if "\0" in text:
        raise _unusable(
            f"{what} holds a NUL character", "no program can be given one: take it out, or pass it in a file"
        )
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        raise _unusable(f"{what} can't be encoded for the system", "take out the characters that are no text") from None


def _unusable(message: str, mend: str) -> NothingDone:
    return NothingDone(message, code="AF-PROCESS-ARGUMENT", help=mend)
