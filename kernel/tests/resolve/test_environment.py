from __future__ import annotations

import json
import os

import pytest

from aetherflow.kernel.errors import InvalidInput
from aetherflow.kernel.resolve.environment import FILES_KEY, PROCESS, take_environment

CANARY = "CaNaRy-7f3a91"


def take(folder, *entries, **process):
    return take_environment({FILES_KEY: json.dumps(entries), **process}, folder=folder)


def problems(folder, *entries):
    with pytest.raises(InvalidInput) as raised:
        take(folder, *entries)
    assert CANARY not in "".join(map(str, raised.value.problems))
    return raised.value.problems


def test_later_sources_win_and_every_key_says_where_it_comes_from(tmp_path):
    (tmp_path / "a.env").write_text("A=file\nB=file\nC=file\n")
    (tmp_path / "b.json").write_text('{"C": "json"}')
    process = {
        "A": "process",
        "P": "process",
        FILES_KEY: json.dumps([{"type": "dotenv", "path": "a.env"}, {"type": "json", "path": "b.json"}]),
    }
    environment = take_environment(process, folder=tmp_path, overlays=[("the bundle", {"B": "bundle"})])
    values = {key: environment.values[key] for key in "ABCP"}
    assert values == {"A": "file", "B": "bundle", "C": "json", "P": "process"}
    assert environment.origin("A") == "the dotenv file a.env"
    assert environment.origin("B") == "the bundle"
    assert environment.origin("C") == "the json file b.json"
    assert environment.origin("P") == PROCESS
    assert environment.origin("NO") == ""


def test_the_environment_of_the_process_is_not_changed(tmp_path):
    (tmp_path / "a.env").write_text("AETHERFLOW_TEST_ONLY=1\n")
    before = dict(os.environ)
    environment = take(tmp_path, {"type": "dotenv", "path": "a.env"}, **before)
    assert environment.values["AETHERFLOW_TEST_ONLY"] == "1"
    assert dict(os.environ) == before
    with pytest.raises(TypeError):
        environment.values["X"] = "y"  # type: ignore[index]


def test_a_dotenv_file_is_read_as_shells_write_it_without_interpolation(tmp_path):
    (tmp_path / ".env").write_text(
        '# note\n\nexport A=1\nB=two words # note\nC=\'x # y\'\nD="a\\nb"\nE=${A}$B\nF=\nG="multi\nline"\n'
    )
    values = take(tmp_path, {"type": "dotenv", "path": ".env"}).values
    expected = {"A": "1", "B": "two words", "C": "x # y", "D": "a\nb", "E": "${A}$B", "F": "", "G": "multi\nline"}
    assert {key: values[key] for key in expected} == expected


def test_every_line_of_a_dotenv_file_that_sets_nothing_is_told(tmp_path):
    (tmp_path / ".env").write_text(f'A=1\n{CANARY}\nB="{CANARY}\nC=2\n')
    found = problems(tmp_path, {"type": "dotenv", "path": ".env"})
    assert [problem.where.line for problem in found] == [2, 3]
    assert found[0].where.file == ".env"


def test_a_json_file_gives_texts_as_yaml_reads_them(tmp_path):
    (tmp_path / "e.json").write_text('{"A": "x", "B": true, "C": null, "D": [1, {"k": false}], "E": 1.5, "F": "é"}')
    values = take(tmp_path, {"type": "json", "path": "e.json", "prefix": "P_"}).values
    assert {key: value for key, value in values.items() if key.startswith("P_")} == {
        "P_A": "x",
        "P_B": "true",
        "P_D": '[1, {"k": false}]',
        "P_E": "1.5",
        "P_F": "é",
    }


@pytest.mark.parametrize("kind", ["dir", "directory", "dir-of-files"])
def test_a_folder_gives_one_key_for_each_file(tmp_path, kind):
    folder = tmp_path / "secrets"
    (folder / "sub").mkdir(parents=True)
    (folder / "TOKEN").write_text("value\n\r\n")
    (folder / "EMPTY").write_text("")
    (folder / "..data").write_text("not a key")
    values = take(tmp_path, {"type": kind, "path": "secrets"}).values
    assert {key: value for key, value in values.items() if key != FILES_KEY} == {"TOKEN": "value", "EMPTY": ""}


def test_paths_start_at_the_folder_given_or_at_home(tmp_path, monkeypatch):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "e.json").write_text('{"A": "home"}')
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir("/")
    assert take(tmp_path, {"type": "json", "path": "home/e.json"}).values["A"] == "home"
    assert take(tmp_path, {"type": "json", "path": "~/e.json"}).values["A"] == "home"
    assert take(tmp_path, {"type": "json", "path": str(tmp_path / "home/e.json")}).values["A"] == "home"


def test_a_missing_file_is_an_error_unless_it_is_optional(tmp_path):
    assert take(tmp_path, {"type": "dotenv", "path": "no.env", "optional": True}).origin("X") == ""
    (found,) = problems(tmp_path, {"type": "dotenv", "path": "no.env"})
    assert found.path == (FILES_KEY, 0)
    assert f"{FILES_KEY}[0]" in found.message


@pytest.mark.parametrize("text", [CANARY, '{"type": "dotenv"}', '"x"', "[" * 100_000])
def test_a_list_of_files_that_is_none_is_refused(tmp_path, text):
    with pytest.raises(InvalidInput) as raised:
        take_environment({FILES_KEY: text}, folder=tmp_path)
    assert raised.value.problem.code == "AF-ENV-FILES"
    assert CANARY not in str(raised.value.problem)


def test_all_that_is_wrong_in_the_list_is_told_with_its_index(tmp_path):
    found = problems(
        tmp_path,
        {"type": "dotenv", "path": "a", "optinal": True},
        {"type": "dotevn", "path": "a"},
        {"type": "json"},
        {"type": "json", "path": "a", "optional": "true"},
        "a.env",
    )
    assert [problem.path for problem in found] == [
        (FILES_KEY, 0, "optinal"),
        (FILES_KEY, 1, "type"),
        (FILES_KEY, 2),
        (FILES_KEY, 3, "optional"),
        (FILES_KEY, 4),
    ]
    assert "'optional'" in found[0].help
    assert "Unsupported env_files type: dotevn" in found[1].message
    assert "'dotenv'" in found[1].help


def test_files_that_can_not_be_read_are_all_told(tmp_path):
    (tmp_path / "latin.env").write_bytes(b"A=\xe9\n")
    (tmp_path / "bad.json").write_text(f'{{"A": "{CANARY}"')
    (tmp_path / "list.json").write_text("[1]")
    (tmp_path / "twice.json").write_text(f'{{"A": "{CANARY}", "A": 2}}')
    (tmp_path / "nul.json").write_text(f'{{"A": "{CANARY}\\u0000"}}')
    (tmp_path / "key.json").write_text('{"A=B": "x"}')
    os.mkfifo(tmp_path / "pipe")
    names = ["latin.env", "bad.json", "list.json", "twice.json", "nul.json", "key.json", "pipe", "."]
    entries = [{"type": "dotenv" if name.endswith("env") else "json", "path": name} for name in names]
    found = problems(tmp_path, *entries, {"type": "dir", "path": "bad.json"})
    assert [problem.path for problem in found] == [(FILES_KEY, number) for number in range(9)]
