from __future__ import annotations

from pathlib import Path

import pytest

from aetherflow.kernel.errors import InvalidInput
from aetherflow.kernel.resolve.environment import take_environment
from aetherflow.kernel.resolve.settings import RETIRED_KEYS, Settings, read_settings, unknown_keys
from aetherflow.kernel.spec.document import parse_document

FOLDER = Path("/project")


def environment(**values):
    return take_environment(values, folder=FOLDER)


def settings_of(text="settings: {}\n", **values):
    document = parse_document(text.encode(), "aetherflow.yaml")
    return read_settings(environment(**values), document.value["settings"], folder=FOLDER, document=document)


def test_nothing_set_gives_the_defaults():
    assert settings_of() == Settings()
    assert read_settings(environment(), folder=FOLDER) == Settings()


def test_the_file_sets_and_the_environment_wins():
    text = "settings: {log_level: debug, log_format: json, plugin_strict: false, plugin_paths: [plugins, /opt/p]}\n"
    settings = settings_of(text, AETHERFLOW_LOG_LEVEL="warning", AETHERFLOW_CONNECTOR_CACHE_DEFAULT="process")
    assert settings.log_level == "WARNING"
    assert settings.log_format == "json"
    assert settings.plugin_strict is False
    assert settings.plugin_paths == (FOLDER / "plugins", Path("/opt/p"))
    assert settings.connector_cache == "process"


def test_every_setting_can_come_from_the_environment():
    settings = settings_of(
        AETHERFLOW_LOG_LEVEL="ERROR",
        AETHERFLOW_LOG_FORMAT="json",
        AETHERFLOW_PLUGIN_PATHS="a, b,",
        AETHERFLOW_PLUGIN_STRICT="False",
        AETHERFLOW_METRICS_MODULE="acme.metrics",
        AETHERFLOW_CONNECTOR_CACHE_DEFAULT="none",
        AETHERFLOW_CONNECTOR_CACHE_DISABLED="TRUE",
        AETHERFLOW_SECRETS_MODULE="acme.secrets",
        AETHERFLOW_SECRETS_PATH="secrets.py",
        AETHERFLOW_VALIDATE_ENV_STRICT="true",
        AETHERFLOW_WORK_ROOT="work",
        AETHERFLOW_STATE_ROOT="/state",
    )
    assert settings == Settings(
        log_level="ERROR",
        log_format="json",
        plugin_paths=(FOLDER / "a", FOLDER / "b"),
        plugin_strict=False,
        metrics_module="acme.metrics",
        connector_cache="none",
        connector_cache_disabled=True,
        secrets_module="acme.secrets",
        secrets_path=FOLDER / "secrets.py",
        validate_env_strict=True,
        work_root=FOLDER / "work",
        state_root=Path("/state"),
    )


def test_an_empty_key_counts_as_not_set():
    text = "settings: {log_level: ERROR, metrics_module: null}\n"
    assert settings_of(text, AETHERFLOW_LOG_LEVEL=" ", AETHERFLOW_PLUGIN_STRICT="").log_level == "ERROR"


def test_a_tilde_is_the_home_folder(monkeypatch):
    """D48: it made a folder of that name."""
    monkeypatch.setenv("HOME", "/home/somebody")
    assert settings_of(AETHERFLOW_WORK_ROOT="~/work").work_root == Path("/home/somebody/work")


@pytest.mark.parametrize("text", ["1", "0", "yes", "on", "truee"])
def test_another_word_for_true_is_an_error_and_turns_nothing_off(text):
    """D46: `1` turned strictness off."""
    with pytest.raises(InvalidInput, match="AETHERFLOW_PLUGIN_STRICT must be true or false"):
        settings_of(AETHERFLOW_PLUGIN_STRICT=text)


def test_a_wrong_log_level_is_an_error_with_the_nearest():
    with pytest.raises(InvalidInput, match="'WARNING'"):
        settings_of(AETHERFLOW_LOG_LEVEL="WARNIN")


def test_all_that_is_wrong_is_told_at_once_with_its_place():
    text = "settings:\n  log_levle: INFO\n  log_format: xml\n  plugin_paths: plugins\n  plugin_strict: 'true'\n"
    with pytest.raises(InvalidInput) as raised:
        settings_of(text, AETHERFLOW_CONNECTOR_CACHE_DISABLED="1")
    found = raised.value.problems
    assert [(problem.path, problem.where and problem.where.line) for problem in found] == [
        (("settings", "log_levle"), 2),
        (("settings", "log_format"), 3),
        (("settings", "plugin_paths"), 4),
        (("settings", "plugin_strict"), 5),
        (("AETHERFLOW_CONNECTOR_CACHE_DISABLED",), None),
    ]
    assert "'log_level'" in found[0].help


def test_keys_that_nothing_reads_are_named_with_the_nearest():
    """D48: settings that did nothing."""
    found = unknown_keys(
        environment(
            AETHERFLOW_LOG_LEVLE="DEBUG",
            AETHERFLOW_SETTINGS_MODULE="x",
            AETHERFLOW_LOG_LEVEL="INFO",
            AETHERFLOW_PROFILE="enterprise",
            AETHERFLOW_RUN_ID="r",
            LOG_LEVLE="x",
        )
    )
    assert [problem.path for problem in found] == [("AETHERFLOW_LOG_LEVLE",), ("AETHERFLOW_SETTINGS_MODULE",)]
    assert all(problem.severity == "warning" for problem in found)
    assert "'AETHERFLOW_LOG_LEVEL'" in found[0].help
    assert found[1].help == RETIRED_KEYS["AETHERFLOW_SETTINGS_MODULE"]
    assert "DEBUG" not in found[0].message
