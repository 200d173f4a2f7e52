"""The commands of the program, as data: what help, completion and both readers of a command line go by."""

from __future__ import annotations

from .command_records import Command, Parameter, Program

FLOW = Parameter("flow", "argument", "The flow's YAML file.", metavar="FLOW")
FLOW_YAML = Parameter("flow_yaml", "text", "The same, as an option.", option="--flow-yaml", metavar="FLOW")
PROFILE = Parameter("profile", "text", "The runtime profile; it may only narrow the one in force.")
#: Which ledger a command is about that looks at what runs left behind.
OF_FLOW = Parameter("flow", "text", "The flow whose ledger is meant.", metavar="FLOW")
LEDGER = Parameter("ledger", "text", "The ledger's file; by default that of the project here.", metavar="FILE")
AS_JSON = Parameter("as_json", "flag", "Answer in JSON, on standard output.", option="--json")
FLOW_ID = Parameter("flow_id", "text", "Only runs of this flow.", option="--flow-id", metavar="ID")
RUN = Parameter("run", "argument", "The run's id, or FLOW_ID/RUN_ID.", metavar="RUN", is_required=True)

#: Which run of a flow is meant, and what a start of it is to do.
OF_A_START = (
    FLOW,
    FLOW_YAML,
    Parameter("run_id", "text", "The run's id; one that exists is gone on with.", option="--run-id"),
    Parameter("resume", "text", "Go on with the run of this id, which must exist.", metavar="RUN"),
    Parameter(
        "from_step",
        "text",
        "Do everything anew from this step on, with what depends on it: STEP or JOB.STEP.",
        option="--from",
        metavar="STEP",
    ),
    Parameter(
        "accept_changes",
        "flag",
        "Do anew what is done and was edited since, with what depends on it.",
        option="--accept-changes",
    ),
    Parameter("flow_job", "text", "Run this job alone.", option="--flow-job"),
    Parameter(
        "scheduled_time",
        "text",
        "When the run was meant to start: it settles run.scheduled_time and run.date.",
        option="--scheduled-time",
        metavar="TIME",
    ),
    PROFILE,
    Parameter("param", "texts", "The value of a parameter.", metavar="KEY=VALUE"),
    AS_JSON,
)

