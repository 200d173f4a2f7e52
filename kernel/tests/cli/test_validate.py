"""`aetherflow validate` of several flows, and for GitHub."""

from __future__ import annotations

import pytest

from aetherflow.kernel.cli.github import annotation, escaped
from aetherflow.kernel.errors import Location, Problem
from aetherflow.kernel.resolve.redaction import Redactor

RIGHT = "version: 1\nflow: {id: f}\njobs: [{id: j, steps: [{id: s, type: say}]}]\n"
WRONG = RIGHT.replace("id: j", "id: j, nope: 1")
REFUSED = RIGHT.replace("type: say", "type: acme.say")


#: Whether an output that may be anything has a part is known only when the flow runs.
UNKNOWN = RIGHT.replace("type: say}", 'type: say}, {id: t, type: say, inputs: {value: "{{steps.s.value.part}}"}}')


@pytest.fixture
def flows(project):
    project.write("right.yaml", RIGHT)
    project.write("wrong.yaml", WRONG)
    project.write("no.yaml", "a: [")
    return project


@pytest.mark.acceptance
class TestSeveralFlows:
    def test_each_is_told_and_the_worst_one_answers(self, flows):
        answer = flows.aetherflow("validate", "right.yaml", "wrong.yaml", "no.yaml", "missing.yaml", "right.yaml")

        assert answer.code == 2
        assert answer.out.splitlines() == [
            "OK: right.yaml",
            "INVALID: wrong.yaml (1 error)",
            "INVALID: no.yaml (1 error)",
            "INVALID: missing.yaml (1 error)",
        ]
        assert "wrong.yaml:3:16: error AF-UNKNOWN-KEY" in answer.err
        assert "no.yaml:2:1: error AF-YAML-SYNTAX" in answer.err
        assert "missing.yaml:1:1: error AF-FILE-MISSING" in answer.err

    def test_all_right_is_done(self, flows):
        flows.write("other.yaml", RIGHT)

        assert flows.aetherflow("validate", "right.yaml", "other.yaml").code == 0

    def test_what_is_refused_is_better_than_what_is_wrong(self, flows):
        flows.write("refused.yaml", RIGHT)
        flows.write("aetherflow.yaml", "profiles:\n  internal_fast:\n    plugins:\n      deny: ['step:say']\n")

        assert flows.aetherflow("validate", "right.yaml", "refused.yaml").code == 3
        assert flows.aetherflow("validate", "right.yaml", "no.yaml").code == 2

    def test_json_answers_one_value_with_one_for_each(self, flows):
        alone = {name: flows.aetherflow("validate", f"{name}.yaml", "--json").json for name in ("right", "wrong")}

        answer = flows.aetherflow("validate", "right.yaml", "wrong.yaml", "no.yaml", "--json")

        assert answer.code == 2
        assert (answer.json["ok"], answer.json["exit_code"]) == (False, 2)
        assert answer.json["flows"][:2] == [alone["right"], alone["wrong"]]
        assert [each["code"] for each in answer.json["flows"][2]["errors"]] == ["AF-YAML-SYNTAX"]
        assert alone["right"] == {"ok": True, "flow_yaml": "right.yaml", "errors": [], "warnings": [], "notes": []}

    def test_naming_them_twice_is_a_usage_error(self, flows):
        answer = flows.aetherflow("validate", "right.yaml", "wrong.yaml", "--flow-yaml", "no.yaml")

        assert answer.code == 2
        assert "AF-USAGE" in answer.err


@pytest.mark.acceptance
class TestNotes:
    """What could not be known is no mistake: it is told to those who ask."""

    def test_they_are_told_where_they_are_asked_for(self, flows):
        flows.write("unknown.yaml", UNKNOWN)

        silent, told = (flows.aetherflow("validate", "unknown.yaml", *more) for more in ([], ["-v"]))

        assert (silent.code, silent.out, silent.err) == (0, "OK: unknown.yaml\n", "")
        assert (told.code, told.out) == (0, "OK: unknown.yaml\n")
        assert "unknown.yaml:3:" in told.err
        assert ": note AF-NOT-KNOWN: " in told.err

    def test_json_always_has_them(self, flows):
        flows.write("unknown.yaml", UNKNOWN)

        answer = flows.aetherflow("validate", "unknown.yaml", "--json").json

        assert (answer["ok"], answer["errors"], answer["warnings"]) == (True, [], [])
        assert [each["code"] for each in answer["notes"]] == ["AF-NOT-KNOWN"]

    def test_on_github_they_are_notices(self, flows):
        flows.write("unknown.yaml", UNKNOWN)

        silent, told = (flows.aetherflow("validate", "unknown.yaml", "--github", *more) for more in ([], ["--verbose"]))

        assert silent.out == "OK: unknown.yaml\n"
        assert told.out.startswith("::notice file=unknown.yaml,line=3,")

    def test_a_run_does_not_tell_them(self, flows):
        flows.write("unknown.yaml", UNKNOWN.replace("type: say}, {", "type: say, inputs: {value: {part: 1}}}, {"))

        answer = flows.aetherflow("run", "unknown.yaml", "--json")

        assert (answer.code, answer.json["warnings"]) == (0, [])
        assert "AF-NOT-KNOWN" not in answer.err


