"""The one public import surface: for plugin authors, for programs that run flows, for the scheduler.

Everything is re-exported from where it lives, on first use, so that a plugin pays for what it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .check.outline import outline_flow as outline_flow
    from .check.report import problem_as_json as problem_as_json
    from .cli import times as times
    from .cli.command_program import run_command_program as run_command_program
    from .contracts.commands import (
        CommandContext as CommandContext,
        CommandParameter as CommandParameter,
        PluginCommand as PluginCommand,
    )
    from .contracts.connectors import (
        Archiver as Archiver,
        ArrowSchema as ArrowSchema,
        Attachment as Attachment,
        Connector as Connector,
        ConnectorContext as ConnectorContext,
        ConnectorModel as ConnectorModel,
        Database as Database,
        Delivery as Delivery,
        FileStore as FileStore,
        HttpClient as HttpClient,
        HttpResponse as HttpResponse,
        LoadCounts as LoadCounts,
        LoadMode as LoadMode,
        Mailer as Mailer,
        Message as Message,
        NoOptions as NoOptions,
        RecordBatches as RecordBatches,
        RemoteFile as RemoteFile,
        StatementResult as StatementResult,
        Watch as Watch,
        register_connector as register_connector,
    )
    from .contracts.effects import Effect as Effect, Rerun as Rerun
    from .contracts.events import (
        Event as Event,
        ItemEnded as ItemEnded,
        ItemStarted as ItemStarted,
        JobEnded as JobEnded,
        JobStarted as JobStarted,
        OccurrenceEnded as OccurrenceEnded,
        OccurrenceStarted as OccurrenceStarted,
        RunEnded as RunEnded,
        RunStarted as RunStarted,
        SchedulerLogged as SchedulerLogged,
        Status as Status,
        StepEnded as StepEnded,
        StepLogged as StepLogged,
        StepProgressed as StepProgressed,
        StepRetried as StepRetried,
        StepStarted as StepStarted,
    )
    from .contracts.hooks import hookimpl as hookimpl
    from .contracts.observers import ObserverContext as ObserverContext
    from .contracts.outlines import (
        FlowOutline as FlowOutline,
        JobOutline as JobOutline,
        StepOutline as StepOutline,
    )
    from .contracts.processes import (
        CancelSignal as CancelSignal,
        Command as Command,
        OnLine as OnLine,
        ProcessResult as ProcessResult,
    )
    from .contracts.secrets import Secret as Secret
    from .contracts.spelling import did_you_mean as did_you_mean
    from .contracts.steps import (
        ArtifactPath as ArtifactPath,
        Connectors as Connectors,
        Lease as Lease,
        NoInputs as NoInputs,
        NoOutputs as NoOutputs,
        OutputPath as OutputPath,
        OutputsFromKeys as OutputsFromKeys,
        OutputsFromStep as OutputsFromStep,
        PathAccess as PathAccess,
        ResourceUse as ResourceUse,
        Skip as Skip,
        Step as Step,
        StepContext as StepContext,
        StepInputs as StepInputs,
        StepLog as StepLog,
        StepOutputs as StepOutputs,
        register_step as register_step,
    )
    from .contracts.tables import plain as plain
    from .errors import (
        AetherFlowError as AetherFlowError,
        ConnectorError as ConnectorError,
        DecisionNeeded as DecisionNeeded,
        ExitCode as ExitCode,
        InvalidInput as InvalidInput,
        LedgerFailed as LedgerFailed,
        Location as Location,
        LockLost as LockLost,
        MissingReference as MissingReference,
        NothingDone as NothingDone,
        OwnedByAnother as OwnedByAnother,
        PathRefused as PathRefused,
        PluginError as PluginError,
        Problem as Problem,
        RefusedByPolicy as RefusedByPolicy,
        RunFailed as RunFailed,
        StepError as StepError,
        Stopped as Stopped,
        TemplateError as TemplateError,
        TimedOut as TimedOut,
    )
    from .files.publish import (
        publish as publish,
        publish_folder as publish_folder,
        staged_folder as staged_folder,
        sync_folder as sync_folder,
    )
    from .plugins.listing import list_connectors as list_connectors, list_steps as list_steps
    from .processes.spawn import supervise as supervise
    from .resolve.text import parameter_text as parameter_text
    from .run.event_log import EventLog as EventLog, open_event_log as open_event_log
    from .run.flow import run_flow as run_flow
    from .run.request import RunRequest as RunRequest, RunResult as RunResult
    from .run.run_texts import RunTexts as RunTexts, compile_run_texts as compile_run_texts
    from .run.start_check import (
        StartCheck as StartCheck,
        StartChecks as StartChecks,
    )
    from .spec import shapes as shapes
    from .spec.document import Document as Document, Raw as Raw, read_document as read_document
    from .spec.fields import (
        EnoughProblems as EnoughProblems,
        Field as Field,
        Fields as Fields,
        Reading as Reading,
        read_into as read_into,
    )
    from .spec.misfits import Misfit as Misfit
    from .state.connection import (
        LedgerConnection as LedgerConnection,
        LedgerContents as LedgerContents,
        Transaction as Transaction,
        open_connection as open_connection,
        open_to_read as open_to_read,
    )
    from .state.file_systems import network_under as network_under
    from .state.folders import make_folders as make_folders, make_private_folders as make_private_folders
    from .state.named_locks import open_locked as open_locked

_HOMES = {
    "check.outline": ("outline_flow",),
    "check.report": ("problem_as_json",),
    "cli": ("times",),
    "cli.command_program": ("run_command_program",),
    "contracts.commands": ("CommandContext", "CommandParameter", "PluginCommand"),
    "contracts.connectors": (
        "Archiver",
        "ArrowSchema",
        "Attachment",
        "Connector",
        "ConnectorContext",
        "ConnectorModel",
        "Database",
        "Delivery",
        "FileStore",
        "HttpClient",
        "HttpResponse",
        "LoadCounts",
        "LoadMode",
        "Mailer",
        "Message",
        "NoOptions",
        "RecordBatches",
        "RemoteFile",
        "StatementResult",
        "Watch",
        "register_connector",
    ),
    "contracts.effects": ("Effect", "Rerun"),
    "contracts.events": (
        "Event",
        "ItemEnded",
        "ItemStarted",
        "JobEnded",
        "JobStarted",
        "OccurrenceEnded",
        "OccurrenceStarted",
        "RunEnded",
        "RunStarted",
        "SchedulerLogged",
        "Status",
        "StepEnded",
        "StepLogged",
        "StepProgressed",
        "StepRetried",
        "StepStarted",
    ),
    "contracts.hooks": ("hookimpl",),
    "contracts.observers": ("ObserverContext",),
    "contracts.outlines": ("FlowOutline", "JobOutline", "StepOutline"),
    "contracts.processes": ("CancelSignal", "Command", "OnLine", "ProcessResult"),
    "contracts.secrets": ("Secret",),
    "contracts.spelling": ("did_you_mean",),
    "contracts.steps": (
        "ArtifactPath",
        "Connectors",
        "Lease",
        "NoInputs",
        "NoOutputs",
        "OutputPath",
        "OutputsFromKeys",
        "OutputsFromStep",
        "PathAccess",
        "ResourceUse",
        "Skip",
        "Step",
        "StepContext",
        "StepInputs",
        "StepLog",
        "StepOutputs",
        "register_step",
    ),
    "contracts.tables": ("plain",),
    "errors": (
        "AetherFlowError",
        "ConnectorError",
        "DecisionNeeded",
        "ExitCode",
        "InvalidInput",
        "LedgerFailed",
        "Location",
        "LockLost",
        "MissingReference",
        "NothingDone",
        "OwnedByAnother",
        "PathRefused",
        "PluginError",
        "Problem",
        "RefusedByPolicy",
        "RunFailed",
        "StepError",
        "Stopped",
        "TemplateError",
        "TimedOut",
    ),
    "plugins.listing": ("list_connectors", "list_steps"),
    "processes.spawn": ("supervise",),
    "resolve.text": ("parameter_text",),
    "run.event_log": ("EventLog", "open_event_log"),
    "run.flow": ("run_flow",),
    "run.request": ("RunRequest", "RunResult"),
    "run.run_texts": ("RunTexts", "compile_run_texts"),
    "run.start_check": ("StartCheck", "StartChecks"),
    "files.publish": ("publish", "publish_folder", "staged_folder", "sync_folder"),
    "state.connection": ("LedgerConnection", "LedgerContents", "Transaction", "open_connection", "open_to_read"),
    "state.file_systems": ("network_under",),
    "state.folders": ("make_folders", "make_private_folders"),
    "state.named_locks": ("open_locked",),
    "spec": ("shapes",),
    "spec.document": ("Document", "Raw", "read_document"),
    "spec.fields": ("EnoughProblems", "Field", "Fields", "Reading", "read_into"),
    "spec.misfits": ("Misfit",),
}
#: Names that are modules themselves, which their homes don't hold before they are imported.
_MODULES = frozenset({"shapes", "times"})
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = tuple(_HOME_OF)


def __getattr__(name: str) -> object:
    """Import the name's home on first use."""
    home = _HOME_OF.get(name)
    if home is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module

    if name in _MODULES:
        value: object = import_module(f".{home}.{name}", __package__)
    else:
        value = getattr(import_module(f".{home}", __package__), name)
    globals()[name] = value
    return value
