"""Somebody sends a small file that becomes a large one."""

from __future__ import annotations

import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import COIN, write_case
from tests.threats.conftest import Sc

from safetycase.ledger import canonical
from safetycase.methods.imported import junit, tea
from safetycase.methods.imported.planting import planted_context
from safetycase.methods.inspect import log
from safetycase.plugin.contract import MethodError

ALIASES = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(8)
)
YAML: dict[str, Callable[[], str]] = {
    "aliases": lambda: ALIASES,
    "deep lists": lambda: "case: " + "[" * 200_000,
    "deep mappings": lambda: "case: " + "{a: " * 100_000,
    "long line": lambda: "case: " + "x" * 30_000_000,
    "many keys": lambda: "".join(f"k{n}: 1\n" for n in range(20_000)),
    "merge": lambda: COIN + "claims: [{<<: {claim: A}, says: b}]\n",
}
MEMORY = 1_500_000_000


@pytest.mark.slow
@pytest.mark.parametrize("name", YAML)
def test_a_case_file_that_grows_is_a_finding_within_memory(tmp_path: Path, name: str) -> None:
    folder = write_case(tmp_path / "c", YAML[name]())
    done = subprocess.run(
        [sys.executable, "-m", "safetycase.cli", "check", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )
    assert done.returncode == 2, done.stderr[-500:]
    assert "Traceback" not in done.stderr
    assert "case.yaml:" in done.stdout + done.stderr


def test_deep_json_is_refused_by_the_record_and_by_imports(tmp_path: Path) -> None:
    for text in ("[" * 500_000, '{"a":' * 500_000):
        with pytest.raises(canonical.CanonicalError, match="nested deeper"):
            canonical.loads(text.encode())
        context = planted_context(tmp_path / str(len(text)))
        (context.case_folder / "in.json").write_text(text)
        with pytest.raises(MethodError, match="nested deeper than 100"):
            tea.run(("in.json",), tea.Parameters(item="x"), context)


def test_xml_that_grows_is_refused(tmp_path: Path) -> None:
    entities = "".join(f"<!ENTITY e{n} '{f'&e{n - 1};' * 10 if n else 'lol'}'>" for n in range(10))
    context = planted_context(tmp_path)
    (context.case_folder / "in.xml").write_text(
        f"<!DOCTYPE t [{entities}]><testsuite><testcase name='&e9;'/></testsuite>"
    )
    with pytest.raises(MethodError, match="a document type or an entity is refused"):
        junit.run(("in.xml",), junit.Parameters(), context)


def test_an_archive_that_grows_is_refused_by_its_directory(tmp_path: Path) -> None:
    context = planted_context(tmp_path)
    path = context.case_folder / "in.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("header.json", b"0" * 1_000_000)
    data = bytearray(path.read_bytes())
    # The directory now says 3 GiB, as a bomb of that size would.
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = (3 * 1024**3).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(MethodError, match="unpacks to 3221225472 bytes"):
        log.run(("in.eval",), log.Parameters(), context)


@pytest.mark.slow
def test_a_bundle_that_grows_is_refused(sc: Sc, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ledger/log.jsonl", b"0" * 200_000_000)
    assert bomb.stat().st_size < 300_000
    found = sc("verify", bomb)
    assert found.code in (2, 3)
    assert "Traceback" not in found.err
