from __future__ import annotations

import base64
import csv
import html
import io
import json
import random
import re
import shlex
import string
import threading
import urllib.parse

import pytest
from hypothesis import given, settings, strategies as st

from aetherflow.kernel.contracts.secrets import Secret
from aetherflow.kernel.resolve.redaction import MASK, Redactor, is_secret_key
from aetherflow.kernel.resolve.search import Search

PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\nEFAASCBKcwggSjAgEAAoIB\n-----END PRIVATE KEY-----\n"
SECRETS = [
    "correct horse battery",
    "with\"quotes'and\\back\\\\slash",
    "b'ytes\" $HOME `id` %s {x} & <tag>",
    "ünïcødé-pässwörd-日本語",
    'line one of it\nline two\'s "end"\n',
    "TWFuIGlzIGRpc3Rpbmd1aXNoZWQ+/+/==",
    "tab\tand\rreturn\x07bell",
    '{"user": "somebody", "password": "in\\"side"}',
    "postgres://user:p%40ss'word@host:5432/db?x=1&y=2",
    "  blanks around the secret  ",
    "''double''single''",
    "#!$(rm -rf /);echo 'done'",
    PEM,
]


def csv_of(text):
    target = io.StringIO()
    csv.writer(target).writerow([text])
    return target.getvalue()


def nested_shell(text):
    return shlex.join(["sh", "-c", shlex.join(["ssh", "host", shlex.join(["echo", text])])])


def base64_of(text, before=b"", after=b""):
    return base64.b64encode(before + text.encode() + after).decode()


FORMS = {
    "raw": lambda text: text,
    "stripped": str.strip,
    "upper context": lambda text: f"PASSWORD={text};",
    "json": json.dumps,
    "json unicode": lambda text: json.dumps({"k": text}, ensure_ascii=False),
    "json twice": lambda text: json.dumps(json.dumps({"k": text})),
    "json unicode twice": lambda text: json.dumps(json.dumps([text], ensure_ascii=False), ensure_ascii=False),
    "repr": repr,
    "repr in a list": lambda text: repr([text]),
    "repr with other quotes": lambda text: repr(f'it\'s "{text}"'),
    "repr with double quotes": lambda text: repr(f'"{text}"'),
    "repr of repr": lambda text: repr(repr(text)),
    "repr in json": lambda text: json.dumps({"error": repr(text)}),
    "json in repr": lambda text: repr(json.dumps(text)),
    "bytes": lambda text: repr(text.encode()),
    "bytes with other quotes": lambda text: repr(b"it's \"" + text.encode() + b'"'),
    "url": lambda text: urllib.parse.quote(text, safe=""),
    "url path": urllib.parse.quote,
    "url query": lambda text: urllib.parse.urlencode({"k": text}),
    "url lower case": lambda text: re.sub(
        "%..", lambda found: found.group().lower(), urllib.parse.quote(text, safe="")
    ),
    "url javascript": lambda text: urllib.parse.quote(text, safe="!'()*~"),
    "html": html.escape,
    "html text": lambda text: html.escape(text, quote=False),
    "html decimal": lambda text: html.escape(text).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
    "html in json": lambda text: json.dumps(html.escape(text)),
    "shell": shlex.quote,
    "shell command": lambda text: shlex.join(["echo", text]),
    "shell nested": lambda text: shlex.join(["sh", "-c", shlex.join(["echo", text])]),
    "shell other quotes": lambda text: "'" + text.replace("'", "'\\''") + "'",
    "shell double quotes": lambda text: '"' + "".join("\\" + c if c in '\\$"`' else c for c in text) + '"',
    "shell in json": lambda text: json.dumps(["sh", "-c", shlex.join(["echo", text])]),
    "shell in repr": lambda text: repr(["sh", "-c", shlex.join(["echo", text])]),
    "sql": lambda text: "'" + text.replace("'", "''") + "'",
    "sql identifier": lambda text: '"' + text.replace('"', '""') + '"',
    "sql in json": lambda text: json.dumps("'" + text.replace("'", "''") + "'"),
    "csv": csv_of,
    "carriage returns": lambda text: text.replace("\n", "\r\n"),
    "hex": lambda text: text.encode().hex(),
    "hex upper": lambda text: text.encode().hex().upper(),
    "base64": base64_of,
    "base64 shifted": lambda text: base64_of(text, b"u:", b"x"),
    "base64 shifted twice": lambda text: base64_of(text, b"u", b"xy"),
    "base64 in the middle": lambda text: base64_of(text, b"abc", b"def"),
    "base64 url": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64 url shifted": lambda text: base64.urlsafe_b64encode(b"user:" + text.encode()).decode(),
    "basic authentication": lambda text: "Authorization: Basic " + base64_of(text, b"somebody:"),
    "data url": lambda text: "data:text/plain;base64," + urllib.parse.quote(base64_of(text), safe="+/="),
    "exception": lambda text: repr(ValueError(text)),
    "key error": lambda text: str(KeyError(text)),
    "percent format": "value={!r}".format,
}


