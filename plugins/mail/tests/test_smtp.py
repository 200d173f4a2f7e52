"""The driver against a real server that behaves: logins, encryption, refusals, limits."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading

import pytest
from pydantic import ValidationError

from aetherflow.kernel.api import Attachment, ConnectorContext, ConnectorError, NothingDone
from aetherflow_mail.smtp import Smtp, SmtpConfig, SmtpOptions

pytestmark = pytest.mark.integration


@pytest.fixture
def refusal(make_message):
    """Send a message and answer the error, which says that nothing was done."""

    def send(connector, **given):
        with pytest.raises(NothingDone) as refused:
            connector.send(make_message(**given))
        return refused.value.problem

    return send


@pytest.fixture
def open_trusting(open_smtp, ca_file, login):
    """Open connectors that trust the tests' own authority, and have a password to lose."""
    return lambda port, **config: open_smtp(port, ca_file=str(ca_file), **login, **config)


#: What is wrong with a certificate, and what OpenSSL says about it.
CERTIFICATE_FAULTS = {
    "authority": "unable to get local issuer certificate",
    "name": "hostname mismatch",
    "expired": "certificate has expired",
}


@pytest.fixture
def unproven(make_tls, authority, other_authority):
    """Make what servers encrypt with that don't prove who they are."""
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    return {
        "authority": lambda: make_tls(other_authority),
        "name": lambda: make_tls(authority, "other.example"),
        "expired": lambda: make_tls(authority, not_before=yesterday - dt.timedelta(days=9), not_after=yesterday),
    }


class TestEncryption:
    """D37, S16: STARTTLS was not verified, and there was no SMTPS."""

    @pytest.mark.parametrize("settings", [{"tls": "starttls"}, {"tls": None, "starttls": True}])
    def test_starttls_comes_before_anything_else(
        self, mail_server, open_smtp, make_message, tls, ca_file, login, settings
    ):
        server = mail_server(tls_context=tls, require_starttls=True)

        open_smtp(server.port, ca_file=str(ca_file), **login, **settings).send(make_message())

        assert server.messages[0].is_encrypted
        assert server.postbox.logins == [("PLAIN", True)]

    def test_smtps_is_encrypted_from_the_first_byte(self, mail_server, open_smtp, make_message, tls, ca_file, login):
        server = mail_server(implicit_tls=tls, auth_require_tls=False)

        open_smtp(server.port, tls="implicit", ca_file=str(ca_file), **login).send(make_message())

        assert len(server.messages) == 1
        assert len(server.postbox.logins) == 1

    def test_an_address_instead_of_a_name_is_verified_too(self, mail_server, open_smtp, make_message, tls, ca_file):
        server = mail_server(tls_context=tls, require_starttls=True)

        open_smtp(server.port, host="127.0.0.1", tls="starttls", ca_file=str(ca_file)).send(make_message())

        assert server.messages[0].is_encrypted

    @pytest.mark.parametrize("security", ["starttls", "implicit"])
    @pytest.mark.parametrize("fault", CERTIFICATE_FAULTS)
    def test_a_certificate_that_proves_nothing_is_refused(
        self, mail_server, open_trusting, refusal, unproven, security, fault
    ):
        tls = unproven[fault]()
        options = {"implicit_tls": tls} if security == "implicit" else {"tls_context": tls, "require_starttls": True}
        server = mail_server(**options)

        problem = refusal(open_trusting(server.port, tls=security))

        assert problem.code == "AF-MAIL-TLS"
        assert CERTIFICATE_FAULTS[fault] in problem.message.lower()
        assert (server.messages, server.postbox.logins) == ([], [])

    def test_without_ca_file_the_system_s_authorities_count(self, mail_server, open_smtp, refusal, tls):
        server = mail_server(tls_context=tls, require_starttls=True)

        assert refusal(open_smtp(server.port, tls="starttls")).code == "AF-MAIL-TLS"
        assert server.messages == []

    @pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
    @pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
    def test_old_versions_of_tls_are_refused(
        self, mail_server, open_smtp, refusal, authority, make_tls, ca_file, newest
    ):
        tls = make_tls(authority)
        tls.set_ciphers("ALL:@SECLEVEL=0")
        tls.minimum_version = ssl.TLSVersion.TLSv1
        tls.maximum_version = newest
        server = mail_server(tls_context=tls, require_starttls=True)

        problem = refusal(open_smtp(server.port, tls="starttls", ca_file=str(ca_file)))

        assert problem.code == "AF-MAIL-TLS"
        assert server.messages == []

    def test_a_server_that_offers_no_starttls_is_refused_and_hears_nothing_more(
        self, mail_server, open_smtp, refusal, ca_file, login
    ):
        server = mail_server()

        problem = refusal(open_smtp(server.port, tls="starttls", ca_file=str(ca_file), **login))

        assert problem.code == "AF-MAIL-TLS"
        assert "does not offer STARTTLS" in problem.message
        assert (server.messages, server.postbox.logins) == ([], [])

    def test_encryption_to_a_port_that_speaks_none_is_told(self, mail_server, open_smtp, refusal, ca_file):
        problem = refusal(open_smtp(mail_server().port, tls="implicit", ca_file=str(ca_file)))

        assert problem.code == "AF-MAIL-TLS"
        assert "check port and tls" in problem.help

    @pytest.mark.parametrize("content", [None, "no certificate", ""])
    def test_a_ca_file_that_can_t_be_used_is_told(self, open_smtp, tmp_path, content):
        if content is not None:
            (tmp_path / "ca.pem").write_text(content)

        with pytest.raises(ConnectorError) as refused:
            open_smtp(1, tls="starttls", ca_file=str(tmp_path / "ca.pem"))

        assert refused.value.problem.code == "AF-MAIL-TLS"
        assert "ca_file" in refused.value.problem.message


