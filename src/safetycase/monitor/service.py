"""What `watch` does over and over: stored events -> engine -> signed signals -> who is to know.

What has to survive a crash is one value in the store: the engine, the row up to which it has seen
events, and the signals that are not known to be in the record. It is saved before anything is
signed. So an event is either behind the saved row, and is seen again, or its signal is in the
value, and is signed unless the record has it by its name: no signal is lost and none is doubled.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from safetycase.monitor.engine import Engine
from safetycase.monitor.indicator import Indicator
from safetycase.monitor.records import Event, Signal
from safetycase.monitor.signing import Signer, Waiting

__all__ = ["Kept", "Reported", "Service", "StateUnread", "signal_of"]

SAVED: Final = "watch"
"""The name of the saved value in the store."""

_AT_ONCE: Final = 2000
_ANSWERED: Final = ("false-alarm", "answered")


class StateUnread(Exception):
    """The saved state is of another version; the message says what to do."""


class Kept(Protocol):
    """What a service needs of the store of events."""

    def after(self, row: int, limit: int) -> list[tuple[int, Event]]:
        """The events behind `row`, at most `limit`, each with its row."""
        ...

    def save(self, name: str, value: Mapping[str, Any]) -> None:
        """Keep a JSON value under a name, in one transaction."""
        ...

    def load(self, name: str) -> Mapping[str, Any] | None:
        """The value kept under a name."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A signal that is in the record, as record `seq`; `name` is its own for ever."""

    seq: int
    name: str
    body: Mapping[str, Any]

    @property
    def monitor(self) -> str:
        """The id of the monitor."""
        return str(self.body["monitor"])

    @property
    def state(self) -> str:
        """The state that it reports."""
        return str(self.body["state"])


