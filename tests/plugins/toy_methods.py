"""Methods for tests: one that works, and one for every way in which a method goes wrong."""

from __future__ import annotations

import dataclasses
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

from safetycase.plugin.contract import (
    Context,
    Controls,
    InstrumentCheck,
    Measure,
    Measurement,
    Method,
    OracleResult,
    Planted,
    Raised,
    Transcript,
)
from safetycase.stats import Proportion

HOSTILE_TEXT = "</script><script>alert(1)</script>\x1b[2J\x00\u202e" + "A" * 1_000_000


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CoinParameters:
    """A coin thrown `n` times; `rate` is its chance of success, in percent."""

    n: int = 100
    rate: int = 10
    failures: int | None = None
    instrument: bool = True
    raises: tuple[str, ...] = ()
    pause: float = 0.0


def throw(inputs: tuple[str, ...], parameters: CoinParameters, context: Context) -> Measurement:
    generator = random.Random(context.seed)
    hits = parameters.failures
    if hits is None:
        hits = sum(generator.random() * 100 < parameters.rate for _ in range(parameters.n))
    for done in range(5):
        context.progress(done, 5, "throwing")
        time.sleep(parameters.pause)
    (context.scratch / "throws.txt").write_text(f"{hits} of {parameters.n}\n", "utf-8")
    return Measurement(
        quantities={"rate": Proportion(successes=hits, trials=parameters.n)},
        counts={"planned": parameters.n, "scored": parameters.n},
        instrument=(
            InstrumentCheck(
                name="coin has two sides", passed=parameters.instrument, detail="looked at it"
            ),
        ),
        raises=tuple(Raised(name=r, says=f"raised {r}") for r in parameters.raises),
        artefacts={"throws": "throws.txt"},
    )


def _raise(*_: Any) -> Measurement:
    raise RuntimeError("the method fell over \x1b[31m")


def _hang(*_: Any) -> Measurement:
    while True:
        time.sleep(60)


def _garbage(*_: Any) -> Any:
    print("\x00\xff garbage" * 100_000)
    sys.stdout.flush()
    os.write(1, b'{"done": "many"}\nnot json\n')
    return {"quantities": "none"}


def _die(*_: Any) -> Measurement:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def _hostile(inputs: tuple[str, ...], parameters: Any, context: Context) -> Measurement:
    return Measurement(
        quantities={"rate": Proportion(successes=0, trials=100)},
        transcripts=(Transcript(id="t1", prompt=HOSTILE_TEXT, output=HOSTILE_TEXT),),
        diagnostics={"said": HOSTILE_TEXT, "half": "\ud800"},
    )


def _escape(inputs: tuple[str, ...], parameters: Any, context: Context) -> Measurement:
    found = throw(inputs, CoinParameters(), context)
    return dataclasses.replace(found, artefacts={"passwords": "../../../../../../etc/passwd"})


def _slow(inputs: tuple[str, ...], parameters: Any, context: Context) -> Measurement:
    for done in range(600):
        context.progress(done, 600, "sleeping")
        time.sleep(0.1)
    return throw(inputs, CoinParameters(), context)


def _best(parameters: CoinParameters, _folder: Path, _inputs: tuple[str, ...]) -> Any:
    return {"rate": Proportion(successes=0, trials=parameters.n)}


COIN = Method(
    name="toy/coin",
    version="1.0.0",
    says="Throws a coin.",
    parameters=CoinParameters,
    measures=(Measure(name="rate", unit="proportion", safer="lower", says="share of successes"),),
    limits=("a coin is not a model",),
    source="none",
    run=throw,
    self_check=lambda: (
        OracleResult(name="half", expected=0.5, got=0.5, tolerance=0.0, source="definition"),
    ),
    controls=lambda: Controls(
        criterion="rate <= 0.2",
        planted=(
            Planted(name="a fair coin", claim_is_true=False, passes=0, runs=20),
            Planted(name="a rare coin", claim_is_true=True, passes=19, runs=20),
        ),
    ),
    best_case=_best,
    needs_model=False,
)


def _like(name: str, run: Any) -> Method:
    return dataclasses.replace(COIN, name=name, run=run)


RAISES = _like("toy/raises", _raise)
HANGS = _like("toy/hangs", _hang)
GARBAGE = _like("toy/garbage", _garbage)
DIES = _like("toy/dies", _die)
HOSTILE = _like("toy/hostile", _hostile)
SLOW = _like("toy/slow", _slow)
ESCAPES = _like("toy/escapes", _escape)
