"""A message as bytes: what is given comes back from a parser, and nothing else does."""

from __future__ import annotations

import email
import email.policy
import hashlib
import subprocess
import sys
from email.header import decode_header, make_header
from email.utils import getaddresses

import pytest
from hypothesis import given, settings, strategies as st

from aetherflow.kernel.api import Attachment
from aetherflow_mail.composing import Limits, _verify, compose
from aetherflow_mail.faults import Failure, is_unsafe

pytestmark = pytest.mark.unit

#: The same examples in every run, however busy the machine is.
steady = settings(deadline=None, derandomize=True)

SENDER = "Reports <reports@Example.com>"
HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"]
#: Every way to end a line that anything takes for one, folded or not, and encoded.
LINE_ENDS = [
    "\r", "\n", "\r\n", "\r\n ", "\n\t", "\u2028", "\u2029", "\x85", "\x00", "\x0b", "\x0c", "\x1c", "\x1e", "\ud800", "\x7f",
]  # fmt: skip
INJECTED = "Bcc: eve@example.com"

one_line = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=300)
any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=2000)
tricky = st.text(st.sampled_from("=?utf-8qb_ \"\\<>,;:@()[].%*'&ä😀\u00a0\u200f"), max_size=120)


@pytest.fixture
def composed(make_message):
    def compose_with(*, limits=None, own=SENDER, **given):
        return compose(make_message(**given), own_address=own, limits=limits or Limits())

    return compose_with


@pytest.fixture
def read(composed):
    def compose_and_parse(**given):
        return parsed(composed(**given).content)

    return compose_and_parse


def parsed(content):
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert not [defect for part in mail.walk() for defect in part.defects]
    return mail


def text_of(part):
    return part.get_content().replace("\r\n", "\n")


def people_of(content):
    """Names and mailboxes under To; the newer parser of some Pythons puts blanks between encoded words of a name."""
    ((_, raw),) = [item for item in email.message_from_bytes(content).items() if item[0] == "To"]
    return [(str(make_header(decode_header(name))), mailbox) for name, mailbox in getaddresses([raw])]


def names_of(mail):
    return [name for name in mail.keys() if not name.startswith("Content-")]  # noqa: SIM118 - a message is no mapping


class TestRoundTrip:
    @steady
    @given(subject=one_line | tricky)
    def test_any_subject_comes_back_and_brings_no_header(self, make_message, subject):
        content = compose(make_message(subject=subject), own_address=SENDER, limits=Limits()).content

        mail = parsed(content)

        # The parser gives blanks at the ends of a plain header to nobody.
        assert str(mail["Subject"] or "") == subject
        assert names_of(mail) == [name for name in HEADERS if subject or name != "Subject"]
        assert max(map(len, content.split(b"\r\n"))) <= 78

    @steady
    @given(name=(one_line | tricky).map(lambda text: text[:200]))
    def test_any_display_name_comes_back_and_brings_no_recipient(self, make_message, name):
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        message = make_message(to=(f'"{quoted}" <ada@example.com>', "bob@example.com"))

        composed = compose(message, own_address=SENDER, limits=Limits())

        assert people_of(composed.content) == [(name.strip(" "), "ada@example.com"), ("", "bob@example.com")]
        assert names_of(parsed(composed.content)) == HEADERS
        assert composed.recipients == ("ada@example.com", "bob@example.com")

    @steady
    @given(text=any_text)
    def test_any_text_comes_back_but_for_the_ends_of_lines(self, make_message, text):
        mail = parsed(compose(make_message(text=text), own_address=SENDER, limits=Limits()).content)

        lines = text.replace("\r\n", "\n").replace("\r", "\n")
        assert text_of(mail) == (lines if lines.endswith("\n") else f"{lines}\n")
        assert names_of(mail) == HEADERS

    @steady
    @given(name=(one_line | tricky).map(lambda text: text[:200]), content=st.binary(max_size=300))
    def test_any_file_name_and_content_come_back(self, make_message, name, content):
        message = make_message(attachments=(Attachment(name=name, content=content),))
        try:
            composed = compose(message, own_address=SENDER, limits=Limits())
        except Failure:
            assert "/" in name or "\\" in name or not name.strip(". ")
            return

        (part,) = parsed(composed.content).iter_attachments()

        # Not `get_filename`, which takes blanks and brackets off the ends.
        assert part["Content-Disposition"].params["filename"] == name
        assert part.get_content() == content
        assert part.get_content_disposition() == "attachment"

    @steady
    @given(text=any_text, html=any_text, key=st.text(min_size=1), count=st.integers(0, 3))
    def test_parts_stay_apart(self, make_message, text, html, key, count):
        attachments = tuple(Attachment(name=f"{number}", content=b"--=_") for number in range(count))
        message = make_message(text=text, html=html, key=key, attachments=attachments)

        mail = parsed(compose(message, own_address=SENDER, limits=Limits()).content)

        assert [part.get_content_disposition() for part in mail.walk()].count("attachment") == count
        assert mail.get_body(("html",)) is not None
        assert mail.get_body(("plain",)) is not None


