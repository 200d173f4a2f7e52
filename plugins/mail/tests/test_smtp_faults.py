"""The driver against servers that misbehave: what is known of a message at each point, and that nothing goes on for ever."""

from __future__ import annotations

import base64
import socket
import ssl
import threading

import pytest

from aetherflow.kernel.api import Attachment, ConnectorError, NothingDone
from aetherflow_mail.patience import Patience

pytestmark = pytest.mark.integration

BIG = (Attachment(name="big", content=bytes(12_000_000)),)


@pytest.fixture
def fault(open_smtp, make_message):
    """Send a message to a scripted server and answer the error."""

    def send(server, *, config=None, options=None, **given):
        with pytest.raises((NothingDone, ConnectorError)) as raised:
            open_smtp(server.port, options=options, **(config or {})).send(make_message(**given))
        return raised.value

    return send


def is_nothing_done(error):
    return isinstance(error, NothingDone)


class TestStartTls:
    def test_what_is_said_ahead_of_the_encryption_is_refused(self, scripted, fault, tls, ca_file, login):
        """S16: a reply that somebody on the way slips in before TLS would count as said under it."""

        def script(peer):
            peer.say("220 mail.test")
            peer.answer(["250-mail.test", "250-STARTTLS", "250 AUTH PLAIN"])
            peer.hear()
            peer.connection.sendall(b"220 go on\r\n250-mail.test\r\n250 AUTH PLAIN\r\n")
            peer.encrypt(tls)
            peer.hear()

        server = scripted(script)
        error = fault(server, config={"tls": "starttls", "ca_file": str(ca_file), **login})

        assert is_nothing_done(error)
        assert error.problem.code == "AF-MAIL-TLS"
        assert "ahead of the encryption" in error.problem.message
        assert [line.split()[0].upper() for line in server.heard] == ["EHLO", "STARTTLS"]

    def test_what_was_announced_in_clear_is_forgotten(self, scripted, fault, tls, ca_file, login):
        def script(peer):
            peer.say("220 mail.test")
            peer.answer(["250-mail.test", "250-STARTTLS", "250 AUTH PLAIN"], "220 go on")
            peer.encrypt(tls)
            peer.answer("250 mail.test")
            peer.hear()

        server = scripted(script)
        error = fault(server, config={"tls": "starttls", "ca_file": str(ca_file), **login})

        assert error.problem.code == "AF-MAIL-LOGIN"
        assert not any(line.upper().startswith("AUTH") for line in server.heard)

    @pytest.mark.parametrize("reply", ["454 not now", "500 what", "250 sure"])
    def test_a_server_that_refuses_to_encrypt_gets_no_login_and_no_message(
        self, scripted, fault, ca_file, login, reply
    ):
        def script(peer):
            peer.say("220 mail.test")
            peer.answer(["250-mail.test", "250-STARTTLS", "250 AUTH PLAIN"], reply)
            peer.hear()

        server = scripted(script)
        error = fault(server, config={"tls": "starttls", "ca_file": str(ca_file), **login})

        assert error.problem.code == "AF-MAIL-TLS"
        assert [line.split()[0].upper() for line in server.heard] == ["EHLO", "STARTTLS"]

    def test_a_server_that_hangs_up_instead_of_encrypting_is_nothing_done(self, scripted, fault, ca_file):
        def script(peer):
            peer.say("220 mail.test")
            peer.answer(["250-mail.test", "250 STARTTLS"], "220 go on")

        assert is_nothing_done(fault(scripted(script), config={"tls": "starttls", "ca_file": str(ca_file)}))


