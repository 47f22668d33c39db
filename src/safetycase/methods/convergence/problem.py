"""A torch model at what is taken for a minimum, and the loss that says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Problem"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What a local learning coefficient is estimated of, in torch's own terms.

    `module` holds the weights w* whose surroundings are asked about; it is left as it was. `loss`
    maps (module, batch) to the mean loss of the batch, a scalar tensor; `batch(generator)` draws a
    batch with a torch generator, or is None where the loss needs no data and is exact; `full` gives
    all of the data as one batch. `count` is n, the number of data points in n·L_n(w).
    """

    module: Any
    loss: Callable[[Any, Any], Any]
    count: int
    batch: Callable[[Any], Any] | None = None
    full: Callable[[], Any] | None = None
    says: str = ""

    def __post_init__(self) -> None:
        if not hasattr(self.module, "named_parameters"):
            raise ValueError(f"`module` is a {type(self.module).__name__} and no `torch.nn.Module`")
        if not callable(self.loss):
            raise ValueError("`loss` is a function of (module, batch)")
        for name, given in (("batch", self.batch), ("full", self.full)):
            if given is not None and not callable(given):
                raise ValueError(f"`{name}` is a function, or left out")
        if type(self.count) is not int or self.count < 0:
            raise ValueError(f"`count` is {self.count!r}; it is a number of data points, or 0")
