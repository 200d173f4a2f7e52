"""Mail servers of the tests' own: a real one that behaves, and scripted ones that don't."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import socket
import ssl
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult

from aetherflow.kernel.api import ConnectorContext, Message, PathRefused
from aetherflow_mail.file import FileConfig, MailFolder
from aetherflow_mail.limits import MailOptions
from aetherflow_mail.send_inputs import MailSendInputs
from aetherflow_mail.send_step import MailSend
from aetherflow_mail.smtp import Smtp, SmtpConfig, SmtpOptions

USERNAME = "reports@example.com"
PASSWORD = 'hün"ter2 $ecret'
MOMENT = dt.datetime(2026, 1, 31, 6, 30, tzinfo=dt.UTC)


class Log:
    """Keeps what is said."""

    def __init__(self):
        self.entries = []

    def _say(self, message, **fields):
        self.entries.append((message, fields))

    debug = info = warning = error = _say

    def fields(self, message):
        return [fields for said, fields in self.entries if said == message]


@pytest.fixture
def log():
    return Log()


@pytest.fixture(scope="session")
def make_message():
    """Make a message that any server takes, with what is given in place of it."""
    usual = {"key": "key", "date": MOMENT, "to": ("ada@example.com",), "subject": "Hello", "text": "x"}
    return lambda **given: Message(**{**usual, **given})


@pytest.fixture(scope="session")
def login():
    """What the server that behaves lets in."""
    return {"username": USERNAME, "password": PASSWORD}


# Certificates


@pytest.fixture(scope="session")
def authority():
    return trustme.CA()


@pytest.fixture(scope="session")
def other_authority():
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(authority, tmp_path_factory):
    file = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(file)
    return file


@pytest.fixture(scope="session")
def make_tls():
    """Make what a server that bears these names encrypts with."""

    def make(authority, *names, **options):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*(names or ("localhost", "127.0.0.1")), **options).configure_cert(context)
        return context

    return make


@pytest.fixture(scope="session")
def tls(authority, make_tls):
    return make_tls(authority)


# A server that behaves


class Postbox:
    """Takes messages, and refuses what it is told to refuse: a recipient, or the step of the conversation."""

    def __init__(self):
        self.messages = []
        self.logins = []
        self.refuses = {}

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        if "MAIL" in self.refuses:
            return self.refuses["MAIL"]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        if "DATA" in self.refuses:
            return self.refuses["DATA"]
        self.messages.append(
            SimpleNamespace(
                sender=envelope.mail_from,
                recipients=tuple(envelope.rcpt_tos),
                content=envelope.content,
                is_encrypted=session.ssl is not None,
            )
        )
        return "250 taken"

    def authenticate(self, server, session, envelope, mechanism, data):
        given = (data.login.decode(), data.password.decode())
        self.logins.append((mechanism, session.ssl is not None))
        return AuthResult(success=given == (USERNAME, PASSWORD), handled=False)


class MailServer:
    """An aiosmtpd server on a thread and a port of its own."""

    def __init__(self, *, implicit_tls=None, **options):
        self.postbox = Postbox()
        self._loop = asyncio.new_event_loop()
        options = {"authenticator": self.postbox.authenticate, "enable_SMTPUTF8": False, **options}
        starting = self._loop.create_server(
            lambda: SMTP(self.postbox, loop=self._loop, hostname="mail.test", **options),
            "127.0.0.1",
            0,
            ssl=implicit_tls,
        )
        self._server = self._loop.run_until_complete(starting)
        self.port = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    @property
    def messages(self):
        return self.postbox.messages

    def stop(self):
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self):
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


@pytest.fixture
def mail_server():
    """Start servers; they end with the test."""
    with contextlib.ExitStack() as stack:

        def start(**options):
            server = MailServer(**options)
            stack.callback(server.stop)
            return server

        yield start


# A server that does what a test wants


class Peer:
    """The server's end of one connection, as a script sees it."""

    def __init__(self, connection, heard):
        self.connection = connection
        self.heard = heard
        self._unread = b""

    def say(self, *lines):
        for line in lines:
            self.connection.sendall(line.encode() + b"\r\n")

    def hear(self):
        while b"\r\n" not in self._unread:
            data = self.connection.recv(65_536)
            if not data:
                raise ConnectionResetError
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\r\n")
        self.heard.append(line.decode())
        return line.decode()

    def answer(self, *replies):
        """Hear a command and reply, once for each reply."""
        for reply in replies:
            self.hear()
            self.say(*([reply] if isinstance(reply, str) else reply))

    def hear_message(self):
        lines = []
        while (line := self.hear()) != ".":
            lines.append(line)
        return lines

    def encrypt(self, tls):
        self.connection = tls.wrap_socket(self.connection, server_side=True)
        self._unread = b""

    def reset(self):
        """Hang up so that the other side's next word fails."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.connection.close()

    def to_data(self, features=()):
        """Go along until the content comes: greeting, EHLO, MAIL, RCPT, DATA."""
        self.say("220 mail.test")
        self.answer(["250-mail.test", *(f"250-{feature}" for feature in features), "250 HELP"])
        self.answer("250 OK", "250 OK", "354 go on")


class ScriptedServer:
    """Does with each connection what a script says, the last script again and again."""

    def __init__(self, *scripts):
        self._scripts = list(scripts)
        self.heard = []
        self.connections = 0
        #: Set when the test is over: what a script may wait for.
        self.is_over = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
            peer = Peer(connection, self.heard)
            with contextlib.suppress(OSError):
                script(peer)
            peer.connection.close()

    def stop(self):
        self.is_over.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()


@pytest.fixture
def scripted():
    """Start scripted servers; they end with the test."""
    with contextlib.ExitStack() as stack:

        def start(*scripts):
            server = ScriptedServer(*scripts)
            stack.callback(server.stop)
            return server

        yield start


# The drivers


@pytest.fixture
def open_smtp(log):
    """Open connectors to a port of this machine; `config` and `options` as in a flow."""

    def open_connector(port, *, options=None, **config):
        context = ConnectorContext(resource="post", log=log, file_path=lambda path, _use: Path(path))
        settings = {"host": "localhost", "port": port, "from_addr": USERNAME, "tls": "none", **config}
        limits = {"timeout": 20, "total_timeout": 60, **(options or {})}
        connector = Smtp(
            context,
            SmtpConfig.model_validate({name: value for name, value in settings.items() if value is not None}),
            SmtpOptions.model_validate(limits),
        )
        connector.open()
        return connector

    return open_connector


@pytest.fixture
def open_folder(log, tmp_path):
    def open_connector(folder="outbox", **options):
        context = ConnectorContext(resource="post", log=log, file_path=lambda path, _use: tmp_path / path)
        connector = MailFolder(context, FileConfig(folder=folder, from_addr=USERNAME), MailOptions(**options))
        connector.open()
        return connector

    return open_connector


# The step


class Folders:
    """Below these two a step may read."""

    def __init__(self, artifacts, project):
        self.artifacts, self.project = artifacts, project

    def readable(self, path):
        inside = self.artifacts / path
        resolved = (inside if inside.exists() or inside.is_symlink() else self.project / path).resolve()
        if not any(resolved.is_relative_to(root) for root in (self.artifacts, self.project)):
            raise PathRefused(f"{path!r} leads out", code="AF-PATH-REFUSED")
        return resolved


class Desk:
    """A job's folders, a mailer, and the step that works with them."""

    def __init__(self, folder, log):
        self.artifacts, self.project = folder / "artifacts", folder / "project"
        self.artifacts.mkdir()
        self.project.mkdir()
        self.log = log
        self.cancelled = threading.Event()
        self.idempotency_key = "5e2b"
        self.paths = Folders(self.artifacts.resolve(), self.project.resolve())
        self.mailer = None
        self.connectors = SimpleNamespace(get=lambda _resource, _protocol: self.mailer)

    def send(self, **inputs):
        given = {"resource": "post", "to": "ada@example.com", "subject": "Hello", "body": "x", **inputs}
        return MailSend().run(self, MailSendInputs.model_validate(given))


@pytest.fixture
def desk(tmp_path, log, open_folder):
    made = Desk(tmp_path, log)
    made.mailer = open_folder()
    return made