class TestWhatIsKnown:
    """Whether the message may have left, at each point where a connection can break."""

    @pytest.mark.parametrize("commands", range(4))
    def test_a_server_that_dies_before_the_content_is_nothing_done(self, scripted, fault, commands):
        def script(peer):
            peer.say("220 mail.test")
            peer.answer(*["250 mail.test", "250 OK", "250 OK"][:commands])
            peer.hear()
            peer.reset()

        error = fault(scripted(script if commands else lambda peer: peer.reset()))

        assert is_nothing_done(error)
        assert error.problem.code == "AF-MAIL-CONNECT"

    def test_a_server_that_dies_in_the_middle_of_the_content_is_nothing_done(self, scripted, fault):
        def script(peer):
            peer.to_data()
            peer.connection.recv(1000)
            peer.reset()

        error = fault(scripted(script), attachments=BIG)

        assert is_nothing_done(error)
        assert error.problem.code == "AF-MAIL-CONNECT"

    @pytest.mark.parametrize("encrypted", [False, True])
    def test_a_server_that_has_hung_up_when_the_content_ends_is_nothing_done(
        self, scripted, open_smtp, make_message, log, tls, ca_file, encrypted
    ):
        """Its hanging up is seen before the dot is sent: `handing over` waits for it."""
        hung_up = threading.Event()

        def script(peer):
            if encrypted:
                peer.encrypt(tls)
            peer.to_data()
            peer.connection.shutdown(socket.SHUT_RDWR)
            hung_up.set()

        tell = log.info
        log.info = lambda *said, **fields: (tell(*said, **fields), hung_up.wait())
        settings = {"tls": "implicit", "ca_file": str(ca_file)} if encrypted else {}
        with pytest.raises(NothingDone):
            open_smtp(scripted(script).port, **settings).send(make_message())

        assert log.fields("handing over the message")

    def test_a_server_that_answers_in_the_middle_of_the_content_is_heard(self, scripted, open_smtp, make_message, log):
        said = threading.Event()

        def script(peer):
            peer.to_data()
            peer.say("552 5.3.4 too big")
            said.set()
            peer.hear_message()

        log.info = lambda *_said, **_fields: said.wait()
        with pytest.raises(NothingDone, match=r"552 5\.3\.4 too big"):
            open_smtp(scripted(script).port).send(make_message())

    @pytest.mark.parametrize(
        "end",
        [
            lambda peer: peer.connection.close(),
            lambda peer: peer.reset(),
            lambda peer: peer.say("garbage"),
            lambda peer: peer.say("354 go on"),
            lambda peer: peer.say("150 wait"),
            lambda peer: peer.say("250-OK", "550 no"),
            lambda peer: peer.connection.sendall(b"250-" + b"x" * 100_000),
            lambda peer: peer.connection.sendall(b"25"),
        ],
    )
    def test_no_answer_after_the_dot_is_an_unknown_outcome_that_names_the_message(self, scripted, fault, end):
        """R5: what may have left is not nothing done."""

        def script(peer):
            peer.to_data()
            peer.hear_message()
            end(peer)

        error = fault(scripted(script))

        assert not is_nothing_done(error)
        assert error.problem.code == "AF-MAIL-UNKNOWN"
        assert ".aetherflow@example.com>" in error.problem.help

    def test_an_unknown_outcome_is_not_tried_again(self, scripted, fault):
        def script(peer):
            peer.to_data()
            peer.hear_message()

        server = scripted(script)
        fault(server, options={"retry": {"max_attempts": 5, "backoff_seconds": 0}})

        assert server.connections == 1

    @pytest.mark.parametrize("reply", ["451 4.7.1 greylisted", "554 5.7.1 spam", "421 closing"])
    def test_a_refusal_after_the_dot_is_nothing_done(self, scripted, fault, reply):
        def script(peer):
            peer.to_data()
            peer.hear_message()
            peer.say(reply)

        error = fault(scripted(script))

        assert is_nothing_done(error)
        assert reply in error.problem.message

    @pytest.mark.parametrize("goodbye", [None, "500 what", "garbage"])
    def test_once_it_is_taken_nothing_that_follows_matters(self, scripted, open_smtp, make_message, goodbye):
        def script(peer):
            peer.to_data()
            peer.hear_message()
            peer.say("250 taken")
            if goodbye is None:
                peer.reset()
            else:
                peer.answer(goodbye)

        assert open_smtp(scripted(script).port).send(make_message()).refused == {}

    def test_after_a_refused_data_no_content_is_sent(self, scripted, fault):
        def script(peer):
            peer.say("220 mail.test")
            peer.answer("250 mail.test", "250 OK", "250 OK", "250 what content")
            peer.hear()

        server = scripted(script)
        assert is_nothing_done(fault(server))
        assert server.heard[-1] == "DATA"

    def test_a_closing_server_between_recipients_is_nothing_done(self, scripted, fault):
        def script(peer):
            peer.say("220 mail.test")
            peer.answer("250 mail.test", "250 OK", "250 OK", "421 closing")
            peer.hear()

        server = scripted(script)
        assert is_nothing_done(fault(server, to=("ada@example.com", "bob@example.com")))
        assert "DATA" not in server.heard

    def test_an_answer_that_nobody_asked_for_is_not_taken_for_the_next_one(self, scripted, fault):
        """It would be taken for the answer to the dot, and the message for sent."""

        def script(peer):
            peer.say("220 mail.test")
            peer.hear()
            peer.connection.sendall(b"250 mail.test\r\n250 OK\r\n250 OK\r\n")
            peer.hear()

        error = fault(scripted(script))

        assert is_nothing_done(error)
        assert error.problem.code == "AF-MAIL-PROTOCOL"

    def test_a_connection_refused_is_tried_again(self, scripted, open_smtp, make_message):
        def script(peer):
            peer.to_data()
            peer.hear_message()
            peer.say("250 taken")
            peer.answer("221 bye")

        server = scripted(lambda peer: peer.say("421 busy"), lambda peer: peer.reset(), script)
        open_smtp(server.port, options={"retry": {"max_attempts": 3, "backoff_seconds": 0}}).send(make_message())

        assert server.connections == 3


