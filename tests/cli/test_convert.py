"""`import`, `export`, `draw` and profiles from the command line, on files of other formats."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.conftest import Ran

Sc = Callable[..., Ran]
LTAC = """\
- Claim G1: The agent causes no harm
  - Context C1: Internal use
  - Strategy S1: Inability and control
    - Claim G2: It cannot evade the monitor
      - Evidence Sn1: Control evaluation (evals/ctrl.json)
    - Claim G3: Escalations are stopped {needssupport}
"""
GSN2X = """\
G1: {text: The agent causes no harm, supportedBy: [S1], inContextOf: [C1]}
S1: {text: Inability and control, supportedBy: [G2, G3]}
G2: {text: It cannot evade the monitor, supportedBy: [Sn1]}
G3: {text: Escalations are stopped, undeveloped: true}
C1: {text: Internal use}
Sn1: {text: Control evaluation, url: evals/ctrl.json}
CG1: {text: The items are recognised, challenges: G2, undeveloped: true}
"""


@pytest.fixture
def ltac(tmp_path: Path) -> Path:
    path = tmp_path / "argument.ltac"
    path.write_text(LTAC, "utf-8")
    return path


@pytest.fixture
def gsn2x(tmp_path: Path) -> Path:
    path = tmp_path / "argument.yaml"
    path.write_text(GSN2X, "utf-8")
    return path


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ltac", "gsn2x"])
def test_an_import_is_a_case_that_runs(
    sc: Sc, request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    source = request.getfixturevalue(kind)
    ran = sc("import", source, "--out", tmp_path / "made", "--json")
    assert ran.code == 0, ran.out + ran.err
    assert any(loss["what"] for loss in ran.json["losses"])
    status = sc("status", tmp_path / "made", "--json").json
    assert {"G1", "G2", "G3", "Sn1", "C1"} <= set(status["states"])
    assert status["verdict"] in ("unknown", "not posed")
    again = sc("import", source, "--out", tmp_path / "made")
    assert again.code == 2
    assert "is there already" in again.err


@pytest.mark.parametrize(
    "target",
    ["gsn2x", "ltac", "tea", "tea-flat", "sacm", "graphml", "dot", "mermaid", "json-canvas"],
)
def test_every_format_is_written_with_a_loss_report(
    sc: Sc, ltac: Path, tmp_path: Path, target: str
) -> None:
    out = tmp_path / "out" / "written"
    ran = sc("export", ltac, "--to", target, "--out", out)
    assert ran.code == 0, ran.err
    assert "It cannot evade the monitor" in out.read_text("utf-8")
    if target in ("tea", "tea-flat", "json-canvas"):
        json.loads(out.read_text("utf-8"))
    if target in ("sacm", "graphml"):
        ElementTree.fromstring(out.read_text("utf-8"))


@pytest.mark.parametrize("target", ["gsn2x", "ltac", "tea", "tea-flat", "sacm"])
def test_what_is_written_is_read_again(sc: Sc, ltac: Path, tmp_path: Path, target: str) -> None:
    out = tmp_path / "written"
    assert sc("export", ltac, "--to", target, "--out", out).code == 0
    back = sc("export", out, "--from", target, "--to", "ltac")
    assert back.code == 0, back.err
    for line in ("The agent causes no harm", "Inability and control", "Escalations are stopped"):
        assert line in back.out


@pytest.mark.slow
def test_a_case_is_exported_and_drawn(sc: Sc, coin: Path, tmp_path: Path) -> None:
    ran = sc("export", coin, "--to", "gsn2x")
    assert ran.code == 0
    assert "Heads are rare." in ran.out
    for notation in ("gsn", "cae"):
        out = tmp_path / f"{notation}.svg"
        assert sc("draw", coin, "--as", notation, "--out", out).code == 0
        text = "".join(ElementTree.fromstring(out.read_text("utf-8")).itertext())
        assert "Heads" in text
    outline = sc("draw", coin).out
    assert "Goal SAFE: The coin is safe." in outline
    ran = sc("draw", coin, "--root", "RAER")
    assert ran.code == 2
    assert "did you mean `RARE`" in ran.err


@pytest.mark.parametrize(
    ("change", "profile", "code", "says"),
    [
        (("", ""), "gsn2x", 0, ""),
        (("supportedBy: [G2, G3]", "supportedBy: [G2, G9]"), "gsn2x", 1, "C03"),
        (("supportedBy: [G2, G3]", "supportedBy: [G2, G3, Sn1]"), "gsn2x", 0, ""),
        (("supportedBy: [G2, G3]", "supportedBy: [G2, G3, Sn1]"), "gsn-v3-strict", 2, "R04"),
        (("", ""), "gsn-v3-strict", 0, "R34"),
        (("", ""), "cae", 2, "A0"),
    ],
)
def test_profiles_judge_a_foreign_file(
    sc: Sc, gsn2x: Path, change: tuple[str, str], profile: str, code: int, says: str
) -> None:
    gsn2x.write_text(GSN2X.replace(*change) if change[0] else GSN2X, "utf-8")
    ran = sc("check", gsn2x, "--profile", profile)
    assert ran.code == code, ran.out
    assert says in ran.out


def test_profiles_judge_a_case(sc: Sc, coin: Path) -> None:
    ran = sc("check", coin, "--profile", "review", "--json")
    assert {"L20", "L21"} <= {f["code"] for f in ran.json}
    assert sc("check", coin).code == 0
    text = (coin / "case.yaml").read_text("utf-8")
    (coin / "case.yaml").write_text(
        text.replace("maturity: sketch", "maturity: sketch\nprofiles: [gsn-v3-strict]"), "utf-8"
    )
    named = sc("check", coin, "--json").json
    assert any(f["code"].startswith("R") for f in named)


def test_fix_mends_what_is_plain_and_shows_it_first(sc: Sc, coin: Path) -> None:
    right = (coin / "case.yaml").read_text("utf-8")
    wrong = right.replace("holds_when:", "hodls_when:").replace("kind: decomp", "kidn: decomp")
    (coin / "case.yaml").write_text(wrong, "utf-8")
    shown = sc("check", coin, "--fix", "--dry-run")
    assert "+        holds_when: rate <= 0.20" in shown.out
    assert (coin / "case.yaml").read_text("utf-8") == wrong
    mended = sc("check", coin, "--fix")
    assert mended.code == 0, mended.out
    assert (coin / "case.yaml").read_text("utf-8") == right
    assert "nothing here can be mended" in sc("check", coin, "--fix").out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["check", "argument.ltac", "--profile", "gsn3"], "there is no profile `gsn3`"),
        (["export", "argument.ltac", "--to", "gsn2"], "did you mean `gsn2x`"),
        (["export", "argument.ltac", "--to", "asce"], "can be read and not written"),
        (["export", "argument.ltac", "--to", "dot", "--from", "dot"], "written and not read"),
        (["export", "argument.odd", "--to", "dot"], "the format cannot be told"),
        (["import", "nowhere.ltac"], "does not exist"),
    ],
)
def test_what_cannot_be_done_is_said(
    sc: Sc, ltac: Path, tmp_path: Path, words: list[str], says: str
) -> None:
    (tmp_path / "argument.odd").write_text("?", "utf-8")
    ran = sc(*words, cwd=tmp_path)
    assert ran.code == 2
    assert says in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("bomb.xmi", b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'),
        ("deep.json", b"[" * 1_000_000),
        ("nan.json", b'{"version": "1.0", "case": NaN}'),
        ("twice.json", b'{"version": "1.0", "version": "2.0"}'),
        ("deep.ltac", b"".join(b"  " * i + b"- Claim G%d: x\n" % i for i in range(3000))),
        ("latin.yaml", "G1: {text: é}".encode("latin-1")),
        ("zero.ltac", b"- Claim G1: a\x00b\n"),
        ("cut.xmi", b"<a><b>"),
    ],
)
def test_hostile_files_get_a_finding(sc: Sc, tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    names = {"xmi": "sacm", "json": "tea", "ltac": "ltac", "yaml": "gsn2x"}
    ran = sc("check", tmp_path / name, "--from", names[name.rsplit(".")[-1]])
    assert ran.code in (0, 2) if name == "deep.ltac" else ran.code == 2, ran.out
    assert "Traceback" not in ran.err


def test_a_file_larger_than_anybody_writes_is_not_read(sc: Sc, tmp_path: Path) -> None:
    with (tmp_path / "huge.ltac").open("wb") as file:
        file.truncate(1 << 30)
    ran = sc("check", tmp_path / "huge.ltac")
    assert ran.code == 2
    assert "F051" in ran.out


def test_a_file_that_is_wrong_writes_nothing_unless_asked(sc: Sc, tmp_path: Path) -> None:
    path = tmp_path / "wrong.gsn.yaml"
    path.write_text("G1: {text: a, supportedBy: [G2]}\nG1: {text: b}\n", "utf-8")
    ran = sc("import", path, "--out", tmp_path / "made")
    assert ran.code == 2
    assert "nothing is written" in ran.err
    assert not (tmp_path / "made").exists()
    assert sc("import", path, "--out", tmp_path / "made", "--partial").code == 2
    assert (tmp_path / "made" / "case.yaml").is_file()
    assert "Only the reading was checked" in sc("check", path).out


def test_export_says_which_formats_and_which_reports_there_are(sc: Sc, coin: Path) -> None:
    neither = sc("export", coin)
    assert neither.code == 2
    assert "gsn2x, json-canvas, ltac" in neither.err
    assert "eu-code, sb53" in neither.err
    assert "`--to gsn2x` writes that format" in sc("export", coin, "--as", "gsn2x").err


def test_a_case_file_is_not_imported_again(sc: Sc, coin: Path) -> None:
    done = sc("import", coin / "case.yaml")
    assert done.code == 2
    assert "coin/case.yaml is a case file already: `safetycase check coin`" in done.err
