"""An SMTP server as a `Mailer`: a connection for each message, encrypted and verified."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from aetherflow.kernel.api import (
    Connector,
    ConnectorContext,
    ConnectorError,
    ConnectorModel,
    Delivery,
    Effect,
    Mailer,
    Message,
    Secret,
    register_connector,
)

from .composing import Composed, compose
from .faults import Failure
from .forms import Address
from .limits import MailOptions
from .smtp_conditions import CONDITIONS

if TYPE_CHECKING:
    from .patience import Patience
    from .session import Security

_SUBMISSION_PORT = 587
_IMPLICIT_TLS_PORT = 465


class SmtpConfig(ConnectorModel):
    """Where the server is, how the connection is encrypted, and who we are."""

    model_config = ConfigDict(json_schema_extra=CONDITIONS)

    host: str = Field(
        pattern=r"^[A-Za-z0-9._:-]{1,253}$",
        description="The server's name, or its address.",
        json_schema_extra={"x-aetherflow": {"mend": "write a name like mail.example.com, or an address"}},
    )
    port: int = Field(default=_SUBMISSION_PORT, ge=1, le=65_535, description="The server's port.")
    username: str | None = Field(default=None, min_length=1, description="Who logs in; without it nobody does.")
    password: Secret | None = Field(default=None, description="The password of username.")
    tls: Literal["starttls", "implicit", "none"] | None = Field(
        default=None,
        description="starttls: encrypt before anything else is said; implicit: from the first byte; none: not at all. "
        "Port 465 is implicit, port 587 starttls, another one none.",
    )
    starttls: bool | None = Field(default=None, description="true is tls: starttls; false says that it is not.")
    from_addr: Address | None = Field(default=None, min_length=1, description="The sender, where the step gives none.")
    ca_file: str | None = Field(
        default=None,
        min_length=1,
        description="Certificates (PEM) of the authorities to trust instead of the system's, relative to the project.",
    )

    @model_validator(mode="after")
    def _no_contradiction(self) -> Self:
        if self.starttls is not None and self.tls is not None and self.starttls != (self.tls == "starttls"):
            raise ValueError(f"starttls: {str(self.starttls).lower()} contradicts tls: {self.tls}")
        if self.starttls and self.tls is None and self.port == _IMPLICIT_TLS_PORT:
            raise ValueError("starttls: true contradicts port 465, which encrypts from the start: leave starttls out")
        if self.ca_file is not None and self.security == "none":
            raise ValueError("ca_file is of no use with tls: none")
        return self

    @model_validator(mode="after")
    def _login_that_can_be(self) -> Self:
        if (self.username is None) != (not self.password):
            raise ValueError("give username and password, or none of them; the sender alone is from_addr")
        if self.password and "\0" in f"{self.username}{self.password.reveal()}":
            raise ValueError("username and password can't hold a NUL")
        if self.username and self.security == "none" and not (self.tls == "none" and _is_this_machine(self.host)):
            raise ValueError(
                "a password is not sent without encryption: write tls: starttls or tls: implicit "
                "(tls: none with a login is for servers on this machine only)"
            )
        return self

    @property
    def sender(self) -> str | None:
        """Who sends what says no sender itself: from_addr, else the username where it is an address."""
        return self.from_addr or (self.username if "@" in (self.username or "") else None)

    @property
    def security(self) -> Security:
        """How the connection is encrypted: as `tls` says, else as `starttls` does, else as is usual for the port."""
        if self.tls is not None:
            return self.tls
        if self.port == _IMPLICIT_TLS_PORT:
            return "implicit"
        is_usual = self.port == _SUBMISSION_PORT
        return "starttls" if (is_usual if self.starttls is None else self.starttls) else "none"


class SmtpRetry(ConnectorModel):
    """When to try again what surely did not leave, and may succeed later."""

    max_attempts: int = Field(default=1, ge=1, le=20, description="How often a message is tried in all.")
    backoff_seconds: float = Field(default=5.0, ge=0, le=3600, description="How long to wait in between.")


class SmtpOptions(MailOptions):
    """How to go about it."""

    timeout: float = Field(
        default=30.0, gt=0, le=3600, description="Seconds to wait for the connection, and for each answer."
    )
    total_timeout: float = Field(
        default=600.0, gt=0, le=86_400, description="Seconds that a send may take, with all its attempts."
    )
    retry: SmtpRetry = Field(default=SmtpRetry(), description="When to try again.")


@register_connector("mail", "smtp")
class Smtp(Connector[SmtpConfig, SmtpOptions]):
    """A mail server that speaks SMTP.

    Certificates are always verified. Each message has a connection of its own, so that steps on several threads
    don't wait for each other, and nothing is idle long enough for a server to hang up.
    """

    protocol = Mailer
    effects = frozenset({Effect.MAIL, Effect.NETWORK, Effect.READ_FILES})

    _tls: ssl.SSLContext | None

    def __init__(self, context: ConnectorContext, config: SmtpConfig, options: SmtpOptions) -> None:
        super().__init__(context, config, options)
        #: One for each send under way; a run that stops asks for it even while the connector is opened.
        self._under_way: set[Patience] = set()

    def open(self) -> None:
        """Read the certificates; the server is reached when there is something to send.

        Raises:
            ConnectorError: ca_file can't be read.
        """
        self._tls = None if self.config.security == "none" else self._tls_settings()

    def close(self) -> None:
        """Nothing is left open between two messages."""

    def cancel(self) -> None:
        """Break off every send, in whichever thread it goes on."""
        for patience in tuple(self._under_way):
            patience.stop()

    def send(self, message: Message) -> Delivery:
        """Hand over one message; tried again only where nobody got it and a later attempt may succeed.

        Raises:
            NothingDone: nobody gets it.
            ConnectorError: it was handed over, and no answer came.
        """
        try:
            composed = compose(message, own_address=self.config.sender, limits=self.options.limits)
            with self._patience() as patience:
                return self._try(composed, patience)
        except Failure as failure:
            raise failure.told(self.context.resource) from failure

    def _try(self, message: Composed, patience: Patience) -> Delivery:
        retry, attempt = self.options.retry, 1
        while True:
            try:
                return self._attempt(message, patience)
            except Failure as failure:
                if not failure.is_transient or attempt >= retry.max_attempts:
                    raise
                self.context.log.warning("trying again", attempt=attempt, reason=failure.message)
            patience.wait(retry.backoff_seconds)
            attempt += 1

    def _attempt(self, message: Composed, patience: Patience) -> Delivery:
        from .line import Line
        from .session import Login, Session

        config = self.config
        login = Login(config.username, config.password.reveal()) if config.username and config.password else None
        line = Line(patience, seconds=self.options.timeout, hidden=login.hidden if login else ())
        try:
            session = Session(line, resource=self.context.resource, log=self.context.log)
            session.begin(config.host, config.port, security=config.security, tls=self._tls)
            if login is not None:
                session.log_in(login)
            return session.hand_over(message)
        finally:
            line.close()

    @contextmanager
    def _patience(self) -> Iterator[Patience]:
        from .patience import Patience

        patience = Patience(self.options.total_timeout)
        self._under_way.add(patience)
        try:
            yield patience
        finally:
            self._under_way.discard(patience)

    def _tls_settings(self) -> ssl.SSLContext:
        given = self.config.ca_file
        file = str(self.context.file_path(given, "read")) if given is not None else None
        try:
            context = ssl.create_default_context(cafile=file)
        except OSError as error:
            why = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
            raise ConnectorError(
                f"resource {self.context.resource!r}: ca_file {given!r} can't be used: {why}",
                code="AF-MAIL-TLS",
                help="name a file of PEM certificates",
            ) from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
