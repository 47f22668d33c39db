"""Small records with fixed keys and times, and the bundles made of them.

`python -m tests.verifier.bundles` writes them anew to `tests/verifier/golden`.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from safetycase.ledger import ObjectStore, Record, SigningKey, Writer
from safetycase.ledger.bundle import gather, write_bundle
from safetycase.ledger.checkpoints import checkpoint_path, cosigner_name, save
from safetycase.ledger.keys import from_seed
from safetycase.ledger.note import open_note
from safetycase.ledger.trust import origin_of

GOLDEN = Path(__file__).parent / "golden"
TEAM = from_seed(bytes([1] * 32), "the team")
RUNNER = from_seed(bytes([2] * 32), "the runner")
REVIEWER = from_seed(bytes([3] * 32), "Åsa Ström, reviewer")
STRANGER = from_seed(bytes([9] * 32), "a stranger")
TOKEN = "0123456789abcdef" * 2
WAIVER = {
    "evidence": "E-1",
    "old_recipe": "a" * 64,
    "new_recipe": "b" * 64,
    "fields": ["instrument.code"],
    "reason": "only a comment changed",
    "author": "the team",
    "reviewer": "Åsa Ström",
    "expires": "2027-01-01T00:00:00Z",
}


def registration(evidence: str, **more: Any) -> dict[str, Any]:
    return {
        "evidence": evidence,
        "claim": f"C-{evidence}",
        "criterion": "rate <= 0.2",
        "level": "0.95",
        "plan": {"attempts": 2, "n": 40},
        "recipe": {"subject": {"weights": "naïve-model"}, "instrument": {"method": "toy/coin"}},
        "recipe_digest": hashlib.sha256(evidence.encode()).hexdigest(),
        "exploratory": False,
        "seed": 2**63 + 7,
    } | more


class Pen:
    """Writes records in a row, a minute apart, each by whichever key is asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.minute = 0

    def write(self, key: SigningKey, *records: tuple[str, dict[str, Any]]) -> list[Record]:
        """One session: it ends with a checkpoint if the key may sign one."""
        with Writer(self.folder, key) as writer:
            return [writer.append(kind, body, at=self._at()) for kind, body in records]

    def _at(self) -> str:
        self.minute += 1
        return f"2026-11-23T{9 + self.minute // 60:02}:{self.minute % 60:02}:00Z"


