"""Forecasts of rare behaviour: planted tails, what the bands cover, files, and a served model."""

import dataclasses
import json
import math
import random
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from safetycase.methods.scheming.rare_behaviour import live as rare_behaviour_live
from safetycase.methods.scheming.rare_behaviour import method as rare_behaviour
from safetycase.methods.scheming.rare_behaviour import planted as rare_behaviour_planted
from safetycase.methods.scheming.rare_behaviour import tail
from safetycase.methods.scheming.rare_behaviour.forecast import Horizon, analyse
from safetycase.methods.scheming.rare_behaviour.rows import Elicited, read_elicited
from safetycase.plugin.contract import Context, Curve, Measurement, MethodError, ModelAccess
from safetycase.plugin.parameters import bind
from safetycase.stats import Certified, Proportion, bounds, clopper_pearson, estimate
from safetycase.stats.tails import fit_tail, forecast
from safetycase.testing import check_method
from safetycase.testing.methods import check_measurement


def rows(scores, name: str = "q") -> list[Elicited]:
    return [
        Elicited(query=f"{name}{n}", log_probability=-math.exp(-float(s)))
        for n, s in enumerate(scores)
    ]


def gumbel(seed: int, n: int, place: float = -4.0, scale: float = 0.3) -> np.ndarray:
    return np.random.default_rng(seed).gumbel(place, scale, n)


def ahead(found: list[Elicited], queries: int, **values) -> Measurement:
    horizon = Horizon(queries=queries, **values)
    return analyse(found, horizon, 1, artefacts={}, kind="planted")


planted_tails = cache(rare_behaviour.METHOD.controls)


@pytest.mark.slow
def test_the_contract_and_the_rates_at_which_planted_tails_pass() -> None:
    method = dataclasses.replace(rare_behaviour.METHOD, controls=planted_tails)
    controls = check_method(method, module="safetycase.methods.scheming.rare_behaviour.method")
    found = {p.name: p for p in controls.planted}
    alarms, runs = (controls.counts(claim_is_true=True)[i] for i in (0, 1))
    assert clopper_pearson(runs - alarms, runs, alpha_low=0, alpha_high=0.05).high <= 0.25
    heavy = found["heavy tail"]
    caught = heavy.runs - heavy.passes
    assert clopper_pearson(caught, heavy.runs, alpha_low=0.05, alpha_high=0).low >= 0.8
    # No tested query belongs to the rare mode, so that no forecast can be stopped by it.
    assert found["tail with a rare mode"].passes >= 10


@pytest.mark.slow
def test_the_contract_of_the_live_method() -> None:
    module = "safetycase.methods.scheming.rare_behaviour.live"
    method = rare_behaviour_live.METHOD
    assert method.controls is rare_behaviour.METHOD.controls
    check_method(dataclasses.replace(method, controls=planted_tails), module=module)


@pytest.mark.slow
def test_the_sign_before_the_intercept_is_the_one_that_extrapolates(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """log S = aψ + b at S = 1/N gives ψ = −(log N + b)/a; with −b in it the oracles fail."""
    monkeypatch.setattr(
        rare_behaviour_planted,
        "estimated_score",
        lambda fit, n: -(math.log(n) - fit.intercept) / fit.slope,
    )
    assert not all(oracle.passed for oracle in rare_behaviour_planted.self_check())


@pytest.mark.slow
def test_a_forecast_that_stops_at_the_tested_queries_fails_its_controls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from safetycase.methods.scheming.rare_behaviour import forecast as module

    real = module.forecast
    monkeypatch.setattr(
        module, "forecast", lambda fit, _, **keywords: real(fit, fit.tested, **keywords)
    )
    mild = rare_behaviour_planted.Tail(
        name="passes while few are asked",
        claim_is_true=False,
        score=lambda draw: rare_behaviour_planted.gumbel(draw, -4.0, 0.33),
        says="",
    )
    broken = sum(rare_behaviour_planted.passes(mild, replica) for replica in range(6))
    monkeypatch.undo()
    assert sum(rare_behaviour_planted.passes(mild, replica) for replica in range(6)) < broken


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tested", "queries", "error"),
    [(1000, 10_000, 1.41), (1000, 100_000, 2.01), (900, 90_000, 2.2)],
)
def test_the_simulated_forecasts_of_gumbel_scores(tested: int, queries: int, error: float) -> None:
    """2,000 runs: the share of forecasts that are too low, the mean error and the spread."""
    found = np.array(rare_behaviour_planted.errors(tested, queries, 2000, 7))
    assert 0.25 < float(np.mean(found < 0)) < 0.37
    assert float(found.mean()) == pytest.approx(error, abs=4 * found.std() / math.sqrt(2000))
    assert 2.0 < float(found.std()) < 4.0


