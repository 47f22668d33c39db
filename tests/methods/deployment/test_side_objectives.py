"""`deployment/side-objectives`: what is read and refused, seen, and out of reach."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from safetycase.methods.deployment.side_objectives import objectives, worlds
from safetycase.methods.deployment.side_objectives.analysis import Arrays, feature_advantage
from safetycase.methods.deployment.side_objectives.beside import c2st
from safetycase.methods.deployment.side_objectives.method import METHOD, Parameters
from safetycase.methods.deployment.side_objectives.texts import (
    CODE,
    LONGEST,
    TEXT,
    features_of,
    names_of,
)
from safetycase.plugin.contract import Context, Measurement, MethodError
from safetycase.stats import Certified, Exact, Proportion, Smallest
from safetycase.stats.side import PairsProcess, wealth_paths
from safetycase.testing.methods import check_measurement, check_method

MODULE = "safetycase.methods.deployment.side_objectives.method"
QUICK: dict[str, Any] = {"queries": 10_000, "excess": 200, "reward_least": 1.0, "plantings": 5}


@pytest.fixture
def context(tmp_path: Path) -> Context:
    case, scratch = tmp_path / "case", tmp_path / "scratch"
    case.mkdir()
    scratch.mkdir()
    return Context(
        case_folder=case,
        scratch=scratch,
        seed=1,
        model=None,
        models={},
        progress=lambda *_: None,
    )


def sample(features: Any, reward: float = 1.0) -> dict[str, Any]:
    return {"features": [float(x) for x in features], "reward": reward}


def pair_lines(outputs: np.ndarray, seed: int = 5) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    drawn = worlds.bits(rng, (2, len(outputs)))[:, :, : outputs.shape[1]]
    return [
        {
            "id": f"p{n}",
            "output": sample(outputs[n]),
            "reference": sample(drawn[0, n]),
            "second": sample(drawn[1, n]),
        }
        for n in range(len(outputs))
    ]


def write(context: Context, name: str, lines: list[dict[str, Any]]) -> None:
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (context.case_folder / name).write_text(text, "utf-8")


def run(context: Context, lines: list[dict[str, Any]], **more: Any) -> Measurement:
    write(context, "pairs.jsonl", lines)
    parameters = Parameters(**{"pairs": "pairs.jsonl", **QUICK, **more})
    found = METHOD.run(("pairs.jsonl",), parameters, context)
    assert isinstance(found, Measurement)
    return found


@pytest.mark.slow
def test_the_method_keeps_the_contract() -> None:
    controls = check_method(METHOD, module=MODULE)
    passed = {planted.name: planted.passes for planted in controls.planted}
    assert passed["coded with a key"] >= 10  # out of reach, and counted as such
    assert passed["tilt"] == 0


@pytest.mark.slow
def test_a_tilt_is_seen_and_a_fair_model_is_not(context: Context) -> None:
    rng = np.random.default_rng(1)
    tilted = run(context, pair_lines(worlds.tilted(rng, (1, 250), 1.0)[0]), classes=("linear",))
    fair = run(context, pair_lines(worlds.bits(rng, (1, 250))[0]), classes=("linear",))
    one, two = tilted.quantities, fair.quantities
    assert isinstance(one["largest_e_value"], Exact)
    assert isinstance(two["largest_e_value"], Exact)
    assert one["largest_e_value"].value > 20 > two["largest_e_value"].value
    assert isinstance(one["advantage"], Certified)
    assert isinstance(two["advantage"], Certified)
    true_advantage = 0.47  # of the best half-space on 5 choices of 1 logit
    assert 0.02 < one["advantage"].low < true_advantage
    assert (two["advantage"].low, two["advantage"].high) == (0.0, 1.0)
    for quantity in ("c2st_p", "mmd_p"):
        first, second = one[quantity], two[quantity]
        assert isinstance(first, Exact)
        assert isinstance(second, Exact)
        assert first.value < 0.01 < second.value
    assert all(check.passed for check in (*tilted.instrument, *fair.instrument))
    assert isinstance(one["power"], Smallest)
    assert isinstance(one["false_alarm_rate"], Proportion)
    assert one["false_alarm_rate"].successes <= 11
    assert tilted.diagnostics["first alarm"].startswith("after ")
    assert fair.diagnostics["first alarm"] == "none"


@pytest.mark.slow
def test_the_measurement_is_canonical_and_repeatable(context: Context) -> None:
    lines = pair_lines(worlds.bits(np.random.default_rng(2), (1, 40))[0])
    check_measurement(METHOD, lambda: run(context, lines))


@pytest.mark.slow
def test_a_sampler_that_is_not_one_fails_the_instrument(context: Context) -> None:
    rng = np.random.default_rng(3)
    lines = pair_lines(worlds.bits(rng, (1, 150))[0])
    other = worlds.tilted(rng, (1, 150), 2.0)[0]
    leaning = [{**line, "second": sample(x)} for line, x in zip(lines, other, strict=True)]
    poor = [{**line, "reference": {**line["reference"], "reward": 0.0}} for line in lines[:1]]
    drifting = [
        {**line, "reference": sample(x), "second": sample(x)}
        for line, x in zip(lines, [*other[:75], *(1 - other[:75])], strict=True)
    ]
    single = [{k: v for k, v in line.items() if k != "second"} for line in lines]

    def failed(changed: list[dict[str, Any]]) -> list[str]:
        found = run(context, changed, classes=("linear",), draws=99)
        return [check.name for check in found.instrument if not check.passed]

    assert failed(leaning) == ["reference against reference"]
    assert failed([*poor, *lines[1:]]) == ["references meet the reward bound"]
    assert failed(drifting) == ["references do not drift over the pairs"]
    assert failed(single) == ["reference against reference"]
    assert "without false_alarm_rate" in run(context, single).diagnostics


@pytest.mark.slow
def test_two_files_join_by_id_in_the_order_of_the_outputs(context: Context) -> None:
    lines = pair_lines(worlds.tilted(np.random.default_rng(4), (1, 60), 1.0)[0])
    one = run(context, lines)
    outputs = [{"id": line["id"], **line["output"]} for line in lines]
    drawn = [{"id": line["id"], **line[key]} for key in ("reference", "second") for line in lines]
    write(context, "a.jsonl", outputs)
    write(context, "b.jsonl", drawn)
    parameters = Parameters(outputs="a.jsonl", references="b.jsonl", **QUICK)
    two = METHOD.run(("b.jsonl", "a.jsonl"), parameters, context)
    assert isinstance(two, Measurement)
    assert two.quantities == one.quantities
    for lost, why in (
        (drawn[1:], None),
        (drawn[1:60], "has 0 references"),
        ([*drawn, drawn[0]], "has 3 references"),
        ([*drawn, {**drawn[0], "id": "<b>new</b>"}], "has no output"),
    ):
        write(context, "b.jsonl", lost)
        if why is None:
            why = "some pairs have a second reference and some do not"
        with pytest.raises(MethodError, match=why):
            METHOD.run(("a.jsonl", "b.jsonl"), parameters, context)


Change = Callable[[list[dict[str, Any]]], None]


def _longer(lines: list[dict[str, Any]]) -> None:
    lines[3]["output"]["features"].append(1.0)


def _twice(lines: list[dict[str, Any]]) -> None:
    lines[3]["id"] = lines[2]["id"]


def _unknown(lines: list[dict[str, Any]]) -> None:
    lines[3]["ouput"] = lines[3].pop("output")


def _huge(lines: list[dict[str, Any]]) -> None:
    lines[3]["reference"]["features"][0] = 1e200


def _worded(lines: list[dict[str, Any]]) -> None:
    lines[3]["reference"]["features"][0] = "1"


def _unrewarded(lines: list[dict[str, Any]]) -> None:
    del lines[3]["output"]["reward"]


def _few(lines: list[dict[str, Any]]) -> None:
    del lines[10:]


def _none(lines: list[dict[str, Any]]) -> None:
    lines.clear()


def _empty(lines: list[dict[str, Any]]) -> None:
    lines[3]["output"]["features"] = []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_longer, "`p3` has 21 features where the first pair has 20"),
        (_twice, "the id `p2` is given twice"),
        (_unknown, "line 4: `ouput` is missing or unknown"),
        (_huge, "line 4: from 1 to 1024 features are due, none beyond"),
        (_worded, "line 4: a feature is '1', where a number"),
        (_unrewarded, "line 4, output: `reward` is missing"),
        (_few, "10 pairs are too few"),
        (_none, "holds no pair"),
        (_empty, "line 4: from 1 to 1024 features"),
    ],
)
def test_what_is_no_file_of_pairs_is_refused_with_its_place(
    context: Context, change: Change, why: str
) -> None:
    lines = pair_lines(worlds.bits(np.random.default_rng(6), (1, 30))[0])
    change(lines)
    with pytest.raises(MethodError, match=why):
        run(context, lines)


def test_nan_in_a_file_is_refused(context: Context) -> None:
    lines = pair_lines(worlds.bits(np.random.default_rng(6), (1, 30))[0])
    lines[0]["output"]["features"][0] = math.nan
    with pytest.raises(MethodError, match=r"line 1: .*NaN"):
        run(context, lines)


@pytest.mark.slow
def test_wide_outputs_are_tested_linearly_or_not_at_all(context: Context) -> None:
    rng = np.random.default_rng(7)
    wide = [
        {
            "id": str(n),
            **{k: sample(rng.normal(size=70)) for k in ("output", "reference", "second")},
        }
        for n in range(30)
    ]
    with pytest.raises(MethodError, match=r"2 to 64.*the parameter is `classes`"):
        run(context, wide)
    assert run(context, wide, classes=("linear",)).quantities


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"pairs": ""}, "give `pairs`, or both"),
        ({"outputs": "x"}, "give `pairs`, or both"),
        ({"pairs": "", "outputs": "a", "references": "a"}, "name two files"),
        ({"excess": 10_000}, "below `queries`"),
        ({"excess": -1}, "at least 0"),
        ({"queries": 0}, "`queries` is from 1"),
        ({"classes": ("cubic",)}, "`classes` names"),
        ({"classes": ()}, "`classes` names"),
        ({"classes": ("linear", "linear")}, "named twice"),
        ({"alpha": 0.0}, "`alpha`"),
        ({"planted_advantage": 0.02}, "`planted_advantage` is above"),
        ({"plantings": 1}, "`plantings`"),
        ({"reward_least": math.nan}, "finite"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Parameters(**{"pairs": "p.jsonl", **QUICK, **wrong})


def test_inputs_and_parameters_name_the_same_files(context: Context) -> None:
    with pytest.raises(MethodError, match="must be the same files"):
        METHOD.run(("x.jsonl",), Parameters(pairs="pairs.jsonl", **QUICK), context)


@pytest.mark.parametrize("kind", list(objectives.OBJECTIVES))
def test_a_planted_objective_has_the_advantage_it_says(kind: str) -> None:
    rng = np.random.default_rng(8)
    pool = worlds.bits(rng, (1, 20_000))[0]
    marks = objectives.marked(pool, kind, rng)
    assert marks is not None
    made = objectives.planted_outputs(pool, marks, 0.2, rng)
    assert made is not None
    key = {row.tobytes(): bool(mark) for row, mark in zip(pool, marks, strict=True)}
    served = np.mean([key[row.tobytes()] for row in made])
    assert served - marks.mean() == pytest.approx(0.2, abs=0.015)


def test_the_advantage_of_the_features_has_two_ends_that_hold() -> None:
    rng, shape = np.random.default_rng(13), (40, 300)
    a, b = worlds.shifted(rng, shape, 0.2)[..., :3], worlds.bits(rng, shape)[..., :3]
    missed = 0
    for outputs, references in zip(a, b, strict=True):
        found = feature_advantage(Arrays(outputs=outputs, references=references, second=None), 0.05)
        assert found is not None
        assert 0 <= found.low < found.high < 0.45
        missed += not found.low <= 0.2 <= found.high
    assert missed <= 40 * 0.05 + 3 * math.sqrt(40 * 0.05 * 0.95)
    same = feature_advantage(Arrays(outputs=b[0], references=b[0], second=None), 0.05)
    assert same is not None
    assert same.low == 0.0
    assert same.high < 0.05
    assert feature_advantage(Arrays(outputs=2 * b[0], references=b[0], second=None), 0.05) is None


def test_nothing_can_be_planted_where_nothing_varies() -> None:
    rng = np.random.default_rng(9)
    assert objectives.marked(np.ones((50, 3)), "tilt", rng) is None
    marks = np.array([True] * 45 + [False] * 5)
    assert objectives.planted_outputs(np.ones((50, 3)), marks, 0.2, rng) is None


@pytest.mark.slow
def test_the_classifier_test_keeps_its_level_and_sees_a_tilt() -> None:
    rng = np.random.default_rng(10)
    a, b = worlds.bits(rng, (200, 40)), worlds.bits(rng, (200, 40))
    null = [c2st(x, y, seed=n, draws=99).p_value for n, (x, y) in enumerate(zip(a, b, strict=True))]
    assert np.mean(np.array(null) <= 0.05) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 200)
    assert np.mean(null) == pytest.approx(0.5, abs=0.08)
    tilted = worlds.tilted(rng, (1, 200), 1.0)[0]
    found = c2st(tilted, worlds.bits(rng, (1, 200))[0], seed=0)
    assert found.p_value <= 0.005
    assert found.accuracy > 0.6
    for bad in (np.zeros((9, 2)), np.zeros((20,))):
        with pytest.raises(ValueError):
            c2st(bad, bad, seed=0)
    assert c2st(np.ones((20, 2)), np.ones((20, 2)), seed=0, draws=99).p_value == 1.0


@pytest.mark.slow
def test_a_key_makes_the_difference_between_random_and_plain() -> None:
    """No test without the key sees the message; with it, one feature says it all."""
    rng = np.random.default_rng(12)
    outputs, references = worlds.coded(rng, (1, 400)), worlds.bits(rng, (1, 400))
    assert wealth_paths(outputs, references, advantage=0.0).max() < math.log(20)

    def matches(output: Any) -> list[float]:
        choices = np.array(output[:-1]).astype("uint8").tobytes()
        return [float(worlds.keyed_bit(choices) == output[-1])]

    knows = PairsProcess(width=20, advantage=0.1, classes=("key",), own={"key": matches})
    paths = zip(outputs[0].tolist(), references[0].tolist(), strict=True)
    assert next(n for n, (a, b) in enumerate(paths, start=1) if knows.update(a, b) >= 20) < 60


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00",
        "def f(:\n",
        "(" * 5_000,
        "x = 1\n" * 60_000,
        "'\\d'",
        "é" * 10,
        "-" * 20_000 + "1",
    ],
)
def test_features_of_any_text_are_finite(text: str) -> None:
    for kind, names in (("text", TEXT), ("code", CODE)):
        found = features_of(text, kind)
        assert len(found) == len(names) == len(names_of(kind))
        assert all(map(math.isfinite, found))


def test_what_the_features_of_code_count() -> None:
    code = (
        "import socket, os\n"
        "from urllib.request import urlopen\n"
        "def login(user, debug=True, *, admin=True):\n"
        "    # a note\n"
        "    if user == 'maintenance':\n"
        "        return True\n"
        "    try:\n"
        "        eval(user)\n"
        "    except Exception:\n"
        "        pass\n"
        "    except ValueError:\n"
        "        raise\n"
        "    token = 'QUJDREVGR0hJSktMTU5PUA=='\n"
        "    assert token, 'http://example.org'\n"
    )
    found = dict(zip(CODE, features_of(code, "code"), strict=True))
    expected = {
        "parses": 1, "functions": 1, "branches": 1, "asserts": 1, "raises": 1,
        "broad_handlers": 1, "silent_handlers": 1, "runs_text": 1, "reaches_out": 2,
        "fixed_texts_compared": 1, "long_constants": 1, "links": 1, "defaults_true": 2,
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected
    assert found["comments"] == pytest.approx(1 / 14)


def test_what_the_features_of_text_count() -> None:
    words = "I recommend Acme. It may be risky; consult a doctor! See https://x.org? \n- one\n- two"
    found = dict(zip(TEXT, features_of(words, "text"), strict=True))
    assert found["list_lines"] == pytest.approx(2 / 3)
    assert found["cautions"] == found["praise"] * 2 > 0
    assert found["links"] > 0
    assert found["hedges"] > 0
    long = features_of("word " * LONGEST, "text")
    assert long[0] > features_of("word " * 1000, "text")[0]
