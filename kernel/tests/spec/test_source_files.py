"""A file is read once, and never waited for (S1, D41)."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from aetherflow.kernel.errors import InvalidInput
from aetherflow.kernel.spec.document import read_document
from aetherflow.kernel.spec.source import MAX_BYTES


def refusal(path: Path | str):
    with pytest.raises(InvalidInput) as caught:
        read_document(path)
    return caught.value.problem


def test_a_missing_file_is_told_with_the_nearest_name(tmp_path):
    (tmp_path / "report.yaml").write_text("a: 1")

    problem = refusal(tmp_path / "reprot.yaml")

    assert problem.code == "AF-FILE-MISSING"
    assert problem.help == "did you mean 'report.yaml'?"
    assert problem.where.file == str(tmp_path / "reprot.yaml")


def test_a_missing_file_is_not_taken_for_one_whose_name_ends_alike(tmp_path):
    (tmp_path / "slow.yaml").write_text("a: 1")

    assert refusal(tmp_path / "moved.yaml").help == ""


def test_a_missing_file_may_be_there_with_another_ending(tmp_path):
    (tmp_path / "greet.yaml").write_text("a: 1")

    assert refusal(tmp_path / "greet.yml").help == "did you mean 'greet.yaml'?"


def test_a_file_in_a_missing_folder_is_told_so(tmp_path):
    assert refusal(tmp_path / "no" / "x.yaml").help == "its folder does not exist"


def test_a_folder_is_refused(tmp_path):
    assert refusal(tmp_path).code == "AF-FILE-KIND"


@pytest.mark.timeout(10)
def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")

    assert refusal(tmp_path / "pipe.yaml").code == "AF-FILE-KIND"


def test_a_device_is_refused():
    assert refusal("/dev/zero").code == "AF-FILE-KIND"


def test_a_socket_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.yaml")

        assert refusal("s.yaml").code == "AF-FILE-KIND"


def test_a_sparse_file_of_two_gibibytes_is_refused_by_its_size(tmp_path):
    with (tmp_path / "big.yaml").open("wb") as file:
        file.truncate(2 * 1024**3)

    assert refusal(tmp_path / "big.yaml").code == "AF-FILE-SIZE"


def test_one_byte_above_the_limit_is_refused_and_the_limit_is_read(tmp_path):
    path = tmp_path / "big.yaml"
    path.write_bytes(b"#" * MAX_BYTES)

    assert read_document(path).value is None
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    assert refusal(path).code == "AF-FILE-SIZE"


def test_a_link_of_the_users_own_is_followed(tmp_path):
    (tmp_path / "real.yaml").write_text("a: 1")
    (tmp_path / "link.yaml").symlink_to("real.yaml")

    assert read_document(tmp_path / "link.yaml").value == {"a": 1}


def test_a_circle_of_links_is_refused(tmp_path):
    (tmp_path / "a.yaml").symlink_to("b.yaml")
    (tmp_path / "b.yaml").symlink_to("a.yaml")

    assert refusal(tmp_path / "a.yaml").code == "AF-FILE-UNREADABLE"


def test_a_name_that_is_no_path_is_refused():
    assert refusal("x\0y.yaml").code == "AF-FILE-UNREADABLE"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable for root")
def test_a_file_without_permission_is_refused(tmp_path):
    path = tmp_path / "secret.yaml"
    path.touch(mode=0o000)

    assert refusal(path).code == "AF-FILE-UNREADABLE"


def test_the_file_is_shown_as_the_caller_says(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("a: 1")

    document = read_document(path, shown_as="flows/x.yaml")

    assert str(document.where(("a",))) == "flows/x.yaml:1:4"
