"""One fault, planted and looked for: by the status, the findings, the record, and a comparison."""

from __future__ import annotations

import difflib
import filecmp
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from safetycase.argument.changes import Difference
from safetycase.argument.diff import diff
from safetycase.argument.findings import Finding
from safetycase.argument.model import Case
from safetycase.assess.records import Assessment, State, Verdict
from safetycase.ledger import verify
from safetycase.testing.mutation.falling import falling
from safetycase.testing.mutation.ground import Ground, Seen
from safetycase.testing.mutation.records import Mutation, Outcome, Plant, Way
from safetycase.workspace.checking import check_folder

__all__ = ["tried"]

_ORDER: Mapping[Verdict, int] = {
    "holds": 0,
    "insufficient": 1,
    "unknown": 2,
    "fails": 3,
    "not posed": 4,
}
_MOST = 3
_LONGEST = 140


@dataclass(slots=True, kw_only=True)
class _Trail:
    """What was seen of a fault so far: by which ways, and what they said."""

    ways: dict[Way, None] = field(default_factory=dict)
    says: list[str] = field(default_factory=list)

    def add(self, way: Way, says: str) -> None:
        """It shows by this way."""
        self.ways.setdefault(way)
        self.says.append(says)


def tried(ground: Ground, mutation: Mutation, plant: Plant) -> Outcome:
    """Plant one fault, look for it by every way, and say what became of it."""
    trail = _Trail()
    folder = ground.folder
    if plant.spoil is not None:
        folder = ground.work / "spoiled"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(ground.folder, folder, symlinks=True, copy_function=_copied)
        plant.spoil(folder)
        if not plant.texts and not plant.later and _same_files(ground.folder, folder):
            says = "not a byte of the copy differs"
            return _outcome(ground, mutation, plant, trail, "equivalent", says)
        _record(ground, folder, trail)
    now = ground.now + plant.later
    if plant.texts or plant.files:
        seen = ground.look(folder, now, texts=plant.texts)
    else:
        seen = ground.again(folder, now)
    if seen is None:
        found = check_folder(folder, texts={**ground.texts, **plant.texts}).findings
        trail.add("finding", f"it is no case any more: {_first(found)}")
        return _outcome(ground, mutation, plant, trail, "caught", "; ".join(trail.says))
    kept = _status(ground, plant, seen, trail)
    _findings(ground, seen, trail)
    difference = _difference(ground, plant, seen, trail)
    return _judged(ground, mutation, plant, seen, trail, kept, difference)


def _judged(
    ground: Ground,
    mutation: Mutation,
    plant: Plant,
    seen: Seen,
    trail: _Trail,
    kept: tuple[str, ...],
    difference: Difference | None,
) -> Outcome:
    """Caught, survived or equivalent."""
    if _equivalent(ground, plant, seen, difference, trail):
        says = (
            "the elements and the header read the same, and so do every status, every freshness "
            "and every finding"
        )
        return _outcome(ground, mutation, plant, trail, "equivalent", says)
    if mutation.kind == "breaks":
        why = _unbroken(ground, plant, seen, trail, kept)
    else:
        why = _unnamed(mutation, trail, difference)
    if why:
        return _outcome(ground, mutation, plant, trail, "survived", why)
    return _outcome(ground, mutation, plant, trail, "caught", "; ".join(trail.says[:_MOST]))


def _unbroken(
    ground: Ground, plant: Plant, seen: Seen, trail: _Trail, kept: tuple[str, ...]
) -> str:
    """Why a fault that takes the ground away is not caught; empty if it is."""
    after, before = seen.assessment, ground.base.assessment
    if after.verdict == "not posed" and before.verdict != "not posed":
        return ""
    if kept:
        names = ", ".join(kept[:_MOST]) + (" …" if len(kept) > _MOST else "")
        return f"still supported although the ground is gone: {names}"
    if "record" in trail.ways:
        return ""
    if plant.whole and after.verdict == "holds":
        return "the verdict is still `holds`"
    if not plant.broken and not plant.whole:
        # Nothing rested on it, so nothing can be lost: somebody has to be told all the same.
        return "" if trail.ways else "nothing says that anything is wrong"
    return ""


def _unnamed(mutation: Mutation, trail: _Trail, difference: Difference | None) -> str:
    """Why a fault that loosens the case is not caught; empty if it is."""
    if trail.ways.keys() & {"status", "finding", "record", "note"}:
        return ""
    if "comparison" not in trail.ways:
        return "neither the case itself nor a comparison shows it"
    if mutation.kind == "loosens" and difference is not None and not difference.loosening:
        named = ", ".join(c.what for c in difference.changes[:_MOST])
        return f"the comparison names a change ({named}) and does not call it a loosening"
    return ""


