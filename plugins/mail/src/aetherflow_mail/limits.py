"""The options that every driver of this plugin has: how many people mail goes to, and where."""

from __future__ import annotations

from pydantic import Field

from aetherflow.kernel.api import ConnectorModel

from .composing import Limits


class MailOptions(ConnectorModel):
    """Whom mail may reach."""

    max_recipients: int = Field(default=100, ge=1, le=10_000, description="How many recipients a message may have.")
    recipient_domains: list[str] = Field(
        default=[], description="Domains that mail may go to; any where the list is empty."
    )

    @property
    def limits(self) -> Limits:
        """The same, as composing takes it."""
        return Limits(
            recipients=self.max_recipients, domains=frozenset(domain.lower() for domain in self.recipient_domains)
        )
