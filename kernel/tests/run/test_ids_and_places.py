"""What ids and paths may be: they never lead out of where they belong (S5, D2)."""

from __future__ import annotations

import errno
import os
import stat

import pytest

from aetherflow.kernel.files.workspace import remove_marked

pytestmark = pytest.mark.acceptance

HOSTILE = [
    "../../x",
    "..",
    ".",
    "/etc/x",
    "a/b",
    "~",
    "a\\b",
    "C:x",
    "",
    "a b",
    "a\nb",
    "x" * 65,
    "CON",
    "nul.txt",
    "x.",
    "․․",
    "／etc",
    "-x",
]


def tree(folder):
    """What is in a folder, but for what Python keeps of modules that it imported."""
    found = (path for path in folder.rglob("*") if "__pycache__" not in path.parts)
    return {path.relative_to(folder): path.read_bytes() if path.is_file() else None for path in found}


@pytest.mark.parametrize("run_id", HOSTILE)
def test_run_id_that_could_be_a_path_is_refused_and_nothing_is_deleted(project, run_id):
    """D2: `--run-id ../../../victim` deleted the folder."""
    project.write("victim/data.txt", "keep me")
    flow = project.write("flow.yaml", SIMPLE)
    before = tree(project.folder)

    answer = project.aetherflow("run", flow, f"--run-id={run_id}", "--json")

    assert answer.code == 2
    assert answer.json["errors"][0]["code"] == "AF-RUN-ID"
    assert tree(project.folder) == before


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("place", ["flow", "job", "step"])
def test_id_in_a_flow_that_could_be_a_path_is_refused(project, place, name):
    """D2: a job id `../../victim2` validated, and deleted."""
    import json

    ids = {"flow": "f", "job": "j", "step": "s", place: name}
    flow = {
        "version": 1,
        "flow": {"id": ids["flow"]},
        "jobs": [{"id": ids["job"], "steps": [{"id": ids["step"], "type": "say"}]}],
    }
    project.write("flow.yaml", "")
    (project.folder / "flow.yaml").write_text(json.dumps(flow))
    before = tree(project.folder)

    from aetherflow.kernel.api import InvalidInput, run_flow

    with pytest.raises(InvalidInput) as refused:
        run_flow(project.folder / "flow.yaml", environ={"AETHERFLOW_PLUGIN_PATHS": str(project.folder / "steps")})

    assert any(problem.where and problem.where.line == 1 for problem in refused.value.problems)
    assert tree(project.folder) == before


def test_clean_up_leaves_a_folder_that_is_not_the_runs(project):
    flow = project.write(
        "flow.yaml", SIMPLE.replace("{id: simple}", "{id: simple, workspace: {root: work, cleanup_policy: always}}")
    )
    project.write("work/simple/main/r1/precious.txt", "keep me")

    answer = project.aetherflow("run", flow, "--run-id", "r1", "--json")

    assert answer.code == 1
    assert "not this run's" in answer.json["jobs"][0]["reason"]
    assert (project.folder / "work/simple/main/r1/precious.txt").read_text() == "keep me"


def test_clean_up_removes_links_and_not_what_they_lead_to(project):
    project.write("outside/precious.txt", "keep me")
    project.write(
        "steps/linking.py",
        """
        from aetherflow.kernel.api import NoOutputs, Rerun, StepContext, register_step

        @register_step("link", rerun=Rerun.SAFE)
        def link(context: StepContext) -> NoOutputs:
            (context.artifacts / "folder").symlink_to(context.project / "outside")
            (context.artifacts / "deep" / "er").mkdir(parents=True)
            (context.artifacts / "deep" / "er" / "file").symlink_to(context.project / "outside" / "precious.txt")
            return NoOutputs()
        """,
    )
    flow = project.write(
        "flow.yaml",
        "version: 1\nflow: {id: links, workspace: {root: work}}\njobs: [{id: main, steps: [{id: s, type: link}]}]\n",
    )

    assert project.aetherflow("run", flow, "--run-id", "r1").code == 0

    assert not (project.folder / "work/links/main/r1").exists()
    assert (project.folder / "outside/precious.txt").read_text() == "keep me"