class TestWire:
    def test_dots_are_doubled_and_lines_end_properly(self, scripted, open_smtp, make_message):
        lines = []

        def script(peer):
            peer.to_data(["SIZE 1000000"])
            lines.extend(peer.hear_message())
            peer.say("250 taken")
            peer.answer("221 bye")

        server = scripted(script)
        open_smtp(server.port).send(make_message(text=".\n..x\ny\n"))

        assert lines[lines.index("") :] == ["", "..", "...x", "y"]
        assert not any("\r" in line or "\n" in line for line in lines)
        commands = [line.split(" SIZE=")[0] for line in server.heard[:4]]
        assert commands == ["ehlo [127.0.0.1]", "MAIL FROM:<reports@example.com>", "RCPT TO:<ada@example.com>", "DATA"]
        assert server.heard[1].split(" SIZE=")[1].isdecimal()


class TestBounds:
    @pytest.mark.parametrize(
        "babble",
        [
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            b"SSH-2.0-OpenSSH\r\n",
            b"\x15\x03\x01\x00\x02\x02\x46\r\n",
            b"2200 hello\r\n",
            b"\xff\xfe\r\n",
            b"\r\n",
            b"220\thello\r\n",
            b"220-a\r\n221 b\r\n",
            b"x" * 1_000_000,
            b"220-x\r\n" * 100_000,
        ],
    )
    def test_a_server_that_does_not_speak_smtp_is_told_soon(self, scripted, fault, babble):
        error = fault(scripted(lambda peer: peer.connection.sendall(babble)))

        assert is_nothing_done(error)
        assert error.problem.code == "AF-MAIL-PROTOCOL"

    @pytest.mark.parametrize("babble", [b"x" * 1_000, b"250-x\r\n" * 1_000])
    def test_a_server_that_never_stops_talking_is_left(self, scripted, fault, babble):
        def script(peer):
            peer.say("220 mail.test")
            peer.hear()
            while True:
                peer.connection.sendall(babble)

        assert fault(scripted(script)).problem.code == "AF-MAIL-PROTOCOL"

    @pytest.mark.parametrize("commands", range(4))
    def test_a_server_that_keeps_silent_is_left_after_the_timeout(self, scripted, fault, commands):
        def script(peer):
            if commands:
                peer.say("220 mail.test")
                peer.answer(*["250 mail.test", "250 OK", "250 OK"][: commands - 1])
            server.is_over.wait()

        server = scripted(script)
        error = fault(server, options={"timeout": 0.2})

        assert is_nothing_done(error)
        assert error.problem.code == "AF-MAIL-TIME"

    def test_a_server_that_says_a_byte_at_a_time_gets_no_more_time_for_it(self, scripted, fault):
        def script(peer):
            while not server.is_over.wait(0.02):
                peer.connection.sendall(b"2")

        server = scripted(script)
        assert fault(server, options={"timeout": 0.3}).problem.code == "AF-MAIL-TIME"

    def test_a_silent_handshake_is_left_after_the_timeout(self, scripted, fault, ca_file):
        server = scripted(lambda _peer: server.is_over.wait())
        error = fault(server, config={"tls": "implicit", "ca_file": str(ca_file)}, options={"timeout": 0.2})

        assert is_nothing_done(error)
        assert error.problem.code == "AF-MAIL-TIME"

    def test_a_server_that_takes_no_content_is_left_after_the_timeout(self, scripted, fault):
        def script(peer):
            peer.to_data()
            server.is_over.wait()

        server = scripted(script)
        error = fault(server, options={"timeout": 0.3}, attachments=BIG)

        assert is_nothing_done(error)
        assert error.problem.code == "AF-MAIL-TIME"

    def test_the_whole_send_has_a_limit_of_its_own(self, scripted, fault):
        def script(peer):
            peer.say("451 later")

        server = scripted(script)
        options = {"total_timeout": 0.5, "retry": {"max_attempts": 20, "backoff_seconds": 0.1}}
        error = fault(server, options=options)

        assert is_nothing_done(error)
        assert error.problem.code == "AF-MAIL-TIME"
        assert "the send took longer than 0.5 s" in error.problem.message
        assert server.connections < 20

    def test_it_is_said_which_limit_was_too_short(self, scripted, fault):
        def script(peer):
            server.is_over.wait()

        server = scripted(script)

        assert "raise timeout" in fault(server, options={"timeout": 0.1}).problem.help
        assert "raise total_timeout" in fault(server, options={"total_timeout": 0.1}).problem.help

    def test_the_answer_to_the_dot_may_take_longer_than_the_timeout(self, scripted, open_smtp, make_message):
        """To give up early is not to know what became of the message."""

        def script(peer):
            peer.to_data()
            peer.hear_message()
            server.is_over.wait(3)
            peer.say("250 taken")
            peer.answer("221 bye")

        server = scripted(script)
        open_smtp(server.port, options={"timeout": 2}).send(make_message())

    def test_the_time_over_after_the_dot_is_an_unknown_outcome(self, scripted, fault):
        def script(peer):
            peer.to_data()
            peer.hear_message()
            server.is_over.wait()

        server = scripted(script)
        assert fault(server, options={"total_timeout": 0.5}).problem.code == "AF-MAIL-UNKNOWN"


