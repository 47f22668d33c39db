"""Reports to regulators: every sentence has its source, every gap is one, nothing is claimed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.assess.reviewed_cases import KEYS, challenge, plain, reviewed, sign_off
from tests.assess.watched_cases import MONITOR, case_of, judged, resolution, signal

from safetycase.argument.model import Assumption, Claim, Defeater, Evidence
from safetycase.assess.duties import duties
from safetycase.assess.records import Assessment, Waived
from safetycase.ledger.fold import (
    AttemptRecord,
    ChallengeRecord,
    DissentRecord,
    EventRecord,
    History,
    OverrideRecord,
    ResponseRecord,
    RulingRecord,
    SignOffRecord,
)
from safetycase.report.regulatory import (
    FORMS,
    NOTICE,
    Document,
    Earlier,
    Gap,
    Material,
    Ref,
    Section,
    Sentence,
    document,
    named,
    to_json,
    to_markdown,
    withhold,
)
from safetycase.workspace.folder import open_case

CASES = Path(__file__).resolve().parents[2] / "cases"
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
DIGEST = "d" * 64
MEETS = re.compile(
    r"\b(compl(y|ies|iant|iance)|conform(s|ity)?|fulfil(s|led)?|meets? the (duty|requirement)|"
    r"satisf(y|ies))\b",
    re.IGNORECASE,
)


def history() -> History:
    """A record in which something of every kind happened."""
    common = {"at": "2026-11-24T09:00:00Z", "keyid": "k"}
    return History(
        attempts=tuple(
            AttemptRecord(
                id=f"a{seq}", registration=1, start_seq=seq, started_at="2026-11-20T10:00:00Z",
                body={}, start_body={}, end_seq=seq + 1, outcome="completed", keyid="k",
            )
            for seq in (5, 10, 15)
        ),
        events=(
            EventRecord(
                seq=17, event="serious-incident", says="weights left", about={"all": True},
                since=None, body={"incident": "cyber", "known_at": "2026-11-20T09:00:00Z"},
                **common,
            ),
        ),
        challenges=(
            ChallengeRecord(
                id="C1", seq=18, against="SAFE", digest=DIGEST, severity="major",
                says="who says so", by="Grace", **common,
            ),
            ChallengeRecord(
                id="C2", seq=19, against="GONE", digest=DIGEST, severity="minor",
                says="too short", by="Grace", **common,
            ),
        ),
        responses=(ResponseRecord(seq=20, challenge="C1", says="we do", by="Ada", **common),),
        rulings=(
            RulingRecord(seq=21, challenge="C1", outcome="conceded", reason="right", by="Grace",
                         **common),
        ),
        sign_offs=(
            SignOffRecord(
                seq=22, element="SAFE", digest=DIGEST, verdict="accept-with-conditions",
                conditions=("only here",), says="read it", competence="ten years",
                independence="none of theirs", hours="3.5", by="Grace", **common,
            ),
        ),
        dissents=(
            DissentRecord(seq=23, element="SAFE", digest=DIGEST, says="not so", by="Ida", **common),
        ),
        overrides=(
            OverrideRecord(
                seq=24, element="SAFE", digest=DIGEST, clauses=("no-open-challenge",),
                authority="the board", reason="it must ship", by="Eve",
                expires="2026-12-01T00:00:00Z", **common,
            ),
        ),
    )  # fmt: skip


def material(a: Assessment, told: History | None = None, **more: object) -> Material:
    told = history() if told is None else told
    return Material(
        assessment=a,
        history=told,
        digests={seq: f"{seq:064x}" for seq in range(1, 25)},
        deadlines=duties(told, a.at),
        version="1.2.3",
        **more,  # type: ignore[arg-type]
    )


@pytest.fixture(params=sorted(FORMS))
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def refs(made: Document) -> Iterator[Ref]:
    for section in made.sections:
        for sentence in section.sentences:
            assert sentence.sources, sentence
            yield from sentence.sources
        for sample in section.samples:
            assert sample.sources, sample
            yield from sample.sources


def traced(made: Document, a: Assessment, records: int) -> None:
    """Every source is an element, a record or a field that is there."""
    known = {*a.case.elements, *a.states}
    header = set(type(a.case.header).__dataclass_fields__)
    for ref in refs(made):
        if ref.kind == "element":
            assert ref.name in known, ref
            assert re.fullmatch(r"[\w.-][\w./-]*:\d+", ref.place), ref
        elif ref.kind == "record":
            assert 1 <= int(ref.name) <= records, ref
        elif ref.kind == "header":
            assert ref.name in header, ref
        else:
            assert ref.kind in ("finding", "earlier report")


def test_nothing_is_said_without_a_source() -> None:
    with pytest.raises(ValueError, match="nothing says where this comes from"):
        Sentence(text="All is well.", sources=())
    with pytest.raises(ValueError, match="is empty"):
        Sentence(text=" ", sources=(Ref(kind="element", name="SAFE"),))
    with pytest.raises(ValueError, match="neither says anything nor names a gap"):
        Section(id="x", title="x", clause="x", asks="x")


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(p.parent.name for p in CASES.glob("*/case.yaml")))
def test_every_sentence_of_every_shipped_case_is_traced(name: str) -> None:
    space = open_case(CASES / name, NOW)
    assert space.case is not None
    a = space.assess()
    for form in FORMS:
        made = document(form, material(a, space.history))
        traced(made, a, len(space.log.records))
        assert made.gaps
        ids = [section.id for section in made.sections]
        assert len(ids) == len(set(ids))
        # Every element that argues is there: no claim, assumption, doubt or evidence is left out.
        shown = {ref.name for ref in refs(made) if ref.kind == "element"}
        for element in a.case.elements.values():
            if isinstance(element, Claim | Assumption | Defeater):
                assert element.id in shown, (form, element.id)
            if isinstance(element, Evidence) and element.id in a.leaves:
                assert element.id in shown, (form, element.id)
        page = to_markdown(made)
        assert NOTICE in page
        body = [line for line in page.splitlines() if line.startswith("- ")]
        count = sum(bool(section.gaps) for section in made.sections)
        assert all(re.search(r"\): \d+$", line) for line in body[:count])
        loose = [line for line in body[count:] if not re.search(r"\\\[|What would fill it", line)]
        assert loose == []


def test_a_record_with_everything_in_it_is_told(assessment: Assessment, form: str) -> None:
    made = document(form, material(assessment))
    traced(made, assessment, 24)
    text = " ".join(s.text for section in made.sections for s in section.sentences)
    for told in (
        "Ida dissents from SAFE: not so.",
        "Eve decided on SAFE against no-open-challenge of the release policy, by the authority of "
        "the board",
        "Grace accepts on the condition: only here.",
        "Grace ruled C1 conceded: right.",
        "Nothing is ruled of C2; it stands open.",
        "an attempt at E-POISON-TASKS, failed after 41.5 s: the server stopped: out of memory.",
        "exploratory, which never counts",
    ):
        assert told in text, told
    assert "weights left" in text
    if form != "sabotage-risk-report":
        assert "OVERDUE by 41 hours" in text


def test_nothing_says_that_a_duty_is_met(assessment: Assessment, form: str) -> None:
    made = document(form, material(assessment))
    for section in made.sections:
        for sentence in section.sentences:
            assert not MEETS.search(sentence.text), sentence.text
    assert "does not say that any duty is met" in to_markdown(made)


def test_margins_are_the_distance_of_the_bound_from_what_was_asked(
    assessment: Assessment,
) -> None:
    made = document("eu-code", material(assessment))
    (margins,) = [s for s in made.sections if s.id == "margins"]
    texts = [s.text for s in margins.sentences]
    # At most 7.2 % where 20 % was asked, 59 % where 1 % was; at least 35 % where 60 % was.
    assert any("is 7.2 %, a margin of 12.8 percentage points" in t for t in texts), texts
    assert any("is 59 %, short of it by 58 percentage points" in t for t in texts), texts
    assert any("is 35 %, short of it by 25 percentage points" in t for t in texts), texts
    runs = {ref.name for s in margins.sentences for ref in s.sources if ref.kind == "record"}
    assert {"5", "10", "15"} <= runs


def test_samples_are_drawn_by_the_record(make: Callable[..., Assessment]) -> None:
    import dataclasses

    whole = make()
    leaf = whole.leaves["E-SELF-REASONING"]
    kept = tuple({"id": f"s-{i}", "prompt": f"p{i}", "output": f"o{i}"} for i in range(40))
    leaves = dict(whole.leaves) | {leaf.evidence: dataclasses.replace(leaf, transcripts=kept)}
    a = make(leaves=leaves)

    def shown(digest: str) -> list[str]:
        m = material(a)
        changed = dataclasses.replace(m, digests={**m.digests, 6: digest})
        made = document("eu-code", changed)
        (section,) = [s for s in made.sections if s.id == "samples"]
        assert any("Of E-CONTROL the record keeps no sample" in g.says for g in section.gaps)
        return [s.id for s in section.samples if s.id.startswith("E-SELF")]

    one, same, other = shown("1" * 64), shown("1" * 64), shown("2" * 64)
    assert len(one) == 5
    assert one == same != other


def test_two_samples_where_five_are_asked_for_are_a_gap(assessment: Assessment) -> None:
    made = document("eu-code", material(assessment))
    (section,) = [s for s in made.sections if s.id == "samples"]
    assert any("keeps 2 samples, and 5 are asked for" in g.says for g in section.gaps)


def test_what_changed_since_the_last_report(assessment: Assessment) -> None:
    m = material(assessment)
    elements = dict(m.elements) | {"OLD": "0" * 64, "SAFE": "1" * 64}
    del elements["D-SANDBAGGING"]
    earlier = Earlier(
        at="2026-11-01T00:00:00Z", form="eu-code", records=10, head="a" * 64, elements=elements,
        continues=True,
    )  # fmt: skip

    def told(earlier: Earlier) -> list[str]:
        made = document("eu-code", material(assessment, earlier=earlier))
        (section,) = [s for s in made.sections if s.id == "since"]
        return [s.text for s in section.sentences]

    assert told(earlier) == [
        "Added: D-SANDBAGGING.",
        "Changed: SAFE.",
        "Removed: OLD.",
        "6 records were added since the earlier report.",
    ]
    import dataclasses

    broken = told(dataclasses.replace(earlier, continues=False))
    assert "does not continue" in broken[-1]


def test_what_is_withheld_is_gone_and_said_to_be(assessment: Assessment, form: str) -> None:
    whole = document(form, material(assessment))
    reasons = {"INABILITY": "a trade secret", "record 23": "a name", "E-CONTROL": "security"}
    assert set(reasons) <= named(whole)
    made = withhold(whole, reasons)
    assert made.original
    assert made.withheld == reasons
    page = to_markdown(made) + json.dumps(to_json(made))
    says = assessment.case.elements["INABILITY"].says  # type: ignore[union-attr]
    assert says.rstrip(".") in to_markdown(whole)
    for gone in (says.rstrip("."), "Ida", "46 of 100 caught", "precursor_advantage"):
        assert gone not in page, gone
    assert "A dissent, withheld (record 23: a name)." in page
    assert "An attempt, completed, withheld (E-CONTROL: security)." in page
    assert made.elements == whole.elements  # what is kept of the original
    assert made.elements["INABILITY"] in to_markdown(made)
    # The same with something else withheld has the same original, and another report another one.
    assert withhold(whole, {"SAFE": "x"}).original == made.original
    assert withhold(whole, {}) is whole


def test_hostile_text_stays_text(spoiled: Callable[..., Assessment], form: str) -> None:
    a = spoiled()
    page = to_markdown(document(form, material(a, History())))
    assert not re.search(r"(?<!\\)<(script|img)", re.sub(r"(?ms)^`{3,}text$.*?^`{3,}$", "", page))
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert not re.search(r"\]\(|https?://", re.sub(r"(?ms)^`{3,}text$.*?^`{3,}$", "", page))
    json.loads(json.dumps(to_json(document(form, material(a, History()))), ensure_ascii=True))


def test_gaps_come_with_what_would_fill_them(assessment: Assessment, form: str) -> None:
    made = document(form, material(assessment, History()))
    for _, gap in made.gaps:
        assert isinstance(gap, Gap)
        assert gap.says.strip()
        assert gap.fill.strip()
    text = " ".join(gap.says for _, gap in made.gaps)
    assert "Nobody signed that they reviewed this case." in text
    assert "Nobody challenged this case in review" in text


def test_a_signature_of_an_earlier_version_and_a_challenge_are_told_as_they_stand() -> None:
    case = plain()
    a = reviewed(case, sign_off(case, digest=DIGEST), challenge(case, "RARE"))
    told = History(
        sign_offs=(sign_off(case, digest=DIGEST),), challenges=(challenge(case, "RARE"),), keys=KEYS
    )
    m = Material(assessment=a, history=told, digests=dict.fromkeys(range(1, 60), DIGEST))
    made = document("sabotage-risk-report", m)
    (section,) = [s for s in made.sections if s.id == "review"]
    texts = " ".join(s.text for s in section.sentences)
    assert "The signature of Grace does not count: " in texts
    assert "contests what it is against." in texts
    assert [g for g in section.gaps if "No signature counts for the case" in g.says]
    (residual,) = [s for s in made.sections if s.id == "residual"]
    assert any("This doubt stands" in s.text for s in residual.sentences)
    current = reviewed(case, sign_off(case))
    again = document(
        "eu-code", Material(assessment=current, history=History(sign_offs=(sign_off(case),)))
    )
    (decided,) = [s for s in again.sections if s.id == "decision"]
    assert not [s for s in decided.sentences if "does not count" in s.text]


def test_alarms_and_what_was_said_of_them_are_told() -> None:
    case = case_of(MONITOR)
    signals = [signal(case, "alarm", seq=2, says="Heads came too often.")]
    a = judged(case, signals, [resolution(2, reason="a broken counter")])
    m = Material(assessment=a, history=History(), digests={})
    (told,) = [s for s in document("eu-code", m).sections if s.id == "landscape"]
    texts = [s.text for s in told.sentences]
    assert any("the monitor M alarmed (" in t and "Heads came too often." in t for t in texts)
    assert any("a broken counter" in t for t in texts), texts
    records = {r.name for s in told.sentences for r in s.sources if r.kind == "record"}
    assert "2" in records


def test_a_waiver_is_told_beside_what_counts_by_it(make: Callable[..., Assessment]) -> None:
    import dataclasses

    whole = make()
    waived = Waived(
        reviewer="Grace", author="Ada", until="2027-01-01T00:00:00Z", reason="a comment",
        fields=("instrument.code",), record=9,
    )  # fmt: skip
    state = whole.states["E-CONTROL"]
    fresh = dataclasses.replace(state.freshness, waived=(waived,))
    states = dict(whole.states) | {"E-CONTROL": dataclasses.replace(state, freshness=fresh)}
    made = document("eu-code", material(make(states=states)))
    (results,) = [s for s in made.sections if s.id == "results"]
    told = [s for s in results.sentences if "equivalent by waiver of Grace" in s.text]
    assert [ref.short for ref in told[0].sources] == ["E-CONTROL", "record 9"]


def test_what_a_sentence_quotes_of_a_record_is_a_source_of_it(assessment: Assessment) -> None:
    m = material(assessment)
    told = m.said(
        "It is invalidated (evaluation-bug-found, record 3: it leaked).", m.element("SAFE")
    )
    assert [ref.short for ref in told.sources] == ["SAFE", "record 3"]
    far = m.said("Nobody has seen record 999999999 or record 0.", m.element("SAFE"))
    assert [ref.short for ref in far.sources] == ["SAFE"]