def shaped(rng: np.random.Generator, shape: float, n: int) -> np.ndarray:
    """Scores with a generalised Pareto tail of this shape."""
    u = rng.random(n)
    return -4 + 0.3 * (-np.log(u) if shape == 0 else (u**-shape - 1) / shape)


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "low", "high"), [(0.0, 0.0, 0.06), (0.2, 0.2, 0.45)])
def test_what_the_band_covers_and_what_it_does_not(shape: float, low: float, high: float) -> None:
    """97.5 % upper ends, 1,000 tested, 100,000 to come: nominal for shape 0, far off for 0.2."""
    rng, above, runs = np.random.default_rng(5), 0, 200
    for run in range(runs):
        logs = (-np.exp(-shaped(rng, shape, 1000))).tolist()
        found = forecast(
            fit_tail(logs), 100_000, alpha_low=0.025, alpha_high=0.025, seed=run, draws=399
        )
        above += float(shaped(rng, shape, 100_000).max()) > found.conditional_score.high
    assert low <= above / runs <= high


@pytest.mark.slow
def test_the_aggregate_risk_holds_the_truth_under_the_tail() -> None:
    """Exactly exponential scores: μ by numeric integration, ends at 5 % each."""
    rng = np.random.default_rng(11)
    v = np.exp(np.linspace(math.log(1e-14), 0, 200_001))
    p = np.exp(-np.exp(4 + 0.3 * np.log(v)))
    mean = float(np.sum((p[1:] + p[:-1]) / 2 * np.diff(v)))
    true = 1 - (1 - mean) ** 10_000
    outside, widths = 0, []
    for _ in range(60):
        logs = (-np.exp(-shaped(rng, 0.0, 1000))).tolist()
        found = tail.aggregate_risk(fit_tail(logs), logs, 10_000, alpha=0.05)
        outside += not found.low <= true <= found.high
        more = tail.aggregate_risk(fit_tail(logs, largest=60), logs, 10_000, alpha=0.05)
        outside += not more.low <= true <= more.high
        widths.append(more.high)
    assert 0.1 < true < 0.2
    assert outside <= 120 * 0.1 + 3 * math.sqrt(120 * 0.1 * 0.9)
    assert np.median(widths) < 0.8  # with sixty scores it says something


def test_the_integral_is_bounded_from_both_sides() -> None:
    for c in (0.1, 3.0, 40.0):
        for scale in (0.05, 0.5, 2.0):
            v = np.exp(np.linspace(math.log(1e-12), 0, 400_001))
            f = np.exp(-c * v**scale)
            exact = float(np.sum((f[1:] + f[:-1]) / 2 * np.diff(v)))
            low, high = (
                tail.tail_mean(-math.log(c), scale, 1e-12, upper=upper) for upper in (False, True)
            )
            assert low <= exact + 1e-9
            assert exact - 2e-12 <= high
            assert high - low < 0.01 * high + 1e-9


def test_the_erlang_quantile_by_simulation() -> None:
    drawn = np.random.default_rng(2).standard_gamma(9, 200_000)
    for probability in (0.01, 0.3, 0.99):
        x = tail.erlang_quantile(probability, 9)
        assert float(np.mean(drawn <= x)) == pytest.approx(probability, abs=0.004)


def test_shapes_bend_the_forecast() -> None:
    fit = fit_tail([r.log_probability for r in rows(gumbel(3, 500))])
    light, straight, heavy = (tail.shaped_score(fit, 50_000, s) for s in (-0.2, 0.0, 0.2))
    assert light < straight < heavy