def visible(shown, secret):
    """The longest run of a secret's own characters that can still be read, in any of its usual alphabets."""
    alphabets = [secret, secret.encode().hex(), secret.encode().hex().upper()]
    alphabets += [base64_of(secret, bytes(shift)) for shift in range(3)]
    alphabets += [text.replace("+", "-").replace("/", "_") for text in alphabets[3:]]
    longest = 0
    for text in alphabets:
        for start in range(len(text)):
            while start + longest < len(text) and text[start : start + longest + 1] in shown:
                longest += 1
    return longest


def test_there_are_enough_wrapped_forms():
    assert len(SECRETS) * len(FORMS) >= 650


@pytest.mark.parametrize("secret", SECRETS, ids=range(len(SECRETS)))
@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_masked_in_every_usual_form(form, secret):
    """S9."""
    redactor = Redactor()
    redactor.add(secret)
    text = f"before {FORMS[form](secret)} after"
    shown = redactor.redact(text)
    assert MASK in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    assert visible(shown.removeprefix("before ").removesuffix(" after"), secret) <= 7


@pytest.mark.parametrize("line", [line for line in PEM.splitlines() if line])
def test_each_longer_line_of_a_secret_is_masked_alone(line):
    redactor = Redactor()
    redactor.add(PEM)
    assert redactor.redact(f"<{line}>") == f"<{MASK}>"


def test_a_secret_is_masked_where_a_message_was_put_on_one_line():
    redactor = Redactor()
    redactor.add("two  blanks\nand-more")
    assert redactor.redact("it was: two blanks and-more.") == f"it was: {MASK}."


def test_every_leaf_of_a_structured_secret_is_masked():
    redactor = Redactor()
    redactor.add({"user": "somebody1", "more": ["hunter2-hunter2", Secret("revealed-one"), 12345678, None, True]})
    redactor.add('{"inner": ["json-inside-1"]}')
    redactor.add("pg://me:url-p%40ssword@h/db")
    for text in (
        "somebody1",
        "hunter2-hunter2",
        "revealed-one",
        "12345678",
        "json-inside-1",
        "url-p%40ssword",
        "url-p@ssword",
    ):
        assert redactor.redact(f"<{text}>") == f"<{MASK}>"
    assert redactor.redact("user None True inner") == "user None True inner"


def test_secrets_that_overlap_are_masked_together():
    redactor = Redactor()
    redactor.add("abcdefghij")
    redactor.add("ghijklmnop")
    assert redactor.redact("-abcdefghijklmnop-abcdefghijghijklmnop-") == f"-{MASK}-{MASK}-"


def test_a_secret_inside_another_one_leaves_nothing_of_the_longer_one():
    redactor = Redactor()
    redactor.add("password")
    redactor.add("my-password-is-long")
    assert redactor.redact("my-password-is-long") == MASK


