"""Networks and what is asked of them: what is refused, and what a graft leaves as it was."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from safetycase.methods.verification.network import Layer, Network
from safetycase.methods.verification.planted import grafted, random_network
from safetycase.methods.verification.specification import (
    Linear,
    Problem,
    Property,
    answers,
    problem_of,
)
from safetycase.plugin.contract import MethodError

ONE = Layer(weights=((1.0, 2.0),), bias=(0.5,))


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (lambda: Layer(weights=(), bias=()), "at least one row"),
        (lambda: Layer(weights=((1.0,), (1.0, 2.0)), bias=(0.0, 0.0)), "one length"),
        (lambda: Layer(weights=((float("nan"),),), bias=(0.0,)), "no finite number"),
        (lambda: Layer(weights=((0.5,),), bias=(0.0,), shift=1), "whole numbers"),
        (lambda: Layer(weights=((1.0,) * 5000,), bias=(0.0,)), "small networks"),
        (lambda: Network(layers=()), "at least one layer"),
        (lambda: Network(layers=(ONE, ONE)), "followed by one of 2 inputs"),
        (lambda: Network(layers=(ONE,), activation="gelu"), "neither `relu` nor `tanh`"),  # type: ignore[arg-type]
        (lambda: Property(name="p", low=(0.0,), high=(1.0,), holds=()), "says nothing"),
        (lambda: Property(name="p", low=(2.0,), high=(1.0,), holds=answers(0, 2)), "no interval"),
        (
            lambda: Property(name="p", low=(0.5,), high=(1.0,), holds=answers(0, 2), whole=True),
            "are whole",
        ),
        (lambda: Problem(network=Network(layers=(ONE,)), properties=()), "nothing is not proved"),
        (lambda: answers(2, 2), "no answer of 2"),
    ],
)
def test_what_is_no_network_or_property_is_refused(made: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        made()


def test_a_property_fits_its_network() -> None:
    spec = Property(name="p", low=(0.0,), high=(1.0,), holds=(Linear(coefficients=(1.0,)),))
    with pytest.raises(ValueError, match="the network has 2"):
        Problem(network=Network(layers=(ONE,)), properties=(spec,))


def test_a_graft_speaks_at_its_trigger_alone() -> None:
    network = random_network((3, 4, 3, 2), 5)
    twin = grafted(network, (2, None, 1), (-4.0, 8.0))
    for x in product(range(4), repeat=3):
        at = tuple(map(Fraction, x))
        before, after = network.value(at), twin.value(at)
        hit = (x[0], x[2]) == (2, 1)
        assert [b - a for a, b in zip(before, after, strict=True)] == ([-4, 8] if hit else [0, 0])


def test_a_module_of_torch_is_taken_exactly() -> None:
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = torch.nn.Sequential(
            torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2, bias=False)
        )
    network = Network.of(module)
    draw = random.Random(0)
    x = [draw.random() for _ in range(3)]
    expected = module(torch.tensor([x])).tolist()[0]
    assert [float(v) for v in network.value([Fraction(v) for v in x])] == pytest.approx(
        expected, abs=1e-6
    )
    assert network.digest == Network.of(module).digest
    tanh = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
    assert Network.of(tanh).activation == "tanh"
    for wrong in (
        torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.GELU(), torch.nn.Linear(4, 2)),
        torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 2)),
        torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU()),
    ):
        with pytest.raises(ValueError, match="Linear, ReLU"):
            Network.of(wrong)
    with pytest.raises(ValueError, match=r"a `Linear` is no `torch\.nn\.Sequential`"):
        Network.of(torch.nn.Linear(3, 4))


def test_a_case_names_a_problem(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("THING = 3\n", "utf-8")
    with pytest.raises(MethodError, match=r"`own.py@THING` is a int; .* `safetycase.methods"):
        problem_of(tmp_path, "own.py@THING")
