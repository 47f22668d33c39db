"""CPU time of a block, without what other tests left on the heap."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Iterator

__all__ = ["Spent", "cpu_time"]


class Spent:
    """How long a block took, once it has ended."""

    seconds = 0.0


@contextlib.contextmanager
def cpu_time() -> Iterator[Spent]:
    """Measure a block with the collector off, as a short verb runs.

    A collection walks every object of the process: with the heap of thousands of other tests it
    made a linear algorithm look three times as steep.
    """
    spent = Spent()
    gc.collect()
    gc.disable()
    start = time.process_time()
    try:
        yield spent
    finally:
        spent.seconds = time.process_time() - start
        gc.enable()