class TestInjection:
    @pytest.mark.parametrize("end", LINE_ENDS)
    @pytest.mark.parametrize(
        "field",
        [
            lambda evil: {"subject": evil},
            lambda evil: {"to": (f"ada@example.com{evil}",)},
            lambda evil: {"to": (f'"{evil}" <ada@example.com>',)},
            lambda evil: {"to": (f"{evil} <ada@example.com>",)},
            lambda evil: {"cc": (f"Ada{evil} <ada@example.com>",)},
            lambda evil: {"bcc": (f"ada@example.com{evil}",)},
            lambda evil: {"reply_to": (f"{evil} <ada@example.com>",)},
            lambda evil: {"from_address": f"{evil} <ada@example.com>"},
            lambda evil: {"from_address": f"ada@example.com{evil}"},
            lambda evil: {"attachments": (Attachment(name=f"a{evil}.csv", content=b""),)},
            lambda evil: {"attachments": (Attachment(name="a", content=b"", media_type=f"text/csv{evil}"),)},
            lambda evil: {"attachments": (Attachment(name="a", content=b"", media_type=f"text{evil}/csv"),)},
        ],
    )
    def test_a_line_end_in_any_field_is_refused(self, composed, field, end):
        with pytest.raises(Failure) as failure:
            composed(**field(f"x{end}{INJECTED}"))

        assert failure.value.code in {"AF-MAIL-HEADER", "AF-MAIL-ADDRESS", "AF-MAIL-ATTACHMENT"}
        assert failure.value.message.isprintable()

    @pytest.mark.parametrize(
        "key", [f"x{end}{INJECTED}" for end in LINE_ENDS if end != "\ud800"] + ["", "><", "a@b", "x" * 9999]
    )
    def test_no_key_shows_in_the_message_id(self, composed, key):
        digest = hashlib.sha256(key.encode()).hexdigest()[:32]

        assert composed(key=key).message_id == f"<{digest}.aetherflow@example.com>"

    @pytest.mark.parametrize(
        "subject",
        [
            "=?utf-8?q?x=0D=0ABcc:_eve@example.com?=",
            "=?utf-8?b?eA0KQmNjOiBldmVAZXhhbXBsZS5jb20=?=",
            "a =?utf-8?q?=0A?= b",
            "=?",
        ],
    )
    def test_what_looks_like_an_encoded_word_stays_the_text_it_is(self, composed, subject):
        content = composed(subject=subject, to=(f'"{subject}" <ada@example.com>',)).content

        mail = parsed(content)
        assert mail["Subject"] == subject
        assert people_of(content) == [(subject, "ada@example.com")]
        assert names_of(mail) == HEADERS
        assert mail["Bcc"] is None

    def test_lines_of_a_text_are_no_headers_and_no_commands(self, composed):
        content = composed(text=f"{INJECTED}\n.\nQUIT\n\n--=_\n").content

        assert parsed(content)["Bcc"] is None
        assert b"\r\n.\r\nQUIT\r\n" in content, "dots are doubled where they travel, not where they are stored"

    @pytest.mark.parametrize(
        "media_type",
        ["", "text", "text/", "/csv", "text/csv; charset=x", "a b/c", "message/rfc822", "multipart/mixed", "text/ü"],
    )
    def test_what_is_no_plain_media_type_is_refused(self, composed, media_type):
        with pytest.raises(Failure, match="media type"):
            composed(attachments=(Attachment(name="a", content=b"", media_type=media_type),))

    @pytest.mark.parametrize("name", ["", ".", "..", " ", "../x", "a/b", "/etc/passwd", "a\\b", "C:\\x", "x" * 201])
    def test_what_is_no_file_name_is_refused(self, composed, name):
        with pytest.raises(Failure) as failure:
            composed(attachments=(Attachment(name=name, content=b""),))

        assert failure.value.code in {"AF-MAIL-ATTACHMENT", "AF-MAIL-HEADER"}

    def test_half_a_character_in_a_text_is_refused(self, composed):
        with pytest.raises(Failure, match="half a character"):
            composed(text="\ud800")
        with pytest.raises(Failure, match="half a character"):
            composed(html="\ud800")


