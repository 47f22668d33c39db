"""Which key may sign what: roles, validity windows, introductions and revocation.

Asked before each record and told after it, like `rules.Order`; together they are `Admission`,
the one set of rules that the writer, `fold` and `verify` use. Times are those of the records: a
window is about the clock of whoever signed, and no order rests on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from safetycase.ledger import canonical
from safetycase.ledger.dsse import unbase64, verifier
from safetycase.ledger.names import folded
from safetycase.ledger.record import Record
from safetycase.ledger.rules import ROLES, Order, misfits, public_key

__all__ = [
    "DEFAULT_ROLES",
    "ROLES",
    "SIGNS",
    "Admission",
    "Key",
    "Revocation",
    "Trust",
    "introduction_text",
    "origin_of",
]

DEFAULT_ROLES: Final = ("author", "runner", "log")
"""What a key may do whose record names no roles."""

SIGNS: Final[Mapping[str, tuple[str, ...]]] = {
    "registration": ("author",),
    "attempt-start": ("runner",),
    "attempt-end": ("runner",),
    "controls": ("runner",),
    "waiver": ("reviewer",),
    "signal": ("runner",),
    "resolution": ("reviewer",),
    "challenge": ("author", "runner", "reviewer"),
    "response": ("author", "runner", "reviewer"),
    "ruling": ("author", "runner", "reviewer"),
    "sign-off": ("reviewer",),
    "dissent": ("author", "runner", "reviewer"),
    "override": ("reviewer",),
    "event": ("author", "runner", "reviewer"),
}
"""Kind of record -> the roles of which its key needs one. Any key may sign a note.

