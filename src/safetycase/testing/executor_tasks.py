"""Methods that `check_executor` runs: one that works, and one for each way to end otherwise."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import random
import signal
import subprocess
import sys
import time
from typing import Any

from safetycase.plugin.contract import (
    Context,
    Controls,
    Measure,
    Measurement,
    Method,
    OracleResult,
    Planted,
)
from safetycase.stats import Proportion

__all__ = ["AWAITS", "COUNTS", "DIES", "FLOODS", "HANGS", "LEAVES_CHILDREN", "RAISES"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CountParameters:
    """How many throws, and seconds between five reports of progress."""

    n: int = 100
    pause: float = 0.0


def _count(inputs: tuple[str, ...], parameters: CountParameters, context: Context) -> Measurement:
    generator = random.Random(context.seed)  # noqa: S311 - a test's dice
    hits = sum(generator.random() < 0.1 for _ in range(parameters.n))
    for done in range(5):
        context.progress(done, 5, "counting")
        time.sleep(parameters.pause)
    sys.stdout.write("counted\n")
    sys.stdout.flush()
    read = [str(len((context.case_folder / name).read_bytes())) for name in inputs]
    (context.scratch / "count.txt").write_text(f"{hits} of {parameters.n}\n", "utf-8")
    return Measurement(
        quantities={"rate": Proportion(successes=hits, trials=parameters.n)},
        diagnostics={"read": " ".join(read)},
        artefacts={"count": "count.txt"},
    )


async def _await(
    inputs: tuple[str, ...], parameters: CountParameters, context: Context
) -> Measurement:
    import asyncio

    await asyncio.sleep(parameters.pause)
    return _count(inputs, dataclasses.replace(parameters, pause=0.0), context)


def _raise(*_: Any) -> Measurement:
    raise RuntimeError("the method fell over")


def _die(*_: Any) -> Measurement:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def _hang(*_: Any) -> Measurement:
    with contextlib.suppress(ValueError):  # in a thread there are no signals to ignore
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)
    raise AssertionError


def _flood(*_: Any) -> Measurement:
    while True:
        sys.stdout.write("x" * 1_000_000)


def _leave(inputs: tuple[str, ...], parameters: CountParameters, context: Context) -> Measurement:
    for _ in range(2):
        subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True
        )
    return _count(inputs, parameters, context)


COUNTS = Method(
    name="testing/counts",
    version="1.0.0",
    says="Counts throws of a seeded die.",
    parameters=CountParameters,
    measures=(Measure(name="rate", unit="proportion", safer="lower", says="share of hits"),),
    limits=("it measures nothing; it tests an executor",),
    source="none",
    run=_count,
    self_check=lambda: (
        OracleResult(name="half", expected=0.5, got=0.5, tolerance=0.0, source="definition"),
    ),
    controls=lambda: Controls(
        criterion="rate <= 0.2",
        planted=(
            Planted(name="a frequent hit", claim_is_true=False, passes=0, runs=20),
            Planted(name="a rare hit", claim_is_true=True, passes=19, runs=20),
        ),
    ),
    needs_model=False,
)


def _like(name: str, run: Any) -> Method:
    return dataclasses.replace(COUNTS, name=f"testing/{name}", run=run)


AWAITS = _like("awaits", _await)
RAISES = _like("raises", _raise)
DIES = _like("dies", _die)
HANGS = _like("hangs", _hang)
FLOODS = _like("floods", _flood)
LEAVES_CHILDREN = _like("leaves-children", _leave)
