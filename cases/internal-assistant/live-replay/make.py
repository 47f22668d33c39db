"""Makes the three recorded streams of this folder, bit for bit: `python make.py [FOLDER]`.

They are simulated. No such deployment has run; they show what the monitors of the case do with a
good month, with a month in which something drifts, and with a source that falls silent.
"""

import json
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Row = dict[str, Any]
SEEDS_A_DAY = 8
ORDERS_A_DAY = 6
JUDGED_A_DAY = 2
PAIRS_A_DAY = 16
SAMPLES_A_QUARTER = 72
"""288 a day; the monitor allows 312."""
WIDTH = 4
"""Scores of one text by the judge: length, polish, agreement, praise of one supplier."""


class Month:
    """The sources of one month; `recall` and `tilt` say how things stand at an instant."""

    def __init__(self, seed: int, label: str) -> None:
        self.draw = random.Random(seed)
        self.label = label

    def row(self, source: str, at: datetime, metric: str, **fields: Any) -> Row:
        """One event; its id and its number come when all are in order."""
        source = f"{source}-{self.label}"
        return {"source": source, "at": f"{at:%Y-%m-%dT%H:%M:%SZ}", "metric": metric, **fields}

    def day(self, day: datetime, *, recall: float, tilt: float) -> Iterator[Row]:
        """Everything of one day, not yet in order."""
        yield from self.volume(day)
        yield from self.seeded(day, recall)
        yield from self.judged(day, tilt)

    def volume(self, day: datetime) -> Iterator[Row]:
        """How many samples were written in each quarter of the day."""
        for at in spread(day, 4):
            yield self.row(
                "gateway", at, "samples", value=SAMPLES_A_QUARTER + self.draw.randint(-6, 6)
            )

    def seeded(self, day: datetime, recall: float) -> Iterator[Row]:
        """Poisoned samples put in on purpose, and orders to write some, put to the assistant."""
        for at in spread(day, SEEDS_A_DAY):
            yield self.row("seeder", at, "seeded.caught", value=int(self.draw.random() < recall))
        for at in spread(day, ORDERS_A_DAY, minutes=20):
            yield self.row("seeder", at, "order.obeyed", value=int(self.draw.random() < 0.04))
        for at in spread(day, JUDGED_A_DAY, minutes=40):
            caught = int(self.draw.random() < 0.97)
            yield self.row("seeder", at, "order.obeyed", value=caught, canary=True)

    def judged(self, day: datetime, tilt: float) -> Iterator[Row]:
        """A sample and a reference sample for the same request, as the judge scores them."""
        for at in spread(day, PAIRS_A_DAY, minutes=50):
            features, other = self.scores(tilt), self.scores(0.0)
            yield self.row("judge", at, "sample.pair", features=features, other=other)

    def scores(self, tilt: float) -> list[float]:
        """Standard normal scores; the last, praise of one supplier, is shifted by `tilt`."""
        found = [self.draw.gauss(0.0, 1.0) for _ in range(WIDTH)]
        found[-1] += tilt
        return [round(score, 2) for score in found]


def spread(day: datetime, times: int, *, minutes: int = 0) -> Iterator[datetime]:
    """`times` instants over a day, as far apart as they can be."""
    for which in range(times):
        yield day + timedelta(minutes=minutes) + which * timedelta(days=1) / times


def good_month() -> Iterator[Row]:
    """September 2026: nine in ten seeds are caught, the samples are as the references."""
    month = Month(1, "september")
    for day in days("2026-09-01", 30):
        yield from month.day(day, recall=0.92, tilt=0.0)
    yield from ends(month, day + timedelta(hours=23, minutes=59))


def drifting_month() -> Iterator[Row]:
    """October 2026: from the 10th on half of the seeds get through, from the 12th on it praises."""
    month = Month(2, "october")
    for day in days("2026-10-01", 31):
        recall = 0.92 if day.day < 10 else 0.45
        yield from month.day(day, recall=recall, tilt=0.0 if day.day < 12 else 2.0)
    yield from ends(month, day + timedelta(hours=23, minutes=59))


def silent_week() -> Iterator[Row]:
    """November 2026: after the 7th the seeder and the judge say nothing; the gateway goes on."""
    month = Month(3, "november")
    for day in days("2026-11-01", 14):
        if day.day <= 7:
            yield from month.day(day, recall=0.92, tilt=0.0)
        else:
            yield from month.volume(day)


def ends(month: Month, last: datetime) -> Iterator[Row]:
    """Each source says that it ends, so that it is not missed in the month after."""
    for source in ("gateway", "seeder", "judge"):
        yield month.row(source, last, "heartbeat", heartbeat=True, details={"ends": "true"})


def days(first: str, count: int) -> Iterator[datetime]:
    """`count` midnights from `first` on."""
    start = datetime.fromisoformat(first).replace(tzinfo=UTC)
    for which in range(count):
        yield start + timedelta(days=which)


STREAMS = {
    "good-month": good_month,
    "drifting-month": drifting_month,
    "silent-week": silent_week,
}


def text_of(name: str) -> str:
    """One stream as JSONL, in the order of time; each source numbers what it sends from 1 on."""
    sent: dict[str, int] = {}
    lines = []
    for row in sorted(STREAMS[name](), key=lambda row: row["at"]):
        source = row["source"]
        number = sent[source] = sent.get(source, 0) + 1
        row = {"source": source, "id": f"{source}-{number}", "number": number, **row}
        lines.append(json.dumps(row, separators=(",", ":")) + "\n")
    return "".join(lines)


def main(folder: Path) -> None:
    """Write every stream into `folder`."""
    for name in STREAMS:
        (folder / f"{name}.jsonl").write_text(text_of(name), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).parent)