COMMANDS = (
    Command(
        ("run",),
        "run:run",
        "Run a flow; started again with the same run id, it goes on where it stopped.",
        (
            *OF_A_START,
            Parameter("plan", "text", "Do what this file of `aetherflow plan` says, or nothing.", metavar="FILE"),
        ),
    ),
    Command(
        ("plan",),
        "plan:plan",
        "Show what a run would do: nothing runs, no plugin is imported, no server is touched.",
        (
            *OF_A_START,
            Parameter("out", "text", "Keep the plan in this file, for `aetherflow run --plan`.", metavar="FILE"),
        ),
    ),
    Command(
        ("retry",),
        "run:retry",
        "Take up what failed or was blocked in a run, and nothing else.",
        (RUN, OF_FLOW, LEDGER, PROFILE, AS_JSON),
    ),
    Command(
        ("validate",),
        "validate:validate",
        "Check flows: no plugin is imported, no server is touched.",
        (
            Parameter("flows", "arguments", "The flows' YAML files.", metavar="FLOW"),
            FLOW_YAML,
            PROFILE,
            Parameter("verbose", "flag", "Also say what could not be known.", short="-v"),
            Parameter("github", "flag", "Say it as annotations of GitHub, on standard output."),
            AS_JSON,
        ),
    ),
    Command(
        ("doctor",),
        "doctor:doctor",
        "Say whether this machine is ready to run, or to run a flow; nothing is made or opened for it.",
        (FLOW, FLOW_YAML, PROFILE, AS_JSON),
    ),
    Command(
        ("explain",),
        "explain:explain",
        "Say which profile, file and environment key fills each setting of a flow's resources.",
        (FLOW, FLOW_YAML, PROFILE, Parameter("resource", "text", "Only this resource.", metavar="NAME"), AS_JSON),
    ),
    Command(
        ("diagnostics",),
        "diagnostics:diagnostics",
        "Take a snapshot of the environment for seeing a run again, in which every secret is masked.",
        (
            FLOW,
            FLOW_YAML,
            PROFILE,
            Parameter("output", "text", "Write it to this file, for its user only.", metavar="FILE"),
            AS_JSON,
        ),
    ),
    Command(
        ("schema",),
        "schema:make_schema",
        "Print the JSON Schema of a flow, for editors: of all step types that may be used here.",
        (
            Parameter("flow", "text", "A flow of the project that is meant; else the project here.", metavar="FLOW"),
            PROFILE,
            Parameter("output", "text", "Write it into a file instead.", metavar="FILE"),
            Parameter("as_json", "flag", "With --output: say in JSON what was written.", option="--json"),
        ),
    ),
    Command(
        ("runs", "list"),
        "runs:list_runs",
        "List the runs that a ledger remembers, newest first.",
        (
            FLOW_ID,
            Parameter("status", "text", "Only runs that stand so."),
            Parameter("limit", "text", "How many; 20 by default.", metavar="NUMBER"),
            OF_FLOW,
            LEDGER,
            AS_JSON,
        ),
    ),
    Command(
        ("runs", "show"),
        "runs:show_run",
        "Show what a ledger remembers of a run, as a tree.",
        (
            RUN,
            Parameter("start", "text", "See it from this start; the newest by default.", metavar="NUMBER"),
            OF_FLOW,
            LEDGER,
            AS_JSON,
        ),
    ),
    Command(
        ("runs", "logs"),
        "runs:show_logs",
        "Show what a run did and said, in the order of time.",
        (RUN, OF_FLOW, LEDGER, Parameter("as_json", "flag", "One JSON object a line.", option="--json")),
    ),
    Command(
        ("runs", "prune"),
        "run_changes:prune_runs",
        "Forget old runs: rows, logs, locks of their owners, and what is left of their workspaces.",
        (
            Parameter(
                "older_than",
                "text",
                "Runs that ended longer ago: 90s, 15m, 12h, 30d, 4w.",
                option="--older-than",
                metavar="SPAN",
            ),
            Parameter("keep", "text", "Keep so many newest ones of each flow.", metavar="NUMBER"),
            FLOW_ID,
            Parameter("dry_run", "flag", "Say what would be removed, and remove nothing.", option="--dry-run"),
            Parameter("force", "flag", "Also runs that a person must still decide of, or that wait for a start."),
            Parameter("vacuum", "flag", "Make the ledger's file smaller too; whoever writes waits for it."),
            OF_FLOW,
            LEDGER,
            AS_JSON,
        ),
    ),
    Command(
        ("runs", "cancel"),
        "run_changes:cancel_run",
        "End a run for good: a running one is asked to, and waited for.",
        (
            RUN,
            Parameter("wait", "text", "How long it may take to end; 15 by default.", metavar="SECONDS"),
            OF_FLOW,
            LEDGER,
            AS_JSON,
        ),
    ),
    Command(
        ("runs", "resolve"),
        "run_changes:resolve_step",
        "Say of a step whose outcome nobody knows that it was done, or that it may run again.",
        (
            RUN,
            Parameter("step", "argument", "STEP, JOB.STEP or JOB.STEP[ITEM].", metavar="STEP", is_required=True),
            Parameter("done", "flag", "It was done: later steps go on from it."),
            Parameter("outputs", "text", "With --done: a JSON file with its outputs.", metavar="FILE"),
            Parameter("again", "flag", "It was not, or does not count: it may run again."),
            Parameter("reason", "text", "Why; it is kept with your name and the time.", metavar="TEXT"),
            OF_FLOW,
            LEDGER,
            AS_JSON,
        ),
    ),
    Command(
        ("locks", "list"),
        "locks:list_locks",
        "List the locks that are held, or were and not given back.",
        (OF_FLOW, LEDGER, AS_JSON),
    ),
    Command(
        ("locks", "release"),
        "locks:release_lock",
        "Release a lock whose holder is gone; from under one that may live only with --force.",
        (
            Parameter("key", "argument", "The lock, as `locks list` shows it.", is_required=True),
            Parameter("token", "text", "Only where it is still held with this token.", metavar="N"),
            Parameter("force", "flag", "Also from under a holder that may be at work, which loses the lock."),
            OF_FLOW,
            LEDGER,
            AS_JSON,
        ),
    ),
    Command(
        ("plugins", "list"),
        "plugins:list_plugins",
        "List the plugins that are installed; none of their code is run without --import.",
        (
            PROFILE,
            AS_JSON,
            Parameter(
                "try_import", "flag", "Import every plugin that is ready, and say which are broken.", option="--import"
            ),
        ),
    ),
    Command(
        ("plugins", "show"),
        "plugins:show_plugin",
        "Show what a plugin contributes: steps with inputs and outputs, connectors, effects.",
        (Parameter("name", "argument", "The plugin's name.", is_required=True), PROFILE, AS_JSON),
    ),
    Command(
        ("plugins", "manifest"),
        "plugins:make_plugin_manifest",
        "Make a plugin's manifest from its code, which is imported; without an option it is printed.",
        (
            Parameter(
                "plugin",
                "argument",
                "A plugin's name, or its source folder.",
                metavar="NAME_OR_FOLDER",
                is_required=True,
            ),
            PROFILE,
            Parameter("write", "flag", "Write it beside the plugin's code."),
            Parameter("check", "flag", "Compare it with the one beside the code."),
            AS_JSON,
        ),
    ),
)
_GROUPS = {
    "runs": "Runs: which there were, what became of them, and what is to become of them.",
    "locks": "Locks: who holds which, and the end of a hold that nobody will give back.",
    "plugins": "Plugins: what is installed, how it stands and why.",
}
#: What the program's own command lines start with.
FIRST_WORDS = tuple(dict.fromkeys(command.words[0] for command in COMMANDS))
AETHERFLOW = Program(
    name="aetherflow",
    summary="Run YAML flows that move data between databases, files, servers, workbooks and people.",
    distribution="aetherflow-kernel",
    commands=COMMANDS,
    groups=_GROUPS,
    title="AetherFlow",
    is_open_to_plugins=True,
)
