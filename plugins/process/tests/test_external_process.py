"""What `external.process` takes, gives, tells and keeps to itself."""

from __future__ import annotations

import os
import stat
import threading
import time

import pytest
from pydantic import ValidationError

from aetherflow.kernel.api import NothingDone, PathRefused, StepError, TimedOut
from aetherflow_process.external_process import ExternalProcessInputs, ExternalProcessOutputs
from aetherflow_process.inputs import LONGEST_SECONDS, OWN_OUTPUTS

CAPTURE = {"stdout": "capture", "stderr": "capture"}
SHELL = {"shell": True}

# Commands ------------------------------------------------------------------------------------------------------------


def test_a_list_is_a_program_and_its_arguments(run):
    outputs = run(command=["printf", "%s|", "a b", "", 3, 1.5, True], args=["*", False], log=CAPTURE)
    assert outputs["stdout"] == "a b||3|1.5|true|*|false|"


def test_a_text_without_blanks_is_a_program(run):
    assert run(command="true")["exit_code"] == 0


def test_a_text_with_arguments_beside_it_is_a_program_whatever_its_name(run, context):
    script = context.artifacts / "my tool"
    script.write_text('#!/bin/sh\necho "$1"\n')
    script.chmod(0o755)
    assert run(command="./my tool", args=["given"], log=CAPTURE)["stdout"] == "given\n"


@pytest.mark.parametrize("text", ["ls -l", "echo a | wc -c", "two\nlines"])
def test_a_text_with_blanks_is_refused_with_a_mend_and_never_split_by_guessing(run, text):
    """D36: the ancestor took it for the name of one program."""
    with pytest.raises(ValidationError, match="write it as a list"):
        run(command=text)


@pytest.mark.parametrize("command", ["", [], ["", "a"], None, 3, {}])
def test_no_command_is_refused(run, command):
    with pytest.raises(ValidationError):
        run(command=command)


def test_with_shell_the_text_is_the_shells_own_language(run):
    """D36: the ancestor quoted the whole text, and found no program of that name."""
    assert run(command="echo a | wc -c", log=CAPTURE, **SHELL)["stdout"].strip() == "2"


def test_with_shell_values_come_as_arguments_and_variables_and_are_never_read_as_text(run, context):
    payload = "$(touch CANARY); `touch CANARY`"
    outputs = run(command='echo "$1" "$VALUE"', args=[payload], env={"VALUE": payload}, log=CAPTURE, **SHELL)
    assert outputs["stdout"] == f"{payload} {payload}\n"
    assert list(context.artifacts.iterdir()) == []


def test_with_shell_a_list_is_quoted_word_by_word(run, context):
    outputs = run(command=["echo", "$(touch CANARY)", "a  b"], args=["; touch CANARY"], log=CAPTURE, **SHELL)
    assert outputs["stdout"] == "$(touch CANARY) a  b ; touch CANARY\n"
    assert list(context.artifacts.iterdir()) == []


@pytest.mark.parametrize("text", ["false", "no", "0", "true"])
def test_text_is_no_boolean(run, text):
    """D15: for the ancestor, the text `false` was true."""
    with pytest.raises(ValidationError):
        run(command="true", shell=text)


@pytest.mark.parametrize(
    "payload", ["$(touch CANARY)", "; touch CANARY", "-oCANARY", "*", "~", "{{x}}", "a\nb", "%n", ""]
)
def test_values_reach_the_program_as_they_are_and_start_nothing(run, context, payload):
    """S4, for every input that is given to the program."""
    script = 'printf "%s|%s|%s" "$0" "$1" "$VALUE"'
    outputs = run(command=["sh", "-c", script, payload], args=[payload], env={"VALUE": payload}, log=CAPTURE)
    assert outputs["stdout"] == f"{payload}|{payload}|{payload}"
    assert list(context.artifacts.iterdir()) == []


# Where and with what -------------------------------------------------------------------------------------------------


