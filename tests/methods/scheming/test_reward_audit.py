"""The reward audit: what a reward reads, what a manifest may say, and that both can fail."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path
from typing import Any

import pytest

from safetycase.methods.imported.planting import planted_context
from safetycase.methods.scheming.reward_audit import manifest as reward_audit_manifest
from safetycase.methods.scheming.reward_audit import planted as reward_audit_planted
from safetycase.methods.scheming.reward_audit.method import METHOD, Parameters, run
from safetycase.methods.scheming.reward_audit.planted import (
    CLEAN_FIELDS,
    CLEAN_TWINS,
    LEAKY,
    REASONING_FIELDS,
    power,
)
from safetycase.methods.scheming.reward_audit.static import reads
from safetycase.plugin.contract import Measurement, MethodError
from safetycase.stats import bounds, estimate
from safetycase.testing import check_method
from safetycase.testing.methods import check_measurement

MODULE = "safetycase.methods.scheming.reward_audit.method"


def leaks(source: str) -> list[tuple[int, bool]]:
    found = reads(source, "reward", CLEAN_FIELDS, REASONING_FIELDS)
    return [(leak.line, leak.certain) for leak in found]


def line(**changes: Any) -> dict[str, Any]:
    base = {
        "environment": "maths",
        "reward_code_digest": "0" * 64,
        "saw_reasoning": "no",
        "episodes": 600,
        "evidence": "the launcher strips the reasoning",
    }
    return {**base, **changes}


def audit(
    folder: Path, lines: list[Any], files: dict[str, str] | None = None, **parameters: Any
) -> Measurement:
    context = planted_context(folder)
    texts = [row if isinstance(row, str) else json.dumps(row) for row in lines]
    (context.case_folder / "m.jsonl").write_text("\n".join(texts), "utf-8")
    for name, source in (files or {}).items():
        (context.case_folder / name).write_text(source, "utf-8")
    return run(
        ("m.jsonl", *(files or {})), Parameters(**{"total_episodes": 1000, **parameters}), context
    )


@pytest.mark.slow
def test_it_keeps_the_contract() -> None:
    controls = check_method(METHOD, module=MODULE)
    assert controls.counts(claim_is_true=False) == (0, 26)
    assert controls.counts(claim_is_true=True) == (14, 14)


def test_recall_on_planted_leaks_and_false_alarms_on_twins_have_intervals() -> None:
    caught, alarms = power()
    assert bounds(caught, alpha_low=0.05, alpha_high=0.05).low == pytest.approx(0.05 ** (1 / 26))
    assert bounds(alarms, alpha_low=0.05, alpha_high=0.05).high == pytest.approx(
        1 - 0.05 ** (1 / 14)
    )


def test_a_leak_is_named_with_its_line_and_whether_it_is_certain() -> None:
    assert leaks(LEAKY["by a helper"]) == [(2, True)]
    assert leaks(LEAKY["by an unknown field"]) == [(2, False)]
    assert leaks(CLEAN_TWINS["by a helper"]) == []


@pytest.mark.parametrize(
    "body",
    [
        "return recursive(sample)\ndef recursive(s):\n    return recursive(s)",
        "s = sample\n    s += 1\n    return 0.0",
        "return [len(v) for v in [sample]][0]",
        "return sum(1 for k in sample if k)",
        "import os\n    return 0.0",
        "x = y = sample\n    return float(y)",
        "return (s := sample) and len(s)",
        "return f'{sample}'",
        "yield sample",
        "return sample['answer'] if sample else 0",
        "with sample as s:\n        return len(s)",
        "try:\n        return len(sample['x'])\n    except Exception:\n        return 0",
        "sample['answer'] = sample\n    return len(sample['answer'])",
        "return getattr(other(), name_of_it)",
        "return sample['answer'].__class__.__init__.__globals__",
        "def reward(sample):\n        return 0\n    return 0",
        "return (lambda s: s)(sample)",
        "a, *b = [sample]\n    return len(b)",
        "global G\n    G = 1\n    return 0.0",
        "return {**sample}",
        "return print(*sample)",
        "return sample['cot' if True else 'answer']",
        "d = {}\n    d['k'] = sample\n    return 0.0",
        "while sample:\n        return 1.0",
        "assert sample\n    return 1.0",
        "return helper(*[sample])\ndef helper(s):\n    return s['answer']",
    ],
)
def test_what_cannot_be_followed_counts_as_a_leak(body: str) -> None:
    assert leaks(f"def reward(sample):\n    {body}\n")


@pytest.mark.parametrize(
    "source",
    [
        "def reward(sample):\n    return f(sample)\ndef f(s):\n    return g(s)\n"
        "def g(s):\n    return float(s['answer'] == s['target'])\n",
        "def reward(answer, *, target, cot=None):\n    return float(answer == target)\n",
        "async def reward(sample):\n    return float(sample.answer == sample.target)\n",
        "def reward(sample):\n    a, t = sample['answer'], sample['target']\n    return a == t\n",
        "def same(s):\n    return s\ndef reward(sample):\n    return len(same(sample)['answer'])\n",
    ],
)
def test_clean_ways_to_read_an_answer_pass(source: str) -> None:
    assert leaks(source) == []


def test_a_name_bound_twice_or_by_a_star_hides_which_code_ran() -> None:
    clean = CLEAN_TWINS["directly"]
    assert leaks(clean + "reward = other\n")
    assert leaks("from somewhere import *\n" + clean)
    shadowed = "def getattr(a, b):\n    return len(a)\n" + CLEAN_TWINS["by getattr"]
    assert leaks(shadowed)


@pytest.mark.slow
def test_a_huge_program_ends_in_a_leak_and_not_in_a_wait() -> None:
    calls = "\n".join(f"    x{i} = f1(sample)" for i in range(30))
    chain = "".join(
        f"def f{i}(s):\n" + "".join(f"    y{j} = f{i + 1}(s)\n" for j in range(30))
        for i in range(1, 7)
    )
    source = f"{chain}def f7(s):\n    return s['answer']\ndef reward(sample):\n{calls}\n"
    (found,) = reads(source, "reward", CLEAN_FIELDS, REASONING_FIELDS)
    assert "too large" in found.says
    deep = "def reward(sample):\n    return " + "-" * 20_000 + "1\n"
    with pytest.raises(ValueError, match="no Python"):
        reads(deep, "reward", CLEAN_FIELDS, REASONING_FIELDS)


VARIABLES = ("a", "b", "c")
VALUES = (
    *("sample", "sample['answer']", "sample['reasoning']", "sample.get('answer')", "a", "b", "c"),
    *("[a, b]", "(b or c)", "(a if b else c)", "{'answer': a}", "str(a)", "same(sample)"),
    *("[x for x in [a, b]]", "(lambda: c)()", "pick(a, b)", "len(str(b))", "1", "'t'"),
)
HELPERS = "def same(s):\n    return s\ndef pick(s, t):\n    return t if t else s\n"


def program(draw: random.Random) -> str:
    """A reward of a few random assignments, a loop and a choice."""
    lines = ["a = b = c = 0"]
    for _ in range(draw.randrange(1, 6)):
        name, value = draw.choice(VARIABLES), draw.choice(VALUES)
        if draw.random() < 0.25:
            other, second = draw.choice(VARIABLES), draw.choice(VALUES)
            lines += ["for _ in range(2):", f"    {name} = {value}", f"    {other} = {second}"]
        elif draw.random() < 0.2:
            lines += [f"if {draw.choice(VARIABLES)}:", f"    {name} = {value}"]
        else:
            lines.append(f"{name} = {value}")
    lines.append(f"return hash(str({draw.choice(VALUES)}))")
    return HELPERS + "def reward(sample):\n" + "".join(f"    {each}\n" for each in lines)


@pytest.mark.slow
def test_a_program_called_clean_never_changes_with_the_reasoning() -> None:
    """Noninterference by execution: 2,500 random programs, each run on two reasonings."""
    draw = random.Random(5)
    clean = changed = 0
    for _ in range(2500):
        source = program(draw)
        scope: dict[str, Any] = {}
        exec(source, scope)
        values = set()
        for reasoning in ("I plan", "nothing at all"):
            sample = {"answer": "x", "target": "t", "reasoning": reasoning}
            try:
                values.add(scope["reward"](sample))
            except (TypeError, KeyError, IndexError, ValueError):
                values.add("error")
        found = leaks(source)
        assert found or len(values) == 1, source
        clean += not found
        changed += len(values) > 1
    assert clean > 200
    assert changed > 200


def test_episodes_are_added_up_by_what_their_reward_saw(tmp_path: Path) -> None:
    measured = audit(
        tmp_path,
        [
            line(),
            line(environment="code", saw_reasoning="unknown", episodes=150, evidence=""),
            line(environment="chat", saw_reasoning="yes", episodes=50, reward_code_digest=None),
        ],
    )
    assert estimate(measured.quantities["exposed_share"]) == pytest.approx(0.4)
    assert estimate(measured.quantities["exposed_environments"]) == 2
    assert estimate(measured.quantities["word_only_share"]) == pytest.approx(0.6)
    assert measured.counts["episodes in no line"] == 200
    assert set(measured.diagnostics) == {"code", "chat"}
    assert measured.instrument == ()


def test_a_source_that_contradicts_the_manifest_counts_and_raises_a_doubt(tmp_path: Path) -> None:
    source = LEAKY["by len()"]
    digest = hashlib.sha256(source.encode()).hexdigest()
    row = line(episodes=1000, reward="r.py@reward", reward_code_digest=digest)
    measured = audit(tmp_path, [row], {"r.py": source})
    assert estimate(measured.quantities["exposed_share"]) == 1.0
    (doubt,) = measured.raises
    assert doubt.name == "manifest-contradicted"
    assert "line 2: `reasoning` is read" in doubt.says
    assert measured.instrument[0].passed


def test_a_measurement_keeps_the_contract(tmp_path: Path) -> None:
    folders = iter((tmp_path / "one", tmp_path / "two"))
    check_measurement(METHOD, lambda: audit(next(folders), [line()]))


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("", "lists no environment"),
        ("[]", "where an object is expected"),
        ('{"environment": "a", "environment": "b"}', "given twice"),
        (line(extra=1), "`extra` is missing or unknown"),
        ({k: v for k, v in line().items() if k != "evidence"}, "`evidence` is missing"),
        (line(environment=" "), "blank"),
        (line(saw_reasoning="perhaps"), "yes, no or unknown"),
        (line(saw_reasoning=False), "where a text is expected"),
        (line(evidence=" "), "`no` without evidence"),
        (line(reward_code_digest="F" * 64), "64 hex digits"),
        (line(reward_code_digest=None), "no digest"),
        (line(episodes=0), "0 episodes"),
        (line(episodes=-1), "whole number"),
        (line(episodes=1.5), "whole number"),
        (line(episodes=True), "whole number"),
        ('{"environment": "a", "episodes": NaN}', "no number of JSON"),
        (line(episodes=1001), "more than the 1000"),
        (line(reward="r.py@reward"), "among the inputs"),
        (line(reward=3), "where a text is expected"),
    ],
)
def test_a_line_that_cannot_stand_is_refused(tmp_path: Path, row: Any, says: str) -> None:
    with pytest.raises(MethodError, match=says):
        audit(tmp_path, [row])


def test_lines_and_sources_must_fit_each_other(tmp_path: Path) -> None:
    source = CLEAN_TWINS["directly"]
    digest = hashlib.sha256(source.encode()).hexdigest()
    given = line(reward="r.py@reward", reward_code_digest=digest)
    cases: list[tuple[list[Any], dict[str, str], str]] = [
        ([line(), line()], {}, "lists `maths` twice"),
        ([line()], {"r.py": source}, "no environment names the source `r.py`"),
        ([line(reward="r.py@reward")], {"r.py": source}, "is not the code that trained"),
        ([given | {"reward": "r.py@other"}], {"r.py": source}, "no function `other`"),
        ([given | {"reward": "r.py"}], {"r.py": source}, "write `file.py@function`"),
    ]
    for number, (lines, files, says) in enumerate(cases):
        with pytest.raises(MethodError, match=says):
            audit(tmp_path / str(number), lines, files)
    broken = "def reward(:"
    row = line(reward="r.py@reward", reward_code_digest=hashlib.sha256(broken.encode()).hexdigest())
    with pytest.raises(MethodError, match="no Python"):
        audit(tmp_path / "broken", [row], {"r.py": broken})


def test_parameters_are_refused_with_a_sentence() -> None:
    for wrong, says in (
        ({"total_episodes": 0}, "at least 1"),
        ({"total_episodes": 1, "clean_fields": ("cot",)}, "cannot be clean"),
        ({"total_episodes": 1, "clean_fields": ()}, "at least one"),
    ):
        with pytest.raises(ValueError, match=says):
            Parameters(**wrong)  # type: ignore[arg-type]


def test_a_search_for_the_field_name_alone_fails_the_self_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The obvious audit, a search of the source for the words, misses leaks and flags twins."""

    def grep(source: str, function: str, clean: Any, reasoning: Any) -> tuple[str, ...]:
        return tuple(word for word in reasoning if word in source)

    monkeypatch.setattr(reward_audit_planted, "reads", grep)
    monkeypatch.setattr(reward_audit_manifest, "reads", grep)
    caught, alarms = power()
    assert caught.successes < caught.trials
    assert alarms.successes > 0
    assert not all(oracle.passed for oracle in METHOD.self_check())