@pytest.mark.parametrize("cut", ["workspace", "parent"])
def test_workspace_that_is_a_link_is_refused(project, cut):
    elsewhere = project.folder.parent / "elsewhere"
    elsewhere.mkdir()
    (project.folder / "work/simple").mkdir(parents=True)
    target = {"workspace": project.folder / "work/simple/main", "parent": project.folder / "work/simple/main"}[cut]
    target.symlink_to(elsewhere)
    flow = project.write(
        "flow.yaml", SIMPLE.replace("{id: simple}", "{id: simple, workspace: {root: work, cleanup_policy: always}}")
    )

    answer = project.aetherflow("run", flow, "--run-id", "r1", "--json")

    assert answer.code == 1
    assert list(elsewhere.rglob("*.txt")) == []


PATHS_OUT = [
    "../../../../../../etc/passwd", "/etc/passwd", "/proc/self/root/etc/passwd", "/proc/self/cwd/../../etc/passwd", "/dev/zero",
    "a/../../../../../x", "link-out", "link-out/passwd", "loop", "fifo",
]  # fmt: skip


@pytest.mark.parametrize("path", [*PATHS_OUT, "~/x", "~root/x", "a\\..\\..\\b", "%2e%2e/x", "file:///etc/passwd", ""])
@pytest.mark.parametrize("step_type", ["read", "write"])
def test_path_that_leads_out_is_refused_and_a_strange_name_is_only_a_name(project, step_type, path):
    project.write("kept.txt", "x")
    (project.folder / "link-out").symlink_to("/etc")
    (project.folder / "loop").symlink_to("loop")
    os.mkfifo(project.folder / "fifo")
    outside = project.folder.parent / "decoy"
    outside.mkdir()
    (outside / "x").write_text("decoy")
    paths = step_paths(project.folder)

    from aetherflow.kernel.api import PathRefused

    use = paths.readable if step_type == "read" else paths.writable
    given = str(project.folder / path) if path in {"link-out", "link-out/passwd", "loop", "fifo"} else path
    if path in PATHS_OUT or not path:
        if step_type == "write" and path == "fifo":
            return
        with pytest.raises(PathRefused):
            use(given)
    else:
        found = use(given)
        assert found.is_relative_to(project.folder)
    assert (outside / "x").read_text() == "decoy"


@pytest.mark.parametrize("alias", ["name", "hard link", "symbolic link", "folder link"])
def test_ledger_is_refused_to_steps_under_every_name(project, alias):
    flow = project.write("flow.yaml", SIMPLE)
    assert project.aetherflow("run", flow, "--run-id", "r0").code == 0
    ledger = project.folder / ".aetherflow/state/ledger.sqlite"
    path = project.folder / "alias"
    if alias == "name":
        path = ledger
    elif alias == "hard link":
        path.hardlink_to(ledger)
    elif alias == "symbolic link":
        path.symlink_to(ledger)
    else:
        path.symlink_to(ledger.parent)
        path = path / "ledger.sqlite"
    for step in (
        f"{{id: s, type: read, inputs: {{path: {path}}}}}",
        f"{{id: s, type: write, inputs: {{path: {path}, text: x}}}}",
    ):
        flow = project.write("other.yaml", f"version: 1\nflow: {{id: other}}\njobs: [{{id: main, steps: [{step}]}}]\n")
        answer = project.aetherflow("run", flow, "--json")
        assert answer.code == 1
        assert "belongs to AetherFlow" in answer.json["jobs"][0]["reason"]
    assert project.aetherflow("run", project.folder / "flow.yaml", "--run-id", "r0").code == 0


@pytest.mark.parametrize(
    "path", ["aetherflow.yaml", ".aetherflow/x", "steps/evil.py", ".aetherflow/work/other/main/r1/artifacts/x"]
)
def test_step_writes_neither_policy_nor_code_nor_other_runs(project, path):
    flow = project.write(
        "flow.yaml",
        f"version: 1\nflow: {{id: w}}\njobs: [{{id: main, steps: [{{id: s, type: write, inputs: {{path: {project.folder / path}, text: x}}}}]}}]\n",
    )
    answer = project.aetherflow("run", flow, "--json")
    assert answer.code == 1
    assert not (project.folder / path).exists()


