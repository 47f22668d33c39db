"""The report in further formats and the pictures, from a case folder that was run."""

from __future__ import annotations

import csv
import json
import os
import stat
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from tests.conftest import COIN, Ran, write_case

from safetycase.cli.draw import draw
from safetycase.cli.report import report
from safetycase.cli.report_formats import (
    write_crate,
    write_csv,
    write_json,
    write_markdown,
    write_pdf,
)
from safetycase.cli.report_pdf import BROWSER, find_browser
from safetycase.cli.show import opened

NOW = datetime(2026, 11, 28, tzinfo=UTC)


@pytest.fixture
def case(sc: Callable[..., Ran], tmp_path: Path) -> Path:
    folder = write_case(tmp_path / "coin", COIN, {"items.txt": "head or tail\n"})
    assert sc("run", folder).code in (0, 4)
    return folder


def drawn(*words: str | Path):
    return CliRunner().invoke(draw, [*map(str, words)], standalone_mode=False)


@pytest.mark.slow
def test_each_format_and_picture_of_one_case(
    case: Path, tmp_path: Path, sc: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    space, assessment = opened(case, datetime.now(UTC))
    assert write_markdown(space, assessment, None) == case / "report" / "report.md"
    text = (case / "report" / "report.md").read_text("utf-8")
    assert "# A coin" in text
    assert "rate ≤" in text
    made = write_json(space, assessment, tmp_path)
    assert json.loads(made.read_text("utf-8"))["verdict"] == assessment.verdict
    with write_csv(space, assessment, tmp_path / "l.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["evidence"] == "E-COIN"
    assert row["valid_until"]

    crate = write_crate(space, assessment, tmp_path / "crate", licence=None)
    graph = json.loads((crate / "ro-crate-metadata.json").read_text("utf-8"))["@graph"]
    parts = {e["@id"] for e in graph if e["@type"] == "File"}
    assert parts == {
        *("case.yaml", "items.txt", "record.scbundle", "report/index.html", "report/report.md"),
        *("report/report.json", "report/leaves.csv"),
    }
    assert all((crate / part).is_file() for part in parts)
    assert sc("verify", crate / "record.scbundle").code == 0
    archive = write_crate(space, assessment, tmp_path / "crate.zip")
    first = archive.read_bytes()
    assert write_crate(space, assessment, archive).read_bytes() == first
    assert set(zipfile.ZipFile(archive).namelist()) == {
        *parts,
        "ro-crate-metadata.json",
        "ro-crate-preview.html",
    }
    write_crate(space, assessment, crate)  # over its own
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]
    with pytest.raises(click.ClickException, match="is no RO-Crate"):
        write_crate(space, assessment, case)

    for kind, says in (("intervals", "E-COIN: rate"), ("timeline", "E-COIN"), ("waterfall", "Bel")):
        done = drawn(case, "--as", kind)
        assert done.exception is None, done.output
        assert says in done.output
        assert done.output.startswith("<svg")
    out = tmp_path / "t.svg"
    drawn(case, "--as", "timeline", "--now", "2030-01-01", "--out", out)
    assert "now 2030-01-01" in out.read_text("utf-8")

    monkeypatch.setenv(BROWSER, "no-such-browser")
    with pytest.raises(click.ClickException, match="SAFETYCASE_BROWSER names `no-such-browser`"):
        write_pdf(space, assessment, tmp_path / "r.pdf")
    broken = tmp_path / "broken-browser"
    broken.write_text("#!/bin/sh\necho it broke >&2\nexit 3\n", "utf-8")
    broken.chmod(broken.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv(BROWSER, str(broken))
    with pytest.raises(click.ClickException, match=r"made no PDF of the page: it broke"):
        write_pdf(space, assessment, tmp_path / "r.pdf")
    assert not (tmp_path / "r.pdf").exists()


def test_the_markdown_report_shows_what_changed_since_a_version(tmp_path: Path) -> None:
    before = write_case(tmp_path / "before", COIN, {"items.txt": "x"})
    now = write_case(
        tmp_path / "now", COIN.replace("rate <= 0.20", "rate <= 0.30"), {"items.txt": ""}
    )
    words = [str(now), "--format", "markdown", "--since", str(before), "--now", "2026-11-28"]
    done = CliRunner().invoke(report, words, standalone_mode=False)
    assert done.exception is None, done.output
    text = (now / "report" / "report.md").read_text("utf-8")
    assert "## Changes since" in text
    assert "rate <= 0.20" in text
    assert "rate <= 0.30" in text
    refused = CliRunner().invoke(report, [*words[:2], "csv", *words[3:]], standalone_mode=False)
    assert isinstance(refused.exception, click.UsageError)
    assert "html, markdown and pdf" in refused.exception.message


def test_a_case_with_a_parameter_bound_otherwise_has_files_of_its_own(tmp_path: Path) -> None:
    folder = write_case(tmp_path / "coin", COIN, {"items.txt": "x"})
    space, assessment = opened(folder, NOW)
    bound = replace(space, texts={"case.yaml": COIN})
    plain, other = (write_csv(each, assessment, None) for each in (space, bound))
    assert plain == folder / "report" / "leaves.csv"
    assert other.parent == plain.parent
    assert other.name.startswith("with-")
    assert other.name.endswith("-leaves.csv")


def test_a_picture_that_cannot_be_drawn_says_why(tmp_path: Path) -> None:
    folder = write_case(tmp_path / "coin", COIN, {"items.txt": "x"})
    never = drawn(folder, "--as", "waterfall", "--now", "2026-11-28")
    assert isinstance(never.exception, click.ClickException)
    assert "SAFE has no confidence number to draw" in never.exception.message
    lost = drawn(folder, "--as", "waterfall", "--root", "SAVE")
    assert isinstance(lost.exception, click.ClickException)
    assert "did you mean `SAFE`" in lost.exception.message
    for option in ("--root", "--depth"):
        done = drawn(folder, "--as", "timeline", option, "1")
        assert isinstance(done.exception, click.UsageError)
    bare = drawn(folder, "--as", "intervals", "--now", "2026-11-28")
    assert "never run" in bare.output


def test_a_browser_is_looked_for_where_it_is_named(tmp_path: Path) -> None:
    named = tmp_path / "chromium"
    named.write_text("#!/bin/sh\n", "utf-8")
    named.chmod(0o755)
    assert find_browser({BROWSER: str(named)}) == str(named)
    assert find_browser({"PATH": str(tmp_path)}) == str(named)
    assert find_browser({BROWSER: "/nowhere", "PATH": str(tmp_path)}) is None
    assert find_browser({"PATH": "/nowhere"}) is None


@pytest.mark.browser
@pytest.mark.skipif(find_browser(os.environ) is None, reason="no browser here: no PDF was printed")
def test_the_pdf_is_one(tmp_path: Path) -> None:
    space, assessment = opened(write_case(tmp_path / "coin", COIN, {"items.txt": "x"}), NOW)
    made = write_pdf(space, assessment, tmp_path / "r.pdf")
    data = made.read_bytes()
    assert data.startswith(b"%PDF-")
    assert data.rstrip().endswith(b"%%EOF")
    assert len(data) > 20_000


@pytest.mark.parametrize("form", ["html", "markdown", "json", "csv"])
def test_a_report_is_the_same_wherever_it_is_made(
    tmp_path: Path, sc: Callable[..., Ran], form: str
) -> None:
    """Places are named from the case folder, and nothing tells where that lay."""
    text = COIN.replace("    kind: decomposition\n", "    kind: decomposition\n    exakt: true\n")
    folder = write_case(tmp_path / "somebody" / "coin", text, {"items.txt": "x"})
    made = []
    for number, (named, start) in enumerate(((".", folder), (str(folder), tmp_path))):
        out = tmp_path / f"{number}.out"
        words = ("report", named, "--format", form, "--now", "2026-11-28", "--out", str(out))
        assert sc(*words, cwd=start).code == 0
        made.append(out.read_text("utf-8"))
    assert made[0] == made[1]
    assert "somebody" not in made[0]


def test_a_picture_as_json_says_which_it_is_and_where(
    tmp_path: Path, sc: Callable[..., Ran]
) -> None:
    folder = write_case(tmp_path / "coin", COIN, {"items.txt": "x"})
    for kind in ("outline", "gsn", "timeline"):
        found = sc("draw", folder, "--as", kind, "--json").json
        assert found["as"] == kind
        assert "RARE" in found["text"] or "E-COIN" in found["text"]
    out = tmp_path / "cae.svg"
    assert sc("draw", folder, "--as", "cae", "--out", out, "--json").json == {
        "as": "cae",
        "path": str(out),
    }
    assert out.read_text("utf-8").startswith("<svg")


@pytest.mark.slow
def test_what_is_shared_has_the_own_templates_and_the_inputs_that_are_links(
    sc: Callable[..., Ran], tmp_path: Path
) -> None:
    template = (
        "template: bent\nversion: 1\ntitle: Bent\nsource: ours\nsays: ours\n"
        "root:\n  claim: BENT\n  says: It is bent.\n"
    )
    text = COIN + "claims: [{use: bent@1, as: BENT}]\n"
    files = {"real.txt": "head or tail\n", "templates/bent.yaml": template}
    folder = write_case(tmp_path / "coin", text, files)
    (folder / "items.txt").symlink_to("real.txt")
    assert sc("run", folder).code in (0, 4)
    crate = write_crate(*opened(folder, NOW), tmp_path / "crate", licence=None)
    assert (crate / "templates" / "bent.yaml").read_text("utf-8") == template
    assert (crate / "items.txt").read_text("utf-8") == "head or tail\n"
    assert not (crate / "items.txt").is_symlink()
    checked = sc("check", crate)
    assert checked.code == 0, checked.out
    with zipfile.ZipFile(crate / "record.scbundle") as bundle:
        assert bundle.read("case/templates/bent.yaml").decode() == template


FORMS = ("html", "markdown", "json", "csv", "pdf", "ro-crate", "sarif", "junit")


@pytest.mark.parametrize("form", FORMS)
def test_no_report_takes_the_place_of_the_record_or_of_what_it_is_made_from(
    tmp_path: Path, sc: Callable[..., Ran], form: str
) -> None:
    """Neither a file of the record, nor an input, a module or a policy can be lost to `--out`."""
    text = COIN + "claims:\n  - {claim: SPARE, says: Spare.}\n"
    folder = write_case(tmp_path / "coin", text, {"items.txt": "x", "policy.yaml": "# none\n"})
    (folder / "ledger" / "objects").mkdir(parents=True)
    log = folder / "ledger" / "log.jsonl"
    log.write_text("", "utf-8")
    for name in ("items.txt", "case.yaml", "policy.yaml", "ledger/log.jsonl", "ledger/new.txt",
                 "ledger/objects/ab", "ledger/../ledger/log.jsonl"):  # fmt: skip
        before = (folder / name).read_bytes() if (folder / name).is_file() else None
        done = sc("report", folder, "--format", form, "--out", folder / name)
        assert done.code == 2, (name, done)
        assert "name another" in done.err
        after = (folder / name).read_bytes() if (folder / name).is_file() else None
        assert after == before, name
    assert "lies in the record" in sc("report", folder, "--folder", log.parent / "pages").err
    assert not (log.parent / "pages").exists()
    (folder / "policy.yaml").unlink()
    for verb in (("draw", folder, "--as", "timeline"), ("draw", folder), ("gate", "--merge")):
        option = "--sarif" if verb[0] == "gate" else "--out"
        more = ("--against", str(folder), folder) if verb[0] == "gate" else ()
        assert "lies in the record" in sc(*verb, *more, option, log).err, verb
    assert log.read_bytes() == b""


@pytest.mark.parametrize(("form", "name"), [("sarif", "findings.sarif"), ("junit", "junit.xml")])
def test_a_folder_as_place_gets_the_file_by_its_own_name(
    tmp_path: Path, sc: Callable[..., Ran], form: str, name: str
) -> None:
    folder = write_case(tmp_path / "coin", COIN, {"items.txt": "x"})
    (tmp_path / "out").mkdir()
    assert sc("report", folder, "--format", form, "--out", tmp_path / "out").code == 0
    assert (tmp_path / "out" / name).is_file()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, sc: Callable[..., Ran]) -> None:
    folder = write_case(tmp_path / "coin", COIN, {"items.txt": "x"})
    done = sc("report", folder, "--format", "csv", "--out", "/dev/full")
    assert "/dev/full" in done.err
    assert "No space left" in done.err


@pytest.mark.parametrize("form", [form for form in FORMS if form not in ("pdf", "ro-crate")])
def test_a_dash_prints_the_report_itself(tmp_path: Path, sc: Callable[..., Ran], form: str) -> None:
    folder = write_case(tmp_path / "coin", COIN, {"items.txt": "x"})
    words = ("report", folder, "--format", form, "--now", "2026-11-28", "--out")
    written = sc(*words, tmp_path / "file")
    printed = sc(*words, "-")
    assert printed.code == written.code == 0
    assert printed.out == (tmp_path / "file").read_text("utf-8")  # line ends as they are read
    assert not (tmp_path / "-").exists()
    assert "name a file" in sc(*words, "-", "--json").err


def test_what_is_no_text_is_not_printed(tmp_path: Path, sc: Callable[..., Ran]) -> None:
    folder = write_case(tmp_path / "coin", COIN, {"items.txt": "x"})
    for form in ("pdf", "ro-crate"):
        assert "is no text" in sc("report", folder, "--format", form, "--out", "-").err
    drawn_to = sc("draw", folder, "--as", "gsn", "--out", "-")
    assert drawn_to.out.startswith("<svg")
    assert not (tmp_path / "-").exists()


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path, sc: Callable[..., Ran]) -> None:
    folder = write_case(tmp_path / "coin", COIN, {"items.txt": "x"})
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as found:
        place = f"/proc/self/fd/{writer}"
        if not Path(place).exists():
            pytest.skip("pipes have no names here")
        assert sc("report", folder, "--format", "csv", "--out", place).code == 0
        os.close(writer)
        assert found.read().startswith(b'"evidence"')


@pytest.mark.slow
def test_a_crate_of_a_case_bound_otherwise_has_that_case_everywhere(
    sc: Callable[..., Ran], tmp_path: Path
) -> None:
    template = (
        "template: bent\nversion: 1\ntitle: Bent\nsource: ours\nsays: ours\n"
        "parameters:\n  who: {type: text, says: Who throws., example: me}\n"
        "root:\n  claim: BENT\n  says: =who throws it.\n"
    )
    text = COIN + "claims: [{use: bent@1, as: BENT, with: {who: Ada}}]\n"
    files = {"items.txt": "head or tail\n", "templates/bent.yaml": template}
    folder = write_case(tmp_path / "coin", text, files)
    assert sc("run", folder).code in (0, 4)
    words = ("--format", "ro-crate", "--with", "BENT.who=Grace", "--out", tmp_path / "crate")
    done = sc("report", folder, *words)
    assert done.code == 0, done.err
    assert "who: Grace" in (tmp_path / "crate" / "case.yaml").read_text("utf-8")
    with zipfile.ZipFile(tmp_path / "crate" / "record.scbundle") as bundle:
        assert "who: Grace" in bundle.read("case/case.yaml").decode()
    assert "who: Ada" in (folder / "case.yaml").read_text("utf-8")
