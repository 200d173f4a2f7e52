"""The line to an SMTP server: a socket under time limits, commands that can't hold two, and bounded replies."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from dataclasses import dataclass

from .faults import Failure, shown
from .patience import Patience, too_slow

#: RFC 5321 allows 512 bytes for a line of a reply.
_LONGEST_LINE = 4_096
_MOST_LINES = 100
_PIECE = 65_536
_REPLY_LINE = re.compile(rb"(?P<code>[2-5][0-9]{2})(?:(?P<mark>[ -])(?P<text>[^\r\n]*))?\r?\n")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answers: a code of three digits, and text that may be shown."""

    code: int
    text: str

    @property
    def is_good(self) -> bool:
        """Whether the server did what it was told."""
        return self.code // 100 == 2  # noqa: PLR2004 - RFC 5321: completed

    @property
    def is_refusal(self) -> bool:
        """Whether the server says that it did not, and will not."""
        return self.code // 100 in {4, 5}

    @property
    def is_transient(self) -> bool:
        """Whether the server says that trying again later may help."""
        return self.code // 100 == 4  # noqa: PLR2004 - RFC 5321: transient

    def __str__(self) -> str:
        return f"{self.code} {self.text}".rstrip()


class Line(smtplib.SMTP):
    """One connection. What smtplib knows of commands and extensions is used; its reading and writing is not.

    smtplib reads without bounds and waits the full time again for each byte, and what is left in its buffer
    when TLS starts would count as said under TLS.
    """

    def __init__(self, patience: Patience, *, seconds: float, hidden: tuple[str, ...] = ()) -> None:
        super().__init__(local_hostname="", timeout=seconds)
        self._patience = patience
        self._seconds = seconds
        #: Texts that no reply may bring back to a reader.
        self._hidden = hidden
        self._received = bytearray()
        #: The address of the server, once the connection stands.
        self.peer = ""

    def open(self, host: str, port: int) -> None:
        """Connect, to the first of the host's addresses that can be reached.

        Raises:
            Failure: none can.
        """
        try:
            places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            is_transient = isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN
            raise _unreachable(host, port, "its address is not found", is_transient=is_transient) from error
        problem: Failure | None = None
        for family, kind, protocol, _, address in places:
            try:
                self._connect(socket.socket(family, kind, protocol), address)
            except OSError as error:
                self.close()
                self._patience.check()
                problem = _unreachable(host, port, error.strerror or "no answer in time", is_transient=True)
            else:
                return
        raise problem or _unreachable(host, port, "it has no address", is_transient=False)

    def _connect(self, connection: socket.socket, address: tuple[object, ...]) -> None:
        self.sock = connection
        self._patience.watch(connection)
        connection.settimeout(self._patience.left(self._patience.limit(self._seconds)))
        connection.connect(address)
        self._patience.check()
        self.peer, own = str(connection.getpeername()[0]), connection.getsockname()[0]
        self.local_hostname = f"[IPv6:{own}]" if connection.family == socket.AF_INET6 else f"[{own}]"

    def encrypt(self, context: ssl.SSLContext, host: str) -> str:
        """Start TLS with a server that proves to be this host; answers the version of TLS.

        Raises:
            Failure: it does not, or something was said in clear that would count as said under TLS.
        """
        if self._received:
            raise Failure(
                "the server, or somebody on the way, sent commands ahead of the encryption",
                code="AF-MAIL-TLS",
                help="nothing was sent; see who stands between here and the server",
            )
        try:
            encrypted = context.wrap_socket(self._socket, server_hostname=host, do_handshake_on_connect=False)
            self.sock = encrypted
            self._patience.watch(encrypted)
            encrypted.settimeout(self._patience.left(self._patience.limit(self._seconds)))
            encrypted.do_handshake()
        except (OSError, ValueError) as error:
            self._patience.check()
            raise _not_encrypted(host, error) from error
        return str(encrypted.version())

    def ask(self, command: str, arguments: str = "", *, seconds: float | None = None) -> Reply:
        """Send one command and read its reply.

        Raises:
            Failure: the connection is lost, the time is over, or the reply is none.
        """
        self.quiet()
        self.putcmd(command, arguments)
        return self.answer(seconds=seconds)

    def greet(self) -> Reply:
        """Say EHLO, and note what the server announces, in place of what it announced before.

        Raises:
            Failure: as `ask`.
        """
        self.quiet()
        return self._reply(*self.ehlo(self.local_hostname))

    def answer(self, *, seconds: float | None = None) -> Reply:
        """Read one reply.

        Raises:
            Failure: the connection is lost, the time is over, or the reply is none.
        """
        return self._reply(*self.getreply(seconds))

    def quiet(self) -> None:
        """Make sure that no reply is waiting that a later command would take for its own.

        Raises:
            Failure: there is one.
        """
        if self._received:
            raise _garbage("it answered without being asked")

    def early_answer(self) -> Reply | None:
        """What the server said without being asked, null where it is waiting as it should.

        Raises:
            Failure: it has hung up.
        """
        connection = self._socket
        try:
            connection.settimeout(0)
            data = connection.recv(_LONGEST_LINE)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except OSError as error:
            raise self._lost() from error
        if not data:
            raise self._lost()
        self._received += data
        return self.answer()

    def getreply(self, seconds: float | None = None) -> tuple[int, bytes]:
        """Read one reply within bounds; smtplib's own methods call it too."""
        until = self._patience.limit(self._seconds if seconds is None else seconds)
        texts: list[bytes] = []
        code = b""
        while len(texts) < _MOST_LINES:
            match = _REPLY_LINE.fullmatch(self._read_line(until))
            if match is None or (code and match["code"] != code):
                raise _garbage("its answer is no SMTP")
            code = match["code"]
            texts.append(match["text"] or b"")
            if match["mark"] != b"-":
                return int(code), b"\n".join(texts)
        raise _garbage(f"its answer has more than {_MOST_LINES} lines")

    def send(self, data: object) -> None:
        """Send text or bytes; smtplib's own methods call it too."""
        payload = data.encode("ascii") if isinstance(data, str) else bytes(data)  # type: ignore[call-overload]
        for start in range(0, len(payload), _PIECE):
            try:
                self._socket.settimeout(self._patience.left(self._patience.limit(self._seconds)))
                self._socket.sendall(payload[start : start + _PIECE])
            except TimeoutError as error:
                raise self._too_slow() from error
            except OSError as error:
                raise self._lost() from error

    @property
    def _socket(self) -> socket.socket:
        if self.sock is None:
            raise self._lost()
        return self.sock

    def _read_line(self, until: float) -> bytes:
        while (end := self._received.find(b"\n")) < 0:
            if len(self._received) > _LONGEST_LINE:
                raise _garbage(f"its answer has a line of more than {_LONGEST_LINE} bytes")
            self._received += self._receive(until)
        line = bytes(self._received[: end + 1])
        del self._received[: end + 1]
        return line

    def _receive(self, until: float) -> bytes:
        try:
            self._socket.settimeout(self._patience.left(until))
            data = self._socket.recv(_LONGEST_LINE)
        except TimeoutError as error:
            raise self._too_slow() from error
        except OSError as error:
            raise self._lost() from error
        if not data:
            raise self._lost()
        return data

    def _too_slow(self) -> Failure:
        # Where the time of the whole send is over, that is what to say.
        self._patience.check()
        return too_slow()

    def _lost(self) -> Failure:
        self._patience.check()
        return Failure(
            "the server closed the connection",
            code="AF-MAIL-CONNECT",
            help="see the server's log",
            is_transient=True,
        )

    def _reply(self, code: int, text: bytes) -> Reply:
        told = text.decode("utf-8", "replace")
        for hidden in self._hidden:
            told = told.replace(hidden, "***")
        return Reply(code, shown(" ".join(told.split("\n"))))


def _unreachable(host: str, port: int, why: str, *, is_transient: bool) -> Failure:
    return Failure(
        f"the server {host}:{port} can't be reached: {why}",
        code="AF-MAIL-CONNECT",
        help="check host and port in the config of the resource",
        is_transient=is_transient,
    )


def _garbage(what: str) -> Failure:
    return Failure(
        f"the server does not speak SMTP as it should: {what}",
        code="AF-MAIL-PROTOCOL",
        help="check host, port and tls in the config of the resource: another kind of server may listen there",
    )


def _not_encrypted(host: str, error: Exception) -> Failure:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Failure(
            f"the certificate of the server does not prove that it is {host}: {shown(error.verify_message)}",
            code="AF-MAIL-TLS",
            help="check host; a server with a certificate of your own authority needs ca_file",
        )
    if isinstance(error, TimeoutError):
        return too_slow()
    return Failure(
        f"no encryption was agreed on with {host}: {shown(getattr(error, 'reason', None) or type(error).__name__)}",
        code="AF-MAIL-TLS",
        help="check port and tls in the config of the resource; TLS 1.2 or later is needed",
    )