def _status(ground: Ground, plant: Plant, seen: Seen, trail: _Trail) -> tuple[str, ...]:
    """Note what got worse; the elements that should have lost their support and did not."""
    before, after = ground.base.assessment, seen.assessment
    lost = [n for n in before.states if _lost(before.states[n], after.states.get(n))]
    stale = [
        f"{n} {after.freshness[n].word}"
        for n, was in before.freshness.items()
        if n in after.freshness and was.word == "fresh" != after.freshness[n].word
    ]
    if lost or stale:
        words = ", ".join(lost[:_MOST]) + (" …" if len(lost) > _MOST else "")
        told = [f"lost: {words}"] if lost else []
        told += [", ".join(stale[:_MOST])] if stale else []
        trail.add("status", "; ".join(told))
    if _ORDER[after.verdict] > _ORDER[before.verdict]:
        trail.add("status", f"the verdict is `{after.verdict}`")
    supported = {n for n in before.states if ground.supported(n)}
    must = falling(ground.base.case, supported, plant.broken)
    return tuple(n for n in must if n in after.states and _stands(after.states[n]))


def _stands(state: State) -> bool:
    return state.support in ("supported", "assumed") and state.posed == "ready"


def _lost(was: State, now: State | None) -> bool:
    return now is not None and _stands(was) and not _stands(now)


def _findings(ground: Ground, seen: Seen, trail: _Trail) -> None:
    new = seen.findings - ground.base.findings
    if new:
        told = [f"{code} {subject}".strip() for code, _, subject in list(new)[:_MOST]]
        trail.add("finding", "found: " + ", ".join(told))


def _difference(ground: Ground, plant: Plant, seen: Seen, trail: _Trail) -> Difference | None:
    if not plant.texts:
        return None
    now: Case | None = seen.space.case
    assert now is not None
    difference = diff(ground.case, now)
    if difference:
        chosen = difference.loosening or difference.changes
        told = [f"{c.what} ({c.element or c.field})" for c in chosen[:_MOST]]
        trail.add("comparison", "changed: " + ", ".join(told))
    return difference


def _equivalent(
    ground: Ground, plant: Plant, seen: Seen, difference: Difference | None, trail: _Trail
) -> bool:
    """Whether the plant changes nothing, which is shown and not supposed."""
    if plant.spoil is not None or plant.later or difference is None or difference:
        return False
    same = _states(ground.base.assessment) == _states(seen.assessment)
    return same and not trail.ways and ground.base.findings == seen.findings


def _states(assessment: Assessment) -> object:
    return (
        assessment.verdict,
        {n: (s.support, s.posed, s.confidence) for n, s in assessment.states.items()},
        {n: str(f) for n, f in assessment.freshness.items()},
    )


def _copied(source: str, to: str) -> None:
    """Kept files are many and are not written to in place, so a link to each is enough."""
    if "objects" in Path(source).parts:
        os.link(source, to)
    else:
        shutil.copy2(source, to)


def _same_files(one: Path, other: Path) -> bool:
    """Whether both folders hold the same files with the same bytes."""
    names = [{p.relative_to(top) for p in top.rglob("*")} for top in (one, other)]
    return names[0] == names[1] and all(
        (one / n).is_dir()
        or (one / n).samefile(other / n)
        or filecmp.cmp(one / n, other / n, shallow=False)
        for n in names[0]
    )


def _record(ground: Ground, folder: Path, trail: _Trail) -> None:
    """What `verify` says of the changed record, by itself and against the old checkpoints."""
    ledger = folder / "ledger"
    found = verify(ledger)
    wrong = [p for p in found.problems if p.severity == "error"]
    if wrong:
        trail.add("record", _cut(wrong[0].says, ground))
        return
    noted = [p for p in found.problems if p not in ground.noted]
    if noted:
        trail.add("note", _cut(noted[0].says, ground))
    apart = [p for p in verify(ledger, against=ground.kept).problems if p.severity == "error"]
    if apart:
        trail.add("comparison", _cut(apart[0].says, ground))


def _first(findings: tuple[Finding, ...]) -> str:
    return next((f"{f.code} {f.message}" for f in findings if f.severity == "error"), "unread")


def _cut(text: str, ground: Ground) -> str:
    text = text.replace(f"{ground.work}/spoiled/", "")
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _outcome(
    ground: Ground, mutation: Mutation, plant: Plant, trail: _Trail, fate: str, because: str
) -> Outcome:
    return Outcome(
        mutation=mutation.name,
        about=plant.about,
        says=plant.says,
        fate=fate,  # type: ignore[arg-type]
        ways=tuple(trail.ways),
        because=because,
        patch="".join(_patch(ground.texts, plant.texts)),
    )


def _patch(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for name, text in new.items():
        yield from difflib.unified_diff(
            old[name].splitlines(keepends=True),
            text.splitlines(keepends=True),
            f"a/{name}",
            f"b/{name}",
            n=1,
        )
