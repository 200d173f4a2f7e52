"""What every driver that implements `Mailer` must do; a driver inherits the class and gives `mailer` and `received`."""

from __future__ import annotations

import email
import email.policy
import json
import threading

import pytest

from aetherflow.kernel.api import Attachment, NothingDone

pytestmark = pytest.mark.contract


class MailerConformance:
    """Inherit it, and give a fixture `mailer`, an open connector, and a method that reads what it handed over."""

    def received(self, mailer):
        """The messages so far, each with `sender`, `recipients` and `content`."""
        raise NotImplementedError

    def only(self, mailer):
        (message,) = self.received(mailer)
        return message, email.message_from_bytes(message.content, policy=email.policy.default)

    def test_a_message_arrives_with_its_headers_and_its_text(self, mailer, make_message):
        delivery = mailer.send(
            make_message(subject="Grüße", text="hällo\n", cc=("Cy <cy@example.com>",), reply_to=("r@e.f",))
        )

        message, mail = self.only(mailer)
        assert (mail["Subject"], mail["To"], mail["Cc"], mail["Reply-To"]) == (
            "Grüße",
            "ada@example.com",
            "Cy <cy@example.com>",
            "r@e.f",
        )
        assert mail["Message-ID"] == delivery.message_id
        assert mail.get_content().splitlines() == ["hällo"]
        assert message.recipients == ("ada@example.com", "cy@example.com")
        assert message.sender == "reports@example.com"
        assert delivery.refused == {}

    def test_html_text_and_attachments_arrive(self, mailer, make_message):
        content = bytes(range(256)) * 300
        attachments = (
            Attachment(name="zahlen ä.csv", content=b"1\r\n.\r\n", media_type="text/csv"),
            Attachment(name="x", content=content),
        )
        mailer.send(make_message(text="plain", html="<p>ä</p>", attachments=attachments))

        _, mail = self.only(mailer)
        assert mail.get_body(("plain",)).get_content().strip() == "plain"
        assert mail.get_body(("html",)).get_content().strip() == "<p>ä</p>"
        parts = [
            (part.get_filename(), part.get_content_type(), part.get_payload(decode=True))
            for part in mail.iter_attachments()
        ]
        assert parts == [("zahlen ä.csv", "text/csv", b"1\r\n.\r\n"), ("x", "application/octet-stream", content)]

    def test_blind_copies_are_delivered_and_not_told(self, mailer, make_message):
        mailer.send(make_message(bcc=("Eve <eve@secret.example>",)))

        message, mail = self.only(mailer)
        assert message.recipients == ("ada@example.com", "eve@secret.example")
        assert b"eve" not in message.content.lower()
        assert mail["Bcc"] is None

    def test_lines_of_dots_arrive_as_they_are(self, mailer, make_message):
        text = ".\n..\n.x\n\n.\n" + "." * 80 + "\n"
        mailer.send(make_message(text=text))

        _, mail = self.only(mailer)
        assert mail.get_content().splitlines() == text.splitlines()

    def test_lines_of_any_length_arrive(self, mailer, make_message):
        mailer.send(make_message(text="x" * 10_000 + "\n" + "ä" * 10_000))

        _, mail = self.only(mailer)
        assert mail.get_content().splitlines() == ["x" * 10_000, "ä" * 10_000]

    def test_a_repeated_attempt_bears_the_same_message_id_and_another_message_another(self, mailer, make_message):
        first = mailer.send(make_message(key="one"))
        again = mailer.send(make_message(key="one"))
        other = mailer.send(make_message(key="two"))

        assert first.message_id == again.message_id != other.message_id

    @pytest.mark.parametrize(
        "wrong",
        [
            {"to": ()},
            {"to": ("ada@example.com\r\nBcc: eve@example.com",)},
            {"to": ("ada@example.com> SIZE=0\r\nRCPT TO:<eve@example.com",)},
            {"to": ("ada@example.com, eve@example.com",)},
            {"cc": ("nobody",)},
            {"bcc": ("nobody",)},
            {"reply_to": ("nobody",)},
            {"from_address": "nobody"},
            {"subject": "x\r\nBcc: eve@example.com"},
            {"attachments": (Attachment(name="x\r\ny", content=b""),)},
            {"attachments": (Attachment(name="x", content=b"", media_type="x\r\ny"),)},
            {"to": tuple(f"a{number}@example.com" for number in range(101))},
        ],
    )
    def test_what_can_t_be_sent_safely_is_refused_with_nothing_done(self, mailer, make_message, wrong):
        with pytest.raises(NothingDone) as refused:
            mailer.send(make_message(**wrong))

        assert refused.value.problem.code.startswith("AF-MAIL-")
        assert "'post'" in refused.value.problem.message
        assert self.received(mailer) == []

    def test_messages_of_several_threads_arrive_each_once(self, mailer, make_message):
        threads = [
            threading.Thread(target=mailer.send, args=(make_message(key=str(number), subject=str(number)),))
            for number in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        subjects = [email.message_from_bytes(message.content)["Subject"] for message in self.received(mailer)]
        assert sorted(subjects) == [str(number) for number in range(8)]

    def test_cancel_and_close_are_harmless_between_messages(self, mailer, make_message):
        mailer.cancel()
        mailer.send(make_message())
        mailer.cancel()
        mailer.close()

        assert len(self.received(mailer)) == 1


class TestSmtp(MailerConformance):
    @pytest.fixture
    def mailer(self, mail_server, open_smtp, tls, ca_file, login):
        self.server = mail_server(tls_context=tls, require_starttls=True, auth_required=True)
        return open_smtp(self.server.port, tls="starttls", ca_file=str(ca_file), **login)

    def received(self, mailer):
        return self.server.messages


class TestFolder(MailerConformance):
    @pytest.fixture
    def mailer(self, open_folder, tmp_path):
        self.folder = tmp_path / "outbox"
        return open_folder("outbox")

    def received(self, mailer):
        from types import SimpleNamespace

        found = []
        for file in sorted(self.folder.glob("*.eml")):
            envelope = json.loads(file.with_suffix(".envelope.json").read_text())
            found.append(
                SimpleNamespace(sender=envelope["from"], recipients=tuple(envelope["to"]), content=file.read_bytes())
            )
        return found