class TestEnvelope:
    def test_blind_copies_get_the_message_and_stand_nowhere_in_it(self, composed):
        made = composed(cc=("Cy <cy@example.com>",), bcc=("Eve Hidden <eve@secret.example>",))

        assert made.recipients == ("ada@example.com", "cy@example.com", "eve@secret.example")
        assert b"eve" not in made.content.lower()
        assert b"hidden" not in made.content.lower()
        assert b"bcc" not in made.content.lower()

    def test_who_is_named_twice_gets_it_once(self, composed):
        made = composed(to=("ada@example.com", "Ada <ada@EXAMPLE.com>"), cc=("ada@example.com", "Ada@example.com"))

        assert len(made.recipients) == 2, "only the domain is the same in any case"

    def test_blind_copies_alone_are_enough(self, composed):
        made = composed(to=(), bcc=("eve@example.com",))

        assert made.recipients == ("eve@example.com",)
        assert "To" not in parsed(made.content)

    def test_nobody_and_too_many_are_refused(self, composed):
        with pytest.raises(Failure, match="no recipient"):
            composed(to=())
        with pytest.raises(Failure, match="101 recipients, and at most 100"):
            composed(to=tuple(f"a{number}@example.com" for number in range(101)))

    def test_domains_that_are_not_let_through_are_refused(self, composed):
        limits = Limits(domains=frozenset({"example.com"}))
        composed(limits=limits, to=("ada@EXAMPLE.com",))

        for field in ("to", "cc", "bcc"):
            with pytest.raises(Failure, match=r"may not go to eve@sub\.example\.com"):
                composed(limits=limits, **{field: ("eve@sub.example.com",)})

    def test_the_sender_is_the_message_s_own_or_the_driver_s(self, composed, read):
        assert composed(from_address="Me <me@other.example>").sender == "me@other.example"
        assert composed().sender == "reports@Example.com"
        with pytest.raises(Failure, match="no sender"):
            composed(own=None)
        assert read(reply_to=("Desk <desk@example.com>",))["Reply-To"] == "Desk <desk@example.com>"