@pytest.mark.acceptance
class TestGitHub:
    def test_each_problem_is_a_command_at_its_place(self, flows):
        answer = flows.aetherflow("validate", "wrong.yaml", "right.yaml", "--github")

        assert answer.code == 2
        assert answer.err == ""
        lines = answer.out.splitlines()
        assert lines[0].startswith(
            "::error file=wrong.yaml,line=3,col=16,title=AF-UNKNOWN-KEY::a job has no key 'nope'"
        )
        assert "%0Ahelp: " in lines[0]
        assert lines[1:] == ["INVALID: wrong.yaml (1 error)", "OK: right.yaml"]

    def test_paths_start_at_the_repository(self, flows):
        flows.write("flows/deep.yaml", WRONG)
        file = flows.folder / "flows" / "deep.yaml"

        from_here = flows.aetherflow("validate", file, "--github")
        from_above = flows.aetherflow("validate", file, "--github", GITHUB_WORKSPACE=str(flows.folder.parent))
        elsewhere = flows.aetherflow("validate", file, "--github", GITHUB_WORKSPACE="/nowhere")

        assert from_here.out.startswith("::error file=flows/deep.yaml,line=3,")
        assert from_above.out.startswith(f"::error file={flows.folder.name}/flows/deep.yaml,line=3,")
        assert elsewhere.out.startswith(f"::error file={file},line=3,")

    def test_a_file_that_cannot_be_read_is_a_command_too(self, flows):
        answer = flows.aetherflow("validate", "no.yaml", "--github")

        assert answer.code == 2
        assert answer.out.startswith("::error file=no.yaml,line=2,col=1,title=AF-YAML-SYNTAX::")

    def test_no_name_or_value_makes_a_command_of_its_own(self, flows):
        name = "x%\n::set-env name=A::b,c:d.yaml"
        flows.write("y.yaml", WRONG.replace("nope: 1", '"a\\n::error::b": 1'))
        (flows.folder / name.replace("/", "")).write_text(WRONG)

        answer = flows.aetherflow("validate", name, "y.yaml", "--github")

        commands = [line for line in answer.out.splitlines() if line.startswith("::")]
        assert len(commands) == 2
        assert commands[0].startswith("::error file=x%25%0A%3A%3Aset-env name=A%3A%3Ab%2Cc%3Ad.yaml,line=3,")

    def test_two_forms_of_the_answer_are_a_usage_error(self, flows):
        answer = flows.aetherflow("validate", "right.yaml", "--github", "--json")

        assert answer.code == 2
        assert answer.json["errors"][0]["code"] == "AF-USAGE"


@pytest.mark.unit
@pytest.mark.parametrize(("severity", "word"), [("error", "error"), ("warning", "warning"), ("note", "notice")])
def test_a_problem_is_a_command_of_its_weight(severity, word, tmp_path):
    where = Location(str(tmp_path / "a,b:c%.yaml"), 1, 2)
    problem = Problem(code="AF-X", message="50%\r\nof x: y, z", help="do", severity=severity, where=where)

    told = annotation(problem, root=tmp_path, redactor=Redactor())

    place = "file=a%2Cb%3Ac%25.yaml,line=1,col=2,title=AF-X"
    assert told == f"::{word} {place}::50%25%0D%0Aof x: y, z%0Ahelp: do"


@pytest.mark.unit
def test_a_problem_without_a_place_has_none(tmp_path):
    assert annotation(Problem(code="AF-X", message="m"), root=tmp_path, redactor=Redactor()) == "::error title=AF-X::m"


@pytest.mark.unit
def test_a_secret_is_masked_before_anything_is_written_in_another_way(tmp_path):
    redactor = Redactor()
    redactor.add_environment({"MY_TOKEN": "100%\nsecret,value"})

    told = annotation(Problem(code="AF-X", message="see 100%\nsecret,value"), root=tmp_path, redactor=redactor)

    assert told == "::error title=AF-X::see ***"
    assert escaped("100%") == "100%25"