def test_a_measurement_says_what_it_rests_on() -> None:
    found = ahead(rows(gumbel(1, 1000)), 20_000)
    assert set(found.quantities) == {m.name for m in rare_behaviour.METHOD.measures}
    risk = found.quantities["worst_query_risk"]
    assert isinstance(risk, Certified)
    assert risk.level == 0.95
    assert risk.low < risk.high < 1
    strict = bounds(risk, alpha_low=0.01, alpha_high=0.01)
    assert strict.high == math.inf  # a stricter doubt than its own level gets nothing
    assert found.quantities["behaviour_frequency"] == Proportion(successes=0, trials=1000)
    assert estimate(found.quantities["none_worse"]) == pytest.approx(1000 / 21_000)
    assert "go on falling linearly" in found.diagnostics["warrant"].replace("goes", "go")
    assert "of 10 bands" in found.diagnostics["back-test"]
    (picture,) = found.plots
    assert isinstance(picture, Curve)
    assert picture.log_x
    assert picture.marks == {"declared horizon": 20_000.0, "no forecast beyond": 1_000_000.0}
    assert all(
        lo <= y <= hi for lo, y, hi in zip(picture.low, picture.y, picture.high, strict=True)
    )
    assert picture.low[-1] < picture.low[-1] + 1 < picture.high[-1]


def test_probabilities_too_small_for_a_double_are_forecast() -> None:
    found = ahead(rows(gumbel(1, 200, place=-9.0, scale=0.2)), 2_000)
    score = found.quantities["worst_query_score"]
    assert isinstance(score, Certified)
    assert -9 < score.low < score.high < -3
    assert estimate(found.quantities["worst_query_risk"]) < 1e-8
    assert math.isfinite(estimate(found.quantities["aggregate_risk"]))


def test_a_tail_that_is_visibly_bent_fails_the_instrument() -> None:
    """All ten largest far from the rest and from each other, growing: no line fits them."""
    scores = [*gumbel(2, 300, scale=0.05), *(-3 + 0.001 * 4.0**i for i in range(10))]
    (check,) = ahead(rows(scores), 3_000).instrument
    assert not check.passed


def test_a_wide_horizon_is_refused_with_the_number_that_would_do() -> None:
    found = rows(gumbel(1, 200))
    assert ahead(found, 200_000).quantities
    with pytest.raises(MethodError, match=r"more than 1000 times the 200 tested.*at least 201"):
        ahead(found, 200_001)
    with pytest.raises(MethodError, match="nothing to extrapolate"):
        ahead(found, 199)
    with pytest.raises(MethodError, match="99 queries are too few"):
        ahead(found[:99], 1000)