def test_it_runs_in_the_jobs_artifacts_unless_told_otherwise(run, context):
    assert run(command="pwd", log=CAPTURE)["stdout"] == f"{context.artifacts}\n"


def test_it_may_run_in_a_folder_of_the_project(run, context):
    """D45: the ancestor refused every folder but its own."""
    (context.project / "scripts").mkdir()
    assert run(command="pwd", cwd="scripts", log=CAPTURE)["stdout"] == f"{context.project / 'scripts'}\n"


def test_it_runs_in_no_folder_outside(run):
    with pytest.raises(PathRefused):
        run(command="pwd", cwd="/etc")


def environment_of(run, **inputs) -> dict[str, str]:
    lines = run(command="/usr/bin/env", log=CAPTURE, **inputs)["stdout"].splitlines()
    return dict(line.split("=", 1) for line in lines)


TOLD = {"AETHERFLOW_FLOW_ID": "flow", "AETHERFLOW_RUN_ID": "run", "AETHERFLOW_ATTEMPT": "1"}
TOLD["AETHERFLOW_IDEMPOTENCY_KEY"] = "key-of-the-step"


def test_the_environment_is_the_runs_and_the_steps_and_nothing_of_the_process(run, context, monkeypatch):
    monkeypatch.setenv("OF_THE_PROCESS", "not this")
    context.environment = {"PATH": "/usr/bin", "MINE": "old", "AETHERFLOW_PROFILES_JSON": '{"password": "hunter2"}'}
    found = environment_of(run, env={"MINE": "new", "NULL": None, "FLAG": True, "COUNT": 7})
    assert found == {"PATH": "/usr/bin", "MINE": "new", "NULL": "", "FLAG": "true", "COUNT": "7"} | TOLD


def test_without_inheritance_only_what_the_step_says_is_passed(run, context):
    context.environment = {"PATH": "/usr/bin", "SECRET": "hunter2"}
    assert environment_of(run, inherit_env=False, env={"A": "b"}) == {"A": "b"} | TOLD


def test_attempts_count_on(run, context):
    context.attempt = 4
    with pytest.raises(StepError):
        run(command=["sh", "-c", "echo $AETHERFLOW_ATTEMPT >> attempts; exit 1"], retry={"max_attempts": 2})
    assert (context.artifacts / "attempts").read_text() == "4\n5\n"


# Output --------------------------------------------------------------------------------------------------------------


def test_an_output_that_is_empty_is_there(run):
    """D43: the ancestor's resolver took the empty text for a missing one."""
    outputs = run(command="true", log=CAPTURE)
    assert (outputs["stdout"], outputs["stderr"], outputs["attempts"]) == ("", "", 1)


def test_outputs_that_were_not_asked_for_are_null(run):
    outputs = run(command="true")
    assert {name: outputs[name] for name in ("stdout", "stderr", "log_file", "marker")} == dict.fromkeys(
        ("stdout", "stderr", "log_file", "marker")
    )
    assert outputs["skipped"] is False


def test_given_outputs_are_copied(run):
    given = {"day": "2026-01-31", "nested": {"list": [1, None, 2.5]}, "big": 2**70}
    outputs = run(command="true", outputs=given)
    assert {name: outputs[name] for name in given} == given


@pytest.mark.parametrize("name", OWN_OUTPUTS)
def test_given_outputs_do_not_take_the_places_of_the_steps_own(run, name):
    with pytest.raises(ValidationError, match="choose another name"):
        run(command="true", outputs={name: 1})


def test_the_reserved_names_are_those_of_the_outputs():
    assert set(OWN_OUTPUTS) == set(ExternalProcessOutputs.model_fields)


def test_inherited_output_goes_to_the_runs_log_line_by_line(run, context):
    run(command=["sh", "-c", "echo one; echo two; echo three >&2"])
    assert context.log.messages("external_process_stdout") == ["one", "two"]
    assert context.log.messages("external_process_stderr") == ["three"]


