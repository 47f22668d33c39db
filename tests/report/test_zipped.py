"""A file of an archive that Zstandard compressed: read, bounded, and its damage named."""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import pytest
from tests.report.test_samples import drawn, inspect_log

from safetycase.workspace.zipped import member

zstandard = pytest.importorskip("zstandard")
LARGE = 1 << 20


def as_zstandard(data: bytes) -> bytes:
    """The archive with each file compressed as Inspect compresses its logs."""
    old = zipfile.ZipFile(io.BytesIO(data))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as made:
        for name in old.namelist():
            made.writestr(name, zstandard.ZstdCompressor().compress(old.read(name)))
    new = bytearray(out.getvalue())
    ends = zipfile.ZipFile(io.BytesIO(bytes(new))).start_dir
    for info in old.infolist():
        at = new.index(info.filename.encode(), ends) - 46
        local = int.from_bytes(new[at + 42 : at + 46], "little")
        for place in (at + 10, local + 8):
            new[place : place + 2] = (93).to_bytes(2, "little")
        for place in (at + 16, local + 14):
            new[place : place + 4] = info.CRC.to_bytes(4, "little")
        for place in (at + 24, local + 22):
            new[place : place + 4] = info.file_size.to_bytes(4, "little")
    return bytes(new)


@pytest.fixture(scope="module")
def log() -> bytes:
    return as_zstandard(inspect_log(12))


def test_the_samples_of_a_log_as_inspect_writes_it_are_shown(tmp_path: Path, log: bytes) -> None:
    found = drawn(tmp_path, {"Inspect log": log})
    assert found.of == 12
    assert all(s["prompt"].startswith("[user] Q") for s in found.samples)
    assert not any("unreadable" in s["note"] for s in found.samples)


def test_what_is_damaged_too_large_or_not_readable_here_says_so(
    log: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "samples/3_epoch_1.json"
    plain = zipfile.ZipFile(io.BytesIO(inspect_log(12))).read(name)
    assert member(log, name, most=LARGE) == plain
    with pytest.raises(ValueError, match="more than 0 MiB"):
        member(log, name, most=10)
    frame = log.index(b"\x28\xb5\x2f\xfd", log.index(name.encode()))
    for at in (frame, frame + 12):
        with pytest.raises(ValueError, match="it is damaged"):
            member(log[:at] + bytes([log[at] ^ 0xFF]) + log[at + 1 :], name, most=LARGE)
    lost = log.index(name.encode()) - 30
    with pytest.raises(ValueError, match="no header where it names one"):
        member(log[:lost] + b"XX" + log[lost + 2 :], name, most=LARGE)
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(ValueError, match=r"pip install 'safetycase\[inspect\]'"):
        member(log, name, most=LARGE)


def test_a_file_that_grows_beyond_what_it_says_is_not_read_whole() -> None:
    bomb = as_zstandard(inspect_log(1))
    name = "samples/0_epoch_1.json"
    at = bomb.rindex(name.encode()) - 46
    short = bytearray(bomb)
    short[at + 24 : at + 28] = (5).to_bytes(4, "little")
    with pytest.raises(ValueError, match="not what the archive says"):
        member(bytes(short), name, most=LARGE)
