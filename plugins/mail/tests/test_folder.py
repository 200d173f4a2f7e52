from __future__ import annotations

import json

import pytest

from aetherflow.kernel.api import NothingDone

pytestmark = pytest.mark.unit


def test_a_repeated_attempt_takes_the_place_of_the_first(open_folder, make_message, tmp_path):
    mailer = open_folder()
    mailer.send(make_message(text="first"))
    mailer.send(make_message(text="second"))

    (file,) = (tmp_path / "outbox").glob("*.eml")
    assert file.read_bytes().endswith(b"second\r\n")


def test_the_same_message_is_the_same_file(open_folder, make_message, tmp_path):
    open_folder("one").send(make_message(html="<p>x</p>"))
    open_folder("two").send(make_message(html="<p>x</p>"))

    one, two = (sorted((tmp_path / folder).iterdir()) for folder in ("one", "two"))
    assert [file.name for file in one] == [file.name for file in two]
    assert [file.read_bytes() for file in one] == [file.read_bytes() for file in two]


def test_the_envelope_is_beside_the_message(open_folder, make_message, tmp_path):
    delivery = open_folder().send(make_message(bcc=("eve@secret.example",)))

    (file,) = (tmp_path / "outbox").glob("*.envelope.json")
    assert json.loads(file.read_text()) == {
        "message_id": delivery.message_id,
        "from": "reports@example.com",
        "to": ["ada@example.com", "eve@secret.example"],
    }
    assert delivery.message_id.startswith(f"<{file.name.partition('.')[0]}.")


@pytest.mark.parametrize("key", ["../../x", "a/b", "\0", "x" * 5000, "", "ü"])
def test_no_key_leads_out_of_the_folder(open_folder, make_message, tmp_path, key):
    open_folder().send(make_message(key=key))

    assert sorted(file.suffix for file in (tmp_path / "outbox").iterdir()) == [".eml", ".json"]


def test_a_folder_that_can_t_be_made_is_nothing_done(open_folder, make_message, tmp_path):
    (tmp_path / "outbox").write_text("a file")

    with pytest.raises(NothingDone) as refused:
        open_folder().send(make_message())

    assert refused.value.problem.code == "AF-MAIL-FOLDER"
