"""Large cases with their records: claims of many leaves each, all of them run and fresh.

    python benchmarks/evidence_cases.py CLAIMS LEAVES

prints where the time goes, in CPU seconds; `evidence.py` reads the same numbers. The case needs
the method `toy/coin` of the tests on the path of Python.
"""

from __future__ import annotations

import gc
import itertools
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests" / "plugins")]

from safetycase.argument.load import load  # noqa: E402
from safetycase.argument.model import Case, Claim, Evidence  # noqa: E402
from safetycase.assess.assessment import CurrentLeaf, Input, assess  # noqa: E402
from safetycase.assess.freshness import LeafTarget, Question, freshness_of  # noqa: E402
from safetycase.assess.indexed import Indexed  # noqa: E402
from safetycase.evidence.digests import Digester  # noqa: E402
from safetycase.evidence.recipes import CurrentRecipe, Reading, current_recipe  # noqa: E402
from safetycase.ledger.fold import AttemptRecord, History, Registration  # noqa: E402
from safetycase.plugin.catalogue import installed  # noqa: E402

NOW = datetime(2026, 11, 26, tzinfo=UTC)
METHOD = "toy/coin"
HEADER = """\
case: many
title: Many leaves
maturity: sketch
target: 0.90
decision: {supports: a measurement of time, owner: board, expires: 2099-06-01}
models: {m: {weights: smollm2-135m-instruct}}
system: {model: m, scaffold: none}
deployment: {users: 40 staff, volume: 10000 throws per month, horizon: 12 months, distribution: all}
harm: {what: too many heads, mistake: a head}
root:
  claim: SAFE
  says: Every coin is safe.
  by:
    argument: ALL
    kind: decomposition
    because: There are no other coins.
    premises:
      - {assumption: REGISTRY-COMPLETE, says: Every run is here., owner: lead, expires: 2099-03-01}
"""


def text(claims: int, leaves: int, inputs: int = 50) -> str:
    """A case of `claims` claims, each decided by `leaves` leaves on one of `inputs` files."""
    parts = [HEADER]
    for c in range(claims):
        parts.append(
            f"      - claim: C{c}\n        says: Coin {c} is rare.\n"
            "        holds_when: rate <= 0.20\n"
            f"        by:\n          argument: A{c}\n          kind: decomposition\n"
            "          because: Each throw counts.\n          premises:\n"
        )
        parts += [
            f"            - {{evidence: E{c}.{i}, method: {METHOD}, with: {{n: 400, rate: 5}}, "
            f"inputs: [items/{(c + i) % inputs}.txt], reads: {{rate: rate}}, valid_for: 90 days, "
            "because: It is the coin.}\n"
            for i in range(leaves)
        ]
    return "".join(parts)


def write_inputs(folder: Path, inputs: int = 50) -> None:
    """The files that the leaves read."""
    (folder / "items").mkdir(parents=True, exist_ok=True)
    for i in range(inputs):
        (folder / "items" / f"{i}.txt").write_text(f"items {i}\n" * 100, "utf-8")


def recipes_of(case: Case, folder: Path) -> Mapping[str, CurrentRecipe]:
    """The present recipe of every leaf."""
    entry = installed().methods[METHOD]
    method, reading = entry.load(), Reading(folder, Digester(trust_cache=True))
    return {
        name: current_recipe(case, e, method, entry, reading)
        for name, e in case.elements.items()
        if isinstance(e, Evidence)
    }


def bodies(recipes: Mapping[str, CurrentRecipe]) -> list[tuple[str, dict[str, Any]]]:
    """(kind, body) of a record in which every leaf was registered and run once."""
    found: list[tuple[str, dict[str, Any]]] = []
    for name, current in recipes.items():
        assert current.recipe is not None
        seq = 2 + len(found)  # the first record introduces the key
        attempt = f"{name}/{seq}.1"
        registration = {
            "evidence": name,
            "claim": f"C{name[1:].partition('.')[0]}",
            "criterion": "rate <= 0.20",
            "reads": {"rate": "rate"},
            "level": "0.9999",
            "plan": {"attempts": 1, "n": 0},
            "recipe": json.loads(json.dumps(_plain(current.recipe.groups))),
            "recipe_digest": "a" * 64,
            "exploratory": False,
            "seed": 7,
            "environment": dict(current.environment),
        }
        measurement = {
            "quantities": {"rate": {"kind": "proportion", "successes": 20, "trials": 400}},
            "counts": {"planned": 400, "scored": 400},
            "effort": {},
            "instrument": [{"name": "two sides", "passed": True, "detail": "looked at it"}],
            "raises": [],
            "plots": [],
            "transcripts": [],
            "diagnostics": {},
        }
        end = {"attempt": attempt, "outcome": "completed", "reason": "", "seconds": "0.1",
               "measurement": measurement, "artefacts": {}, "changed_during_run": []}  # fmt: skip
        found += [
            ("registration", registration),
            ("attempt-start", {"attempt": attempt, "registration": seq}),
            ("attempt-end", end),
        ]
    return found


