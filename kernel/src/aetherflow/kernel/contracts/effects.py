"""What steps and connectors say of themselves; free of pydantic, because policy and listings read it."""

from __future__ import annotations

from enum import StrEnum


class Effect(StrEnum):
    """What a step or connector does outside its own memory; runtime profiles allow or deny by it."""

    READ_FILES = "read_files"
    WRITE_FILES = "write_files"
    NETWORK = "network"
    DATABASE = "database"
    PROCESS = "process"
    MAIL = "mail"


class Rerun(StrEnum):
    """Whether a step whose outcome is unknown may be run again."""

    #: Again, freely.
    SAFE = "SAFE"
    #: Again, under the same idempotency key, which the step honours.
    KEYED = "KEYED"
    #: Not until a person says so.
    ONCE = "ONCE"
