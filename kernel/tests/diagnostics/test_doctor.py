"""`aetherflow doctor`, as a process on real projects."""

from __future__ import annotations

import json
import os
import sys

import pytest

from aetherflow.kernel.diagnostics.program import requirements
from aetherflow.kernel.diagnostics.startup import startup_hooks

pytestmark = pytest.mark.acceptance

PROFILES = """
    warehouse:
      config:
        host: "{{env.DB_HOST}}"
        password: "{{env.DB_PASSWORD}}"
    """
USES_PROFILE = "  store: {kind: db, driver: acme, profile: warehouse, config: {user: '{{env.DB_USER:me}}'}}\n"


def checks(answer, group, level=None):
    found = [check for check in answer["checks"] if check["group"] == group]
    return [check for check in found if level in (None, check["level"])]


def codes(answer, group, level="error"):
    return [check["code"] for check in checks(answer, group, level)]


def test_a_machine_that_is_ready_is_told_to_be(place):
    answer, told = place.both("doctor")

    assert (answer["ok"], answer["exit_code"], answer["flow_yaml"], answer["missing_env"]) == (True, 0, None, [])
    assert told.startswith("OK: this machine and its project")
    messages = [check["message"] for check in checks(answer, "program", "ok")]
    assert f"Python {sys.version.split()[0]}" in messages
    assert any(message.startswith("SQLite 3.") for message in messages)
    named = {message.split()[0].lower() for message in messages}
    assert named >= {"pydantic", "apsw", "jsonschema-rs", "pyyaml", "pluggy", "aetherflow-kernel"}


def test_what_the_kernel_needs_is_read_from_its_own_metadata():
    bounds = {requirement.name.lower(): requirement.bounds for requirement in requirements()}

    assert set(bounds["apsw"].split(",")) == {">=3.51.3", "<4"}


def test_a_library_that_is_too_old_is_an_error(place):
    info = place.site.folder / "pluggy-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pluggy\nVersion: 0.1\n\n")

    answer, told = place.both("doctor", code=2)

    assert codes(answer, "program") == ["AF-MACHINE-VERSION"]
    assert "the kernel needs pluggy" in told
    assert told.startswith("FAIL: ")


def test_nothing_is_made_imported_or_opened(place):
    place.flow("  store: {kind: db, driver: acme, config: {host: 127.0.0.1, port: 1}}\n")
    before = sorted(path for path in place.folder.rglob("*"))

    place.both("doctor", "flow.yaml")
    place.both("doctor")

    assert sorted(path for path in place.folder.rglob("*")) == before
    place.assert_nothing_was_touched()


def test_the_watch_sees_sockets_and_imports(place):
    place.site.python("import socket, acme; socket.socket().close()", TRACE=str(place.trace))

    assert place.site.imported() == ["acme"]
    assert "import acme" in place.traced
    assert any(line.startswith("socket.") for line in place.traced)


def test_each_missing_key_is_told_with_resource_profile_and_field_d42(place):
    place.write("profiles.yaml", PROFILES)
    place.flow(USES_PROFILE)

    answer, told = place.both("doctor", "flow.yaml", code=2, AETHERFLOW_PROFILES_FILE="profiles.yaml")

    wanted = {"resource": "store", "profile": "warehouse", "section": "config", "file": "profiles.yaml"}
    assert answer["missing_env"] == [
        {**wanted, "field": "host", "key": "DB_HOST", "line": 4},
        {**wanted, "field": "password", "key": "DB_PASSWORD", "line": 5},
    ]
    assert "resource=store profile=warehouse config.host needs env DB_HOST" in told
    assert "resource=store profile=warehouse config.password needs env DB_PASSWORD" in told
    assert "None" not in told


def test_a_resource_without_a_profile_is_told_without_one_d42(place):
    place.flow("  store: {kind: db, driver: acme, config: {host: '{{env.DB_HOST}}'}}\n")

    answer, told = place.both("doctor", "flow.yaml", code=2)

    assert [(each["resource"], each["profile"], each["line"]) for each in answer["missing_env"]] == [("store", None, 4)]
    assert "flow.yaml:4:50: AF-ENV-MISSING: resource=store config.host needs env DB_HOST" in told
    assert "None" not in told
    # ... and once only.
    assert [check["code"] for check in answer["checks"]].count("AF-ENV-MISSING") == 1