def history_of(records: list[tuple[str, dict[str, Any]]]) -> History:
    """The history in such records, as `fold` would give it."""
    at = "2026-11-20T09:00:00Z"
    registrations, attempts = [], []
    for position in range(0, len(records), 3):
        (_, r), (_, start), (_, end) = records[position : position + 3]
        registrations.append(
            Registration(seq=position + 2, at=at, body=r, keyid="1" * 64,
                         **{k: r[k] for k in ("evidence", "claim", "criterion", "level", "plan",
                                              "recipe", "recipe_digest", "exploratory", "seed")})
        )  # fmt: skip
        attempts.append(
            AttemptRecord(id=end["attempt"], registration=position + 2, start_seq=position + 3,
                          started_at=at, body=end, start_body=start, end_seq=position + 4,
                          ended_at=at, outcome="completed", seconds="0.1",
                          measurement=end["measurement"])
        )  # fmt: skip
    return History(registrations=tuple(registrations), attempts=tuple(attempts))


def write_record(folder: Path, records: list[tuple[str, dict[str, Any]]]) -> None:
    """The same records as a signed log, written without waiting for the disk each time."""
    import hashlib

    from safetycase.ledger import dsse
    from safetycase.ledger.keys import from_seed
    from safetycase.ledger.record import statement

    key, previous, lines = from_seed(bytes(32), "bench"), "0" * 64, []
    for seq, (kind, body) in enumerate([("key", key.introduction()), *records], start=1):
        payload = statement(seq=seq, kind=kind, at="2026-11-20T09:00:00Z", previous=previous,
                            body=body, subjects=())  # fmt: skip
        line = dsse.seal(payload, key.keyid, key.sign)
        previous = hashlib.sha256(line).hexdigest()
        lines.append(line + b"\n")
    (folder / "ledger").mkdir(parents=True, exist_ok=True)
    (folder / "ledger" / "log.jsonl").write_bytes(b"".join(lines))


def questions(case: Case, recipes: Mapping[str, CurrentRecipe], indexed: Indexed) -> list[Question]:
    """What the freshness of every leaf depends on, as ready records."""
    found = []
    for name, current in recipes.items():
        evidence = case.elements[name]
        claim = case.elements[f"C{name[1:].partition('.')[0]}"]
        assert isinstance(evidence, Evidence)
        assert isinstance(claim, Claim)
        target = LeafTarget(
            evidence=evidence,
            claim=claim,
            recipe=current.recipe,
            problem="",
            method=None,
            environment=current.environment,
        )
        found.append(
            Question(
                target=target,
                standing=indexed.standing(name),
                now=NOW,
                distribution="all",
                events=indexed.events,
                waivers=indexed.waivers.get(name, ()),
            )
        )
    return found


def measure(claims: int, leaves: int, *, runs: int = 3) -> dict[str, Any]:
    """CPU seconds of each part, the median of `runs`; the collector is off, as in the program."""
    gc.disable()
    seconds: dict[str, float] = {}

    def timed(name: str, call: Callable[[], Any], times: int = runs) -> Any:
        taken, answer = [], None
        for _ in range(times):
            start = time.process_time()
            answer = call()
            taken.append(time.process_time() - start)
        seconds[name] = round(statistics.median(taken), 4)
        return answer

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_inputs(folder)
        source = text(claims, leaves)
        case = timed("reading the case file", lambda: load(source, "case.yaml").case, 1)
        assert case is not None
        recipes = timed("current recipes", lambda: recipes_of(case, folder))
        history = history_of(bodies(recipes))
        indexed = timed("index of the record", lambda: Indexed(history))
        asked = timed("ready questions", lambda: questions(case, recipes, indexed), 1)
        found = timed("freshness", lambda: [freshness_of(q).freshness.word for q in asked])
        assert set(found) == {"fresh"}, set(found)
        method = installed().methods[METHOD].load()
        given = Input(
            case=case,
            history=history,
            leaves={
                name: CurrentLeaf(recipe=r.recipe, problem="", method=method,
                                  environment=r.environment)
                for name, r in recipes.items()
            },
            findings=(),
            now=NOW,
        )  # fmt: skip
        assessment = timed("assessment of the whole case", lambda: assess(given), 1)
        assert not assessment.due
    return {"claims": claims, "leaves": claims * leaves, "seconds": seconds}


def measure_folder(claims: int, leaves: int) -> dict[str, Any]:
    """CPU seconds of a whole case folder with a signed record, as a `run` that has nothing to do.

    `record` is read and its signatures checked within `opening`, too.
    """
    from safetycase.ledger import read
    from safetycase.workspace.folder import open_case

    gc.disable()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_inputs(folder)
        source = text(claims, leaves)
        (folder / "case.yaml").write_text(source, "utf-8")
        case = load(source, "case.yaml").case
        assert case is not None
        write_record(folder, bodies(recipes_of(case, folder)))
        marks = [time.process_time()]
        records = len(read(folder / "ledger").records)
        marks.append(time.process_time())
        space = open_case(folder, NOW, trust_cache=False)
        marks.append(time.process_time())
        found = space.assess()
        marks.append(time.process_time())
        assert not found.due
    spent = [round(b - a, 3) for a, b in itertools.pairwise(marks)]
    parts = dict(zip(("record", "opening", "assessment"), spent, strict=True))
    return {"leaves": claims * leaves, "records": records, "seconds": parts}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value


if __name__ == "__main__":
    sizes = int(sys.argv[1]), int(sys.argv[2])
    print(json.dumps({"parts": measure(*sizes), "folder": measure_folder(50, 20)}, indent=1))