class TestCancel:
    @pytest.fixture(params=["in clear", "encrypted"])
    def line(self, request, tls, ca_file):
        """What the server encrypts with, and the config for that."""
        if request.param == "in clear":
            return None, {}
        return tls, {"tls": "implicit", "ca_file": str(ca_file)}

    @pytest.mark.parametrize(
        ("commands", "code"),
        [(0, "AF-MAIL-STOPPED"), (2, "AF-MAIL-STOPPED"), (4, "AF-MAIL-STOPPED"), (5, "AF-MAIL-UNKNOWN")],
    )
    def test_another_thread_breaks_it_off_at_any_point(self, scripted, open_smtp, make_message, line, commands, code):
        tls, config = line

        def script(peer):
            if tls:
                peer.encrypt(tls)
            if commands:
                peer.say("220 mail.test")
                peer.answer(*["250 mail.test", "250 OK", "250 OK", "354 go on"][: commands - 1])
            if commands == 5:
                peer.hear_message()
            else:
                peer.hear() if commands else None
            threading.Thread(target=connector.cancel).start()
            server.is_over.wait()

        server = scripted(script)
        connector = open_smtp(server.port, **config)

        with pytest.raises((NothingDone, ConnectorError)) as raised:
            connector.send(make_message())

        assert raised.value.problem.code == code
        assert is_nothing_done(raised.value) == (code == "AF-MAIL-STOPPED")

    def test_a_connection_that_nobody_accepts_is_broken_off(self, open_smtp, make_message):
        with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
            port = full.getsockname()[1]
            # The queue of a backlog of 0 holds one; the next connection waits for a place in it.
            waiting = [socket.socket() for _ in range(3)]
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(("127.0.0.1", port))
            connector = open_smtp(port, host="127.0.0.1")
            errors = []

            def send():
                try:
                    connector.send(make_message())
                except NothingDone as error:
                    errors.append(error.problem.code)

            sending = threading.Thread(target=send)
            sending.start()
            while sending.is_alive():
                connector.cancel()
                sending.join(0.02)
            for one in waiting:
                one.close()

        assert errors == ["AF-MAIL-STOPPED"]

    def test_once_cancelled_a_send_does_not_start_to_speak_again(self, scripted, open_smtp, make_message, log):
        """A resolver or a slow thread may come back after the run has left: nothing is sent then."""
        server = scripted(lambda peer: peer.to_data())
        connector = open_smtp(server.port)
        from aetherflow_mail.faults import Failure
        from aetherflow_mail.line import Line

        with connector._patience() as patience:
            connector.cancel()
            line = Line(patience, seconds=5)
            with pytest.raises(Failure) as stopped:
                line.open("127.0.0.1", server.port)
            line.close()

        assert stopped.value.code == "AF-MAIL-STOPPED"


