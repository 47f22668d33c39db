from __future__ import annotations

import hashlib
import importlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from safetycase.evidence import places
from safetycase.evidence.observe import watching


def inside(found: dict[str, Any], which: str = "undeclared") -> list[list[str]]:
    """What lies in the case folder; the modules of the test runner are seen too."""
    return [row for row in found[which] if not Path(row[0]).is_absolute()]


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    case = tmp_path / "case"
    case.mkdir()
    (case / "items.txt").write_text("one\n", "utf-8")
    (case / "secret.txt").write_text("two\n", "utf-8")
    (case / "data").mkdir()
    (case / "data" / "a.txt").write_text("three\n", "utf-8")
    (tmp_path / "scratch").mkdir()
    return case


def test_a_declared_file_is_told_from_one_that_nobody_declared(folder: Path) -> None:
    scratch = folder.parent / "scratch"
    with watching(folder, scratch, ["items.txt", "data"]) as seen:
        for name in ("items.txt", "secret.txt", "secret.txt", "data/a.txt"):
            (folder / name).read_text("utf-8")
        (scratch / "out.txt").write_text("mine", "utf-8")
        (scratch / "out.txt").read_text("utf-8")
        with pytest.raises(FileNotFoundError):
            (folder / "not there").read_text("utf-8")
        os.close(os.open(folder / "data", os.O_RDONLY))
    found = seen.json()
    assert found["files"] == [["data/a.txt", sha("three\n")], ["items.txt", sha("one\n")]]
    assert inside(found) == [["secret.txt", sha("two\n")]]
    assert found["writes"] == found["changed"] == found["processes"] == found["sockets"] == []


def test_nothing_is_seen_before_or_after(folder: Path) -> None:
    (folder / "items.txt").read_text("utf-8")
    with watching(folder, folder.parent / "scratch") as seen:
        pass
    (folder / "secret.txt").read_text("utf-8")
    assert inside(seen.json()) == []


def test_relative_paths_links_and_bytes_lead_to_the_file_itself(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = folder.parent / "scratch"
    (scratch / "link").symlink_to(folder / "secret.txt")
    monkeypatch.chdir(folder / "data")
    with watching(folder, scratch) as seen:
        Path("a.txt").read_text("utf-8")
        monkeypatch.chdir(folder)
        Path("items.txt").read_text("utf-8")
        (scratch / "link").read_text("utf-8")
        os.close(os.open(os.fsencode(folder / "data" / "a.txt"), os.O_RDONLY))
    assert [name for name, _ in inside(seen.json())] == [
        "data/a.txt",
        "items.txt",
        "secret.txt",
    ]


def test_the_digest_is_of_what_was_there_when_it_was_opened_and_a_change_shows(
    folder: Path,
) -> None:
    with watching(folder, folder.parent / "scratch") as seen:
        (folder / "secret.txt").read_text("utf-8")
        (folder / "secret.txt").write_text("quite another\n", "utf-8")
    found = seen.json()
    assert inside(found) == [["secret.txt", sha("two\n")]]
    assert found["changed"] == ["secret.txt"]


def test_a_file_the_run_wrote_first_is_a_write_and_no_input(folder: Path) -> None:
    with watching(folder, folder.parent / "scratch") as seen:
        (folder / "cache.txt").write_text("x", "utf-8")
        (folder / "cache.txt").read_text("utf-8")
    found = seen.json()
    assert (found["writes"], inside(found)) == (["cache.txt"], [])


def test_modules_count_by_their_source_also_from_byte_code(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "seen_helper.py").write_text("X = 1\n", "utf-8")
    monkeypatch.syspath_prepend(str(folder))
    for _ in range(2):
        sys.modules.pop("seen_helper", None)
        importlib.invalidate_caches()
        with watching(folder, folder.parent / "scratch") as seen:
            importlib.import_module("seen_helper")
            importlib.import_module("json.tool")
        found = seen.json()
        assert ["seen_helper.py", sha("X = 1\n")] in found["undeclared"]
        assert not [n for n, _ in found["undeclared"] if n.endswith(("tool.py", ".pyc"))]
        assert found["writes"] == []
    sys.modules.pop("seen_helper", None)


def test_a_temporary_file_is_an_input_only_if_it_was_there_before(folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as place:
        old, new = Path(place) / "old.txt", Path(place) / "new.txt"
        old.write_text("old", "utf-8")
        os.utime(old)
        time.sleep(0.05)
        with watching(folder, folder.parent / "scratch") as seen:
            new.write_text("new", "utf-8")
            new.read_text("utf-8")
            old.read_text("utf-8")
        found = seen.json()
    assert [str(old.resolve()), sha("old")] in found["undeclared"]
    assert str(new.resolve()) not in [n for n, _ in found["undeclared"]] + found["writes"]


def test_converted_weights_in_the_cache_are_no_input_of_their_own(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    places._fixed.cache_clear()
    seen = places.Places(folder, tmp_path / "scratch", ())
    base = tmp_path / "cache" / "safetycase"
    assert seen.of(str(base / "weights" / "ab" / "model.safetensors")) == "environment"
    assert seen.of(str(base / "results" / "ab.json")) != "environment"
    places._fixed.cache_clear()


def test_processes_and_connections_are_listed(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with watching(folder, folder.parent / "scratch") as seen:
            subprocess.run([sys.executable, "-c", ""], check=True)
            socket.create_connection(("127.0.0.1", port)).close()
    found = seen.json()
    assert found["processes"] == [sys.executable]
    assert found["sockets"] == [f"127.0.0.1:{port}"]


def test_threads_are_seen_and_many_files_are_counted(folder: Path) -> None:
    many = [folder / f"f{i:04}.txt" for i in range(520)]
    for path in many:
        path.write_text(path.name, "utf-8")

    def reads(part: list[Path]) -> None:
        for path in part:
            path.read_text("utf-8")

    with watching(folder, folder.parent / "scratch") as seen:
        threads = [threading.Thread(target=reads, args=(many[i::4],)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    found = seen.json()
    assert len(found["undeclared"]) + found["left_out"] >= 520
    assert len(found["undeclared"]) <= 504  # a race of four threads for the last place
    assert all(value == sha(name) for name, value in found["undeclared"] if name[0] == "f")


def test_two_runs_in_one_process_each_see_what_happened_meanwhile(folder: Path) -> None:
    scratch = folder.parent / "scratch"
    with watching(folder, scratch, ["items.txt"]) as one:
        with watching(folder, scratch) as two:
            (folder / "items.txt").read_text("utf-8")
        (folder / "secret.txt").read_text("utf-8")
    assert [n for n, _ in inside(one.json())] == ["secret.txt"]
    assert [n for n, _ in inside(two.json())] == ["items.txt"]