def test_captured_and_discarded_output_is_not_logged(run, context):
    run(command=["sh", "-c", "echo one; echo two >&2"], log={"stdout": "capture", "stderr": "discard"})
    assert context.log.messages("external_process_stdout") == []
    assert context.log.messages("external_process_stderr") == []


def test_a_capture_that_is_too_long_ends_with_a_whole_line(run, context):
    outputs = run(command=["seq", "10000", "11000"], log={"stdout": "capture", "max_capture_kb": 1})
    whole = "".join(f"{number}\n" for number in range(10000, 11001))
    assert whole.startswith(outputs["stdout"])
    assert outputs["stdout"].endswith("\n")
    assert len(outputs["stdout"]) == 1024 // 6 * 6
    assert context.log.messages("external_process_truncated")


def test_a_log_file_holds_every_attempt(run, context):
    """D36: the ancestor failed with "I/O operation on closed file"."""
    log = {"stdout": "file", "stderr": "file", "file_path": "all.log"}
    script = "echo out-$AETHERFLOW_ATTEMPT; echo error-$AETHERFLOW_ATTEMPT >&2; [ $AETHERFLOW_ATTEMPT = 3 ]"
    outputs = run(command=["sh", "-c", script], log=log, retry={"max_attempts": 3})
    assert outputs["log_file"] == str(context.artifacts / "all.log")
    assert (context.artifacts / "all.log").read_text() == "out-1\nerror-1\nout-2\nerror-2\nout-3\nerror-3\n"


def test_the_folders_of_a_log_file_are_made_for_their_user_only(run, context):
    run(command=["echo", "a"], log={"stdout": "file", "file_path": "sub/deeper/l.txt"})
    assert (context.artifacts / "sub/deeper/l.txt").read_text() == "a\n"
    assert [stat.S_IMODE((context.artifacts / each).stat().st_mode) for each in ("sub", "sub/deeper")] == [0o700] * 2


@pytest.mark.parametrize("path", ["file/l.txt", "file/sub/l.txt"])
def test_a_log_file_below_a_file_is_told(run, context, path):
    (context.artifacts / "file").touch()
    with pytest.raises(NothingDone) as caught:
        run(command="true", log={"stdout": "file", "file_path": path})
    assert caught.value.problem.code == "AF-PROCESS-LOG-FILE"


def test_a_log_file_must_be_named_and_lie_inside(run):
    with pytest.raises(ValidationError, match="needs `file_path`"):
        run(command="true", log={"stdout": "file"})
    with pytest.raises(PathRefused):
        run(command="true", log={"stdout": "file", "file_path": "../../outside.log"})


# Failure and retry ---------------------------------------------------------------------------------------------------


def count_starts(context) -> int:
    file = context.artifacts / "starts"
    return len(file.read_text().splitlines()) if file.exists() else 0


def failing(code: int) -> list[str]:
    return ["sh", "-c", f"echo start >> starts; exit {code}"]


def test_a_bad_exit_code_fails_the_step(run):
    with pytest.raises(StepError, match=r"^external.process failed with exit code 3$"):
        run(command=failing(3))


def test_other_exit_codes_can_mean_success(run):
    assert run(command=failing(3), success={"exit_codes": [0, 3]})["exit_code"] == 3


def test_the_signal_that_ended_it_is_told(run):
    with pytest.raises(StepError, match=r"ended by signal 9 \(SIGKILL\)"):
        run(command=["sh", "-c", "kill -9 $$"])


def test_max_attempts_alone_tries_again_after_any_failure(run, context):
    """D36: the ancestor tried again only where exit codes were listed."""
    with pytest.raises(StepError):
        run(command=failing(9), retry={"max_attempts": 3})
    assert count_starts(context) == 3


