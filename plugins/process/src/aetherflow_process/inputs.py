"""What `external.process` takes."""

from __future__ import annotations

import shlex
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from aetherflow.kernel.api import ArtifactPath, OutputPath, StepInputs

#: What may stand where a program gets text: numbers and booleans are written as in JSON.
Text = str | int | float | bool
OutputMode = Literal["inherit", "capture", "file", "discard"]
#: A year: the longest time that the step waits for anything.
LONGEST_SECONDS = 31_536_000
Seconds = Annotated[float, Field(ge=0, le=LONGEST_SECONDS)]

#: Names that the step gives itself; `outputs` may not take them.
OWN_OUTPUTS = ("exit_code", "attempts", "stdout", "stderr", "log_file", "skipped", "marker")


# The validators of the models below, as JSON Schema: `aetherflow validate` knows these rules without importing us.
_FILE_NEEDS_PATH: dict[str, Any] = {
    "if": {"anyOf": [{"properties": {name: {"const": "file"}}, "required": [name]} for name in ("stdout", "stderr")]},
    "then": {
        "required": ["file_path"],
        "properties": {"file_path": {"type": "string"}},
        "x-aetherflow": {"mend": "name the file: `file_path: …`"},
    },
}
_STRATEGY_NEEDS: dict[str, Any] = {
    "allOf": [
        {
            "if": {"properties": {"strategy": {"const": strategy}}, "required": ["strategy"]},
            "then": {
                "required": [needed],
                "properties": {needed: {"type": "string", "minLength": 1}},
                "x-aetherflow": {"mend": f"name {what}: `{needed}: …`"},
            },
        }
        for strategy, needed, what in (
            ("marker", "marker_path", "the file that says that the work is done"),
            ("atomic_dir", "final_output_dir", "the folder that the result becomes"),
        )
    ]
}
_IS_LINE: dict[str, Any] = {
    "not": {
        "anyOf": [
            {"required": ["args"]},
            {"required": ["shell"], "properties": {"shell": {"not": {"const": False}}}},
        ]
    }
}
_ONE_PROGRAM: dict[str, Any] = {"if": _IS_LINE, "then": {"properties": {"command": {"pattern": r"^\S*$"}}}}


_NO_OWN_OUTPUT: dict[str, Any] = {
    "properties": dict.fromkeys(OWN_OUTPUTS, False),
    "x-aetherflow": {"mend": f"choose another name: the step gives {', '.join(OWN_OUTPUTS)} itself"},
}
_IS_VARIABLE: dict[str, Any] = {
    "patternProperties": {"^$|[=\\x00]": False},
    "x-aetherflow": {"mend": "the name of a variable holds no = and no NUL"},
}
_PROGRAM: dict[str, Any] = {"type": ["string", "number", "boolean"], "minLength": 1}


def as_text(value: Text | None) -> str:
    """The text that a program gets for a value; null is the empty text."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


class Log(StepInputs):
    """Where the program's output goes."""

    model_config = ConfigDict(json_schema_extra=_FILE_NEEDS_PATH)

    stdout: OutputMode = Field(
        default="inherit",
        description="inherit: to the run's log; capture: into the step's outputs; file: to file_path; discard: away.",
    )
    stderr: OutputMode = Field(default="inherit", description="As stdout.")
    file_path: OutputPath | None = Field(default=None, description="The file of mode file; each attempt is appended.")
    max_capture_kb: int = Field(default=1024, ge=1, description="How much of a captured stream is kept.")

    @model_validator(mode="after")
    def _has_file(self) -> Self:
        if "file" in {self.stdout, self.stderr} and self.file_path is None:
            message = "mode `file` needs `file_path`"
            raise ValueError(message)
        return self


class Retry(StepInputs):
    """Whether a failed attempt is followed by another."""

    max_attempts: int = Field(default=1, ge=1, description="Attempts in all.")
    backoff_seconds: Seconds = Field(default=0, description="Wait before the second attempt.")
    backoff_multiplier: Annotated[float, Field(gt=0, le=1000)] = Field(
        default=1, description="Each wait is so much longer."
    )
    max_backoff_seconds: Seconds = Field(default=0, description="The longest wait; 0: a year.")
    retry_on_exit_codes: list[int] = Field(
        default=[], description="Only these exit codes are tried again; empty: every failure but a time-out."
    )
    retry_on_timeout: bool = Field(default=False, description="Whether a time-out is tried again.")

    def delay(self, attempt: int) -> float:
        """Seconds to wait after this attempt, counted from 1."""
        longest = self.max_backoff_seconds or LONGEST_SECONDS
        if not self.backoff_seconds:
            return 0
        try:
            return min(self.backoff_seconds * self.backoff_multiplier ** (attempt - 1), longest)
        except OverflowError:
            return longest


class Success(StepInputs):
    """What must hold for an attempt to count as done; paths are those of the job's artifacts."""

    exit_codes: list[int] = Field(default=[0], min_length=1, description="Exit codes that mean success.")
    require_files: str | list[str] = Field(default=[], description="Files or folders that must exist.")
    require_glob: str | list[str] = Field(default=[], description="Patterns of which each must match something.")
    forbid_files: str | list[str] = Field(default=[], description="Files or folders that must not exist.")
    marker_file: str | None = Field(default=None, description="A file that the program makes when it is done.")


