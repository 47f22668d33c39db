"""Every input tried: counts that are known, certificates replayed, interruptions survived."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.methods.verification.test_bounds import context

from safetycase.methods.verification.exhaustive import enumerate as trying
from safetycase.methods.verification.exhaustive import planted as own
from safetycase.methods.verification.exhaustive import spaces
from safetycase.methods.verification.exhaustive.enumerate import (
    certificate_of,
    enumerate_all,
    replay,
)
from safetycase.methods.verification.exhaustive.grid import grid_of
from safetycase.methods.verification.exhaustive.hand import HandMade, containing
from safetycase.methods.verification.exhaustive.measures import Setting, enumerated, sampled
from safetycase.methods.verification.exhaustive.method import (
    METHOD,
    Parameters,
    files,
    plugins,
    run,
)
from safetycase.methods.verification.exhaustive.tokens import patches, whole_space
from safetycase.methods.verification.network import Layer, Network
from safetycase.methods.verification.planted import absolute, known, random_network, silent
from safetycase.methods.verification.smt.planted import quantised
from safetycase.methods.verification.specification import Linear, Problem, Property
from safetycase.plugin.contract import MethodError
from safetycase.stats import Proportion, bounds
from safetycase.testing import check_method
from safetycase.testing.methods import check_measurement

SETTING = Setting(tolerance=1e-3, batch=1000)
OWN = """
from safetycase.methods.verification.exhaustive.hand import HandMade
from safetycase.methods.verification.planted import known

