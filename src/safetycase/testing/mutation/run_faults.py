"""Later records that speak against a result: what an honest runner adds, and how it is undone.

The record itself is in order in all of these. What it says has to count.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from safetycase.argument.expression import parse
from safetycase.ledger import Record, RecordRefused, SigningKey, read
from safetycase.ledger.record import stamp
from safetycase.stats import Statistic, to_json
from safetycase.testing.mutation.asif import witness
from safetycase.testing.mutation.ground import Ground
from safetycase.testing.mutation.records import Mutation, Plant
from safetycase.testing.mutation.tampering import append, append_past
from safetycase.workspace.folder import open_case

__all__ = ["RUNS"]

MOST = 3
Change = Callable[[dict[str, Any]], None]


def _leaves(ground: Ground) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """A few leaves with a result, and the body of its registration."""
    found = {
        str(r.body["evidence"]): r.body
        for r in ground.log.records
        if r.kind == "registration" and ground.supported(str(r.body["evidence"]))
    }
    names = list(found)
    for name in names[:: max(1, len(names) // MOST)][:MOST]:
        yield name, found[name]


def _again(folder: Path, key: SigningKey, at: str, evidence: str, change: Change) -> None:
    """Register a leaf once more, and add a completed attempt with another end."""
    records = read(folder / "ledger").records
    registration = _last(records, "registration", lambda b: b["evidence"] == evidence)
    first = _last(
        records, "attempt-start", lambda b: b["attempt"].startswith(f"{evidence}/")
    )  # fmt: skip
    end = _last(
        records, "attempt-end", lambda b: b["attempt"].startswith(f"{evidence}/")
    )  # fmt: skip
    number = len(records) + 1
    name = f"{evidence}/{number}.1"
    ended = json.loads(json.dumps({**end.body, "attempt": name}))
    change(ended)
    append(
        folder,
        key,
        [
            ("registration", dict(registration.body), at),
            ("attempt-start", {**first.body, "attempt": name, "registration": number}, at),
            ("attempt-end", ended, at),
        ],
    )


def _last(
    records: tuple[Record, ...], kind: str, fits: Callable[[Mapping[str, Any]], bool]
) -> Record:
    return next(r for r in reversed(records) if r.kind == kind and fits(r.body))


def _refutes(body: Mapping[str, Any]) -> Change | None:
    """The end of an attempt that refutes the criterion of its registration."""
    found = witness(parse(f"not ({body['criterion']})"))
    return None if found is None else _measured(found, body["reads"])


def _measured(found: Mapping[str, Statistic], reads: Mapping[str, str]) -> Change:
    def change(ended: dict[str, Any]) -> None:
        for name, statistic in found.items():
            ended["measurement"]["quantities"][reads[name]] = to_json(statistic)

    return change


def _refuted(ground: Ground) -> Iterator[Plant]:
    at = stamp(ground.now)
    for name, body in _leaves(ground):
        change = _refutes(body)
        if change is not None:

            def spoil(folder: Path, name: str = name, change: Change = change) -> None:
                _again(folder, ground.key, at, name, change)

            yield Plant(
                about=name,
                says=f"a later run of {name} refutes its claim",
                broken=frozenset((name,)),
                spoil=spoil,
            )


def _until_it_passes(ground: Ground) -> Iterator[Plant]:
    at = stamp(ground.now)
    for name, body in _leaves(ground):
        change = _refutes(body)
        passes = witness(parse(body["criterion"]))
        if change is None or passes is None:
            continue
        well = _measured(passes, body["reads"])

        def spoil(
            folder: Path, name: str = name, change: Change = change, well: Change = well
        ) -> None:
            _again(folder, ground.key, at, name, change)
            _again(folder, ground.key, at, name, well)

        yield Plant(
            about=name,
            says=f"a run of {name} refutes its claim, and the next one passes",
            broken=frozenset((name,)),
            spoil=spoil,
        )


def _run_otherwise(
    ground: Ground, says: str, change: Callable[[dict[str, Any]], None]
) -> Iterator[Plant]:
    """One more run of each leaf whose end `change` alters; `says` tells it of the leaf `{name}`."""
    at = stamp(ground.now)
    for name, _ in _leaves(ground):

        def spoil(folder: Path, name: str = name) -> None:
            _again(folder, ground.key, at, name, change)

        told = says.format(name=name)
        yield Plant(about=name, says=told, broken=frozenset((name,)), spoil=spoil)


def _broken_instrument(ground: Ground) -> Iterator[Plant]:
    def change(ended: dict[str, Any]) -> None:
        check = {"name": "as if", "passed": False, "detail": "The instrument saw nothing."}
        ended["measurement"]["instrument"] = [check]

    says = "the instrument of {name} fails its check, and the result is as good as before"
    return _run_otherwise(ground, says, change)


def _doubted_by_itself(ground: Ground) -> Iterator[Plant]:
    def change(ended: dict[str, Any]) -> None:
        ended["measurement"]["raises"] = [{"name": "below-chance", "says": "Worse than chance."}]

    return _run_otherwise(ground, "a result of {name} raises a doubt against itself", change)


def _no_result(ground: Ground) -> Iterator[Plant]:
    def change(ended: dict[str, Any]) -> None:
        ended |= {"outcome": "failed", "reason": "It broke.", "measurement": None}

    return _run_otherwise(ground, "{name} is registered anew, and its only run failed", change)


def _bug(ground: Ground) -> Iterator[Plant]:
    at = stamp(ground.now)
    for name, body in _leaves(ground):
        selectors = [({"evidence": [name]}, f"the runs of {name} had a bug")]
        files = body["recipe"]["instrument"].get("files") or {}
        for file, digest in list(files.items())[:1]:
            selectors.append(({"file": [digest]}, f"the data {file} is withdrawn"))
        for about, says in selectors:
            event = "dataset-withdrawn" if "file" in about else "evaluation-bug-found"
            entry = {"event": event, "says": says, "about": about}

            def spoil(folder: Path, entry: dict[str, Any] = entry) -> None:
                append(folder, ground.key, [("event", entry, at)])

            yield Plant(
                about=name,
                says=f"it is recorded that {says}",
                broken=frozenset((name,)),
                spoil=spoil,
            )


def _own_waiver(ground: Ground) -> Iterator[Plant]:
    """Whoever registered a leaf says that its changed input makes no difference."""
    for name, body in _leaves(ground):
        files = [f for f in body["recipe"]["instrument"].get("files") or {} if f.find(".py") < 0]
        if not files:
            continue

        def spoil(folder: Path, name: str = name, file: str = files[0]) -> None:
            with (folder / file).open("ab") as stream:
                stream.write(b"\n")
            _waive(folder, ground, name, file)

        yield Plant(
            about=name,
            says=f"{files[0]} changes, and the key that registered {name} waives it",
            broken=frozenset((name,)),
            spoil=spoil,
            files=True,
        )


def _waive(folder: Path, ground: Ground, name: str, file: str) -> None:
    space = open_case(folder, ground.now)
    registration = next(r for r in reversed(space.history.registrations) if r.evidence == name)
    recipe = space.recipes[name].recipe
    assert recipe is not None
    body = {
        "evidence": name,
        "old_recipe": registration.recipe_digest,
        "new_recipe": recipe.digest,
        "fields": [f"instrument.files.{file}", "instrument.files"],
        "reason": "It is only a line end.",
        "author": "somebody",
        "reviewer": "somebody else",
        "expires": stamp(ground.now + timedelta(days=365)),
    }
    at = stamp(ground.now)
    try:
        append(folder, ground.key, [("waiver", body, at)])
    except RecordRefused:
        append_past(folder, ground.key, "waiver", body, at)


def _mutation(name: str, plants: str, must: str, sites: Any) -> Mutation:
    return Mutation(name=name, group="runs", kind="breaks", plants=plants, must=must, sites=sites)


RUNS: tuple[Mutation, ...] = (
    _mutation(
        "refuting-run",
        "A later run refutes the claim of a leaf.",
        "The leaf is refuted.",
        _refuted,
    ),
    _mutation(
        "until-it-passes",
        "A run refutes the claim of a leaf, and another one passes.",
        "The leaf is contested: a later pass does not undo a refutation.",
        _until_it_passes,
    ),
    _mutation(
        "broken-instrument",
        "The check of the instrument fails, and the result is good.",
        "The leaf is insufficient.",
        _broken_instrument,
    ),
    _mutation(
        "doubted-by-itself",
        "A result raises a doubt against itself, such as being worse than chance.",
        "The leaf is contested.",
        _doubted_by_itself,
    ),
    _mutation(
        "no-result",
        "The latest registration has no completed attempt.",
        "The leaf is unknown: an older result does not stand in for it.",
        _no_result,
    ),
    _mutation(
        "bug-found",
        "It is recorded that a run had a bug, or that a data set was withdrawn.",
        "The leaf is invalidated.",
        _bug,
    ),
    _mutation(
        "own-waiver",
        "An input changes, and the key that registered the leaf waives the change.",
        "The waiver counts for nothing, and the leaf is stale.",
        _own_waiver,
    ),
)