class TestLogin:
    @pytest.mark.parametrize("way", ["PLAIN", "LOGIN"])
    def test_each_way_to_log_in_works(self, mail_server, open_smtp, make_message, tls, ca_file, login, way):
        others = {"PLAIN", "LOGIN"} - {way}
        server = mail_server(tls_context=tls, require_starttls=True, auth_required=True, auth_exclude_mechanism=others)

        open_smtp(server.port, tls="starttls", ca_file=str(ca_file), **login).send(make_message())

        assert server.postbox.logins == [(way, True)]
        assert len(server.messages) == 1

    @pytest.mark.parametrize("way", ["PLAIN", "LOGIN"])
    def test_a_wrong_password_is_told_without_it(self, mail_server, open_smtp, refusal, tls, ca_file, login, way):
        others = {"PLAIN", "LOGIN"} - {way}
        server = mail_server(tls_context=tls, require_starttls=True, auth_exclude_mechanism=others)

        problem = refusal(
            open_smtp(server.port, tls="starttls", ca_file=str(ca_file), **{**login, "password": "wrong-pass"})
        )

        assert problem.code == "AF-MAIL-LOGIN"
        assert "535" in problem.message
        assert "wrong-pass" not in problem.message
        assert server.messages == []

    def test_a_server_without_a_way_to_log_in_is_refused(self, mail_server, open_smtp, refusal, tls, ca_file, login):
        server = mail_server(tls_context=tls, require_starttls=True, auth_exclude_mechanism={"PLAIN", "LOGIN"})

        problem = refusal(open_smtp(server.port, tls="starttls", ca_file=str(ca_file), **login))

        assert problem.code == "AF-MAIL-LOGIN"
        assert server.messages == []

    def test_on_this_machine_a_login_in_clear_can_be_asked_for(self, mail_server, open_smtp, make_message, login):
        server = mail_server(auth_require_tls=False)

        open_smtp(server.port, tls="none", **login).send(make_message())

        assert server.postbox.logins == [("PLAIN", False)]


