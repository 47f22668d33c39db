"""A record in which every leaf passed, made in a copy of the case: simulated, and signed by no one.

Nothing is executed. Registrations are those that a run would make; the measurements are values
that meet the criteria, under a key that is made for the copy and thrown away with it.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from safetycase.argument.expression import Expression
from safetycase.argument.model import Case, Monitor
from safetycase.checks.criterion import judge
from safetycase.checks.monitors import indicator_digest
from safetycase.evidence.models import PACKAGED
from safetycase.evidence.recording import Recorder
from safetycase.evidence.registering import register
from safetycase.evidence.setting import Job, Setting
from safetycase.ledger import Seen, SigningKey, Writer
from safetycase.ledger.keys import from_seed
from safetycase.ledger.record import stamp
from safetycase.plugin.executors import Finished
from safetycase.stats import Exact, Proportion, Statistic, to_json
from safetycase.testing.mutation.draft import Draft
from safetycase.workspace.folder import Workspace
from safetycase.workspace.paths import inside

__all__ = ["AGE", "Nobody", "copy_case", "key_of", "quiet", "record_as_if", "stand_ins", "witness"]

AGE = timedelta(hours=2)
"""How long before the time of judgement the as-if runs were made."""

LEFT_OUT = ("ledger", "report", ".git", "__pycache__", "node_modules", ".venv")
PLANTED = 100_000
TRIALS = 100_000


def key_of(name: str) -> SigningKey:
    """A key for copies alone: whoever knows its name can make it, so it is worth nothing."""
    return from_seed(hashlib.sha256(f"safetycase mutate\n{name}".encode()).digest(), name)


def copy_case(folder: Path, to: Path) -> None:
    """Copy what a case consists of, without its record.

    A link within the folder is one in the copy, too; those that lead out are no part of a case.
    """
    links: list[Path] = []

    def left_out(where: str, names: list[str]) -> list[str]:
        top, here = Path(where) == folder, [Path(where) / n for n in names]
        links.extend(path for path in here if path.is_symlink())
        out = {"__pycache__", *(LEFT_OUT if top else ())}
        return [path.name for path in here if path.name in out or path.is_symlink()]

    shutil.copytree(folder, to, ignore=left_out, dirs_exist_ok=True)
    for path in (to, *to.rglob("*")):  # the case may be read-only; the copy is spoiled on purpose
        path.chmod(path.stat().st_mode | stat.S_IWUSR)
    for link in links:
        target = inside(folder, link.relative_to(folder).as_posix())
        there = target and to / target.relative_to(folder.resolve())
        if there is not None and there.exists() and link.name not in LEFT_OUT:
            made = to / link.relative_to(folder)
            made.symlink_to(os.path.relpath(there, made.parent))


def stand_ins(draft: Draft, folder: Path) -> Mapping[str, str]:
    """The texts with weights that lie in the copy, for models whose weights come with a package.

    So the weights can be exchanged, and the result is the same where the package is missing.
    """
    changes = []
    for entry in draft.entries(draft.at("", "models")):
        name = draft.key(entry)
        site = draft.at("", "models", name, "weights")
        if site is None or site.word not in PACKAGED:
            continue
        file = f"{name}.stand-in.gguf"
        (folder / file).write_bytes(f"stands in for {site.word}\n".encode())
        changes.append((site, file))
    return draft.put(*changes) if changes else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Nobody:
    """Stands in the record as the executor; it executes nothing."""

    name: str = "as-if"
    margin: float = 60.0


def record_as_if(space: Workspace, key: SigningKey) -> tuple[str, ...]:
    """Write a record in which every leaf that can run passed; the ids of those that could not.

    The first attempt of the first leaf whose plan allows one more failed.
    """
    assert space.case is not None
    then = space.now - AGE
    due = {
        name: "as if"
        for name, recipe in space.recipes.items()
        if recipe.recipe is not None and name in space.methods
    }
    left = [name for name in space.recipes if name not in due]
    setting = Setting(
        case=space.case,
        folder=space.folder,
        history=space.history,
        now=lambda: then,
        token=lambda: hashlib.sha256(b"as if").hexdigest()[:32],
    )
    controlled: set[tuple[str, str]] = set()
    failed = False
    with Writer(space.folder / "ledger", key, seen=Seen(folder=None)) as writer:
        recorder = Recorder(setting, writer, Nobody())  # type: ignore[arg-type]
        for job in space.jobs(due):
            assert job.claim.holds_when is not None
            found = witness(job.claim.holds_when)
            if found is None:
                left.append(job.evidence.id)
                continue
            _controls(recorder, job, controlled)
            failed |= _attempts(recorder, setting, job, writer, found, fail=not failed)
        for body in quiet(space.case, space.now):
            writer.append("signal", body, at=stamp(space.now))
    return tuple(left)


def _attempts(
    recorder: Recorder,
    setting: Setting,
    job: Job,
    writer: Writer,
    found: Mapping[str, Statistic],
    *,
    fail: bool,
) -> bool:
    """The planned attempts of one leaf, all completed; whether one failed before them."""
    standing, _ = register(setting, job, writer)
    fail = fail and standing.left > len(standing.replicates)
    tries = [(1, True), *((r, False) for r in standing.replicates)] if fail else [
        (r, False) for r in standing.replicates
    ]  # fmt: skip
    for number, (replicate, fails) in enumerate(tries, 1):
        started = recorder.start(
            job,
            f"{job.evidence.id}/{standing.seq}.{number}",
            registration=standing.seq,
            seed=standing.seed,
            replicate=replicate,
            retry_of=None,
            folder=setting.folder,
        )
        told = _told(started.id, started.token, setting.folder)
        result = {"measurement": _measurement(job, found), "artefacts": {}}
        recorder.finish(started, told("failed", None) if fails else told("completed", result))
    return fail


def _told(name: str, token: str, folder: Path) -> Any:
    def told(how: str, result: Mapping[str, Any] | None) -> Finished:
        return Finished(
            id=name,
            token=token,
            how=how,  # type: ignore[arg-type]
            result=result,
            reason="as if it had failed" if how == "failed" else "",
            seconds=1.0,
            log=folder / "no-such.log",
            scratch=folder / "no-such",
        )

    return told


def _measurement(job: Job, found: Mapping[str, Statistic]) -> dict[str, Any]:
    measured = {job.evidence.reads.get(name, name): to_json(s) for name, s in found.items()}
    measured |= {
        measure: to_json(Exact(value=0.0, says="as if"))
        for measure in job.evidence.reads.values()
        if measure not in measured
    }
    return {
        "quantities": measured,
        "counts": {},
        "effort": {str(k): str(v) for k, v in job.evidence.effort.items()},
        "instrument": [{"name": "as if", "passed": True, "detail": "nothing was executed"}],
        "raises": [],
        "plots": [],
        "transcripts": [],
        "diagnostics": {"as if": f"a result of {job.evidence.id} that nothing was executed for"},
    }


def _controls(recorder: Recorder, job: Job, known: set[tuple[str, str]]) -> None:
    """Planted subjects of the method, all told apart."""
    assert job.recipe.recipe is not None
    code = str(job.recipe.recipe.groups["instrument"]["method_code"])
    if (job.method.name, code) in known:
        return
    known.add((job.method.name, code))
    planted = [
        {"name": f"as if {word}", "claim_is_true": good, "passes": n, "runs": PLANTED, "says": ""}
        for word, good, n in (("true", True, PLANTED), ("false", False, 0))
    ]
    told = _told("controls", "", recorder.setting.folder)
    body = {"controls": {"criterion": "as if", "planted": planted}}
    recorder.controls(job, code, told("completed", body))


def quiet(case: Case, now: datetime, state: str = "quiet") -> Iterator[dict[str, Any]]:
    """A signal of every monitor of a case, up to `now`: the bodies of the records."""
    for name, element in case.elements.items():
        if isinstance(element, Monitor):
            yield {
                "monitor": name,
                "indicator": indicator_digest(element),
                "state": state,
                "since": stamp(now - timedelta(hours=1)),
                "until": stamp(now),
                "events": 1000,
                "lost": 0,
                "segment": 0,
                "value": None,
                "e_value": None,
                "alarm_at": None,
                "root": None,
                "says": f"As if it were {state}.",
                "details": {},
            }


def witness(criterion: Expression) -> Mapping[str, Statistic] | None:
    """A result that meets a criterion at every level that a case asks for, None if none is found.

    Counts of a rate where all or none of very many fit, else a number without error.
    """
    numbers = sorted({0.0, 1.0, *_constants(criterion)})
    middles = [(a + b) / 2 for a, b in itertools.pairwise(numbers)]
    values = [0.0, 1.0, *middles, numbers[0] - 1, numbers[-1] + 1, *numbers]
    names = criterion.names
    if len(values) ** len(names) > 200_000:
        return None
    for chosen in itertools.product(values, repeat=len(names)):
        point = dict(zip(names, chosen, strict=True))
        if criterion.decide({name: (v, v) for name, v in point.items()}) is True:
            counted = {name: _counted(v) for name, v in point.items()}
            if judge(criterion, counted, 1e-9).outcome == "supports":
                return counted
            return {name: Exact(value=v, says="as if") for name, v in point.items()}
    return None


def _counted(value: float) -> Statistic:
    if value in (0.0, 1.0):
        return Proportion(successes=int(value) * TRIALS, trials=TRIALS)
    return Exact(value=value, says="as if")


def _constants(criterion: Expression) -> set[float]:
    stack: list[Any] = [criterion.tree]
    found: set[float] = set()
    while stack:
        node = stack.pop()
        stack += node.args
        if node.op == "number":
            found.add(node.value)
    return found