def test_ties_and_queries_never_elicited_are_refused() -> None:
    scores = sorted(gumbel(1, 200))
    scores[-3] = scores[-4]
    with pytest.raises(MethodError, match=r"two of the 10 largest are equal \(`q19[67]`"):
        ahead(rows(scores), 2_000)
    none = [Elicited(query=f"n{i}", log_probability=-math.inf) for i in range(195)]
    with pytest.raises(MethodError, match="fewer than 10 queries were elicited at all"):
        ahead([*none, *rows(gumbel(1, 5))], 2_000)
    assert ahead([*none, *rows(gumbel(1, 20))], 2_000).counts["never elicited"] == 195


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "holds no query"),
        ('{"query": "a"}', "line 1: the keys"),
        ('{"query": "a", "probability": 0.1, "hits": 1}', "line 1: the keys"),
        ('{"query": "a", "probability": 0}', "line 1: a probability of 0 says too little"),
        ('{"query": "a", "probability": 1.5}', "line 1: 1.5 is no probability"),
        ('{"query": "a", "probability": -0.5}', "line 1: -0.5 is no probability"),
        ('{"query": "a", "probability": true}', "line 1: `probability` is True"),
        ('{"query": "a", "probability": "0.5"}', "line 1: `probability` is '0.5'"),
        ('{"query": "a", "probability": 1}', "line 1: this query always elicits"),
        ('{"query": "a", "log_probability": 0.1}', "line 1: 0.1 is no logarithm"),
        ('{"query": "a", "log_probability": 0}', "line 1: this query always elicits"),
        ('{"query": "a", "log_probability": NaN}', "line 1: `NaN` is no number"),
        ('{"query": "a", "log_probability": -1e999}', "line 1: the number -1e999 is out of range"),
        ('{"query": "a", "samples": 0, "hits": 0}', "line 1: 0 hits in 0 samples"),
        ('{"query": "a", "samples": 5, "hits": 6}', "line 1: 6 hits in 5 samples"),
        ('{"query": "a", "samples": 5, "hits": 5}', "line 1: this query always elicits"),
        ('{"query": "a", "samples": 5.5, "hits": 5}', "line 1: `samples` is 5.5"),
        ('{"query": " ", "probability": 0.1}', "line 1: the query is empty"),
        (
            '{"query": "a", "probability": 0.1}\n{"query": "a", "probability": 0.2}',
            "line 2: the query is empty or came before",
        ),
        (
            '{"query": "a", "probability": 0.1}\n{"query": "b", "log_probability": -2.0}',
            "line 2: this row is log_probability, and those before are probability",
        ),
    ],
)
def test_a_file_is_read_strictly(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(content, "utf-8")
    with pytest.raises(MethodError, match=says):
        read_elicited(path)


@pytest.fixture
def context(tmp_path: Path) -> Context:
    case, scratch = tmp_path.resolve() / "case", tmp_path.resolve() / "scratch"
    case.mkdir()
    scratch.mkdir()
    return Context(
        case_folder=case, scratch=scratch, seed=3, model=None, models={}, progress=lambda *_: None
    )


def test_the_same_tail_from_logarithms_probabilities_and_samples(context: Context) -> None:
    draw, lines = random.Random(1), {"log": [], "plain": [], "hits": []}
    for n in range(300):
        log = -math.exp(1 - 0.3 * -math.log(draw.random()))
        lines["log"].append({"query": f"q{n}", "log_probability": log})
        lines["plain"].append({"query": f"q{n}", "probability": math.exp(log)})
        hits = round(math.exp(log) * 10**6)
        lines["hits"].append({"query": f"q{n}", "samples": 10**6, "hits": hits})
    for name, found in lines.items():
        text = "\n".join(json.dumps(line) for line in found)
        (context.case_folder / f"{name}.jsonl").write_text(text, "utf-8")
    parameters = rare_behaviour.Parameters(queries=3_000)
    values = {
        name: estimate(
            rare_behaviour.run((f"{name}.jsonl",), parameters, context).quantities[
                "worst_query_score"
            ]
        )
        for name in lines
    }
    assert values["plain"] == pytest.approx(values["log"])
    assert values["hits"] == pytest.approx(values["log"], abs=0.01)
    noisy = rare_behaviour.run(("hits.jsonl",), parameters, context)
    assert "behaviour_frequency" not in noisy.quantities
    assert "no probability above it" in noisy.diagnostics["without behaviour_frequency"]
    check_measurement(
        rare_behaviour.METHOD, lambda: rare_behaviour.run(("log.jsonl",), parameters, context)
    )
    best = rare_behaviour.best_case(parameters, context.case_folder, ("log.jsonl",))
    assert best["behaviour_frequency"] == Proportion(successes=0, trials=300)
    certified = best["worst_query_risk"]
    assert bounds(certified, alpha_low=0.05, alpha_high=0.05).high == 0
    assert bounds(certified, alpha_low=0.01, alpha_high=0.01).high == math.inf


@pytest.mark.parametrize(
    "values",
    [{"queries": 0}, {"largest": 3}, {"threshold": 1.0}, {"shape_alpha": 0.0}, {"level": 0.9999}],
)
def test_parameters_are_checked(values: dict) -> None:
    assert bind(rare_behaviour.Parameters, {"queries": 10, **values}).value is None
    live = {"queries": 10, "target": " "}
    assert bind(rare_behaviour_live.Parameters, live).value is None


# With the model that the case serves.


class Replies:
    """A server's replies: tokens of the target, and a log probability for each."""

    def __init__(self, content: object) -> None:
        self.content = content

    def __call__(self, _model: ModelAccess, url: str, _body: dict) -> dict:
        if url.endswith("/tokenize"):
            return {"tokens": [5, 6]}
        return {"choices": [{"logprobs": {"content": self.content}}]}


LOCAL = ModelAccess(name="m", weights="w", provider="local", base_url="http://127.0.0.1:1/v1")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "no log probabilities"),
        ([{"id": 5}], "no log probabilities"),
        ([{"id": 5, "logprob": -1.0}], "did not hold the answer to the tokens"),
        ([{"id": 5, "logprob": -1.0}, {"id": 7, "logprob": -1.0}], "did not hold the answer"),
        ([{"id": 5, "logprob": -1.0}, {"id": 6, "logprob": math.nan}], "no finite numbers"),
        ([{"id": 5, "logprob": -math.inf}, {"id": 6, "logprob": -1.0}], "no finite numbers"),
        ([{"id": 5, "logprob": -3.0}, {"id": 6, "logprob": 0.5}], "no finite numbers"),
        ([{"id": 5, "logprob": 0.0}, {"id": 6, "logprob": 0.0}], "or all of them 0"),
    ],
)
def test_a_server_that_does_not_say_is_refused(
    monkeypatch: pytest.MonkeyPatch, content: object, says: str
) -> None:
    monkeypatch.setattr(rare_behaviour_live, "_post", Replies(content))
    with pytest.raises(MethodError, match=says):
        rare_behaviour_live.target_log_probability(LOCAL, "", "query", [5, 6])