class TestRefusals:
    def test_one_refused_recipient_is_told_and_the_others_get_it(self, mail_server, open_smtp, make_message):
        server = mail_server()
        server.postbox.refuses["bob@example.com"] = "550 5.1.1 no such user\x07 here"

        delivery = open_smtp(server.port).send(
            make_message(to=("ada@example.com", "bob@example.com"), cc=("cy@example.com",))
        )

        assert delivery.refused == {"bob@example.com": "550 5.1.1 no such user\\x07 here"}
        assert server.messages[0].recipients == ("ada@example.com", "cy@example.com")

    def test_all_refused_is_nothing_done(self, mail_server, open_smtp, refusal):
        server = mail_server()
        server.postbox.refuses |= {"ada@example.com": "550 no", "bob@example.com": "450 later"}

        problem = refusal(open_smtp(server.port), to=("ada@example.com", "bob@example.com"))

        assert problem.code == "AF-MAIL-REFUSED"
        assert "ada@example.com: 550 no; bob@example.com: 450 later" in problem.message
        assert server.messages == []

    @pytest.mark.parametrize("stage", ["MAIL", "DATA"])
    @pytest.mark.parametrize("reply", ["550 5.7.1 not you", "451 4.3.0 later"])
    def test_a_refusal_at_any_stage_is_nothing_done(self, mail_server, open_smtp, refusal, stage, reply):
        server = mail_server()
        server.postbox.refuses[stage] = reply

        problem = refusal(open_smtp(server.port))

        assert problem.code == "AF-MAIL-REFUSED"
        assert reply in problem.message
        assert server.messages == []

    def test_a_message_that_is_bigger_than_the_server_takes_is_not_sent(self, mail_server, open_smtp, refusal):
        server = mail_server(data_size_limit=20_000)
        connector = open_smtp(server.port)

        problem = refusal(connector, attachments=(Attachment(name="x", content=b"x" * 20_000),))

        assert problem.code == "AF-MAIL-SIZE"
        assert "at most 20000" in problem.message
        assert server.messages == []

    def test_a_big_message_arrives_whole(self, mail_server, open_smtp, make_message):
        server = mail_server(data_size_limit=None)
        content = bytes(range(256)) * 40_000

        open_smtp(server.port).send(make_message(attachments=(Attachment(name="x", content=content),)))

        import email

        (part,) = [part for part in email.message_from_bytes(server.messages[0].content).walk() if part.get_filename()]
        assert part.get_payload(decode=True) == content

    def test_limits_of_the_resource_are_kept(self, mail_server, open_smtp, refusal, make_message):
        server = mail_server()
        connector = open_smtp(server.port, options={"max_recipients": 1, "recipient_domains": ["Example.com"]})

        assert refusal(connector, cc=("bob@example.com",)).code == "AF-MAIL-RECIPIENTS"
        assert refusal(connector, to=("eve@elsewhere.example",)).code == "AF-MAIL-RECIPIENTS"
        connector.send(make_message())
        assert len(server.messages) == 1


class TestTryingAgain:
    def test_nothing_listens_is_nothing_done(self, open_smtp, refusal):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]

        problem = refusal(open_smtp(port))

        assert problem.code == "AF-MAIL-CONNECT"
        assert "refused" in problem.message

    def test_a_name_that_is_not_found_is_nothing_done(self, open_smtp, refusal):
        assert refusal(open_smtp(25, host="no-such-host.invalid")).code == "AF-MAIL-CONNECT"

    def test_a_server_that_comes_late_is_tried_again(self, mail_server, open_smtp, make_message, log):
        server = mail_server()
        server.postbox.refuses["MAIL"] = "451 greylisted"
        connector = open_smtp(server.port, options={"retry": {"max_attempts": 3, "backoff_seconds": 0}})
        tried = []

        class Refuses(dict):
            def __contains__(self, stage):
                if stage == "MAIL":
                    tried.append(stage)
                return stage == "MAIL" and len(tried) < 3

        server.postbox.refuses = Refuses(MAIL="451 greylisted")
        connector.send(make_message())

        assert len(tried) == 3
        assert len(server.messages) == 1
        assert [fields["attempt"] for fields in log.fields("trying again")] == [1, 2]

    @pytest.mark.parametrize(("reply", "attempts"), [("451 later", 3), ("550 never", 1)])
    def test_only_what_may_pass_is_tried_again_and_not_for_ever(
        self, mail_server, open_smtp, refusal, log, reply, attempts
    ):
        server = mail_server()
        server.postbox.refuses["ada@example.com"] = reply

        refusal(open_smtp(server.port, options={"retry": {"max_attempts": 3, "backoff_seconds": 0}}))

        assert len(log.fields("trying again")) == attempts - 1

    def test_one_attempt_is_the_default(self, mail_server, open_smtp, refusal, log):
        server = mail_server()
        server.postbox.refuses["MAIL"] = "451 later"

        refusal(open_smtp(server.port))

        assert log.fields("trying again") == []

    def test_cancel_ends_the_wait_between_attempts(self, mail_server, open_smtp, refusal, log):
        server = mail_server()
        server.postbox.refuses["MAIL"] = "451 later"
        connector = open_smtp(server.port, options={"retry": {"max_attempts": 2, "backoff_seconds": 3600}})
        warn, log.warning = log.warning, None

        def warn_and_cancel(*said, **fields):
            warn(*said, **fields)
            threading.Thread(target=connector.cancel).start()

        log.warning = warn_and_cancel

        assert refusal(connector).code == "AF-MAIL-STOPPED"