class Idempotency(StepInputs):
    """How doing it twice is kept from showing."""

    model_config = ConfigDict(json_schema_extra=_STRATEGY_NEEDS)

    strategy: Literal["none", "marker", "atomic_dir"] = Field(
        default="none",
        description="marker: done once, the step then leaves a file; atomic_dir: a folder appears whole or not at all.",
    )
    marker_path: str | None = Field(
        default=None,
        description="The marker; relative to the project, so that runs share it.",
        json_schema_extra={"x-aetherflow": {"path": "write"}},
    )
    temp_output_dir: OutputPath | None = Field(
        default=None,
        description="Where the program writes (AETHERFLOW_OUTPUT_DIR); default: a folder beside the final one.",
    )
    final_output_dir: OutputPath | None = Field(default=None, description="The folder that the result becomes.")
    atomic_rename: bool = Field(
        default=True, description="False: the two folders may be on different file systems; the result is copied first."
    )

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.strategy == "marker" and not self.marker_path:
            message = "strategy `marker` needs `marker_path`"
            raise ValueError(message)
        if self.strategy == "atomic_dir" and self.final_output_dir is None:
            message = "strategy `atomic_dir` needs `final_output_dir`"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _folders_are_apart(self) -> Self:
        first, second = self.temp_output_dir, self.final_output_dir
        if first and second and (first.is_relative_to(second) or second.is_relative_to(first)):
            message = "`temp_output_dir` and `final_output_dir` must be two folders, neither inside the other"
            raise ValueError(message)
        return self


class ExternalProcessInputs(StepInputs):
    """What `external.process` takes."""

    model_config = ConfigDict(json_schema_extra=_ONE_PROGRAM)

    command: (
        Annotated[str, Field(json_schema_extra={"minLength": 1})]
        | Annotated[list[Text], Field(min_length=1, json_schema_extra={"prefixItems": [_PROGRAM]})]
    ) = Field(
        description="The program, or a list of the program and its arguments; with `shell`, text for /bin/sh.",
        json_schema_extra={
            "x-aetherflow": {
                "command_line": True,
                "shell_text_if": "shell",
                "mend": "write the command as a list, or set shell: true",
            }
        },
    )
    args: list[Text] = Field(
        default=[],
        description="Further arguments; with `shell`, the text's $1, $2, …",
        json_schema_extra={"x-aetherflow": {"command_line": True}},
    )
    shell: bool = Field(
        default=False,
        description="Give `command` to /bin/sh as it stands. Pass values by `env` or `args`, never inside the text.",
    )
    cwd: ArtifactPath | None = Field(default=None, description="Folder to run in; default: the job's artifacts.")
    timeout_seconds: Annotated[float, Field(gt=0, le=LONGEST_SECONDS)] | None = Field(
        default=None, description="Longest time of one attempt."
    )
    kill_grace_seconds: Seconds = Field(default=15, description="Between asking the processes to end and killing them.")
    inherit_env: bool = Field(default=True, description="Pass the run's environment on, without AETHERFLOW_ settings.")
    env: dict[str, Text | None] = Field(
        default={}, description="Further environment variables; null: the empty text.", json_schema_extra=_IS_VARIABLE
    )
    log: Log = Field(default_factory=Log, description="Where the output goes.")
    retry: Retry = Field(default_factory=Retry, description="Whether a failed attempt is followed by another.")
    success: Success = Field(default_factory=Success, description="What must hold for an attempt to count as done.")
    idempotency: Idempotency = Field(
        default_factory=Idempotency, description="How doing it twice is kept from showing."
    )
    outputs: dict[str, Any] = Field(
        default={}, description="Copied to the step's outputs.", json_schema_extra=_NO_OWN_OUTPUT
    )

    @field_validator("outputs")
    @classmethod
    def _names_are_free(cls, outputs: dict[str, Any]) -> dict[str, Any]:
        taken = sorted(set(outputs) & set(OWN_OUTPUTS))
        if taken:
            message = f"the step gives {', '.join(taken)} itself: choose another name"
            raise ValueError(message)
        return outputs

    @model_validator(mode="after")
    def _is_one_program(self) -> Self:
        text = self.command
        is_line = isinstance(text, str) and not self.shell and "args" not in self.model_fields_set
        if text in ("", []) or (isinstance(text, list) and text[0] == ""):
            message = "`command` is empty: name a program"
            raise ValueError(message)
        if is_line and any(letter.isspace() for letter in str(text)):
            message = (
                "`command` is one text with blanks in it, and is not split by guessing: write it as a list "
                "([program, argument, …]), or set `shell: true`"
            )
            raise ValueError(message)
        return self

    def arguments(self) -> tuple[str, ...]:
        """The argument list to run."""
        further = [as_text(argument) for argument in self.args]
        words = [self.command] if isinstance(self.command, str) else [as_text(word) for word in self.command]
        if not self.shell:
            return (*words, *further)
        # A list is quoted word by word, a text is the shell's own language; further arguments are $1, $2, …
        text = words[0] if isinstance(self.command, str) else f'{shlex.join(words)} "$@"'
        return ("/bin/sh", "-c", text, "sh", *further)