def test_state_and_workspace_are_for_their_user_only(project):
    flow = project.write(
        "flow.yaml", SIMPLE.replace("{id: simple}", "{id: simple, workspace: {cleanup_policy: never}}")
    )
    before = os.umask(0)
    try:
        assert project.aetherflow("run", flow, "--run-id", "r1").code == 0
    finally:
        os.umask(before)
    kept = project.folder / ".aetherflow"
    for path in (kept, *kept.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


SIMPLE = """version: 1
flow: {id: simple}
jobs: [{id: main, steps: [{id: s, type: write, inputs: {path: a.txt, text: hello}}]}]
"""


def step_paths(folder):
    from aetherflow.kernel.files.paths import ProtectedPlaces, StepPaths

    artifacts = folder / "artifacts"
    artifacts.mkdir(exist_ok=True)
    return StepPaths(
        artifacts=artifacts,
        project=folder,
        read_roots=(folder,),
        write_roots=(artifacts, folder),
        own_to_read=(artifacts,),
        own_to_write=(artifacts,),
        protected=ProtectedPlaces(folders=(), files=()),
    )


def test_a_path_that_the_system_will_not_look_at_is_refused(project):
    from aetherflow.kernel.api import PathRefused

    with pytest.raises(PathRefused, match="can't be read: File name too long"):
        step_paths(project.folder).readable("x" * 300)


# The same through the command line -----------------------------------------------------------------------------------

#: Values for a path; `{decoy}` is a folder beside the project, with a file.
CORPUS = [
    "..", "../x", "a/../../x", "../decoy/precious", "{decoy}/precious", "{decoy}/new", "/etc/x", "//x", "~", "~root/x", ".",
    "", "a//b", "a\\..\\b", "C:\\x", "\\\\s\\x", "x\0y", "x\ny", "CON", "x" * 5000, "x.", "x ", "\u2024\u2024/x", "\uff0fetc\uff0fx",
    "link-out/x", "link-out", "loop", "hard", "fifo", "/dev/null", "/proc/self/root/etc/x", "/proc/self/cwd/../decoy/precious",
    "file:///etc/x", "%2e%2e/x", ".aetherflow/x", ".aetherflow/state/ledger.sqlite", "aetherflow.yaml", "steps/steps.py",
]  # fmt: skip


@pytest.fixture
def decoys(project):
    """Things that lead out of the project, and what they lead to, which must stay as it is."""
    decoy = project.folder.parent / "decoy"
    decoy.mkdir()
    (decoy / "precious").write_text("precious")
    (decoy / "folder").mkdir()
    (project.folder / "link-out").symlink_to(decoy)
    (project.folder / "loop").symlink_to("loop")
    (project.folder / "hard").hardlink_to(decoy / "precious")
    os.mkfifo(project.folder / "fifo")
    return decoy


def flow_of(steps, **flow):
    """A flow as JSON, which is YAML too: no value can be mistaken for another."""
    import json

    steps = [{"id": f"s{number}", **step} for number, step in enumerate(steps)]
    # One job each, so that none waits for another.
    jobs = [{"id": f"j{number}", "steps": [step]} for number, step in enumerate(steps)]
    return json.dumps({"version": 1, "flow": {"id": "corpus", **flow}, "jobs": jobs})


@pytest.mark.parametrize("use", ["read", "write"])
def test_no_path_of_a_step_changes_or_shows_what_lies_outside(project, decoys, use):
    before, policy = tree(decoys), tree(project.folder / "steps")
    values = [value.replace("{decoy}", str(decoys)) for value in CORPUS]
    more = {"text": "overwritten"} if use == "write" else {}
    steps = [{"type": use, "inputs": {"path": value, **more}} for value in values if "\0" not in value]
    flow = project.write("flow.yaml", "")
    flow.write_text(flow_of(steps, workspace={"cleanup_policy": "always"}), encoding="utf-8")

    answer = project.aetherflow("run", flow, "--json")

    assert answer.code in {1, 2}, answer.out
    assert "precious" not in answer.out + answer.err or use == "write" or "/precious" in answer.out
    assert tree(decoys) == before
    assert tree(project.folder / "steps") == policy
    assert not (project.folder / "aetherflow.yaml").exists()
    assert "Traceback" not in answer.out + answer.err
    told = [step for job in answer.json.get("jobs", []) for step in job["steps"]]
    assert all(step["error_code"] != "AF-BUG" for step in told)
    if told and use == "write":
        done = {values.index(step_input["inputs"]["path"]): one for step_input, one in zip(steps, told, strict=True)}
        for number, value in enumerate(values):
            if number in done and (value.startswith(("..", "/")) or "decoy" in value or "link-out" in value):
                assert done[number]["status"] == "FAILED", value


@pytest.mark.parametrize("field", ["workspace.root", "state.path", "layout.artifacts"])
def test_no_path_of_the_flow_itself_changes_what_lies_outside(project, decoys, field):
    """Root and ledger may stand anywhere that the user names; what is there stays, whatever is named."""
    before = tree(decoys)
    for number, written in enumerate(CORPUS):
        value = written.replace("{decoy}", str(decoys))
        if value.startswith(("/etc", "//x", "/dev", "/proc", "~", "C:")) and field != "layout.artifacts":
            continue  # where root may write, the user may have said so
        places = {
            "workspace.root": {"workspace": {"root": value, "cleanup_policy": "always"}},
            "state.path": {"state": {"path": value}},
            "layout.artifacts": {"workspace": {"layout": {"artifacts": value}}},
        }[field]
        flow = project.folder / "flow.yaml"
        flow.write_text(flow_of([{"type": "write", "inputs": {"path": "a", "text": "x"}}], **places), encoding="utf-8")
        answer = run_in_this_process(project, flow, f"r{number}")
        assert "BUG" not in answer, (value, answer)
        now = tree(decoys)
        assert {path: now.get(path) for path in before} == before, value
    if field == "layout.artifacts":
        assert tree(decoys) == before


def run_in_this_process(project, flow, run_id) -> str:
    """How a run ended, as its code or its status: as the command line would tell."""
    from aetherflow.kernel.api import AetherFlowError, RunRequest, run_flow

    try:
        environ = {"AETHERFLOW_PLUGIN_PATHS": str(project.folder / "steps"), "PATH": os.environ["PATH"]}
        return str(run_flow(flow, RunRequest(run_id=run_id), environ=environ).status)
    except AetherFlowError as error:
        return error.problem.code


def test_two_folders_of_a_job_can_not_be_one(project):
    layout = "{artifacts: x, scratch: X}"
    flow = project.write(
        "flow.yaml", SIMPLE.replace("{id: simple}", f"{{id: simple, workspace: {{layout: {layout}}}}}")
    )
    answer = project.aetherflow("validate", flow, "--json")
    assert answer.code == 2
    (error,) = answer.json["errors"]
    assert (error["code"], error["line"], error["path"]) == (
        "AF-WRONG-VALUE",
        2,
        ["flow", "workspace", "layout", "scratch"],
    )
    assert "same folder" in error["message"]


def test_folders_of_a_job_and_a_flow_go_with_their_last_run(project):
    text = SIMPLE.replace("{id: simple}", "{id: simple, workspace: {root: work}}")
    flow = project.write("flow.yaml", text)
    kept = project.write("kept.yaml", text.replace("root: work", "root: work, cleanup_policy: never"))
    assert project.aetherflow("run", kept, "--run-id", "kept").code == 0
    assert project.aetherflow("run", flow, "--run-id", "r1").code == 0
    assert [path.name for path in (project.folder / "work/simple/main").iterdir()] == ["kept"]
    assert project.aetherflow("run", flow, "--run-id", "kept").code == 0
    assert list((project.folder / "work").iterdir()) == []


def test_runs_that_make_and_remove_the_same_folders_do_not_meet(project):
    flow = project.write("flow.yaml", SIMPLE.replace("{id: simple}", "{id: simple, workspace: {root: work}}"))
    for _ in range(3):
        running = [project.start("run", flow) for _ in range(4)]
        for one in running:
            _, told = one.communicate()
            assert one.returncode == 0, told
    assert list((project.folder / "work").iterdir()) == []


def test_a_removal_that_was_cut_off_is_gone_on_with_and_nothing_else_is_removed(tmp_path, monkeypatch):
    home = tmp_path / "run"
    for folder in ("artifacts/inner", "scratch"):
        (home / folder).mkdir(parents=True)
    (home / ".aetherflow-run").write_text("ours")
    (home / "artifacts" / ".aetherflow-run").write_text("a step's own")

    def refuse(*_, **__):
        raise OSError(errno.EIO, "the device failed")

    with monkeypatch.context() as device:
        device.setattr(os, "rmdir", refuse)
        assert not remove_marked(home, "ours")
    assert remove_marked(home, "ours")
    assert not home.exists()

    home.mkdir()
    assert remove_marked(home, "ours")
    home.mkdir()
    (home / "theirs.txt").touch()
    assert not remove_marked(home, "ours")
    assert (home / "theirs.txt").exists()
