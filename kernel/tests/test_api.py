"""The public interface: what it holds, and that nothing of it is lost unnoticed."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from aetherflow.kernel import api

NAMES = {
    "folders": "make_folders make_private_folders network_under open_locked",
    "ledgers": "LedgerConnection LedgerContents LedgerFailed Transaction open_connection open_to_read",
    "steps": "ArtifactPath Connectors Effect Lease NoInputs NoOutputs NothingDone OutputPath OutputsFromKeys OutputsFromStep PathAccess "
    "Rerun ResourceUse Skip Step StepContext StepInputs StepLog StepOutputs register_step",
    "connectors": "Archiver ArrowSchema Attachment Connector ConnectorContext ConnectorModel Database Delivery FileStore HttpClient "
    "HttpResponse LoadCounts LoadMode Mailer Message NoOptions RecordBatches RemoteFile Secret StatementResult Watch register_connector",
    "processes": "CancelSignal Command OnLine ProcessResult supervise",
    "plugins": "hookimpl list_connectors list_steps",
    "commands": "CommandContext CommandParameter PluginCommand plain problem_as_json run_command_program times",
    "outlines": "FlowOutline JobOutline StepOutline outline_flow",
    "runs": "RunRequest RunResult Status publish publish_folder run_flow staged_folder sync_folder",
    "starts of others": "EventLog RunTexts StartCheck StartChecks compile_run_texts open_event_log parameter_text",
    "documents": "Document EnoughProblems Field Fields Misfit Raw Reading did_you_mean read_document read_into shapes",
    "events": "Event ItemEnded ItemStarted JobEnded JobStarted ObserverContext OccurrenceEnded OccurrenceStarted RunEnded RunStarted SchedulerLogged StepEnded StepLogged StepProgressed StepRetried StepStarted",
    "errors": "AetherFlowError ConnectorError DecisionNeeded ExitCode InvalidInput Location LockLost MissingReference OwnedByAnother "
    "PathRefused PluginError Problem RefusedByPolicy RunFailed StepError Stopped TemplateError TimedOut",
}


def test_public_names_are_these_and_no_others():
    assert set(api.__all__) == {name for names in NAMES.values() for name in names.split()}


@pytest.mark.parametrize("name", sorted(api.__all__))
def test_every_public_name_can_be_imported(name):
    assert getattr(api, name) is not None


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Setp'"):
        _ = api.Setp


def test_names_for_type_checkers_are_those_of_the_table():
    tree = ast.parse(Path(api.__file__).read_text())
    told = {
        (node.module, alias.name)
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert told == {(home, name) for home, names in api._HOMES.items() for name in names}


def test_plugin_with_a_command_pays_for_no_models():
    source = "import sys\nfrom aetherflow.kernel.api import Effect, InvalidInput, PluginCommand, hookimpl\nprint('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_plugin_pays_only_for_what_it_names():
    source = "import sys\nfrom aetherflow.kernel.api import hookimpl, Step\nprint('aetherflow.kernel.run' in sys.modules, 'yaml' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
