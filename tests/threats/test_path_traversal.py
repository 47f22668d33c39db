"""Somebody names a file outside the folder, a link, or one name twice."""

from __future__ import annotations

import io
import tarfile
import warnings
import zipfile
from pathlib import Path

import pytest
from tests.conftest import COIN, write_case
from tests.threats.conftest import Sc

from safetycase.ledger import ObjectStore
from safetycase.methods.imported import junit
from safetycase.methods.imported.planting import planted_context
from safetycase.plugin.contract import MethodError

OUTSIDE = ("../secret.txt", "/etc/passwd", "a/../../secret.txt", "link.txt", "folder/secret.txt")


@pytest.mark.parametrize("name", OUTSIDE)
def test_an_input_outside_the_case_folder_is_refused(sc: Sc, tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    text = COIN.replace("inputs: [items.txt]", f"inputs: [{name}]")
    folder = write_case(tmp_path / "c", text, {"a/x": ""})
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "folder").symlink_to(tmp_path)
    ran = sc("run", folder)
    assert ran.code == 2, ran.out
    assert (
        "secret" not in (folder / "ledger" / "log.jsonl").read_text()
        if (folder / "ledger" / "log.jsonl").exists()
        else True
    )


@pytest.mark.parametrize("name", OUTSIDE)
def test_an_import_reads_nothing_outside_the_case_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.txt").write_text("<testsuite><testcase name='a'/></testsuite>")
    context = planted_context(tmp_path / "here")
    (context.case_folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (context.case_folder / "folder").symlink_to(tmp_path)
    with pytest.raises(MethodError, match="no file of the case folder"):
        junit.run((name,), junit.Parameters(), context)


@pytest.mark.slow
def test_an_artefact_outside_the_scratch_folder_is_refused(sc: Sc, tmp_path: Path) -> None:
    text = COIN.replace("method: toy/coin", "method: toy/escapes")
    folder = write_case(tmp_path / "c", text, {"items.txt": "x"})
    assert sc("run", folder).code == 0
    (attempt,) = sc("status", folder, "--json").json["leaves"]["E-COIN"]["attempts"]
    assert attempt["outcome"] == "failed"
    assert "lies outside the scratch folder" in attempt["reason"]
    stored = [p for p in (folder / "ledger" / "objects").rglob("*") if p.is_file()]
    assert not any(b"root:" in p.read_bytes() for p in stored)


def test_an_artefact_is_named_by_its_content_alone(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path / "ledger")
    for name in ("../../../etc/passwd", "..", "/", "", "A" * 64, "a" * 63 + "/"):
        with pytest.raises(ValueError):
            store.path(name)


@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize(
    "names", [["../evil"], ["/tmp/evil"], ["a", "a"], ["a\\..\\..\\evil"], ["./a"]]
)
def test_a_bundle_with_such_names_is_refused_before_it_is_read(
    sc: Sc, tmp_path: Path, kind: str, names: list[str]
) -> None:
    path = tmp_path / f"b.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the standard library writes a name twice, and warns
            for name in names:
                archive.writestr(zipfile.ZipInfo(name), "x")
    else:
        with tarfile.open(path, "w") as tar:
            for name in names:
                info = tarfile.TarInfo(name)
                info.size = 1
                tar.addfile(info, io.BytesIO(b"x"))
    before = sorted(tmp_path.iterdir())
    found = sc("verify", path)
    assert found.code in (2, 3), found.out
    assert "Traceback" not in found.err
    assert sorted(tmp_path.iterdir()) == before
    assert not Path("/tmp/evil").exists()