@pytest.mark.parametrize(("secret", "is_masked"), [("abc", False), ("", False), ("    ", False), ("2x9q", True)])
def test_a_declared_secret_needs_four_characters(secret, is_masked):
    redactor = Redactor()
    redactor.add(secret)
    text = f"a {secret} abc     x"
    assert (redactor.redact(text) != text) is is_masked


@pytest.mark.parametrize("key", ["DB_PASSWORD", "db_password", "API_TOKEN_2", "AWS_SECRET_ACCESS", "SSH_KEY", "MYKEYS"])
def test_environment_keys_that_are_named_like_secrets_are_masked(key):
    redactor = Redactor()
    redactor.add_environment({key: "value-of-it", "HOME": "/home/somebody", "SHORT_KEY": "short"})
    assert is_secret_key(key)
    assert redactor.redact("value-of-it /home/somebody short") == f"{MASK} /home/somebody short"


def test_the_name_of_the_secrets_hook_is_no_secret():
    redactor = Redactor()
    redactor.add_environment(
        {"AETHERFLOW_SECRETS_MODULE": "acme.company.hook", "AETHERFLOW_SECRETS_PATH": "/x/hook.py"}
    )
    assert redactor.redact("acme.company.hook /x/hook.py") == "acme.company.hook /x/hook.py"


def test_json_values_are_masked_with_their_keys():
    redactor = Redactor()
    redactor.add("hunter2-hunter2")
    redactor.add(12345678)
    value = {"a hunter2-hunter2": [1, None, True, 12345678, "x", ("hunter2-hunter2",)], "s": Secret("x")}
    assert redactor.redact_value(value) == {f"a {MASK}": [1, None, True, MASK, "x", [MASK]], "s": MASK}


def test_a_secret_added_later_is_masked_from_then_on():
    redactor = Redactor()
    redactor.add("the-first-one")
    assert redactor.redact("the-first-one the-second-one") == f"{MASK} the-second-one"
    redactor.add("the-second-one")
    assert redactor.redact("the-first-one the-second-one") == f"{MASK} {MASK}"


def test_nothing_known_leaves_every_text_as_it_is():
    text = "anything"
    assert Redactor().redact(text) is text


def test_many_threads_may_add_and_mask_at_once():
    redactor = Redactor()
    shown: list[str] = []

    def work(number):
        for count in range(30):
            secret = f"secret-{number}-{count}-value"
            redactor.add(secret)
            shown.append(redactor.redact(f"<{secret}>"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(shown) == {f"<{MASK}>"}
    assert len(shown) == 180


@settings(max_examples=300, deadline=None, database=None)
@given(st.lists(st.text("ab", min_size=1, max_size=40), max_size=6), st.text("abc", max_size=120))
def test_every_occurrence_of_every_text_is_found(wanted, text):
    covered = set()
    for word in wanted:
        for start in range(len(text)):
            if text.startswith(word, start):
                covered.update(range(start, start + len(word)))
    found = {place for start, end in Search(wanted).spans(text) for place in range(start, end)}
    assert found == covered


def test_ordinary_text_costs_a_bounded_number_of_lookups():
    """Counted, since a clock says nothing on a busy machine: one lookup for several characters, whatever is known."""
    generator = random.Random(7)  # noqa: S311 - any texts do
    alphabet = string.ascii_letters + string.digits + "\"'\\{}$&%< "
    redactor = Redactor()
    for _ in range(50):
        redactor.add("".join(generator.choice(alphabet) for _ in range(24)))
    text = "2026-01-01T06:00:00Z INFO job=extract step=orders rows=123456 took 12.5s\n" * 2_000

    class Counting(dict[str, list[tuple[str, int]]]):
        lookups = 0

        def __contains__(self, key: object) -> bool:
            Counting.lookups += 1
            return super().__contains__(key)

    search = redactor._current()
    for table in search._tables:
        object.__setattr__(table, "entries", Counting(table.entries))
    assert search.spans(text) == []
    assert len(redactor._forms) > 500
    assert Counting.lookups < len(text) / 2