def test_an_attempt_that_succeeds_ends_the_retries_and_is_counted(run, context):
    script = "echo start >> starts; [ $(wc -l < starts) = 2 ]"
    assert run(command=["sh", "-c", script], retry={"max_attempts": 5})["attempts"] == 2


def test_where_exit_codes_are_listed_others_are_not_tried_again(run, context):
    with pytest.raises(StepError):
        run(command=failing(4), retry={"max_attempts": 3, "retry_on_exit_codes": [5]})
    assert count_starts(context) == 1
    with pytest.raises(StepError):
        run(command=failing(5), retry={"max_attempts": 3, "retry_on_exit_codes": [5]})
    assert count_starts(context) == 4


@pytest.mark.parametrize(("again", "starts"), [(False, 1), (True, 2)])
def test_a_timeout_is_tried_again_only_where_told(run, context, again, starts):
    command = ["sh", "-c", "echo start >> starts; sleep 60"]
    retry = {"max_attempts": 2, "retry_on_timeout": again}
    with pytest.raises(TimedOut, match=r"^external.process timed out after 0.2s$"):
        run(command=command, timeout_seconds=0.2, retry=retry)
    assert count_starts(context) == starts


def test_waits_grow_up_to_their_bound():
    retry = {"backoff_seconds": 1, "backoff_multiplier": 3, "max_backoff_seconds": 5}
    read = ExternalProcessInputs.model_validate({"command": "true", "retry": retry}).retry
    assert [read.delay(attempt) for attempt in (1, 2, 3, 50)] == [1, 3, 5, 5]


@pytest.mark.parametrize(
    "inputs",
    [
        {"retry": {"backoff_seconds": 1e15}},
        {"retry": {"max_backoff_seconds": LONGEST_SECONDS + 1}},
        {"retry": {"backoff_multiplier": float("inf")}},
        {"timeout_seconds": 1e15},
        {"timeout_seconds": float("inf")},
        {"kill_grace_seconds": float("nan")},
        {"kill_grace_seconds": 1e15},
    ],
)
def test_times_longer_than_a_year_are_refused(run, inputs):
    with pytest.raises(ValidationError, match=r"less than or equal to|greater than"):
        run(command="true", **inputs)


def test_no_wait_is_too_long_to_be_waited():
    retry = {"backoff_seconds": 1, "backoff_multiplier": 1000}
    read = ExternalProcessInputs.model_validate({"command": "true", "retry": retry}).retry
    assert [read.delay(attempt) for attempt in (2, 5, 500, 10**9)] == [1000, *[LONGEST_SECONDS] * 3]


def test_a_step_that_is_stopped_waits_no_longer(run, context):
    def stop_when_it_has_failed() -> None:
        while not any(level == "error" for level, *_ in context.log.entries):
            time.sleep(0.01)
        context.cancelled.set()

    threading.Thread(target=stop_when_it_has_failed, daemon=True).start()
    began = time.monotonic()
    with pytest.raises(StepError, match="exit code 1"):
        run(command="false", retry={"max_attempts": 2, "backoff_seconds": 60})
    assert time.monotonic() - began < 50


def test_a_step_that_is_stopped_ends_its_process(run, context):
    threading.Timer(0.2, context.cancelled.set).start()
    with pytest.raises(StepError) as caught:
        run(command=["sleep", "60"])
    assert caught.value.problem.code == "AF-PROCESS-STOPPED"


def test_what_can_not_be_started_is_not_tried_again(run, context):
    with pytest.raises(NothingDone):
        run(command="no-such-program", retry={"max_attempts": 5, "backoff_seconds": 60})