Who may rule on a challenge depends on the ruling as well: `Admission` sees to that.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """A key that is no longer trusted, by the event in record `seq`.

    What it signed from record `since` on counts for nothing (None: all of it). `through` is the
    revoked key that had vouched for this one, None if the event names this one itself.
    """

    keyid: str
    seq: int
    since: int | None
    by: str
    says: str
    through: str | None = None

    def covers(self, seq: int) -> bool:
        """Whether a record with this number, signed by the key, counts for nothing."""
        return self.since is None or seq >= self.since


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key as the record introduced it, in record `seq`, signed by the key `introduced_by`.

    `vouched` is true of the first key, and of one that a vouched author's key introduced with
    its holder's proof. `not_before` and `not_after` are UTC times, None for no limit. `public` is
    true of a key whose signatures are published where others can find them.
    """

    keyid: str
    public_key: bytes
    owner: str
    roles: tuple[str, ...]
    seq: int
    introduced_by: str
    vouched: bool = False
    not_before: str | None = None
    not_after: str | None = None
    public: bool = False
    revoked: Revocation | None = None

    @property
    def short(self) -> str:
        """How messages name it."""
        return f"{self.keyid[:16]}… ({self.owner or 'no owner'})"

    def valid_at(self, at: str) -> bool:
        """Whether the UTC time `at` lies in its window."""
        return not (
            (self.not_before is not None and at < self.not_before)
            or (self.not_after is not None and at > self.not_after)
        )


def origin_of(first: Record) -> str:
    """The name of a record, after its first line: it tells two records apart for ever."""
    return f"safetycase/{first.digest[:32]}"


def introduction_text(origin: str, body: Mapping[str, Any]) -> bytes:
    """What a key signs to show that its holder wants it introduced to the record `origin`.

    The prefix keeps it apart from everything else a key signs: an envelope starts with `DSSEv1`,
    a checkpoint with the name of a record, a cosignature with `cosignature/v1`.
    """
    plain = {key: value for key, value in body.items() if key != "proof"}
    return f"safetycase/key-introduction/v1\n{origin}\n".encode() + canonical.dumps(plain)


@dataclass(slots=True, kw_only=True)
class Trust:
    """The keys so far, and why a record may not be signed by the key that signed it."""

    keys: dict[str, Key] = field(default_factory=dict)
    revocations: list[Revocation] = field(default_factory=list)
    origin: str | None = None

    @classmethod
    def of(cls, records: Iterable[Record]) -> Trust:
        """The keys that these records introduce and revoke."""
        trust = cls()
        for record in records:
            if record.kind not in ("key", "event") or misfits(record.kind, record.body):
                continue
            if not trust.refusals(record.kind, record.body, record.seq, record.at, record.keyid):
                trust.take(record.kind, record.body, record.seq, record.keyid, record)
        return trust

    def copy(self) -> Trust:
        """The same, to go on from without changing this one."""
        return Trust(keys=dict(self.keys), revocations=list(self.revocations), origin=self.origin)

    def refusals(
        self, kind: str, body: Mapping[str, Any], seq: int, at: str, keyid: str
    ) -> tuple[str, ...]:
        """Why the key may not sign record `seq` at the time `at`; empty if it may.

        `body` is one of this kind: `misfits` found nothing.
        """
        if kind == "key" and body["keyid"] == keyid:
            return self._let_in(body, seq, at)
        key = self.keys.get(keyid)
        if key is None:
            return (f"is signed by the key {keyid[:16]}…, whose introduction does not count",)
        wrong = self._out_of_force(key, at)
        if wrong:
            return wrong
        if kind == "key":
            return self._vouched(body, key)
        if kind == "event" and body["event"] == "key-revoked":
            return self._may_revoke(body, seq, key)
        needed = SIGNS.get(kind, ROLES)
        if not set(needed) & set(key.roles):
            return (
                f"is signed by the key {key.short}, which is not for {' or '.join(needed)} "
                f"but for {', '.join(key.roles)}",
            )
        return ()

    def take(
        self, kind: str, body: Mapping[str, Any], seq: int, keyid: str, record: Record | None
    ) -> None:
        """Remember an accepted record; `record` is needed of the first one, which names the log."""
        if seq == 1 and record is not None:
            self.origin = origin_of(record)
        if kind == "key":
            self.keys[body["keyid"]] = _key(body, seq, keyid)
        elif kind == "event" and body["event"] == "key-revoked":
            for each in body["about"]["keyid"]:
                self._revoke(
                    Revocation(
                        keyid=each, seq=seq, since=body.get("since"), by=keyid, says=body["says"]
                    )
                )

    def _let_in(self, body: Mapping[str, Any], seq: int, at: str) -> tuple[str, ...]:
        """Why a key may not introduce itself."""
        again = self._again(body["keyid"])
        if again:
            return again
        if "reviewer" in body.get("roles", ()):
            return ("lets itself in as a reviewer: a key of an author has to introduce it",)
        if body.get("public"):
            return ("calls itself public: a key of an author has to introduce it",)
        return self._out_of_force(_key(body, seq, body["keyid"]), at)

    def _vouched(self, body: Mapping[str, Any], author: Key) -> tuple[str, ...]:
        """Why `author` may not introduce the key in `body`."""
        again = self._again(body["keyid"])
        if again:
            return again
        if "author" not in author.roles:
            return (f"is signed by the key {author.short}, which is no author and lets nobody in",)
        if not {"roles", "not_before", "not_after", "public", "proof"} & set(body):
            return ()  # as written before there were roles: nobody vouches for the key
        if not author.vouched:
            return (f"is signed by the key {author.short}, for which nobody vouches itself",)
        if not _proven(self.origin, body):
            return (
                f"introduces the key {body['keyid'][:16]}… without a proof that its holder asked "
                "for this",
            )
        return ()

    def _again(self, keyid: str) -> tuple[str, ...]:
        known = self.keys.get(keyid)
        if known is None:
            return ()
        return (f"introduces the key {keyid[:16]}… again, after record {known.seq}",)

    def _may_revoke(self, body: Mapping[str, Any], seq: int, by: Key) -> tuple[str, ...]:
        named = body["about"]["keyid"]
        unknown = [keyid for keyid in named if keyid not in self.keys]
        if unknown:
            return (f"revokes the key {unknown[0][:16]}…, which the record does not know",)
        since = body.get("since")
        if since is not None and not 0 < since <= seq:
            return (f"revokes from record {since} on, which is none before it",)
        if "author" not in by.roles and named != [by.keyid]:
            return (f"is signed by the key {by.short}, which may revoke only itself",)
        return ()

    def _revoke(self, revocation: Revocation) -> None:
        key = self.keys[revocation.keyid]
        self.revocations.append(revocation)
        self.keys[key.keyid] = replace(key, revoked=key.revoked or revocation)
        for other in tuple(self.keys.values()):
            vouched = other.introduced_by == key.keyid != other.keyid
            if vouched and other.revoked is None and revocation.covers(other.seq):
                self._revoke(replace(revocation, keyid=other.keyid, since=None, through=key.keyid))

    @staticmethod
    def _out_of_force(key: Key, at: str) -> tuple[str, ...]:
        if key.revoked is not None:
            return (f"is signed by the key {key.short}, which record {key.revoked.seq} revoked",)
        if not key.valid_at(at):
            window = f"from {key.not_before or 'ever'} to {key.not_after or 'ever'}"
            return (f"is signed at {at} by the key {key.short}, which is valid {window}",)
        return ()


@dataclass(slots=True, kw_only=True)
class Admission:
    """The rules of a record: what may follow what, signed by whom."""

    order: Order = field(default_factory=Order)
    trust: Trust = field(default_factory=Trust)
    _authors: dict[str, set[str]] = field(default_factory=dict)
    _raised: dict[int, str] = field(default_factory=dict)
    _challengers: dict[str, str] = field(default_factory=dict)
    _responders: dict[str, set[str]] = field(default_factory=dict)

    def refusals(
        self, kind: str, body: Mapping[str, Any], seq: int, at: str, keyid: str
    ) -> tuple[str, ...]:
        """Why record `seq` may not be this one, signed by this key at `at`; empty if it may."""
        return (
            self.order.refusals(kind, body)
            or self.trust.refusals(kind, body, seq, at, keyid)
            or self._own_waiver(kind, body, keyid)
            or self._own_alarm(kind, body, keyid)
            or self._ruling(kind, body, keyid)
        )

    def take(self, record: Record) -> None:
        """Remember an accepted record."""
        self.order.take(record.seq, record.kind, record.body)
        self.trust.take(record.kind, record.body, record.seq, record.keyid, record)
        if record.kind == "registration":
            self._authors.setdefault(record.body["evidence"], set()).add(record.keyid)
        elif record.kind == "signal" and record.body["state"] == "alarm":
            self._raised[record.seq] = record.keyid
        elif record.kind == "challenge":
            self._challengers[record.body["challenge"]] = record.keyid
        elif record.kind == "response":
            self._responders.setdefault(record.body["challenge"], set()).add(record.keyid)

    def _own_waiver(self, kind: str, body: Mapping[str, Any], keyid: str) -> tuple[str, ...]:
        """Why a waiver is no second pair of eyes: its key, or the key's owner, registered it."""
        if kind != "waiver":
            return ()
        if self._same(keyid, self._authors.get(body["evidence"], ())):
            return (
                f"waives a change of {body['evidence']}, which the same person registered: "
                "somebody else has to",
            )
        return ()

    def _own_alarm(self, kind: str, body: Mapping[str, Any], keyid: str) -> tuple[str, ...]:
        """Why a resolution is no second pair of eyes: its key, or the key's owner, raised it."""
        if kind != "resolution":
            return ()
        if self._same(keyid, [self._raised[body["signal"]]]):
            return (
                f"resolves the alarm in record {body['signal']}, which the same person signed: "
                "somebody else has to",
            )
        return ()

    def _same(self, keyid: str, others: Iterable[str]) -> bool:
        """Whether the key, or another of its owner, is among `others`."""
        keys, others = self.trust.keys, set(others)
        owners = {folded(keys[each].owner) for each in others if each in keys} - {""}
        return keyid in others or folded(keys[keyid].owner) in owners

    def _ruling(self, kind: str, body: Mapping[str, Any], keyid: str) -> tuple[str, ...]:
        """Why this key may not rule so: only the key that raised a challenge may withdraw it.

        A key says itself who owns it, so that another of the same name would be anybody's. No one
        calls their own response an answer, and a runner neither answers nor concedes.
        """
        if kind != "ruling":
            return ()
        name, outcome, roles = body["challenge"], body["outcome"], self.trust.keys[keyid].roles
        if outcome == "withdrawn":
            raised = keyid == self._challengers[name]
            return () if raised else (f"withdraws challenge {name}, which another key raised",)
        if outcome == "conceded":
            may = "author" in roles or "reviewer" in roles
            return () if may else (f"concedes challenge {name} by a key of no author or reviewer",)
        if "reviewer" not in roles:
            return (f"calls challenge {name} answered by a key that is not for reviewer",)
        if self._same(keyid, self._responders.get(name, ())):
            return (
                f"calls challenge {name} answered, to which the same person responded: "
                "somebody else has to",
            )
        return ()


def _key(body: Mapping[str, Any], seq: int, by: str) -> Key:
    raw = public_key(body)
    assert raw is not None, "misfits has seen to it"
    return Key(
        keyid=body["keyid"],
        public_key=raw,
        owner=body["owner"],
        roles=tuple(body.get("roles", DEFAULT_ROLES)),
        seq=seq,
        introduced_by=by,
        vouched=seq == 1 or ("proof" in body and by != body["keyid"]),
        not_before=body.get("not_before"),
        not_after=body.get("not_after"),
        public=bool(body.get("public")),
    )


def _proven(origin: str | None, body: Mapping[str, Any]) -> bool:
    """Whether the holder of the key signed that it be introduced, so, to this record."""
    raw, proof = public_key(body), body.get("proof")
    if origin is None or raw is None or not isinstance(proof, str):
        return False
    try:
        signature = unbase64(proof)
    except ValueError:
        return False
    return verifier(raw)(signature, introduction_text(origin, body))
