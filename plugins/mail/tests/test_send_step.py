"""The step by itself: what it makes of its inputs, what it attaches, what it gives back."""

from __future__ import annotations

import email
import email.policy
import os
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from aetherflow.kernel.api import ConnectorError, Delivery, NothingDone, PathRefused, PluginError, Rerun
from aetherflow_mail.send_step import MailSend

pytestmark = pytest.mark.unit


class Recorder:
    """Keeps the messages that the step makes, and refuses whom it is told to."""

    def __init__(self, **refused):
        self.messages = []
        self.refused = refused

    def send(self, message):
        self.messages.append(message)
        return Delivery(message_id="<1@example.com>", refused=self.refused)


@pytest.fixture
def recorder(desk):
    desk.mailer = Recorder()
    return desk.mailer


@pytest.fixture
def refusal(desk, recorder):
    def send(**inputs):
        with pytest.raises(NothingDone) as refused:
            desk.send(**inputs)
        assert recorder.messages == [], "nothing is handed over before everything is known to be well"
        return refused.value.problem

    return send


class TestMessage:
    def test_the_outputs_are_those_of_the_ancestor_and_more(self, desk, recorder):
        """D37, for mail: there were no attachments."""
        (desk.artifacts / "a.csv").write_bytes(b"1")

        outputs = desk.send(to="Ada <ada@example.com>, bob@example.com", attachments="a.csv")

        assert outputs.model_dump() == {
            "sent": True,
            "to": ["Ada <ada@example.com>", "bob@example.com"],
            "subject": "Hello",
            "html": False,
            "message_id": "<1@example.com>",
            "refused": {},
            "attachments": ["a.csv"],
        }

    def test_a_plain_body_is_text(self, desk, recorder):
        desk.send(body="hello")

        (message,) = recorder.messages
        assert (message.text, message.html, message.key) == ("hello", None, desk.idempotency_key)

    def test_a_body_of_html_may_have_a_text_beside_it(self, desk, recorder):
        desk.send(body="<p>x</p>", html=True)
        desk.send(body="<p>x</p>", html=True, text="x")

        assert [(message.text, message.html) for message in recorder.messages] == [
            (None, "<p>x</p>"),
            ("x", "<p>x</p>"),
        ]

    def test_a_text_without_html_is_left_out_and_told(self, desk, recorder, log):
        desk.send(body="x", text="y")

        assert recorder.messages[0].text == "x"
        assert "text is left out" in log.entries[0][0]

    def test_lists_texts_and_nulls_are_recipients(self, desk, recorder):
        desk.send(to=["ada@example.com"], cc="b@e.f, c@e.f", bcc=["d@e.f"], reply_to=None, from_addr="me@example.com")

        (message,) = recorder.messages
        assert (message.to, message.cc, message.bcc, message.reply_to) == (
            ("ada@example.com",),
            ("b@e.f", "c@e.f"),
            ("d@e.f",),
            (),
        )
        assert message.from_address == "me@example.com"

    def test_the_date_has_a_time_zone(self, desk, recorder):
        desk.send()

        assert recorder.messages[0].date.utcoffset() is not None

    def test_refused_recipients_are_outputs_and_warnings(self, desk, log):
        desk.mailer = Recorder(**{"bob@example.com": "550 no"})

        assert desk.send().refused == {"bob@example.com": "550 no"}
        assert log.fields("a recipient was refused") == [{"address": "bob@example.com", "reason": "550 no"}]

    @pytest.mark.parametrize(
        "wrong", [{"to": 'ada" <'}, {"cc": ["a", 1]}, {"subject": None}, {"html": "yes"}, {"max_attachment_mb": 0}]
    )
    def test_inputs_of_the_wrong_kind_are_refused(self, desk, recorder, wrong):
        with pytest.raises((ValidationError, NothingDone)):
            desk.send(**wrong)

        assert recorder.messages == []


