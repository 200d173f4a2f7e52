"""One conversation with an SMTP server, in which it is known at every point what may have left."""

from __future__ import annotations

import base64
import ipaddress
import re
import ssl
from typing import Literal

from aetherflow.kernel.api import ConnectorError, Delivery, StepLog

from .composing import Composed
from .faults import Failure
from .line import Line, Reply

Security = Literal["starttls", "implicit", "none"]

_READY = 220
_GO_ON = 334
_LOGGED_IN = 235
_SEND_CONTENT = 354
_CLOSING = 421
_DOT_AT_START = re.compile(rb"^\.", re.MULTILINE)
_GOODBYE_SECONDS = 5.0
#: The server may keep a message as long as the whole send may take: to give up early is not to know what became of it.
_NO_LIMIT_OF_ITS_OWN = 86_400.0


class Login:
    """Name and password for a server, and the forms in which they travel."""

    def __init__(self, username: str, password: str) -> None:
        self.username = _encoded(username)
        self.password = _encoded(password)
        self.plain = _encoded(f"\0{username}\0{password}")
        #: What no message may show; a name alone is no secret.
        self.hidden = (self.plain, self.password, password)


class Session:
    """A connection from its greeting to the hand-over of one message."""

    def __init__(self, line: Line, *, resource: str, log: StepLog) -> None:
        self._line = line
        self._resource = resource
        self._log = log
        self._is_encrypted = False

    def begin(self, host: str, port: int, *, security: Security, tls: ssl.SSLContext | None) -> None:
        """Connect, and encrypt where that is agreed on; without it nothing more is said.

        Raises:
            Failure: the server can't be reached, refuses, or does not prove who it is.
        """
        self._line.open(host, port)
        if security == "implicit":
            self._encrypt(tls, host)
        _expect(self._line.answer(), _READY, "the server refuses the connection")
        self._greet()
        if security == "starttls":
            self._start_tls(tls, host)
            self._greet()

    def log_in(self, login: Login) -> None:
        """Log in, never in clear but on this machine itself.

        Raises:
            Failure: the server refuses, offers no way that is known here, or the connection is not encrypted.
        """
        if not self._is_encrypted and not ipaddress.ip_address(self._line.peer.partition("%")[0]).is_loopback:
            raise Failure(
                "a password is not sent over a connection that is not encrypted",
                code="AF-MAIL-LOGIN",
                help="write tls: starttls or tls: implicit",
            )
        ways = self._line.esmtp_features.get("auth", "").upper().split()
        if "PLAIN" in ways:
            reply = self._line.ask("AUTH", f"PLAIN {login.plain}")
        elif "LOGIN" in ways:
            reply = self._say_name_and_password(login)
        else:
            offered = f"only {', '.join(dict.fromkeys(ways))}" if ways else "none"
            raise Failure(
                f"the server offers no way to log in that is known here: {offered}",
                code="AF-MAIL-LOGIN",
                help="PLAIN and LOGIN are known; some servers offer them only with encryption",
            )
        if reply.code != _LOGGED_IN:
            raise Failure(
                f"the server refuses the login: {reply}",
                code="AF-MAIL-LOGIN",
                help="check username and password of the resource",
                is_transient=reply.is_transient,
            )

    def hand_over(self, message: Composed) -> Delivery:
        """Hand over a message to all who are accepted, at least one.

        Raises:
            Failure: nobody gets it.
            ConnectorError: it was handed over, and no answer came.
        """
        size = self._size_parameter(len(message.content))
        sender = self._line.ask("MAIL", f"FROM:<{message.sender}>{size}")
        if not sender.is_good:
            raise _refused(f"the server refuses the sender {message.sender}: {sender}", sender)
        refused = self._name_recipients(message.recipients)
        _expect(self._line.ask("DATA"), _SEND_CONTENT, "the server refuses the message")
        self._log.info("handing over the message", message_id=message.message_id, recipients=len(message.recipients))
        self._line.send(_DOT_AT_START.sub(b"..", message.content))
        early = self._line.early_answer()
        if early is not None:
            raise _refused(f"the server broke off the message: {early}", early)
        reply = self._end_of_message(message)
        if reply.is_refusal:
            raise _refused(f"the server refuses the message: {reply}", reply)
        self._goodbye()
        return Delivery(message_id=message.message_id, refused=refused)

    def _end_of_message(self, message: Composed) -> Reply:
        """The point of no return: from the first byte of the dot on, the server may have taken the message."""
        try:
            self._line.send(b".\r\n")
            reply = self._line.answer(seconds=_NO_LIMIT_OF_ITS_OWN)
        except Failure as failure:
            raise self._unknown(message, failure.message) from failure
        if not reply.is_good and not reply.is_refusal:
            raise self._unknown(message, f"the server answers {reply}")
        return reply

    def _unknown(self, message: Composed, why: str) -> ConnectorError:
        return ConnectorError(
            f"resource {self._resource!r}: the message was handed over, and whether it goes out is not known: {why}",
            code="AF-MAIL-UNKNOWN",
            help=f"look for {message.message_id} in the server's log or in a mailbox, then decide",
        )

    def _greet(self) -> None:
        reply = self._line.greet()
        if not reply.is_good:
            raise _refused(f"the server refuses the greeting: {reply}", reply)

    def _start_tls(self, tls: ssl.SSLContext | None, host: str) -> None:
        if not self._line.has_extn("starttls"):
            raise Failure(
                "the server does not offer STARTTLS, or somebody on the way took it out",
                code="AF-MAIL-TLS",
                help="nothing was sent; a server that encrypts from the start has tls: implicit, usually on port 465",
            )
        _expect(self._line.ask("STARTTLS"), _READY, "the server refuses to encrypt", fault="AF-MAIL-TLS")
        self._encrypt(tls, host)

    def _encrypt(self, tls: ssl.SSLContext | None, host: str) -> None:
        if tls is None:
            raise Failure("there are no settings for TLS", code="AF-MAIL-TLS")
        version = self._line.encrypt(tls, host)
        self._is_encrypted = True
        self._log.debug("encrypted", tls=version)

    def _say_name_and_password(self, login: Login) -> Reply:
        reply = self._line.ask("AUTH", "LOGIN")
        for answer in (login.username, login.password):
            if reply.code != _GO_ON:
                return reply
            reply = self._line.ask(answer)
        return reply

    def _size_parameter(self, size: int) -> str:
        if not self._line.has_extn("size"):
            return ""
        announced = self._line.esmtp_features["size"]
        limit = int(announced) if announced.isdecimal() else 0
        if 0 < limit < size:
            raise Failure(
                f"the message has {size} bytes, and the server takes at most {limit}",
                code="AF-MAIL-SIZE",
                help="send fewer or smaller attachments",
            )
        return f" SIZE={size}"

    def _name_recipients(self, recipients: tuple[str, ...]) -> dict[str, str]:
        """Name those who shall get the message; answers those who were refused."""
        refused: dict[str, Reply] = {}
        for mailbox in recipients:
            reply = self._line.ask("RCPT", f"TO:<{mailbox}>")
            if reply.code == _CLOSING:
                raise _refused(f"the server closes the connection: {reply}", reply)
            if not reply.is_good:
                refused[mailbox] = reply
        if len(refused) == len(recipients):
            told = "; ".join(f"{mailbox}: {reply}" for mailbox, reply in refused.items())
            is_transient = all(reply.is_transient for reply in refused.values())
            raise Failure(
                f"the server refuses every recipient: {told}",
                code="AF-MAIL-REFUSED",
                help="check the addresses",
                is_transient=is_transient,
            )
        return {mailbox: str(reply) for mailbox, reply in refused.items()}

    def _goodbye(self) -> None:
        # The message is the server's; whatever comes now changes nothing.
        try:
            self._line.ask("QUIT", seconds=_GOODBYE_SECONDS)
        except Failure as failure:
            self._log.debug("the server did not say goodbye", reason=failure.message)


def _expect(reply: Reply, code: int, what: str, *, fault: str = "AF-MAIL-REFUSED") -> None:
    if reply.code != code:
        raise _refused(f"{what}: {reply}", reply, fault=fault)


def _refused(message: str, reply: Reply, *, fault: str = "AF-MAIL-REFUSED") -> Failure:
    mend = "try again later" if reply.is_transient else "see what the server says"
    return Failure(message, code=fault, help=mend, is_transient=reply.is_transient)


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