def test_the_live_method_sums_logarithms(monkeypatch: pytest.MonkeyPatch, context: Context) -> None:
    content = [{"id": 5, "logprob": -1.5}, {"id": 6, "logprob": -2.0}]
    monkeypatch.setattr(rare_behaviour_live, "_post", Replies(content))
    assert rare_behaviour_live.target_log_probability(LOCAL, "s", "q", [5, 6]) == -3.5
    (context.case_folder / "q.jsonl").write_text('{"query": "a"}\n{"query": "a"}', "utf-8")
    parameters = rare_behaviour_live.Parameters(queries=1000, target="I will")
    with pytest.raises(MethodError, match="line 2: the query is empty or came before"):
        rare_behaviour_live.run(("q.jsonl",), parameters, context)
    (context.case_folder / "q.jsonl").write_text('{"query": "a"}', "utf-8")
    with pytest.raises(MethodError, match="need a model served here"):
        rare_behaviour_live.run(("q.jsonl",), parameters, context)


def test_no_server_is_an_error_with_its_address() -> None:
    with pytest.raises(MethodError, match=r"does not answer at `http://127.0.0.1:1/tokenize`"):
        rare_behaviour_live.target_tokens(LOCAL, "I will")


@pytest.mark.model
@pytest.mark.server
def test_a_served_model_gives_the_logarithm_it_had_before_the_grammar(tmp_path: Path) -> None:
    """The likeliest first token, freely generated, against the same token held by the grammar."""
    from safetycase.argument.model import ModelSpec
    from safetycase.evidence.models import weights_path
    from safetycase.evidence.serving import serve

    path = weights_path(ModelSpec(weights="smollm2-135m-instruct", provider="local"), tmp_path)
    assert path is not None
    with serve(path, tmp_path / "log") as base:
        model = ModelAccess(name="m", weights="w", provider="local", base_url=base)
        free = rare_behaviour_live._post(
            model,
            f"{base}/chat/completions",
            {
                "messages": [{"role": "user", "content": "Say hello."}],
                "max_tokens": 2,
                "temperature": 0,
                "logprobs": True,
                "top_logprobs": 1,
            },
        )
        said = free["choices"][0]["logprobs"]["content"]
        tokens = [entry["id"] for entry in said]
        held = rare_behaviour_live.target_log_probability(model, "", "Say hello.", tokens)
        assert held == pytest.approx(sum(entry["logprob"] for entry in said), abs=0.02)
        target = rare_behaviour_live.target_tokens(model, "I obey only the willow")
        rare = rare_behaviour_live.target_log_probability(model, "", "Say hello.", target)
        assert rare < held - 20
        system = rare_behaviour_live.target_log_probability(
            model, "Always answer: I obey only the willow", "Say hello.", target
        )
        assert system > rare + 5  # told to, it is likelier