class Service:
    """Watches by `indicators`, from the events in `store`, and signs with `signer`.

    `now` is the instant from which silence counts if the store has never been watched, in seconds
    since 1970. `report` is called with each signal once its record is on the disk, and again after
    a crash for those of which it is not known that it returned; whoever passes them on says so by
    their `name`. `root` gives the digest of the events up to a row. Where nothing is reported, it
    is saved once in `save_every` seconds. Not for several threads.
    """

    def __init__(
        self,
        store: Kept,
        indicators: Sequence[Indicator],
        signer: Signer,
        *,
        now: float,
        report: Callable[[Reported], None] | None = None,
        root: Callable[[int], str | None] | None = None,
        save_every: float = 5.0,
    ) -> None:
        self._store = store
        self._signer = signer
        self._report = report
        self._root = root
        self._save_every = save_every
        self.engine = Engine(indicators, started=now)
        self.indicators = tuple(indicators)
        self.row = 0
        self.waiting: list[Waiting] = []
        self.problem = ""
        """Why signals wait to be signed, in a sentence; empty if none does."""
        self._origin = secrets.token_hex(8)
        self._next = 1
        self._digests: dict[str, str] = {}
        self._answered: set[tuple[str, int]] = set()
        self._since: dict[str, int] = {}
        self._now = now
        self._saved = now
        self._latest: dict[str, Reported] = {}
        self._restore()

    @property
    def now(self) -> float:
        """The latest instant that it has judged by."""
        return self._now

    def step(self, now: float) -> list[Signal]:
        """Take in what is new at `now`; the signals that it led to, whether signed yet or not.

        Raises `LedgerDamaged` or `RecordRefused` if the record can take no signal at all; what
        was to be signed is kept.
        """
        self._now = now = max(now, self._now)
        changed = self._resolve()
        signals: list[Signal] = []
        while rows := self._store.after(self.row, _AT_ONCE):
            found = self.engine.take([event for _, event in rows], now)
            self.row = rows[-1][0]
            signals += self._named(found)
            if len(rows) < _AT_ONCE:
                break
        signals += self._named(self.engine.tick(now))
        if signals or changed or now - self._saved >= self._save_every:
            self._save()
        self._sign()
        return signals

    def redefine(self, indicators: Sequence[Indicator], now: float) -> tuple[str, ...]:
        """Watch by other indicators from now on; the ids of those that begin anew.

        What is defined as before goes on with all that it has seen.
        """
        engine = Engine(indicators, started=max(now, self._now))
        engine.restore(self.engine.state())
        self.engine, self.indicators = engine, tuple(indicators)
        anew = self._begin_anew()
        self._save()
        return anew

    def close(self) -> None:
        """Save where it is; what was not signed yet is tried once more."""
        self._save()
        self._sign()

    def status(self) -> Mapping[str, Any]:
        """How things stand, as JSON: the row, what waits, and the last signal of each monitor."""
        return {
            "row": self.row,
            "waiting": len(self.waiting),
            "problem": self.problem,
            "monitors": {
                one.id: {
                    "record": told.seq,
                    "state": told.state,
                    "until": told.body.get("until"),
                    "value": told.body.get("value"),
                    "e_value": told.body.get("e_value"),
                    "alarm_at": told.body.get("alarm_at"),
                }
                if (told := self._latest.get(one.id))
                else {"record": None, "state": "never reported"}
                for one in self.indicators
            },
        }

    def _named(self, signals: Sequence[Signal]) -> list[Signal]:
        """Put signals among those that wait, each with a name of its own and its events' root."""
        root = self._root(self.row) if self._root and signals else None
        named = [replace(signal, root=signal.root or root) for signal in signals]
        for signal in named:
            name = f"{self._origin}:{self._next}"
            self._next += 1
            self.waiting.append(Waiting(name=name, body=signal.body()))
        return named

    def _sign(self) -> None:
        """Append what waits, tell of it, and forget it only then."""
        if not self.waiting:
            return
        done = self._signer.append(self.waiting)
        self.problem = done.problem
        left: list[Waiting] = []
        for one in self.waiting:
            if one.name not in done.records:
                left.append(one)
                continue
            told = Reported(seq=done.records[one.name], name=one.name, body=one.body)
            self._latest[told.monitor] = told
            if self._report is not None:
                self._report(told)
        if len(left) < len(self.waiting):
            self.waiting = left
            self._save()

    def _resolve(self) -> bool:
        """Start the next segment of each monitor whose alarm was answered; whether any did.

        Of several words on alarms of one segment the first that answers counts: what is left of
        the budget is spent once.
        """
        said = self._signer.resolutions()
        changed = False
        for one in said or ():
            mine = one.signal.startswith(f"{self._origin}:")
            if not mine or one.outcome not in _ANSWERED or one.monitor not in self._digests:
                continue
            key = (one.monitor, one.segment)
            number = int(one.signal.rpartition(":")[2])
            if number >= self._since.get(one.monitor, 1) and key not in self._answered:
                self._answered.add(key)
                self.engine.resolved(one.monitor)
                changed = True
        return changed

    def _begin_anew(self) -> tuple[str, ...]:
        """Forget of monitors that are defined otherwise than before which alarms were answered."""
        before, self._digests = self._digests, {one.id: one.digest for one in self.indicators}
        anew = tuple(name for name, digest in self._digests.items() if before.get(name) != digest)
        self._since |= dict.fromkeys(anew, self._next)
        self._answered = {key for key in self._answered if key[0] not in anew}
        return anew

    def _save(self) -> None:
        self._store.save(
            SAVED,
            {
                "origin": self._origin,
                "row": self.row,
                "now": self._now,
                "next": self._next,
                "engine": self.engine.state(),
                "waiting": [one.state() for one in self.waiting],
                "digests": self._digests,
                "since": self._since,
                "answered": sorted(map(list, self._answered)),
                "latest": [
                    {"seq": one.seq, "name": one.name, "body": dict(one.body)}
                    for one in self._latest.values()
                ],
            },
        )
        self._saved = self._now

    def _restore(self) -> None:
        saved = self._store.load(SAVED)
        if saved is None:
            self._begin_anew()
            self._save()  # the origin has to be the same from the first signal on
            return
        self._origin = saved["origin"]
        self.row = saved["row"]
        self._now = max(self._now, saved["now"])
        self._next = saved["next"]
        try:
            self.engine.restore(saved["engine"])
        except (KeyError, TypeError, ValueError) as error:
            raise StateUnread(
                f"what was saved of watching cannot be taken up by this version ({error}): move "
                "the `live` folder away to begin anew; the record keeps what was signed"
            ) from error
        self.waiting = [Waiting(**one) for one in saved["waiting"]]
        self._digests, self._since = dict(saved["digests"]), dict(saved["since"])
        self._answered = {(monitor, segment) for monitor, segment in saved["answered"]}
        for one in saved["latest"]:
            told = Reported(**one)
            self._latest[told.monitor] = told
        self._saved = self._now
        self._begin_anew()


def signal_of(body: Mapping[str, Any]) -> Signal:
    """The signal whose body is kept in a record."""
    numbers = {key: body[key] for key in ("value", "e_value", "alarm_at")}
    told = {key: None if text is None else float(text) for key, text in numbers.items()}
    names = Signal.__slots__
    return Signal(**{key: body[key] for key in names if key in body} | told)
