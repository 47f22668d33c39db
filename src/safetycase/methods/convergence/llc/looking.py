"""What is seen at w* before a chain runs: loss, slope, curvature, whether it is a minimum."""

from __future__ import annotations

import math
from typing import Any

from safetycase.methods.convergence.llc.diagnostics import mean_error
from safetycase.methods.convergence.llc.records import Start
from safetycase.methods.convergence.llc.surface import Surface
from safetycase.plugin.contract import MethodError

__all__ = ["curvature", "look", "typical_points"]

ANCHORS = 16
ROUNDS = 2
DOUBLINGS = 10
ITERATIONS = 8
BUMP = 1e-3
UNSTEADY = 1e-4


def look(surface: Surface, generator: Any) -> tuple[Start, int]:
    """(what is seen at w*, gradients that it took)."""
    import torch

    count = 1 if surface.exact else ANCHORS
    mine, other = (surface.draw([generator] * count) for _ in range(2))
    points = surface.start.repeat(count, 1)
    losses, slopes = surface.slopes(points, mine)
    losses, slopes = losses.double().tolist(), slopes.clone()
    here = losses if surface.exact else losses + surface.losses(points, other).double().tolist()
    if not all(map(math.isfinite, losses)) or not bool(torch.isfinite(slopes).all()):
        raise MethodError("the loss or its gradient at w* itself is not finite")
    if surface.exact:
        _steady(surface, points, mine)
    loss, error = (here[0], 0.0) if surface.exact else mean_error(here)
    mean = slopes.mean(0)
    noise = 0.0 if surface.exact else float(slopes.var(0).sum())
    square = float(mean.double().square().sum())
    norm = math.sqrt(max(square - noise / count, 0.0))
    h_max, way = curvature(surface, points[:1], None if mine is None else mine[:1], generator)
    heat = 0.0 if surface.exact else float((slopes @ way[0]).var())
    drop, drop_error, rounds = _down(surface, mean, h_max, (mine, other), count)
    start = Start(
        loss=loss,
        loss_error=error,
        gradient_norm=norm,
        h_max=h_max,
        drop=drop,
        drop_error=drop_error,
        noise=noise,
        steep_noise=heat,
    )
    return start, count * (1 + rounds) + 2 * ITERATIONS


def _steady(surface: Surface, points: Any, batches: Any) -> None:
    """`MethodError` for a loss that passes for exact and draws something of its own."""
    once, again = (float(surface.losses(points, batches)[0]) for _ in range(2))
    if abs(once - again) > UNSTEADY * abs(once) + 1e-9:
        raise MethodError(
            f"the loss at w* is {once:.6g} and then {again:.6g} on the same data: it draws "
            "something itself. Draw batches in `batch`, by its generator, and leave dropout out of "
            "`loss`"
        )


def curvature(surface: Surface, points: Any, batches: Any, generator: Any) -> tuple[float, Any]:
    """(largest |eigenvalue| of the Hessian over the points, unit vectors), by power iteration.

    Points and vectors are (chains, size). Hessian-vector products are central differences of the
    gradient on the same batch, so that any loss with a gradient will do.
    """
    import torch

    v = torch.empty_like(points)
    v.normal_(generator=generator)
    bump = BUMP * max(1.0, float(points.abs().mean()))
    value = 0.0
    for _ in range(ITERATIONS):
        v /= torch.linalg.vector_norm(v, dim=1, keepdim=True)
        up = surface.slopes(points + bump * v, batches)[1].clone()
        bent = (up - surface.slopes(points - bump * v, batches)[1]) / (2 * bump)
        value = float(torch.linalg.vector_norm(bent, dim=1).max())
        if not 0 < value < math.inf:
            return (value if value == 0 else math.inf), v
        v = bent
    return value, v / torch.linalg.vector_norm(v, dim=1, keepdim=True).clamp_min(1e-30)


def _down(
    surface: Surface, slope: Any, h_max: float, batches: tuple[Any, Any], count: int
) -> tuple[float, float, int]:
    """(drop, its standard error, rounds) of steps down the gradient, judged on other data.

    The step is 1/h_max and is doubled while that lowers the loss that the gradient is of.
    """
    import torch

    mine, other = batches
    at = surface.start.clone()
    first = float(surface.losses(at.repeat(count, 1), mine).double().mean())
    best, rounds = first, 0
    while rounds < ROUNDS and 0 < h_max < math.inf and float(slope.abs().max()) > 0:
        time, moved = 1 / h_max, None
        for _ in range(DOUBLINGS):
            tried = at - time * slope
            value = float(surface.losses(tried.repeat(count, 1), mine).double().mean())
            if not value < best:
                break
            best, moved, time = value, tried, 2 * time
        if moved is None:
            break
        at, rounds = moved, rounds + 1
        slope = surface.slopes(at.repeat(count, 1), mine)[1].mean(0)
    if surface.exact:
        return first - best, 0.0, rounds
    before = surface.losses(surface.start.repeat(count, 1), other).double()
    gains: torch.Tensor = before - surface.losses(at.repeat(count, 1), other).double()
    return (*mean_error(gains.tolist()), rounds)


def typical_points(
    surface: Surface, start: Start, nbeta: float, gamma: float, generators: list[Any]
) -> Any:
    """Points (chains, size) at about the distance from w* that chains will reach: for a first step.

    Gaussian around w* with the variance 1/γ, drawn in until nβ·(L − L(w*)) is at most size/2.
    """
    import torch

    noise = torch.empty(len(generators), surface.size, dtype=surface.start.dtype)
    for row, generator in zip(noise, generators, strict=True):
        row.normal_(generator=generator)
    batches = surface.draw(generators)
    spread = 1 / math.sqrt(gamma)
    for _ in range(30):
        losses = surface.losses(surface.start + spread * noise, batches)
        excess = nbeta * (losses.double() - start.loss)
        if bool(torch.isfinite(excess).all()) and float(excess.mean()) <= surface.size / 2:
            break
        spread /= 2
    return surface.start + spread * noise