class TestNothingDone:
    @pytest.mark.parametrize(
        "error",
        [
            ConnectorError("x", code="AF-X", help="y"),
            PluginError("x", code="AF-X", help="y"),
            PathRefused("x", code="AF-X", help="y"),
        ],
    )
    def test_a_resource_that_can_t_be_opened_has_sent_nothing(self, desk, error):
        def get(_resource, _protocol):
            raise error

        desk.connectors = SimpleNamespace(get=get)

        with pytest.raises(NothingDone) as refused:
            desk.send()

        assert (refused.value.problem.code, refused.value.problem.help) == ("AF-X", "y")

    def test_a_run_that_must_stop_sends_nothing(self, desk, refusal):
        desk.cancelled.set()

        assert refusal().code == "AF-MAIL-STOPPED"

    def test_an_unknown_outcome_stays_one(self, desk):
        class Unknown:
            def send(self, message):
                raise ConnectorError("x", code="AF-MAIL-UNKNOWN")

        desk.mailer = Unknown()
        with pytest.raises(ConnectorError) as raised:
            desk.send()

        assert not isinstance(raised.value, NothingDone)

    def test_it_is_not_repeated_without_a_person(self):
        assert MailSend.rerun is Rerun.ONCE
        assert {effect.value for effect in MailSend.effects} == {"mail", "read_files"}