def test_cancel_is_harmless_before_the_connector_is_open(log):
    context = ConnectorContext(resource="post", log=log, file_path=None)

    Smtp(context, SmtpConfig(host="mail.example.com"), SmtpOptions()).cancel()


class TestConfig:
    @pytest.mark.parametrize(
        ("given", "security"),
        [
            ({}, "starttls"),
            ({"port": 587}, "starttls"),
            ({"port": 465}, "implicit"),
            ({"port": 25}, "none"),
            ({"port": 587, "starttls": False}, "none"),
            ({"port": 25, "starttls": True}, "starttls"),
            ({"port": 465, "starttls": False}, "implicit"),
            ({"port": 465, "tls": "starttls"}, "starttls"),
            ({"port": 587, "tls": "implicit"}, "implicit"),
            ({"port": 587, "tls": "none"}, "none"),
            ({"port": 2525, "tls": "starttls", "starttls": True}, "starttls"),
        ],
    )
    def test_how_a_connection_is_encrypted(self, given, security):
        assert SmtpConfig(host="mail.example.com", **given).security == security

    @pytest.mark.parametrize(
        ("given", "sender"),
        [
            ({}, None),
            ({"username": "a@b.c", "password": "p"}, "a@b.c"),
            ({"username": "a", "password": "p"}, None),
            ({"username": "a@b.c", "password": "p", "from_addr": "D <d@e.f>"}, "D <d@e.f>"),
        ],
    )
    def test_who_sends_what_says_no_sender(self, given, sender):
        assert SmtpConfig.model_validate({"host": "mail.example.com", **given}).sender == sender

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"tls": "implicit", "starttls": True}, "contradicts"),
            ({"tls": "none", "starttls": True}, "contradicts"),
            ({"tls": "starttls", "starttls": False}, "contradicts"),
            ({"port": 465, "starttls": True}, "contradicts port 465"),
            ({"tls": "none", "ca_file": "ca.pem"}, "of no use"),
            ({"username": "u"}, "give username and password"),
            ({"password": "p"}, "give username and password"),
            ({"username": "u", "password": ""}, "give username and password"),
            ({"username": "u", "password": "a\0b"}, "NUL"),
            ({"username": "u\0", "password": "ab"}, "NUL"),
            ({"port": 25, "username": "u", "password": "p"}, "not sent without encryption"),
            ({"tls": "none", "username": "u", "password": "p"}, "not sent without encryption"),
            ({"starttls": False, "username": "u", "password": "p"}, "not sent without encryption"),
            ({"host": "localhost", "port": 25, "username": "u", "password": "p"}, "not sent without encryption"),
            ({"host": "a b"}, "host"),
            ({"host": "a\r\nb"}, "host"),
            ({"host": ""}, "host"),
            ({"port": 0}, "port"),
            ({"verify": False}, "verify"),
        ],
    )  # fmt: skip
    def test_what_contradicts_itself_is_refused_without_the_password(self, given, words):
        with pytest.raises(ValidationError, match=words) as refused:
            SmtpConfig.model_validate({"host": "mail.example.com", **given})

        assert "a\\0b" not in str(refused.value)

    def test_a_login_in_clear_is_refused_where_the_name_leads_elsewhere(self, login):
        """localhost is this machine by name; that it is, is asked again once the connection stands."""
        from types import SimpleNamespace

        from aetherflow_mail.faults import Failure
        from aetherflow_mail.session import Login, Session

        session = Session(SimpleNamespace(peer="192.0.2.1"), resource="post", log=None)
        with pytest.raises(Failure, match="not encrypted"):
            session.log_in(Login(login["username"], login["password"]))

    def test_what_it_does_outside_is_said(self):
        assert {effect.value for effect in Smtp.effects} == {"mail", "network", "read_files"}