class TestIdentity:
    def test_a_repeated_attempt_is_the_same_message_byte_for_byte(self, composed):
        given = {"html": "<p>x</p>", "attachments": (Attachment(name="a", content=b"x"),)}

        assert composed(**given) == composed(**given)

    def test_another_key_is_another_message(self, composed):
        assert composed(key="a").message_id != composed(key="b").message_id

    def test_a_message_is_the_same_whatever_the_seed_of_hashes(self):
        code = (
            "import datetime as dt, hashlib;"
            "from aetherflow.kernel.api import Attachment, Message;"
            "from aetherflow_mail.composing import Limits, compose;"
            "message = Message(key='k', date=dt.datetime(2026, 1, 1, tzinfo=dt.UTC), to=('a@b.c', 'd@e.f'), cc=('g@h.i',),"
            " subject='ü', text='x', html='y', attachments=(Attachment(name='ü', content=b'z'),));"
            "made = compose(message, own_address='me@example.com', limits=Limits(domains=frozenset({'b.c', 'e.f', 'h.i'})));"
            "print(made.message_id, made.recipients, hashlib.sha256(made.content).hexdigest())"
        )
        told = {
            subprocess.run(
                [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
            ).stdout
            for seed in ("0", "1", "2")
        }

        assert len(told) == 1

    def test_the_date_is_that_of_the_attempt(self, read):
        assert read()["Date"] == "Sat, 31 Jan 2026 06:30:00 +0000"

    def test_answering_machines_are_told_not_to(self, read):
        assert read()["Auto-Submitted"] == "auto-generated"


class TestContent:
    def test_plain_text_alone_is_one_part(self, read):
        assert read(text="x").get_content_type() == "text/plain"

    def test_html_alone_is_one_part(self, read):
        assert read(text=None, html="<p>x</p>").get_content_type() == "text/html"

    def test_html_with_text_is_two_ways_to_read_it(self, read):
        mail = read(text="x", html="<p>x</p>")

        assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
        assert mail.get_content_type() == "multipart/alternative"

    def test_attachments_keep_their_bytes_whatever_they_are(self, read):
        content = b"a\nb\r\nc\rd\x00\xff.\r\n.\r\n"
        mail = read(attachments=(Attachment(name="a.csv", content=content, media_type="text/csv"),))

        (part,) = mail.iter_attachments()
        assert part.get_payload(decode=True) == content
        assert part.get_content_type() == "text/csv"

    def test_nothing_in_html_is_fetched_or_changed(self, read):
        html = '<img src="file:///etc/passwd"><img src="https://example.com/x.png"><link href="//example.com/x.css">\n'

        assert text_of(read(text=None, html=html)) == html

    def test_long_lines_and_other_letters_travel_in_short_lines_of_ascii(self, composed):
        content = composed(text="x" * 5000 + "ä" * 3000, html="y" * 5000, subject="z" * 1500).content

        assert content.isascii()
        assert max(map(len, content.split(b"\r\n"))) <= 78

    def test_a_subject_that_is_too_long_is_refused(self, composed):
        with pytest.raises(Failure, match="longer than 2000"):
            composed(subject="x" * 2001)


def test_what_may_not_stand_in_a_header_is_told_by_unicode():
    assert all(is_unsafe(character) for character in "\r\n\t\0\x7f\x85\u2028\u2029\ud800")
    assert not any(is_unsafe(character) for character in "aä😀 \u00a0\u200f=?<>")


@pytest.mark.parametrize(
    "content",
    [
        b"Subject: x\r\nBcc: eve@example.com\r\n\r\n",
        b"Subject: x\r\n\r\nbare \n line feed\r\n",
        b"Subject: x\r\n\r\nbare \r return\r\n",
        b"Subject: x\r\n\r\nnothing \0\r\n",
        b"Subject: x\r\n\r\n\xe4\r\n",
        b"Subject: x\r\n\r\n" + b"x" * 999,
        b"X: y\r\n\r\n",
        b"\r\n\r\n",
    ],
)
def test_the_last_look_stops_what_an_error_before_it_let_through(content):
    _verify(b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain;\r\n x=y\r\n\r\nfine\r\n", {"Subject": "x"})

    with pytest.raises(Failure, match="can't be written safely"):
        _verify(content, {"Subject": "x"})