class TestAttachments:
    @pytest.fixture
    def attached(self, desk, recorder):
        def send(*entries, **inputs):
            desk.send(attachments=list(entries), **inputs)
            return [(file.name, file.content, file.media_type) for file in recorder.messages[-1].attachments]

        return send

    @pytest.fixture
    def put(self, desk):
        def write(where, content=b"x"):
            file = desk.artifacts.parent / where
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            return file

        return write

    def test_a_path_is_looked_for_in_the_artifacts_then_in_the_project(self, attached, put):
        put("project/a.csv", b"project")
        assert attached("a.csv") == [("a.csv", b"project", "text/csv")]

        put("artifacts/a.csv", b"artifacts")
        assert attached("a.csv") == [("a.csv", b"artifacts", "text/csv")]

    def test_an_absolute_path_inside_is_a_path(self, attached, put):
        assert attached(str(put("project/sub/a.pdf"))) == [("a.pdf", b"x", "application/pdf")]

    def test_a_name_and_a_media_type_may_be_given(self, attached, put):
        put("project/a.csv")

        assert attached({"path": "a.csv", "name": "Zahlen ä.CSV", "media_type": "text/x-csv"}) == [
            ("Zahlen ä.CSV", b"x", "text/x-csv")
        ]
        assert attached({"path": "a.csv", "name": "a.unknown"}) == [("a.unknown", b"x", "application/octet-stream")]

    def test_a_glob_gives_files_in_the_order_of_their_names(self, attached, put):
        for name in ("b.csv", "a.csv", "c.txt", "sub/d.csv", ".hidden.csv"):
            put(f"artifacts/{name}")
        put("artifacts/folder.csv/inner.txt")

        assert [name for name, _, _ in attached("*.csv")] == ["a.csv", "b.csv"]
        assert [name for name, _, _ in attached({"glob": "**/*.csv"})] == ["a.csv", "b.csv", "d.csv"]
        assert [name for name, _, _ in attached({"glob": ".*.csv"})] == [".hidden.csv"]

    def test_a_glob_that_finds_something_in_the_artifacts_leaves_the_project_alone(self, attached, put):
        put("project/a.csv")
        assert [name for name, _, _ in attached("*.csv")] == ["a.csv"]

        put("artifacts/b.csv")
        assert [name for name, _, _ in attached("*.csv")] == ["b.csv"]

    def test_a_glob_of_the_project_does_not_look_into_what_aetherflow_keeps(self, refusal, put):
        put("project/.aetherflow/work/flow/job/run/artifacts/other.csv")

        assert "finds no file" in refusal(attachments=["**/*.csv"]).message

    def test_a_text_with_glob_marks_that_is_a_file_is_that_file(self, attached, put):
        put("artifacts/a[1].csv")
        put("artifacts/a1.csv")

        assert [name for name, _, _ in attached("a[1].csv")] == ["a[1].csv"]

    def test_a_glob_that_finds_nothing_is_an_error_unless_it_is_optional(self, attached, refusal):
        problem = refusal(attachments=["*.csv"])
        assert problem.code == "AF-MAIL-ATTACHMENT"
        assert "'*.csv' finds no file" in problem.message
        assert "optional: true" in problem.help

        assert attached({"glob": "*.csv", "optional": True}) == []

    def test_a_file_that_is_missing_is_an_error_unless_it_is_optional(self, attached, refusal):
        problem = refusal(attachments=["a.csv"])
        assert problem.code == "AF-MAIL-ATTACHMENT"
        assert "no file 'a.csv'" in problem.message

        assert attached({"path": "a.csv", "optional": True}) == []

    def test_a_link_inside_is_the_file_under_its_own_name(self, attached, put):
        put("project/data/2026.csv", b"1").parent.parent.joinpath("latest.csv").symlink_to("data/2026.csv")

        assert attached("latest.csv") == [("latest.csv", b"1", "text/csv")]

    @pytest.mark.parametrize(
        "entry",
        [
            "out.csv",
            "*.csv",
            {"glob": "o*"},
            {"path": "out.csv", "optional": True},
            {"glob": "*.csv", "optional": True},
        ],
    )
    def test_a_link_that_leads_out_is_refused(self, desk, refusal, put, entry):
        (desk.artifacts / "out.csv").symlink_to(put("secret.csv"))

        assert refusal(attachments=[entry]).code == "AF-PATH-REFUSED"

    @pytest.mark.parametrize("entry", ["../secret.csv", "/etc/passwd", {"path": "sub/../../secret.csv"}])
    def test_a_path_that_leads_out_is_refused(self, refusal, put, entry):
        put("secret.csv")

        assert refusal(attachments=[entry]).code == "AF-PATH-REFUSED"

    @pytest.mark.parametrize("pattern", ["../*.csv", "sub/../../*.csv", "/etc/*", "**x/[", "", "a\0*"])
    def test_a_glob_that_leads_out_or_is_none_is_refused(self, desk, recorder, pattern):
        with pytest.raises((NothingDone, ValidationError)):
            desk.send(attachments=[{"glob": pattern}])

        assert recorder.messages == []

    def test_a_folder_a_pipe_and_a_dangling_link_are_no_files(self, desk, refusal):
        (desk.artifacts / "folder").mkdir()
        os.mkfifo(desk.artifacts / "pipe")
        (desk.artifacts / "dangling").symlink_to("nowhere")

        for entry in ("folder", "pipe", "dangling", "*ling", "*pe"):
            assert refusal(attachments=[entry]).code == "AF-MAIL-ATTACHMENT", entry

    def test_what_is_too_much_together_is_refused_and_not_read_whole(self, desk, refusal, put, attached):
        megabyte = 1024 * 1024
        put("artifacts/a", b"x" * megabyte)
        put("artifacts/b", b"y" * megabyte)
        with (desk.artifacts / "huge").open("wb") as huge:
            huge.truncate(500 * 1024 * megabyte)

        assert len(attached("a", "b", max_attachment_mb=2)) == 2
        assert refusal_of(desk, ["a", "b"], max_attachment_mb=1.9).code == "AF-MAIL-SIZE"
        assert refusal_of(desk, ["huge"]).code == "AF-MAIL-SIZE"

    def test_too_many_files_are_refused(self, refusal, put):
        for number in range(101):
            put(f"artifacts/{number}.csv")

        assert "101 attachments, and at most 100" in refusal(attachments=["*.csv"]).message

    @pytest.mark.parametrize(
        "wrong",
        [
            {},
            {"path": "a", "glob": "b"},
            {"path": ""},
            {"glob": "*", "name": "x"},
            {"path": "a", "disposition": "inline"},
        ],
    )
    def test_an_entry_is_a_path_or_a_glob(self, desk, recorder, wrong):
        with pytest.raises(ValidationError):
            desk.send(attachments=[wrong])

    @pytest.mark.parametrize("name", ["a\r\nb.csv", "a\u2028.csv"])
    def test_a_file_whose_name_would_break_a_header_is_refused(self, desk, log, name):
        (desk.artifacts / name).write_bytes(b"x")

        with pytest.raises(NothingDone) as refused:
            desk.send(attachments=["*.csv"])

        assert refused.value.problem.code == "AF-MAIL-HEADER"

    def test_a_name_that_is_no_utf_8_is_refused(self, desk):
        os.close(os.open(os.fsencode(desk.artifacts) + b"/a\xff.csv", os.O_CREAT | os.O_WRONLY))

        with pytest.raises(NothingDone) as refused:
            desk.send(attachments=["*.csv"])

        assert refused.value.problem.code == "AF-MAIL-HEADER"

    def test_it_arrives_in_the_file_of_the_message(self, desk, tmp_path):
        (desk.artifacts / "a.csv").write_bytes(b"1;2\r\n")

        desk.send(attachments=["a.csv"])

        (file,) = (tmp_path / "outbox").glob("*.eml")
        (part,) = email.message_from_bytes(file.read_bytes(), policy=email.policy.default).iter_attachments()
        assert (part.get_filename(), part.get_payload(decode=True)) == ("a.csv", b"1;2\r\n")


def refusal_of(desk, attachments, **inputs):
    with pytest.raises(NothingDone) as refused:
        desk.send(attachments=attachments, **inputs)
    return refused.value.problem
