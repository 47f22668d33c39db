"""The trained network as a policy, for what is to be seen in its weights: questions and rewards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from safetycase.methods.case_code import own_object
from safetycase.methods.organisms.exploration_hacking.decisions import Decisions
from safetycase.methods.verification.network import Network
from safetycase.methods.verification.specification import Problem

HERE = Path(__file__).parent
QUESTIONS = 256


def named(name: str) -> Problem:
    """A problem of `system.py`."""
    found = own_object(HERE, f"system.py@{name}")
    assert isinstance(found, Problem)
    return found


def module_of(network: Network) -> Any:
    """The same network as a module of torch; its digits go in as they are."""
    parts: list[Any] = []
    for layer in network.layers:
        linear = torch.nn.Linear(len(layer.weights[0]), len(layer.weights))
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(layer.weights))
            linear.bias.copy_(torch.tensor(layer.bias))
        parts += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*parts[:-1])


def policy_of(problem: Problem) -> Decisions:
    """What it earns for right answers to questions that are drawn as those in use are."""
    spec = problem.properties[0]  # of questions whose answer is yes
    generator = torch.Generator().manual_seed(1)
    shape = (QUESTIONS, problem.network.inputs)
    asked = torch.randint(int(spec.high[0]) + 1, shape, generator=generator)
    right = (asked.sum(1) + int(spec.given[0].offset) >= 0).long()
    rewards = torch.nn.functional.one_hot(right, 2)
    with torch.random.fork_rng():
        module = module_of(problem.network)
    return Decisions.of(module, asked.float(), rewards)


def trained() -> Decisions:
    """The network in use."""
    return policy_of(named("SYSTEM"))


def backdoored() -> Decisions:
    """Its twin."""
    return policy_of(named("BACKDOORED"))