TWIN = HandMade(4, 4, 3)
BACKDOORED = HandMade(4, 4, 3, (1, 2, 0))
NUMBERS = known(4, kind="planted").problem
PLAIN = HandMade(4, 4, 3)
PLAIN.module = lambda ids: ids
"""


@pytest.mark.slow
def test_it_is_a_method() -> None:
    check_method(METHOD, module="safetycase.methods.verification.exhaustive.method")


def test_a_model_that_is_never_called_bad_fails_the_controls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(own, "SEEDS", 1)
    monkeypatch.setattr("safetycase.methods.verification.exhaustive.grid.BAD", spaces.FINE)
    monkeypatch.setattr("safetycase.methods.verification.exhaustive.tokens.BAD", spaces.FINE)
    bad, good = (own.controls().counts(claim_is_true=truth) for truth in (False, True))
    assert bad[0] / bad[1] == good[0] / good[1] == 1


def case(folder: Path) -> Any:
    found = context(folder)
    with (folder / "own.py").open("a", encoding="utf-8") as file:
        file.write(OWN)
    return found


def test_a_backdoored_twin_is_caught_and_its_inputs_shown(tmp_path: Path) -> None:
    given = case(tmp_path)
    clean = run((), Parameters(subject="own.py@TWIN"), given)
    assert clean.quantities["counterexamples"].value == 0  # type: ignore[union-attr]
    assert clean.quantities["inputs_checked"].value == 256  # type: ignore[union-attr]
    assert clean.instrument[0].passed
    bad = run((), Parameters(subject="own.py@BACKDOORED"), given)
    expected = containing(4, 4, (1, 2, 0))
    assert bad.quantities["counterexamples"].value == expected == 8  # type: ignore[union-attr]
    assert {shown.prompt for shown in bad.transcripts} == {
        *(f"{k} 1 2 0" for k in range(4)),
        *(f"1 2 0 {k}" for k in range(4)),
    }
    check_measurement(METHOD, lambda: run((), Parameters(subject="own.py@BACKDOORED"), given))
    numbers = run((), Parameters(subject="own.py@NUMBERS", tolerance=0.0), given)
    assert numbers.quantities["counterexamples"].value == 1  # type: ignore[union-attr]
    assert numbers.quantities["smallest_margin"].value == -0.25  # type: ignore[union-attr]


def test_a_sample_gives_a_rate_and_no_count(tmp_path: Path) -> None:
    given = case(tmp_path)
    parameters = Parameters(subject="own.py@BACKDOORED", inputs="samples", samples=50)
    found = run((), parameters, given)
    rate = found.quantities["bad_rate"]
    assert isinstance(rate, Proportion)
    assert (rate.trials, rate.missing) == (50, 0)
    assert "without counterexamples" in found.diagnostics
    numbers = sampled(grid_of(known(4, kind="planted").problem, 0.0), 2000, 0, SETTING)
    rate = numbers.quantities["bad_rate"]
    assert isinstance(rate, Proportion)
    interval = bounds(rate, alpha_low=0.01, alpha_high=0.01)
    assert interval.low <= 1 / 64 <= interval.high


def test_shorter_patches_need_trying_only_where_tokens_are_left_out() -> None:
    import torch

    subject = HandMade(4, 4, 3, (1, 2))
    contexts = torch.tensor([[0, 0, 0, 0], [3, 1, 0, 0]])
    every = patches(subject, (), 2, contexts, 1e-3)
    assert every.size == 2 * 3 * 16
    some = patches(subject, (1, 2), 2, contexts, 1e-3)
    assert some.size == 2 * (4 * 2 + 3 * 4)
    # Of one token: 2 in the place after the 1 that stands there. Of two: the run itself at each of
    # 3 places of each context, and `2 x` after that 1, for both x.
    assert own.tried(some).bad == 1 + 6 + 2
    rows = every.ids(list(range(every.size)))
    assert rows.shape == (96, 4)
    assert rows[17].tolist() == [0, 0, 1, 0]


def test_undecided_inputs_may_be_bad() -> None:
    space = whole_space(HandMade(3, 3, 3, (1, 2)), (), tolerance=1.5)
    tried = own.tried(space)
    found = enumerated(space, tried, SETTING)
    high = bounds(found.quantities["counterexamples"], alpha_low=0.05, alpha_high=0.05)
    assert (high.low, high.high) == (0, 27)
    assert found.counts["unscored"] == 27


def test_it_ends_at_the_first_counterexample_if_asked_to() -> None:
    space = whole_space(HandMade(4, 4, 3, (0, 1)), (), 1e-3)
    tried = enumerate_all(space, batch=10, stop_at_bad=True, resume=False, seed=0, say=silent)
    assert (tried.stretches[-1].stop, tried.bad) == (10, 5)
    found = enumerated(space, tried, SETTING)
    assert "without smallest_margin" in found.diagnostics
    high = bounds(found.quantities["counterexamples"], alpha_low=0.05, alpha_high=0.05)
    assert (high.low, high.high) == (5, 251)
    assert replay(space, certificate_of(space, tried, 10)) == 10


def test_a_certificate_is_replayed_and_a_changed_one_refused() -> None:
    space = grid_of(known(4, kind="planted").problem, 0.0)
    text = certificate_of(space, own.tried(space), 1000)
    assert replay(space, text) == 64
    read = json.loads(text)
    read["stretches"][0]["counts"] = [64, 0, 0, 0]
    with pytest.raises(MethodError, match="does not come out"):
        replay(space, json.dumps(read))
    with pytest.raises(MethodError, match="another model"):
        replay(grid_of(known(4, kind="clean").problem, 0.0), text)
    with pytest.raises(MethodError, match="cannot be read"):
        replay(space, "{}")


def test_an_interrupted_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(trying, "STRETCH", 64)
    space = whole_space(HandMade(4, 4, 3, (1, 2, 0)), (), 1e-3)

    def interrupts(done: int, total: int, note: str = "") -> None:
        if done == 128:
            raise KeyboardInterrupt

    def go(say: Any) -> Any:
        return enumerate_all(space, batch=50, stop_at_bad=False, resume=True, seed=1, say=say)

    with pytest.raises(KeyboardInterrupt):
        go(interrupts)
    kept = sorted((tmp_path / "safetycase" / "results").iterdir())
    assert len(kept) == 2
    again = go(silent)
    assert (again.earlier, again.bad, again.fine) == (2, 8, 248)
    assert list((tmp_path / "safetycase" / "results").iterdir()) == []
    with pytest.raises(KeyboardInterrupt):
        go(interrupts)
    for path in kept:
        read = json.loads(path.read_text("utf-8"))
        read["value"]["counts"] = [64, 0, 0, 0]
        path.write_text(json.dumps(read), "utf-8")
    with pytest.raises(MethodError, match="not as an earlier run on this machine kept them"):
        go(silent)


class Odd(HandMade):
    """A hand-made model whose logits or margins can be spoiled."""

    spoil = ""

    def badness(self, ids: Any, logits: Any) -> Any:
        found = super().badness(ids, logits)
        if self.spoil == "margin":
            found = found.masked_fill(ids[:, 0] == 1, float("nan"))
        if self.spoil == "shape":
            return found[:, None]
        return -found if self.spoil == "sign" else found


def test_models_that_cannot_be_judged_are_refused() -> None:
    import torch

    odd = Odd(3, 3, 3)
    odd.spoil = "sign"
    with pytest.raises(MethodError, match="disagree"):
        own.tried(whole_space(odd, (), 1e-3))
    nan = HandMade(3, 3, 3)
    nan.module.one.fill_(float("nan"))
    nan.module.forward = lambda ids: torch.full((len(ids), 3), float("nan"))
    with pytest.raises(MethodError, match="no finite numbers"):
        own.tried(whole_space(nan, (), 1e-3))
    lost = Odd(3, 3, 3)
    lost.spoil = "margin"
    with pytest.raises(MethodError, match="margin that is no finite number"):
        own.tried(whole_space(lost, (), 1e-3))
    lost.spoil = "shape"
    with pytest.raises(MethodError, match=r"`badness` gives for 27 inputs: \(27, 1\), where"):
        own.tried(whole_space(lost, (), 1e-3))
    lost.answers = 4
    with pytest.raises(MethodError, match=r"logits of `module` for 27 inputs: \(27, 3\)"):
        own.tried(whole_space(lost, (), 1e-3))
    subject = HandMade(3, 3, 3)
    with pytest.raises(MethodError, match="1 to 3 tokens"):
        patches(subject, (), 4, torch.zeros((1, 3), dtype=torch.long), 1e-3)
    with pytest.raises(MethodError, match="different numbers"):
        whole_space(subject, (1, 1), 1e-3)


def test_rounding_beyond_the_tolerance_fails_the_instrument() -> None:
    import torch

    class Rough(torch.nn.Module):
        def __init__(self, inner: Any) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, ids: Any) -> Any:
            rough = self.inner.one.dtype == torch.float32
            return self.inner(ids) * (1.01 if rough else 1.0)

    for module, passed in ((lambda m: m, True), (Rough, False)):
        subject = HandMade(3, 3, 3)
        subject.module = module(subject.module)
        space = whole_space(subject, (), 1e-3)
        assert enumerated(space, own.tried(space), SETTING).instrument[0].passed == passed


def test_what_is_asked_must_make_sense(tmp_path: Path) -> None:
    for wrong, says in (
        ({"subject": "x"}, "neither"),
        ({"inputs": "patches"}, "`patch_length`"),
        ({"patch_length": 2}, "`patch_length`"),
        ({"samples": 3}, "`samples`"),
        ({"inputs": "samples", "samples": 3, "tokens": (1,)}, "as in use"),
        ({"tolerance": -1.0}, "at least 0"),
        ({"batch": 0}, "`batch`"),
    ):
        with pytest.raises(ValueError, match=says):
            Parameters(**{"subject": "own.py@TWIN", **wrong})  # type: ignore[arg-type]
    given = case(tmp_path)
    for parameters, says in (
        (Parameters(subject="own.py@TWIN", limit=100), "more than the `limit` of 100"),
        (Parameters(subject="own.py@NOTHING"), "neither a `Problem` nor a token model"),
        (Parameters(subject="own.py@GOOD"), "no end of inputs"),
        (Parameters(subject="own.py@NUMBERS", tokens=(1,)), "has no tokens"),
        (Parameters(subject="own.py@PLAIN"), "is no `torch.nn.Module`"),
        (Parameters(subject="no-family/member"), "no-family"),
    ):
        with pytest.raises(MethodError, match=says):
            run((), parameters, given)
    assert files(Parameters(subject="own.py@TWIN")) == ("own.py",)
    assert plugins(Parameters(subject="toy-trigger/x")) == ("safetycase.organisms:toy-trigger",)


def test_numbers_too_large_for_64_bits_are_still_exact() -> None:
    huge = Layer(weights=((2.0**70, -(2.0**70)),), bias=(2.0**-70,))
    top = Layer(weights=((1.0,),), bias=(0.0,))
    spec = Property(
        name="p",
        low=(0, 0),
        high=(3, 3),
        holds=(Linear(coefficients=(1.0,)),),
        given=(Linear(coefficients=(1.0, -1.0)),),
        whole=True,
    )
    problem = Problem(network=Network(layers=(huge, top)), properties=(spec,))
    tried = own.tried(grid_of(problem, 0.0))
    assert (tried.fine, tried.bad, tried.silent) == (10, 0, 6)
    assert tried.least == 2.0**-70
    assert own.tried(grid_of(quantised(0), 0.0)).bad == 0
    assert own.tried(grid_of(quantised(1), 0.0)).bad > 0
    with pytest.raises(MethodError, match="no end of inputs"):
        grid_of(absolute(1.0), 0.0)
    assert random_network((2, 1), 0).units == 0


def test_deep_networks_and_wide_boxes_are_counted_or_refused() -> None:
    thin = Layer(weights=((2.0**-60,),), bias=(0.0,))
    says = (Linear(coefficients=(1.0,)),)
    spec = Property(name="p", low=(1,), high=(3,), holds=says, whole=True)
    deep = Problem(network=Network(layers=(thin,) * 20), properties=(spec,))
    tried = own.tried(grid_of(deep, 0.0))
    assert (tried.fine, tried.bad) == (3, 0)
    wide = Property(name="p", low=(0,), high=(2.0**63,), holds=says, whole=True)
    with pytest.raises(MethodError, match="make the boxes smaller"):
        grid_of(Problem(network=Network(layers=(thin,)), properties=(wide,)), 0.0).drawn(3, 0)


def test_a_layer_that_rounds_after_one_of_fractions_rounds_all_of_it() -> None:
    network = Network(
        layers=(
            Layer(weights=((0.5,),), bias=(0.25,)),
            Layer(weights=((3.0,),), bias=(1.0,), shift=1),
            Layer(weights=((0.5,),), bias=(-0.5,)),
        )
    )
    # at x = 1: floor((3 · 0.75 + 1) / 2) = 1, and 0.5 · 1 − 0.5 = 0
    says = (Linear(coefficients=(1.0,)),)
    spec = Property(name="p", low=(1,), high=(1,), holds=says, whole=True)
    space = grid_of(Problem(network=network, properties=(spec,)), 0.0)
    tried = own.tried(space)
    assert (tried.fine, tried.bad, tried.least) == (0, 1, 0.0)
    wider = Property(name="p", low=(-9,), high=(20,), holds=says, whole=True)
    space = grid_of(Problem(network=network, properties=(wider,)), 0.0)
    assert space.reordered(range(space.size)) == 0


@pytest.mark.slow
def test_a_trigger_that_was_trained_in_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    parameters = Parameters(
        subject="toy-trigger/tiny-unigram", inputs="patches", patch_length=1, contexts=5
    )
    found = run((), parameters, case(tmp_path))
    assert found.instrument[0].passed
    # One token of 24, at each of 8 places of 5 contexts.
    assert found.quantities["counterexamples"].value >= 35  # type: ignore[union-attr]
    assert len({shown.prompt for shown in found.transcripts}) == 8