# Success checks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("success", "problem"),
    [
        ({"require_files": ["made", "missing"]}, "the required file missing is missing"),
        ({"require_files": "missing"}, "the required file missing is missing"),
        ({"require_glob": "*.csv"}, r"nothing matches the required pattern \*.csv"),
        ({"require_glob": ["sub/*", "nothing/**"]}, "nothing matches the required pattern nothing"),
        ({"forbid_files": ["missing", "made"]}, "the forbidden file made exists"),
        ({"marker_file": "DONE"}, "the required file DONE is missing"),
    ],
)
def test_an_attempt_that_did_not_make_what_it_must_has_failed(run, success, problem):
    with pytest.raises(StepError, match=problem) as caught:
        run(command=["sh", "-c", "touch made; mkdir sub; touch sub/x"], success=success)
    assert caught.value.problem.code == "AF-PROCESS-CHECK"


def test_an_attempt_that_made_all_it_must_is_a_success(run, context):
    success = {
        "require_files": ["made", str(context.artifacts / "sub")],
        "require_glob": ["sub/?", "**/x", str(context.artifacts / "m*")],
        "forbid_files": "core",
        "marker_file": "made",
    }
    assert run(command=["sh", "-c", "touch made; mkdir sub; touch sub/x"], success=success)["exit_code"] == 0


def test_files_of_the_project_do_not_stand_in_for_what_should_have_been_made(run, context):
    (context.project / "report.csv").touch()
    with pytest.raises(StepError, match=r"report.csv is missing"):
        run(command="true", success={"require_files": ["report.csv"]})


def test_checks_look_at_nothing_outside(run):
    for success in ({"require_files": ["/etc/passwd"]}, {"require_glob": "../../../../../../../etc/pass*"}):
        with pytest.raises(PathRefused):
            run(command="true", success=success)


# What is told --------------------------------------------------------------------------------------------------------

CANARY = "hunter2-canary"


@pytest.mark.parametrize(
    "inputs",
    [
        {"command": ["sh", "-c", "exit 3", CANARY]},
        {"command": ["sh", "-c", "kill -9 $$"], "args": [CANARY]},
        {"command": ["sleep", "60", CANARY], "success": {"exit_codes": [0]}},
        {"command": ["sleep", "60"], "args": ["1"], "timeout_seconds": 0.1},
        {"command": [f"/opt/{CANARY}/no-such-program", CANARY]},
        {"command": ["true", f"{CANARY}\0"]},
        {"command": "exit 3", "shell": True, "args": [CANARY]},
        {"command": ["true", CANARY], "success": {"require_files": ["missing"]}},
    ],
    ids=["exit code", "signal", "its own error", "time-out", "not found", "NUL", "shell", "check"],
)
def test_neither_errors_nor_the_log_tell_arguments_or_variables(run, context, inputs):
    """D22, S28: the ancestor logged the whole command, and repeated it in the error."""
    with pytest.raises(StepError) as caught:
        run(env={"PASSWORD": CANARY}, log={"stderr": "discard"}, **inputs)
    assert CANARY not in f"{caught.value} {caught.value.problem}"
    assert CANARY not in str(context.log.entries)


@pytest.mark.parametrize(
    "inputs", [{"command": f"ls {CANARY}"}, {"command": "true", "args": CANARY}, {"env": [CANARY]}]
)
def test_inputs_that_are_wrong_are_not_repeated_in_the_error(run, inputs):
    with pytest.raises(ValidationError) as caught:
        run(**inputs)
    assert CANARY not in str(caught.value)


def test_a_failure_is_logged_with_the_last_captured_lines_of_standard_error(run, context):
    with pytest.raises(StepError):
        run(command=["sh", "-c", "seq 100 >&2; exit 3"], log={"stderr": "capture"})
    failures = [fields for level, _, fields in context.log.entries if level == "error"]
    assert failures == [
        {
            "event": "external_process_exit",
            "exit_code": 3,
            "attempt": 1,
            "stderr": "\n".join(str(number) for number in range(81, 101)),
        }
    ]


def test_the_process_of_the_tests_is_left_as_it_was(run):
    before, folder = dict(os.environ), os.getcwd()  # noqa: PTH109
    run(command="true", env={"NEW": "x"})
    assert (dict(os.environ), os.getcwd()) == (before, folder)  # noqa: PTH109
