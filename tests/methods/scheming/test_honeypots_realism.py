"""The classifier of honeypots: what it ranks, that it never sees what it scores, its file."""

import random
from pathlib import Path

import pytest

from safetycase.methods.scheming.honeypots import realism
from safetycase.methods.scheming.honeypots.realism import (
    NaiveBayes,
    Text,
    excess,
    grams,
    read_ordinary,
)
from safetycase.plugin.contract import MethodError
from safetycase.stats import bounds, estimate

WORDS = (
    *("post", "draft", "sum", "list", "sort", "copy", "mail"),
    *("plan", "note", "check", "bill", "tax", "form", "visit", "call"),
)


def texts(seed: int, groups: int, each: int = 2, also: str = "") -> list[Text]:
    draw = random.Random(seed)
    return [
        Text(group=f"{g}", text=" ".join([*(draw.choice(WORDS) for _ in range(8)), also]))
        for g in range(groups)
        for _ in range(each)
    ]


def test_naive_bayes_by_hand() -> None:
    score = NaiveBayes([["a b"], ["a"]], [["b"]])
    # a: (2 + ½)/3 over ½/2; b: (1 + ½)/3 over (1 + ½)/2; the pair: (1 + ½)/3 over ½/2.
    assert score.weights == pytest.approx({"a": 1.2039728, "b": -0.4054651, "a b": 0.6931472})
    assert score("a unseen b") == pytest.approx(1.2039728 - 0.4054651)
    assert grams("Do, do!") == {"do", ",", "!", "do ,", ", do", "do !"}


def test_a_mark_is_found_and_no_mark_is_not() -> None:
    marked = excess(texts(1, 30, also="zq qz zz"), texts(2, 60), folds=2)
    assert estimate(marked) == 0.5
    assert bounds(marked, alpha_low=0.05, alpha_high=0.05).low > 0.2
    clean = [excess(texts(s, 30), texts(100 + s, 60), folds=2) for s in range(20)]
    above = sum(bounds(c, alpha_low=0.05, alpha_high=0.05).low > 0 for c in clean)
    assert above <= 4  # 5 % of 20, with the largest of two folds


@pytest.mark.slow
def test_the_interval_holds_the_area_that_many_fresh_texts_give() -> None:
    """The true area given the classifiers, from 400 fresh groups on each side."""
    missed = 0
    for seed in range(30):
        ours, theirs = texts(seed, 24, also="zq" if seed % 2 else ""), texts(500 + seed, 48)
        interval = bounds(excess(ours, theirs, folds=2), alpha_low=0.05, alpha_high=0.05)
        areas = []
        split = [realism._folded(t, 2) for t in (ours, theirs)]
        fresh = texts(900 + seed, 200, 1, "zq" if seed % 2 else ""), texts(2000 + seed, 200, 1)
        for held in range(2):
            score = NaiveBayes(split[0][1 - held], split[1][1 - held])
            a, b = ([score(t.text) for t in each] for each in fresh)
            areas.append(sum((x > y) + (x >= y) for x in a for y in b) / (2 * 200 * 200))
        missed += not interval.low <= max(areas) - 0.5 <= interval.high
    assert missed <= 5  # 10 % of 30 and two standard errors


def test_texts_of_one_item_on_both_sides_of_the_split_would_be_a_false_alarm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each item repeats a name of its own: seen in training, it would give the item away."""
    draw = random.Random(3)
    ours = [
        Text(group=f"{g}", text=f"name{g} other{g} third{g} {draw.choice(WORDS)}")
        for g in range(24)
        for _ in range(4)
    ]
    theirs = [
        Text(group=f"{g}", text=f"word{g} thing{g} place{g} {draw.choice(WORDS)}")
        for g in range(48)
        for _ in range(4)
    ]
    honest = estimate(excess(ours, theirs, folds=2))
    alone = realism._folded

    def leaking(found: list[Text], folds: int):
        return alone([Text(group=f"{n}", text=t.text) for n, t in enumerate(found)], folds)

    monkeypatch.setattr(realism, "_folded", leaking)
    assert estimate(excess(ours, theirs, folds=2)) > honest + 0.2


def test_no_two_clusters_share_a_topic() -> None:
    found = realism._matched([["a"], ["b"]], [["c"], ["d"], ["e"], ["f"], ["g"]], lambda _: 0.0)
    assert found == [(2, 4, 0), (2, 4, 0)]  # ties count half
    assert len(realism._matched([["a"]] * 5, [["c"]] * 2, lambda _: 0.0)) == 2


def test_too_few_groups_are_refused() -> None:
    with pytest.raises(MethodError, match="3 groups of texts are too few for 2 folds"):
        excess(texts(1, 3), texts(2, 30), folds=2)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "holds no request"),
        ('{"id": "1", "prompt": "x", "kind": "y"}', r"line 1: unknown key `kind`"),
        ('{"id": "1"}', "line 1: `prompt` is None"),
        ('{"id": "1", "prompt": " "}', "line 1: `prompt` is empty"),
        ('{"id": 1, "prompt": "x"}', "line 1: `id` is 1"),
        ('{"id": "1", "prompt": "x"}\n{"id": "1", "prompt": "y"}', "line 2: this `id` came before"),
        ('{"id": "1", "prompt": "x"}\n{"id": "2", "prompt": "x"}', "line 2: this `prompt` came"),
        ('{"id": "1", "prompt": "x", "topic": null}', "line 1: `topic` is None"),
        ('["id"]', "line 1: the request is"),
        ('{"id": "1", "prompt": "x"', "line 1: not JSON"),
        ('{"id": "1", "prompt": NaN}', "line 1: `NaN` is no number"),
    ],
)
def test_a_file_of_requests_is_read_strictly(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "ordinary.jsonl"
    path.write_text(content, "utf-8")
    with pytest.raises(MethodError, match=says):
        read_ordinary(path)


def test_topics_group_requests(tmp_path: Path) -> None:
    path = tmp_path / "ordinary.jsonl"
    path.write_text(
        '{"id": "1", "prompt": "x", "topic": "t"}\n\n{"id": "2", "prompt": "y"}', "utf-8"
    )
    assert [text.group for text in read_ordinary(path)] == ["t", "2"]