def attempt(number: int, seq: int, **more: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    name = f"E/{seq}.{number}"
    yield "attempt-start", {"attempt": name, "registration": seq, "token": TOKEN}
    yield (
        "attempt-end",
        {
            "attempt": name,
            "outcome": "completed",
            "reason": "",
            "seconds": "1.5",
            "measurement": {"k": 0, "n": 40},
            "token": TOKEN,
        }
        | more,
    )


def small(folder: Path) -> None:
    """One key, one attempt, one artefact."""
    artefact = ObjectStore(folder).put(b"what the run left\n")
    Pen(folder).write(
        TEAM, ("registration", registration("E-1")), *attempt(1, 2, artefacts={"log": artefact})
    )


def roles(folder: Path) -> None:
    """Three keys with roles, two evidences, a retry, a waiver, events, a cosigned checkpoint."""
    store, pen = ObjectStore(folder), Pen(folder)
    shown, result = store.put(b"a transcript\n"), store.put(b'{"k":1}')
    first = pen.write(TEAM, ("key", TEAM.introduction(roles=["author", "log"])))
    origin = origin_of(first[0])
    pen.write(
        TEAM,
        ("key", RUNNER.introduction(roles=["runner"], origin=origin)),
        ("key", REVIEWER.introduction(roles=["reviewer"], origin=origin)),
        ("registration", registration("E-1")),
        ("registration", registration("E-2", claim="C-E-1")),
    )
    cosign(folder, 5)
    start, end = attempt(1, 4, artefacts={"transcript": shown}, measurement=result)
    failed = {"outcome": "failed", "reason": "the model left\nwithout a word", "measurement": None}
    pen.write(
        RUNNER, *attempt(1, 5, **failed), start, end,
        ("attempt-start", {"attempt": "E/5.2", "registration": 5, "token": "f" * 32,
                           "retry_of": "E/5.1"}),
        ("controls", {"method": "toy/coin", "version": "1.0.0", "criterion": "rate <= 0.2",
                      "planted": [], "code_digest": "c" * 64}),
    )  # fmt: skip
    pen.write(
        REVIEWER,
        ("event", {"event": "dataset-withdrawn", "says": "It leaked.",
                   "about": {"evidence": ["E-2"]}}),
        ("waiver", WAIVER),
    )  # fmt: skip
    pen.write(TEAM, ("note", {"note": "shot", "shot": "S-1", "item": "P-1", "by": "Bo",
                              "approach": "try", "family": None, "cost": "10.5"}))  # fmt: skip
    (folder / "torn-1.bin").write_bytes(b'{"payload":"eyJfdH')


def signal(state: str, day: int, **more: Any) -> dict[str, Any]:
    return {
        "monitor": "RECALL",
        "indicator": "1" * 64,
        "state": state,
        "since": f"2026-11-{day:02}T00:00:00Z",
        "until": f"2026-11-{day + 1:02}T00:00:00Z",
        "events": 40,
        "lost": 0,
        "segment": 0,
        "value": "0.95",
        "e_value": "1.5e-3",
        "alarm_at": "100",
        "root": None,
        "says": "38 of 40 planted attacks were caught.",
    } | more


def live(folder: Path) -> None:
    """What a live monitor reported, and what a reviewer said of its alarms."""
    pen = Pen(folder)
    first = pen.write(TEAM, ("key", TEAM.introduction(roles=["author", "log"])))
    origin = origin_of(first[0])
    pen.write(
        TEAM,
        ("key", RUNNER.introduction(roles=["runner"], origin=origin)),
        ("key", REVIEWER.introduction(roles=["reviewer"], origin=origin)),
    )
    alarm = signal("alarm", 11, e_value="132.5", root="e" * 64, details={"late": "1"})
    silent = signal("silent", 12, events=0, value=None, e_value=None, alarm_at=None)
    pen.write(RUNNER, ("signal", signal("quiet", 10)), ("signal", alarm), ("signal", silent))
    said = {"signal": 5, "outcome": "confirmed", "by": "Åsa Ström", "reason": "It was so."}
    pen.write(
        REVIEWER,
        ("resolution", said),
        ("resolution", said | {"outcome": "answered", "reason": "The filter was mended."}),
    )
    pen.write(TEAM, ("note", {"text": "the end of the week"}))


def review(folder: Path) -> None:
    """A run and its review: a challenge with its answer, a signature, a dissent, an override."""
    artefact, pen = ObjectStore(folder).put(b"what the run left\n"), Pen(folder)
    first = pen.write(TEAM, ("key", TEAM.introduction(roles=["author", "log"])))
    origin = origin_of(first[0])
    pen.write(
        TEAM,
        ("key", RUNNER.introduction(roles=["runner"], origin=origin)),
        ("key", REVIEWER.introduction(roles=["reviewer"], origin=origin)),
    )
    pen.write(TEAM, ("registration", registration("E-1")))
    pen.write(RUNNER, *attempt(1, 4, artefacts={"log": artefact}))
    about = {"element": "SAFE", "digest": "d" * 64, "by": "Åsa Ström"}
    pen.write(
        REVIEWER,
        ("challenge", {"challenge": "C1", "against": "SAFE", "digest": "d" * 64, "by": "Åsa Ström",
                       "severity": "major", "says": "Nobody looked at night."}),
    )  # fmt: skip
    pen.write(TEAM, ("response", {"challenge": "C1", "says": "We did.", "by": "the team"}))
    pen.write(
        REVIEWER,
        ("ruling", {"challenge": "C1", "outcome": "answered", "reason": "so it is", "by": "Åsa"}),
        ("sign-off", about | {
            "verdict": "accept-with-conditions", "conditions": ["again in May"], "hours": "3.5",
            "says": "It convinces.", "competence": "ten years", "independence": "another house",
        }),
        ("override", about | {"clauses": ["freshness", "age"], "authority": "head of safety",
                              "reason": "urgent", "expires": "2026-12-01T00:00:00Z"}),
    )  # fmt: skip
    pen.write(RUNNER, ("dissent", about | {"says": "I would not."}))
    pen.write(TEAM, ("note", {"text": "the end of the review"}))


def cosign(folder: Path, size: int) -> None:
    """Let the reviewer sign that the record had this many records."""
    path = checkpoint_path(folder, size)
    note = open_note(path.read_bytes())
    name = cosigner_name(REVIEWER.keyid)
    save(path, note.cosigned(name, REVIEWER.public_key, REVIEWER.sign, 1_795_424_400))


def bundled(folder: Path, **options: Any) -> bytes:
    """The bytes of a bundle of the record in `folder`."""
    file, store = io.BytesIO(), ObjectStore(folder)
    case = {"case.yaml": b"case: toy\n", "modules/more.yaml": b"module: more\n"}
    write_bundle(file, gather(folder, store, **{"case": case} | options), store)
    return file.getvalue()


def all_bundles(scratch: Path) -> dict[str, bytes]:
    """Name -> the bytes that the golden file of this name has."""
    small(scratch / "small")
    roles(scratch / "roles")
    live(scratch / "live")
    review(scratch / "review")
    return {
        "small": bundled(scratch / "small"),
        "roles": bundled(scratch / "roles"),
        "part": bundled(scratch / "roles", only=["E-1"], case={}),
        "live": bundled(scratch / "live", case={}),
        "review": bundled(scratch / "review", case={}),
        "bare": bundled(scratch / "roles", artefacts=False, case={}),
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        for name, data in all_bundles(Path(scratch)).items():
            (GOLDEN / f"{name}.scbundle").write_bytes(data)
            print(f"{name}: {len(data)} bytes")
