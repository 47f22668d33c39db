"""What `watch` prints: what it watches, one line for each signal, and how far it is."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Mapping
from typing import Any, Final

import click

from safetycase.argument.plain_json import plain_json
from safetycase.cli.common import printable
from safetycase.monitor.indicator import Indicator
from safetycase.monitor.service import Reported
from safetycase.monitor.times import length
from safetycase.workspace.monitored import Monitored

__all__ = ["Shown", "indicator_json", "indicator_lines"]

_COLOURS: Final[Mapping[str, str]] = {
    "alarm": "red",
    "blind": "yellow",
    "lossy": "yellow",
    "silent": "yellow",
    "warning": "yellow",
    "quiet": "green",
}
_OPPOSITE: Final[Mapping[str, str]] = {"<": "≥", "<=": ">", ">": "≤", ">=": "<"}
_PROGRESS_SECONDS: Final = 0.5


def indicator_lines(found: Monitored) -> list[str]:
    """What is watched, three lines each: the null, how it is tested, what hangs on it."""
    lines: list[str] = []
    for one in found.indicators:
        monitor = found.monitors[one.id]
        lines.append(f"{one.id}  {monitor.says}")
        lines.append(f"    {_null(one)}; {_test(one)}")
        hangs = ", ".join(monitor.conditions) or "nothing"
        answer = monitor.answer_within
        within = f", an alarm to be answered within {answer.text}" if answer else ""
        lines.append(f"    conditions {hangs}; owner {monitor.owner}{within}")
    return [printable(line) for line in lines]


def indicator_json(found: Monitored) -> list[dict[str, Any]]:
    """The same as JSON."""
    return [
        {
            "monitor": one.id,
            "indicator": one.digest,
            "metric": one.metric,
            "kind": one.kind,
            "detector": one.detector,
            "null": f"{one.quantity} {_OPPOSITE[one.op]} {one.threshold:g}",
            "budget": one.budget,
            "window_seconds": one.window,
            "silent_after_seconds": one.silent_after,
            "conditions": list(found.monitors[one.id].conditions),
        }
        for one in found.indicators
    ]


def _null(one: Indicator) -> str:
    return f"null hypothesis {one.quantity} {_OPPOSITE[one.op]} {one.threshold:g} of `{one.metric}`"


def _test(one: Indicator) -> str:
    words = [f"{one.kind} by {one.detector}"]
    if one.detector not in ("threshold", "cusum"):
        words.append(f"a false alarm ever with probability at most {one.budget:g}")
    if one.window is not None:
        words.append(f"window {length(one.window)}")
    if one.silent_after is not None:
        words.append(f"unknown after {length(one.silent_after)} of silence")
    if one.warns_only:
        words.append("only warns")
    return ", ".join(words)


class Shown:
    """Prints signals as they are signed; a context manager that leaves no progress line behind."""

    def __init__(self, found: Monitored, *, as_json: bool) -> None:
        self.found = found
        self.as_json = as_json
        self._live = sys.stderr.isatty() and not as_json
        self._last = 0.0
        self._drawn = False
        self._problem = ""

    def __enter__(self) -> Shown:
        return self

    def __exit__(self, *_: object) -> None:
        self._wipe()

    def begin(self) -> None:
        """Say what is watched."""
        if self.as_json:
            self.json({"watching": indicator_json(self.found)})
        else:
            self._print("\n".join(indicator_lines(self.found)))

    def say(self, text: str) -> None:
        """A sentence beside the signals."""
        self._wipe()
        with contextlib.suppress(OSError):
            click.echo(printable(text), err=True)

    def signal(self, one: Reported) -> None:
        """A signal that is in the record now."""
        if self.as_json:
            self.json({"record": one.seq, "name": one.name, **one.body})
            return
        head = click.style(f"{one.state.upper():8}", fg=_COLOURS.get(one.state))
        body = one.body
        numbers = "".join(
            f", {word} {body[key]}"
            for key, word in (("value", one_word(self.found, one.monitor)), ("e_value", "e-value"))
            if body.get(key) is not None
        )
        says = printable(f"{one.monitor}  {body['says']}")
        where = f"n {body['events']}{numbers}, {body['since']} to {body['until']}"
        self._print(f"{head} {says} ({printable(where)}; record {one.seq})")
        if one.state == "alarm":
            self._print(printable(self._asks(one)))

    def progress(self, text: str) -> None:
        """How far it is, on one line of a terminal that is written over; nothing elsewhere."""
        now = time.monotonic()
        if not self._live or now - self._last < _PROGRESS_SECONDS:
            return
        self._last = now
        with contextlib.suppress(OSError):
            sys.stderr.write(f"\r\x1b[2K{printable(text)[: _columns() - 1]}")
            sys.stderr.flush()
            self._drawn = True

    def problem(self, text: str) -> None:
        """Why signals wait; said once for as long as it lasts, and when it is over."""
        if text != self._problem:
            if text:
                self.say(f"signals wait to be signed: {text}")
            elif self._problem:
                self.say("the record took the signals that waited")
            self._problem = text

    def _asks(self, one: Reported) -> str:
        monitor = self.found.monitors.get(one.monitor)
        if monitor is None:
            return ""
        if monitor.warns_only:
            return f"         it only warns, at {', '.join(monitor.conditions) or 'nothing'}"
        within = f" within {monitor.answer_within.text}" if monitor.answer_within else ""
        hangs = ", ".join(monitor.conditions) or "nothing"
        return (
            f"         challenges {hangs}; {monitor.owner} answers{within}: "
            f"safetycase record resolve {one.seq} --as OUTCOME --reason TEXT"
        )

    def json(self, value: Mapping[str, Any]) -> None:
        """One JSON object on a line of its own."""
        self._print(plain_json(value, indent=None))

    def _print(self, text: str) -> None:
        """That nobody reads it any more ends no watch: what counts is in the record."""
        self._wipe()
        with contextlib.suppress(OSError):
            click.echo(text)
            sys.stdout.flush()

    def _wipe(self) -> None:
        if self._drawn:
            self._drawn = False
            with contextlib.suppress(OSError):
                sys.stderr.write("\r\x1b[2K")
                sys.stderr.flush()


def one_word(found: Monitored, monitor: str) -> str:
    """What the value of a monitor is called."""
    named = {one.id: one.quantity for one in found.indicators}
    return named.get(monitor, "value")


def _columns() -> int:
    import shutil

    return shutil.get_terminal_size((100, 24)).columns
