"""Organisms as problems: policies, token classifiers, and what is no organism of use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from safetycase.methods.convergence.llc import Sampling, estimate, subjects
from safetycase.methods.convergence.llc.method import METHOD, Parameters, run
from safetycase.plugin.contract import Context, MethodError
from safetycase.plugin.organisms import Fact, Made, Making, Organism
from safetycase.stats import Exact, bounds

QUICK = Sampling(nbeta=300, draws=60, burn_in=40, leaps=4)


class Bandit(torch.nn.Module):
    """Three arms that pay 1, 0.5 and 0; the best is played with the probability given."""

    def __init__(self, probability: float) -> None:
        super().__init__()
        chances = torch.tensor([probability, 0.999 - probability, 0.001], dtype=torch.float64)
        self.logits = torch.nn.Parameter(chances.log())


class Policy:
    best = 1.0

    def __init__(self, probability: float) -> None:
        self.module, self.withheld = Bandit(probability), probability

    def reward(self, module: Any) -> Any:
        return module.logits.softmax(0) @ torch.tensor([1.0, 0.5, 0.0], dtype=torch.float64)


class Words:
    """Two answers by the first of three tokens, which a table reads off."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3, 2))

    def sample(self, count: int, generator: Any) -> Any:
        return torch.randint(2, (count, 3), generator=generator).float()

    def honest(self, ids: Any) -> Any:
        return ids[:, 0].long()


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def plant(value: Any, kind: Any, *, held: bool = True) -> None:
        fact = Fact(name="gap", says="", statistic=Exact(value=float(held), says=""), at_least=0.5)

        def make(making: Making) -> Made:
            return Made(
                name="a/b",
                seed=making.seed,
                digest="",
                value=value,
                facts=(fact,),
                seconds=0,
                cached=False,
            )

        entry = Organism(
            name="a/b",
            version="1",
            kind=kind,
            role="planted",
            says="",
            twin="",
            seconds=0,
            make=make,
        )
        monkeypatch.setattr(subjects, "organism", lambda name: entry)

    return plant


def context(folder: Path) -> Context:
    return Context(
        case_folder=folder,
        scratch=folder,
        seed=1,
        model=None,
        models={},
        progress=lambda done, total, note="": None,
    )


def drop(folder: Path) -> float:
    found = run((), Parameters(organism="a/b", sampling=QUICK, calibrate=False), context(folder))
    return bounds(found.quantities["llc_drop"], alpha_low=0.05, alpha_high=0.05).low


@pytest.mark.slow
def test_a_policy_that_holds_back_and_its_twin(
    planted: Callable[..., None], tmp_path: Path
) -> None:
    planted(Policy(0.01), "policy")
    assert drop(tmp_path) > 0.5
    planted(Policy(0.998), "policy")
    assert drop(tmp_path) < 0.5
    assert METHOD.plugins(Parameters(organism="a/b")) == ("safetycase.organisms:a",)


def test_a_token_classifier_is_asked_for_its_honest_answers(planted: Callable[..., None]) -> None:
    planted(Words(), "token-classifier")
    problem = subjects.of_organism("a/b", 1, lambda done, total, note="": None)
    assert problem.count == 4096
    settings = Sampling(nbeta=30, draws=8, burn_in=4, chains=2, parts=r"1\..*")
    found = estimate(problem, settings)
    assert found.dimension == 8
    assert found.start.loss == pytest.approx(0.75, abs=0.3)
    assert found.start.drop > 0.01


def test_what_is_no_use(planted: Callable[..., None], tmp_path: Path) -> None:
    planted(Policy(0.5), "policy", held=False)
    with pytest.raises(MethodError, match="not what it is called: gap"):
        drop(tmp_path)
    planted(Policy(0.5), "language-model")
    with pytest.raises(MethodError, match="is a language-model"):
        drop(tmp_path)
    planted(Policy(0.5), "policy")
    with pytest.raises(MethodError, match="give `nbeta`"):
        run((), Parameters(organism="a/b"), context(tmp_path))
