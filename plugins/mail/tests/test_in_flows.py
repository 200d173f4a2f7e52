"""The step in real flows, run by the command line as a user would."""

from __future__ import annotations

import base64
import email
import email.policy
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.acceptance

ALONE = {"workspace": {"cleanup_policy": "never"}}


class Project:
    """A folder with a flow of one job, and the command line in it."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "aetherflow.yaml").write_text("profile: internal_fast\n")

    def write(self, resource, *steps, **inputs):
        """A flow; without steps, one message with these inputs."""
        usual = {
            "resource": "post",
            "to": ["ada@example.com"],
            "subject": "Report {{run.id}}",
            "body": "hello",
            **inputs,
        }
        message = {"id": "tell", "type": "mail_send", "inputs": usual, "outputs": {"id": "{{result.message_id}}"}}
        flow = {
            "version": 1,
            "flow": {"id": "report", **ALONE},
            "resources": {"post": {"kind": "mail", **resource}},
            "jobs": [{"id": "main", "steps": list(steps) or [message]}],
        }
        # JSON is YAML.
        (self.folder / "flow.yaml").write_text(json.dumps(flow))

    def edit(self, **changes):
        file = self.folder / "flow.yaml"
        flow = json.loads(file.read_text())
        flow["jobs"][0]["steps"][-1] |= changes
        file.write_text(json.dumps(flow))

    def start(self, *arguments, **environment):
        return subprocess.Popen(
            [sys.executable, "-m", "aetherflow.kernel", *arguments],
            cwd=self.folder,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, **environment):
        running = self.start("run", "flow.yaml", "--run-id", "r1", "--json", **environment)
        out, err = running.communicate(timeout=60)
        return Answer(running.returncode, out, err)

    def validate(self):
        running = self.start("validate", "flow.yaml", "--json")
        out, err = running.communicate(timeout=60)
        return Answer(running.returncode, out, err)


class Answer:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def step(self):
        return self.json["jobs"][0]["steps"][-1]


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    return Project(folder)


FOLDER = {"driver": "file", "config": {"folder": "outbox", "from_addr": "reports@example.com"}}


def smtp(port, *, options=None, **config):
    settings = {"host": "127.0.0.1", "port": port, "tls": "none", "from_addr": "reports@example.com", **config}
    return {"driver": "smtp", "config": settings, "options": options or {}}


def takes(peer):
    """Takes one message as a proper server does."""
    peer.to_data()
    peer.hear_message()
    peer.say("250 taken")
    peer.answer("221 bye")


def test_a_message_with_a_file_that_the_run_made_becomes_a_file(project):
    make = {"id": "make", "type": "external.process", "inputs": {"command": ["sh", "-c", "echo 1,2 > a.csv"]}}
    inputs = {
        "resource": "post",
        "to": "Ada <ada@example.com>",
        "subject": "Ünï",
        "body": "<p>x</p>",
        "html": True,
        "bcc": ["eve@example.com"],
        "attachments": ["*.csv"],
    }
    project.write(
        FOLDER,
        make,
        {
            "id": "tell",
            "type": "mail_send",
            "inputs": inputs,
            "outputs": {"names": "{{result.attachments}}", "to": "{{result.to}}"},
        },
    )

    done = project.run()

    assert done.code == 0, done.err
    assert done.json["jobs"][0]["outputs"] == {"names": ["a.csv"], "to": ["Ada <ada@example.com>"]}
    (file,) = (project.folder / "outbox").glob("*.eml")
    mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    (part,) = mail.iter_attachments()
    assert (mail["Subject"], part.get_payload(decode=True)) == ("Ünï", b"1,2\n")


def test_a_message_goes_over_an_encrypted_line_and_its_password_nowhere_else(project, mail_server, tls, ca_file, login):
    """D22, S9, for mail."""
    server = mail_server(tls_context=tls, require_starttls=True, auth_required=True)
    (project.folder / "ca.pem").write_bytes(ca_file.read_bytes())
    config = {
        "tls": "starttls",
        "ca_file": "ca.pem",
        "username": login["username"],
        "password": "{{env.MAIL_PASS_WORD}}",
    }
    project.write(smtp(server.port, host="localhost", **config))

    done = project.run(MAIL_PASS_WORD=login["password"], AETHERFLOW_LOG_FORMAT="json", AETHERFLOW_LOG_LEVEL="DEBUG")

    assert done.code == 0, done.err
    assert server.messages[0].is_encrypted
    assert '"message": "handing over the message"' in done.err
    assert all(json.loads(line) for line in done.err.splitlines())
    assert_nowhere(project, done, login["password"])


def test_the_documented_flow_sends_by_a_server(project, mail_server, tls, ca_file, login):
    """The page's own flow; what stands in it of the server is replaced by where the test's server is."""
    server = mail_server(tls_context=tls, require_starttls=True, auth_required=True)
    (project.folder / "ca.pem").write_bytes(ca_file.read_bytes())
    page = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    (documented,) = (block for block in page.split("```") if block.startswith("yaml\n") and "driver: smtp" in block)
    place = f"host: localhost\n      port: {server.port}\n      tls: starttls\n      ca_file: ca.pem"
    assert documented.count("host: mail.example.com") == 1
    flow = documented.removeprefix("yaml\n").replace("host: mail.example.com", place)
    (project.folder / "flow.yaml").write_text(flow, encoding="utf-8")

    done = project.run(MAIL_PASSWORD=login["password"], MAIL_TO="ada@example.com")

    assert done.code == 0, done.err
    (message,) = server.messages
    assert message.is_encrypted
    assert message.recipients == ("ada@example.com",)
    assert email.message_from_bytes(message.content)["Subject"] == "Totals"


@pytest.mark.parametrize("form", ["{}", "AUTH PLAIN {}"])
def test_a_server_that_tells_the_password_back_puts_it_nowhere(project, scripted, login, form):
    password = 'l0gin-"canary"-ünï'
    plain = base64.b64encode(f"\0{login['username']}\0{password}".encode()).decode()

    def script(peer):
        peer.say("220 mail.test")
        peer.answer(["250-mail.test", "250 AUTH PLAIN"], f"535 {form.format(plain)} / {form.format(password)}")

    config = {"username": login["username"], "password": "{{env.MAIL_PASS_WORD}}"}
    project.write(smtp(scripted(script).port, **config))

    done = project.run(MAIL_PASS_WORD=password, AETHERFLOW_LOG_FORMAT="json", AETHERFLOW_LOG_LEVEL="DEBUG")

    assert done.code == 1
    assert done.step["error_code"] == "AF-MAIL-LOGIN"
    assert_nowhere(project, done, password)
    assert_nowhere(project, done, plain)


def assert_nowhere(project, done, secret):
    forms = {secret, json.dumps(secret)[1:-1], base64.b64encode(secret.encode()).decode(), repr(secret)[1:-1]}
    files = {file: file.read_bytes() for file in project.folder.rglob("*") if file.is_file()}
    assert any(file.name.startswith("ledger") for file in files)
    for form in forms:
        assert form not in done.out + done.err
        assert [file for file, content in files.items() if form.encode() in content] == []


def test_a_message_whose_outcome_is_unknown_is_not_sent_again_until_a_person_says_so(project, scripted):
    """R5."""

    def script(peer):
        peer.to_data()
        messages.append(peer.hear_message())

    messages = []
    server = scripted(script, script, takes)
    project.write(smtp(server.port))

    failed = project.run()
    assert failed.code == 1
    assert failed.step["error_code"] == "AF-MAIL-UNKNOWN"
    assert ".aetherflow@example.com>" in failed.step["reason"]

    for _ in range(2):
        stopped = project.run()
        assert stopped.code == 4
        assert stopped.json["errors"][0]["code"] == "AF-OUTCOME-UNKNOWN"
    assert len(messages) == 1

    project.edit(rerun="SAFE")
    assert project.run().code == 1
    assert [line for line in messages[0] if line.startswith("Message-ID")] == [
        line for line in messages[1] if line.startswith("Message-ID")
    ]
    assert project.run().code == 0


def test_a_run_killed_between_the_server_s_answer_and_the_commit_is_not_sent_again(project, scripted):
    """R5: the server has the message, and the ledger does not know."""

    def script(peer):
        peer.to_data()
        messages.append(peer.hear_message())
        peer.say("250 taken")
        # The goodbye is said once the answer has been read, and waited for before anything is written down.
        peer.hear()
        running.kill()
        running.wait()

    messages = []
    server = scripted(script)
    project.write(smtp(server.port))
    running = project.start("run", "flow.yaml", "--run-id", "r1")
    running.communicate(timeout=60)
    assert running.returncode == -signal.SIGKILL

    stopped = project.run()

    assert stopped.code == 4
    assert stopped.json["errors"][0]["code"] == "AF-OUTCOME-UNKNOWN"
    assert "tell" in stopped.json["errors"][0]["message"]
    assert (len(messages), server.connections) == (1, 1)


@pytest.mark.parametrize(("heard", "code"), [("RCPT", 0), ("dot", 4)])
def test_a_run_that_a_signal_stops_knows_whether_the_message_may_have_left(project, scripted, heard, code):
    def script(peer):
        if heard == "dot":
            peer.to_data()
            peer.hear_message()
        else:
            peer.say("220 mail.test")
            peer.answer("250 mail.test", "250 OK")
            peer.hear()
        running.send_signal(signal.SIGTERM)
        server.is_over.wait(20)

    server = scripted(script, takes)
    project.write(smtp(server.port))
    running = project.start("run", "flow.yaml", "--run-id", "r1")
    running.communicate(timeout=60)
    assert running.returncode == 143
    server.is_over.set()

    assert project.run().code == code
    assert server.connections == (2 if code == 0 else 1)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"attachments": ["a.csv"]}, "AF-MAIL-ATTACHMENT"),
        ({"attachments": ["*.csv"]}, "AF-MAIL-ATTACHMENT"),
        ({"attachments": ["../outside.csv"]}, "AF-PATH-REFUSED"),
        ({"to": ["{{env.NO_ADDRESS}}"]}, "AF-MAIL-ADDRESS"),
        ({"subject": "{{env.TWO_LINES}}"}, "AF-MAIL-HEADER"),
    ],
)
def test_a_message_that_could_not_be_sent_is_mended_and_sent(project, wrong, code):
    project.write(FOLDER, **wrong)

    failed = project.run(NO_ADDRESS="ada at example.com", TWO_LINES="two\nlines")
    assert failed.code == 1
    assert failed.step["error_code"] == code
    project.write(FOLDER)

    assert project.run().code == 0
    assert len(list((project.folder / "outbox").glob("*.eml"))) == 1


@pytest.mark.parametrize(
    ("settings", "inputs"),
    [
        ({}, {"to": "ada at example.com"}),
        ({}, {"subject": "two\nlines"}),
        ({"starttls": True}, {}),
        ({"username": "u"}, {}),
    ],
)
def test_what_can_not_be_sent_whatever_happens_is_told_before_anything_runs(project, settings, inputs):
    project.write(smtp(1, **settings), **inputs)

    refused = project.validate()

    assert refused.code == 2
    assert len(refused.json["errors"]) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"port": 1},
        {"tls": "starttls", "ca_file": "missing.pem"},
        {"tls": "starttls", "ca_file": "../missing.pem"},
        {"starttls": "{{env.STARTTLS}}"},
        {"username": "{{env.USER_OF_MAIL}}"},
    ],
)
def test_a_resource_that_does_not_work_is_mended_and_the_message_sent(project, scripted, wrong):
    server = scripted(takes)
    project.write(smtp(**{"port": server.port, **wrong}))

    failed = project.run(STARTTLS="true", USER_OF_MAIL="u")
    assert failed.code == 1, failed.err
    assert server.connections == 0
    project.write(smtp(server.port))

    assert project.run().code == 0


def test_recipients_that_are_refused_beside_others_are_a_warning(project, mail_server):
    server = mail_server()
    server.postbox.refuses["bob@example.com"] = "550 no such user"
    inputs = {"resource": "post", "to": ["ada@example.com", "bob@example.com"], "subject": "x", "body": "x"}
    project.write(
        smtp(server.port),
        {"id": "tell", "type": "mail_send", "inputs": inputs, "outputs": {"refused": "{{result.refused}}"}},
    )

    done = project.run()

    assert done.code == 0
    assert done.json["jobs"][0]["outputs"] == {"refused": {"bob@example.com": "550 no such user"}}
    assert "a recipient was refused" in done.err
    assert "bob@example.com" in done.err


def test_a_policy_that_denies_the_network_keeps_smtp_out_and_lets_the_folder_in(project):
    policy = "profiles:\n  internal_fast:\n    plugins:\n      deny: ['effect:{}']\n"
    for effect, folder, server in [("network", 0, 3), ("mail", 3, 3), ("write_files", 3, 0), ("database", 0, 0)]:
        (project.folder / "aetherflow.yaml").write_text(policy.format(effect))
        project.write(FOLDER)
        assert project.validate().code == folder, effect
        project.write(smtp(25))
        assert project.validate().code == server, effect


def test_what_a_flow_gives_wrongly_is_found_before_it_runs(project):
    project.write(
        FOLDER,
        too=["ada@example.com"],
        html="yes",
        attachments=[{"pth": "a"}, {"path": "a", "glob": "b"}],
        max_attachment_mb=0,
    )
    answer = project.validate()

    assert answer.code == 2
    assert len(answer.json["errors"]) == 5


def test_a_list_from_a_parameter_and_a_text_from_the_environment_are_recipients(project):
    project.write(FOLDER, to="{{env.TO}}", cc=["{{env.CC}}"])

    assert project.run(TO="ada@example.com, bob@example.com", CC="cy@example.com").code == 0
    (envelope,) = (project.folder / "outbox").glob("*.json")
    assert json.loads(envelope.read_text())["to"] == ["ada@example.com", "bob@example.com", "cy@example.com"]


def test_ids_of_messages_differ_by_run_and_step_and_not_by_attempt(project):
    inputs = {"resource": "post", "to": ["ada@example.com"], "subject": "x", "body": "x"}
    steps = [{"id": name, "type": "mail_send", "inputs": inputs} for name in ("one", "two")]
    project.write(FOLDER, *steps)

    for run in ("r1", "r2"):
        running = project.start("run", "flow.yaml", "--run-id", run)
        running.communicate(timeout=60)
        assert running.returncode == 0

    assert len(list((project.folder / "outbox").glob("*.eml"))) == 4


def test_the_folder_may_not_be_outside_the_project(project, tmp_path):
    project.write({"driver": "file", "config": {"folder": "../outside", "from_addr": "a@b.c"}})

    assert project.run().code == 1
    assert not Path(tmp_path / "outside").exists()