def test_keys_that_are_set_or_have_a_default_are_not_missed(place):
    place.write("profiles.yaml", PROFILES)
    place.write(".env", "DB_HOST=db.example\n")
    place.flow(USES_PROFILE)
    environ = {
        "AETHERFLOW_PROFILES_FILE": "profiles.yaml",
        "AETHERFLOW_ENV_FILES_JSON": '[{"type": "dotenv", "path": ".env"}, {"type": "json", "path": "no.json", "optional": true}]',
        "DB_PASSWORD": "canary-1234567",
    }

    answer, told = place.both("doctor", "flow.yaml", **environ)

    assert answer["missing_env"] == []
    assert "store is complete" in told
    assert "the dotenv file .env sets 1 key" in told
    assert "the json file no.json is not there, and optional" in told
    assert "1 resource profile in profiles.yaml" in told
    assert "canary" not in told + json.dumps(answer)


def test_warnings_are_a_part_of_the_one_document_d42(place):
    place.flow()

    machine = place.aetherflow("doctor", "flow.yaml", "--json", AETHERFLOW_LOG_LEVLE="INFO")

    answer = json.loads(machine.out)
    assert codes(answer, "project", "warning") == ["AF-SETTING-UNKNOWN"]
    assert (machine.code, answer["ok"], machine.err) == (0, True, "")


def test_a_key_that_the_hook_may_add_is_a_warning_and_the_hook_is_not_run_d49(place):
    # The ancestor's doctor wanted nothing but the two functions in the module, and ran it.
    place.write("hook.py", "from base64 import b64decode\nopen('ran', 'w')\n\ndef decode(text):\n    return text\n")
    place.flow("  store: {kind: db, driver: acme, config: {host: '{{env.DB_HOST}}'}}\n")

    answer, told = place.both("doctor", "flow.yaml", AETHERFLOW_SECRETS_PATH="hook.py")

    assert codes(answer, "resources", "warning") == ["AF-ENV-MISSING"]
    assert "expand_env" in told
    assert not (place.folder / "ran").exists()
    place.assert_nothing_was_touched()


def test_a_key_that_may_be_missing_at_no_price_is_an_error_in_spite_of_the_hook(place):
    place.write("hook.py", "def decode(text):\n    return text\n")
    place.flow("  store: {kind: db, driver: acme, config: {host: '{{env.DB_HOST}}'}}\n")
    environ = {"AETHERFLOW_SECRETS_PATH": "hook.py", "AETHERFLOW_VALIDATE_ENV_STRICT": "true"}

    answer, _ = place.both("doctor", "flow.yaml", code=2, **environ)

    assert codes(answer, "resources") == ["AF-ENV-MISSING"]
    assert "flow.yaml is valid" not in str(answer)


def test_everything_that_validate_finds_is_found_d40(place):
    place.write(
        "flow.yaml",
        """
        version: 1
        flow: {id: looked_at, worksapce: {}}
        resources:
          store: {kind: db, driver: acne, config: {}}
        jobs:
          - id: main
            steps:
              - {id: one, type: acme.cuont, inputs: {text: a}}
              - {id: two, type: acme.count, inputs: {txet: a}}
        """,
    )
    validated = json.loads(place.aetherflow("validate", "flow.yaml", "--json").out)

    answer, told = place.both("doctor", "flow.yaml", code=2)

    found = [(check["code"], check["line"], check["column"]) for check in checks(answer, "flow")]
    assert found == [(each["code"], each["line"], each["column"]) for each in validated["errors"]]
    assert len(found) == 4
    assert "flow.yaml:3:23: AF-UNKNOWN-KEY" in told


@pytest.mark.parametrize("command", ["doctor", "explain", "diagnostics"])
@pytest.mark.parametrize(
    ("written", "place_told"),
    [
        (b"version: 1\nflow: {id: x\njobs: []\n", "flow.yaml:3:"),
        (b"version: 1\nflow: {id: \xff}\n", "flow.yaml:2:"),
        (b"- a\n", "flow.yaml:1:1"),
        (b"", "flow.yaml"),
        (None, "flow.yaml"),
    ],
    ids=["no YAML", "no UTF-8", "no flow", "empty", "no file"],
)
def test_a_flow_that_can_not_be_read_is_told_at_its_place_d41(place, command, written, place_told):
    if written is not None:
        (place.folder / "flow.yaml").write_bytes(written)

    answer, told = place.both(command, "flow.yaml", code=2)

    assert answer["ok"] is False
    assert place_told in told
    assert "error" in told


