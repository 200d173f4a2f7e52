"""A message as the bytes that travel, with its envelope: who sends it, and to whom it goes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from aetherflow.kernel.api import Attachment, Message

from .addresses import Address, parse_address, parse_addresses
from .faults import Failure, shown
from .headers import checked, file_name_parameter, header_addresses, header_text

#: Nothing but ASCII in short lines travels, so that no server has to announce more; our own headers stay as made.
_POLICY = SMTP.clone(cte_type="7bit", refold_source="none")
_LONGEST_SUBJECT = 2_000
_LONGEST_FILE_NAME = 200
_KEY_DIGITS = 32
_MEDIA_TYPE = re.compile(r"([a-z0-9][a-z0-9!#$&^_.+-]{0,62})/([a-z0-9][a-z0-9!#$&^_.+-]{0,62})", re.IGNORECASE)
#: Types that have parts of their own: base64, in which attachments travel, is not allowed in them.
_STRUCTURED = frozenset({"multipart", "message"})
#: Control characters that text does not hold; it travels in base64 with them.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_LONGEST_WIRE_LINE = 998


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the owner of a resource lets through."""

    recipients: int = 100
    #: Domains that mail may go to; any where it is empty.
    domains: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A message ready to go."""

    message_id: str
    sender: str
    #: Everyone who gets it, once each; blind copies stand here and nowhere in the content.
    recipients: tuple[str, ...]
    content: bytes


def compose(message: Message, *, own_address: str | None, limits: Limits) -> Composed:
    """Check everything about a message, and write it.

    Raises:
        Failure: an address, a header or an attachment can't be, or there are too many recipients.
    """
    sender = _sender(message.from_address or own_address)
    to, cc, bcc = (parse_addresses(given) for given in (message.to, message.cc, message.bcc))
    recipients = _recipients((*to, *cc, *bcc), limits)
    message_id = f"<{identity(message.key)}.aetherflow@{sender.domain}>"
    headers = {
        "From": header_addresses([sender]),
        "To": header_addresses(to),
        "Cc": header_addresses(cc),
        "Reply-To": header_addresses(parse_addresses(message.reply_to)),
        "Subject": header_text(checked(message.subject, "the subject", longest=_LONGEST_SUBJECT), "Subject"),
        "Date": format_datetime(message.date),
        "Message-ID": message_id,
        # Keeps answering machines from answering a machine (RFC 3834).
        "Auto-Submitted": "auto-generated",
    }
    content = _content({name: value for name, value in headers.items() if value}, message)
    return Composed(message_id=message_id, sender=sender.mailbox, recipients=recipients, content=content)


def identity(key: str) -> str:
    """What tells this message from all others: the same for the same key, safe in a header and as a file name."""
    return hashlib.sha256(key.encode()).hexdigest()[:_KEY_DIGITS]


def _sender(given: str | None) -> Address:
    if not given:
        raise Failure(
            "the message has no sender",
            code="AF-MAIL-SENDER",
            help="give from_addr, in the step or in the config of the resource",
        )
    return parse_address(given)


def _recipients(addresses: Sequence[Address], limits: Limits) -> tuple[str, ...]:
    mailboxes = {f"{address.mailbox.rpartition('@')[0]}@{address.domain}": address for address in addresses}
    if not mailboxes:
        raise Failure("the message has no recipient", code="AF-MAIL-RECIPIENTS", help="give at least one under to")
    if len(mailboxes) > limits.recipients:
        raise Failure(
            f"the message has {len(mailboxes)} recipients, and at most {limits.recipients} are let through",
            code="AF-MAIL-RECIPIENTS",
            help="write to a mailing list, or raise max_recipients in the options of the resource",
        )
    for address in mailboxes.values():
        if limits.domains and address.domain not in limits.domains:
            raise Failure(
                f"mail may not go to {address.mailbox}",
                code="AF-MAIL-RECIPIENTS",
                help=f"recipient_domains lets through: {', '.join(sorted(limits.domains))}",
            )
    return tuple(address.mailbox for address in mailboxes.values())


def _content(headers: Mapping[str, str], message: Message) -> bytes:
    mail = EmailMessage(policy=_POLICY)
    for name, value in headers.items():
        mail.set_raw(name, value)
    _set_text(mail, message)
    for attachment in message.attachments:
        _attach(mail, attachment)
    _set_boundaries(mail, message)
    content = mail.as_bytes()
    _verify(content, headers)
    return content


def _set_text(mail: EmailMessage, message: Message) -> None:
    text, html = _lines(message.text or ""), _lines(message.html or "")
    if message.html is None:
        mail.set_content(text, cte=_encoding(text))
    elif message.text is None:
        mail.set_content(html, subtype="html", cte=_encoding(html))
    else:
        mail.set_content(text, cte=_encoding(text))
        mail.add_alternative(html, subtype="html", cte=_encoding(html))


def _lines(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        wrong = "the text of the message holds half a character"
        raise Failure(wrong, code="AF-MAIL-HEADER", help="mend where it comes from") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _encoding(text: str) -> str | None:
    return "base64" if _CONTROLS.search(text) else None


def _attach(mail: EmailMessage, attachment: Attachment) -> None:
    name = _file_name(attachment.name)
    media_type = _MEDIA_TYPE.fullmatch(attachment.media_type)
    if media_type is None or media_type[1].lower() in _STRUCTURED:
        raise Failure(
            f"'{shown(attachment.media_type)}' is no media type of an attachment",
            code="AF-MAIL-ATTACHMENT",
            help="write one like text/csv; application/octet-stream fits everything",
        )
    mail.add_attachment(attachment.content, maintype=media_type[1], subtype=media_type[2])
    part = list(mail.iter_attachments())[-1]
    del part["Content-Disposition"]
    part.set_raw("Content-Disposition", f"attachment;{file_name_parameter(name)}")


def _file_name(name: str) -> str:
    checked(name, "the name of an attachment", longest=_LONGEST_FILE_NAME)
    if not name.strip(". ") or "/" in name or "\\" in name:
        raise Failure(
            f"'{shown(name)}' is no name of an attachment",
            code="AF-MAIL-ATTACHMENT",
            help="a name has no slashes, and is no row of dots or blanks",
        )
    return name


def _set_boundaries(mail: EmailMessage, message: Message) -> None:
    """What stands between parts: the same for the same message, and in none of its texts, as it is made of them."""
    digest = hashlib.sha256(message.key.encode())
    for text in (message.text or "", message.html or ""):
        digest.update(hashlib.sha256(text.encode()).digest())
    multiparts = [part for part in mail.walk() if part.is_multipart()]
    for number, part in enumerate(multiparts):
        part.set_boundary(f"=_{number}{digest.hexdigest()[:_KEY_DIGITS]}")


def _verify(content: bytes, headers: Mapping[str, str]) -> None:
    """A last look at what leaves: the headers that were meant and no others, and lines that any server takes."""
    head = content.partition(b"\r\n\r\n")[0].decode("ascii", "replace")
    names = [line.partition(":")[0] for line in re.sub(r"\r\n[ \t]", " ", head).split("\r\n")]
    own = [name for name in names if name != "MIME-Version" and not name.startswith("Content-")]
    lines = content.split(b"\r\n")
    is_clean = content.isascii() and not any(b"\r" in line or b"\n" in line or b"\0" in line for line in lines)
    if own != list(headers) or not is_clean or max(map(len, lines)) > _LONGEST_WIRE_LINE:
        raise Failure("the message can't be written safely", code="AF-MAIL-HEADER", help="report it, with its inputs")
