"""What waits to be sent: kept in the store until it arrived, sent by a thread of its own.

A message is sent at least once. Its id stays the same, by which a receiver knows it again.
"""

from __future__ import annotations

import base64
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from safetycase.monitor.records import Signal
from safetycase.monitor.store import Store
from safetycase.monitor.webhook import Answer, Hook, message_id, payload, send_body

__all__ = ["Outbox", "delay"]

_log: Final = logging.getLogger(__name__)
_NAME: Final = "webhooks"

MOST_WAITING: Final = 1000
"""Messages that wait; beyond it the oldest is given up, and counted."""

GIVE_UP_SECONDS: Final = 3 * 86_400.0
_FIRST_SECONDS: Final = 1.0
_MOST_SECONDS: Final = 600.0


def delay(attempt: int, name: str) -> float:
    """Seconds before attempt `attempt` (from 1): doubled each time, spread by up to a fifth.

    The spread comes from the message's id, so that many of them do not come back at once.
    """
    spread = int(name[-4:], 16) / 0xFFFF if name[-4:].isalnum() and name[:4] == "msg_" else 0.0
    return float(min(_MOST_SECONDS, _FIRST_SECONDS * 2.0 ** min(attempt, 30))) * (1 + spread / 5)


@dataclass(slots=True, kw_only=True)
class _Message:
    name: str
    body: bytes
    made: float
    attempts: int = 0
    due: float = 0.0

    def state(self) -> dict[str, Any]:
        body = base64.b64encode(self.body).decode()
        return {"name": self.name, "body": body, "made": self.made, "attempts": self.attempts}


Send = Callable[[bytes, Hook, str, float], Answer]


def _send(body: bytes, hook: Hook, name: str, now: float) -> Answer:
    return send_body(body, hook, name, now=now)


class Outbox:
    """Sends signals to a hook and never makes anybody wait for the network.

    `post` returns once the message is on disk. `run` is the loop of a thread (`start`, `stop`);
    `step` is one round of it.
    """

    def __init__(
        self, store: Store, hook: Hook, *, case: str, link: str = "", send: Send = _send
    ) -> None:
        self._store, self._hook, self._case, self._link = store, hook, case, link
        self._send = send
        self._changed = threading.Condition()
        self._messages: dict[str, _Message] = {}
        self._given_up = 0
        self._delivered = 0
        self._stopping = False
        self._thread: threading.Thread | None = None
        for each in (store.load(_NAME) or {}).get("waiting", []):
            body = base64.b64decode(each["body"])
            self._messages[each["name"]] = _Message(
                name=each["name"], body=body, made=each["made"], attempts=each["attempts"]
            )

    def counts(self) -> Mapping[str, int]:
        """How many messages wait, arrived (since the start) and were given up."""
        with self._changed:
            return {
                "waiting": len(self._messages),
                "delivered": self._delivered,
                "given_up": self._given_up,
            }

    def post(self, signal: Signal, now: float) -> None:
        """Keep the message about a signal and send it soon; the same signal again is nothing."""
        name = message_id(signal)
        body = payload(signal, case=self._case, link=self._link)
        with self._changed:
            if name in self._messages:
                return
            self._messages[name] = _Message(name=name, body=body, made=now)
            while len(self._messages) > MOST_WAITING:
                self._messages.pop(next(iter(self._messages)))
                self._given_up += 1
            try:
                self._save()
            except (sqlite3.Error, OSError) as error:  # it is sent all the same
                _log.error("a webhook could not be kept on disk: %s", error)
            self._changed.notify()

    def step(self, now: float) -> float | None:
        """Send what is due; the seconds until the next is, or None if nothing waits."""
        with self._changed:
            due = [each for each in self._messages.values() if each.due <= now]
        for message in due:
            try:
                answer = self._send(message.body, self._hook, message.name, now)
            except Exception as error:  # one message is not to stop those behind it
                _log.exception("a webhook could not be sent")
                answer = Answer(outcome="again", says=type(error).__name__)
            with self._changed:
                self._settle(message, answer, now)
        with self._changed:
            if not self._messages:
                return None
            return max(0.0, min(each.due for each in self._messages.values()) - now)

    def _settle(self, message: _Message, answer: Answer, now: float) -> None:
        message.attempts += 1
        if answer.outcome == "again" and now - message.made < GIVE_UP_SECONDS:
            pause = delay(message.attempts, message.name)
            message.due = now + max(pause, answer.wait or 0.0)
            return
        if self._messages.pop(message.name, None) is None:
            return
        if answer.outcome == "delivered":
            self._delivered += 1
        else:
            self._given_up += 1
            _log.error(
                "a webhook was given up after %d attempts: %s", message.attempts, answer.says
            )
        try:
            self._save()
        except (sqlite3.Error, OSError) as error:  # then it is sent once more after a restart
            _log.error("what was sent could not be noted: %s", error)

    def _save(self) -> None:
        self._store.save(_NAME, {"waiting": [each.state() for each in self._messages.values()]})

    def start(self, clock: Callable[[], float] = time.time) -> None:
        """Send from a thread until `stop`."""
        self._stopping = False
        self._thread = threading.Thread(target=self._run, args=(clock,), name="outbox", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 15.0) -> None:
        """End after the attempt that is under way; what waits is sent after the next start."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout)
            self._thread = None

    def _run(self, clock: Callable[[], float]) -> None:
        while not self._stopping:
            pause = self.step(clock())
            with self._changed:
                fresh = any(each.due == 0.0 for each in self._messages.values())
                if not self._stopping and not fresh:
                    self._changed.wait(pause)