def test_a_flow_that_can_not_be_read_does_not_hide_the_rest(place):
    place.write("flow.yaml", "version: [\n")

    answer, _ = place.both("doctor", "flow.yaml", code=2)

    assert [check["message"] for check in checks(answer, "plugins") if "acme" in check["message"]]
    assert codes(answer, "flow") == ["AF-YAML-SYNTAX"]


def test_a_step_that_the_profile_denies_is_a_refusal(place):
    place.write("aetherflow.yaml", "profiles:\n  internal_fast:\n    plugins: {deny: ['effect:network']}\n")
    place.flow()

    answer, told = place.both("doctor", "flow.yaml", code=3)

    assert codes(answer, "flow") == ["AF-PLUGIN-DENIED"]
    assert "aetherflow.yaml:3" in told
    assert any("acme 1.0 is denied: deny" in check["message"] for check in checks(answer, "plugins", "ok"))


def test_a_policy_that_can_not_be_read_is_a_refusal_and_told_once(place):
    place.write("aetherflow.yaml", "profils: {}\n")
    place.flow()

    answer, _ = place.both("doctor", "flow.yaml", code=3)

    assert len([check for check in answer["checks"] if check["level"] == "error"]) == 1
    place.assert_nothing_was_touched()


def test_an_error_beside_a_refusal_is_an_error(place):
    place.write("aetherflow.yaml", "profiles:\n  internal_fast:\n    plugins: {deny: ['effect:network']}\n")
    place.flow()
    place.write(".aetherflow", "")

    place.both("doctor", "flow.yaml", code=2)


@pytest.mark.parametrize(
    ("arguments", "environ", "chosen"),
    [
        ((), {}, "default"),
        (("--profile", "internal_fast"), {}, "--profile"),
        ((), {"AETHERFLOW_MODE": "internal_fast"}, "AETHERFLOW_MODE"),
    ],
)
def test_the_profile_in_force_is_told_with_what_chose_it(place, arguments, environ, chosen):
    _, told = place.both("doctor", *arguments, **environ)

    assert f"runtime profile internal_fast (mode open), chosen by {chosen}\n" in told


def test_a_profile_of_the_project_is_told_with_its_line(place):
    place.write("aetherflow.yaml", "settings: {}\nprofile: internal_fast\n")

    _, told = place.both("doctor")

    assert "chosen by aetherflow.yaml:2\n" in told


def test_a_plugin_that_can_not_be_used_is_a_warning_with_its_reason(place):
    place.site.install("bent", manifest="{")

    answer, told = place.both("doctor")

    assert codes(answer, "plugins", "warning") == ["AF-PLUGIN-INVALID"]
    assert "bent 1.0 is invalid" in told


def test_the_secrets_hook_of_a_locked_profile_is_a_refusal_where_the_flow_needs_it(place):
    place.write("hook.py", "open('ran', 'w')\n")
    place.write(
        "aetherflow.yaml",
        "profile: enterprise\nprofiles:\n  enterprise:\n    plugins: {allow: [acme]}\n",
    )
    place.flow("  store: {kind: db, driver: acme, config: {host: h}}\n")

    answer, _ = place.both("doctor", "flow.yaml", code=3, AETHERFLOW_SECRETS_PATH="hook.py")

    assert codes(answer, "environment") == ["AF-SECRETS-HOOK-REFUSED"]
    assert not (place.folder / "ran").exists()


def test_a_decode_that_nothing_decodes_is_an_error(place):
    place.flow(
        "  store: {kind: db, driver: acme, config: {host: h, password: x}, decode: {config: {password: true}}}\n"
    )

    answer, _ = place.both("doctor", "flow.yaml", code=2)

    assert codes(answer, "flow") == ["AF-DECODE"]