class TestSecrets:
    """D22, for mail: the password of a server goes to the server and nowhere else."""

    @pytest.mark.parametrize("form", ["{password}", "{encoded}", "{plain}", "AUTH PLAIN {plain}"])
    def test_a_server_that_tells_the_password_back_is_not_quoted(self, scripted, fault, tls, ca_file, login, log, form):
        plain = base64.b64encode(f"\0{login['username']}\0{login['password']}".encode()).decode()
        encoded = base64.b64encode(login["password"].encode()).decode()
        told = form.format(password=login["password"], encoded=encoded, plain=plain)

        def script(peer):
            peer.encrypt(tls)
            peer.say("220 mail.test")
            peer.answer(["250-mail.test", "250 AUTH PLAIN"], f"535 no: {told} x")

        error = fault(scripted(script), config={"tls": "implicit", "ca_file": str(ca_file), **login})

        assert "535 no: " in error.problem.message
        for secret in (login["password"], plain, encoded):
            assert secret not in f"{error.problem} {log.entries}"

    def test_replies_are_shown_in_one_line_that_no_terminal_obeys(self, scripted, fault):
        def script(peer):
            peer.connection.sendall(b"554-\x1b[31m rot\r\n554 " + b"\xff" + b"y" * 2000 + b"\r\n")

        message = fault(scripted(script)).problem.message

        assert "554 \\x1b[31m rot" in message
        assert message.isprintable()
        assert len(message) < 500


def test_stopping_a_tls_connection_does_not_take_its_encryption_off():
    """What the other thread sends at that moment would go in clear."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        encrypted = ssl.create_default_context().wrap_socket(
            ours, server_hostname="localhost", do_handshake_on_connect=False
        )
        with encrypted:
            patience = Patience(60)
            patience.watch(encrypted)
            patience.stop()

            assert encrypted._sslobj is not None
            assert theirs.recv(1) == b""
