"""What `aetherflow validate` knows of messages is what sending refuses: nothing that would be sent is refused by it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings, strategies as st

from aetherflow_mail.addresses import parse_address, parse_addresses, split_addresses
from aetherflow_mail.composing import _file_name
from aetherflow_mail.faults import Failure
from aetherflow_mail.headers import checked
from aetherflow_mail.send_inputs import AttachedFile, MailSendInputs
from aetherflow_mail.smtp import SmtpConfig

pytestmark = pytest.mark.unit

PROPERTIES = MailSendInputs.model_json_schema()["properties"]
TEXT, ITEM = PROPERTIES["to"]["anyOf"][0]["pattern"], PROPERTIES["to"]["anyOf"][1]["items"]["pattern"]
NAME = AttachedFile.model_json_schema()["properties"]["name"]["anyOf"][0]["pattern"]

steady = settings(deadline=None, derandomize=True, max_examples=400)
addresses = st.one_of(
    st.from_regex(re.compile(ITEM)).map(lambda text: text.removesuffix("\n")),
    st.text(st.sampled_from('ab@. <>",\\;:()\u00e4\u2028\x00\n-'), max_size=30),
)


def fits(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern.removesuffix("$"), text) is not None


def is_taken(text: str) -> bool:
    try:
        parse_address(text)
    except Failure:
        return False
    return True


@steady
@given(address=addresses)
def test_an_address_has_the_form_exactly_where_it_is_one_and_not_too_long(address):
    if is_taken(address):
        assert fits(ITEM, address)
    elif fits(ITEM, address):
        with pytest.raises(Failure, match="too long"):
            parse_address(address)


@steady
@given(entries=st.lists(addresses, max_size=3), between=st.sampled_from([",", ", ", " ,\n", ",,", ";"]))
def test_a_text_of_addresses_that_is_sent_has_the_form(entries, between):
    text = between.join(entries)
    try:
        parse_addresses(split_addresses(text))
    except Failure:
        return

    assert fits(TEXT, text)


@steady
@given(text=st.text(st.sampled_from("ab \u00e4\u2028\x00\n\t\u200f./\\"), max_size=8))
def test_subjects_and_file_names_have_the_form_exactly_where_they_can_be_sent(text):
    for pattern, check in (
        (PROPERTIES["subject"]["pattern"], lambda: checked(text, "the subject", longest=100)),
        (NAME, lambda: _file_name(text)),
    ):
        try:
            check()
        except Failure:
            assert not fits(pattern, text)
        else:
            assert fits(pattern, text)


@pytest.mark.parametrize("tls", [None, "starttls", "implicit", "none"])
@pytest.mark.parametrize("starttls", [None, True, False])
@pytest.mark.parametrize("port", [None, 25, 465, 587])
@pytest.mark.parametrize("host", ["mail.example.com", "localhost", "127.0.0.1"])
def test_settings_of_a_server_contradict_themselves_where_the_model_says_so(tls, starttls, port, host):
    import jsonschema_rs

    validator = jsonschema_rs.validator_for(SmtpConfig.model_json_schema())
    for more in (
        {},
        {"ca_file": "x.pem"},
        {"username": "u"},
        {"password": "p"},
        {"username": "u", "password": "p"},
        {"username": None, "password": None, "ca_file": None},
    ):
        given_settings = {"host": host, "tls": tls, "starttls": starttls, **more}
        given_settings |= {} if port is None else {"port": port}
        try:
            SmtpConfig(**given_settings)
        except ValueError:
            is_accepted = False
        else:
            is_accepted = True

        assert validator.is_valid(given_settings) == is_accepted
