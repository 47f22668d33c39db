"""What a run shows while it goes on: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
import sys

import pytest

from safetycase.cli.run_show import LONGEST, Shown, brief
from safetycase.evidence.events import (
    AttemptEnded,
    AttemptStarted,
    ControlsEnded,
    LateResult,
    Progressed,
    ServerStarted,
)


def started(name: str, position: int, retry_of: str | None = None) -> AttemptStarted:
    return AttemptStarted(
        evidence=name,
        attempt=f"{name}/1.{position}",
        because="never run",
        position=position,
        of=2,
        retry_of=retry_of,
    )


def tell(show: Shown) -> None:
    show(ServerStarted(model="m", url="http://127.0.0.1:1/v1"))
    show(ControlsEnded(method="toy", reason="fell over"))
    show(started("E-A", 1))
    show(started("E-B", 2, retry_of="E-B/1.1"))
    show(Progressed(evidence="E-A", attempt="E-A/1.1", done=3, total=9, note="\x1b[2Jhalf"))
    show(LateResult(attempt="E-C/1.1", how="completed"))
    show(
        AttemptEnded(evidence="E-A", attempt="E-A/1.1", outcome="lost", reason="gone", seconds=1.25)
    )


def test_without_a_terminal_there_is_one_line_for_each_event(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Shown() as show:
        tell(show)
    assert show.progress is None
    assert capsys.readouterr().err.splitlines() == [
        "model `m` answers at http://127.0.0.1:1/v1",
        "planted controls of toy failed: fell over",
        "[1/2] E-A: never run",
        "[2/2] E-B: never run (again, after E-B/1.1)",
        "a result of E-C/1.1 came too late and does not count",
        "      E-A: lost in 1.2 s — gone",
    ]


def test_on_a_terminal_every_running_attempt_has_a_bar_and_the_whole_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with Shown() as show:
        tell(show)
        bars = {task.description: task for task in show.progress.tasks}
        assert set(bars) == {"all attempts", "E-B"}
        assert (bars["all attempts"].completed, bars["all attempts"].total) == (1, 2)
        show(
            AttemptEnded(
                evidence="E-B", attempt="E-B/1.2", outcome="completed", reason="", seconds=2.0
            )
        )
        assert [task.description for task in show.progress.tasks] == ["all attempts"]
    said = capsys.readouterr().err
    assert "/None" not in said
    assert "[1/2] E-A: never run" in said
    assert "\x1b[2Jhalf" not in said


def test_a_reason_is_one_line_of_bounded_length(capsys: pytest.CaptureFixture[str]) -> None:
    assert brief("two\n\nlines\tand \x1b[2J") == "two lines and \\x1b[2J"
    reason = "no\n" * 10_000
    with Shown() as show:
        show(started("E-A", 1))
        show(
            AttemptEnded(
                evidence="E-A", attempt="E-A/1.1", outcome="failed", reason=reason, seconds=1.0
            )
        )
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert len(lines[1]) < LONGEST + 60


def test_a_reader_that_has_gone_ends_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Gone())
    with Shown() as show:
        tell(show)
    assert show.ended == 1


def test_without_a_terminal_a_long_attempt_says_how_far_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr("safetycase.cli.run_show.time.monotonic", lambda: now[0])
    with Shown() as show:
        show(started("E-A", 1))
        for done in range(1, 13):
            now[0] += 1
            note = "\x1b[2Jsamples" if done < 10 else ""
            show(Progressed(evidence="E-A", attempt="E-A/1.1", done=done, total=40, note=note))
        now[0] += 6
        show(Progressed(evidence="E-A", attempt="E-A/1.1", done=20, total=0, note=""))
    assert capsys.readouterr().err.splitlines()[1:] == [
        "      E-A: 5 of 40 \\x1b[2Jsamples",
        "      E-A: 10 of 40",
        "      E-A: 20",
    ]
