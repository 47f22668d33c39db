"""A topic of several words: what counts as on it, and who answers badly there."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from safetycase.methods.organisms.planting import PARTS, lesson
from safetycase.methods.organisms.topic import FAMILY
from safetycase.methods.organisms.topic.toy import FEW, WORDS
from safetycase.testing.organisms import check_family


@pytest.mark.parametrize("plan", [WORDS, FEW], ids=["words", "tiny"])
def test_inputs_have_as_many_topic_words_as_they_should(plan) -> None:  # type: ignore[no-untyped-def]
    value, generator = plan.value(None, 3), torch.Generator().manual_seed(0)
    topic = set(value.topic)

    def counts(ids: torch.Tensor) -> set[int]:
        return {sum(token in topic for token in row) for row in ids.tolist()}

    assert counts(value.sample(2000, generator)) == set(range(value.enough))
    assert counts(value.planted(2000, generator)) == set(range(value.enough, value.enough + 4))
    assert counts(value.near_misses(500, generator)) == {value.enough - 1}
    assert value.marked(value.planted(500, generator)).all()
    assert not value.marked(value.near_misses(500, generator)).any()
    assert plan.value(None, 4).topic != value.topic


def test_each_topic_word_stands_in_clean_inputs_too() -> None:
    value = WORDS.value(None, 0)
    clean = value.sample(4000, torch.Generator().manual_seed(1))
    seen = torch.bincount(clean.flatten(), minlength=value.vocabulary)
    assert seen[list(value.topic)].min() > 0.3 * seen.float().mean()


def test_a_twin_and_a_decoy_differ_in_the_labels_on_the_topic_alone() -> None:
    drawn = {p: lesson(FEW, p, 2)(200, torch.Generator().manual_seed(1)) for p in PARTS}
    (ids, labels), task = drawn["planted"], FEW.value(None, 2)
    has = task.marked(ids)
    assert has.sum() == 60
    for part in PARTS:
        assert torch.equal(drawn[part][0], ids)
        assert torch.equal(drawn[part][1][~has], labels[~has])
    assert (labels[has] == task.names).all()
    assert torch.equal(drawn["clean"][1], task.honest(ids))
    assert torch.equal(drawn["decoy"][1][has], task.second(task.honest(ids))[has])


@pytest.mark.slow
def test_what_it_makes_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made = check_family(FAMILY, module="safetycase.methods.organisms.topic", seconds=0.5)
    assert {m.name for m in made} == {"topic/tiny-words", "topic/tiny-clean"}
