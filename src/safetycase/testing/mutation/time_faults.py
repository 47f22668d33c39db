"""Faults around the case: time that passed, files that changed, a deployment that spoke."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from safetycase.argument.model import Assumption, Monitor
from safetycase.ledger import RecordRefused, read
from safetycase.ledger.record import stamp
from safetycase.testing.mutation.asif import quiet, record_as_if
from safetycase.testing.mutation.ground import Ground
from safetycase.testing.mutation.records import Mutation, Plant
from safetycase.testing.mutation.tampering import append, append_past, edit_lines
from safetycase.workspace.folder import open_case

__all__ = ["SURROUNDINGS"]

DAY = timedelta(days=1)


def _age(ground: Ground) -> Iterator[Plant]:
    for name, element in ground.leaves():
        if element.valid_for is not None and ground.supported(name):
            yield Plant(
                about=name,
                says=f"{element.valid_for.text} and a day went by since {name} ran",
                broken=frozenset((name,)),
                later=timedelta(seconds=element.valid_for.seconds) + DAY,
            )


def _age_assumption(ground: Ground) -> Iterator[Plant]:
    for name, element in ground.case.elements.items():
        if isinstance(element, Assumption) and element.expires and ground.supported(name):
            end = datetime.combine(element.expires, datetime.min.time(), UTC)
            yield Plant(
                about=name,
                says=f"it is the day after {element.expires}",
                broken=frozenset((name,)),
                later=end + DAY - ground.now,
            )


def _age_decision(ground: Ground) -> Iterator[Plant]:
    end = datetime.combine(ground.case.header.decision.expires, datetime.min.time(), UTC)
    yield Plant(
        about="decision",
        says=f"it is the day after {ground.case.header.decision.expires}",
        whole=True,
        later=end + DAY - ground.now,
    )


def _users(ground: Ground) -> Mapping[str, set[str]]:
    """The leaves with support that each file is an input of."""
    users: dict[str, set[str]] = {}
    for name, recipe in ground.base.space.recipes.items():
        for file in recipe.files if ground.supported(name) else ():
            users.setdefault(file, set()).add(name)
    return users


def _files(ground: Ground) -> Iterator[Plant]:
    for file, leaves in _users(ground).items():

        def spoil(folder: Path, file: str = file) -> None:
            with (folder / file).open("ab") as stream:
                stream.write(b"\n")

        yield Plant(
            about=file,
            says=f"{file} has one more line end",
            broken=frozenset(leaves),
            spoil=spoil,
            files=True,
        )


def _links(ground: Ground) -> Iterator[Plant]:
    """One input in the place of another, which a look at the names does not show."""
    users = _users(ground)
    for file, other in itertools.pairwise((*sorted(users), *sorted(users)[:1])):
        one, two = ground.folder / file, ground.folder / other
        if file == other or one.read_bytes() == two.read_bytes():
            continue

        def spoil(folder: Path, file: str = file, other: str = other) -> None:
            path = folder / file
            path.unlink()
            path.symlink_to(os.path.relpath(folder / other, path.parent))

        yield Plant(
            about=file,
            says=f"{file} is a link to {other}",
            broken=frozenset(users[file]),
            spoil=spoil,
            files=True,
        )


def _weights(ground: Ground) -> Iterator[Plant]:
    for path in sorted(ground.folder.glob("*.gguf")):
        model = path.name.partition(".")[0]
        leaves = {
            name
            for name, recipe in ground.base.space.recipes.items()
            if recipe.recipe is not None
            and ground.supported(name)
            and recipe.recipe.groups["subject"].get("weights_sha256")
            and (element := ground.case.elements[name])
            and (getattr(element, "model", None) or ground.case.header.system.model) == model
        }

        def spoil(folder: Path, name: str = path.name) -> None:
            (folder / name).write_bytes(b"other weights\n")

        if leaves:
            yield Plant(
                about=model,
                says=f"the weights of {model} are others under the same name",
                broken=frozenset(leaves),
                spoil=spoil,
                files=True,
            )


def _replay(ground: Ground) -> Iterator[Plant]:
    """The record of the same case with another system, put in the place of its own."""
    leaves = frozenset(n for n, _ in ground.leaves() if ground.supported(n))
    site = ground.draft.at("", "system", "scaffold")
    if not leaves or site is None:
        return
    texts = ground.draft.put((site, "the system before this one"))

    def spoil(folder: Path) -> None:
        with tempfile.TemporaryDirectory(dir=ground.work) as name:
            other = Path(name) / "case"
            shutil.copytree(ground.folder, other, ignore=shutil.ignore_patterns("ledger"))
            for file, text in texts.items():
                (other / file).write_text(text, "utf-8")
            record_as_if(open_case(other, ground.now), ground.key)
            shutil.rmtree(folder / "ledger")
            shutil.copytree(other / "ledger", folder / "ledger")

    yield Plant(
        about="record",
        says="the record is that of the same case with another system",
        broken=leaves,
        spoil=spoil,
    )


def _watched(ground: Ground) -> Iterator[tuple[Monitor, frozenset[str], Mapping[str, Any]]]:
    """Every monitor with what it conditions, and an alarm of it as a record."""
    bodies = {body["monitor"]: body for body in quiet(ground.case, ground.now, "alarm")}
    for name, element in ground.case.elements.items():
        if isinstance(element, Monitor):
            targets = ground.base.assessment.monitors[name].targets
            yield element, frozenset(t for t in targets if ground.supported(t)), bodies[name]


def _silence(ground: Ground) -> Iterator[Plant]:
    for monitor, targets, _ in _watched(ground):
        allowed = monitor.silent_after or monitor.window
        if allowed is not None and targets:
            yield Plant(
                about=monitor.id,
                says=f"{monitor.id} has not been heard of for {allowed.text}, and more",
                broken=targets,
                later=timedelta(seconds=3 * allowed.seconds),
            )


def _alarm(ground: Ground) -> Iterator[Plant]:
    at = stamp(ground.now)
    for monitor, targets, body in _watched(ground):
        if monitor.warns_only or not targets:
            continue
        silence = {**body, "state": "quiet", "says": "All is quiet again."}
        for later, says in (
            ((), "alarms"),
            ((("signal", silence, at),), "alarms, and is quiet in its next window"),
        ):

            def spoil(folder: Path, body: Any = body, later: Any = later) -> None:
                append(folder, ground.key, [("signal", dict(body), at), *later])

            yield Plant(about=monitor.id, says=f"{monitor.id} {says}", broken=targets, spoil=spoil)


def _own_resolution(ground: Ground) -> Iterator[Plant]:
    """Whoever raised the alarm says that it was none, past the writer that would refuse it."""
    at = stamp(ground.now)
    for monitor, targets, body in _watched(ground):
        if monitor.warns_only or not targets:
            continue

        def spoil(folder: Path, body: Any = body) -> None:
            append(folder, ground.key, [("signal", dict(body), at)])
            records = list(read(folder / "ledger").records)
            said = {
                "signal": len(records),
                "outcome": "false-alarm",
                "by": "as-if",
                "reason": "No.",
            }
            try:
                append(folder, ground.key, [("resolution", said, at)])
            except RecordRefused:
                append_past(folder, ground.key, "resolution", said, at)

        yield Plant(
            about=monitor.id,
            says=f"the alarm of {monitor.id} is resolved by the key that raised it",
            broken=targets,
            spoil=spoil,
        )


def _drop_alarm(ground: Ground) -> Iterator[Plant]:
    at = stamp(ground.now)
    for monitor, targets, body in _watched(ground):
        if not targets:
            continue

        def spoil(folder: Path, body: Any = body) -> None:
            append(folder, ground.key, [("signal", dict(body), at)])
            edit_lines(folder, lambda lines: lines[:-1])

        yield Plant(
            about=monitor.id, says=f"an alarm of {monitor.id} is taken out again", spoil=spoil
        )


def _mutation(name: str, group: str, plants: str, must: str, sites: Any) -> Mutation:
    return Mutation(name=name, group=group, kind="breaks", plants=plants, must=must, sites=sites)


SURROUNDINGS: tuple[Mutation, ...] = (
    _mutation(
        "age-evidence", "time", "A result is older than it counts.", "The leaf expired.", _age
    ),
    _mutation(
        "age-assumption",
        "time",
        "The date of an assumption has passed.",
        "It gives no support.",
        _age_assumption,
    ),
    _mutation(
        "age-decision",
        "time",
        "The date of the decision has passed.",
        "The verdict is not `holds`.",
        _age_decision,
    ),
    _mutation(
        "change-file",
        "files",
        "A file that a result was made from is another.",
        "The leaf is stale.",
        _files,
    ),
    _mutation(
        "link-file",
        "files",
        "A file that a result was made from is a link to another one of the case.",
        "The leaf is stale, or its method does not take the file.",
        _links,
    ),
    _mutation(
        "change-weights",
        "files",
        "The weights are others under the same name.",
        "The result is not applicable.",
        _weights,
    ),
    _mutation(
        "replay-record",
        "files",
        "The record of another system is put in the place of this one's.",
        "No result counts.",
        _replay,
    ),
    _mutation(
        "silence",
        "deployment",
        "A monitor is not heard of any more.",
        "What it conditions is unknown.",
        _silence,
    ),
    _mutation(
        "alarm",
        "deployment",
        "A monitor alarms; it alarms and is quiet in the next window.",
        "What it conditions is contested until somebody else resolves the alarm.",
        _alarm,
    ),
    _mutation(
        "own-resolution",
        "deployment",
        "An alarm is resolved by the key that raised it.",
        "The resolution counts for nothing.",
        _own_resolution,
    ),
    _mutation(
        "drop-alarm",
        "deployment",
        "An alarm is taken out of the record.",
        "`verify` fails.",
        _drop_alarm,
    ),
)
