"""The step that sends a message."""

from __future__ import annotations

from datetime import UTC, datetime

from aetherflow.kernel.api import AetherFlowError, Effect, Mailer, Message, NothingDone, Rerun, Step, StepContext

from .addresses import split_addresses
from .attachments import read_attachments
from .faults import Failure
from .send_inputs import MailSendInputs, MailSendOutputs


class MailSend(Step[MailSendInputs, MailSendOutputs]):
    """Send a message, with files of the run attached.

    Its rerun class is ONCE: a message that may have left is not sent again until a person says so. What fails
    before it could have left is told as such, and may be tried again.
    """

    name = "mail_send"
    effects = frozenset({Effect.MAIL, Effect.READ_FILES})
    rerun = Rerun.ONCE

    def run(self, context: StepContext, inputs: MailSendInputs) -> MailSendOutputs:
        """Send it; recipients that are refused beside accepted ones are a warning."""
        try:
            message = _message(context, inputs, date=datetime.now(UTC))
        except Failure as failure:
            raise NothingDone(failure.message, code=failure.code, help=failure.help) from failure
        mailer = _mailer(context, inputs.resource)
        if context.cancelled.is_set():
            raise NothingDone("stopped because the run must stop", code="AF-MAIL-STOPPED", help="go on with the run")
        delivery = mailer.send(message)
        for address, reason in delivery.refused.items():
            context.log.warning("a recipient was refused", address=address, reason=reason)
        return MailSendOutputs(
            sent=True,
            to=list(message.to),
            subject=inputs.subject,
            html=inputs.html,
            message_id=delivery.message_id,
            refused=dict(delivery.refused),
            attachments=[attachment.name for attachment in message.attachments],
        )


def _message(context: StepContext, inputs: MailSendInputs, *, date: datetime) -> Message:
    if inputs.text is not None and not inputs.html:
        context.log.warning("text is left out: it goes beside a body that is HTML, and html is false")
    plain = inputs.text if inputs.html else inputs.body
    return Message(
        key=context.idempotency_key,
        date=date,
        to=split_addresses(inputs.to),
        subject=inputs.subject,
        cc=split_addresses(inputs.cc),
        bcc=split_addresses(inputs.bcc),
        reply_to=split_addresses(inputs.reply_to),
        from_address=inputs.from_addr,
        text=plain,
        html=inputs.body if inputs.html else None,
        attachments=read_attachments(context, inputs),
    )


def _mailer(context: StepContext, resource: str) -> Mailer:
    try:
        return context.connectors.get(resource, Mailer)
    except AetherFlowError as error:
        # Opening a connector sends nothing, whatever it says of itself.
        raise NothingDone(error.problem.message, code=error.problem.code, help=error.problem.help) from error
