"""Checking a bundle: the container, its list of files, every record, every artefact.

The checks, and their order, are those of `docs/reference/bundle.md`; the verifier in the HTML
report does the same from the same page, in another language. Nothing is written to disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from safetycase.ledger import merkle
from safetycase.ledger.artefacts import named, redactions
from safetycase.ledger.bundle_read import LOG, MANIFEST, Bundle, Manifest, Proofs, open_bundle
from safetycase.ledger.bundle_zip import BundleBroken
from safetycase.ledger.checkpoints import Held, Kept, hold, roots, signers_of
from safetycase.ledger.dsse import EnvelopeError, open_line
from safetycase.ledger.fold import History, fold
from safetycase.ledger.log import Chain, LineBroken
from safetycase.ledger.note import NoteError, open_note
from safetycase.ledger.ordering import grades
from safetycase.ledger.record import GENESIS, Log, Problem, Record, StatementError, open_statement
from safetycase.ledger.seen import Seen
from safetycase.ledger.trust import Trust
from safetycase.ledger.verifier import Verification, remarks, torn

__all__ = ["BundleCheck", "check_bundle", "verify_bundle"]

_OTHER = "get the bundle again from whoever made it; until then nothing in it counts"
_FORGET = "`safetycase record checkpoint --forget` lets this user forget what was seen"
_REDACTED = "its digest stays in the record; the bytes cannot be checked any more"
_LEFT_OUT = "ask whoever made it for a bundle with artefacts"
_PART = "a part shows that its records stand in the record, not that no other one bears on them"


def verify_bundle(
    path: Path, *, against: Sequence[Kept] = (), seen: Seen | None = None
) -> Verification:
    """Check the bundle in the file `path`. Raises OSError if it cannot be read, else nothing.

    `against` are checkpoints, kept elsewhere, that the record has to agree with; a part of a
    record can be held only against one of its own size. `seen` is what this user remembers of
    records; one that verifies is remembered in its turn.
    """
    return check_bundle(path, against=against, seen=seen)[0]


def check_bundle(
    path: Path, *, against: Sequence[Kept] = (), seen: Seen | None = None
) -> tuple[Verification, Manifest | None]:
    """Like `verify_bundle`; also what the bundle says of itself, None if that is unreadable."""
    with path.open("rb") as file:
        try:
            bundle = open_bundle(file)
        except BundleBroken as broken:
            problem = Problem(line=0, says=f"{path.name}: {broken}", hint=_OTHER)
            none = Verification(records=0, head=None, problems=(problem,), objects_checked=0)
            return none, None
        check = BundleCheck(bundle)
        check.hold_against(against, seen or Seen(folder=None))
        found = check.result()
        if seen and found.ok:
            seen.note(check.manifest.origin, check.manifest.size, check.root)
        return found, bundle.manifest


class BundleCheck:
    """The check of one bundle, step by step; each step adds to `problems`."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.manifest = bundle.manifest
        self.problems: list[Problem] = []
        self.root = bytes.fromhex(bundle.manifest.root)
        self.log = Log()
        self.objects = 0
        self._against: tuple[Sequence[Kept], Seen] = ((), Seen(folder=None))

    def hold_against(self, kept: Sequence[Kept], seen: Seen) -> None:
        """Also compare the record with checkpoints and with what was seen of it before."""
        self._against = kept, seen

    def result(self) -> Verification:
        """Everything that was found."""
        for name in sorted(self.bundle.damaged):
            if not name.startswith("objects/"):  # those are named by the records that rest on them
                self._say(name, "has other bytes than the bundle states")
        proofs = self._proofs()
        self.log = self._lines(proofs)
        history = fold(self.log)
        self.problems += [*self.log.problems, *history.problems, *history.notes]
        self._origin()
        checkpoints = (*self._checkpoints(proofs), *self._elsewhere())
        self._artefacts()
        self._remarks(history)
        return Verification(
            records=len(self.log.records),
            head=self.log.head,
            problems=tuple(sorted(self.problems, key=lambda problem: problem.line)),
            objects_checked=self.objects,
            keys=tuple(dict.fromkeys(r.body["keyid"] for r in self.log.records if r.kind == "key")),
            origin=self.manifest.origin,
            root=self.manifest.root,
            keyring=history.keys,
            checkpoints=checkpoints,
            ordering=grades(history, checkpoints),
        )

    @property
    def _broken(self) -> bool:
        return bool(self.log.errors)

    def _say(self, what: str, why: str, hint: str = _OTHER, *, note: bool = False) -> None:
        severity = "note" if note else "error"
        self.problems.append(
            Problem(line=0, says=f"{what} {why}", hint=hint, severity=severity)  # type: ignore[arg-type]
        )

    def _about(self, record: Record, why: str, hint: str = _OTHER, *, note: bool = False) -> None:
        self.problems.append(
            Problem(
                line=record.seq,
                seq=record.seq,
                says=f"{record.name} {why}",
                hint=hint,
                severity="note" if note else "error",
            )
        )

    def _proofs(self) -> Proofs:
        if self.manifest.records is None:
            return Proofs()
        try:
            found = self.bundle.proofs()
        except BundleBroken as broken:
            self._say("the bundle:", str(broken))
            return Proofs()
        if tuple(sorted(found.inclusion)) != self.manifest.records:
            self._say("proofs.json", f"proves other records than {MANIFEST} lists")
        return found

    def _lines(self, proofs: Proofs) -> Log:
        """The records in the log of the bundle, up to the first line that does not verify."""
        whole, _, tail = self.bundle.read(LOG).rpartition(b"\n")
        lines = whole.split(b"\n") if whole else []
        expected = self.manifest.records or range(1, self.manifest.size + 1)
        chain, records = _Excerpt(), list[Record]()
        for place, line in enumerate(lines):
            seq = expected[place] if place < len(expected) else chain.seq + 1
            try:
                if place >= len(expected):
                    raise LineBroken(f"is more than {MANIFEST} lists")
                record = chain.take_at(line, seq)
                if self.manifest.records is not None:
                    self._prove(record, proofs)
            except LineBroken as broken:
                return Log(records=tuple(records), problems=(_break(broken, seq),))
            records.append(record)
        problems: tuple[Problem, ...] = ()
        if tail or len(records) < len(expected):
            seq = expected[len(records)] if len(records) < len(expected) else chain.seq + 1
            why = "is unfinished: it has no line end" if tail else "is missing"
            problems = (_break(LineBroken(why), seq),)
        return Log(records=tuple(records), problems=problems)

    def _prove(self, record: Record, proofs: Proofs) -> None:
        proved = merkle.verify_inclusion(
            merkle.leaf_hash(bytes.fromhex(record.digest)),
            record.seq - 1,
            self.manifest.size,
            proofs.inclusion.get(record.seq, ()),
            self.root,
        )
        if not proved:
            raise LineBroken("is not proved to stand in the record", record)

    def _origin(self) -> None:
        records = self.log.records
        if records and records[0].seq == 1:
            if self.manifest.origin != f"safetycase/{records[0].digest[:32]}":
                self._say(MANIFEST, "names the origin of another record")
        elif not self._broken:
            self._say(LOG, "lacks record 1, which names the record")

    def _checkpoints(self, proofs: Proofs) -> tuple[Held, ...]:
        """The checkpoints that the records agree with; the others are problems."""
        bundle, manifest = self.bundle, self.manifest
        kept = [
            Kept(name=name, data=bundle.read(name), size=int(Path(name).stem))
            for name in bundle.members
            if name.startswith("checkpoints/")
        ]
        if f"checkpoints/{manifest.size}.txt" not in bundle.members:
            self._say("the bundle", f"holds no checkpoint of its {manifest.size} records")
        for each in kept:
            if (each.size or 0) > manifest.size:
                self._say(each.name, "is of more records than the bundle has")
        if manifest.records is not None:
            return tuple(held for each in kept for held in self._proved(each, proofs))
        root = roots(self.log.records, {manifest.size}).get(manifest.size, b"")
        if not self._broken and root.hex() != manifest.root:
            self._say(MANIFEST, "states another root than its records have")
        held, problems = hold(self.log, kept, thorough=True)
        self.problems += problems
        return held

    def _elsewhere(self) -> tuple[Held, ...]:
        """The checkpoints kept elsewhere that the record agrees with."""
        kept, seen = self._against
        if self.manifest.records is None:
            held, problems = hold(self.log, kept, thorough=True)
            self.problems += [*problems, *seen.problems(self.log)]
            return held
        found: list[Held] = []
        for each in kept:
            found += self._proved(replace(each, size=self.manifest.size), Proofs())
        last = seen.last(self.manifest.origin)
        if last is not None and last.size > self.manifest.size:
            says = f"was made before the {last.size} records that you have seen of this case"
            self._say("the bundle", says, f"ask for a newer one; {_FORGET}")
        elif last is not None and last.size == self.manifest.size and last.root != self.root:
            says = "is of another history than the one that you have seen of this case"
            self._say("the bundle", says, f"ask whoever made it which of them counts; {_FORGET}")
        return tuple(found)

    def _proved(self, kept: Kept, proofs: Proofs) -> Iterator[Held]:
        """A checkpoint over records that are not all here, if its root leads on."""
        try:
            note = open_note(kept.data)
        except NoteError as error:
            self._say(kept.name, f"is no checkpoint: {error}")
            return
        manifest = self.manifest
        if note.size != kept.size or note.origin != manifest.origin:
            self._say(kept.name, "is not the checkpoint of this record that its name promises")
            return
        path = proofs.consistency.get(note.size, ())
        if not merkle.verify_consistency(note.size, manifest.size, note.root, self.root, path):
            self._say(kept.name, "was made when the records were others: its root does not lead on")
            return
        last = next((each for each in self.log.records if each.seq == note.size), None)
        if last is None:
            if not self._broken:
                self._say(kept.name, "is over records of which the last is not in the bundle")
            return
        trust = Trust.of(self.log.records)
        signers, problems = signers_of(note, kept.name, last.at, trust)
        self.problems += problems
        if not any(problem.severity == "error" for problem in problems):
            yield Held(name=kept.name, checkpoint=note, signers=signers)

    def _artefacts(self) -> None:
        bundle, asked, gone = self.bundle, set[str](), redactions(self.log.records)
        for each in named(self.log.records):
            record, role, digest = each.record, each.role, each.digest
            name = f"objects/{digest[:2]}/{digest}"
            asked.add(name)
            if not self.manifest.artefacts:
                continue
            if name not in bundle.members and digest in gone:
                by = gone[digest]
                says = f"rests on its {role}, redacted by record {by.seq}: {by.body['reason']}"
                self._about(record, says, _REDACTED, note=True)
            elif name not in bundle.members:
                self._about(record, f"rests on its {role}: the artefact {digest} is missing")
            elif name in bundle.damaged or bundle.digests[name] != digest:
                says = f"rests on its {role}: the artefact {digest} has other bytes than it had"
                self._about(record, says)
        self.objects = len(asked & bundle.members.keys()) if self.manifest.artefacts else 0
        if asked and not self.manifest.artefacts:
            says = f"leaves out the {len(asked)} artefacts that its records name"
            self._say("the bundle", f"{says}: they were not checked", _LEFT_OUT, note=True)
        if self._broken:
            return
        for name in bundle.members:
            if name.startswith("objects/") and (name not in asked or not self.manifest.artefacts):
                self._say(name, "belongs to no record")

    def _remarks(self, history: History) -> None:
        """What is worth knowing and breaks nothing."""
        if self.manifest.records is not None:
            part = f"{len(self.manifest.records)} of {self.manifest.size} records"
            self._say("the bundle", f"holds {part}", _PART, note=True)
        case = [name for name in self.bundle.members if name.startswith("case/")]
        if case:
            count = "1 file" if len(case) == 1 else f"{len(case)} files"
            says = f"holds text of the case ({count}), which nobody signed"
            hint = "it shows what is argued; no record speaks of it"
            self._say("the bundle", says, hint, note=True)
        self.problems += remarks(self.log, history)
        self.problems += [torn(name) for name in self.bundle.members if name.startswith("torn-")]


class _Excerpt(Chain):
    """A chain that may leave records out: where one is missing, its digest is not known."""

    def take_at(self, line: bytes, seq: int) -> Record:
        """The record in the next line, which is number `seq`. Raises `LineBroken`."""
        if seq != self.seq + 1:
            self.seq, self.head = seq - 1, _previous(line)
        return self.take(line)


def _previous(line: bytes) -> str:
    """What a line says of the one before it; the chain says what is wrong with the line itself."""
    try:
        envelope = open_line(line)
        return open_statement(envelope.payload, digest="", keyid=envelope.keyid).previous
    except (EnvelopeError, StatementError):
        return GENESIS


def _break(broken: LineBroken, seq: int) -> Problem:
    kind = f"{broken.record.kind}, " if broken.record else ""
    says = f"record {seq} ({kind}line {seq}) {broken.why}"
    return Problem(line=seq, seq=seq, says=says, hint=_OTHER)