def test_what_neither_flow_nor_profile_sets_is_missed(place):
    place.write("profiles.yaml", "warehouse: {config: {port: '{{env.DB_PORT:none}}'}}\n")
    place.flow("  store: {kind: db, driver: acme, profile: warehouse}\n")

    answer, told = place.both("doctor", "flow.yaml", code=2, AETHERFLOW_PROFILES_FILE="profiles.yaml")

    assert codes(answer, "flow") == ["AF-INPUT-MISSING"]
    assert codes(answer, "resources") == ["AF-TEXT-TYPE"]
    assert "profiles.yaml:1:28: AF-TEXT-TYPE" in told
    assert "'host'" in told


def test_a_file_in_the_place_of_the_state_is_an_error(place):
    place.write(".aetherflow", "")

    answer, _ = place.both("doctor", code=2)

    assert codes(answer, "places") == ["AF-MACHINE-FOLDER", "AF-MACHINE-FOLDER"]


def test_a_state_that_others_may_change_is_an_error(place):
    (place.folder / ".aetherflow" / "state").mkdir(parents=True)
    (place.folder / ".aetherflow" / "state").chmod(0o777)

    answer, _ = place.both("doctor", code=2)

    assert codes(answer, "places") == ["AF-FOLDER-UNSAFE"]


def test_a_state_that_others_may_look_into_is_a_warning(place):
    (place.folder / ".aetherflow" / "state").mkdir(parents=True)
    (place.folder / ".aetherflow" / "state").chmod(0o755)

    answer, told = place.both("doctor")

    assert codes(answer, "places", "warning") == ["AF-MACHINE-FOLDER"]
    assert "(mode 0755)" in told
    assert "chmod 700" in told


def test_the_places_of_a_run_are_as_they_should_be(place):
    place.flow(steps="jobs: []\n")
    assert place.aetherflow("run", "flow.yaml").code == 0

    answer, told = place.both("doctor", "flow.yaml")

    assert codes(answer, "places", "warning") == []
    assert "mode 0700" in told


def test_the_places_that_a_flow_names_are_the_ones_looked_at(place):
    place.write("occupied", "")
    place.write("flow.yaml", f"version: 1\nflow: {{id: x, state: {{path: occupied/ledger.sqlite}}}}\n{STEPS_ONLY}")

    answer, _ = place.both("doctor", "flow.yaml", code=2)

    assert codes(answer, "places") == ["AF-MACHINE-FOLDER"]


STEPS_ONLY = "jobs: []\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_project_that_can_not_be_written_is_an_error(place):
    place.folder.chmod(0o500)
    try:
        place.both("doctor", code=2)
    finally:
        place.folder.chmod(0o700)


def test_code_that_python_runs_at_every_start_is_told(place):
    answer, _ = place.both("doctor")

    messages = [check["message"] for check in checks(answer, "start-up", "warning")]
    assert f"{place.site.folder}/sitecustomize.py is code that every start of Python runs" in messages


@pytest.mark.unit
def test_only_lines_that_are_code_count(tmp_path):
    (tmp_path / "a.pth").write_text("/somewhere\nimport sys; sys.x = 1\n# import no\nimportant\nimport\tos\n")
    (tmp_path / "b.txt").write_text("import os\n")

    lines = [hook for hook in map(str, startup_hooks([str(tmp_path)])) if str(tmp_path) in hook]

    assert lines == [f"{tmp_path}/a.pth:2", f"{tmp_path}/a.pth:5"]


@pytest.mark.unit
def test_a_start_file_counts_instead_of_the_code_beside_it_where_python_reads_it(tmp_path):
    (tmp_path / "a.pth").write_text("import sys\n")
    (tmp_path / "a.start").write_text("# comment\n\nacme.setup:begin\n")

    def found(version):
        return [hook for hook in map(str, startup_hooks([str(tmp_path)], version=version)) if str(tmp_path) in hook]

    assert found((3, 14)) == [f"{tmp_path}/a.pth:1"]
    assert found((3, 15)) == [f"{tmp_path}/a.start:3"]


def test_two_flows_are_one_too_many(place):
    answer, _ = place.both("doctor", "a.yaml", "--flow-yaml", "b.yaml", code=2)

    assert answer["errors"][0]["code"] == "AF-USAGE"
