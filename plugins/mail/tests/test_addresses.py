from __future__ import annotations

from email.headerregistry import Address as StandardAddress

import pytest
from hypothesis import given, settings, strategies as st

from aetherflow_mail.addresses import parse_address, parse_addresses, split_addresses
from aetherflow_mail.faults import Failure

pytestmark = pytest.mark.unit

#: The same examples in every run, however busy the machine is.
steady = settings(deadline=None, derandomize=True)


@pytest.mark.parametrize(
    ("text", "name", "mailbox"),
    [
        ("ada@example.com", "", "ada@example.com"),
        ("  ada@example.com ", "", "ada@example.com"),
        ("<ada@example.com>", "", "ada@example.com"),
        ("Ada Lovelace <ada@example.com>", "Ada Lovelace", "ada@example.com"),
        ("Ada K. Lovelace<ada@example.com>", "Ada K. Lovelace", "ada@example.com"),
        ("Jürgen Groß <j.g+x@sub.example.com>", "Jürgen Groß", "j.g+x@sub.example.com"),
        ('"Lovelace, Ada" <ada@example.com>', "Lovelace, Ada", "ada@example.com"),
        (r'"a \"b\" \\ c" <ada@example.com>', r'a "b" \ c', "ada@example.com"),
        ('"root@elsewhere" <ada@example.com>', "root@elsewhere", "ada@example.com"),
        ("root@localhost", "", "root@localhost"),
        ("a/b=c@xn--mller-kva.example", "", "a/b=c@xn--mller-kva.example"),
    ],
)
def test_an_address_is_read_as_it_is_meant(text, name, mailbox):
    address = parse_address(text)

    assert (address.name, address.mailbox) == (name, mailbox)
    StandardAddress(addr_spec=mailbox)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "ada", "@example.com", "ada@", "ada@@example.com", "a@b@c", "a b@example.com", "ada@exa mple.com",
        ".ada@example.com", "ada.@example.com", "a..b@example.com", "ada@-example.com", "ada@example-.com",
        "ada@example..com", "ada@example.com.", "ada@[127.0.0.1]", '"a b"@example.com', "ada@exam_ple.com",
        "ada@example.com>", "<ada@example.com", "<<ada@example.com>>", "Ada <ada@example.com> x", "Ada <>",
        "ada@example.com, eve@example.com", "Ada <ada@example.com, eve@example.com>", "ada@example.com eve@example.com",
        "ada@example.com;eve@example.com", "Ada <ada@example.com> <eve@example.com>", "A, B <ada@example.com>",
        "ada@example.com\nBcc: eve@example.com", "ada@example.com\r\nRCPT TO:<eve@example.com>", "ada@example.com\r",
        "Ada\n <ada@example.com>", "Ada\r\nBcc: eve@example.com <ada@example.com>", "Ada\u2028x <ada@example.com>",
        "Ada\u2029x <ada@example.com>", "Ada\x85x <ada@example.com>", "Ada\x00x <ada@example.com>", "ada\x00@example.com",
        "Ada\tx <ada@example.com>", "Ada\x0bx <ada@example.com>", "Ada\ud800 <ada@example.com>", "ada@example.com\u2028",
        "ada@example.com> SIZE=1", "<ada@example.com> NOTIFY=NEVER", "ada(comment)@example.com", "eve: ada@example.com;",
        "jürgen@example.com", "ada@müller.example", "ada@straße.example", "ada\u200b@example.com", "ａda@example.com",
        f"{'a' * 65}@example.com", f"a@{'b' * 64}.com", f"a@{'.'.join(['b' * 60] * 5)}", f"{'n' * 600} <a@b.c>",
        '"Ada <ada@example.com>', '"Ada" x <ada@example.com>', r'"Ada\x" <ada@example.com>', 'Ada " <ada@example.com>',
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_in_one_line_that_shows_it(text):
    with pytest.raises(Failure) as failure:
        parse_address(text)

    assert failure.value.code == "AF-MAIL-ADDRESS"
    assert failure.value.message.isprintable()


@steady
@given(st.text())
def test_any_text_is_one_clean_address_or_none(text):
    try:
        address = parse_address(text)
    except Failure:
        return
    assert StandardAddress(addr_spec=address.mailbox).addr_spec == address.mailbox
    assert not set(address.mailbox) & set(' \t\r\n<>,;:"()[]\\')


@steady
@given(st.text(alphabet=st.sampled_from('ab@.,;<>"\\ \r\n\x00é'), max_size=40))
def test_any_mix_of_marks_is_one_clean_address_or_none(text):
    try:
        address = parse_address(text)
    except Failure:
        return
    assert set(address.mailbox) <= set("ab@.")


@pytest.mark.parametrize(
    ("given", "addresses"),
    [
        ("a@b.c", ("a@b.c",)),
        ("a@b.c, d@e.f", ("a@b.c", "d@e.f")),
        ('"X, Y" <a@b.c>,Z <d@e.f>', ('"X, Y" <a@b.c>', "Z <d@e.f>")),
        (r'"X\", Y" <a@b.c>, d@e.f', (r'"X\", Y" <a@b.c>', "d@e.f")),
        ("", ()),
        ("  ", ()),
        (None, ()),
        (["a@b.c", "d@e.f"], ("a@b.c", "d@e.f")),
        ([], ()),
    ],
)
def test_a_text_holds_addresses_between_commas_and_a_list_one_an_item(given, addresses):
    assert split_addresses(given) == addresses


@pytest.mark.parametrize("given", ["a@b.c,", ",a@b.c", "a@b.c,,d@e.f", '"a@b.c', 'x" <a@b.c>, d@e.f', ["a@b.c, d@e.f"]])
def test_an_empty_place_an_open_quote_and_two_in_an_item_are_refused(given):
    with pytest.raises(Failure) as failure:
        parse_addresses(split_addresses(given))

    assert failure.value.code == "AF-MAIL-ADDRESS"
