"""Archives that were good once: whatever bytes are changed, they are unpacked or refused, and nothing else happens."""

from __future__ import annotations

import io
import os
import tempfile
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from aetherflow.kernel.api import AetherFlowError, Secret
from plugins.archive.tests.conftest import Context, Workplace, new_watch, pyzipper_archiver, tree
from plugins.archive.tests.hostile import build, bzip2, good, one, wide

#: `AETHERFLOW_EXAMPLES=2000` tries so many changes of each kind, times six for those that say most.
EXAMPLES = int(os.environ.get("AETHERFLOW_EXAMPLES", "100"))


def streamed() -> bytes:
    """Written without looking back: sizes behind the content."""

    class Pipe(io.BytesIO):
        def seekable(self):
            return False

        def seek(self, *_):
            raise io.UnsupportedOperation

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b"streamed " * 50)
        archive.writestr("b/c.txt", b"")
    return pipe.getvalue()


def encrypted() -> bytes:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place).resolve()
        (folder / "a.txt").write_bytes(b"secret " * 30)
        made = folder / "made.zip"
        made.touch()
        archiver = pyzipper_archiver()
        archiver.create(
            made, folder, {"x/a.txt": "a.txt"}, password=Secret("pw"), compression="deflated", watch=new_watch()
        )
        return made.read_bytes()


SEEDS = (
    build(*good("a.txt", "b/c.txt"), one("d/", b"", mode=0o040755)),
    build(one("a.txt", b"deflated " * 99, method=8), comment=b"a comment"),
    wide(),
    streamed(),
    encrypted(),
    bzip2(b"pressed " * 99),
)
#: Bytes that mean something where they stand.
TELLING = st.sampled_from(
    [
        b"PK\1\2",
        b"PK\3\4",
        b"PK\5\6",
        b"PK\6\6",
        b"PK\6\7",
        b"PK\7\x08",
        b"\xff\xff\xff\xff",
        b"\0\0\0\0",
        b"../",
        b"/",
        b"\\",
    ]
)
CHANGE = st.tuples(
    st.sampled_from(["flip", "set", "insert", "cut", "drop", "double", "telling"]),
    st.integers(0, 2000),
    st.integers(0, 255),
    st.integers(1, 60),
    TELLING,
)


def changed(data: bytes, changes) -> bytes:
    for kind, place, value, length, telling in changes:
        at = place % (len(data) + 1)
        before, here, after = data[:at], data[at : at + length], data[at + length :]
        by_kind = {
            "flip": before + bytes(byte ^ (1 << value % 8) for byte in here[:1]) + here[1:] + after,
            "set": before + bytes([value]) + here[1:] + after,
            "insert": before + bytes([value]) * length + here + after,
            "cut": before,
            "drop": before + after,
            "double": before + here * 2 + after,
            "telling": before + telling + data[at + len(telling) :],
        }
        data = by_kind[kind]
    return data


def _ended(workplace) -> tuple[str, list[str]]:
    try:
        (unzipped,) = workplace.unzip(password="pw")["unzipped"]
    except AetherFlowError as error:
        return error.problem.code, []
    return "well", unzipped["files"]


def unpack(data: bytes) -> str:
    """Unpack through the step, and look around afterwards; answers how it ended."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place).resolve()
        folders = [root / name for name in ("artifacts", "project", "manifests")]
        for folder in folders:
            folder.mkdir()
        workplace = Workplace(Context(*folders))
        (workplace.artifacts / "out.zip").write_bytes(data)
        started = time.process_time()
        ended, files = _ended(workplace)
        if ended != "well":
            assert ended.startswith("AF-ARCHIVE-")
            left = {name for name in tree(root) if not name.startswith("manifests")}
            assert left == {"artifacts", "artifacts/out.zip", "project"}
        else:
            found = tree(workplace.artifacts / "unpacked")
            assert {name for name, content in found.items() if content is not None} == set(files)
            assert sum(len(content or b"") for content in found.values()) < 10_000
            assert {path.name for path in workplace.artifacts.iterdir()} == {"out.zip", "unpacked"}
        assert time.process_time() - started < 5
        return ended


@pytest.mark.parametrize("data", SEEDS, ids=["stored", "deflated", "wide", "streamed", "encrypted", "bzip2"])
def test_what_was_not_changed_is_unpacked(data):
    assert unpack(data) == "well"


@settings(max_examples=6 * EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.sampled_from(SEEDS), changes=st.lists(CHANGE, min_size=1, max_size=6))
def test_changed_bytes_are_unpacked_or_refused(seed, changes):
    unpack(changed(seed, changes))


@settings(max_examples=2 * EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(one=st.sampled_from(SEEDS), other=st.sampled_from(SEEDS), cut=st.integers(0, 2000), start=st.integers(0, 2000))
def test_spliced_archives_are_unpacked_or_refused(one, other, cut, start):
    unpack(one[: cut % len(one)] + other[start % len(other) :])


@pytest.mark.parametrize("data", SEEDS, ids=["stored", "deflated", "wide", "streamed", "encrypted", "bzip2"])
def test_every_archive_that_is_cut_off_is_refused(data):
    """At each byte: an archive ends where its end record says."""
    for length in range(0, len(data), 3):
        assert unpack(data[:length]) != "well"


@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.binary(max_size=500))
def test_bytes_that_never_were_an_archive_are_refused(data):
    assert unpack(data) != "well"
