"""`aetherflow diagnostics`, as a process on real projects."""

from __future__ import annotations

import hashlib
import json
import platform
import stat
from importlib.metadata import version

import pytest

pytestmark = pytest.mark.acceptance


def test_the_machine_is_told_by_its_versions(place):
    answer, told = place.both("diagnostics", TZ="Europe/Berlin", LC_ALL="C.UTF-8")

    assert answer["ok"] is True
    assert answer["python"]["version"] == platform.python_version()
    assert answer["kernel"] == {"version": version("aetherflow-kernel"), "interface": "1.0"}
    assert answer["sqlite"]["apsw"].startswith(answer["sqlite"]["version"])
    assert answer["platform"]["system"] == platform.system()
    assert answer["time"]["zone"] == "Europe/Berlin"
    assert answer["time"]["utc_offset"] in {"+0100", "+0200"}
    assert answer["locale"]["LC_ALL"] == "C.UTF-8"
    assert f"{place.site.folder}/sitecustomize.py" in answer["startup_hooks"]
    installed = {name.lower().replace("_", "-"): found for name, found in answer["distributions"].items()}
    assert installed["pydantic"] == version("pydantic")
    assert installed["acme"] == "1.0"
    assert f"  version: {platform.python_version()}" in told


def test_the_project_is_told_with_its_profile_settings_and_plugins(place):
    policy = (
        "profile: internal_fast\nsettings: {log_level: debug}\n"
        "profiles:\n  internal_fast:\n    plugins: {deny: [acme]}\n"
    )
    place.write("aetherflow.yaml", policy)

    answer, _ = place.both("diagnostics", AETHERFLOW_LOG_FORMAT="json")

    profile = answer["profile"]
    assert (profile["name"], profile["mode"], profile["decided_by"]) == ("internal_fast", "open", "aetherflow.yaml:1")
    assert profile["rules"] == ['deny "acme" (aetherflow.yaml:5)']
    assert profile["sources"] == [{"file": "aetherflow.yaml", "sha256": hashlib.sha256(policy.encode()).hexdigest()}]
    settings = {setting["name"]: (setting["value"], setting["origin"]) for setting in answer["settings"]}
    assert settings["log_level"] == ("DEBUG", "aetherflow.yaml:2")
    assert settings["log_format"] == ("json", "AETHERFLOW_LOG_FORMAT in the environment of the process")
    assert settings["state_on_network"] == ("refuse", "default")
    acme = next(plugin for plugin in answer["plugins"] if plugin["name"] == "acme")
    assert (acme["state"], acme["version"]) == ("denied", "1.0")


def test_the_environment_is_told_by_names_and_only_harmless_values_of_its_own_keys(place):
    place.write(".env", "AETHERFLOW_STATE_ROOT=elsewhere\n")
    place.flow("  store: {kind: db, driver: acme, profile: warehouse, config: {host: '{{env.DB_HOST:x}}'}}\n")
    environ = {
        "AETHERFLOW_PROFILES_JSON": '{"warehouse": {"config": {"user": "{{env.DB_USER}}", "url": "canary-json"}}}',
        "AETHERFLOW_ENV_FILES_JSON": '[{"type": "dotenv", "path": ".env"}]',
        "AETHERFLOW_IDEMPOTENCY_KEY": "canary-key",
        "AETHERFLOW_SOMETHING": "canary-unknown",
        "AETHERFLOW_WORK_ROOT": "work/s3cr3t-w0rd",
        "OWN_PASSWORD": "s3cr3t-w0rd",
        "DB_USER": "canary-user",
    }

    answer, told = place.both("diagnostics", "flow.yaml", **environ)

    own = {each["key"]: (each["value"], each["set_in"]) for each in answer["environment"]}
    process = "the environment of the process"
    assert own["AETHERFLOW_PROFILES_JSON"] == ("***", process)
    assert own["AETHERFLOW_IDEMPOTENCY_KEY"] == ("***", process)
    assert own["AETHERFLOW_SOMETHING"] == ("***", process)
    assert own["AETHERFLOW_WORK_ROOT"] == ("work/***", process)
    assert own["AETHERFLOW_STATE_ROOT"] == ("elsewhere", "the dotenv file .env")
    assert answer["flow"]["environment"] == [
        {"key": "DB_HOST", "set_in": None},
        {"key": "DB_USER", "set_in": process},
    ]
    assert "canary" not in told + json.dumps(answer)
    assert "s3cr3t" not in told + json.dumps(answer)


def test_the_flow_is_told_by_its_digest(place):
    flow = place.flow()

    answer, _ = place.both("diagnostics", "flow.yaml")

    assert answer["flow"]["digest"] == hashlib.sha256(flow.read_bytes()).hexdigest()
    assert answer["flow"]["flow_id"] == "looked_at"
    place.assert_nothing_was_touched()


def test_a_project_that_can_not_be_read_leaves_what_is_known_of_the_machine(place):
    place.write("aetherflow.yaml", "settings: {log_levle: INFO}\n")

    answer, told = place.both("diagnostics", code=2)

    assert answer["ok"] is False
    assert [error["code"] for error in answer["errors"]] == ["AF-SETTING-UNKNOWN"]
    assert answer["python"]["version"] == platform.python_version()
    assert "aetherflow.yaml:1:12: error AF-SETTING-UNKNOWN" in told


def test_an_invalid_flow_is_told_beside_the_snapshot(place):
    place.flow("  store: {kind: db, driver: acne}\n")

    answer, told = place.both("diagnostics", "flow.yaml", code=2)

    assert [error["line"] for error in answer["errors"]] == [4]
    assert answer["flow"]["flow_id"] == "looked_at"
    assert "flow.yaml:4:29: error AF-UNKNOWN-CONNECTOR" in told


@pytest.mark.parametrize("as_json", [True, False])
def test_a_file_is_written_whole_for_its_user_only(place, as_json):
    kept = place.write("out/snapshot", "an older one")
    kept.chmod(0o644)
    options = ["--json"] if as_json else []

    answer = place.aetherflow("diagnostics", "--output", "out/snapshot", *options)

    assert answer.code == 0, answer.err
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [path.name for path in kept.parent.iterdir()] == ["snapshot"]
    text = kept.read_text()
    if as_json:
        assert answer.json == {"ok": True, "written": "out/snapshot", "errors": []}
        assert json.loads(text)["python"]["version"] == platform.python_version()
    else:
        assert answer.out == "written: out/snapshot\n"
        assert "python:\n  version: " in text


def test_a_file_that_can_not_be_written_is_told(place):
    place.write("occupied", "")

    answer, told = place.both("diagnostics", "--output", "occupied/snapshot", code=2)

    assert answer["errors"][0]["code"] == "AF-OUTPUT-FILE"
    assert "occupied/snapshot can't be written" in told
